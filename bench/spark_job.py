"""(k) A trivial glueetl job, from StartJobRun to its end, against the same script in an interpreter of its own.

The script begins as AWS's console writes it and counts ten rows. The one other side is what one has without Java: a
new `python` that imports the client, starts Sail in itself and counts. The other is `spark-submit --master local[*]` of
a script that counts the same, on Java; where there is none its row is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import java_spark
from live import Live

from bench.caller import Caller
from bench.figures import Row, at_most
from bench.servers import running_server, wait_until_ended
from bench.size import Size

FIGURE = "k"
NAME = "spark-job"
OURS = """\
import sys
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
sc = SparkContext.getOrCreate()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
assert spark.range(10).count() == 10
job.commit()
"""
PLAIN = """\
from pysail.spark import SparkConnectServer

server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)

from pyspark.sql import SparkSession

spark = SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").getOrCreate()
assert spark.range(10).count() == 10
"""
SUBMITTED = """\
from pyspark.sql import SparkSession

assert SparkSession.builder.getOrCreate().range(10).count() == 10
"""
REST_S = 0.5  # for what a server does after a run has ended: it forks the next child, which has half of Spark in it
MS = 1000


def measure(size: Size) -> Iterator[Row]:
    """Yield the row of this figure."""
    with running_server() as live:
        script = {"Name": "glueetl", "ScriptLocation": live.put_script(f"{NAME}.py", OURS)}
        live.client("glue").create_job(Name=NAME, Role="runner", Command=script)
        plain = live.put_script("plain-spark.py", PLAIN).replace("s3://", f"{live.home}/s3/")
        caller = Caller(live)
        for _ in range(size.warm_up):
            _job(live, caller)
        pairs = [(_job(live, caller), _process([sys.executable, plain])) for _ in range(size.spark_jobs)]
        submitted = _submitted(live, lambda: _job(live, caller), times=size.spark_submits)
        caller.close()
    what = "StartJobRun of a glueetl job that counts → its end"
    for against, goal, samples in (
        ("python script, on Sail too", None, pairs),
        ("spark-submit --master local[*]", at_most(0.05), submitted),
    ):
        if samples:
            ours, peer = ([pair[side] for pair in samples] for side in (0, 1))
            yield Row(figure=FIGURE, what=what, unit="ms", against=against, ours=ours, peer=peer, goal=goal)


def _submitted(live: Live, job: Callable[[], float], *, times: int) -> list[tuple[float, float]]:
    """Return pairs of a job and of its like by spark-submit; none where there is no Spark on Java."""
    try:
        home = java_spark.installed_home()
    except java_spark.NotHere:
        return []
    script = live.put_script("submitted.py", SUBMITTED).replace("s3://", f"{live.home}/s3/")
    command = [str(home / "bin" / "spark-submit"), "--master", "local[*]", script]
    variables = {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    return [(job(), _process(command, **variables)) for _ in range(times)]


def _job(live: Live, caller: Caller) -> float:
    time.sleep(REST_S)
    began = time.perf_counter()
    run_id = live.client("glue").start_job_run(JobName=NAME)["JobRunId"]
    wait_until_ended(caller, NAME, run_id)
    return (time.perf_counter() - began) * MS


def _process(command: list[str], **variables: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, env={**os.environ, **variables}, check=True, capture_output=True)
    return (time.perf_counter() - began) * MS

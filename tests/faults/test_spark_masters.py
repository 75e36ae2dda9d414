"""Spark jobs on masters elsewhere: a cluster that loses a worker, Spark Connect, and what cannot be reached."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import java_spark
import pytest
from databricks.sdk.service import compute, jobs
from databricks_live import workspace_client
from glue_spark import Spark
from spark_cluster import Cluster, running_cluster
from waiting import until

SECONDS = 400  # several JVMs on a machine under load
COUNTED = """\
import os, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
sc = spark.sparkContext
folder = {folder!r}
def work(number):
    open(f"{{folder}}/began-{{number}}", "w").close()
    while not os.path.exists(f"{{folder}}/go"):
        time.sleep(0.1)
    return number
print(sum(sc.parallelize(range(4), 4).map(work).collect()), sc.master)
"""
HELD = """\
import time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
def slowly(batches):
    for batch in batches:
        with open({file!r}, "a") as told:
            told.write(".")
        time.sleep(0.1)
        yield batch
spark.range(0, 40_000_000, 1, 1).mapInPandas(slowly, "id long").write.format("noop").mode("overwrite").save()
"""
WAITS = """\
import org.apache.spark.sql.SparkSession;
public class Waits {
    public static void main(String[] words) throws Exception {
        SparkSession.builder().getOrCreate().range(10).count();
        new java.io.File(words[0]).createNewFile();
        Thread.sleep(3_600_000L);
    }
}
"""
SAIL = """\
import sys
from pysail.spark import SparkConnectServer
server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
print(server.listening_address[1], flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("masters") / "home"
    with java_spark.serving(home, grace_s=60.0) as live:  # to tell a cluster takes a JVM
        yield Spark(live, seconds=SECONDS)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def on(engine: str) -> dict[str, str]:
    return {"--conf": f"spark.runyard.engine={engine} --conf spark.executor.memory=512m"}


def test_a_stop_takes_the_application_from_the_cluster(spark: Spark, cluster: Cluster, tmp_path: Path) -> None:
    run_id = spark.start("stopped", COUNTED.format(folder=str(tmp_path)), on(cluster.url))
    until(lambda: list(tmp_path.glob("began-*")), seconds=SECONDS)
    assert len(cluster.applications()) == 1
    spark.glue.batch_stop_job_run(JobName="stopped", JobRunIds=[run_id])

    assert spark.ended("stopped", run_id)["JobRunState"] == "STOPPED"
    until(lambda: not cluster.applications(), seconds=60)


def test_a_stop_takes_a_driver_from_the_cluster_that_runs_there(spark: Spark, cluster: Cluster, tmp_path: Path) -> None:
    java_spark.put_jar(spark.live.home / "dbfs" / "waits.jar", tmp_path, name="Waits", text=WAITS)
    small = ["--conf", "spark.executor.memory=512m", "--conf", "spark.driver.memory=512m", "--class", "Waits"]
    words = ["--deploy-mode", "cluster", *small, "dbfs:/waits.jar", str(tmp_path / "runs")]
    client = workspace_client(spark.live)
    conf = {"spark.runyard.engine": cluster.url}
    task = jobs.SubmitTask(
        task_key="waits",
        spark_submit_task=jobs.SparkSubmitTask(parameters=words),
        new_cluster=compute.ClusterSpec(spark_version="any", num_workers=1, node_type_id="any", spark_conf=conf),
    )
    run_id = client.jobs.submit(tasks=[task]).run_id
    until((tmp_path / "runs").exists, seconds=SECONDS)
    assert len(cluster.asked()["activedrivers"]) == 1
    client.jobs.cancel_run(run_id)
    client.jobs.wait_get_run_job_terminated_or_skipped(run_id, timeout=timedelta(seconds=SECONDS))

    until(lambda: not cluster.asked()["activedrivers"], seconds=60)
    until(lambda: not cluster.applications(), seconds=60)


def test_a_job_ends_rightly_though_a_worker_is_killed_in_the_middle(
    spark: Spark, cluster: Cluster, tmp_path: Path
) -> None:
    run_id = spark.start("loses one", COUNTED.format(folder=str(tmp_path)), on(cluster.url))
    until(lambda: len(list(tmp_path.glob("began-*"))) >= 2, seconds=SECONDS)
    cluster.kill("one")
    (tmp_path / "go").touch()
    run = spark.ended("loses one", run_id)

    assert run["JobRunState"] == "SUCCEEDED", (run["ErrorMessage"], spark.printed(run_id, "error"))
    assert spark.printed(run_id)[-1] == f"6 {cluster.url}"
    until(lambda: len(cluster.alive_workers()) == 1, seconds=60)
    until(lambda: "runyard" in cluster.applications("completedapps"), seconds=60)


def test_a_spark_connect_server_does_the_work_and_stops_it_with_the_run(spark: Spark, tmp_path: Path) -> None:
    with sail_server() as url:
        script = (
            "from pyspark.sql import SparkSession\n"
            "spark = SparkSession.builder.getOrCreate()\n"
            "spark.range(3).write.mode('overwrite').parquet('s3://connect/numbers/')\n"
            "print(spark.read.parquet('s3://connect/numbers/').count())\n"
        )
        assert spark.lines("connects", script, on(url)) == ["3"]
        assert list((spark.live.home / "s3" / "connect" / "numbers").glob("*.parquet"))

        file = tmp_path / "told"
        run_id = spark.start("held there", HELD.format(file=str(file)), on(url))
        until(lambda: file.exists() and file.stat().st_size > 2, seconds=SECONDS)
        spark.glue.batch_stop_job_run(JobName="held there", JobRunIds=[run_id])
        assert spark.ended("held there", run_id)["JobRunState"] == "STOPPED"
        assert is_still(file)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("yarn", "either HADOOP_CONF_DIR or YARN_CONF_DIR must be set"),
        ("k8s://https://127.0.0.1:1", "Spark cannot begin on k8s://https://127.0.0.1:1: io.fabric8.kubernetes"),
        ("sc://127.0.0.1:1", "The Spark Connect server sc://127.0.0.1:1 cannot be reached"),
    ],
)
def test_a_cluster_that_is_not_there_fails_the_run_with_the_reason(spark: Spark, engine: str, message: str) -> None:
    script = "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate().range(1).count()\n"
    name = engine.partition(":")[0]
    run = spark.ended(name, spark.start(name, script, on(engine)))

    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"], run["ErrorMessage"]


def is_still(file: Path) -> bool:
    """Whether nobody writes to a file any more: for twenty times what its writer would take for the next byte."""
    before, deadline = file.stat().st_size, time.monotonic() + 2
    until(lambda: time.monotonic() > deadline)
    return file.stat().st_size == before


@contextmanager
def sail_server() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", SAIL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sail:
        assert sail.stdout is not None
        try:
            yield f"sc://127.0.0.1:{sail.stdout.readline().strip()}"
        finally:
            sail.kill()

"""JVMs that are kept ready for Glue's jobs: one job each, started with an archive of classes, gone with their job."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import java_spark
import pytest
from glue_spark import Spark
from live import is_alive
from waiting import until

SECONDS = 600  # of which the archive takes most, on a machine under load
JVM = {"--conf": "spark.runyard.engine=spark-jvm --conf spark.mine=yes"}
SCRIPT = """\
import os
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
java = spark._jvm.java.lang
runtime = java.management.ManagementFactory.getRuntimeMXBean()
flags = [one for one in runtime.getInputArguments() if "SharedArchiveFile" in one]
print(runtime.getStartTime(), java.ProcessHandle.current().pid(), len(flags), spark.range(5).count(),
      spark.conf.get("spark.mine"), spark.catalog.tableExists("left"), spark.sparkContext.parallelize([1]).map(
      lambda _: os.environ["RUNYARD_ATTEMPT_ID"] == MINE).collect())
spark.range(1).createOrReplaceTempView("left")
""".replace("MINE", "os.environ['RUNYARD_ATTEMPT_ID']")

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    with java_spark.serving(tmp_path_factory.mktemp("pool") / "home", drivers=1) as live:
        yield Spark(live, seconds=SECONDS)


def test_a_jvm_waits_for_one_job_and_no_other_after_the_first_job_has_wanted_one(spark: Spark) -> None:
    told = [spark.lines("waited", SCRIPT, JVM)[-1].split(maxsplit=3)]
    starts: list[float] = [began(spark, "waited")]

    def again() -> bool:
        until(partial(is_ready, spark), seconds=SECONDS)  # earlier a job starts one of its own
        run_id = spark.begin("waited", JVM)
        run = spark.ended("waited", run_id)
        assert run["JobRunState"] == "SUCCEEDED", (run["ErrorMessage"], spark.printed(run_id, "error"))
        told.append(spark.printed(run_id)[-1].split(maxsplit=3))
        starts.append(run["StartedOn"].timestamp() * 1000)
        return int(told[-1][0]) < starts[-1] - 1000

    until(again, seconds=SECONDS)

    assert int(told[0][0]) > starts[0]  # the first began its own
    assert told[-1][2] == "1"  # with an archive, which was made once
    assert {rest for *_, rest in told} == {"5 yes False [True]"}
    assert len({pid for _, pid, *_ in told}) == len(told)
    until(lambda: not any(is_alive(int(pid)) for _, pid, *_ in told))
    assert list((spark.live.home / "environments" / "spark-jvm").glob("*.jsa"))


def is_ready(spark: Spark) -> bool:
    """Whether a JVM may wait: there is an archive, and who makes ready what waits has cleared up."""
    made = (spark.live.home / "environments" / "spark-jvm").glob("*.jsa")
    return any(made) and not any((spark.live.home / "tmp").glob("runyard-spark-*"))


def began(spark: Spark, name: str) -> float:
    """When the newest run of a job was started, in ms."""
    run = spark.glue.get_job_runs(JobName=name, MaxResults=1)["JobRuns"][0]
    return float(run["StartedOn"].timestamp() * 1000)

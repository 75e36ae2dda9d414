"""Spark jobs on a live server with unmodified boto3: the engine, its limits, and what is said of what it lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from glue_spark import FOOT, HEAD, SECONDS, Spark
from live import Live, is_alive
from waiting import until

HOLD = """
import os, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(3).createOrReplaceTempView("mine")
spark.conf.set("spark.kept.by", "{name}")
open("{folder}/{name}.new", "w").write(str(os.getpid()))
os.rename("{folder}/{name}.new", "{folder}/{name}")
while not os.path.exists("{folder}/go"):
    spark.range(10).count()
    time.sleep(0.05)
print(spark.catalog.tableExists("mine"), spark.catalog.tableExists("other"), spark.conf.get("spark.kept.by"))
"""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("spark") / "home"
    server = Live(home, settings="grace_s = 1.0\nplaces = 8\nwarm_children = 2\n").start()
    yield Spark(server)
    server.close()


def test_a_script_that_begins_as_aws_writes_it_runs_unchanged(spark: Spark) -> None:
    body = (
        "print(spark.sql('select 1 as one').collect())\n"
        "print(sc.appName, sc.defaultParallelism >= 1, spark.sparkContext is sc)\n"
        "glueContext.get_logger().info('to the error log')\n"
    )
    run_id = spark.start("begins", HEAD + body + FOOT)
    run = spark.ended("begins", run_id)

    assert (run["JobRunState"], run["LogGroupName"]) == ("SUCCEEDED", "/aws-glue/jobs")
    assert spark.printed(run_id) == ["[Row(one=1)]", "runyard True True"]
    assert [line for line in spark.printed(run_id, "error") if "to the error log" in line]


def test_paths_of_every_spelling_are_those_of_mounts(spark: Spark) -> None:
    script = (
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.master('local[*]').appName('paths').getOrCreate()\n"
        "spark.range(4).write.parquet('s3://places/numbers/')\n"
        "spark.range(4).write.mode('append').format('parquet').save('s3a://places/numbers')\n"
        "spark.range(1).write.option('path', 'dbfs:/one').format('json').save()\n"
        "print(spark.read.parquet('s3n://places/numbers').count(), spark.read.json('dbfs:/one').count())\n"
        "print(spark.sql('select count(*) from parquet.`s3://places/numbers`').collect()[0][0])\n"
        "spark.sql(\"create table t using parquet location 's3://places/numbers'\")\n"
        "print(spark.table('t').count())\n"
        "spark.stop()\n"
    )
    lines = spark.lines("paths", script)

    assert lines == ["8 1", "8", "8"]
    listed = spark.live.client("s3").list_objects_v2(Bucket="places", Prefix="numbers/")["Contents"]
    assert len(listed) >= 2
    assert (spark.live.home / "dbfs" / "one").is_dir()


def test_who_was_told_of_no_mounts_reads_and_writes_over_the_server_s_own_s3(spark: Spark) -> None:
    script = (
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "spark.range(5).write.parquet('s3://endpoint/numbers/')\n"
        "assert spark.read.parquet('s3a://endpoint/numbers').count() == 5\n"
    )
    spark.live.client("s3").create_bucket(Bucket="endpoint")
    spark.live.make_job("shell", script)
    run = spark.ended("shell", spark.begin("shell"))

    assert (run["JobRunState"], run.get("ErrorMessage")) == ("SUCCEEDED", None)
    assert list((spark.live.home / "s3" / "endpoint" / "numbers").glob("*.parquet"))


def test_functions_modules_and_configuration_reach_the_engine(spark: Spark) -> None:
    helper = spark.live.put_script("shop_words.py", "def loud(text):\n    return text.upper()\n")
    script = (
        "from pyspark.sql import SparkSession, functions as F\n"
        "import shop_words\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "frame = spark.createDataFrame([('a',), ('b',)], 'word string')\n"
        "loud = F.udf(lambda word: shop_words.loud(word), 'string')\n"
        "print([row[0] for row in frame.select(loud('word')).collect()])\n"
        "print(spark.conf.get('spark.one'), spark.conf.get('spark.two'))\n"
        "print(frame.select(F.col('word').cast('int')).collect()[0][0])\n"
    )
    arguments = {"--extra-py-files": helper, "--conf": "spark.one=1 --conf spark.two=2"}

    assert spark.lines("functions", script, arguments) == ["['A', 'B']", "1 2", "None"]


@pytest.mark.parametrize(
    ("use", "named"),
    [
        ("SparkContext.getOrCreate().parallelize([1])", "SparkContext.parallelize"),
        ("SparkContext.getOrCreate()._jsc.hadoopConfiguration()", "SparkContext._jsc.hadoopConfiguration"),
        ("SparkSession.builder.getOrCreate().range(1).rdd", "DataFrame.rdd"),
        (
            "SparkSession.builder.getOrCreate().readStream.format('rate').load().writeStream.foreachBatch(print)",
            "DataStreamWriter.foreachBatch",
        ),
    ],
)
def test_what_the_engine_lacks_is_named_with_the_engine_that_has_it(spark: Spark, use: str, named: str) -> None:
    name = f"lacks {named}"
    script = f"from pyspark import SparkContext\nfrom pyspark.sql import SparkSession\n{use}\n"
    run = spark.ended(name, spark.start(name, script))

    assert run["JobRunState"] == "FAILED"
    assert f"{named} needs Spark on Java: run this job on the engine spark-jvm (--conf" in run["ErrorMessage"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"--extra-jars": "s3://jars/a.jar"},
            "The jars 's3://jars/a.jar' (--extra-jars) cannot be used on the engine 'sail'",
        ),
        ({"--job-language": "scala"}, "Scripts in Scala (--job-language scala) cannot be used here"),
        ({"--conf": "spark.runyard.engine=spark-jvm"}, "This run needs Spark on Java. Install it apart"),
        ({"--runyard-spark-engine": "spork"}, "There is no Spark engine 'spork'. Name 'sail'"),
    ],
)
def test_a_run_that_asks_for_what_is_not_there_fails_before_it_begins(
    spark: Spark, arguments: dict[str, str], message: str
) -> None:
    name = f"asks {' '.join(arguments)}"
    run = spark.ended(name, spark.start(name, "raise AssertionError", arguments))

    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


def test_two_runs_at_once_see_nothing_of_each_other(spark: Spark) -> None:
    folder = spark.live.home
    runs = {
        name: spark.start(name, "import sys\n" + HOLD.format(folder=folder, name=name)) for name in ("left", "right")
    }
    until(lambda: all((folder / name).exists() for name in runs), seconds=SECONDS)
    (folder / "go").touch()
    for name, run_id in runs.items():
        assert spark.ended(name, run_id)["JobRunState"] == "SUCCEEDED"

    assert [spark.printed(run_id) for run_id in runs.values()] == [["True False left"], ["True False right"]]
    assert len({(folder / name).read_text().split()[0] for name in runs}) == 2


def test_a_stop_ends_the_engine_with_the_run(spark: Spark) -> None:
    folder = spark.live.home / "held"
    folder.mkdir()
    run_id = spark.start("held", "import sys\n" + HOLD.format(folder=folder, name="pid"))
    until((folder / "pid").exists, seconds=SECONDS)
    pid = int((folder / "pid").read_text().split()[0])
    ports = listening(pid)
    spark.glue.batch_stop_job_run(JobName="held", JobRunIds=[run_id])

    assert spark.ended("held", run_id)["JobRunState"] == "STOPPED"
    assert ports
    assert not is_alive(pid)
    assert not ports & all_listening()


def test_workers_come_to_memory_that_a_run_cannot_exceed(spark: Spark) -> None:
    script = (
        "import resource\n"
        "from pyspark.sql import SparkSession\n"
        "SparkSession.builder.getOrCreate().range(1).count()\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA)[0])\n"
        "bytearray(9 * 1024**3)\n"
    )
    run_id = spark.start("small", script, WorkerType="G.025X", NumberOfWorkers=2)
    run = spark.ended("small", run_id)
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    assert spark.printed(run_id) == [str(max(2 * 1024**3, min(8 * 1024**3, here)))]
    assert (run["JobRunState"], "MemoryError" in run["ErrorMessage"]) == ("FAILED", True)


def listening(pid: int) -> set[str]:
    """The sockets on which a process listens, by inode."""
    links = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
    return {link[8:-1] for link in links if link.startswith("socket:[")} & all_listening()


def all_listening() -> set[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return {row[9] for row in rows if row[3] == "0A"}

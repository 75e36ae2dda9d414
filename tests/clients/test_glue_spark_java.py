"""Glue's Spark jobs on Java, on a live server with unmodified boto3: what Sail lacks, jars, streams, and their end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import java_spark
import pytest
from glue_spark import FOOT, HEAD, Spark
from live import is_alive
from waiting import until

JVM = {"--conf": "spark.runyard.engine=spark-jvm"}
SECONDS = 240  # a JVM under load
SHOUT = """\
package shop;
public class Shout {
    public static String loud(String text) { return text.toUpperCase() + "!"; }
}
"""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    with java_spark.serving(tmp_path_factory.mktemp("java") / "home") as live:
        yield Spark(live, seconds=SECONDS)


def test_a_script_as_aws_writes_it_runs_on_java_with_rdds_functions_and_paths_of_mounts(spark: Spark) -> None:
    module = spark.live.put_script("java_words.py", "def loud(text):\n    return text.upper()\n")
    body = (
        "import java_words, os\n"
        "from pyspark.sql import functions as F\n"
        "tell = [sc.master, sc.appName, spark.conf.get('spark.mine'), spark.sparkContext is sc]\n"
        "tell.append(sc.parallelize([1, 2, 3]).map(lambda n: n * 2).collect())\n"
        "spark.range(4).write.mode('append').parquet('s3://java/numbers/')\n"
        "tell.append(spark.read.parquet('s3a://java/numbers').count())\n"
        "tell.append(spark.sql('select count(*) from parquet.`s3://java/numbers`').collect()[0][0])\n"
        "frame = spark.createDataFrame([('a',), ('7',)], 'word string')\n"
        "tell.append([row[0] for row in frame.select(F.udf(java_words.loud)('word')).collect()])\n"
        "tell.append([row[0] for row in frame.select(F.col('word').cast('int')).collect()])\n"
        "tell.append(frame.rdd.map(lambda row: os.environ['RUNYARD_ATTEMPT_ID'] != '').collect())\n"
        "orders = glueContext.create_dynamic_frame.from_options('s3', {'paths': ['s3://java/numbers/']}, 'parquet')\n"
        "tell.append(orders.apply_mapping([('id', 'long', 'n', 'int')]).toDF().dtypes)\n"
        "try:\n"
        "    spark.range(1).write.format('delta').save('s3://java/delta/')\n"
        "except NotImplementedError as error:\n"
        "    tell.append('Tables of Delta are there on the engine sail' in str(error))\n"
        "print(tell)\n"
    )
    arguments = {
        "--conf": f"{JVM['--conf']} --conf spark.mine=yes",
        "--extra-py-files": module,
        "--enable-continuous-cloudwatch-log": "true",
    }
    lines = spark.lines("java", HEAD + body + FOOT, arguments, WorkerType="G.025X", NumberOfWorkers=2)
    streams = spark.live.client("logs").describe_log_streams(logGroupName="/aws-glue/jobs/logs-v2")["logStreams"]

    assert re.fullmatch(
        r"\['local\[\d+\]', 'runyard', 'yes', True, \[2, 4, 6\], 4, 4, \['A', '7'\], \[None, 7\], \[True, True\], "
        r"\[\('n', 'int'\)\], True\]",
        lines[-1],
    ), lines
    assert not list((spark.live.home / "s3" / "java").rglob(".*.crc"))
    assert [one["logStreamName"].partition("-")[2] for one in streams] == ["driver", "progress-bar"]


def test_a_stream_of_files_is_given_batch_by_batch_to_a_function(spark: Spark) -> None:
    spark.put("in/a.json", '{"n": 1}\n{"n": 2}\n')
    body = (
        "frame = spark.readStream.schema('n int').json('s3://raw/in/')\n"
        "seen = []\n"
        "def batch(rows, number):\n"
        "    seen.append(number)\n"
        "    if len(seen) == 1:\n"
        "        raise ValueError('once')\n"
        "    rows.write.mode('append').json('s3://raw/out/')\n"
        "    print('batch', number, sorted(row.n for row in rows.collect()))\n"
        "    [query.stop() for query in spark.streams.active]\n"
        "glueContext.forEachBatch(frame=frame, batch_function=batch,\n"
        "    options={'windowSize': '1 seconds', 'checkpointLocation': 's3://raw/checkpoint/'})\n"
    )
    command = {"Name": "gluestreaming", "ScriptLocation": spark.live.put_script("stream.py", HEAD + body + FOOT)}
    spark.glue.create_job(Name="stream", Role="runner", Command=command)
    run_id = spark.begin("stream", JVM)
    run = spark.ended("stream", run_id)

    assert run["JobRunState"] == "SUCCEEDED", (run["ErrorMessage"], spark.printed(run_id, "error"))
    assert spark.printed(run_id)[-1] == "batch 0 [1, 2]"
    assert "ValueError: once); 3 more tries" in " ".join(spark.printed(run_id, "error"))
    assert (spark.live.home / "s3" / "raw" / "checkpoint" / "offsets").is_dir()
    assert list((spark.live.home / "s3" / "raw" / "out").glob("*.json"))


def test_jars_are_found_by_the_jvm_and_the_event_log_is_written(spark: Spark, tmp_path: Path) -> None:
    java_spark.put_jar(spark.live.home / "s3" / "jars" / "shout.jar", tmp_path, name="shop/Shout", text=SHOUT)
    script = (
        "from pyspark.context import SparkContext\n"
        "sc = SparkContext.getOrCreate()\n"
        "print(sc._jvm.shop.Shout.loud('hello'), sc.parallelize([1]).count())\n"
    )
    arguments = {
        **JVM,
        "--extra-jars": "s3://jars/shout.jar",
        "--enable-spark-ui": "true",
        "--spark-event-logs-path": "s3://events/log/",
    }

    assert spark.lines("jars", script, arguments)[-1] == "HELLO! 1"
    written = [one for one in (spark.live.home / "s3" / "events" / "log").rglob("*") if one.is_file()]
    assert b"SparkListenerApplicationEnd" in b"".join(one.read_bytes() for one in written)


def test_sql_knows_the_data_catalog_with_its_partitions_if_the_job_says_so(spark: Spark) -> None:
    for day, text in (("1", "n\n1\n2\n"), ("2", "n\n3\n")):
        spark.put(f"sales/day={day}/a.csv", text)
    place = {
        "Columns": [{"Name": "n", "Type": "int"}],
        "Location": "s3://raw/sales/",
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde"},
        "Parameters": {"skip.header.line.count": "1"},
    }
    sales = {"Name": "sales", "StorageDescriptor": place, "PartitionKeys": [{"Name": "day", "Type": "string"}]}
    spark.glue.create_database(DatabaseInput={"Name": "shop"})
    spark.glue.create_table(DatabaseName="shop", TableInput=sales)
    spark.glue.create_partition(
        DatabaseName="shop",
        TableName="sales",
        PartitionInput={"Values": ["1"], "StorageDescriptor": {**place, "Location": "s3://raw/sales/day=1/"}},
    )
    script = (
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "print(spark.sql('select day, sum(n) from shop.sales group by day').collect())\n"
    )
    arguments = {**JVM, "--enable-glue-datacatalog": "true"}

    assert spark.lines("catalog", script, arguments)[-1] == "[Row(day='1', sum(n)=3)]"


def test_statements_of_a_session_on_java_share_one_jvm(spark: Spark) -> None:
    command = {"Name": "glueetl", "PythonVersion": "3"}
    role = "arn:aws:iam::123456789012:role/runner"
    spark.glue.create_session(Id="java", Role=role, Command=command, DefaultArguments=JVM)
    until(lambda: spark.glue.get_session(Id="java")["Session"]["Status"] == "READY", seconds=SECONDS)
    said = []
    for code in ("numbers = sc.parallelize([1, 2, 3])", "numbers.sum()", "spark.range(4).count()"):
        number = spark.glue.run_statement(SessionId="java", Code=code)["Id"]
        shown = until(partial(available, spark, number), seconds=SECONDS)
        said.append(shown["Output"]["Data"].get("TextPlain", ""))
    spark.glue.stop_session(Id="java")

    assert said == ["", "6\n", "4\n"]


def available(spark: Spark, number: int) -> Any:
    shown = spark.glue.get_statement(SessionId="java", Id=number)["Statement"]
    assert shown["State"] != "ERROR", shown
    return shown if shown["State"] == "AVAILABLE" else None


def test_a_stop_ends_the_jvm_with_the_run(spark: Spark) -> None:
    script = (
        "import os, time\n"
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "pid = spark._jvm.java.lang.ProcessHandle.current().pid()\n"
        "open('pid.new', 'w').write(f'{os.getpid()} {pid}')\n"
        "os.rename('pid.new', 's3-pid')\n"
        "spark.sparkContext.parallelize([1]).map(lambda _: time.sleep(3600)).collect()\n"
    )
    run_id = spark.start("held", script, JVM)
    found = until(lambda: list(spark.live.home.glob("runs/*/*/work/s3-pid")), seconds=SECONDS)
    pids = [int(word) for word in found[0].read_text().split()]
    spark.glue.batch_stop_job_run(JobName="held", JobRunIds=[run_id])

    assert spark.ended("held", run_id)["JobRunState"] == "STOPPED"
    assert len(set(pids)) == 2
    until(lambda: not any(map(is_alive, pids)), seconds=SECONDS)  # the kernel takes its time with a JVM's memory

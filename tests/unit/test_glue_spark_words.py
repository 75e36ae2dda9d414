"""What the arguments and workers of a Spark job come to."""

from __future__ import annotations

from typing import Any

import pytest

from runyard.core.errors import InvalidRequest
from runyard.dialects.glue.spark_words import configuration, spark


def words(**more: Any) -> dict[str, Any]:
    return {"Command": {"Name": "glueetl"}, "Arguments": {}, **more}


@pytest.mark.parametrize(
    ("more", "cores", "memory"),
    [
        ({"WorkerType": "G.1X", "NumberOfWorkers": 2}, 8, 32),
        ({"WorkerType": "G.025X", "NumberOfWorkers": 3}, 6, 12),
        ({"WorkerType": "R.2X", "NumberOfWorkers": 2}, 16, 128),
        ({"MaxCapacity": 4.0}, 16, 64),
        ({}, 40, 160),
    ],
)
def test_workers_come_to_cores_and_memory(more: dict[str, Any], cores: int, memory: int) -> None:
    asked = spark(words(**more))

    assert (asked["cores"], asked["memory_gib"]) == (cores, memory)


def test_a_worker_that_nobody_knows_sets_no_limit() -> None:
    assert spark(words(WorkerType="X.9X", NumberOfWorkers=2)) == {"conf": {}}


@pytest.mark.parametrize(("value", "is_asked_for"), [("", True), ("true", True), ("false", False)])
def test_the_data_catalog_is_known_to_sql_if_the_job_says_so(value: str, *, is_asked_for: bool) -> None:
    asked = spark(words(Arguments={"--enable-glue-datacatalog": value}))

    assert asked.get("catalog", False) is is_asked_for
    assert "catalog" not in spark(words())


def test_one_argument_holds_several_configurations() -> None:
    text = "spark.a=1 --conf spark.b='two words' --conf spark.c=x=y"

    assert configuration({"--conf": text}) == {"spark.a": "1", "spark.b": "two words", "spark.c": "x=y"}
    assert configuration({}) == {}


@pytest.mark.parametrize(
    ("text", "reason"), [("spark.a", "'spark.a' is not"), ("=1", "'' is not"), ("a='", "No closing quotation")]
)
def test_a_configuration_that_is_none_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason):
        configuration({"--conf": text})


def test_arguments_of_a_jvm_are_told_apart_so_that_another_engine_can_refuse_them_by_name() -> None:
    given = {
        "--extra-jars": "s3://j/a.jar, s3://j/b.jar",
        "--user-jars-first": "true",
        "--enable-spark-ui": "true",
        "--spark-event-logs-path": "s3://e/",
        "--enable-continuous-cloudwatch-log": "true",
        "--runyard-spark-engine": "spark-jvm",
    }
    asked = spark(words(Arguments=given))

    assert (asked["jars"], asked["jars_first"]) == (["s3://j/a.jar", "s3://j/b.jar"], True)
    assert list(asked["java"]) == [
        "The jars 's3://j/a.jar, s3://j/b.jar' (--extra-jars)",
        "Its jars first (--user-jars-first)",
    ]
    assert (asked["events"], asked["progress"]) == ("s3://e/", True)
    assert asked["conf"] == {"spark.runyard.engine": "spark-jvm"}


def test_what_is_switched_off_asks_for_nothing() -> None:
    given = {"--enable-spark-ui": "false", "--spark-event-logs-path": "s3://e/", "--user-jars-first": "false"}

    assert spark(words(Arguments=given, WorkerType="X.9X", NumberOfWorkers=1)) == {"conf": {}}

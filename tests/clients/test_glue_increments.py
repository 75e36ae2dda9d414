"""Bookmarks in Spark jobs of a live server: every format and Relationalize, pauses, and a kill before the commit."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import fastavro
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
from glue_spark import FOOT, HEAD, Spark
from live import Live

ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}
PAUSE = {"--job-bookmark-option": "job-bookmark-pause"}
AVRO = {"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}]}


def write_avro(file: Path, number: int) -> None:
    with file.open("wb") as written:
        fastavro.writer(written, fastavro.parse_schema(AVRO), [{"id": number}])


WRITERS: Mapping[str, Callable[[Path, int], object]] = {
    "csv": lambda file, number: file.write_text(f"id\n{number}\n"),
    "json": lambda file, number: file.write_text(json.dumps({"id": number})),
    "xml": lambda file, number: file.write_text(f"<rows><row><id>{number}</id></row></rows>"),
    "parquet": lambda file, number: pq.write_table(pa.table({"id": [number]}), file),
    "orc": lambda file, number: pyarrow.orc.write_table(pa.table({"id": [number]}), file),
    "avro": write_avro,
}
OPTIONS = {"csv": {"withHeader": True}, "xml": {"rowTag": "row"}}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("increments") / "home"
    yard = Spark(Live(home, settings="grace_s = 1.0\nplaces = 8\nwarm_children = 2\n").start())
    yield yard
    yard.live.close()


def came(spark: Spark, number: int, *, age_s: float = 0) -> None:
    """Let a file of each format come."""
    for kind, write in WRITERS.items():
        file = spark.live.home / f"s3/raw/{kind}/{number}.{kind}"
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, number)
        moment = time.time() - age_s
        os.utime(file, (moment, moment))


def run(spark: Spark, name: str, arguments: dict[str, str], script: str = "") -> list[str]:
    run_id = spark.start(name, script, arguments) if script else spark.begin(name, arguments)
    ended = spark.ended(name, run_id)
    assert ended["JobRunState"] == "SUCCEEDED", ended["ErrorMessage"]
    return spark.printed(run_id)


def test_every_format_is_read_by_the_bookmark_and_without_a_context_whole(spark: Spark) -> None:
    script = (
        "import json\n"
        f"options = {OPTIONS!r}\n"
        "def read(kind, context):\n"
        "    found = glueContext.create_dynamic_frame.from_options('s3', {'paths': [f's3://raw/{kind}/']}, kind,\n"
        "        options.get(kind, {}), transformation_ctx=context)\n"
        "    return sorted(int(row['id']) for row in found.toDF().collect())\n"
        f"told = {{kind: read(kind, kind) for kind in {list(WRITERS)!r}}}\n"
        "print(json.dumps([told, read('json', '')]))\n"
    )
    came(spark, 1, age_s=7200)
    first = run(spark, "formats", ENABLE, HEAD + script + FOOT)
    came(spark, 2)
    second, third = (json.loads(run(spark, "formats", ENABLE)[0]) for _ in range(2))

    assert json.loads(first[0]) == [{kind: [1] for kind in WRITERS}, [1]]
    assert second == [{kind: [2] for kind in WRITERS}, [1, 2]]
    assert third == [{kind: [] for kind in WRITERS}, [1, 2]]


def test_what_is_laid_flat_is_of_the_new_records_alone(spark: Spark) -> None:
    script = (
        "rows = glueContext.create_dynamic_frame.from_options('s3', {'paths': ['s3://raw/nested/']}, 'json',\n"
        "    transformation_ctx='rows')\n"
        "if rows.count():\n"
        "    made = Relationalize.apply(rows, staging_path='s3://temp/', name='root', transformation_ctx='made')\n"
        "    print(sorted(row[0] for row in made['root_tags'].toDF().select('`tags.val`').collect()))\n"
        "else:\n    print('nothing')\n"
    )
    spark.put("nested/a.json", json.dumps({"id": 1, "tags": ["a", "b"]}))
    first = run(spark, "nested", ENABLE, HEAD + script + FOOT)
    spark.put("nested/b.json", json.dumps({"id": 2, "tags": ["c"]}))

    assert [first, run(spark, "nested", ENABLE), run(spark, "nested", ENABLE)] == [
        ["['a', 'b']"],
        ["['c']"],
        ["nothing"],
    ]


def test_a_pause_reads_on_or_between_two_runs_and_a_reset_reads_again(spark: Spark) -> None:
    script = (
        "rows = glueContext.create_dynamic_frame.from_options('s3', {'paths': ['s3://raw/paused/']}, 'json',\n"
        "    transformation_ctx='rows')\n"
        "print(sorted(row['id'] for row in rows.toDF().collect()))\n"
    )
    ids = []
    for number in (1, 2, 3):
        spark.put(f"paused/{number}.json", json.dumps({"id": number}))
        make = spark.start("paused", HEAD + script + FOOT, ENABLE) if number == 1 else spark.begin("paused", ENABLE)
        assert spark.ended("paused", make)["JobRunState"] == "SUCCEEDED"
        ids.append(make)
    spark.put("paused/4.json", json.dumps({"id": 4}))
    window = {**PAUSE, "--job-bookmark-from": ids[0], "--job-bookmark-to": ids[2]}

    assert run(spark, "paused", window) == ["[2, 3]"]
    assert run(spark, "paused", PAUSE) == ["[4]"]
    spark.glue.reset_job_bookmark(JobName="paused", RunId=ids[1])
    assert run(spark, "paused", ENABLE) == ["[3, 4]"]
    spark.glue.reset_job_bookmark(JobName="paused")
    assert run(spark, "paused", ENABLE) == ["[1, 2, 3, 4]"]


def test_a_job_killed_between_its_writing_and_its_commit_reads_the_same_again(spark: Spark) -> None:
    script = (
        "import os, signal\n"
        "rows = glueContext.create_dynamic_frame.from_options('s3', {'paths': ['s3://raw/killed/']}, 'json',\n"
        "    transformation_ctx='rows')\n"
        "glueContext.write_dynamic_frame.from_options(rows, 's3', {'path': 's3://out/killed/'}, 'json')\n"
        "print(rows.count(), flush=True)\n"
        "if '--die' in sys.argv:\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    spark.put("killed/a.json", json.dumps({"id": 1}))
    killed = spark.start("killed", HEAD + script + FOOT, {**ENABLE, "--die": "1"})
    assert spark.ended("killed", killed)["JobRunState"] == "FAILED"
    again = run(spark, "killed", ENABLE)

    assert (spark.printed(killed), again) == (["1"], ["1"])
    entry = spark.glue.get_job_bookmark(JobName="killed")["JobBookmarkEntry"]
    assert (entry["Run"], entry["Attempt"], entry["PreviousRunId"]) == (2, 0, killed)


def test_a_bounded_run_reads_the_oldest_files_and_leaves_the_others_to_the_next(spark: Spark) -> None:
    script = (
        "rows = glueContext.create_dynamic_frame.from_options('s3', {'paths': ['s3://raw/bounded/'],\n"
        "    'boundedFiles': '2'}, 'json', transformation_ctx='rows')\n"
        "print(sorted(row['id'] for row in rows.toDF().collect()))\n"
    )
    for number in range(5):
        file = spark.put(f"bounded/{number}.json", json.dumps({"id": number}))
        moment = time.time() - 7200 + number * 600
        os.utime(file, (moment, moment))
    first = run(spark, "bounded", ENABLE, HEAD + script + FOOT)

    assert [first, *(run(spark, "bounded", ENABLE) for _ in range(3))] == [["[0, 1]"], ["[2, 3]"], ["[4]"], ["[]"]]

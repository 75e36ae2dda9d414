"""awsglue's frames on Spark on Java: what they mean on Sail they mean there too."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import java_spark
import pytest
from glue_spark import FOOT, HEAD, Spark

ON_JAVA = {"--conf": "spark.runyard.engine=spark-jvm"}
SECONDS = 240  # a JVM under load
SCRIPT = """
import json
R = glueContext.create_dynamic_frame.from_options
W = glueContext.write_dynamic_frame.from_options
told = {}
def rows(frame):
    return sorted([list(row.asDict(True).values()) for row in frame.toDF().collect()], key=str)
people = R('s3', {'paths': ['s3://raw/people/']}, 'json', transformation_ctx='people')
told['choice'] = people.schema().field_map['v'].dataType.typeName()
told['cast'] = rows(people.resolveChoice(specs=[('v', 'cast:int')]).select_fields(['id', 'v']))
flat = people.select_fields(['id', 'name'])
for kind, options in (('orc', {}), ('avro', {'version': '1.8'}), ('csv', {}), ('json', {}), ('parquet', {})):
    W(flat, 's3', {'path': f's3://out/{kind}/', 'partitionKeys': ['name']}, kind, options)
    back = R('s3', {'paths': [f's3://out/{kind}/']}, kind, {'withHeader': True, **options})
    told[kind] = [[int(row[0]), row[1]] for row in rows(back)]
bare = {'withHeader': True, 'quoteChar': -1}
told['quotes'] = rows(R('s3', {'paths': ['s3://raw/quotes/']}, 'csv', bare))
told['short'] = rows(R('s3', {'paths': ['s3://raw/short/']}, 'csv', {'withHeader': True}))
told['xml'] = rows(R('s3', {'paths': ['s3://raw/xml/']}, 'xml', {'rowTag': 'row'}))
made = Relationalize.apply(frame=people.select_fields(['id', 'tags']), name='root', staging_path='s3://temp/')
joined = Join.apply(made['root'], made['root_tags'], 'tags', 'id').toDF()
told['tags'] = sorted(row[0] for row in joined.select('`tags.val`').collect())
def change(record):
    record['size'] = len(record['tags'] or [])
    return record
told['map'] = rows(people.map(change).select_fields(['id', 'size']))
told['filter'] = people.filter(lambda one: one['v'] == 'two').count()
base = {'url': 'jdbc:sqlite:%s', 'dbtable': 'orders', 'hashfield': 'id', 'hashpartitions': '2'}
orders = R('sqlite', base, transformation_ctx='orders')
told['orders'] = rows(orders)
W(orders, 'sqlite', {**base, 'dbtable': 'copies'})
told['errors'] = people.map(lambda record: {'id': int(record['v'])}).errorsCount()
print('TOLD ' + json.dumps(told, default=str))
"""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    with java_spark.serving(tmp_path_factory.mktemp("frames_java") / "home") as live:
        yield Spark(live, seconds=SECONDS)


def test_frames_mean_on_java_what_they_mean_on_sail(spark: Spark, tmp_path: Path) -> None:
    people = [{"id": 1, "name": "ann", "v": 1, "tags": ["a", "b"]}, {"id": 2, "name": "bob", "v": "two", "tags": []}]
    spark.put("people/a.json", "\n".join(map(json.dumps, people)))
    spark.put("quotes/a.csv", 'a,b\n"1,2\n')
    spark.put("short/a.csv", "a,b\n1\n")
    spark.put("xml/a.xml", "<rows><row><id>1</id></row></rows>")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, at TIMESTAMP)")
        database.execute("INSERT INTO orders VALUES (1, '2026-01-02 03:04:05')")
    script = HEAD + SCRIPT % (tmp_path / "shop.db") + FOOT
    lines = spark.lines("frames", script, ON_JAVA, WorkerType="G.025X", NumberOfWorkers=2)
    told = json.loads(next(one for one in lines if one.startswith("TOLD ")).removeprefix("TOLD "))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        copies = database.execute("SELECT * FROM copies").fetchall()

    both = [[1, "ann"], [2, "bob"]]
    kinds = ("orc", "avro", "csv", "json", "parquet")
    assert told == {
        "choice": "choice", "cast": [[1, 1], [2, None]], **dict.fromkeys(kinds, both),
        "quotes": [['"1', "2"]], "short": [["1", None]], "xml": [[1]], "tags": ["a", "b"], "map": [[1, 2], [2, 0]],
        "filter": 1, "orders": [[1, "2026-01-02 03:04:05"]], "errors": 1,
    }  # fmt: skip
    assert copies == [(1, "2026-01-02 03:04:05")]

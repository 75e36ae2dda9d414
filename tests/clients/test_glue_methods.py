"""awsglue against AWS's public documentation, method by method: each is there, or is refused by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from glue_spark import FOOT, HEAD, Spark
from live import Live

STORAGE = "one storage class"
TRANSACTIONS = "Lake Formation"
GLUE_CONTEXT: dict[str, str | None] = {
    "getSource": None,
    "create_dynamic_frame_from_rdd": None,
    "create_dynamic_frame_from_catalog": None,
    "create_dynamic_frame_from_options": None,
    "create_sample_dynamic_frame_from_catalog": None,
    "create_sample_dynamic_frame_from_options": None,
    "add_ingestion_time_columns": None,
    "create_data_frame_from_catalog": None,
    "create_data_frame_from_options": None,
    "forEachBatch": None,
    "purge_table": None,
    "purge_s3_path": None,
    "transition_table": STORAGE,
    "transition_s3_path": STORAGE,
    "extract_jdbc_conf": None,
    "start_transaction": TRANSACTIONS,
    "commit_transaction": TRANSACTIONS,
    "cancel_transaction": TRANSACTIONS,
    "getSink": None,
    "write_dynamic_frame_from_options": None,
    "write_from_options": None,
    "write_dynamic_frame_from_catalog": None,
    "write_data_frame_from_catalog": None,
    "write_dynamic_frame_from_jdbc_conf": None,
    "write_from_jdbc_conf": None,
    "create_dynamic_frame": None,
    "create_data_frame": None,
    "write_dynamic_frame": None,
    "spark_session": None,
    "get_logger": None,
}
"""None: there; a text: refused with it."""
DYNAMIC_FRAME = (
    "apply_mapping", "assertErrorThreshold", "coalesce", "count", "drop_fields", "errorsAsDynamicFrame", "errorsCount",
    "filter", "fromDF", "join", "map", "mergeDynamicFrame", "printSchema", "relationalize", "rename_field",
    "repartition", "resolveChoice", "schema", "select_fields", "show", "simplify_ddb_json", "spigot", "split_fields",
    "split_rows", "stageErrorsCount", "toDF", "unbox", "union", "unnest", "unnest_ddb_json", "write",
)  # fmt: skip
COLLECTION = ("flatmap", "keys", "map", "select", "values")
READER = ("from_catalog", "from_options", "from_rdd")
WRITER = ("from_catalog", "from_jdbc_conf", "from_options")
TRANSFORM = ("apply", "describe", "describeArgs", "describeErrors", "describeReturn", "describeTransform", "name")
ML = "machine-learning"
TRANSFORMS: dict[str, str | None] = {
    **dict.fromkeys(
        (
            "ApplyMapping",
            "DropFields",
            "DropNullFields",
            "ErrorsAsDynamicFrame",
            "Filter",
            "FlatMap",
            "Join",
            "Map",
            "MapToCollection",
            "Relationalize",
            "RenameField",
            "ResolveChoice",
            "SelectFields",
            "SelectFromCollection",
            "Simplify_ddb_json",
            "Spigot",
            "SplitFields",
            "SplitRows",
            "Unbox",
            "UnnestFrame",
        )
    ),
    "EvaluateDataQuality": "dataFrame.where(...).count()",
    "FillMissingValues": "dataFrame.fillna",
    "FindIncrementalMatches": ML,
    "FindMatches": ML,
}
TYPES = (
    "ArrayType", "BinaryType", "BooleanType", "ByteType", "ChoiceType", "DataType", "DateType", "DecimalType",
    "DoubleType", "EntityType", "EnumType", "Field", "FloatType", "IntegerType", "LongType", "MapType", "NullType",
    "ShortType", "StringType", "StructType", "TimestampType", "UnknownType",
)  # fmt: skip
JOB = ("commit", "init", "isInitialized")
TELL = "import json\ndef tell(value):\n    print('TOLD ' + json.dumps(value, default=str))\n"


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("methods") / "home"
    yard = Spark(Live(home, settings="grace_s = 1.0\nplaces = 8\nwarm_children = 2\n").start())
    yield yard
    yard.live.close()


def test_every_documented_method_is_there_or_refused_by_its_name(spark: Spark) -> None:
    told = spark.rows(
        "methods",
        "import awsglue.dynamicframe as frames, awsglue.transforms as transforms, awsglue.gluetypes as types\n"
        "import awsglue.job\n"
        "def how(call):\n"
        "    try:\n        call()\n    except (NotImplementedError, ImportError) as error:\n        return str(error)\n"
        "def there(of, names):\n    return [name for name in names if not hasattr(of, name)]\n"
        f"tell({{'context': {{name: how(lambda: getattr(glueContext, name)) for name in {list(GLUE_CONTEXT)!r}}},\n"
        f"    'transforms': {{name: how(lambda: getattr(transforms, name)) for name in {list(TRANSFORMS)!r}}},\n"
        f"    'missing': there(frames.DynamicFrame, {DYNAMIC_FRAME!r}) + there(types, {TYPES!r})\n"
        f"        + there(frames.DynamicFrameCollection, {COLLECTION!r}) + there(awsglue.job.Job, {JOB!r})\n"
        f"        + there(glueContext.create_dynamic_frame, {READER!r})\n"
        f"        + there(glueContext.write_dynamic_frame, {WRITER!r})\n"
        f"        + [one for kind in transforms.__all__\n"
        f"            for one in there(getattr(transforms, kind), {TRANSFORM!r})]}})\n",
    )

    assert told["missing"] == []
    for found, documented in ((told["context"], GLUE_CONTEXT), (told["transforms"], TRANSFORMS)):
        for name, message in documented.items():
            refused = found[name]
            assert (refused is None) == (message is None), (name, refused)
            assert message is None or (name in refused and message in refused)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("from awsglueml.transforms import FindMatches", "The transform 'FindMatches' is not there"),
        ("from awsgluedq.transforms import EvaluateDataQuality", "The transform 'EvaluateDataQuality' is not there"),
        ("from awsglue.transforms import Teleport", "There are ApplyMapping"),
    ],
)
def test_a_script_that_imports_what_is_not_there_fails_by_its_name(spark: Spark, line: str, message: str) -> None:
    name = line.rpartition(" ")[2]
    run = spark.ended(name, spark.start(name, f"{HEAD}{line}{FOOT}"))

    assert run["JobRunState"] == "FAILED"
    assert message in run["ErrorMessage"]


ROWS = [{"id": 1, "v": "1"}, {"id": 2, "v": "x"}, {"id": 3, "v": "3"}]


def test_records_that_a_function_fails_on_are_kept_beside_the_frame(spark: Spark) -> None:
    spark.put("fails/a.json", "\n".join(map(json.dumps, ROWS)))
    script = (
        "rows = glueContext.create_dynamic_frame.from_options('s3', {'paths': ['s3://raw/fails/']}, 'json')\n"
        "def number(record):\n    record['v'] = int(record['v'])\n    return record\n"
        "made = Map.apply(frame=rows, f=number, info='numbers')\n"
        "later = made.drop_fields(['v'])\n"
        "error = ErrorsAsDynamicFrame.apply(later).toDF().collect()[0]['error']\n"
        "caught = []\n"
        "for way in (lambda: later.assertErrorThreshold(), lambda: rows.map(number, stageThreshold=1)):\n"
        "    try:\n        way()\n    except RuntimeError as failed:\n        caught.append(str(failed))\n"
        "tell([made.count(), made.stageErrorsCount(), later.stageErrorsCount(), later.errorsCount(),\n"
        "      error['msg'], error['callsite']['info'], error['dynamicRecord'], caught, rows.errorsCount()])\n"
    )
    run_id = spark.start("failing rows", HEAD + TELL + script + FOOT)
    run = spark.ended("failing rows", run_id)
    assert run["JobRunState"] == "SUCCEEDED", run["ErrorMessage"]
    told = json.loads(spark.printed(run_id)[0].removeprefix("TOLD "))

    wrong = "ValueError: invalid literal for int() with base 10: 'x'"
    assert told[:4] == [2, 1, 0, 1]
    assert told[4:7] == [wrong, "numbers", '{"id": 2, "v": "x"}']
    assert told[7] == [f"1 records failed: {wrong}", f"1 records failed, which is the threshold: {wrong}"]
    assert told[8] == 0
    assert any("numbers: 1 of 3 records failed and were left out" in one for one in spark.printed(run_id, "error"))


def test_texts_of_fields_are_unboxed(spark: Spark) -> None:
    boxes = [{"id": 1, "j": '{"a": 1, "b": [1]}', "c": "x;y", "x": "<r n='1'><t>z</t></r>"}, {"id": 2, "j": None}]
    spark.put("boxes/a.json", "\n".join(map(json.dumps, boxes)))
    told = spark.rows(
        "unboxes",
        "rows = glueContext.create_dynamic_frame.from_options('s3', {'paths': ['s3://raw/boxes/']}, 'json')\n"
        "made = Unbox.apply(frame=rows, path='j', format='json').unbox('c', 'csv', separator=';').unbox('x', 'xml')\n"
        "tell([row.asDict(True) for row in made.toDF().orderBy('id').collect()])\n",
    )

    assert told[0] == {"id": 1, "j": {"a": 1, "b": [1]}, "c": {"col0": "x", "col1": "y"}, "x": {"_n": 1, "t": "z"}}
    assert told[1] == {"id": 2, "j": None, "c": None, "x": None}


def test_dynamodb_s_json_is_made_plain(spark: Spark) -> None:
    inner = {"M": {"name": {"S": "n"}, "size": {"N": "5"}}}
    item: dict[str, Any] = {
        "id": {"N": "1"}, "map": {"M": {"child": inner}}, "names": {"SS": ["a", "b"]}, "yes": {"BOOL": True},
        "list": {"L": [{"S": "x"}, {"S": "y"}]}, "mixed": {"L": [{"S": "x"}, {"N": "1"}]}, "plain": "p",
    }  # fmt: skip
    spark.put("ddb/a.json", json.dumps({"Item": item}))
    told = spark.rows(
        "dynamodb",
        "rows = glueContext.create_dynamic_frame.from_options('s3', {'paths': ['s3://raw/ddb/']}, 'json')\n"
        "tell([rows.simplify_ddb_json().toDF().collect()[0].asDict(True),\n"
        "      Simplify_ddb_json.apply(rows).unnest_ddb_json().toDF().columns])\n",
    )

    mixed = [{"S": "x", "N": None}, {"S": None, "N": "1"}]
    child = {"child": {"name": "n", "size": "5"}}
    assert told[0] == {
        "id": "1", "map": child, "names": ["a", "b"], "yes": True, "list": ["x", "y"], "mixed": mixed, "plain": "p"
    }  # fmt: skip
    assert told[1] == ["id", "map.child.name", "map.child.size", "names", "yes", "list", "mixed", "plain"]


def test_samples_rows_of_a_script_and_the_moment_of_now(spark: Spark) -> None:
    for number in range(4):
        spark.put(f"many/{number}.json", json.dumps({"n": number}))
    told = spark.rows(
        "samples",
        "some = glueContext.create_sample_dynamic_frame_from_options('s3', {'paths': ['s3://raw/many/']}, num=3,\n"
        "    sample_options={'maxSampleFilesPerPartition': 2}, format='json')\n"
        "made = glueContext.create_dynamic_frame.from_rdd([{'a': 1}, {'a': 'x'}], 'made')\n"
        "from awsglue.gluetypes import Field, LongType, StructType\n"
        "typed = glueContext.create_dynamic_frame.from_rdd([(1,)], 'typed', StructType([Field('a', LongType())]))\n"
        "now = glueContext.add_ingestion_time_columns(typed.toDF(), 'hour')\n"
        "tell([some.count(), made.schema().field_map['a'].dataType.typeName(), typed.toDF().schema.simpleString(),\n"
        "      now.columns, now.collect()[0]['ingest_year'] >= 2026])\n",
    )

    assert told == [2, "choice", "struct<a:bigint>", ["a", "ingest_year", "ingest_month", "ingest_day", "ingest_hour"],
                    True]  # fmt: skip


def test_a_sink_makes_the_table_and_tells_of_columns_and_partitions(spark: Spark) -> None:
    spark.glue.create_database(DatabaseInput={"Name": "made"})
    for name, row in (("first", {"id": 1, "year": 2025}), ("second", {"id": 2, "year": 2026, "more": "m"})):
        spark.put(f"{name}/a.json", json.dumps(row))
    script = (
        "def write(name):\n"
        "    rows = glueContext.create_dynamic_frame.from_options('s3', {'paths': [f's3://raw/{name}/']}, 'json')\n"
        "    sink = glueContext.getSink('s3', path='s3://out/made/', enableUpdateCatalog=True,\n"
        "        updateBehavior='UPDATE_IN_DATABASE', partitionKeys=['year'])\n"
        "    sink.setFormat('glueparquet')\n"
        "    sink.setCatalogInfo(catalogDatabase='made', catalogTableName='sales')\n"
        "    sink.writeFrame(rows)\n"
        "write('first')\nwrite('second')\n"
        "back = glueContext.create_dynamic_frame.from_catalog('made', 'sales').toDF().collect()\n"
        "glueContext.purge_table('made', 'sales', {'retentionPeriod': 0, 'partitionPredicate': 'year = 2025',\n"
        "    'manifestFilePath': 's3://out/manifest/'})\n"
        "left = glueContext.create_dynamic_frame.from_catalog('made', 'sales')\n"
        "tell([sorted(list(row.asDict().values()) for row in back), left.count()])\n"
    )
    told = spark.rows("sinks", script)

    assert told == [[[1, None, 2025], [2, "m", 2026]], 1]
    table = spark.glue.get_table(DatabaseName="made", Name="sales")["Table"]
    columns = [(one["Name"], one["Type"]) for one in table["StorageDescriptor"]["Columns"]]
    assert columns == [("id", "int"), ("more", "string")]
    assert (table["PartitionKeys"], table["Parameters"]["classification"]) == (
        [{"Name": "year", "Type": "int"}],
        "parquet",
    )
    partitions = spark.glue.get_partitions(DatabaseName="made", TableName="sales")["Partitions"]
    assert [one["Values"] for one in partitions] == [["2026"]]
    gone = (spark.live.home / "s3/out/manifest/Success.csv").read_text()
    assert gone.startswith("s3://out/made/year=2025/")

"""Tables of the Data Catalog in jobs of a live server, and jobs that read in each run what is new."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from glue_spark import FOOT, HEAD, Spark
from live import Live

ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("tables") / "home"
    yard = Spark(Live(home, settings="grace_s = 1.0\nplaces = 8\nwarm_children = 2\n").start())
    yard.put("sales/year=2025/a.csv", "id;amount\n1;10\n2;none\n")
    yard.put("sales/year=2026/b.csv", "id;amount\n3;30\n")
    yield yard
    yard.live.close()


PARLIAMENT: dict[str, list[dict[str, Any]]] = {
    "persons": [
        {
            "id": "p1",
            "name": "Ann",
            "links": [{"note": "wiki", "url": "u"}],
            "contact": [{"type": "fax", "value": "1"}],
        },
        {
            "id": "p2",
            "name": "Bob",
            "links": None,
            "contact": [{"type": "fax", "value": "2"}, {"type": "x", "value": "3"}],
        },
    ],
    "memberships": [
        {"person_id": "p1", "organization_id": "o1", "role": "member"},
        {"person_id": "p2", "organization_id": "o2", "role": "chair"},
        {"person_id": "p2", "organization_id": "o9", "role": "none"},
    ],
    "organizations": [
        {"id": "o1", "name": "House", "links": [{"note": "home", "url": "u2"}], "other_names": []},
        {"id": "o2", "name": "Senate", "links": [], "other_names": []},
    ],
}
JOIN_AND_RELATIONALIZE = """
read = lambda name: glueContext.create_dynamic_frame.from_catalog(database="parliament", table_name=name)
persons, memberships, orgs = map(read, ("persons", "memberships", "organizations"))
orgs = orgs.drop_fields(["other_names"]).rename_field("id", "org_id").rename_field("name", "org_name")
history = Join.apply(
    orgs, Join.apply(persons, memberships, "id", "person_id"), "org_id", "organization_id"
).drop_fields(["person_id", "org_id"])
glueContext.write_dynamic_frame.from_options(
    frame=history, connection_type="s3", connection_options={"path": "s3://out/parliament/history"}, format="parquet")
history.toDF().repartition(1).write.parquet("s3://out/parliament/by_org", partitionBy=["org_name"])
tables = history.relationalize("root", "s3://temp/parliament/")
for name in tables.keys():
    glueContext.write_dynamic_frame.from_options(frame=tables.select(name), connection_type="s3",
        connection_options={"path": "s3://out/parliament/tables/" + name}, format="csv")
tables.select("root_contact").toDF().createOrReplaceTempView("contacts")
tables.select("root").toDF().createOrReplaceTempView("people")
joined = spark.sql(
    "select people.name, people.org_name, contacts.`contact.val.type` as type, contacts.`contact.val.value` as value "
    "from people join contacts on people.contact = contacts.id order by value")
tell([sorted(tables.keys()), [list(row) for row in joined.collect()], history.toDF().columns,
      spark.read.parquet("s3://out/parliament/by_org").where("org_name = 'Senate'").count()])
"""
"""In the manner of AWS's own example of joining and relationalizing."""


def test_a_script_in_the_manner_of_aws_s_examples_joins_and_relationalizes(spark: Spark) -> None:
    spark.glue.create_database(DatabaseInput={"Name": "parliament"})
    for name, records in PARLIAMENT.items():
        spark.put(f"parliament/{name}/a.json", "\n".join(map(json.dumps, records)))
        told = table(name, f"s3://raw/parliament/{name}/", [], Parameters={"classification": "json"})
        spark.glue.create_table(DatabaseName="parliament", TableInput=told)
    keys, rows, columns, senators = spark.rows("join_and_relationalize", JOIN_AND_RELATIONALIZE)

    assert keys == ["root", "root_.links", "root_contact", "root_links"]
    assert rows == [["Ann", "House", "fax", "1"], ["Bob", "Senate", "fax", "2"], ["Bob", "Senate", "x", "3"]]
    assert columns == ["org_name", "links", "id", "name", ".links", "contact", "organization_id", "role"]
    assert senators == 1
    listed = spark.live.client("s3").list_objects_v2(Bucket="out", Prefix="parliament/tables/root_contact/")
    assert listed["KeyCount"] >= 1


def table(name: str, place: str, columns: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "StorageDescriptor": {"Columns": columns, "Location": place, **more.pop("storage", {})},
        **more,
    }


def make_tables(spark: Spark) -> None:
    """Make a table over the sales, and an empty one to write to."""
    columns = [{"Name": "id", "Type": "bigint"}, {"Name": "amount", "Type": "int"}]
    keys = [{"Name": "year", "Type": "int"}]
    facts = {"classification": "csv", "skip.header.line.count": "1", "delimiter": ";"}
    spark.glue.create_database(DatabaseInput={"Name": "shop"})
    spark.glue.create_table(
        DatabaseName="shop", TableInput=table("sales", "s3://raw/sales/", columns, PartitionKeys=keys, Parameters=facts)
    )
    inputs = [
        {"Values": [year], "StorageDescriptor": {"Location": f"s3://raw/sales/year={year}/"}}
        for year in ("2025", "2026")
    ]
    spark.glue.batch_create_partition(DatabaseName="shop", TableName="sales", PartitionInputList=inputs)
    into = table("copies", "s3://out/copies/", columns, PartitionKeys=keys, Parameters={"classification": "parquet"})
    spark.glue.create_table(DatabaseName="shop", TableInput=into)


def test_a_table_of_the_catalog_is_read_with_its_types_and_written_with_its_partitions(spark: Spark) -> None:
    make_tables(spark)
    told = spark.rows(
        "catalog",
        "read = glueContext.create_dynamic_frame.from_catalog\n"
        "sales = read(database='shop', table_name='sales')\n"
        "late = read(database='shop', table_name='sales', push_down_predicate='year > 2025')\n"
        "fixed = sales.resolveChoice(choice='match_catalog', database='shop', table_name='sales')\n"
        "glueContext.write_dynamic_frame.from_catalog(frame=fixed, database='shop', table_name='copies',\n"
        "    additional_options={'enableUpdateCatalog': True, 'partitionKeys': ['year']})\n"
        "back = read(database='shop', table_name='copies')\n"
        "rows = lambda frame: sorted((list(row) for row in frame.toDF().collect()), key=str)\n"
        "tell([sales.schema().field_map['amount'].dataType.typeName(),\n"
        "      sales.toDF().schema.simpleString(), rows(late),\n"
        "      fixed.toDF().schema.simpleString(), rows(back)])\n",
    )

    assert told == [
        "choice",
        "struct<id:bigint,amount:struct<int:int,string:string>,year:int>",
        [[3, 30, 2026]],
        "struct<id:bigint,amount:int,year:int>",
        [[1, 10, 2025], [2, None, 2025], [3, 30, 2026]],
    ]
    made = spark.glue.get_partitions(DatabaseName="shop", TableName="copies")["Partitions"]
    assert [(one["Values"], one["StorageDescriptor"]["Location"]) for one in made] == [
        (["2025"], "s3://out/copies/year=2025/"),
        (["2026"], "s3://out/copies/year=2026/"),
    ]


def test_sql_knows_the_tables_of_the_catalog_if_the_job_says_so(spark: Spark) -> None:
    spark.glue.create_database(DatabaseInput={"Name": "lake", "LocationUri": "s3://lake/"})
    spark.live.client("s3").create_bucket(Bucket="lake")
    hive = "org.apache.hadoop.hive.ql.io.parquet"
    storage = {
        "InputFormat": f"{hive}.MapredParquetInputFormat",
        "OutputFormat": f"{hive}.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{hive}.serde.ParquetHiveSerDe"},
    }
    columns = [{"Name": "id", "Type": "bigint"}]
    spark.glue.create_table(DatabaseName="lake", TableInput=table("ids", "s3://lake/ids/", columns, storage=storage))
    script = (
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.enableHiveSupport().getOrCreate()\n"
        "spark.range(4).write.mode('append').parquet('s3://lake/ids/')\n"
        "print([row[1] for row in spark.sql('show tables in lake').collect()])\n"
        "print(spark.sql('select count(*), max(id) from lake.ids').collect()[0][:])\n"
    )

    assert spark.lines("sql", script, {"--enable-glue-datacatalog": ""}) == ["['ids']", "(4, 3)"]


def test_a_table_that_is_not_in_the_catalog_fails_the_run_by_name(spark: Spark) -> None:
    body = "glueContext.create_dynamic_frame.from_catalog(database='nowhere', table_name='t')"
    run = spark.ended("no table", spark.start("no table", HEAD + body + FOOT))

    assert "EntityNotFoundException: Database nowhere not found." in run["ErrorMessage"]


def put_old(spark: Spark, name: str, text: str) -> None:
    """Lay a file that is older than the band in which files are told apart by hash."""
    file = spark.put(name, text)
    moment = time.time() - 3600
    os.utime(file, (moment, moment))


@pytest.mark.parametrize("source", ["options", "catalog"])
def test_a_job_reads_in_each_run_what_is_new_once_it_has_committed(spark: Spark, source: str) -> None:
    place = f"s3://raw/new_{source}/"
    if source == "catalog":
        spark.glue.create_database(DatabaseInput={"Name": "news"})
        told = table("t", place, [{"Name": "id", "Type": "int"}], Parameters={"classification": "json"})
        spark.glue.create_table(DatabaseName="news", TableInput=told)
    reads = {
        "options": f"from_options('s3', {{'paths': ['{place}']}}, 'json', transformation_ctx='in')",
        "catalog": "from_catalog('news', 't', transformation_ctx='in')",
    }
    script = (
        f"frame = glueContext.create_dynamic_frame.{reads[source]}\n"
        "print(sorted(row['id'] for row in frame.toDF().collect()))\n"
        "if '--fail' in sys.argv:\n    sys.exit('on purpose')\n"
    )
    name = f"increments {source}"
    put_old(spark, f"new_{source}/a.json", '{"id": 1}\n{"id": 2}\n')
    first = spark.start(name, HEAD + script + FOOT, ENABLE)
    assert spark.ended(name, first)["JobRunState"] == "SUCCEEDED"
    spark.put(f"new_{source}/b.json", '{"id": 3}\n')
    failed = spark.begin(name, {**ENABLE, "--fail": "1"})
    assert spark.ended(name, failed)["JobRunState"] == "FAILED"
    second = spark.begin(name, ENABLE)
    spark.ended(name, second)
    third = spark.begin(name, ENABLE)
    spark.ended(name, third)

    assert [spark.printed(run_id) for run_id in (first, failed, second, third)] == [
        ["[1, 2]"],
        ["[3]"],
        ["[3]"],
        ["[]"],
    ]
    entry = spark.glue.get_job_bookmark(JobName=name)["JobBookmarkEntry"]
    assert set(json.loads(entry["JobBookmark"])) == {"in"}

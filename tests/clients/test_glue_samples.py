"""Scripts in the manner of AWS's public samples, started with boto3 and unchanged: tests/glue_scripts/."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from glue_spark import Spark
from live import Live

SCRIPTS = Path(__file__).parent.parent / "glue_scripts"
ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}
PERSONS: list[dict[str, Any]] = [
    {"id": "p1", "given_name": "Ann", "family_name": "A", "contact_details": [{"type": "fax", "value": "1"}]},
    {"id": "p2", "given_name": "Bob", "family_name": "B",
     "contact_details": [{"type": "fax", "value": "2"}, {"type": "twitter", "value": "@b"}]},
    {"id": "p3", "given_name": "Cy", "family_name": "C", "contact_details": None},
]  # fmt: skip
MEMBERSHIPS = [
    {"person_id": "p1", "organization_id": "o1", "role": "member"},
    {"person_id": "p2", "organization_id": "o2", "role": "chair"},
    {"person_id": "p3", "organization_id": "o1", "role": "member"},
]
ORGANIZATIONS = [
    {"id": "o1", "name": "House", "seats": 435, "other_names": [{"name": "Lower"}], "identifiers": []},
    {"id": "o2", "name": "Senate", "seats": 100, "other_names": [], "identifiers": [{"scheme": "x"}]},
]
MEDICARE = """drg definition,provider id,provider name,provider city,provider state,average covered charges,\
average total payments,average medicare payments
039 - PROC,10001,MEDICAL CENTER,DOTHAN,AL,$32963.07,$5777.24,$4763.73
039 - PROC,10005,MARSHALL,BOAZ,AL,$15131.85,$5787.57,$4976.71
057 - PROC,None,LOST,NOWHERE,AL,$1.00,$2.00,$1.00
"""
COLUMNS = (
    "drg definition", "provider id", "provider name", "provider city", "provider state", "average covered charges",
    "average total payments", "average medicare payments",
)  # fmt: skip


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    home = tmp_path_factory.mktemp("samples") / "home"
    yard = Spark(Live(home, settings="grace_s = 1.0\nplaces = 8\nwarm_children = 2\n").start())
    for database in ("legislators", "payments", "shop"):
        yard.glue.create_database(DatabaseInput={"Name": database})
    yard.put("medicare/a.csv", MEDICARE)
    types = {"provider id": "bigint"}
    make_table(
        yard,
        "payments",
        "medicare",
        columns=[{"Name": name, "Type": types.get(name, "string")} for name in COLUMNS],
        facts={"classification": "csv", "skip.header.line.count": "1", "delimiter": ","},
    )
    yield yard
    yard.live.close()


def make_table(
    spark: Spark,
    database: str,
    name: str,
    *,
    columns: list[dict[str, str]] | None = None,
    keys: list[dict[str, str]] | None = None,
    facts: dict[str, str] | None = None,
) -> None:
    storage = {"Columns": columns or [], "Location": f"s3://raw/{name}/"}
    told = {"StorageDescriptor": storage, "PartitionKeys": keys or [], "Parameters": facts or {}}
    spark.glue.create_table(DatabaseName=database, TableInput={"Name": name, **told})


def lines(spark: Spark, name: str, arguments: dict[str, str] | None = None) -> list[str]:
    """What a script prints, of a job whose arguments are its defaults."""
    script = (SCRIPTS / f"{name}.py").read_text()
    return spark.lines(name, script, DefaultArguments=arguments or {})


def test_nested_records_are_joined_and_laid_flat_into_a_database(spark: Spark, tmp_path: Path) -> None:
    for name, records in (("persons", PERSONS), ("memberships", MEMBERSHIPS), ("organizations", ORGANIZATIONS)):
        spark.put(f"{name}_json/a.json", "\n".join(map(json.dumps, records)))
        make_table(spark, "legislators", f"{name}_json", facts={"classification": "json"})
    url = f"jdbc:sqlite:{tmp_path / 'parliament.db'}"
    spark.glue.create_connection(
        ConnectionInput={
            "Name": "warehouse",
            "ConnectionType": "JDBC",
            "ConnectionProperties": {"JDBC_CONNECTION_URL": url, "USERNAME": "u", "PASSWORD": "p"},
        }
    )
    arguments = {"--source_db": "legislators", "--target": "s3://out/legislators", "--connection": "warehouse",
                 "--TempDir": "s3://temp/legislators/"}  # fmt: skip
    printed = lines(spark, "join_and_relationalize", arguments)

    assert "['hist_root', 'hist_root_contact_details']" in printed
    assert [one for one in printed if one.startswith("Count: ")] == ["Count:  3", "Count:  3"]
    assert [one for one in printed if "|    |    |-- value: string" in one]
    with closing(sqlite3.connect(tmp_path / "parliament.db")) as database:
        joined = database.execute(
            "SELECT r.given_name, r.org_name, d.contact_details_val_type, d.contact_details_val_value FROM hist_root r "
            "LEFT JOIN hist_root_contact_details d ON r.contact_details = d.id ORDER BY 1, 3"
        ).fetchall()
    assert joined == [
        ("Ann", "House", "fax", "1"),
        ("Bob", "Senate", "fax", "2"),
        ("Bob", "Senate", "twitter", "@b"),
        ("Cy", "House", None, None),
    ]
    out = spark.live.home / "s3/out/legislators"
    assert pq.read_table(out / "legislator_history").num_rows == 3
    assert pq.read_table(out / "legislator_single").num_rows == 3
    assert {one.name for one in (out / "legislator_part").glob("org_name=*")} == {"org_name=House", "org_name=Senate"}


def test_a_choice_of_payments_is_resolved_in_every_way(spark: Spark) -> None:
    printed = lines(spark, "resolve_choice")

    shown = [one for one in printed if "provider id" in one and one.startswith("|-- ")]
    assert shown == [
        "|-- provider id: choice",
        "|-- provider id: long",
        "|-- provider id: long",
        "|-- provider id_long: long",
        "|-- provider id_string: string",
        "|-- provider id: struct",
    ]
    assert "Without a number:  1" in printed
    written = pq.read_table(spark.live.home / "s3/out/medicare_valid").to_pylist()
    assert sorted(row["provider id"] for row in written) == [10001, 10005]


def test_payments_are_cleaned_by_functions_and_nested_anew(spark: Spark) -> None:
    printed = lines(spark, "data_cleaning", {"--output_dir": "s3://out/medicare_json"})

    assert "Failed:  0" in printed
    files = (spark.live.home / "s3/out/medicare_json").glob("*.json")
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert min(rows, key=lambda row: row["provider"]["id"]) == {
        "drg": "039 - PROC",
        "provider": {"id": 10001, "name": "MEDICAL CENTER", "city": "DOTHAN", "state": "AL"},
        "charges": {"covered": 32963.07, "total_pay": 5777.24, "medicare_pay": 4763.73},
        "share": 0.82,
    }
    assert len(rows) == 2


def test_an_incremental_load_reads_in_each_run_what_is_new_and_tells_the_catalog(spark: Spark) -> None:
    def came(name: str, *rows: tuple[int, float, str]) -> None:
        told = [{"id": number, "amount": amount, "at": at} for number, amount, at in rows]
        spark.put(f"events/{name}.json", "\n".join(map(json.dumps, told)))

    arguments = {**ENABLE, "--source": "s3://raw/events/", "--target": "s3://out/loads/"}
    came("a", (1, 1.5, "2026-01-01T10:00"), (2, 2.5, "2026-01-02T10:00"))
    first = lines(spark, "incremental_load", arguments)
    came("b", (3, 3.5, "2026-01-02T11:00"))
    later = []
    for _ in range(2):
        run_id = spark.begin("incremental_load")
        assert spark.ended("incremental_load", run_id)["JobRunState"] == "SUCCEEDED"
        later += spark.printed(run_id)

    assert first + later == ["new rows: 2", "new rows: 1", "new rows: 0"]
    table = spark.glue.get_table(DatabaseName="shop", Name="loads")["Table"]
    assert [one["Name"] for one in table["StorageDescriptor"]["Columns"]] == ["id", "amount"]
    partitions = spark.glue.get_partitions(DatabaseName="shop", TableName="loads")["Partitions"]
    assert [one["Values"] for one in partitions] == [["2026-01-01"], ["2026-01-02"]]
    assert pq.read_table(spark.live.home / "s3/out/loads").num_rows == 3


def test_a_visual_job_s_script_reads_partitions_and_writes_what_a_query_makes(spark: Spark) -> None:
    spark.put("products/a.csv", 'id;name\n1;"lamp"\n2;"chair"\n')
    keys = [{"Name": "year", "Type": "string"}, {"Name": "month", "Type": "int"}]
    columns = [{"Name": "product", "Type": "int"}, {"Name": "amount", "Type": "double"}]
    make_table(spark, "shop", "sales", columns=columns, keys=keys, facts={"classification": "json"})
    for year, month, amount in ((2025, 12, 900.0), (2026, 1, 800.0), (2026, 2, 70.0), (2026, 3, 60.0)):
        place = f"sales/year={year}/month={month}"
        spark.put(f"{place}/a.json", "\n".join(json.dumps({"product": 1, "amount": amount}) for _ in range(2)))
        spark.put(f"{place}/b.json", json.dumps({"product": 2, "amount": 5.5}))
        told = {"Values": [str(year), str(month)], "StorageDescriptor": {"Location": f"s3://raw/{place}/"}}
        spark.glue.create_partition(DatabaseName="shop", TableName="sales", PartitionInput=told)
    printed = lines(spark, "studio_partitions")

    assert printed == ["2 2"]
    out = spark.live.home / "s3/out/large"
    found = {one.parent.name: one.read_text() for one in out.rglob("*.csv")}
    assert found == {"month=2": "name,total\nlamp,140.0\n", "month=3": "name,total\nlamp,120.0\n"}

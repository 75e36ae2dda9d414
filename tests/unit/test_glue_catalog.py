"""The Data Catalog: databases, tables and partitions as AWS's clients make and read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from glue_service import Glue, Refused, glue_service, names

COLUMNS = [{"Name": "id", "Type": "bigint"}, {"Name": "amount", "Type": "double"}]
KEYS = [{"Name": "year", "Type": "int"}, {"Name": "region", "Type": "string"}]
TABLE = {
    "Name": "Sales",
    "StorageDescriptor": {"Columns": COLUMNS, "Location": "s3://raw/sales/"},
    "PartitionKeys": KEYS,
    "TableType": "EXTERNAL_TABLE",
    "Parameters": {"classification": "csv"},
}


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path / "home") as service:
        service("CreateDatabase", DatabaseInput={"Name": "Shop", "Description": "d", "LocationUri": "s3://raw/"})
        service("CreateTable", DatabaseName="shop", TableInput=TABLE)
        yield service


def partition(*values: str) -> dict[str, Any]:
    return {"Values": list(values), "StorageDescriptor": {"Location": f"s3://raw/sales/{'/'.join(values)}/"}}


def add(glue: Glue, *partitions: tuple[str, str]) -> dict[str, Any]:
    inputs = [partition(*one) for one in partitions]
    return glue("BatchCreatePartition", DatabaseName="shop", TableName="sales", PartitionInputList=inputs)


def test_names_are_kept_in_lower_case_and_found_in_any(glue: Glue) -> None:
    shown = glue("GetDatabase", Name="SHOP")["Database"]
    table = glue("GetTable", DatabaseName="Shop", Name="SALES")["Table"]

    assert (shown["Name"], shown["Description"], shown["LocationUri"]) == ("shop", "d", "s3://raw/")
    assert (table["Name"], table["DatabaseName"], table["VersionId"]) == ("sales", "shop", "1")
    assert table["StorageDescriptor"] == TABLE["StorageDescriptor"]
    assert table["PartitionKeys"] == KEYS
    assert table["Parameters"] == {"classification": "csv"}
    assert table["CreateTime"] == table["UpdateTime"]


def test_what_is_there_is_not_made_again_and_what_is_not_is_not_found(glue: Glue) -> None:
    taken: list[tuple[str, dict[str, Any]]] = [
        ("CreateDatabase", {"DatabaseInput": {"Name": "shop"}}),
        ("CreateTable", {"DatabaseName": "shop", "TableInput": {"Name": "sales"}}),
    ]
    missing: list[tuple[str, dict[str, Any]]] = [
        ("GetDatabase", {"Name": "none"}),
        ("GetTable", {"DatabaseName": "shop", "Name": "none"}),
        ("GetTables", {"DatabaseName": "none"}),
        ("CreateTable", {"DatabaseName": "none", "TableInput": {"Name": "t"}}),
        ("DeleteTable", {"DatabaseName": "shop", "Name": "none"}),
        ("GetPartition", {"DatabaseName": "shop", "TableName": "sales", "PartitionValues": ["1", "x"]}),
    ]

    for operation, members in taken:
        with pytest.raises(Refused, match="AlreadyExistsException"):
            glue(operation, **members)
    for operation, members in missing:
        with pytest.raises(Refused, match="EntityNotFoundException"):
            glue(operation, **members)


def test_an_update_overwrites_and_counts_the_version(glue: Glue) -> None:
    glue("UpdateTable", DatabaseName="shop", TableInput={"Name": "sales", "Description": "new"})
    glue("UpdateDatabase", Name="shop", DatabaseInput={"Name": "shop"})
    table = glue("GetTable", DatabaseName="shop", Name="sales")["Table"]

    assert (table["Description"], table["VersionId"], table["PartitionKeys"]) == ("new", "2", [])
    assert "StorageDescriptor" not in table
    assert table["UpdateTime"] > table["CreateTime"]
    assert "Description" not in glue("GetDatabase", Name="shop")["Database"]


def test_who_updates_a_table_that_he_has_not_seen_as_it_is_is_refused(glue: Glue) -> None:
    seen = glue("GetTable", DatabaseName="shop", Name="sales")["Table"]["VersionId"]
    first = {"Name": "sales", "Parameters": {"metadata_location": "s3://raw/1.json"}}
    glue("UpdateTable", DatabaseName="shop", TableInput=first, VersionId=seen, SkipArchive=True)

    with pytest.raises(Refused, match=r"^ConcurrentModificationException: Update table failed due to concurrent"):
        glue("UpdateTable", DatabaseName="shop", TableInput={"Name": "sales"}, VersionId=seen, SkipArchive=True)
    assert glue("GetTable", DatabaseName="shop", Name="sales")["Table"]["Parameters"] == first["Parameters"]


def test_tables_are_listed_by_name_in_pages_and_by_pattern(glue: Glue) -> None:
    for name in ("stores", "sales_2025", "people"):
        glue("CreateTable", DatabaseName="shop", TableInput={"Name": name})
    first = glue("GetTables", DatabaseName="shop", MaxResults=3)
    rest = glue("GetTables", DatabaseName="shop", MaxResults=3, NextToken=first["NextToken"])
    fitting = glue("GetTables", DatabaseName="shop", Expression="sales*|people")

    assert names(first, "TableList", "Name") == ["people", "sales", "sales_2025"]
    assert (names(rest, "TableList", "Name"), "NextToken" in rest) == (["stores"], False)
    assert names(fitting, "TableList", "Name") == ["people", "sales", "sales_2025"]
    with pytest.raises(Refused, match=r"InvalidInputException.*is no pattern of names"):
        glue("GetTables", DatabaseName="shop", Expression="(a+)+$")


def test_partitions_are_added_at_once_and_those_that_are_there_are_told(glue: Glue) -> None:
    assert add(glue, ("2025", "eu"), ("2026", "eu")) == {"Errors": []}
    errors = add(glue, ("2026", "eu"), ("2026", "us"))["Errors"]
    glue("CreatePartition", DatabaseName="shop", TableName="sales", PartitionInput=partition("2027", "eu"))
    shown = glue("GetPartition", DatabaseName="shop", TableName="sales", PartitionValues=["2026", "us"])["Partition"]

    assert [(one["PartitionValues"], one["ErrorDetail"]["ErrorCode"]) for one in errors] == [
        (["2026", "eu"], "AlreadyExistsException")
    ]
    assert (shown["DatabaseName"], shown["TableName"], shown["Values"]) == ("shop", "sales", ["2026", "us"])
    assert shown["StorageDescriptor"] == {"Location": "s3://raw/sales/2026/us/"}
    with pytest.raises(Refused, match="number of partition keys do not match the number of partition values"):
        glue("CreatePartition", DatabaseName="shop", TableName="sales", PartitionInput=partition("2027"))


@pytest.mark.parametrize(
    ("expression", "years"),
    [
        ("year > 2025", ["2026", "2100"]),
        ("year = '2025' AND region = 'eu'", ["2025"]),
        ("year IN (2025, 2100) OR region LIKE 'u%'", ["2025", "2026", "2100"]),
        ("NOT (year BETWEEN 2025 AND 2026)", ["900", "2100"]),
        ("region <> 'eu'", ["2026"]),
        ("region LIKE 'U%'", []),
    ],
)
def test_an_expression_compares_numbers_as_numbers_and_texts_as_texts(
    glue: Glue, expression: str, years: list[str]
) -> None:
    add(glue, ("900", "eu"), ("2025", "eu"), ("2026", "us"), ("2100", "eu"))
    found = glue("GetPartitions", DatabaseName="shop", TableName="sales", Expression=expression)

    assert [one["Values"][0] for one in found["Partitions"]] == years


@pytest.mark.parametrize(
    "expression",
    [
        "year >",
        "nothing = 1",
        "1) UNION SELECT 1 --",
        "year IN (SELECT 1 FROM sqlite_master)",
        "randomblob(1000000000) = 1",
        "1 IN (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n)",
    ],
)
def test_an_expression_that_is_more_than_a_comparison_is_refused(glue: Glue, expression: str) -> None:
    add(glue, ("2025", "eu"))

    with pytest.raises(Refused, match=r"InvalidInputException.*cannot be understood"):
        glue("GetPartitions", DatabaseName="shop", TableName="sales", Expression=expression)


def test_a_table_without_keys_has_one_partition_whose_values_need_not_be_said(glue: Glue) -> None:
    glue("CreateTable", DatabaseName="shop", TableInput={"Name": "whole"})
    of = {"DatabaseName": "shop", "TableName": "whole"}
    glue("CreatePartition", **of, PartitionInput={"Parameters": {"a": "b"}})
    again = glue("BatchCreatePartition", **of, PartitionInputList=[{}])["Errors"]
    found = glue("GetPartitions", **of, Expression="1 = 1")["Partitions"]

    assert [(one["PartitionValues"], one["ErrorDetail"]["ErrorCode"]) for one in again] == [
        ([], "AlreadyExistsException")
    ]
    assert [(one["Values"], one["Parameters"]) for one in found] == [([], {"a": "b"})]


def test_an_expression_over_a_table_without_keys_is_refused(glue: Glue) -> None:
    glue("CreateTable", DatabaseName="shop", TableInput={"Name": "whole"})

    with pytest.raises(Refused, match=r"InvalidInputException.*no such column: year.*this table has none"):
        glue("GetPartitions", DatabaseName="shop", TableName="whole", Expression="year = 2025")


def test_an_expression_over_keys_of_one_name_is_refused(glue: Glue) -> None:
    glue("CreateTable", DatabaseName="shop", TableInput={"Name": "odd", "PartitionKeys": [KEYS[0], KEYS[0]]})

    with pytest.raises(Refused, match=r"InvalidInputException.*duplicate column name: year"):
        glue("GetPartitions", DatabaseName="shop", TableName="odd", Expression="year = 2025")


def test_no_expression_finds_partitions_whose_keys_were_taken_from_the_table(glue: Glue) -> None:
    add(glue, ("2025", "eu"))
    glue("UpdateTable", DatabaseName="shop", TableInput={"Name": "sales", "PartitionKeys": KEYS[:1]})

    assert glue("GetPartitions", DatabaseName="shop", TableName="sales", Expression="year = 2025") == {"Partitions": []}


def test_partitions_come_in_pages_and_in_shares(glue: Glue) -> None:
    add(glue, *((str(year), "eu") for year in range(2000, 2020)))
    asked = {"DatabaseName": "shop", "TableName": "sales"}
    first = glue("GetPartitions", **asked, MaxResults=15)
    rest = glue("GetPartitions", **asked, MaxResults=15, NextToken=first["NextToken"])
    shares = [
        glue("GetPartitions", **asked, Segment={"SegmentNumber": number, "TotalSegments": 3}) for number in range(3)
    ]

    assert [one["Values"][0] for one in [*first["Partitions"], *rest["Partitions"]]] == [
        str(year) for year in range(2000, 2020)
    ]
    assert sorted(one["Values"][0] for share in shares for one in share["Partitions"]) == [
        str(year) for year in range(2000, 2020)
    ]


def test_what_is_deleted_takes_along_what_stands_in_it(glue: Glue) -> None:
    add(glue, ("2025", "eu"), ("2026", "eu"))
    glue("DeletePartition", DatabaseName="shop", TableName="sales", PartitionValues=["2025", "eu"])
    left = glue("GetPartitions", DatabaseName="shop", TableName="sales")["Partitions"]
    glue("DeleteDatabase", Name="shop")
    glue("CreateDatabase", DatabaseInput={"Name": "shop"})
    glue("CreateTable", DatabaseName="shop", TableInput=TABLE)

    assert [one["Values"] for one in left] == [["2026", "eu"]]
    assert names(glue("GetDatabases"), "DatabaseList", "Name") == ["shop"]
    assert glue("GetPartitions", DatabaseName="shop", TableName="sales")["Partitions"] == []


def test_a_partition_is_changed_and_may_get_other_values(glue: Glue) -> None:
    add(glue, ("2025", "eu"), ("2026", "eu"))
    of = {"DatabaseName": "shop", "TableName": "sales"}
    moved = {**partition("2025", "us"), "Parameters": {"a": "b"}}
    glue("UpdatePartition", **of, PartitionValueList=["2025", "eu"], PartitionInput=moved)
    same = {"StorageDescriptor": {"Location": "s3://raw/other/"}}
    glue("UpdatePartition", **of, PartitionValueList=["2026", "eu"], PartitionInput=same)

    shown = glue("GetPartition", **of, PartitionValues=["2025", "us"])["Partition"]
    assert shown["Parameters"] == {"a": "b"}
    shown = glue("GetPartition", **of, PartitionValues=["2026", "eu"])["Partition"]
    assert (shown["Values"], shown["StorageDescriptor"]) == (["2026", "eu"], {"Location": "s3://raw/other/"})
    with pytest.raises(Refused, match="AlreadyExistsException"):
        glue("UpdatePartition", **of, PartitionValueList=["2025", "us"], PartitionInput=partition("2026", "eu"))
    assert glue("GetPartition", **of, PartitionValues=["2025", "us"])["Partition"]["Values"] == ["2025", "us"]
    with pytest.raises(Refused, match="EntityNotFoundException"):
        glue("UpdatePartition", **of, PartitionValueList=["1", "x"], PartitionInput=partition("1", "x"))


def test_many_partitions_and_tables_are_read_changed_and_deleted_at_once(glue: Glue) -> None:
    add(glue, ("2025", "eu"), ("2026", "eu"))
    of = {"DatabaseName": "shop", "TableName": "sales"}
    asked = [{"Values": list(one)} for one in (("2026", "eu"), ("1", "x"), ("2025", "eu"))]
    found = glue("BatchGetPartition", **of, PartitionsToGet=asked)
    entries = [
        {"PartitionValueList": one["Values"], "PartitionInput": {**partition(*one["Values"]), "Parameters": {"n": "1"}}}
        for one in asked
    ]
    changed = glue("BatchUpdatePartition", **of, Entries=entries)["Errors"]
    after = glue("GetPartitions", **of)["Partitions"]
    deleted = glue("BatchDeletePartition", **of, PartitionsToDelete=asked)["Errors"]
    gone = glue("BatchDeleteTable", DatabaseName="shop", TablesToDelete=["SALES", "none"])["Errors"]

    assert [one["Values"] for one in found["Partitions"]] == [["2026", "eu"], ["2025", "eu"]]
    assert [(one["PartitionValueList"], one["ErrorDetail"]["ErrorCode"]) for one in changed] == [
        (["1", "x"], "EntityNotFoundException")
    ]
    assert [one["Parameters"] for one in after] == [{"n": "1"}, {"n": "1"}]
    assert [one["PartitionValues"] for one in deleted] == [["1", "x"]]
    assert [(one["TableName"], one["ErrorDetail"]["ErrorCode"]) for one in gone] == [
        ("none", "EntityNotFoundException")
    ]
    assert glue("GetTables", DatabaseName="shop")["TableList"] == []

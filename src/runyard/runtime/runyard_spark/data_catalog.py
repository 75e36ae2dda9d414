"""The Data Catalog in SQL of Spark on Java: its tables as they are when the session begins, where their files lie."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FORMATS = frozenset({"csv", "json", "orc", "parquet"})
AT_ONCE = 100  # partitions
OPTIONS: Mapping[str, str] = {"separator": "sep", "quoteChar": "quote", "escaper": "escape", "withHeader": "header"}


def make_known(session: Any) -> None:
    """Let SQL of a session know the databases and tables of the catalog; what SQL makes of its own stays in the run."""
    for database in _pages("GetDatabases", "DatabaseList"):
        name = database["Name"]
        session.sql(f"CREATE DATABASE IF NOT EXISTS {_quoted(name)}")
        for told in _pages("GetTables", "TableList", DatabaseName=name):
            try:
                _make_table(session, told)
            except Exception as error:  # noqa: BLE001 - one table that Spark cannot read keeps no other from a job
                sys.stderr.write(f"SQL does not know the table {name}.{told['Name']}: {str(error).splitlines()[0]}\n")


def _make_table(session: Any, told: Mapping[str, Any]) -> None:
    from awsglue.catalog import Catalog  # noqa: PLC0415 - it imports Spark, which is there by now
    from awsglue.tables import Table  # noqa: PLC0415 - as above

    table = Table(told)
    if table.format not in FORMATS:
        raise ValueError(f"its format is {table.format}; read it with from_catalog")
    name = f"{_quoted(table.database)}.{_quoted(table.name)}"
    columns = ", ".join(f"{_quoted(one['Name'])} {one.get('Type', 'string')}" for one in (*table.columns, *table.keys))
    keys = ", ".join(_quoted(one["Name"]) for one in table.keys)
    session.sql(
        f"CREATE TABLE IF NOT EXISTS {name} ({columns}) USING {table.format}{_options(table.options)}"
        f"{f' PARTITIONED BY ({keys})' if keys else ''} LOCATION {_text(table.location)}"
    )
    if keys:
        known = Catalog().partitions(table.database, table.name)
        for start in range(0, len(known), AT_ONCE):
            some = " ".join(_partition(table.keys, one) for one in known[start : start + AT_ONCE])
            session.sql(f"ALTER TABLE {name} ADD IF NOT EXISTS {some}")


def _partition(keys: Sequence[Mapping[str, str]], told: Mapping[str, Any]) -> str:
    pairs = zip(keys, told["Values"], strict=True)
    values = ", ".join(f"{_quoted(key['Name'])} = {_text(value)}" for key, value in pairs)
    location = told.get("StorageDescriptor", {}).get("Location")
    return f"PARTITION ({values})" + (f" LOCATION {_text(location)}" if location else "")


def _options(told: Mapping[str, Any]) -> str:
    found = {OPTIONS[name]: str(value) for name, value in told.items() if name in OPTIONS}
    pairs = ", ".join(f"{_text(name)} {_text(value)}" for name, value in found.items())
    return f" OPTIONS ({pairs})" if pairs else ""


def _pages(operation: str, member: str, **asked: str) -> Iterator[Mapping[str, Any]]:
    from awsglue.catalog import call  # noqa: PLC0415 - only jobs that ask for the catalog pay for it

    token: Mapping[str, str] = {}
    while True:
        page = call(operation, {**asked, **token})
        yield from page[member]
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

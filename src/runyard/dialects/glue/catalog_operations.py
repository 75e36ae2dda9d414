"""Glue's operations on the Data Catalog: what from_catalog reads, and where its tables lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from runyard.core.document import Document
from runyard.core.errors import AlreadyExists, InvalidRequest
from runyard.dialects.glue import catalog, rules
from runyard.dialects.glue.calls import Call, Members, page
from runyard.dialects.glue.catalog_views import DATABASE, PARTITION, TABLE, Entry
from runyard.dialects.glue.errors import ConcurrentModification
from runyard.dialects.glue.partition_expression import fitting
from runyard.dialects.tokens import read_token, write_token
from runyard.engine.documents import Shelves

T = TypeVar("T")
MOST, MOST_PARTITIONS = 100, 1000
TAKEN = "AlreadyExistsException"
# AWS's words (apache/iceberg issue 8636); a writer of an Iceberg table that meets them begins its commit again.
CHANGED_MEANWHILE = "Update table failed due to concurrent modifications."

# databases


def create_database(call: Call) -> Members:
    """Creates a database of the Data Catalog."""
    tags = call.members.get("Tags", {})
    rules.check_tags(tags)
    change(call, lambda shelves: catalog.add_database(shelves, call["DatabaseInput"], tags))
    return {}


def get_database(call: Call) -> Members:
    """Shows a database."""
    found = read(call, lambda shelves: catalog.database(shelves, call["Name"]))
    return {"Database": DATABASE.show(Entry(found))}


def get_databases(call: Call) -> Members:
    """Lists the databases, by name."""
    some, token = part_of(call, read(call, catalog.databases), scope="databases", most=MOST)
    return page("DatabaseList", [DATABASE.show(Entry(one)) for one in some], token)


def update_database(call: Call) -> Members:
    """Overwrites what is said of a database."""
    change(call, lambda one: catalog.replaced(one, catalog.database(one, call["Name"]), call["DatabaseInput"]))
    return {}


def delete_database(call: Call) -> Members:
    """Deletes a database with its tables; the files stay."""
    change(call, lambda shelves: shelves.remove(catalog.database(shelves, call["Name"])))
    return {}


# tables


def create_table(call: Call) -> Members:
    """Creates a table in a database; its files are where StorageDescriptor.Location says."""
    change(call, lambda shelves: catalog.add_table(shelves, call["DatabaseName"], _table_input(call)))
    return {}


def get_table(call: Call) -> Members:
    """Shows a table."""
    return {"Table": TABLE.show(_named(call, read(call, lambda shelves: table_of(shelves, call, "Name"))))}


def get_tables(call: Call) -> Members:
    """Lists the tables of a database whose names fit an expression, by name."""

    def find(shelves: Shelves) -> list[Document]:
        of = catalog.database(shelves, call["DatabaseName"])
        return catalog.tables(shelves, of, call.members.get("Expression"))

    some, token = part_of(call, read(call, find), scope=f"tables of {call['DatabaseName']}", most=MOST)
    return page("TableList", [TABLE.show(_named(call, one)) for one in some], token)


def update_table(call: Call) -> Members:
    """Overwrites what is said of a table; refuses to if VersionId names another version than the newest."""
    given = _table_input(call)

    def replace(shelves: Shelves) -> None:
        seen = catalog.table(shelves, call["DatabaseName"], given["Name"])
        if call.members.get("VersionId", str(seen.version)) != str(seen.version):
            raise ConcurrentModification(CHANGED_MEANWHILE)
        catalog.replaced(shelves, seen, given)

    change(call, replace)
    return {}


def delete_table(call: Call) -> Members:
    """Deletes a table with its partitions; the files stay."""
    change(call, lambda shelves: shelves.remove(table_of(shelves, call, "Name")))
    return {}


# partitions


def create_partition(call: Call) -> Members:
    """Adds a partition to a table."""
    change(
        call,
        lambda shelves: catalog.add_partition(shelves, table_of(shelves, call, "TableName"), call["PartitionInput"]),
    )
    return {}


def batch_create_partition(call: Call) -> Members:
    """Adds partitions to a table; those that are there already stand in the errors."""

    def add(shelves: Shelves) -> list[Members]:
        of, errors = table_of(shelves, call, "TableName"), []
        for given in call["PartitionInputList"]:
            try:
                catalog.add_partition(shelves, of, given)
            except AlreadyExists as error:
                detail = {"ErrorCode": TAKEN, "ErrorMessage": str(error)}
                errors.append({"PartitionValues": given.get("Values", []), "ErrorDetail": detail})
        return errors

    return {"Errors": change(call, add)}


def get_partition(call: Call) -> Members:
    """Shows a partition."""
    found = read(call, lambda shelves: _partition(shelves, call))
    return {"Partition": PARTITION.show(of_table(call, found))}


def get_partitions(call: Call) -> Members:
    """Lists the partitions of a table that an expression over its keys holds for, the oldest first."""

    def find(shelves: Shelves) -> tuple[Document, list[Document]]:
        of = table_of(shelves, call, "TableName")
        return of, catalog.partitions(shelves, of)

    of, found = read(call, find)
    if expression := call.members.get("Expression"):
        values = [one.content["Values"] for one in found]
        found = [found[place] for place in fitting(of.content.get("PartitionKeys", []), values, expression)]
    scope = f"partitions of {call['DatabaseName']}.{call['TableName']}"
    some, token = part_of(call, _segment(call, found), scope=scope, most=MOST_PARTITIONS)
    return page("Partitions", [PARTITION.show(of_table(call, one)) for one in some], token)


def delete_partition(call: Call) -> Members:
    """Deletes a partition; the files stay."""
    change(call, lambda shelves: shelves.remove(_partition(shelves, call)))
    return {}


# how handlers find and show things


def read(call: Call, work: Callable[[Shelves], T]) -> T:
    """Read the catalog at one moment."""
    return call.engine.documents.read(call.workspace, work)


def change(call: Call, work: Callable[[Shelves], T]) -> T:
    """Change the catalog in one transaction."""
    return call.engine.documents.change(call.workspace, work)


def table_of(shelves: Shelves, call: Call, member: str) -> Document:
    """Return the table that a member of the request names."""
    return catalog.table(shelves, call["DatabaseName"], call[member])


def _partition(shelves: Shelves, call: Call) -> Document:
    return catalog.partition(shelves, table_of(shelves, call, "TableName"), call["PartitionValues"])


def _table_input(call: Call) -> dict[str, Any]:
    if "TableInput" not in call.members:
        raise InvalidRequest("TableInput is missing; tables are described by it here (OpenTableFormatInput is not).")
    given: dict[str, Any] = call["TableInput"]
    return given


def _named(call: Call, one: Document) -> Entry:
    return Entry(one, database=catalog.folded(call["DatabaseName"]), table=catalog.own_name(one))


def of_table(call: Call, one: Document) -> Entry:
    """Return a partition with the names of its table and database."""
    names = {"database": catalog.folded(call["DatabaseName"]), "table": catalog.folded(call["TableName"])}
    return Entry(one, **names)


def _segment(call: Call, found: list[Document]) -> list[Document]:
    """Return the share of somebody who reads in parallel with others."""
    asked = call.members.get("Segment")
    return [one for one in found if one.id % asked["TotalSegments"] == asked["SegmentNumber"]] if asked else found


def part_of(call: Call, found: list[Document], *, scope: str, most: int) -> tuple[list[Document], str | None]:
    """Return a page of a list that is short enough to be read whole; a place in it is counted from its beginning."""
    token = call.members.get("NextToken")
    start = read_token(scope, token, size=1)[0] if token else 0
    end = start + min(call.members.get("MaxResults", most), most)
    return found[start:end], write_token(scope, (end,)) if end < len(found) else None

"""Glue's operations on several tables or partitions of the Data Catalog at once, and on a partition's facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from runyard.core.document import Document
from runyard.core.errors import AlreadyExists, InvalidRequest, NotFound, RunyardError
from runyard.dialects.glue import catalog
from runyard.dialects.glue.calls import Call, Members
from runyard.dialects.glue.catalog_operations import change, of_table, read, table_of
from runyard.dialects.glue.catalog_views import PARTITION
from runyard.engine.documents import Shelves

CODES: Mapping[type[RunyardError], str] = {
    NotFound: "EntityNotFoundException",
    AlreadyExists: "AlreadyExistsException",
    InvalidRequest: "InvalidInputException",
}
"""What stands in an entry of errors for what one of many met."""


def batch_delete_table(call: Call) -> Members:
    """Deletes tables with their partitions; those that are not there stand in the errors."""

    def remove(shelves: Shelves) -> list[Members]:
        catalog.database(shelves, call["DatabaseName"])

        def one(name: str) -> None:
            shelves.remove(catalog.table(shelves, call["DatabaseName"], name))

        return _each(dict.fromkeys(call["TablesToDelete"]), one, lambda name: {"TableName": name})

    return {"Errors": change(call, remove)}


def batch_delete_partition(call: Call) -> Members:
    """Deletes partitions of a table; those that are not there stand in the errors."""

    def remove(shelves: Shelves) -> list[Members]:
        of = table_of(shelves, call, "TableName")

        def one(entry: Mapping[str, Any]) -> None:
            shelves.remove(catalog.partition(shelves, of, entry["Values"]))

        return _each(call["PartitionsToDelete"], one, lambda entry: {"PartitionValues": entry["Values"]})

    return {"Errors": change(call, remove)}


def batch_get_partition(call: Call) -> Members:
    """Shows the partitions of a table that have some values; those that are not there are left out."""

    def find(shelves: Shelves) -> list[Document]:
        of = table_of(shelves, call, "TableName")
        found: list[Document] = []

        def one(entry: Mapping[str, Any]) -> None:
            found.append(catalog.partition(shelves, of, entry["Values"]))

        for entry in call["PartitionsToGet"]:
            _tried(partial(one, entry), NotFound)
        return found

    shown = [PARTITION.show(of_table(call, one)) for one in read(call, find)]
    return {"Partitions": shown, "UnprocessedKeys": []}


def update_partition(call: Call) -> Members:
    """Overwrites what is said of a partition, its values too if they are given."""

    def save(shelves: Shelves) -> None:
        of = table_of(shelves, call, "TableName")
        catalog.replaced_partition(shelves, of, call["PartitionValueList"], call["PartitionInput"])

    change(call, save)
    return {}


def batch_update_partition(call: Call) -> Members:
    """Overwrites what is said of partitions; those that cannot be changed stand in the errors."""

    def save(shelves: Shelves) -> list[Members]:
        of = table_of(shelves, call, "TableName")

        def one(entry: Mapping[str, Any]) -> None:
            catalog.replaced_partition(shelves, of, entry["PartitionValueList"], entry["PartitionInput"])

        return _each(call["Entries"], one, lambda entry: {"PartitionValueList": entry["PartitionValueList"]})

    return {"Errors": change(call, save)}


def _each(entries: Iterable[Any], work: Callable[[Any], None], shown: Callable[[Any], Members]) -> list[Members]:
    """Work on each, and return the errors of those that it was not possible for."""
    errors = []
    for entry in entries:
        error = _tried(partial(work, entry), *CODES)
        if error is not None:
            code = next(code for kind, code in CODES.items() if isinstance(error, kind))
            errors.append({**shown(entry), "ErrorDetail": {"ErrorCode": code, "ErrorMessage": str(error)}})
    return errors


def _tried(work: Callable[[], object], *kinds: type[RunyardError]) -> RunyardError | None:
    try:
        work()
    except kinds as error:
        return error
    return None

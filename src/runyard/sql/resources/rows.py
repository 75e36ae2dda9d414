"""What the tables of resources have in common: rows that name an operation's place, and types in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runyard.sql.catalog import Column, Method, Resource
from runyard.sql.local.registry import TABLES

COLUMN_TYPES: Mapping[str, str] = {
    "int": "bigint",
    "number": "double",
    "bool": "boolean",
    "string": "text",
    "bytes": "text",
    "object": "json",
    "array": "json",
}
"""Types of members to types of columns."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Where an operation stands in SQL."""

    operation: str
    resource: str  # service.resource
    method: str
    verb: str


def rows(*table: tuple[str, str, str, str]) -> tuple[Row, ...]:
    """Return a table of operations."""
    return tuple(Row(operation=one[0], resource=one[1], method=one[2], verb=one[3]) for one in table)


def resource(path: str, methods: Iterable[Method], *, columns: Sequence[Column], connection: str) -> Resource:
    """Return a resource with the columns of its local table, else with these, and with what must be given to select."""
    provider, service, name = path.split(".")
    given = tuple(methods)
    table = TABLES.get(path)
    own = columns if table is None else [Column(name=one.name, type=one.type) for one in table.shown]
    known = {one.name.lower() for one in own}
    asked = {
        one.name: Column(name=one.name, type=COLUMN_TYPES[one.type], description="What must be given.")
        for method in given
        if method.verb == "select"
        for one in method.parameters
        if one.is_required and one.name.lower() not in known and (one.column or one.name).lower() not in known
    }
    named = [] if connection == "" or connection in known else [Column(name=connection, description="The connection.")]
    return Resource(
        provider=provider,
        service=service,
        name=name,
        columns=(*own, *asked.values(), *named),
        methods=given,
        description="" if table is None else table.description,
        connection=connection,
    )

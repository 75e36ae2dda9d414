"""What there is to tell: our resources as schemas, tables and columns with numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from runyard.sql.catalog import Catalog, Column, Resource
from runyard.sql.pg_catalog.relations import relations

FIRST_OID = 16_384  # PostgreSQL gives smaller ones to what is its own
PG_CATALOG_OID = 11
PUBLIC_OID = 2200
INFORMATION_SCHEMA_OID = 13_000
OWNER_OID = 10
DATABASE_OID = 5
LEDGER = "runyard.ledger"
PATH = ("pg_catalog", "public", LEDGER)
"""The schemas whose tables need no schema's name."""
SYSTEM: Mapping[str, int] = {
    "pg_catalog": PG_CATALOG_OID,
    "public": PUBLIC_OID,
    "information_schema": INFORMATION_SCHEMA_OID,
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table or view of ours, or of PostgreSQL's catalogs."""

    oid: int
    schema: str
    name: str
    kind: str  # r, v or m
    columns: tuple[Column, ...]
    description: str = ""
    definition: str = ""  # of a view


@dataclass(frozen=True, kw_only=True)
class View:
    """A view that somebody has made."""

    name: str  # dotted
    columns: tuple[Column, ...]
    definition: str
    is_materialized: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything of one server."""

    schemas: Mapping[str, int]
    tables: Sequence[Table]

    @cached_property
    def by_oid(self) -> Mapping[int, Table]:
        """Tables by number."""
        return {one.oid: one for one in self.tables}

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], Table]:
        """Tables by schema and name."""
        return {(one.schema, one.name): one for one in self.tables}

    def find(self, schema: str, name: str) -> Table | None:
        """The table of a name; without a schema the first on the path."""
        schemas = (schema,) if schema else PATH
        return next((self.by_name[one, name] for one in schemas if (one, name) in self.by_name), None)


def facts_of(catalog: Catalog, views: Sequence[View] = ()) -> Facts:
    """Give everything its number; the same catalog gives the same ones."""
    named = list(_named(catalog))
    schemas = dict(SYSTEM)
    for schema in sorted({schema for schema, *_ in named} - schemas.keys()):
        schemas[schema] = FIRST_OID + len(schemas)
    first = FIRST_OID + 1000
    ours = [
        Table(
            oid=first + at,
            schema=schema,
            name=name,
            kind=kind,
            columns=resource.columns,
            description=resource.description,
            definition=_definition(resource) if kind == "v" else "",
        )
        for at, (schema, name, kind, resource) in enumerate(sorted(named, key=lambda one: one[:2]))
    ]
    first += len(ours)
    made = [_table_of(view, first + at) for at, view in enumerate(views)]
    for one in made:
        schemas.setdefault(one.schema, FIRST_OID + len(schemas))
    return Facts(schemas=schemas, tables=(*made, *ours, *_own()))


def _table_of(view: View, oid: int) -> Table:
    schema, _, name = view.name.rpartition(".")
    kind = "m" if view.is_materialized else "v"
    return Table(
        oid=oid, schema=schema or "public", name=name, kind=kind, columns=view.columns, definition=view.definition
    )


def _definition(resource: Resource) -> str:
    return f'SELECT * FROM "{resource.provider}.{resource.service}".{resource.name}'  # noqa: S608 - our names


def _named(catalog: Catalog) -> Iterator[tuple[str, str, str, Resource]]:
    by_path = {one.path: one for one in catalog.resources}
    for resource in catalog.resources:
        schema, _, name = resource.path.rpartition(".")
        yield schema, name, "r" if resource.methods else "v", resource
    for alias, path in catalog.aliases.items():
        schema, _, name = alias.rpartition(".")
        if path in by_path and alias not in by_path and (schema or not path.startswith(f"{LEDGER}.")):
            yield schema or "public", name, "v", by_path[path]


def _own() -> Iterator[Table]:
    for one in relations().values():
        if one.oid:
            columns = tuple(Column(name=name, type=type_) for name, type_ in one.columns)
            yield Table(oid=one.oid, schema=one.schema, name=one.name, kind=one.kind, columns=columns)

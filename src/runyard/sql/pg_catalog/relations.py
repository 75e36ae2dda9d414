"""The relations and types of PostgreSQL's catalogs: their names, numbers and columns, from tables made by a tool."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
OWN_NAMES: Mapping[str, str] = {
    "int8": "bigint",
    "float8": "double",
    "bool": "boolean",
    "bytea": "bytes",
    "timestamptz": "timestamp",
}
"""Types that results call otherwise than PostgreSQL does."""
FORMER: Mapping[str, str] = {
    "pg_catalog.pg_database": "daticulocale text daticurules text",
    "pg_catalog.pg_collation": "colliculocale text collicurules text",
    "pg_catalog.pg_attribute": "attcacheoff int4",
    "pg_catalog.pg_class": "relhasoids bool",
    "pg_catalog.pg_proc": "proisagg bool",
}
"""Columns that older PostgreSQL have and clients of their time ask for."""
FUNCTIONS_AS_RELATIONS: Mapping[str, str] = {
    "pg_get_keywords": "word text catcode char barelabel bool catdesc text baredesc text",
    "pg_show_all_settings": "name text setting text",
    "pg_get_publication_tables": "pubid oid relid oid",
    "pg_available_extensions": "name name default_version text comment text",
    "pg_lock_status": "locktype text",
}
"""Functions that stand in FROM, as empty relations."""


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table or view."""

    schema: str
    name: str
    oid: int
    kind: str
    columns: tuple[tuple[str, str], ...]  # names and types


@dataclass(frozen=True, kw_only=True)
class Type:
    """A type, as pg_type has it."""

    oid: int
    name: str
    length: int
    by_value: bool
    type: str
    category: str
    preferred: bool
    delimiter: str
    element: int
    array: int
    alignment: str
    storage: str
    shown: str  # as format_type has it


@functools.cache
def relations() -> Mapping[str, Relation]:
    """All relations, by dotted name."""
    listed = map(_relation, (FOLDER / "relations.txt").read_text().splitlines())
    made = (
        Relation(schema="pg_catalog", name=name, oid=0, kind="", columns=tuple(_columns(text.split())))
        for name, text in FUNCTIONS_AS_RELATIONS.items()
    )
    return {**{f"{one.schema}.{one.name}": one for one in made}, **{f"{one.schema}.{one.name}": one for one in listed}}


def _relation(line: str) -> Relation:
    dotted, oid, kind, *words = line.split(" ")
    schema, _, name = dotted.partition(".")
    known = set(words[::2])
    more = [pair for pair in _columns(FORMER.get(dotted, "").split()) if pair[0] not in known]
    return Relation(schema=schema, name=name, oid=int(oid), kind=kind, columns=(*_columns(words), *more))


def _columns(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((name, own_name(type_)) for name, type_ in zip(words[::2], words[1::2], strict=True))


def own_name(name: str) -> str:
    """What results call a type of PostgreSQL; an array is written behind its elements' name."""
    if name.startswith("_"):
        return own_name(name[1:]) + "[]"
    return OWN_NAMES.get(name, name)


@functools.cache
def types() -> Mapping[int, Type]:
    """All types, by number."""
    lines = (FOLDER / "types.txt").read_text().splitlines()
    return {one.oid: one for one in (_type(line.replace("|,|", "|\0|").split("|")) for line in lines)}


def _type(words: Sequence[str]) -> Type:
    oid, name, length, by_value, type_, category, preferred, delimiter, *rest = words
    element, array, alignment, storage, shown = rest
    return Type(
        oid=int(oid),
        name=name,
        length=int(length),
        by_value=by_value == "t",
        type=type_,
        category=category,
        preferred=preferred == "t",
        delimiter=delimiter.replace("\0", ","),
        element=int(element),
        array=int(array),
        alignment=alignment,
        storage=storage,
        shown=shown,
    )


@functools.cache
def column_types() -> Mapping[str, str]:
    """The type of a column by its name alone; most names of pg_catalog's columns say which relation is theirs."""
    return {name: type_ for one in reversed(list(relations().values())) for name, type_ in one.columns}

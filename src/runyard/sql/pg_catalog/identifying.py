"""Names that stand for numbers of things in the catalogs, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runyard.sql.errors import UNDEFINED_OBJECT, UNDEFINED_TABLE, SqlError
from runyard.sql.pg_catalog.facts import Facts, Table
from runyard.sql.pg_catalog.relations import types
from runyard.sql.wire.parameters import Parameters

SCHEMAS_OF_TYPES = ("pg_catalog.", '"pg_catalog".')
TYPE_WORDS: Mapping[str, str] = {"int": "int4", "decimal": "numeric", "float": "float8", "string": "text"}
"""Other words for types, beside those of format_type."""

Function = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Whose functions they are."""

    user: str
    parameters: Parameters


@dataclass(frozen=True, kw_only=True)
class Known:
    """What functions look at: the facts, and who asks now."""

    facts: Facts
    asker: Callable[[], Asker]


def parts_of(name: str) -> list[str]:
    """The parts of a dotted name, as it is written in SQL."""
    found = re.findall(r'"((?:[^"]|"")*)"|([^".\s]+)', name)
    return [quoted.replace('""', '"') if quoted else bare.lower() for quoted, bare in found]


def _find_table(known: Known, name: Any) -> Table | None:
    *schema, table = parts_of(str(name)) or [""]
    return known.facts.find(".".join(schema), table)


def to_regclass(known: Known) -> Function:
    """Make what gives the number of a relation, NULL if there is none."""

    def oid(name: Any) -> int | None:
        found = _find_table(known, name)
        return found.oid if found else None

    return oid


def regclass_of(known: Known) -> Function:
    """Make what gives the number of a relation, or refuses."""

    def oid(value: Any) -> int | None:
        if value is None or isinstance(value, int) or str(value).isdigit():
            return None if value is None else int(value)
        found = _find_table(known, value)
        if found is None:
            raise SqlError(UNDEFINED_TABLE, f'relation "{value}" does not exist')
        return found.oid

    return oid


def regclass_out(known: Known) -> Function:
    """Make what gives the name of a relation."""

    def name(value: Any) -> str | None:
        table = known.facts.by_oid.get(value)
        if table is None:
            return None if value is None else "-" if value == 0 else str(value)
        is_bare = known.facts.find("", table.name) is table
        return quoted(table.name) if is_bare else f"{quoted(table.schema)}.{quoted(table.name)}"

    return name


def type_oid(value: Any) -> int | None:
    """The number of a type, NULL if there is none."""
    if value is None or isinstance(value, int) or str(value).isdigit():
        return None if value is None else int(value)
    name = str(value).strip()
    for schema in SCHEMAS_OF_TYPES:
        name = name.removeprefix(schema)
    plain = re.sub(r"\(.*?\)", "", name.strip('"')).strip().lower()
    wanted = TYPE_WORDS.get(plain, plain)
    return next((oid for oid, one in types().items() if wanted in {one.name, one.shown}), None)


def regtype_of(value: Any) -> int | None:
    """The number of a type, or refuse."""
    oid = type_oid(value)
    if oid is None and value is not None:
        raise SqlError(UNDEFINED_OBJECT, f'type "{value}" does not exist')
    return oid


def namespace_of(known: Known) -> Function:
    """Make what gives the number of a schema, or refuses."""

    def oid(value: Any) -> int | None:
        if value is None or isinstance(value, int) or str(value).isdigit():
            return None if value is None else int(value)
        found = known.facts.schemas.get(".".join(parts_of(str(value))))
        if found is None:
            raise SqlError("3F000", f'schema "{value}" does not exist')
        return found

    return oid


def namespace_out(known: Known) -> Function:
    """Make what gives the name of a schema."""
    names = {oid: name for name, oid in known.facts.schemas.items()}
    return lambda value: None if value is None else quoted(names[value]) if value in names else str(value)


def procedure(value: Any) -> str | None:
    """The name of a function, which stands for its number here."""
    return None if value is None else str(value).removeprefix("pg_catalog.")


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_$]*", name) else '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str | None:
    """A text as SQL writes it."""
    return None if value is None else "'" + str(value).replace("'", "''") + "'"

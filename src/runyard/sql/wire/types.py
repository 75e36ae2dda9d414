"""The types of PostgreSQL that are spoken here: their numbers, and how values are written and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.sql.wire import reading, writing

UNKNOWN_OID = 705
TEXT_OID = 25

Write = Callable[[Sequence[Any]], list[bytes]]
Read = Callable[[bytes], Any]


@dataclass(frozen=True, kw_only=True)
class PgType:
    """One type. Columns are written whole: a call a column is cheaper than one a value."""

    name: str  # as results.TYPES or pg_catalog's own columns have it
    oid: int
    size: int  # in bytes; -1: it varies
    text: Write = writing.texts
    binary: Write = writing.texts
    read_text: Read = reading.text
    read_binary: Read = reading.text
    array: int = 0  # the number of the type of its arrays
    element: int = 0  # of an array: the number of its elements' type


def _whole(name: str, oid: int, size: int, array: int) -> PgType:
    """A whole number of so many bytes."""
    return PgType(
        name=name,
        oid=oid,
        size=size,
        text=writing.integers,
        binary=writing.binary_integers(size),
        read_text=reading.integer,
        read_binary=reading.binary_integer,
        array=array,
    )


def _oid(name: str, oid: int, array: int) -> PgType:
    """A number of something in pg_catalog."""
    return PgType(
        name=name,
        oid=oid,
        size=4,
        text=writing.texts,
        binary=writing.binary_oids,
        read_text=reading.integer_or_name,
        read_binary=reading.binary_oid,
        array=array,
    )


def _words(name: str, oid: int, array: int, size: int = -1) -> PgType:
    """Text under another name."""
    return PgType(name=name, oid=oid, size=size, array=array)


def _float(name: str, oid: int, size: int, array: int) -> PgType:
    return PgType(
        name=name,
        oid=oid,
        size=size,
        text=writing.floats,
        binary=writing.binary_floats(size),
        read_text=reading.floating,
        read_binary=reading.binary_float,
        array=array,
    )


def _moment(name: str, oid: int, array: int, *, suffix: bytes) -> PgType:
    return PgType(
        name=name,
        oid=oid,
        size=8,
        text=writing.moments(suffix),
        binary=writing.binary_moments,
        read_text=reading.moment,
        read_binary=reading.binary_moment,
        array=array,
    )


def _array(name: str, oid: int, element: int) -> PgType:
    """Arrays are kept as PostgreSQL's own text of them, as {1,2}."""
    return PgType(
        name=name,
        oid=oid,
        size=-1,
        binary=lambda values: writing.binary_arrays(values, element, BY_OID[element].binary),
        read_binary=lambda data: reading.binary_array(data, lambda oid: BY_OID.get(oid, TEXT).read_binary),
        element=element,
    )


TEXT = _words("text", TEXT_OID, 1009)

SCALARS: tuple[PgType, ...] = (
    TEXT,
    _whole("bigint", 20, 8, 1016),
    _float("double", 701, 8, 1022),
    PgType(
        name="boolean",
        oid=16,
        size=1,
        text=writing.booleans,
        binary=writing.binary_booleans,
        read_text=reading.boolean,
        read_binary=reading.binary_boolean,
        array=1000,
    ),
    _words("json", 114, 199),
    _moment("timestamp", 1184, 1185, suffix=b"+00"),
    PgType(
        name="bytes",
        oid=17,
        size=-1,
        text=writing.byte_strings,
        binary=writing.binary_byte_strings,
        read_text=reading.byte_string,
        read_binary=reading.binary_byte_string,
        array=1001,
    ),
    _whole("int2", 21, 2, 1005),
    _whole("int4", 23, 4, 1007),
    _float("float4", 700, 4, 1021),
    PgType(
        name="numeric",
        oid=1700,
        size=-1,
        text=writing.texts,
        binary=writing.binary_numerics,
        read_text=reading.number,
        read_binary=reading.binary_numeric,
        array=1231,
    ),
    PgType(name="jsonb", oid=3802, size=-1, binary=writing.binary_jsonb, read_binary=reading.binary_jsonb, array=3807),
    PgType(name="uuid", oid=2950, size=16, binary=writing.binary_uuids, read_binary=reading.binary_uuid, array=2951),
    _moment("timestamp without time zone", 1114, 1115, suffix=b""),
    PgType(name="date", oid=1082, size=4, read_text=reading.moment, read_binary=reading.binary_date, array=1182),
    _words("varchar", 1043, 1015),
    _words("bpchar", 1042, 1014),
    _words("name", 19, 1003, 64),
    _words("char", 18, 1002, 1),
    _words("unknown", UNKNOWN_OID, 0, -2),
    _words("void", 2278, 0, 4),
    _words("regtype", 2206, 2211, 4),
    _words("regclass", 2205, 2210, 4),
    _words("regproc", 24, 1008, 4),
    _words("pg_node_tree", 194, 0),
    _words("aclitem", 1033, 1034, 12),
    PgType(
        name="interval",
        oid=1186,
        size=16,
        read_text=reading.interval,
        read_binary=reading.binary_interval,
        array=1187,
    ),
    _words("int2vector", 22, 1006),
    _words("oidvector", 30, 1013),
    _oid("oid", 26, 1028),
    _oid("xid", 28, 1011),
)

ARRAYS: tuple[PgType, ...] = tuple(
    _array(f"{one.name}[]", one.array, one.oid) for one in SCALARS if one.array and one.name != "aclitem"
)
TYPES: tuple[PgType, ...] = (*SCALARS, *ARRAYS)
BY_NAME: Mapping[str, PgType] = {one.name: one for one in TYPES}
BY_OID: Mapping[int, PgType] = {one.oid: one for one in TYPES}

WRITERS: tuple[Callable[[PgType], Write], ...] = (lambda one: one.text, lambda one: one.binary)
"""By format code."""

READERS: tuple[Callable[[PgType], Read], ...] = (lambda one: one.read_text, lambda one: one.read_binary)
"""By format code."""


def named(name: str) -> PgType:
    """The type of a column of results."""
    return BY_NAME.get(name, TEXT)


def effective(given: Iterable[int], wanted: Sequence[str]) -> tuple[int, ...]:
    """The types of parameters: those the client named, else those the statement wants."""
    told = [*given]
    told += [0] * (len(wanted) - len(told))
    return tuple(
        oid if oid not in {0, UNKNOWN_OID} else named(name).oid
        for oid, name in zip(told, [*wanted, *["text"] * (len(told) - len(wanted))], strict=True)
    )

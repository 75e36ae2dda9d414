# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""JSON texts written in a query as values of Dremio's nested types."""

from __future__ import annotations

import json
from typing import Any

from sqlglot import exp

from ..column_types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    NULL,
    VARCHAR,
    ColumnType,
    list_of,
    literal,
    quoted,
    shared,
    spelling,
)
from ..errors import invalid, unsupported
from .scope import Typed


def json_value(text: str, node: exp.Expression) -> Typed:
    """Return a JSON text as a value; numbers are BIGINT or DOUBLE as Dremio's reader makes them."""
    try:
        value = json.loads(text, parse_constant=_no_number)
    except ValueError as error:
        raise invalid(f"The text is no JSON: {error}", node) from error
    kind = _type(value, node)
    return Typed(sql=f"CAST({_spelled(value)} AS {spelling(kind)})", type=kind)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _type(value: Any, node: exp.Expression) -> ColumnType:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise unsupported(f"The number {value} is larger than every BIGINT", node)
    for known, kind in ((bool, BOOLEAN), (int, BIGINT), (float, DOUBLE), (str, VARCHAR)):
        if isinstance(value, known):
            return kind
    if value is None:
        return NULL
    if isinstance(value, dict):
        fields = tuple((name, _type(each, node)) for name, each in value.items())
        if len({name.lower() for name, _ in fields}) < len(fields):
            raise unsupported("Names of a JSON object that differ in case alone have no faithful translation", node)
        if not fields:
            raise unsupported("An empty JSON object has no type", node)
        return ColumnType(name="STRUCT", fields=fields)
    element: ColumnType | None = NULL
    for each in value:
        element = shared(element, _type(each, node)) if element else None
    if element is None:
        raise unsupported("The elements of a JSON list have no type in common", node)
    return list_of(element)


def _spelled(value: Any) -> str:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(name)}: {_spelled(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_spelled, value)) + "]"
    return "NULL" if value is None else json.dumps(value)

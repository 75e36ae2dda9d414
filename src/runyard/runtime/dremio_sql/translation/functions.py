# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""What a row of the tables of functions says, and how a call is matched with one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from ..column_types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    FLOATS,
    INTEGER,
    INTEGERS,
    INTERVALS,
    NESTED,
    NULL,
    NUMBERS,
    TIME,
    TIMESTAMP,
    VARBINARY,
    VARCHAR,
    ColumnType,
)  # fmt: skip
from ..errors import unsupported
from .conversions import ISO_DATE, converted, literal_as, unified
from .scope import Typed

LITERAL = re.compile(r"-?[0-9]+|CAST\('[0-9.]+' AS DECIMAL\([0-9]+,[0-9]+\)\)")
MARK = re.compile(r"\{(\d|[*a-z])\}")

FAMILIES: dict[str, Callable[[ColumnType], bool]] = {
    "any": lambda _: True,
    "text": lambda kind: kind == VARCHAR,
    "number": lambda kind: kind.name in NUMBERS,
    "whole": lambda kind: kind.name in INTEGERS,
    "exact": lambda kind: kind.name in INTEGERS or kind.name == "DECIMAL",
    "decimal": lambda kind: kind.name == "DECIMAL",
    "float": lambda kind: kind.name in FLOATS,
    "date": lambda kind: kind == DATE,
    "timestamp": lambda kind: kind == TIMESTAMP,
    "moment": lambda kind: kind in {DATE, TIMESTAMP},
    "time": lambda kind: kind.name == "TIME",
    "boolean": lambda kind: kind.name == "BOOLEAN",
    "binary": lambda kind: kind.name == "VARBINARY",
    "interval": lambda kind: kind.name in INTERVALS,
    "list": lambda kind: kind.name == "LIST",
    "map": lambda kind: kind.name == "MAP",
    "flat": lambda kind: kind.name not in NESTED,
    "single": lambda kind: kind.name == "FLOAT",
    "words": lambda kind: kind.name == "LIST" and kind.element.name in {"VARCHAR", *INTEGERS},
}
# What a bare NULL is taken for: DuckDB asks for a type where it has several ways.
NOTHING = {
    "text": VARCHAR, "number": INTEGER, "whole": INTEGER, "exact": INTEGER, "float": DOUBLE, "date": DATE,
    "timestamp": TIMESTAMP, "moment": DATE, "time": TIME, "boolean": BOOLEAN, "binary": VARBINARY, "single": FLOAT,
}  # fmt: skip
ELEMENT = "element"  # of the list before it
# A family whose values are handed on as one type.
HANDED_ON = {"double": ("number", DOUBLE)}

Answer = ColumnType | Callable[[Sequence[Typed]], ColumnType]


@dataclass(frozen=True, kw_only=True)
class Function:
    """One way to call a function: the families of its arguments, what it brings, and DuckDB's words for it.

    In the words `{0}` is the first argument, `{*}` all of them, `{s}` the clauses FILTER and OVER of an aggregate.
    """

    families: tuple[str, ...]
    answer: Answer
    words: str
    repeats: bool = False  # the last family takes any number of arguments
    literals: tuple[int, ...] = ()  # arguments that must be written as literals
    alike: bool = False  # all arguments are made one type first


def row(families: str, answer: Answer, words: str, *, literals: tuple[int, ...] = (), alike: bool = False) -> Function:
    """Return one way to call a function; `family*` takes any number of arguments."""
    names = families.split()
    return Function(
        families=tuple(name.rstrip("*") for name in names),
        answer=answer,
        words=words,
        repeats=bool(names) and names[-1].endswith("*"),
        literals=literals,
        alike=alike,
    )


def same(arguments: Sequence[Typed]) -> ColumnType:
    """Return the type of the first argument."""
    return arguments[0].type


def called(
    name: str, rows: Sequence[Function], arguments: Sequence[Typed], node: exp.Expression
) -> tuple[Function, list[Typed]]:
    """Return the row that a call fits, with its arguments as that row takes them."""
    for way in rows:
        taken = _taken(way, arguments, node)
        if taken is not None:
            return way, unified(taken, node) if way.alike else taken
    given = ", ".join(argument.type.name for argument in arguments)
    raise unsupported(f"{name}({given}) has no faithful translation", node)


def _taken(way: Function, arguments: Sequence[Typed], node: exp.Expression) -> list[Typed] | None:
    families = list(way.families)
    if way.repeats:
        families += families[-1:] * (len(arguments) - len(families))
    if len(arguments) != len(families):
        return None
    if any(place < len(arguments) and not _is_literal(arguments[place]) for place in way.literals):
        return None
    taken = [
        _element(arguments[0], value, node) if family == ELEMENT else _fitted(family, value, node)
        for family, value in zip(families, arguments, strict=True)
    ]
    return None if None in taken else [each for each in taken if each]


def _element(around: Typed, value: Typed, node: exp.Expression) -> Typed | None:
    """Return a value as an element of a list, if it is of its type."""
    if around.type.name != "LIST" or value.type.fields:
        return None
    kind = around.type.element
    return converted(value, kind, node) if value.type in {kind, NULL} else None


def _is_literal(value: Typed) -> bool:
    return value.text is not None or LITERAL.fullmatch(value.sql) is not None


def _fitted(family: str, value: Typed, node: exp.Expression) -> Typed | None:
    if family in HANDED_ON:
        inner, kind = HANDED_ON[family]
        fitted = _fitted(inner, value, node)
        return converted(fitted, kind, node) if fitted else None
    if value.type == NULL and family != "map":  # whose key and value say what comes of it
        return converted(value, NOTHING[family], node) if family in NOTHING else value
    if FAMILIES[family](value.type):
        return value
    if family in {"date", "timestamp", "moment"} and value.text is not None:
        kind = DATE if family == "date" or (family == "moment" and ISO_DATE.fullmatch(value.text)) else TIMESTAMP
        return literal_as(value, kind)
    return None


def filled(
    words: str, arguments: Sequence[Typed], node: exp.Expression, clauses: Mapping[str, str] | None = None
) -> str:
    """Return DuckDB's words around the arguments."""
    if any(each.is_random and words.count(f"{{{n}}}") > 1 for n, each in enumerate(arguments)):
        raise unsupported("A random value as this argument has no faithful translation", node)
    pieces = {"*": ", ".join(each.sql for each in arguments), **(clauses or {})}
    pieces |= {str(number): each.sql for number, each in enumerate(arguments)}
    return MARK.sub(lambda found: pieces.get(found[1], ""), words)

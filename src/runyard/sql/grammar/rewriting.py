"""What is read as something else: functions that SQLite has under another name, and arithmetic with intervals.

A function keeps the name it was written with unless it stands here: a library that knows thirty dialects would
otherwise put one database's function in the place of another's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from runyard.sql.callables.moments import OTHER_NAMES, UNITS

Arguments = list[exp.Expression]
ONE_PATH = 2  # a document and one path


def _json_extract(args: Arguments) -> exp.Expression:
    if len(args) == ONE_PATH:
        return exp.JSONExtractScalar(this=args[0], expression=args[1], json_subtype=True)
    return exp.Anonymous(this="JSON_EXTRACT", expressions=args)


def _count_if(args: Arguments) -> exp.Expression:
    return exp.Count(this=exp.If(this=args[0], true=exp.Literal.number(1), false=exp.Null()) if args else exp.Star())


def _sum_if(args: Arguments) -> exp.Expression:
    return exp.Sum(this=exp.If(this=args[0], true=args[1], false=exp.Null()))


def _named(name: str) -> Callable[[Arguments], exp.Expression]:
    return lambda args: exp.Anonymous(this=name, expressions=args)


def _unit_first(name: str) -> Callable[[Arguments], exp.Expression]:
    """`DATEDIFF(HOUR, a, b)`: a unit may stand there as a bare word."""

    def build(args: Arguments) -> exp.Expression:
        first = args[0] if args else None
        if isinstance(first, exp.Column) and not first.table and _is_unit(first.name):
            args = [exp.Literal.string(first.name.lower()), *args[1:]]
        return exp.Anonymous(this=name, expressions=args)

    return build


def _is_unit(name: str) -> bool:
    word = name.lower()
    return word in UNITS or word in OTHER_NAMES or word.removesuffix("s") in UNITS


BUILT: Mapping[str, Callable[[Arguments], exp.Expression] | None] = {
    # As sqlglot builds them:
    **dict.fromkeys(("ABS", "AVG", "COALESCE", "COUNT", "CUME_DIST", "DENSE_RANK", "FIRST_VALUE", "GREATEST", "IF")),
    **dict.fromkeys(("IFNULL", "IIF", "LAG", "LAST_VALUE", "LEAD", "LEAST", "LENGTH", "LOWER", "MAX", "MIN", "NTILE")),
    **dict.fromkeys(("NTH_VALUE", "NULLIF", "NVL", "PERCENT_RANK", "RANK", "ROUND", "ROW_NUMBER", "SUM", "UPPER")),
    "JSON_EXTRACT": _json_extract,
    "COUNT_IF": _count_if,
    "SUM_IF": _sum_if,
    "BOOL_AND": lambda args: exp.Min(this=args[0]),
    "BOOL_OR": lambda args: exp.Max(this=args[0]),
    "EVERY": lambda args: exp.Min(this=args[0]),
    "ANY_VALUE": lambda args: exp.Max(this=args[0]),
    "GET_JSON_OBJECT": lambda args: _json_extract(args[:ONE_PATH]),
    "APPROX_COUNT_DISTINCT": lambda args: exp.Count(this=exp.Distinct(expressions=args)),
    "CHARACTER_LENGTH": lambda args: exp.Length(this=args[0]),
    "CHAR_LENGTH": lambda args: exp.Length(this=args[0]),
    "UCASE": lambda args: exp.Upper(this=args[0]),
    "LCASE": lambda args: exp.Lower(this=args[0]),
    "STRPOS": _named("INSTR"),
    "TO_JSON": _named("JSON_QUOTE"),
    "CURRENT_DATE": _named("CURRENT_DAY"),
    "CURRENT_TIMESTAMP": _named("NOW"),
    **{
        name: _unit_first(name)
        for name in ("DATE_ADD", "DATEADD", "DATE_DIFF", "DATEDIFF", "TIMESTAMPADD", "TIMESTAMPDIFF", "DATE_TRUNC")
    },
}
"""The functions that become nodes of their own, or another function."""


ADDING: tuple[type[exp.Expr], ...] = (exp.Add, exp.Sub)


def later(this: Any, right: Any, node: type[exp.Expr]) -> exp.Expression | None:
    """`x + INTERVAL '2' DAY` and `x - INTERVAL …` as a call; None if there is no interval."""
    if isinstance(this, exp.Interval) and node is exp.Add:
        this, right = right, this
    if not isinstance(right, exp.Interval) or node not in ADDING:
        return None
    count = exp.Paren(this=right.this) if isinstance(right.this, exp.Binary) else right.this
    signed = exp.Neg(this=count) if node is exp.Sub else count
    return exp.Anonymous(
        this="PLUS_INTERVAL", expressions=[this, signed, exp.Literal.string(right.text("unit").lower())]
    )

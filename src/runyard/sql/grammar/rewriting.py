"""What is read as something else: functions that SQLite has under another name, and arithmetic with intervals.

A function keeps the name it was written with unless it stands here: a library that knows thirty dialects would
otherwise put one database's function in the place of another's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from runyard.sql.callables.lengths import OTHER_NAMES, UNITS

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
    if node is exp.Add and _length(right) is None:
        this, right = right, this
    found = _length(right) if node in ADDING else None
    if found is None or _length(this) is not None:
        return None
    count, length = found
    signed = exp.Neg(this=count) if node is exp.Sub else count
    return exp.Anonymous(this="PLUS_INTERVAL", expressions=[this, signed, length])


def _length(node: Any) -> tuple[exp.Expr, exp.Expr] | None:
    """How many times which length of time, if it is an interval."""
    bare = node.unnest() if isinstance(node, exp.Paren) else node
    if isinstance(bare, exp.Interval):
        return interval_parts(bare)
    if isinstance(bare, exp.Cast) and bare.is_type(exp.DType.INTERVAL):
        return exp.Literal.number(1), bare.this
    for one, other in ((bare.this, bare.expression), (bare.expression, bare.this)) if isinstance(bare, exp.Mul) else ():
        if found := _length(one):
            return exp.Mul(this=exp.Paren(this=found[0]), expression=exp.Paren(this=other)), found[1]
    return None


def interval_parts(node: exp.Interval) -> tuple[exp.Expr, exp.Expr]:
    """The count and the unit of an interval; of one without a unit, 1 and its text."""
    unit = node.text("unit").lower()
    if not unit:
        return exp.Literal.number(1), node.this
    count = exp.Paren(this=node.this) if isinstance(node.this, exp.Binary) else node.this
    return count, exp.Literal.string(unit)

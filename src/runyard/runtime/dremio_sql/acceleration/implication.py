# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Whether conditions that hold of a row make another hold: equal ones, narrower ranges, and fewer values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlglot import exp

from ..column_types import ColumnType

FLIPPED: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.EQ: exp.EQ
}  # fmt: skip
EXACT = frozenset({"INTEGER", "BIGINT", "DECIMAL"})
MOST_DIGITS = 18  # with so few on both sides no comparison of decimals is rounded
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,3}))?")

Types = Mapping[str, ColumnType]
Key = tuple[str, Any]


@dataclass(frozen=True, kw_only=True)
class Test:
    """A column compared with a constant, or with several of which one is its value."""

    column: str
    sign: type[exp.Expression]
    values: tuple[Any, ...]


def is_implied(wanted: exp.Expression, given: Sequence[exp.Expression], types: Types) -> bool:
    """Tell whether a condition is true wherever all of the given ones are."""
    if wanted in given:
        return True
    if isinstance(wanted, exp.And):
        return all(is_implied(each, given, types) for each in (wanted.this, wanted.expression))
    if isinstance(wanted, exp.Or):
        return any(is_implied(each, given, types) for each in (wanted.this, wanted.expression))
    tests = [test for test in (test_of(each, types) for each in given) if test]
    if (name := _not_null(wanted)) is not None:
        return any(test.column == name for test in tests)
    needed = test_of(wanted, types)
    return needed is not None and any(_is_within(test, needed) for test in tests if test.column == needed.column)


def _not_null(node: exp.Expression) -> str | None:
    inner = node.this if isinstance(node, exp.Not) else None
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null) and isinstance(inner.this, exp.Column):
        return inner.this.name
    return None


def test_of(node: exp.Expression, types: Types) -> Test | None:
    """Return a comparison of a column with constants, if that is what a condition is."""
    if isinstance(node, exp.In) and isinstance(node.this, exp.Column) and not node.args.get("query"):
        return _test(node.this, exp.EQ, node.expressions, types)
    if type(node) not in FLIPPED:
        return None
    if isinstance(node.this, exp.Column):
        return _test(node.this, type(node), [node.expression], types)
    if isinstance(node.expression, exp.Column):
        return _test(node.expression, FLIPPED[type(node)], [node.this], types)
    return None


def _test(
    column: exp.Expression, sign: type[exp.Expression], constants: Sequence[exp.Expression], types: Types
) -> Test | None:
    kind = types.get(column.name)
    keys = [constant(each, kind) for each in constants] if kind else []
    values = [key[1] for key in keys if key is not None]
    if not keys or len(values) < len(keys):
        return None
    return Test(column=column.name, sign=sign, values=tuple(values))


def constant(node: exp.Expression, kind: ColumnType) -> Key | None:
    """Return a constant as it is compared with a column of a type; None where that is not plain."""
    if kind.name == "VARCHAR":
        return ("text", node.name) if isinstance(node, exp.Literal) and node.is_string else None
    if kind.name in EXACT:
        return _number(node, kind)
    if kind.name in {"DATE", "TIMESTAMP"}:
        return _moment(node) if kind.name == "TIMESTAMP" or isinstance(node, exp.Cast) or _is_day(node) else None
    return None


def _is_day(node: exp.Expression) -> bool:
    """Tell whether a literal is a day without a time, which a DATE is not cut to before it is compared."""
    return isinstance(node, exp.Literal) and DAY.fullmatch(node.name) is not None


def _number(node: exp.Expression, kind: ColumnType) -> Key | None:
    sign = -1 if isinstance(node, exp.Neg) else 1
    inner = node.this if isinstance(node, exp.Neg) else node
    if not isinstance(inner, exp.Literal) or inner.is_string or "e" in inner.name.lower():
        return None
    if len(inner.name) > MOST_DIGITS or kind.precision > MOST_DIGITS:
        return None
    return "number", sign * Decimal(inner.name)


def _moment(node: exp.Expression) -> Key | None:
    inner = node
    if isinstance(node, exp.Cast):
        if node.args["to"].this not in {exp.DType.DATE, exp.DType.TIMESTAMP} or node.args["to"].expressions:
            return None
        if node.args["to"].this == exp.DType.DATE and not DAY.fullmatch(node.this.name):
            return None
        inner = node.this
    if not isinstance(inner, exp.Literal) or not inner.is_string:
        return None
    if DAY.fullmatch(inner.name):
        return "moment", f"{inner.name} 00:00:00.000"
    found = MOMENT.fullmatch(inner.name)
    return ("moment", f"{found[1]} {found[2]}.{(found[3] or '').ljust(3, '0')}") if found else None


def _is_within(given: Test, needed: Test) -> bool:
    """Tell whether every value that passes one test passes another."""
    if needed.sign not in DIRECTIONS:
        return given.sign is exp.EQ and set(given.values) <= set(needed.values)
    bound = needed.values[0]
    if given.sign is exp.EQ:
        return all(_passes(value, needed.sign, bound) for value in given.values)
    value = given.values[0]
    if given.sign in DIRECTIONS[needed.sign]:
        strict_enough = needed.sign in INCLUSIVE or given.sign is needed.sign
        return _passes(value, STRICT[needed.sign], bound) or (value == bound and strict_enough)
    return False


DIRECTIONS: dict[type[exp.Expression], frozenset[type[exp.Expression]]] = {
    exp.GT: frozenset({exp.GT, exp.GTE}), exp.GTE: frozenset({exp.GT, exp.GTE}),
    exp.LT: frozenset({exp.LT, exp.LTE}), exp.LTE: frozenset({exp.LT, exp.LTE}),
}  # fmt: skip
INCLUSIVE: frozenset[type[exp.Expression]] = frozenset({exp.GTE, exp.LTE})
STRICT: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.GT: exp.GT, exp.GTE: exp.GT, exp.LT: exp.LT, exp.LTE: exp.LT
}  # fmt: skip


def _passes(value: Any, sign: type[exp.Expression], bound: Any) -> bool:
    tests: dict[type[exp.Expression], bool] = {
        exp.GT: value > bound, exp.GTE: value >= bound, exp.LT: value < bound, exp.LTE: value <= bound
    }  # fmt: skip
    return tests[sign]

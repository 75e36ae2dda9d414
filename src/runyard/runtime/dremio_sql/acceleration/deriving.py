# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Expressions over a dataset's columns as expressions over what a reflection holds, where that is possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from ..column_types import FLOATS, INTEGERS
from ..translation.aggregate_functions import AGGREGATES, ORDERED, WINDOWS
from .expressions import Named, NoMatch, column, mapped
from .materialization import COUNT, DAY, DIMENSION, GROUPING, MAX, MIN, ROWS, SUM, Output

ALL_AGGREGATES = frozenset({*AGGREGATES, *ORDERED})
OF_DAYS = frozenset(
    {"YEAR", "QUARTER", "MONTH", "WEEK", "WEEKOFYEAR", "DAY", "DAYOFMONTH", "DAYOFYEAR", "DAYOFWEEK", "LAST_DAY",
     "MONTHNAME"}
)  # fmt: skip
UNITS = frozenset({"MILLENNIUM", "CENTURY", "DECADE", "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOY", "DOW"})
OF_UNITS = frozenset({"DATE_TRUNC", "DATE_PART"})
BY_VALUE = (exp.Connector, exp.Not, exp.Is, exp.In, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
"""What sees a value as GROUP BY does, so that it does not matter which of those that are equal it is given."""
MIDNIGHT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]00:00:00(\.0{1,3})?)?")
FROM_MIDNIGHT: dict[type[exp.Expression], int] = {exp.GTE: 0, exp.LT: 0, exp.LTE: 1, exp.GT: 1}
"""Comparisons that a moment passes as its day does, by the side on which the midnight's opposite stands."""
WIDE = exp.DataType(this=exp.DType.DECIMAL, expressions=[
    exp.DataTypeParam(this=exp.Literal.number(38)), exp.DataTypeParam(this=exp.Literal.number(0))
])  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a reflection holds, over the columns of the dataset where it meets the query."""

    outputs: Mapping[str, Output]  # by the name that it gets in the rewritten query
    meanings: Mapping[str, exp.Expression]  # each output's field over the columns of that dataset; not of ROWS
    groups: bool  # its rows stand for several
    floats: bool = False  # sums of floating-point numbers may be added up from parts

    def derive(self, node: exp.Expression) -> exp.Expression:
        """Return an expression over what is held; raise NoMatch where that cannot be."""
        if isinstance(node, Named):
            return column(node.name)
        known = self._known(node)
        if known is not None:
            return known
        if isinstance(node, exp.Column):
            raise NoMatch
        if isinstance(node, exp.Window):
            return self._window(node)
        if self.groups and isinstance(node, exp.Filter):
            return self._aggregate(node.this, node.expression.this)
        if self.groups and isinstance(node, exp.Anonymous) and str(node.name).upper() in ALL_AGGREGATES:
            return self._aggregate(node, None)
        if self.groups and isinstance(node, exp.WithinGroup):
            raise NoMatch
        return self._of_day(node) or self._derived_parts(node)

    def _derived_parts(self, node: exp.Expression) -> exp.Expression:
        if self.groups and not isinstance(node, BY_VALUE) and self._has_signed_zeros(node):
            raise NoMatch
        return mapped(node, self.derive)

    def _has_signed_zeros(self, node: exp.Expression) -> bool:
        """Tell whether a node is made of a dimension in which 0 and -0 are one, though functions tell them apart."""
        signed = [
            self.meanings[name]
            for name, output in self.outputs.items()
            if output.role == DIMENSION and output.of in FLOATS and name in self.meanings
        ]
        return bool(signed) and any(part in signed for part in node.walk())

    def _known(self, node: exp.Expression) -> exp.Expression | None:
        if isinstance(node, exp.Literal):
            return None  # where it stands a column may be no value: in a type, a unit or an interval
        for name, output in self.outputs.items():
            if output.role in GROUPING - {DAY} and self.meanings.get(name) == node:
                return column(name)
        return None

    def _window(self, node: exp.Expression) -> exp.Expression:
        """Return a window over groups, or over the rows of a reflection that keeps them all."""
        call = node.this
        if not self.groups:
            return mapped(node, self.derive)
        if not isinstance(call, exp.Anonymous) or str(call.name).upper() not in {*ALL_AGGREGATES, *WINDOWS}:
            raise NoMatch
        return mapped(node, lambda part: mapped(part, self.derive) if part is call else self.derive(part))

    # days

    def _of_day(self, node: exp.Expression) -> exp.Expression | None:
        """Return what is the same of a moment and of its day."""
        for name, output in self.outputs.items():
            if output.role != DAY or name not in self.meanings:
                continue
            found = _day_of(node, self.meanings[name], name)
            if found is not None:
                return found
        return None

    # aggregates

    def _aggregate(self, call: exp.Expression, test: exp.Expression | None) -> exp.Expression:
        name = str(call.name).upper() if isinstance(call, exp.Anonymous) else ""
        given = list(call.expressions)
        around = self._filtering(test)
        if name == "COUNT" and len(given) == 1:
            return self._count(given[0], around)
        if len(given) != 1 or isinstance(given[0], exp.Distinct | exp.Star):
            raise NoMatch
        way = AGGREGATE_WAYS.get(name)
        if way is None:
            raise NoMatch
        return way(self, given[0], around)

    def _filtering(self, test: exp.Expression | None) -> Callable[[exp.Expression], exp.Expression]:
        if test is None:
            return lambda call: call
        kept = self.derive(test)
        return lambda call: exp.Filter(this=call, expression=exp.Where(this=kept.copy()))

    def _count(self, given: exp.Expression, around: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
        if isinstance(given, exp.Distinct):
            if len(given.expressions) != 1:
                raise NoMatch
            return around(_call("COUNT", exp.Distinct(expressions=[self.derive(given.expressions[0])])))
        if isinstance(given, exp.Star | exp.Literal):
            return _or_nothing(around(_call("SUM", self.rows())))
        measured = self._measure(given, COUNT)
        if measured is not None:
            return _or_nothing(around(_call("SUM", measured)))
        present = exp.Not(this=exp.Is(this=self.derive(given), expression=exp.Null()))
        counted = exp.Case(
            ifs=[exp.If(this=present, true=self.rows())],
            default=exp.Cast(this=exp.Literal.number(0), to=exp.DataType(this=exp.DType.BIGINT)),
        )
        return _or_nothing(around(_call("SUM", counted)))

    @property
    def has_dimensions(self) -> bool:
        """Tell whether there is a row for each of its groups alone, and none where there is nothing."""
        return any(output.role in GROUPING for output in self.outputs.values())

    def rows(self) -> exp.Expression:
        """Return how many rows each of its own stands for."""
        return self._one(lambda _, output: output.role == ROWS)

    def _measure(self, given: exp.Expression, role: str) -> exp.Expression | None:
        try:
            return self._one(lambda name, output: output.role == role and self.meanings.get(name) == given)
        except NoMatch:
            return None

    def _one(self, suits: Callable[[str, Output], bool]) -> exp.Expression:
        for name, output in self.outputs.items():
            if suits(name, output) and (output.is_exact or self.floats):
                return column(name)
        raise NoMatch

    def type_of(self, node: exp.Expression) -> str:
        """Return the name of the type of the field of which a held column tells something."""
        return self.outputs[node.name].of

    def sum(self, given: exp.Expression, around: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
        """Return a sum of sums; one of whole numbers is a BIGINT again."""
        widened = isinstance(given, exp.Cast) and given.args["to"] == WIDE
        measured = self._measure(given.this if widened else given, SUM)
        if measured is None:
            raise NoMatch
        total = around(_call("SUM", measured))
        whole = self.type_of(measured) in INTEGERS
        if widened and not whole:
            raise NoMatch
        return total if widened or not whole else exp.Cast(this=total, to=exp.DataType(this=exp.DType.BIGINT))

    def average(self, given: exp.Expression, around: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
        """Return an average as the sum over the count, as the engine itself works it out."""
        total, count = self._measure(given, SUM), self._measure(given, COUNT)
        if total is None or count is None or self.type_of(total) in FLOATS:
            raise NoMatch
        double = exp.DataType(this=exp.DType.DOUBLE)
        return exp.Div(
            this=exp.Cast(this=around(_call("SUM", total)), to=double), expression=around(_call("SUM", count))
        )

    def extreme(
        self, name: str, given: exp.Expression, around: Callable[[exp.Expression], exp.Expression]
    ) -> exp.Expression:
        """Return the least or greatest of the least or greatest, or of a dimension's values."""
        measured = self._measure(given, {"MIN": MIN, "MAX": MAX}[name])
        return around(_call(name, measured if measured is not None else self.derive(given)))

    def grouping(self, given: exp.Expression, around: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
        """Return whether a row is the sum over a dimension."""
        return around(_call("GROUPING", self.derive(given)))

    def distinct(self, given: exp.Expression, around: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
        """Return about how many values a dimension has: the sketch of a set does not see how often each comes."""
        return around(_call("NDV", self.derive(given)))


Around = Callable[[exp.Expression], exp.Expression]
AGGREGATE_WAYS: dict[str, Callable[[Held, exp.Expression, Around], exp.Expression]] = {
    "SUM": Held.sum,
    "AVG": Held.average,
    "MIN": lambda held, given, around: held.extreme("MIN", given, around),
    "MAX": lambda held, given, around: held.extreme("MAX", given, around),
    "NDV": Held.distinct,
    "APPROX_COUNT_DISTINCT": Held.distinct,
    "GROUPING": Held.grouping,
}


def _call(name: str, *given: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=list(given))


def _or_nothing(total: exp.Expression) -> exp.Expression:
    """Return a count as zero where there is nothing to count, which a sum would leave NULL."""
    return _call("COALESCE", total, exp.Cast(this=exp.Literal.number(0), to=exp.DataType(this=exp.DType.BIGINT)))


def _day_of(node: exp.Expression, moment: exp.Expression, name: str) -> exp.Expression | None:
    day = column(name)
    at_midnight = exp.Cast(this=day, to=exp.DataType(this=exp.DType.TIMESTAMP))
    if isinstance(node, exp.Cast) and node.this == moment and node.args["to"] == exp.DataType(this=exp.DType.DATE):
        return day
    if isinstance(node, exp.Is) and node.this == moment and isinstance(node.expression, exp.Null):
        return exp.Is(this=day, expression=exp.Null())
    if isinstance(node, exp.Extract) and node.expression == moment and str(node.this.name).upper() in UNITS:
        return exp.Extract(this=node.this.copy(), expression=at_midnight)
    if isinstance(node, exp.Anonymous) and node.expressions and node.expressions[-1] == moment:
        return _call_of_day(node, at_midnight)
    return _compared_day(node, moment, at_midnight)


def _call_of_day(node: exp.Anonymous, at_midnight: exp.Expression) -> exp.Expression | None:
    name, given = str(node.name).upper(), node.expressions
    if name in OF_DAYS and len(given) == 1:
        return _call(name, at_midnight)
    by_unit = name in OF_UNITS and len(given) == 2 and isinstance(given[0], exp.Literal)  # noqa: PLR2004 unit, moment
    if by_unit and given[0].name.upper() in UNITS:
        return _call(name, given[0].copy(), at_midnight)
    return None


def _compared_day(node: exp.Expression, moment: exp.Expression, at_midnight: exp.Expression) -> exp.Expression | None:
    place = FROM_MIDNIGHT.get(type(node))
    if place is None:
        return None
    sides = (node.this, node.expression)
    if sides[place] != moment or not _is_midnight(sides[1 - place]):
        return None
    changed = [each.copy() for each in sides]
    changed[place] = at_midnight
    return node.__class__(this=changed[0], expression=changed[1])


def _is_midnight(node: exp.Expression) -> bool:
    inner = node
    if isinstance(node, exp.Cast):
        if node.args["to"].this not in {exp.DType.DATE, exp.DType.TIMESTAMP}:
            return False
        inner = node.this
    return isinstance(inner, exp.Literal) and inner.is_string and MIDNIGHT.fullmatch(inner.name) is not None

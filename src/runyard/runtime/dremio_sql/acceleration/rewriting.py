# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""One SELECT over a dataset as a SELECT over what a reflection holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from ..translation.scope import Relation
from .deriving import ALL_AGGREGATES, Held
from .expressions import Named, NoMatch, column, conjuncts, joined, names_in, plain, substituted
from .implication import is_implied
from .levels import Level, listed

PARTS = frozenset(
    {"expressions", "from_", "where", "group", "having", "qualify", "order", "limit", "offset", "distinct", "hint",
     "with_"}
)  # fmt: skip
SAME = ("limit", "offset", "distinct")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A SELECT over one relation, and where its dataset meets that of a reflection."""

    node: exp.Expression
    relation: Relation
    level: Level  # of the query
    anchor: Level  # of the reflection's dataset, at the same table or view


def rewritten(asked: Asked, held: Held) -> exp.Select:
    """Return the SELECT over what is held; raise NoMatch where it would not be the same."""
    node = asked.node
    if any(value for name, value in node.args.items() if value and name not in PARTS):
        raise NoMatch
    if held.groups and not groups(node):
        _check_distinct(node)
    writing = _Writing(asked=asked, held=held, names=[name for name, _ in listed(node, asked.relation)])
    parts = {name: node.args[name].copy() for name in SAME if node.args.get(name)}
    new = exp.Select(expressions=writing.items(), **parts)
    for name, clause in writing.clauses().items():
        new.set(name, clause)
    return new


def groups(node: exp.Expression) -> bool:
    """Tell whether a SELECT makes one row of several by itself."""
    if node.args.get("group"):
        return True
    places = [*node.expressions, *(node.args[name] for name in ("having", "order", "qualify") if node.args.get(name))]
    return any(_has_aggregate(each) for each in places)


def _has_aggregate(node: exp.Expression) -> bool:
    if isinstance(node, exp.Query):
        return False
    if isinstance(node, exp.Window):
        inner = node.this.this if isinstance(node.this, exp.Filter | exp.WithinGroup) else node.this
        parts = [*inner.iter_expressions(), *(part for part in node.iter_expressions() if part is not node.this)]
        return any(_has_aggregate(each) for each in parts)
    if isinstance(node, exp.Anonymous) and str(node.name).upper() in ALL_AGGREGATES:
        return True
    return any(_has_aggregate(each) for each in node.iter_expressions())


def _check_distinct(node: exp.Expression) -> None:
    """Refuse a SELECT in which it matters how often a row comes."""
    if not node.args.get("distinct") or any(True for _ in node.find_all(exp.Window)):
        raise NoMatch


@dataclass
class _Writing:
    """The new SELECT while it is written."""

    asked: Asked
    held: Held
    names: Sequence[str]

    def items(self) -> list[exp.Expression]:
        """Return the list, each item under the name that it had."""
        return [
            exp.Alias(this=self._derived(value), alias=exp.Identifier(this=name, quoted=True))
            for name, value in listed(self.asked.node, self.asked.relation)
        ]

    def clauses(self) -> dict[str, exp.Expression]:
        """Return the clauses behind FROM."""
        node = self.asked.node
        found: dict[str, exp.Expression] = {}
        if (where := self._where()) is not None:
            found["where"] = exp.Where(this=where)
        if node.args.get("group"):
            found["group"] = self._group(node.args["group"])
        for name, kind in (("having", exp.Having), ("qualify", exp.Qualify)):
            if node.args.get(name):
                found[name] = kind(this=self._derived(node.args[name].this, names=True))
        if node.args.get("order"):
            found["order"] = exp.Order(expressions=[self._ordered(each) for each in node.args["order"].expressions])
        return found

    def _where(self) -> exp.Expression | None:
        where, anchor = self.asked.node.args.get("where"), self.asked.anchor
        own = conjuncts(self._lifted(where.this, self._column)) if where else []
        given = [*own, *self.asked.level.predicates]
        if not all(is_implied(each, given, anchor.types) for each in anchor.predicates):
            raise NoMatch
        # What the reflection's own rows fulfil need not be asked of them again.
        kept = [self.held.derive(each) for each in given if each not in anchor.predicates]
        if self.held.groups and not self.held.has_dimensions:  # one row, also of no data
            kept.append(exp.GT(this=self.held.rows(), expression=exp.Literal.number(0)))
        return joined(kept) if kept else None

    def _group(self, group: exp.Expression) -> exp.Group:
        if any(group.args.get(name) for name in ("totals", "all")):
            raise NoMatch
        if group.find(exp.Rollup, exp.Cube, exp.GroupingSets):
            self._check_apart()
        parts = {
            name: [self._grouped(each) for each in group.args.get(name) or ()]
            for name in ("expressions", "grouping_sets", "cube", "rollup")
        }
        return exp.Group(**{name: each for name, each in parts.items() if each})

    def _check_apart(self) -> None:
        """Refuse columns that are one beneath, or made of others there, where one is grouped by without the other."""
        names = names_in(self.asked.node)
        beneath = [value for name, value in self.asked.level.outputs.items() if name in names]
        if any(not isinstance(each, exp.Column) for each in beneath) or len({*beneath}) < len(beneath):
            raise NoMatch

    def _grouped(self, node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Rollup | exp.Cube | exp.GroupingSets | exp.Tuple):
            return node.__class__(expressions=[self._grouped(each) for each in node.expressions])
        if isinstance(node, exp.Paren):
            return self._grouped(node.this)
        if isinstance(node, exp.Literal):
            return node.copy()
        return self._derived(node, names=isinstance(node, exp.Column) and not node.table)

    def _ordered(self, node: exp.Expression) -> exp.Expression:
        inner = node.this
        key: exp.Expression
        if isinstance(inner, exp.Literal):
            key = inner.copy()
        elif isinstance(inner, exp.Column) and not inner.table and self._is_listed(inner.name):
            key = column(inner.name)
        else:
            key = self._derived(inner)
        return exp.Ordered(this=key, **{name: value for name, value in node.args.items() if name != "this"})

    def _is_listed(self, name: str) -> bool:
        return name.lower() in {each.lower() for each in self.names}

    def _derived(self, node: exp.Expression, *, names: bool = False) -> exp.Expression:
        return self.held.derive(self._lifted(node, self._column_or_name if names else self._column))

    def _lifted(self, node: exp.Expression, resolve: Callable[[exp.Column], exp.Expression]) -> exp.Expression:
        """Return an expression over the columns of the dataset where query and reflection meet."""
        return _lowered(plain(node, resolve), self.asked.level)

    def _column(self, node: exp.Column) -> exp.Expression:
        qualifier = [node.args[each].name for each in ("catalog", "db", "table") if node.args.get(each)]
        relation = self.asked.relation
        if relation.column(node.name) is None or (qualifier and not relation.answers_to(qualifier)):
            raise NoMatch
        return column(node.name.lower())

    def _column_or_name(self, node: exp.Column) -> exp.Expression:
        """Return a column of the dataset, or else the name of an item of the list."""
        if not node.table and self.asked.relation.column(node.name) is None and self._is_listed(node.name):
            return Named(this=exp.Identifier(this=node.name, quoted=True))
        return self._column(node)


def _lowered(node: exp.Expression, level: Level) -> exp.Expression:
    if any(each.name not in level.outputs for each in node.find_all(exp.Column)):
        raise NoMatch
    return substituted(node, level.outputs)

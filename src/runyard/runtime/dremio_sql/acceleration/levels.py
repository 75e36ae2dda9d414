# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""What a dataset is made of, layer by layer: each view that only chooses, computes and filters is looked through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlglot import exp

from ..catalog import LiveCatalog
from ..column_types import Column, ColumnType
from ..errors import DremioError
from ..translation.aggregate_functions import AGGREGATES, ORDERED
from ..translation.parsing import parsed
from ..translation.relations import path_of
from ..translation.scope import Path_, Relation, View, key_of
from .expressions import NoMatch, column, conjuncts, makes_many, plain, substituted
from .volatility import is_volatile

GROUPING = frozenset({*AGGREGATES, *ORDERED})
PLAIN_PARTS = frozenset({"expressions", "from_", "where", "order", "hint"})
TABLE_PARTS = frozenset({"this", "db", "catalog", "alias"})
DEEPEST = 60
UNKNOWN = ColumnType(name="OTHER")  # of the columns of a query in parentheses


@dataclass(frozen=True, kw_only=True)
class Source:
    """What stands in a FROM by itself."""

    relation: Relation  # its alias, path and columns; of a query in parentheses the types are unknown
    key: Path_ | None  # of a table or view
    body: exp.Expression | None = None  # the query that it stands for
    context: tuple[str, ...] = ()  # where the body's own names are looked up
    named: Mapping[str, object] = field(default_factory=dict)  # the queries of WITH that they may mean first


@dataclass(frozen=True, kw_only=True)
class Level:
    """A dataset that something is made of, and how."""

    key: Path_ | None
    types: Mapping[str, ColumnType]  # of its columns, by their names in small letters
    outputs: Mapping[str, exp.Expression]  # what is made of it: each column over its columns
    predicates: tuple[exp.Expression, ...] = ()  # what holds of the rows that are taken from it


@dataclass
class Looking:
    """Looks through views; remembers what it has seen."""

    catalog: LiveCatalog
    _columns: dict[Path_, tuple[Column, ...]] = field(default_factory=dict)
    _trees: dict[str, exp.Expression] = field(default_factory=dict)
    _layers: dict[Path_, tuple[Level, ...]] = field(default_factory=dict)

    def columns(self, path: Path_) -> tuple[Column, ...]:
        """Return the columns of a table or view."""
        key = key_of(path)
        if key not in self._columns:
            self._columns[key] = self.catalog.columns(path)
        return self._columns[key]

    def at(self, path: Sequence[str], context: Sequence[str] = ()) -> Source:
        """Return the table or view at a path."""
        found = self.catalog.resolved(path, context)
        if found is None:
            raise NoMatch
        candidate, meaning = found
        columns = self.columns(candidate)
        relation = Relation(name="", alias=path[-1], path=tuple(path), columns=columns)
        if not isinstance(meaning, View):
            return Source(relation=relation, key=key_of(candidate))
        body = self.tree(meaning.sql)
        return Source(relation=relation, key=key_of(candidate), body=body, context=meaning.context)

    def tree(self, sql: str) -> exp.Expression:
        """Return a view's text as a tree, which nobody changes; it is read once."""
        if sql not in self._trees:
            self._trees[sql] = parsed(sql)
        return self._trees[sql]

    def layers(self, path: Path_) -> tuple[Level, ...]:
        """Return the layers of a dataset, which are looked at once."""
        key = key_of(path)
        if key not in self._layers:
            self._layers[key] = tuple(self.levels(self.at(path)))
        return self._layers[key]

    def source(self, node: exp.Expression, context: Sequence[str], named: Mapping[str, object]) -> Source:
        """Return what a FROM of one relation holds."""
        if isinstance(node, exp.Table):
            return self._table(node, context, named)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and not _extra(node):
            inner = self._beneath(node.this, context, named)
            names = _called(node) or [name for name, _ in listed(node.this, inner.relation)]
            columns = tuple(Column(name=name, type=UNKNOWN) for name in names)
            relation = Relation(name="", alias=node.alias, path=(), columns=columns)
            return Source(relation=relation, key=None, body=node.this, context=tuple(context), named=named)
        raise NoMatch

    def _table(self, node: exp.Table, context: Sequence[str], named: Mapping[str, object]) -> Source:
        if any(value for name, value in node.args.items() if name not in TABLE_PARTS):
            raise NoMatch
        if isinstance(node.this, exp.Anonymous):
            raise NoMatch
        path = path_of(node)
        if len(path) == 1 and path[0].lower() in named:
            raise NoMatch
        found = self.at(path, context)
        alias = node.args.get("alias")
        if alias is None:
            return found
        if alias.args.get("columns"):
            raise NoMatch
        relation = Relation(name="", alias=alias.name, path=(), columns=found.relation.columns)
        return Source(relation=relation, key=found.key, body=found.body, context=found.context)

    def levels(self, source: Source) -> list[Level]:
        """Return the layers of what stands in a FROM, the uppermost first."""
        names = [each.name.lower() for each in source.relation.columns]
        found = [Level(key=source.key, types=_types(source), outputs={name: column(name) for name in names})]
        while source.body is not None and len(found) < DEEPEST:
            try:
                inner = self._beneath(source.body, source.context, source.named)
                items = _items(source, inner.relation)
                where = source.body.args.get("where")
                predicates = conjuncts(plain(where.this, resolver(inner.relation))) if where else []
                found.append(_lowered(found[-1], inner, items, predicates))
            except (NoMatch, DremioError):
                break
            source = inner
        return found

    def _beneath(self, body: exp.Expression, context: Sequence[str], named: Mapping[str, object]) -> Source:
        """Return what a query is made of, if it only chooses, computes and filters."""
        if not isinstance(body, exp.Select) or any(
            value for name, value in body.args.items() if value and name not in PLAIN_PARTS
        ):
            raise NoMatch
        if body.args.get("from_") is None or is_volatile(body) or _groups(body) or _looks_further(body):
            raise NoMatch
        return self.source(body.args["from_"].this, context, named)


def listed(body: exp.Expression, relation: Relation) -> list[tuple[str, exp.Expression]]:
    """Return the list of a SELECT over one relation with the names that its columns get, stars written out."""
    found: list[tuple[str, exp.Expression]] = []
    for node in body.expressions:
        for name, value in _written_out(node, relation, len(found)):
            found.append((_unique(name, [known for known, _ in found]), value))
    return found


def _written_out(node: exp.Expression, relation: Relation, place: int) -> list[tuple[str, exp.Expression]]:
    star = node if isinstance(node, exp.Star) else node.this if isinstance(node, exp.Column) else None
    if isinstance(star, exp.Star):
        qualifier = [node.args[each].name for each in ("catalog", "db", "table") if node.args.get(each)]
        if any(star.args.values()) or (qualifier and not relation.answers_to(qualifier)):
            raise NoMatch
        return [(each.name, column(each.name)) for each in relation.columns]
    if isinstance(node, exp.Alias):
        return [(node.alias, node.this)]
    return [(node.name if isinstance(node, exp.Column) else f"EXPR${place}", node)]


def _unique(name: str, taken: Sequence[str]) -> str:
    known = {each.lower() for each in taken}
    number, unique = 0, name
    while unique.lower() in known:
        unique, number = f"{name}{number}", number + 1
    return unique


def resolver(relation: Relation) -> Callable[[exp.Column], exp.Expression]:
    """Return what finds a relation's column by how it is written; a name of elsewhere is no match."""

    def resolve(node: exp.Column) -> exp.Expression:
        qualifier = [node.args[each].name for each in ("catalog", "db", "table") if node.args.get(each)]
        if relation.column(node.name) is None or (qualifier and not relation.answers_to(qualifier)):
            raise NoMatch
        return column(node.name.lower())

    return resolve


def _items(source: Source, beneath: Relation) -> dict[str, exp.Expression]:
    """Return what each column of a source is, over the columns beneath it; what cannot be told is left out."""
    values = listed(source.body, beneath) if source.body is not None else []
    items = {}
    for visible, (_, value) in zip(source.relation.columns, values, strict=True):
        with suppress(NoMatch):
            items[visible.name.lower()] = plain(value, resolver(beneath))
    return items


def _types(source: Source) -> dict[str, ColumnType]:
    return {each.name.lower(): each.type for each in source.relation.columns}


def _lowered(
    above: Level, source: Source, items: Mapping[str, exp.Expression], predicates: Sequence[exp.Expression]
) -> Level:
    if not all(_is_known(each, items) for each in above.predicates):
        raise NoMatch
    return Level(
        key=source.key,
        types=_types(source),
        outputs={name: substituted(value, items) for name, value in above.outputs.items() if _is_known(value, items)},
        predicates=(*(substituted(each, items) for each in above.predicates), *predicates),
    )


def _is_known(value: exp.Expression, items: Mapping[str, exp.Expression]) -> bool:
    return all(each.name in items for each in value.find_all(exp.Column))


def _called(node: exp.Expression) -> list[str]:
    alias = node.args.get("alias")
    return [each.name for each in alias.args.get("columns") or ()] if alias else []


def _extra(node: exp.Expression) -> bool:
    return any(value for name, value in node.args.items() if name not in {"this", "alias"})


def _looks_further(body: exp.Expression) -> bool:
    """Tell whether the list of a SELECT makes several rows of one, or asks other queries."""
    return any(each.find(exp.Query) or makes_many(each) for each in body.expressions)


def _groups(body: exp.Expression) -> bool:
    """Tell whether a SELECT makes one row of several, or looks at several for one."""
    if any(True for _ in body.find_all(exp.Window)):
        return True
    return any(str(each.name).upper() in GROUPING for each in body.find_all(exp.Anonymous))

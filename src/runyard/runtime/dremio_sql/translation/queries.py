# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""Queries of Dremio in DuckDB's words: one SELECT, queries joined by UNION and its like, and VALUES."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from ..column_types import Column, ColumnType, quoted, spelling
from ..errors import invalid, unsupported
from .calls import OF_GROUPS, ordered
from .conversions import converted, unified
from .expressions import compiled, is_bare
from .operators import condition
from .relations import join_words, relation_words
from .scope import GROUP, Query, Relation, Scope, Typed

SELECT_PARTS = frozenset(
    {"expressions", "from_", "joins", "where", "group", "having", "qualify", "order", "limit", "offset", "distinct",
     "hint", "with_", "windows"}
)  # fmt: skip
SETS: dict[type[exp.Expression], str] = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


def translated(node: exp.Expression, scope: Scope) -> Query:
    """Return a query in DuckDB's words, with the names and types of its columns."""
    known = QUERIES.get(type(node))
    if known is None:
        raise unsupported(f"{type(node).__name__} is no query that runyard's Dremio engine knows", node)
    words = _named_queries(node, scope)
    query = known(node, scope)
    return Query(sql=f"{words}{query.sql}", columns=query.columns)


def _named_queries(node: exp.Expression, scope: Scope) -> str:
    named = node.args.get("with_")
    if named is None:
        return ""
    if named.args.get("recursive"):
        raise unsupported("WITH RECURSIVE is not known to Dremio", node)
    pieces = []
    for each in named.expressions:
        query = renamed(translated(each.this, scope.beside()), _aliases(each), each)
        name = scope.world.name()
        scope.named[each.alias.lower()] = Relation(name=name, alias=each.alias, path=(), columns=query.columns)
        pieces.append(f"{name} AS ({query.sql})")
    return f"WITH {', '.join(pieces)} "


def _aliases(node: exp.Expression) -> list[str]:
    alias = node.args.get("alias")
    return [each.name for each in alias.args.get("columns") or ()] if alias else []


def renamed(query: Query, names: Sequence[str], node: exp.Expression) -> Query:
    """Return a query with other names of its columns, if there are any."""
    if not names:
        return query
    if len(names) != len(query.columns):
        raise invalid(f"{len(names)} names are given for {len(query.columns)} columns", node)
    columns = tuple(Column(name=name, type=each.type) for name, each in zip(names, query.columns, strict=True))
    words = ", ".join(quoted(each.name) for each in columns)
    return Query(sql=f"SELECT * FROM ({query.sql}) AS renamed({words})", columns=columns)


@dataclass(kw_only=True)
class Block:
    """The list of one SELECT while it is made."""

    scope: Scope
    items: list[tuple[str, Typed]] = field(default_factory=list)
    met: dict[str, Counter[str]] = field(default_factory=dict)  # what the items are made of, by small names
    written: list[tuple[exp.Expr, int]] = field(default_factory=list)  # items, without their names, by number

    def add(self, node: exp.Expression) -> None:
        """Add an item of the list, or all that a star stands for."""
        if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
            self._add_star(node)
        else:
            before = Counter(self.scope.met)
            value = compiled(node.this if isinstance(node, exp.Alias) else node, self.scope)
            self._add(self._name(node), value)
            self.written.append((node.unalias(), len(self.items)))
            self.met[self.items[-1][0].lower()] = self.scope.met - before

    def _add_star(self, node: exp.Expression) -> None:
        star = node if isinstance(node, exp.Star) else node.this
        if any(star.args.values()):
            raise unsupported("SELECT * with EXCLUDE, REPLACE or RENAME is not known to Dremio", node)
        qualifier = [node.args[each].name for each in ("catalog", "db", "table") if node.args.get(each)]
        for name, value in self.scope.star(qualifier, node):
            self._add(name, value)

    def _name(self, node: exp.Expression) -> str:
        if isinstance(node, exp.Alias):
            return node.alias
        if isinstance(node, exp.Column) and not is_bare(node):
            return node.name
        is_field = isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier)
        return node.expression.name if is_field else f"EXPR${len(self.items)}"

    def _add(self, name: str, value: Typed) -> None:
        taken = {known.lower() for known, _ in self.items}
        number, unique = 0, name
        while unique.lower() in taken:
            unique, number = f"{name}{number}", number + 1
        self.items.append((unique, value))

    def place(self, node: exp.Expression) -> int | None:
        """Return the number of the item that ORDER BY or GROUP BY means by a number or an alias."""
        if isinstance(node, exp.Literal) and not node.is_string:
            if not node.name.isdigit() or not 1 <= int(node.name) <= len(self.items):
                raise invalid(f"The position {node.name} is not in the list of the SELECT", node)
            return int(node.name)
        if isinstance(node, exp.Column) and not node.table:
            names = [name.lower() for name, _ in self.items]
            return names.index(node.name.lower()) + 1 if node.name.lower() in names else None
        return None

    def repeated(self, node: exp.Expr) -> int | None:
        """Return the number of the item that GROUP BY means by writing it again.

        Its own name within it would be it once more for Dremio, which would refuse the item as not grouped.
        """
        return next((number for written, number in self.written if written == node), None)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that the SELECT brings."""
        return tuple(Column(name=name, type=value.type) for name, value in self.items)

    @property
    def words(self) -> str:
        """The list in DuckDB's words."""
        return ", ".join(f"{value.sql} AS {quoted(name)}" for name, value in self.items)


def _select(node: exp.Expression, scope: Scope) -> Query:
    query = select(node, scope, _from)
    acceleration = scope.world.acceleration
    return query if acceleration is None or _hides(node, scope) else acceleration.block(node, scope, query)


def _hides(node: exp.Expression, scope: Scope) -> bool:
    """Tell whether a name of the list is one of a column too, and a clause speaks of it: nothing proves what holds."""
    columns = {column.name.lower() for each in scope.relations for column in each.columns}
    names = {each.alias.lower() for each in node.expressions if isinstance(each, exp.Alias)} & columns
    clauses = [node.args[name] for name in ("group", "having") if node.args.get(name)]
    clauses += [each.this for each in (node.args["order"].expressions if node.args.get("order") else ())]
    repeated = [each.unalias() for each in node.expressions if not isinstance(each.unalias(), exp.Column)]
    spoken = [
        one
        for each in clauses
        if not isinstance(each, exp.Column)
        for one in each.walk(prune=lambda part: part in repeated)
        if isinstance(one, exp.Column)
    ]
    return any(not one.table and one.name.lower() in names for one in spoken)


def select(node: exp.Expression, scope: Scope, from_words: Callable[[exp.Expression, Scope], str]) -> Query:
    """Return one SELECT over what `from_words` puts into the scope."""
    extra = [name for name, value in node.args.items() if value and name not in SELECT_PARTS]
    if extra:
        raise unsupported(f"SELECT with {', '.join(extra)} has no faithful translation", node)
    source = from_words(node, scope)
    scope.windows = {each.name.lower(): each for each in node.args.get("windows") or ()}
    block = Block(scope=scope)
    for each in node.expressions:
        block.add(each)
    pieces = [f"SELECT {_distinct(node)}{block.words}{source}", *_clauses(node, block)]
    return Query(sql=" ".join(piece for piece in pieces if piece), columns=block.columns)


def _from(node: exp.Expression, scope: Scope) -> str:
    source = node.args.get("from_")
    if source is None:
        return ""
    words = relation_words(source.this, scope, translated)
    for join in node.args.get("joins") or ():
        words += join_words(join, scope, translated)
    return f" FROM {words}"


def _distinct(node: exp.Expression) -> str:
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        raise unsupported("DISTINCT ON is not known to Dremio", node)
    return "DISTINCT " if distinct else ""


def _clauses(node: exp.Expression, block: Block) -> list[str]:
    pieces = []
    for name, word in (("where", "WHERE"), ("group", ""), ("having", "HAVING"), ("qualify", "QUALIFY")):
        clause = node.args.get(name)
        if clause is None:
            continue
        if name == "group":
            pieces.append(_group(clause, block))
        else:
            pieces.append(f"{word} {condition(_condition(clause.this, block, name), clause)}")
    pieces.append(_order(node, block))
    return [*pieces, _limit(node)]


def _condition(node: exp.Expression, block: Block, clause: str) -> Typed:
    """Return a condition; HAVING and QUALIFY see the names of the list too."""
    if clause == "where":
        if _aggregates(node):
            raise invalid("Aggregate expression is illegal in WHERE clause", node)
        return compiled(node, block.scope)
    return compiled(node, _naming(block, first=clause == "having" and not _aggregates(node)))


def _naming(block: Block, *, first: bool, hidden: Collection[str] = ()) -> Scope:
    """Return a scope that knows the names of the list, before those of columns or where no column has them."""
    inner = block.scope.within()
    inner.outer, inner.relations, inner.windows = block.scope.outer, block.scope.relations, block.scope.windows
    columns = {column.name.lower() for each in inner.relations for column in each.columns}
    known = columns & set(hidden) if first else columns
    inner.merged = block.scope.merged | {
        name.lower(): (name, value) for name, value in block.items if name.lower() not in known
    }
    inner.listed = block.met
    return inner


def _sorting(node: exp.Expression, block: Block, *, distinct: bool) -> str:
    """Return a key of ORDER BY, in which a name is one of the list first, but no aggregate within an aggregate."""
    place = block.place(node)
    if place:
        return str(place)
    hidden = [name for name, met in block.met.items() if met[GROUP]] if _aggregates(node) else ()
    scope = _naming(block, first=True, hidden=hidden)
    value = compiled(node, scope)
    if distinct:
        _check_listed(node, value, block, scope)
    return by_value(value)


def _check_listed(node: exp.Expression, value: Typed, block: Block, scope: Scope) -> None:
    """Refuse a key of which one distinct row could have several."""
    listed = {item.sql for _, item in block.items}
    if value.sql in listed:
        return
    for column in node.find_all(exp.Column):
        if not is_bare(column) and compiled(column, scope).sql not in listed:
            raise invalid(f"Expression '{column.sql(dialect='dremio')}' is not in the select clause", column)


def by_value(value: Typed) -> str:
    """Return a key, which DuckDB takes for the number of an item where it is a plain number, or refuses as a text."""
    plain = value.text is not None or re.fullmatch(r"-?\d+", value.sql)
    return f"CAST({value.sql} AS {spelling(value.type)})" if plain else value.sql


def _aggregates(node: exp.Expression) -> bool:
    """Tell whether an aggregate is written in an expression, beside the queries in it."""
    within = node.walk(prune=lambda each: isinstance(each, exp.Query))
    return any(isinstance(each, exp.Anonymous) and str(each.name).upper() in OF_GROUPS for each in within)


def _group(node: exp.Expression, block: Block) -> str:
    if any(node.args.get(name) for name in ("totals", "all")):
        raise unsupported("GROUP BY with these words has no faithful translation", node)
    nested = [each for name in ("grouping_sets", "cube", "rollup") for each in node.args.get(name) or ()]
    pieces = [_grouping(each, block) for each in (*node.expressions, *nested)]
    return f"GROUP BY {', '.join(pieces)}"


GROUPINGS: dict[type[exp.Expression], str] = {exp.Rollup: "ROLLUP", exp.Cube: "CUBE", exp.GroupingSets: "GROUPING SETS"}


def _grouping(node: exp.Expression, block: Block) -> str:
    if type(node) in GROUPINGS:
        return f"{GROUPINGS[type(node)]} ({', '.join(_grouping(each, block) for each in node.expressions)})"
    if isinstance(node, exp.Tuple):
        return f"({', '.join(_grouping(each, block) for each in node.expressions)})"
    place = block.place(node) or block.repeated(node)
    if place is None:
        return by_value(compiled(node, _naming(block, first=True)))
    if block.met.get(block.items[place - 1][0].lower(), Counter())[GROUP]:
        raise invalid("Aggregate expression is illegal in GROUP BY clause", node)
    if isinstance(node.parent, exp.Group):
        return str(place)
    key = block.items[place - 1][1]
    if by_value(key) != key.sql:  # it is NULL in the rows of its subtotals, which DuckDB does not see of a constant
        raise unsupported("A constant within ROLLUP, CUBE or GROUPING SETS has no faithful translation", node)
    return key.sql


def _order(node: exp.Expression, block: Block) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    pieces = []
    for each in order.expressions:
        if each.args.get("with_fill"):
            raise unsupported("ORDER BY WITH FILL has no faithful translation", each)
        pieces.append(ordered(each, _sorting(each.this, block, distinct=bool(node.args.get("distinct")))))
    return f"ORDER BY {', '.join(pieces)}"


def _limit(node: exp.Expression) -> str:
    pieces = []
    limit, offset = node.args.get("limit"), node.args.get("offset")
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
            raise unsupported("FETCH with PERCENT or WITH TIES has no faithful translation", node)
        pieces.append(f"LIMIT {_count(limit.args.get('count'), node)}")
    elif limit is not None and limit.expression.name.lower() != "all":
        pieces.append(f"LIMIT {_count(limit.expression, node)}")
    if offset is not None:
        pieces.append(f"OFFSET {_count(offset.expression, node)}")
    return " ".join(pieces)


def _count(node: exp.Expression | None, around: exp.Expression) -> int:
    if not isinstance(node, exp.Literal) or not node.name.isdigit():
        raise unsupported("LIMIT, OFFSET and FETCH take a literal whole number", node or around)
    return int(node.name)


def _set(node: exp.Expression, scope: Scope) -> Query:
    left = translated(node.this, scope.beside())
    right = translated(node.expression, scope.beside())
    if len(left.columns) != len(right.columns):
        raise invalid(
            f"Column count mismatch in {SETS[type(node)]}: {len(left.columns)} and {len(right.columns)}", node
        )
    if node.args.get("by_name") or node.args.get("side") or node.args.get("on"):
        raise unsupported(f"{SETS[type(node)]} BY NAME is not known to Dremio", node)
    kinds = [_shared(one.type, other.type, node) for one, other in zip(left.columns, right.columns, strict=True)]
    word = SETS[type(node)] + ("" if node.args.get("distinct") else " ALL")
    columns = tuple(Column(name=each.name, type=kind) for each, kind in zip(left.columns, kinds, strict=True))
    words = f"({_as_types(left, kinds, node)}) {word} ({_as_types(right, kinds, node)})"
    return _ordered_set(node, Query(sql=words, columns=columns), scope)


def _shared(left: ColumnType, right: ColumnType, node: exp.Expression) -> ColumnType:
    return unified([Typed(sql="a", type=left), Typed(sql="b", type=right)], node)[0].type


def _as_types(query: Query, kinds: Sequence[ColumnType], node: exp.Expression) -> str:
    if all(column.type == kind for column, kind in zip(query.columns, kinds, strict=True)):
        return query.sql
    values = [
        converted(Typed(sql=f"one.{quoted(column.name)}", type=column.type), kind, node).sql
        + f" AS {quoted(column.name)}"
        for column, kind in zip(query.columns, kinds, strict=True)
    ]
    return f"SELECT {', '.join(values)} FROM ({query.sql}) AS one"


def _ordered_set(node: exp.Expression, query: Query, scope: Scope) -> Query:
    if not any(node.args.get(name) for name in ("order", "limit", "offset")):
        return query
    relation = Relation(name=scope.world.name(), alias="", path=(), columns=query.columns)
    inner = scope.beside()
    inner.relations.append(relation)
    block = Block(scope=inner, items=[(each.name, relation.shown(each)) for each in query.columns])
    words = f"SELECT * FROM ({query.sql}) AS {relation.name} {_order(node, block)} {_limit(node)}"
    return Query(sql=words, columns=query.columns)


def _values(node: exp.Expression, scope: Scope) -> Query:
    rows = [each.expressions if isinstance(each, exp.Tuple) else [each] for each in node.expressions]
    if len({len(each) for each in rows}) != 1:
        raise invalid("The rows of VALUES differ in length", node)
    inner = scope.beside()
    cells = [unified([compiled(cell, inner) for cell in column], node) for column in zip(*rows, strict=True)]
    lines = ["(" + ", ".join(cell.sql for cell in line) + ")" for line in zip(*cells, strict=True)]
    columns = tuple(Column(name=f"EXPR${place}", type=column[0].type) for place, column in enumerate(cells))
    names = ", ".join(quoted(each.name) for each in columns)
    query = Query(sql=f"SELECT * FROM (VALUES {', '.join(lines)}) AS rows_({names})", columns=columns)
    return _ordered_set(node, renamed(query, _aliases(node), node), scope)


def _parenthesised(node: exp.Expression, scope: Scope) -> Query:
    if isinstance(node.this, exp.Table):
        raise unsupported("A table in parentheses is no query", node)
    inner = translated(node.this, scope.beside())
    return _ordered_set(node, Query(sql=f"({inner.sql})", columns=inner.columns), scope)


QUERIES: dict[type[exp.Expression], Callable[[exp.Expression, Scope], Query]] = {
    exp.Select: _select,
    exp.Union: _set,
    exp.Intersect: _set,
    exp.Except: _set,
    exp.Values: _values,
    exp.Subquery: _parenthesised,
}

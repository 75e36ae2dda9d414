# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""A query in DuckDB's words as one in Spark's: only what means the same there, to the last digit and the last error.

Spark Connect engines differ: Sail adds whole numbers without looking whether they still fit, and all of them turn
doubles into texts and whole numbers in their own ways. What rests on that is refused, with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import sqlglot
from sqlglot import exp

from .errors import DremioError, unsupported

SAME: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Join,
    exp.Subquery, exp.With, exp.CTE, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star,
    exp.Paren, exp.Literal, exp.Null, exp.Boolean, exp.DataType, exp.DataTypeParam, exp.Distinct, exp.Union,
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between,
    exp.Exists, exp.Case, exp.If, exp.Coalesce, exp.Sum, exp.Count, exp.Min, exp.Max, exp.Year, exp.Substring,
    exp.Cast, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Like,
)  # fmt: skip
ELSEWHERE = "{what} has no translation that is sure to mean the same on the engine {engine}; run it on another one"
FLOATS = frozenset({"DOUBLE", "FLOAT"})
INEXACT = FLOATS | {"DECIMAL"}
WHOLE = frozenset({"INTEGER", "BIGINT", "SMALLINT", "TINYINT"})
UNKNOWN = "UNKNOWN"
WHOLE_SUM = "DECIMAL(20, 0)"  # of a BIGINT, so that its sum is never beyond what it can hold


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A query in Spark's words, and the files that its tables are."""

    sql: str
    files: Mapping[str, tuple[str, ...]]


@dataclass(kw_only=True)
class Rewriting:
    """One query on its way to an engine."""

    engine: str
    database: duckdb.DuckDBPyConnection  # that works constants out, and knows the columns of files
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=dict)  # types by name, over all files
    aliases: dict[str, list[exp.Expr]] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)  # casts that we have written

    def refuse(self, node: exp.Expr, what: str = "") -> DremioError:
        """Return the refusal of a part of the query."""
        told = what or f"{type(node).__name__} ({node.sql(dialect='duckdb')[:60]})"
        return unsupported(ELSEWHERE.format(what=told, engine=self.engine))


def spark_words(sql: str, engine: str, database: duckdb.DuckDBPyConnection) -> Remote | None:
    """Return a translated query in Spark's words; refuse what might mean something else there.

    None of what reads nothing but what it says itself, as the catalog's own tables do: no engine is needed for it.
    """
    rewriting = Rewriting(engine=engine, database=database)
    tree = sqlglot.parse_one(sql, read="duckdb")
    if not _reads(tree):
        return None
    for file in list(tree.find_all(exp.ReadParquet)):
        _leave_unread(file, tree)
        _file(file, rewriting)
    for moment in list(tree.find_all(exp.Cast, exp.TimestampTrunc)):
        _constant(moment, rewriting)
    for total in list(tree.find_all(exp.Sum)):
        _sum(total, rewriting)
    for name, value in _named(tree):
        rewriting.aliases.setdefault(name, []).append(value)
    for node in tree.walk():
        if not isinstance(node, SAME):
            raise rewriting.refuse(node)
        for kind, check in CHECKS.items():
            if isinstance(node, kind):
                check(node, rewriting)
    return Remote(sql=tree.sql(dialect="spark"), files=rewriting.files)


def _reads(tree: exp.Expr) -> bool:
    """Tell whether a query reads anything beside the queries that stand in it."""
    own = {each.alias for each in tree.find_all(exp.CTE)}
    return any(not isinstance(each.this, exp.Identifier) or each.name not in own for each in tree.find_all(exp.Table))


def _named(tree: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """Yield the names that values get: their own, and those that stand behind a query."""
    for alias in tree.find_all(exp.Alias):
        yield alias.alias, alias.this
    for query in tree.find_all(exp.Subquery, exp.CTE):
        names, values = query.alias_column_names, query.this.selects
        if len(names) == len(values):
            yield from ((name, each.unalias()) for name, each in zip(names, values, strict=True))


def _leave_unread(file: exp.Expr, tree: exp.Expr) -> None:
    """Drop the columns of a file that nothing reads, so that what their values need is no matter; one stays."""
    select = file.find_ancestor(exp.Select)
    source = select.parent if select is not None else None
    if select is None or not isinstance(source, exp.Subquery):
        return
    around, names = source.find_ancestor(exp.Select), source.alias_column_names
    if around is None or around.is_star or len(names) != len(select.selects):
        return
    read = {each.name for each in tree.find_all(exp.Column) if each.table == source.alias}
    kept = [place for place, name in enumerate(names) if name in read] or _plainest(select.selects)
    select.set("expressions", [select.selects[place] for place in kept])
    alias = source.args["alias"]
    alias.set("columns", [alias.columns[place] for place in kept])


def _plainest(values: Sequence[exp.Expr]) -> list[int]:
    """Return the place of a value that is a column as it lies in its file, if there is one."""
    plain = [place for place, each in enumerate(values) if isinstance(each.unalias(), exp.Column)]
    return (plain or [0])[:1]


def _file(node: exp.Expr, rewriting: Rewriting) -> None:
    """Put a name in the place of a function that reads files, and remember them."""
    table = node.parent
    options = {each.this.name: each.expression.sql() for each in node.find_all(exp.EQ, exp.PropertyEQ)}
    listed = node.find(exp.Array)
    if not isinstance(table, exp.Table) or listed is None or options.get("filename", "false").lower() != "false":
        raise rewriting.refuse(node, "A folder of folders")
    paths = tuple(each.name for each in listed.expressions)
    if any(letter in path for path in paths for letter in "*?[{"):
        raise rewriting.refuse(node, "A file whose name is a pattern")
    name = next((known for known, files in rewriting.files.items() if files == paths), f"file_{len(rewriting.files)}")
    table.set("this", exp.to_identifier(name))
    if name not in rewriting.files:
        rewriting.files[name] = paths
        described = rewriting.database.execute(f"SELECT * FROM {node.sql(dialect='duckdb')} LIMIT 0").description
        for column, kind, *_ in described:
            rewriting.columns.setdefault(column, set()).add(str(kind).partition("(")[0].upper())


def _constant(node: exp.Expr, rewriting: Rewriting) -> None:
    """Put what a calculation with moments comes to in its place, where it rests on nothing but what is written."""
    if isinstance(node, exp.TimestampTrunc):
        target, is_plain = "TIMESTAMP", node.text("unit").upper() != "MILLISECONDS"  # as each is cut that is written
    else:
        target, is_plain = node.args["to"].this.name, isinstance(node.this, exp.Literal | exp.Null)
    if target not in {"DATE", "TIMESTAMP"} or is_plain or node.find(exp.Column, exp.Select) or node.parent is None:
        return
    found = rewriting.database.execute(f"SELECT CAST({node.sql(dialect='duckdb')} AS VARCHAR)").fetchall()[0][0]
    node.replace(exp.cast(exp.Literal.string(found), target))


def _sum(node: exp.Sum, rewriting: Rewriting) -> None:
    """Let whole numbers be added as decimals: their sum is cast to BIGINT, or to a decimal without scale, by us."""
    around = node.parent
    target = around.args["to"].sql() if isinstance(around, exp.Cast) else ""
    if target in {"BIGINT", "DECIMAL(38, 0)"} and not isinstance(node.this, exp.Distinct):
        widened = exp.cast(node.this.copy(), WHOLE_SUM)
        rewriting.own.add(id(widened))
        node.set("this", widened)


def _cast(node: exp.Expr, rewriting: Rewriting) -> None:
    """Allow casts that we have made ourselves, or that every engine carries out alike."""
    target, inner = node.args["to"].this.name, node.this.unnest()
    if id(node) in rewriting.own or _is_of_files(node) or target in FLOATS or isinstance(inner, exp.Sum | exp.Count):
        return
    if isinstance(inner, exp.Literal | exp.Null) or (target == "DECIMAL" and _is_number(inner, rewriting)):
        return
    if isinstance(inner, exp.Column) and inner.table == "answer":
        return  # of the whole: to the type that it has
    if isinstance(inner, exp.Year) or (isinstance(inner, exp.Cast) and isinstance(inner.this.unnest(), exp.Sum)):
        return
    raise rewriting.refuse(node)


def _is_of_files(node: exp.Expr) -> bool:
    """Tell whether a cast stands where a file is read, whose types only we have normalized."""
    select = node.find_ancestor(exp.Select)
    source = select.args.get("from_") if select is not None else None
    return source is not None and isinstance(source.this, exp.Table) and source.this.name.startswith("file_")


def _arithmetic(node: exp.Expr, rewriting: Rewriting) -> None:
    """Refuse what may be arithmetic of whole numbers: not every engine tells when they no longer fit."""
    if not _is_inexact(node, rewriting):
        raise rewriting.refuse(node, f"The arithmetic of {node.sql(dialect='duckdb')[:60]}, unless of decimals,")


def _is_inexact(node: exp.Expr, rewriting: Rewriting) -> bool:
    """Tell whether a value is a decimal or a double, by what is written and by the columns of the files."""
    inner = node.unnest()
    if isinstance(inner, exp.Cast):
        return inner.args["to"].this.name in INEXACT
    if isinstance(inner, exp.Add | exp.Sub | exp.Mul):
        return _is_inexact(inner.this, rewriting) or _is_inexact(inner.expression, rewriting)
    if isinstance(inner, exp.Column):
        return _column_types(inner.name, rewriting) <= INEXACT
    return isinstance(inner, exp.Sum | exp.Min | exp.Max) and _is_inexact(inner.this, rewriting)


def _is_number(node: exp.Expr, rewriting: Rewriting) -> bool:
    """Tell whether a value is a whole number or a decimal, which becomes another decimal everywhere alike."""
    known = node.unnest()
    return isinstance(known, exp.Column) and _column_types(known.name, rewriting) <= {*WHOLE, "DECIMAL"}


def _column_types(name: str, rewriting: Rewriting) -> set[str]:
    """Return the types that columns of this name have, wherever they are; one type that none has, if unknown."""
    found = set(rewriting.columns.get(name, ()))
    for one in rewriting.aliases.get(name, ()):
        inner = one.unnest()
        if not (isinstance(inner, exp.Column) and inner.name == name):
            found |= {"DECIMAL"} if not isinstance(inner, exp.Column) and _is_inexact(inner, rewriting) else {UNKNOWN}
    return found or {UNKNOWN}


def _division(node: exp.Expr, rewriting: Rewriting) -> None:
    """Allow divisions of doubles alone; decimals are divided by a way of our own, which only we know."""
    sides = [each.unnest() for each in (node.this, node.expression)]
    if not all(isinstance(side, exp.Cast) and side.args["to"].this.name == "DOUBLE" for side in sides):
        raise rewriting.refuse(node)


def _extreme(node: exp.Expr, rewriting: Rewriting) -> None:
    """Refuse the largest and the smallest of what may be NaN, which some engines leave out."""
    if _may_be_float(node.this, rewriting, frozenset()):
        raise rewriting.refuse(node, f"{node.sql(dialect='duckdb')[:60]} of what may be NaN")


def _count(node: exp.Expr, rewriting: Rewriting) -> None:
    """Refuse to count different doubles: 0 and -0 are two of them on some engines."""
    if isinstance(node.this, exp.Distinct) and _may_be_float(node.this, rewriting, frozenset()):
        raise rewriting.refuse(node, f"{node.sql(dialect='duckdb')[:60]} of what may be -0")


def _may_be_float(node: exp.Expr, rewriting: Rewriting, seen: frozenset[str]) -> bool:
    """Tell whether a value rests on doubles, or on what is not known."""
    if node.find(exp.Div) or any(each.args["to"].this.name in FLOATS for each in node.find_all(exp.Cast)):
        return True
    for name in {each.name for each in node.find_all(exp.Column)} - seen:
        types, values = rewriting.columns.get(name, set()), rewriting.aliases.get(name, [])
        if types & FLOATS or not (types or values):
            return True
        if any(_may_be_float(each, rewriting, seen | {name}) for each in values):
            return True
    return False


def _like(node: exp.Expr, rewriting: Rewriting) -> None:
    """Refuse patterns with a backslash, which only some engines take for an escape."""
    if not isinstance(node.expression.unnest(), exp.Literal) or "\\" in node.expression.name:
        raise rewriting.refuse(node)


CHECKS: Mapping[type[exp.Expr], Callable[[exp.Expr, Rewriting], None]] = {
    exp.Cast: _cast,
    exp.Add: _arithmetic,
    exp.Sub: _arithmetic,
    exp.Mul: _arithmetic,
    exp.Div: _division,
    exp.Like: _like,
    exp.Count: _count,
    exp.Max: _extreme,
    exp.Min: _extreme,
}
"""What of the kinds above is looked at more closely."""

"""How a query is answered: its tree with every table, document and word put in terms of what the database has."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from runyard.sql import documents, kinds, predicates, stars
from runyard.sql.binds import Binds
from runyard.sql.catalog import Catalog, Resource
from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.local.tables import LocalTable
from runyard.sql.results import Heading
from runyard.sql.sources import (
    Function,
    Inner,
    Occurrence,
    Source,
    Sources,
    columns_in,
    function_columns,
    function_name,
)

DEEPEST_VIEW = 20
_NONCE = secrets.token_hex(8)  # so that no text of a user's is taken for a mark of ours
_MARK = re.compile(f'"{_NONCE} ([0-9]+)"')


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A table that a service must be asked for, under the name that the plan reads it by."""

    name: str
    resource: Resource
    connection: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A query that the database can run."""

    sql: str
    headings: tuple[Heading, ...]
    parameters: tuple[str, ...]  # the type of each bind
    names: tuple[str, ...]  # what the text calls each bind
    remotes: tuple[Remote, ...] = ()
    occurrences: tuple[Occurrence, ...] = ()
    tree: exp.Expr
    scans: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a query may name."""

    catalog: Catalog
    tables: Mapping[str, LocalTable]  # by path
    view: Callable[[str], exp.Expr | None] = lambda _: None  # the query of a view, by its dotted name in lower case


def plan(tree: exp.Expr, around: Surroundings) -> Plan:
    """Return how a query is answered here."""
    tree = _with_views(tree.copy(), around, depth=0)
    binds = Binds(tree)
    _name_sources(tree)
    sources = _sources(tree, around)
    for scope in sources.scopes:
        for column in columns_in(scope):
            sources.use(scope, column)
    stars.expand(sources)
    headings = kinds.headings(tree, sources)
    kinds.tell_binds(sources, binds)
    documents.rewrite(sources)
    predicates.rewrite(sources)
    return _finished(tree, sources, headings=headings, binds=binds)


def _finished(tree: exp.Expr, sources: Sources, *, headings: tuple[Heading, ...], binds: Binds) -> Plan:
    scans = []
    for number, one in enumerate(sources.occurrences):
        scans.append(_scan(one))
        one.node.set("this", exp.to_identifier(f"{_NONCE} {number}", quoted=True))
        one.node.set("db", None)
        one.node.set("catalog", None)
    text = LANGUAGE.generate(tree)
    return Plan(
        sql=_MARK.sub(lambda found: f"({scans[int(found[1])]})", text),
        headings=headings,
        parameters=binds.types,
        names=binds.names,
        occurrences=tuple(sources.occurrences),
        tree=tree,
        scans=tuple(scans),
    )


def _scan(one: Occurrence) -> str:
    assert one.table is not None  # noqa: S101 - remotes are told apart before
    return one.table.scan(one.used)


def _with_views(tree: exp.Expr, around: Surroundings, *, depth: int) -> exp.Expr:
    """Put the queries of views in their places."""
    if depth > DEEPEST_VIEW:
        raise SqlError(SYNTAX_ERROR, f"Views stand on views more than {DEEPEST_VIEW} deep; one of them reads itself.")
    hidden = {one.alias_or_name.lower() for one in tree.find_all(exp.CTE)}
    for node in list(tree.find_all(exp.Table)):
        name = dotted(node)
        if isinstance(node.this, exp.Func) or (not node.args.get("db") and name in hidden):
            continue
        query = around.view(name)
        if query is not None:
            inside = _with_views(query.copy(), around, depth=depth + 1)
            alias = node.alias or node.name
            node.replace(exp.Subquery(this=inside, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))))
    return tree


def dotted(node: exp.Table) -> str:
    """Return the name of a table as it was written, in lower case."""
    return ".".join(part.name for part in node.parts if isinstance(part, exp.Identifier)).lower()


def _name_sources(tree: exp.Expr) -> None:
    """Give every source an alias, and columns no longer qualifier than that."""
    spelled = {one.alias_or_name.lower(): one.alias_or_name for one in tree.find_all(exp.CTE)}
    for node in tree.find_all(exp.Table):
        if isinstance(node.this, exp.Func):
            name = function_name(node.this)
        else:
            name = node.name
            if not node.args.get("db") and name.lower() in spelled:
                node.set("this", exp.to_identifier(spelled[name.lower()], quoted=True))
                if not node.alias and name != spelled[name.lower()]:
                    node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
                continue
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    for join in tree.find_all(exp.Join):
        if join.kind == "CROSS" or isinstance(join.args.get("on"), exp.Boolean):
            # SQLite reads CROSS JOIN as an order of its own; a comma asks for none.
            join.set("kind", None)
            join.set("on", join.args.get("on") or exp.Boolean(this=True))


def _sources(tree: exp.Expr, around: Surroundings) -> Sources:
    sources = Sources(tree)
    for scope in sources.scopes:
        for alias, (node, source) in scope.selected_sources.items():
            sources.add(scope, alias, _source(scope, alias, node, source, around))
    return sources


def _source(scope: Scope, alias: str, node: exp.Expr, source: exp.Expr | Scope, around: Surroundings) -> Source:
    if isinstance(source, Scope):
        return Inner(scope=source, names=_renamed(node) or _renamed(source.expression.parent))
    assert isinstance(source, exp.Table)  # noqa: S101 - what else sqlglot knows, parsing refuses
    columns = function_columns(source)
    if columns is not None:
        return Function(columns=columns)
    resource = around.catalog.resource(part.name for part in source.parts)
    table = around.tables.get(resource.path)
    return Occurrence(node=source, alias=alias, scope=scope, resource=resource, table=table)


def _renamed(node: exp.Expr | None) -> tuple[str, ...]:
    """Return the names that an alias gives to the columns: `AS t (a, b)`."""
    alias = node.args.get("alias") if node is not None else None
    return tuple(one.name.lower() for one in alias.columns) if isinstance(alias, exp.TableAlias) else ()

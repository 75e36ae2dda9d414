"""How a query is answered: its tree with every table, document and word put in terms of what the database has."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from runyard.client.connections import LOCAL
from runyard.dialects.aws.account import DEFAULT_REGION
from runyard.sql.catalog import Catalog, Resource, unqualified
from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.local.tables import LocalTable, Reading, quoted
from runyard.sql.planning import documents, kinds, narrowing, predicates, stars, summing
from runyard.sql.planning.binds import Binds
from runyard.sql.planning.called import Called
from runyard.sql.planning.lists import as_queries, never_empty
from runyard.sql.planning.sources import (
    Function,
    Inner,
    Occurrence,
    Source,
    Sources,
    columns_in,
    function_columns,
    function_name,
)
from runyard.sql.results import Heading

DEEPEST_VIEW = 20
_NONCE = secrets.token_hex(8)  # so that no text of a user's is taken for a mark of ours
_MARK = re.compile(f'"{_NONCE} ([0-9]+)"')


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A table that a service must be asked for, under the name that the plan's SQL reads it by."""

    name: str
    resource: Resource
    connection: str | None  # None: the default one of its service


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A query that the database can run."""

    sql: str
    headings: tuple[Heading, ...]
    parameters: tuple[str, ...]  # the type of each bind
    names: tuple[str, ...]  # the number or name of each bind
    remotes: tuple[Remote, ...] = ()
    scans: tuple[tuple[str, str], ...] = ()  # the path of every table that is read, and how
    columns: tuple[str, ...] = ()  # the names that its tables have
    reads_kept: bool = False  # of materialized views
    naming: tuple[str, ...] = ()  # binds that name connections: a plan for their values is another one
    called: tuple[Called, ...] = ()  # the answers of calls that it reads

    @property
    def is_of_ledger(self) -> bool:
        """Whether the ledger is all that it reads."""
        return not (self.remotes or self.reads_kept or self.called)

    @cached_property
    def binds(self) -> tuple[tuple[str, str], ...]:
        """The names and types of the binds."""
        return tuple(zip(self.names, self.parameters, strict=True))


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a query may name."""

    catalog: Catalog
    tables: Mapping[str, LocalTable]  # by path
    view: Callable[[str], exp.Expr | None] = lambda _: None  # the query of a view, by its dotted name in lower case
    kept: Callable[[str], LocalTable | None] = lambda _: None  # the rows of a materialized view, by its name
    called: Mapping[str, Called] = field(default_factory=dict)  # the answers of calls, by the names in the tree
    is_here: Callable[[str | None], bool] = lambda _: True  # whether a connection's name means this server
    counts_phases: bool = True  # see Reading
    region: str = DEFAULT_REGION  # of this server, for those who ask by region

    def region_or_local(self, resource: Resource) -> str:
        """Return what this server is called where nobody names it."""
        return self.region if resource.connection == "region" else LOCAL


def plan(tree: exp.Expr, around: Surroundings) -> Plan:
    """Return how a query is answered here."""
    tree = _with_views(tree.copy(), around, depth=0)
    binds = Binds(tree)
    _name_sources(tree)
    sources = _sources(tree, around)
    stars.expand(sources)
    headings = kinds.headings(tree, sources)
    kinds.tell_binds(sources, binds)
    naming = narrowing.narrow(sources, around.is_here)
    documents.rewrite(sources)
    predicates.rewrite(sources)
    for scope in sources.scopes:  # not before: what was put better is not asked for any more
        for column in columns_in(scope):
            sources.use(scope, column)
    summing.sum_up(sources)
    scans = _Scans(around)
    texts = [scans.text(one) for one in sources.occurrences]
    if scans.remotes:
        never_empty(tree)
    for number, one in enumerate(sources.occurrences):
        one.node.set("this", exp.to_identifier(f"{_NONCE} {number}", quoted=True))
        one.node.set("db", None)
        one.node.set("catalog", None)
    return Plan(
        sql=_MARK.sub(lambda found: texts[int(found[1])], LANGUAGE.generate(tree, normalize_functions=False)),
        headings=headings,
        parameters=binds.types,
        names=binds.names,
        remotes=tuple(scans.remotes),
        scans=tuple(zip((one.resource.path for one in sources.occurrences), texts, strict=True)),
        columns=tuple(dict.fromkeys(name for one in sources.occurrences for name in stars.shown_of(one) or ())),
        reads_kept=any(one.resource.provider == "" for one in sources.occurrences),
        naming=naming,
        called=tuple(around.called.values()),
    )


class _Scans:
    """What stands in the places of the tables: a query of the ledger, of services, or of both."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.remotes: list[Remote] = []

    def text(self, one: Occurrence) -> str:
        names = one.connections or (None,)
        if len(names) == 1 and not self._is_local(one, names[0]) and not one.used & set(one.aliases):
            return quoted(self._remote(one, names[0]))  # as it is: it has more columns than are shown
        return f"({' UNION ALL '.join(self._part(one, name) for name in names)})"

    def _is_local(self, one: Occurrence, name: str | None) -> bool:
        return one.local is not None and (one.resource.connection == "" or self._around.is_here(name))

    def _part(self, one: Occurrence, name: str | None) -> str:
        if one.local is not None and self._is_local(one, name):
            here = name or self._around.region_or_local(one.resource)
            is_cut = one.scope.expression.args.get("limit") is not None
            counts_phases = self._around.counts_phases
            reading = Reading(is_summed=one.is_summed, is_cut=is_cut, counts_phases=counts_phases)
            return one.local.scan(one.used, here=here, reading=reading)
        remote = self._remote(one, name)
        shown = ", ".join(
            f"{one.aliases.get(column.name.lower()) or quoted(column.name)} AS {quoted(column.name)}"
            for column in one.columns.values()
            if column.name.lower() in one.used
        )
        return f"SELECT {shown or '1'} FROM {quoted(remote)}"  # noqa: S608 - names are quoted

    def _remote(self, one: Occurrence, name: str | None) -> str:
        remote = Remote(name=f"remote_{len(self.remotes)}", resource=one.resource, connection=name)
        self.remotes.append(remote)
        return remote.name


def _with_views(tree: exp.Expr, around: Surroundings, *, depth: int) -> exp.Expr:
    """Put the queries of views in their places."""
    if depth > DEEPEST_VIEW:
        raise SqlError(SYNTAX_ERROR, f"Views stand on views more than {DEEPEST_VIEW} deep; one of them reads itself.")
    as_queries(tree)
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
    """Return the name of a table or view in lower case."""
    return ".".join(unqualified([part.name for part in node.parts if isinstance(part, exp.Identifier)])).lower()


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
        return Function(columns=columns, call=source.this)
    called = around.called.get(dotted(source))
    if called is not None:
        its, answer = called.resource, called.table
        return Occurrence(node=source, alias=alias, scope=scope, resource=its, local=answer, table=answer)
    kept = around.kept(dotted(source))
    if kept is not None:
        own = Resource(provider="", service="", name=kept.path, columns=(), methods=())
        return Occurrence(node=source, alias=alias, scope=scope, resource=own, local=kept, table=kept)
    resource = around.catalog.resource(part.name for part in source.parts)
    table = around.tables.get(resource.path)
    return Occurrence(node=source, alias=alias, scope=scope, resource=resource, local=table, table=table)


def _renamed(node: exp.Expr | None) -> tuple[str, ...]:
    """Return the names that an alias gives to the columns: `AS t (a, b)`."""
    alias = node.args.get("alias") if node is not None else None
    return tuple(one.name for one in alias.columns) if isinstance(alias, exp.TableAlias) else ()

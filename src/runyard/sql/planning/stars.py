"""What `*` stands for: the columns of each source that are shown, and none of the hidden ones."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from runyard.sql.planning.sources import Inner, Occurrence, Source, Sources, first_of


def expand(sources: Sources) -> None:
    """Write out what `*` and `alias.*` stand for."""
    for scope in sources.scopes:
        if isinstance(scope.expression, exp.Select):
            common = _common(sources, scope)
            shown = [part for one in scope.expression.expressions for part in _written_out(sources, scope, one, common)]
            scope.expression.set("expressions", shown)


def _written_out(sources: Sources, scope: Scope, one: exp.Expr, common: Sequence[frozenset[str]]) -> list[exp.Expr]:
    if isinstance(one, exp.Star):
        return _everything(sources, scope, common)
    if isinstance(one, exp.Column) and isinstance(one.this, exp.Star):
        source = sources.of(scope).get(one.table.lower())
        if source is not None and shown_of(source) is not None:
            return _columns(one.table, source, shown_of(source) or ())
    return [one]


def _everything(sources: Sources, scope: Scope, common: Sequence[frozenset[str]]) -> list[exp.Expr]:
    """Return every column; one that joins by its name stands once, as SQLite shows it."""
    written: list[exp.Expr] = []
    joined = frozenset().union(*common) if common else frozenset()
    for (alias, source), again in zip(sources.of(scope).items(), common, strict=True):
        names = shown_of(source)
        if names is None:
            return [exp.Star()]
        for name in names:
            if name.lower() in joined:
                written += [] if name.lower() in again else [_bare(source, name)]
            else:
                written += _columns(alias, source, (name,))
    return written


def shown_of(source: Source) -> tuple[str, ...] | None:
    """Return the names that `*` shows of a source, as they are written; None where nobody knows them."""
    if isinstance(source, Occurrence):
        return tuple(one.name for one in source.columns.values() if not one.is_hidden)
    if isinstance(source, Inner):
        _tell_apart(source)
        return source.shown
    return source.columns


def _tell_apart(source: Inner) -> None:
    """Give columns that have the name of one before them another, as SQLite does: a, a:1, a:2."""
    scope = first_of(source.scope)
    query = scope.expression if scope is not None else None
    names = source.columns or ()
    if not isinstance(query, exp.Select) or source.names or len({*names}) == len(names):
        return
    taken: set[str] = set()
    for one in query.selects:
        name = written = one.alias_or_name
        number = 0
        while name.lower() in taken:
            number += 1
            name = f"{written}:{number}"
        taken.add(name.lower())
        if number:
            one.replace(exp.alias_(one.unalias(), name, quoted=True))


def _columns(alias: str, source: Source, names: Sequence[str]) -> list[exp.Expr]:
    if isinstance(source, Occurrence):
        return [source.column(name) for name in names]
    table = exp.to_identifier(alias, quoted=True) if alias else None  # a query in parentheses may have no name
    return [exp.column(exp.to_identifier(name, quoted=True), table and table.copy()) for name in names]


def _bare(source: Source, name: str) -> exp.Expr:
    if isinstance(source, Occurrence):
        source.used.add(name.lower())
    return exp.column(exp.to_identifier(name, quoted=True))


def _common(sources: Sources, scope: Scope) -> list[frozenset[str]]:
    """Return of each source the columns by which it is joined to those before it, because they have one name."""
    joins = scope.expression.args.get("joins") or ()
    common: list[frozenset[str]] = []
    before: set[str] = set()
    for place, source in enumerate(sources.of(scope).values()):
        names = {name.lower() for name in shown_of(source) or ()}
        join = joins[place - 1] if 0 < place <= len(joins) else None
        shared = _shared(join, before, names) if join is not None else frozenset()
        common.append(shared)
        before |= names
    if frozenset().union(*common):
        _use(sources, scope, frozenset().union(*common), is_natural=any(one.method == "NATURAL" for one in joins))
    return common


def _shared(join: exp.Join, before: set[str], names: set[str]) -> frozenset[str]:
    if join.method == "NATURAL":
        return frozenset(before & names)
    return frozenset(name.name.lower() for name in join.args.get("using") or ())


def _use(sources: Sources, scope: Scope, shared: frozenset[str], *, is_natural: bool) -> None:
    for source in sources.of(scope).values():
        if isinstance(source, Occurrence):
            source.used |= {name for name in shared if name in source.columns}
            source.is_plain = source.is_plain or is_natural

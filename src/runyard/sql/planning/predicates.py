"""Conditions on words, spelled ids and moments, put so that an index serves them; none changes its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from runyard.sql.grammar.reader import INFIX
from runyard.sql.local.tables import LocalColumn
from runyard.sql.local.words import Words
from runyard.sql.planning import kinds
from runyard.sql.planning.sources import Occurrence, Sources, function_name

_COMPARISONS = (
    exp.In,
    exp.Between,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
)
_MOMENT_FIRST = frozenset({"date", "time", "datetime", "julianday", "unixepoch"})
_MOMENT_SECOND = frozenset({"strftime"})
_TOLD_AS_TEXT = frozenset({"date", "datetime"})
_CLOCKS = (exp.CurrentDate, exp.CurrentTimestamp)
_SECOND = exp.Literal.number("1000.0")


def rewrite(sources: Sources) -> None:
    """Put every condition that can be put better."""
    for scope in sources.scopes:
        filters = set(map(id, _filters(scope)))
        for node in list(scope.walk()):
            if isinstance(node, _COMPARISONS):
                _rewrite(node, scope, sources, is_filter=id(node) in filters)
            elif isinstance(node, exp.Anonymous):
                _tell_moment(node, scope, sources)


def _filters(scope: Scope) -> Iterator[exp.Expr]:
    """Yield the conditions of which it only matters whether they are true."""
    query = scope.expression
    where = query.args.get("where")
    waiting = [where.this] if where is not None else []
    waiting += [join.args["on"] for join in query.args.get("joins") or () if join.args.get("on") is not None]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.And | exp.Or):
            waiting += [node.this, node.expression]
        elif isinstance(node, exp.Paren):
            waiting.append(node.this)
        else:
            yield node


def _rewrite(node: exp.Expr, scope: Scope, sources: Sources, *, is_filter: bool) -> None:
    if any(kinds.type_of(one, scope, sources) == "timestamp" for one in node.iter_expressions()):
        _read_moments(node)
        return
    found = _of_column(node.this, scope, sources)
    if found is None and isinstance(node, exp.EQ):
        found = _of_column(node.expression, scope, sources)
        if found is not None:
            left, right = node.this.copy(), node.expression.copy()
            node.set("this", right)
            node.set("expression", left)
    if found is None or found[0].is_plain:
        return
    occurrence, column = found
    if column.words is not None:
        _by_phase(node, occurrence, column.words, is_filter=is_filter)
    elif column.spelling is not None:
        _by_number(node, occurrence, column)


def _of_column(node: exp.Expr | None, scope: Scope, sources: Sources) -> tuple[Occurrence, LocalColumn] | None:
    found = sources.find(scope, node) if isinstance(node, exp.Column) else None
    return found.resource if found is not None else None


# words


def _by_phase(node: exp.Expr, occurrence: Occurrence, words: Words, *, is_filter: bool) -> None:
    """Put a condition on a word in terms of phases, unless a NULL might come out otherwise."""
    if not (words.is_total or is_filter):
        return
    wanted = _wanted(node, words)
    if wanted is None:
        return
    alias = exp.to_identifier(occurrence.alias, quoted=True).sql("sqlite")
    _replace(node, exp.Paren(this=sqlglot.condition(words.rows_of(wanted, alias), dialect="sqlite")))


def _replace(node: exp.Expr, condition: exp.Paren) -> None:
    """Put a condition in the place of an operator; a NOT in the midst of one (`x NOT IN …`) comes before it then."""
    above = node.parent
    if isinstance(above, exp.Not) and above.meta.get(INFIX):
        above.replace(exp.Paren(this=exp.Not(this=condition)))
    else:
        node.replace(condition)


def _wanted(node: exp.Expr, words: Words) -> frozenset[str | None] | None:
    """Return the words that a condition is true of; None where it cannot be told now."""
    if isinstance(node, exp.In):
        texts = _texts(node.expressions)
        is_not = isinstance(node.parent, exp.Not)  # which stays, and is asked of an exact condition only
        return None if texts is None or (is_not and not words.is_total) else texts & words.known
    if isinstance(node, exp.EQ | exp.NEQ):
        texts = _texts([node.expression])
        if texts is None:
            return None
        return texts & words.known if isinstance(node, exp.EQ) else words.known - texts
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null) and not words.is_total:
        return frozenset({None})
    return None


def _texts(nodes: list[exp.Expr]) -> frozenset[str] | None:
    if nodes and all(isinstance(one, exp.Literal) and one.is_string for one in nodes):
        return frozenset(one.name for one in nodes)
    return None


# spelled ids


def _by_number(node: exp.Expr, occurrence: Occurrence, column: LocalColumn) -> None:
    """Add to a condition on a spelled id the same one on its number, which the ledger knows it by."""
    assert column.spelling is not None  # noqa: S101 - the caller has looked
    if isinstance(node, exp.EQ):
        spelled = [node.expression]
    elif isinstance(node, exp.In) and node.expressions:
        spelled = node.expressions
    else:
        return
    if not all(isinstance(one, exp.Literal | exp.Placeholder) for one in spelled):
        return
    numbers = [exp.Anonymous(this=column.spelling.function, expressions=[one.copy()]) for one in spelled]
    number = occurrence.column(column.spelling.number)
    narrowed = exp.In(this=number, expressions=numbers)
    _replace(node, exp.Paren(this=exp.And(this=narrowed, expression=node.copy())))


# moments


def _read_moments(node: exp.Expr) -> None:
    """Read texts that a moment is compared with as moments; a text that is none stays one."""
    for one in list(node.iter_expressions()):
        if isinstance(one, exp.Literal) and one.is_string and (moment := _moment(one.name)) is not None:
            one.replace(exp.Literal.number(moment))
        elif isinstance(one, _CLOCKS) or (isinstance(one, exp.Anonymous) and function_name(one) in _TOLD_AS_TEXT):
            read = exp.Anonymous(this="AS_TIMESTAMP")
            one.replace(read)
            read.set("expressions", [one])


def _moment(text: str) -> int | None:
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    read = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    return round(read.timestamp() * 1000)


def _tell_moment(node: exp.Anonymous, scope: Scope, sources: Sources) -> None:
    """Tell a function of dates that a moment of ours is no day but milliseconds."""
    name = function_name(node)
    if name not in _MOMENT_FIRST | _MOMENT_SECOND:
        return
    place = 0 if name in _MOMENT_FIRST else 1
    arguments = node.expressions
    type_ = kinds.type_of(arguments[place], scope, sources) if len(arguments) > place else ""
    modifiers = {one.name.lower() for one in arguments[place + 1 :] if isinstance(one, exp.Literal)}
    if type_ != "timestamp" or modifiers & {"unixepoch", "auto"}:
        return
    seconds = exp.Paren(this=exp.Div(this=arguments[place].copy(), expression=_SECOND.copy(), typed=True, safe=True))
    unit = exp.Literal.string("unixepoch")
    node.set("expressions", [*arguments[:place], seconds, unit, *arguments[place + 1 :]])

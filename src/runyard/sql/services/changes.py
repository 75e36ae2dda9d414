"""Carrying out what changes something: EXEC, INSERT, UPDATE, REPLACE and DELETE are calls, one after another."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from runyard.client.connection import Connection
from runyard.client.errors import ClientError
from runyard.client.paging import Paging, pages
from runyard.sql.catalog import Catalog, Resource
from runyard.sql.errors import INVALID_PARAMETER, INVALID_TEXT, SqlError
from runyard.sql.results import Result, Value
from runyard.sql.services import wishes
from runyard.sql.services.asking import Asking, Record, connection_of
from runyard.sql.services.converting import Unfit, as_type
from runyard.sql.services.endings import ending_of
from runyard.sql.services.returning import answered, check_returning, returned
from runyard.sql.services.wishes import Given, Query, Wish
from runyard.sql.statements import Bind, Change, Delete, Exec, Insert

DESPATCHED = "The operation was despatched successfully"
AWAIT, SHOWRESULTS = "AWAIT", "SHOWRESULTS"
TOKENS = ("idempotency_token", "idempotency_key")
"""Parameters by which a service knows a call that it has heard before."""
HARMLESS_TWICE = frozenset({"select", "update", "replace"})
STOPS = frozenset({"cancelJobRun", "cancelAllJobRuns", "BatchStopJobRun"})
SHOWN_DONE = 20  # of what was done before a failure


@dataclass(frozen=True, kw_only=True)
class Means:
    """What carrying out needs: what there is, whom to ask, and the session's way to run a query."""

    catalog: Catalog
    asking: Asking
    query: Query  # of a tree as it was parsed, which may have binds
    binds: Mapping[str, Value] = field(default_factory=dict)  # by number or name


@dataclass(frozen=True, kw_only=True)
class Done:
    """A call that was carried out, by whom, and what it answered."""

    wish: Wish
    connection: Connection
    answer: Record


def carry_out(statement: Exec | Insert | Change | Delete, means: Means) -> Result:
    """Carry a statement out, whole, before anything of it is returned; say of a failure what was done before it."""
    return _CARRIERS[type(statement)](statement, means)


def records(statement: Exec, means: Means) -> list[tuple[Record, Record]]:
    """Carry a call out; return each record that it answers behind what it was told, or the runs whose end it awaits."""
    resource, done, ends = _called(statement, means)
    if AWAIT in statement.hints:
        named = {resource.connection: done.wish.connection or done.connection.name}
        return [(named, one) for one in ends]
    told = {resource.connection: done.wish.connection or done.connection.name, **done.wish.members}
    return [(told, one) for one in _rows(resource, done, means)]


def resource_of(statement: Exec, catalog: Catalog) -> Resource:
    """Return the resource whose columns the answer of a call has."""
    resource, _ = catalog.method(statement.method)
    return _runs(resource, catalog) if AWAIT in statement.hints else resource


def _exec(statement: Exec, means: Means) -> Result:
    resource, done, ends = _called(statement, means)
    if AWAIT in statement.hints:
        runs = _runs(resource, means.catalog)
        return answered(ends, resource=runs, tag=lambda _: "EXEC", notices=means.asking.notices)
    if SHOWRESULTS in statement.hints:
        rows = _rows(resource, done, means)
        return answered(rows, resource=resource, tag=lambda _: "EXEC", notices=means.asking.notices)
    return _told(lambda _: "EXEC", means)


def _called(statement: Exec, means: Means) -> tuple[Resource, Done, list[Record]]:
    resource, method = means.catalog.method(statement.method)
    payload = _payload(statement, means)
    twice = sorted({one.lower() for one in statement.arguments} & {one.lower() for one in payload})
    if twice:
        raise SqlError(
            INVALID_PARAMETER, f"{resource.path}.{method.name}: {twice[0]} is given twice, by @ and in @@json."
        )
    given = {**{name: _value(one, means) for name, one in statement.arguments.items()}, **payload}
    wanted = wishes.wish(resource, [method], given, verb="exec")
    (done,), ends = _all(resource, [wanted], statement.hints, means)
    return resource, done, ends


def _insert(statement: Insert, means: Means) -> Result:
    resource = means.catalog.resource(statement.resource)
    methods = resource.of_verb("insert")
    if not statement.columns:
        raise SqlError(INVALID_PARAMETER, f"Name the columns: INSERT INTO {resource.path} (…) …; SHOW INSERT INTO it.")
    given = wishes.rows_given(statement.columns, means.query(statement.source).rows)
    wanted = [wishes.wish(resource, methods, one, verb="insert") for one in given]
    return _changed(resource, wanted, statement, means, lambda count: f"INSERT 0 {count}")


def _change(statement: Change, means: Means) -> Result:
    resource = means.catalog.resource(statement.resource)
    tree = exp.Select(expressions=[one.copy() for one in statement.values.values()])
    values = dict(zip(statement.values, next(iter(means.query(tree).rows)), strict=True))
    wanted = list(_meant(resource, statement, values, means))
    return _changed(resource, wanted, statement, means, lambda count: f"{statement.verb.upper()} {count}")


def _delete(statement: Delete, means: Means) -> Result:
    resource = means.catalog.resource(statement.resource)
    wanted = list(_meant(resource, statement, {}, means))
    return _changed(resource, wanted, statement, means, lambda count: f"DELETE {count}")


def _meant(resource: Resource, statement: Change | Delete, values: Given, means: Means) -> Iterator[Wish]:
    """Return a call for each that WHERE means."""
    verb = statement.verb if isinstance(statement, Change) else "delete"
    methods = resource.of_verb(verb)
    wishes.check_verb(resource, methods, verb)
    found = wishes.conditions(resource, methods, statement.where, means.query)
    if found is None:
        assert statement.where is not None  # noqa: S101 - no condition at all is a list of one
        keys = wishes.keys_of(resource, statement.resource, statement.where, methods)
        result = means.query(keys)
        found = list(wishes.rows_given([one.name for one in result.headings], result.rows))
    for one in found:
        yield wishes.wish(resource, methods, {**values, **one}, verb=verb)


_CARRIERS: Mapping[type, Callable[[Any, Means], Result]] = {
    Exec: _exec,
    Insert: _insert,
    Change: _change,
    Delete: _delete,
}


# calls


def _changed(
    resource: Resource,
    wanted: Sequence[Wish],
    statement: Insert | Change | Delete,
    means: Means,
    tag: Callable[[int], str],
) -> Result:
    if statement.returning:
        check_returning(statement.returning)
    done, ends = _all(resource, wanted, statement.hints, means)
    count = len(done)
    if statement.returning:
        rows = [{**one.wish.members, **one.answer} for one in done]
        if AWAIT in statement.hints:
            rows = [{**row, **end} for row, end in zip(rows, ends, strict=True)]
        named = [{resource.connection: one.wish.connection, **row} for one, row in zip(done, rows, strict=True)]
        return returned(
            named, statement.returning, resource=resource, tag=lambda _: tag(count), notices=means.asking.notices
        )
    if AWAIT in statement.hints:
        runs = _runs(resource, means.catalog)
        return answered(ends, resource=runs, tag=lambda _: tag(count), notices=means.asking.notices)
    return _told(lambda _: tag(count), means)


def _told(tag: Callable[[int], str], means: Means) -> Result:
    means.asking.notice(DESPATCHED)
    return Result(tag=tag, notices=means.asking.notices)


def _all(
    resource: Resource, wanted: Sequence[Wish], hints: Iterable[str], means: Means
) -> tuple[list[Done], list[Record]]:
    """Make every call in turn; then, if that is wished, wait for the end of what they started."""
    endings = [ending_of(one.method) for one in wanted] if AWAIT in hints else []
    connections = [connection_of(means.asking.connections, resource, one.connection) for one in wanted]
    done: list[Done] = []
    ends: list[Record] = []
    try:
        for one, connection in zip(wanted, connections, strict=True):
            answer = _carried_out(one, connection, means.asking)
            done.append(Done(wish=one, connection=connection, answer=answer))
        for ended, ending in zip(done, endings, strict=False):
            ends += ending.wait(means.asking, ended.connection, {**ended.wish.members, **ended.answer})
    except ClientError as error:
        failure = means.asking.error(error)
        raise SqlError(failure.code, str(failure) + _before(resource, done, wanted)) from error
    return done, ends


def _carried_out(one: Wish, connection: Connection, asking: Asking) -> Record:
    members, repeatable = _with_token(one)
    return asking.call(connection, one.method.wire, members, repeatable=repeatable)


def _with_token(one: Wish) -> tuple[Mapping[str, Any], bool]:
    """Return what a call is told, with a name of its own if the method takes one, and whether it may be repeated."""
    token = next((name.name for name in one.method.parameters if name.name in TOKENS), None)
    if token is None:
        return one.members, one.method.verb in HARMLESS_TWICE or one.method.wire.operation in STOPS
    return {token: uuid.uuid4().hex, **one.members}, True


def _before(resource: Resource, done: Sequence[Done], wanted: Sequence[Wish]) -> str:
    """Say what was done before a failure: a statement of several calls is no transaction."""
    if len(wanted) == 1:
        return "" if not done else f" The call itself was carried out ({done[0].wish.key}): {_short(done[0].answer)}"
    shown = "; ".join(one.wish.key for one in done[-SHOWN_DONE:])
    failed = wanted[len(done)].key if len(done) < len(wanted) else "waiting"
    told = f" Carried out before it: {len(done)} of {len(wanted)} calls on {resource.path}"
    return f"{told}{f' ({shown})' if shown else ''}; it failed at {failed}."


def _short(answer: Record) -> str:
    return (
        ", ".join(f"{name}={value!r}" for name, value in answer.items() if isinstance(value, str | int))[:300]
        or "done."
    )


def _rows(resource: Resource, done: Done, means: Means) -> list[Record]:
    """Return the rows of an answer; of a list, those of every page."""
    wire = done.wish.method.wire
    paging = Paging(rows=wire.rows, token=wire.token, place=f"{resource.path}.{done.wish.method.name}")
    answers = iter([done.answer])

    def call(members: Given) -> Record:
        first = next(answers, None)
        return means.asking.call(done.connection, wire, members, repeatable=True) if first is None else first

    try:
        found = [row for page in pages(call, done.wish.members, paging) for row in page]
    except ClientError as error:
        raise means.asking.error(error) from error
    return [row if isinstance(row, dict) else {"value": row} for row in found]


def _runs(resource: Resource, catalog: Catalog) -> Resource:
    """Return the resource whose columns the end of a run has."""
    paths = {f"{resource.provider}.{resource.service}.{name}" for name in ("job_runs", "runs")}
    return next((one for one in catalog.resources if one.path in paths), resource)


def _payload(statement: Exec, means: Means) -> Given:
    if not isinstance(statement.payload, Bind):
        return statement.payload or {}
    text = means.binds.get(statement.payload.name)
    if text is None:
        return {}
    try:
        read = as_type("object", text)
    except Unfit:
        raise SqlError(INVALID_TEXT, "@@json must be the text of a JSON object.") from None
    return dict(read)


def _value(one: Any, means: Means) -> Any:
    return means.binds.get(one.name) if isinstance(one, Bind) else one

"""A conversation in SQL over the ledger and the services it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from runyard.sql.errors import CANCELLED, SqlError
from runyard.sql.results import Result, Value
from runyard.sql.statements import (
    Change,
    Copy,
    CreateView,
    Delete,
    Describe,
    Exec,
    Explain,
    Insert,
    Native,
    Nothing,
    OfView,
    Registry,
    Select,
    Setting,
    Show,
    Sleep,
    Transaction,
)
from runyard.sql.talking import changing, queries, telling, viewing
from runyard.sql.talking.talk import Means, Ready, Talk
from runyard.sql.talking.troubles import TOLD

MOST_REMEMBERED = 100  # queries of one session


class Conversation:
    """One user's session in one workspace."""

    def __init__(self, means: Means) -> None:
        self._talk = Talk(means=means)
        # Queries as they were understood, with what that depended on: the views there were if a query names any table,
        # and what the session wants.
        self._queries: dict[str, tuple[int | None, bool, Ready]] = {}

    def prepare(self, text: str) -> Ready:
        """Understand one statement; many of one text cost little."""
        talk = self._talk
        known = self._queries.get(text)
        if known is not None:
            views, are_strings, ready = known
            if are_strings is talk.preferences.are_strings and (views is None or views == talk.means.keeping.version):
                return ready
        views = talk.means.keeping.version
        try:
            statement = talk.means.parse(text)
            ready = PREPARING[type(statement)](talk, statement, text)
        except SqlError:
            talk.pending.broke()
            raise
        if isinstance(statement, Transaction):
            return ready
        guarded = replace(ready, guard=talk.guarded)
        if isinstance(statement, Select):
            self._remember(text, views if statement.tree.find(exp.Table) else None, guarded)
        return guarded

    def _remember(self, text: str, views: int | None, ready: Ready) -> None:
        if len(self._queries) >= MOST_REMEMBERED:
            self._queries.clear()
        self._queries[text] = (views, self._talk.preferences.are_strings, ready)

    def interrupt(self) -> None:
        """End what runs now, from another thread."""
        self._talk.ended.set()
        self._talk.means.runner.interrupt()

    @property
    def transaction(self) -> str:
        """Where it stands: I, T or E."""
        return self._talk.pending.state

    def close(self) -> None:
        """Give back what it holds; what waited for COMMIT is never sent."""
        self.interrupt()
        self._talk.means.connections.close()


def _transact(talk: Talk, statement: Transaction, _: str) -> Ready:
    return Ready(statement=statement, work=lambda _: talk.pending.apply(statement))


def _set(talk: Talk, statement: Setting, _: str) -> Ready:
    def work(_: Sequence[Value]) -> Result:
        talk.preferences.apply(statement)
        return Result(tag=lambda _: "SET" if statement.verb == "use" else statement.verb.upper())

    return Ready(statement=statement, work=work)


def _sleep(talk: Talk, statement: Sleep, _: str) -> Ready:
    def work(_: Sequence[Value]) -> Result:
        if talk.ended.wait(statement.milliseconds / 1000):
            raise SqlError(CANCELLED, TOLD)
        return Result(tag=lambda _: "SLEEP")

    return Ready(statement=statement, work=work)


def _nothing(_: Talk, statement: Nothing, __: str) -> Ready:
    return Ready(statement=statement, work=lambda _: Result(tag=lambda _: statement.tag))


PREPARING: Mapping[type, Callable[[Talk, Any, str], Ready]] = {
    Select: queries.select,
    Copy: queries.copy,
    Native: queries.native,
    Show: telling.describe,
    Describe: telling.describe,
    Registry: telling.describe,
    Explain: telling.explain,
    Exec: changing.change,
    Insert: changing.change,
    Change: changing.change,
    Delete: changing.change,
    CreateView: viewing.create,
    OfView: viewing.of_view,
    Transaction: _transact,
    Setting: _set,
    Sleep: _sleep,
    Nothing: _nothing,
}
"""What understands a statement, by its kind."""

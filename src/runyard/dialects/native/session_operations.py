"""Our own operations for the process of a session: runtime/session_task.py asks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, Wait

Answer = dict[str, Any]


class NextStatement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which attempt is the session, and how long it waits."""

    attempt: Id
    wait_s: Wait = 0


class OneStatement(NextStatement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which statement is meant."""

    number: Id


class Done(OneStatement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of it."""

    output: dict[str, Any]


def next_statement(call: Call, asked: NextStatement) -> Answer:
    """Gives a session its next statement, if asked so once there is one."""
    statement = call.engine.sessions.take(call.workspace, asked.attempt, timeout_s=asked.wait_s)
    return {"statement": statement and {"number": statement.number, "code": statement.code}}


def await_cancel(call: Call, asked: OneStatement) -> Answer:
    """Tells a session whether the statement that it runs is to stop, if asked so once it is."""
    sessions = call.engine.sessions
    return {"cancelled": sessions.is_cancelled(call.workspace, asked.attempt, asked.number, timeout_s=asked.wait_s)}


def finish_statement(call: Call, asked: Done) -> Answer:
    """Takes what came of a statement."""
    return {"phase": call.engine.sessions.done(call.workspace, asked.attempt, asked.number, asked.output).phase}


TABLE: Sequence[tuple[str, str, Callable[[Call, Any], Answer], type[Struct]]] = (
    ("POST", "/sessions/next", next_statement, NextStatement),
    ("POST", "/sessions/cancelled", await_cancel, OneStatement),
    ("POST", "/sessions/done", finish_statement, Done),
)

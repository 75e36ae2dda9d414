"""One client's conversation: its messages, one after the other, until it leaves."""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import ClassVar

from runyard.sql.errors import CANCELLED, DEFECT, NOT_SUPPORTED, SqlError
from runyard.sql.results import Result, Value
from runyard.sql.wire import copying, messages, rows
from runyard.sql.wire.channel import Channel, ConnectionLost
from runyard.sql.wire.failures import code_of, failure, fatal, notice
from runyard.sql.wire.interpreter import Interpreter, headings_of
from runyard.sql.wire.messages import ProtocolViolation, per_column
from runyard.sql.wire.portals import Portal, Statement, Understood
from runyard.sql.wire.types import BY_OID, READERS, TEXT, effective

log = logging.getLogger(__name__)

ALL_ROWS = 1 << 62
LEAVE = ord("X")
SIMPLE_QUERY = ord("Q")
SYNC = ord("S")
WORKING = frozenset(b"QPE")  # what may take long
LOOK_S = 1.0  # between two looks for clients that have gone
HUNG_UP = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR
STOPPING = "The server is stopping; connect again in a moment."
IDLE, IDLE_IN_TRANSACTION = "idle_session_timeout", "idle_in_transaction_session_timeout"
WAITED: Mapping[str, tuple[str, str]] = {
    IDLE: ("57P05", "terminating connection due to idle-session timeout"),
    IDLE_IN_TRANSACTION: ("25P03", "terminating connection due to idle-in-transaction timeout"),
}
"""What a client is told that has left its conversation waiting for too long."""
QUIET = frozenset({"warning", "error", "fatal", "panic"})  # what a client says that wants no notices
REASONS: Mapping[str, str] = {
    "asked": "canceling statement due to user request",
    "late": "canceling statement due to statement timeout",
    "gone": "canceling statement because its client has gone",
}
"""Why a statement was ended from outside."""


Busy = tuple[float, float | None]
"""What a conversation is doing: since when, and until when statement_timeout lets it."""


class Dialogue:
    """A conversation behind its login."""

    def __init__(self, channel: Channel, interpreter: Interpreter, *, hurry: Callable[[float], None]) -> None:
        self._channel = channel
        self._interpreter = interpreter
        self._hurry = hurry  # whoever watches the time is told of a moment that comes soon
        self._manners = rows.Manners()
        self._skips = False  # until Sync, behind an error
        self._lock = threading.Lock()
        self.reason = ""  # why the statement that runs is to end
        self._farewell: bytes | None = None  # said when it is sent away
        self._waits: tuple[float, str] | None = None  # for its client: since when, and which setting says how long
        self.busy: Busy | None = None

    def run(self) -> None:
        """Answer until the client leaves or is sent away."""
        try:
            self._ready()
            while self._farewell is None:
                kind, body = self._channel.read()
                if kind == LEAVE:
                    return
                self._answer(kind, body)
        except ConnectionLost:
            log.debug("a client has gone")
        except ProtocolViolation as error:
            self._channel.write(fatal("08P01", str(error)))
        finally:
            if self._farewell is not None:
                self._channel.write(self._farewell)
            self._interpreter.close()

    def interrupt(self, reason: str, busy: Busy | None = None) -> None:
        """End the statement that runs, if one does, or only if it still is that one; from another thread."""
        with self._lock:
            if self.busy is None or (busy is not None and busy is not self.busy):
                return
            self.reason = self.reason or reason
            self._interpreter.interrupt()

    def leave(self, code: str = "57P01", text: str = STOPPING) -> None:
        """Have it end behind the statement that runs, or at once if none does; from another thread."""
        with self._lock:
            self._farewell = fatal(code, text)
            if self.busy is None:
                self._channel.shut()

    def look(self, now: float) -> None:
        """End what takes or waits too long; whoever watches the time calls it."""
        busy, waits = self.busy, self._waits
        if busy is not None:
            self._look_at_work(busy, now)
        elif waits is not None:
            since, name = waits
            limit = self._interpreter.parameters.milliseconds(name)
            if limit and now - since >= limit / 1000:
                self.leave(*WAITED[name])

    def _look_at_work(self, busy: Busy, now: float) -> None:
        since, until = busy
        if self.reason:  # it was told so before it could hear it
            self.interrupt(self.reason, busy)
        if until is not None and until <= now:
            self.interrupt("late", busy)
        elif until is not None:
            self._hurry(until)
        if now - since >= LOOK_S and has_gone(self._channel.fileno()):
            self.interrupt("gone", busy)

    def _answer(self, kind: int, body: bytes) -> None:
        handler = self.HANDLERS.get(kind)
        if handler is None:
            raise ProtocolViolation(f"invalid frontend message type {kind}")
        if self._skips and kind != SYNC:
            return
        if kind in WORKING:
            self._begin()
        try:
            handler(self, body)
        except (ConnectionLost, ProtocolViolation):
            raise
        except Exception as error:  # noqa: BLE001 - the outermost loop: whatever fails is told, and the client goes on
            self._failed(error, kind)
        finally:
            if self.busy is not None:
                self._end()

    def _begin(self) -> None:
        now = time.monotonic()
        limit = self._interpreter.parameters.statement_timeout_ms
        until = now + limit / 1000 if limit else None
        self.busy = (now, until)
        if until is not None:
            self._hurry(until)

    def _end(self) -> None:
        with self._lock:
            self.busy = None
            self.reason = ""

    def _failed(self, error: Exception, kind: int) -> None:
        if isinstance(error, SqlError) and error.code == CANCELLED and self.reason:
            error = self._ended()
        self._interpreter.failed()
        self._channel.write(failure(error))
        if code_of(error) == DEFECT:
            log.error("a statement failed by a defect", exc_info=error)
        if kind == SIMPLE_QUERY:
            self._ready()
        else:
            self._skips = True
            self._channel.flush()  # the client may wait for this before it says Sync

    def _heed(self) -> None:
        """End here what was asked to end while nothing of it could be interrupted."""
        if self.reason:
            raise self._ended()

    def _ended(self) -> SqlError:
        return SqlError(CANCELLED, REASONS[self.reason])

    def _ready(self) -> None:
        interpreter, channel = self._interpreter, self._channel
        state = interpreter.transaction
        if state == "I":
            interpreter.shelf.close_all()
        self._waits = (time.monotonic(), IDLE if state == "I" else IDLE_IN_TRANSACTION)
        channel.write(messages.READY[state])
        channel.flush()

    def _query(self, body: bytes) -> None:
        text = messages.read_query(body)
        known = self._interpreter.known(text)
        if known is not None:
            self._simple(known)
            self._ready()
            return
        found = self._interpreter.split(text)
        if not found:
            self._channel.write(messages.EMPTY_QUERY)
        for piece in found:
            try:
                self._simple(self._interpreter.understand(piece.text))
            except SqlError as error:
                if error.position is not None:
                    error.position += piece.start
                raise
        self._ready()

    def _simple(self, understood: Understood) -> None:
        if understood.is_empty:
            self._channel.write(messages.EMPTY_QUERY)
            return
        portal = Portal(understood=understood)
        try:
            result = portal.open(self._interpreter.run)
            if understood.form is None and result.headings:
                self._channel.write(self._manners.of(result.headings, ()).description)
            self._give(portal, ALL_ROWS)
        finally:
            portal.close()

    def _give(self, portal: Portal, most: int) -> None:
        """Send rows of a portal, at most so many, and how it stands then."""
        self._heed()
        result = portal.open(self._interpreter.run)
        form = portal.understood.form
        given = self._copy(portal, form) if form else self._rows(portal, result, most)
        if not portal.is_through:
            self._channel.write(messages.PORTAL_SUSPENDED)
            return
        self._tell(result)
        self._channel.write(messages.command_complete(f"COPY {given}" if form else result.tag(given)))

    def _rows(self, portal: Portal, result: Result, most: int) -> int:
        headings = result.headings
        if not headings:
            portal.take(1)
            portal.is_through = True
            return 0
        encode = self._manners.of(headings, portal.formats).encode
        given, batch = 0, rows.FIRST_BATCH
        while given < most:
            self._heed()
            wanted = min(batch, most - given)
            taken = portal.take(wanted)
            if taken:
                self._channel.write(encode(taken))
            given += len(taken)
            if portal.is_through:
                break
            batch = rows.BATCH
        return given

    def _copy(self, portal: Portal, form: copying.Form) -> int:
        headings = headings_of(portal.understood)
        self._channel.write(messages.copy_out(len(headings), is_binary=form.is_binary))
        copied = copying.Copying(form, headings)
        self._channel.write(copied.head())
        given = 0
        while not portal.is_through:
            self._heed()
            taken = portal.take(rows.BATCH)
            self._channel.write(copied.rows(taken) if taken else b"")
            given += len(taken)
        self._channel.write(copied.tail() + messages.COPY_DONE)
        return given

    def _tell(self, result: Result) -> None:
        if result.notices and self._interpreter.parameters.get("client_min_messages").lower() not in QUIET:
            self._channel.write(b"".join(map(notice, result.notices)))

    def _parse(self, body: bytes) -> None:
        told = messages.read_parse(body)
        understood = self._interpreter.known(told.query)
        if understood is None:
            if len(self._interpreter.split(told.query)) > 1:
                raise SqlError("42601", "cannot insert multiple commands into a prepared statement")
            understood = self._interpreter.understand(told.query)
        oids = effective(told.oids, understood.runnable.parameters)
        self._interpreter.shelf.keep(told.name, Statement(understood=understood, oids=oids))
        self._channel.write(messages.PARSE_COMPLETE)

    def _bind(self, body: bytes) -> None:
        told = messages.read_bind(body)
        statement = self._interpreter.shelf.statement(told.statement)
        arguments = _arguments(told, statement)
        portal = Portal(understood=statement.understood, arguments=arguments, formats=told.result_formats)
        self._interpreter.shelf.open(told.portal, portal)
        self._channel.write(messages.BIND_COMPLETE)

    def _describe(self, body: bytes) -> None:
        target = messages.read_target(body)
        shelf = self._interpreter.shelf
        if target.kind == "P":
            portal = shelf.portal(target.name)
            self._describe_rows(portal.understood, portal.formats)
            return
        statement = shelf.statement(target.name)
        self._channel.write(messages.parameter_description(statement.oids))
        self._describe_rows(statement.understood, ())

    def _describe_rows(self, understood: Understood, formats: tuple[int, ...]) -> None:
        headings = headings_of(understood)
        if not headings or understood.form is not None:
            self._channel.write(messages.NO_DATA)
            return
        self._channel.write(self._manners.of(headings, formats).description)

    def _execute(self, body: bytes) -> None:
        told = messages.read_execute(body)
        portal = self._interpreter.shelf.portal(told.portal)
        if portal.understood.is_empty:
            self._channel.write(messages.EMPTY_QUERY)
            return
        if portal.result is not None and portal.is_through:
            self._channel.write(messages.command_complete(portal.result.tag(0)))
            return
        self._give(portal, told.most or ALL_ROWS)

    def _close(self, body: bytes) -> None:
        target = messages.read_target(body)
        if target.kind == "P":
            self._interpreter.shelf.close(target.name)
        else:
            self._interpreter.shelf.forget_statement(target.name)
        self._channel.write(messages.CLOSE_COMPLETE)

    def _flush(self, _: bytes) -> None:
        self._channel.flush()

    def _sync(self, _: bytes) -> None:
        self._skips = False
        self._ready()

    def _function(self, _: bytes) -> None:
        raise SqlError(NOT_SUPPORTED, "Calls of functions by the protocol are not supported; use SELECT.")

    def _ignore(self, _: bytes) -> None:
        """CopyData and the like behind a COPY that was refused."""

    HANDLERS: ClassVar[Mapping[int, Callable[[Dialogue, bytes], None]]] = {
        SIMPLE_QUERY: _query,
        ord("P"): _parse,
        ord("B"): _bind,
        ord("D"): _describe,
        ord("E"): _execute,
        ord("C"): _close,
        ord("H"): _flush,
        ord("S"): _sync,
        ord("F"): _function,
        **dict.fromkeys(b"dcf", _ignore),
    }


def has_gone(number: int) -> bool:
    """Tell whether the other end of a socket has been closed."""
    poll = select.poll()
    with suppress(OSError, ValueError):
        poll.register(number, HUNG_UP)
        return bool(poll.poll(0))
    return True


def _arguments(told: messages.Bind, statement: Statement) -> list[Value]:
    if len(told.arguments) != len(statement.oids):
        text = (
            f"bind message supplies {len(told.arguments)} parameters, but the statement requires {len(statement.oids)}"
        )
        raise SqlError("08P01", text)
    formats = per_column(told.formats, len(told.arguments))
    return [
        None if data is None else READERS[form](BY_OID.get(oid, TEXT))(data)
        for data, form, oid in zip(told.arguments, formats, statement.oids, strict=True)
    ]

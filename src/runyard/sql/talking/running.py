"""Running plans: a connection for the life of a statement, tables of services in it, and an end from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from runyard.client.connections import LOCAL, Connections
from runyard.sql.catalog import Catalog
from runyard.sql.errors import CANCELLED, SqlError
from runyard.sql.local.reading import Ledger, Reader, borrowed
from runyard.sql.planning.binds import OURS
from runyard.sql.planning.called import drop, put
from runyard.sql.planning.planning import Plan
from runyard.sql.results import Heading, Row, Value
from runyard.sql.services import remote
from runyard.sql.services.asking import Asking, connection_of
from runyard.sql.talking.keeping import ATTACHED
from runyard.sql.talking.troubles import TOLD, told

TOLD_OF_A_SESSION = ("workspace", "url", "region")
OUT_OF_TIME = "The statement took longer than statement_timeout allows, and was cancelled."


@dataclass(kw_only=True)
class Work:
    """A statement under way."""

    connection: Reader | None = None
    asking: Asking | None = None
    reason: str = ""  # why it was ended

    def end(self, reason: str) -> None:
        """End it, from any thread."""
        self.reason = self.reason or reason
        if self.connection is not None:
            with suppress(apsw.ConnectionClosedError):
                self.connection.interrupt()
        if self.asking is not None:
            self.asking.interrupt(self.reason)


@dataclass(kw_only=True)
class Runner:
    """Runs the plans of one session."""

    ledger: Ledger
    catalog: Catalog
    connections: Connections
    kept: Path  # the file with the rows of materialized views
    prepare: Callable[[Reader], None] = lambda _: None
    lock: threading.Lock = field(default_factory=threading.Lock)
    works: list[Work] = field(default_factory=list)

    def interrupt(self, reason: str = TOLD) -> None:
        """End everything that is under way."""
        with self.lock:
            for work in self.works:
                work.end(reason)

    def check(self, plan: Plan, text: str) -> None:
        """Let the database understand a plan without running it."""
        asking = Asking(connections=self.connections) if plan.remotes else None
        with _Working(self, plan, Work(asking=asking), text=text) as connection:
            values = dict.fromkeys((*TOLD_OF_A_SESSION, *(OURS + name for name in plan.names)))
            connection.execute(f"EXPLAIN {plan.sql}", values, can_cache=False).fetchall()

    def rows(
        self, plan: Plan, values: Mapping[str, Value], *, text: str, asking: Asking | None = None, timeout_ms: int = 0
    ) -> Iterator[Row]:
        """Run a plan, row by row."""
        with _Working(self, plan, Work(asking=asking), text=text, timeout_ms=timeout_ms) as connection:
            is_of_ledger = plan.is_of_ledger
            rows = connection.natively(plan.sql, plan.binds, values) if is_of_ledger else None
            if rows is not None:
                yield from rows
                return
            cursor = connection.execute(plan.sql, values, can_cache=is_of_ledger)
            try:
                yield from cursor
            finally:
                cursor.close(True)

    def native_headings(self, text: str) -> tuple[Heading, ...]:
        """Return the columns of a query in the ledger's own words."""
        import apsw.ext  # noqa: PLC0415 - few statements need it, and it takes long

        with _InOurWords(Work(), text), borrowed(self.ledger) as connection, _only_reading(connection):
            described = apsw.ext.query_info(connection, text).description
            return tuple(Heading(name=name) for name, *_ in described)

    def native(self, text: str, *, timeout_ms: int = 0) -> Iterator[Row]:
        """Run a query in the ledger's own words."""
        with borrowed(self.ledger) as connection, _only_reading(connection):
            work = Work(connection=connection)
            with _Registered(self, work, timeout_ms), _InOurWords(work, text):
                yield from connection.execute(text, can_cache=False)

    @contextmanager
    def asked(self, asking: Asking, timeout_ms: int = 0) -> Iterator[None]:
        """Let what services are asked be ended from outside."""
        work = Work(asking=asking)
        with _Registered(self, work, timeout_ms):
            try:
                yield
            except SqlError as error:
                if work.reason and error.code == CANCELLED:
                    raise SqlError(CANCELLED, work.reason) from error
                raise

    def equip(self, connection: Reader, plan: Plan, asking: Asking | None, stack: ExitStack) -> None:
        """Put a plan's tables into a connection, until the stack is closed."""
        if plan.reads_kept:
            connection.execute(f"ATTACH ? AS {ATTACHED}", (f"file:{self.kept}?mode=ro",))
            stack.callback(connection.execute, f"DETACH {ATTACHED}", can_cache=False)
        for called in plan.called:
            put(connection, called)
            stack.callback(drop, connection, called)
        if asking is None:
            return
        shared = remote.Surroundings(catalog=self.catalog, asking=asking)
        stack.callback(asking.close)
        for one in plan.remotes:
            to = connection_of(self.connections, one.resource, one.connection)
            shown = one.connection or (LOCAL if self.connections.is_here(None) else to.name)
            remote.remote_source(
                connection, one.name, resource=one.resource, connection=to, shown=shown, surroundings=shared
            )
            stack.callback(remote.forget, connection, one.name)


class _Working:
    """A plan under way, in a connection in which its tables are.

    A class, and one for all that surrounds a plan: as generators within each other they cost more than a lookup.
    """

    __slots__ = ("plan", "registered", "runner", "stack", "text", "work")

    def __init__(self, runner: Runner, plan: Plan, work: Work, *, text: str, timeout_ms: int = 0) -> None:
        self.runner, self.plan, self.work, self.text = runner, plan, work, text
        self.registered = _Registered(runner, work, timeout_ms)
        self.stack: ExitStack | None = None

    def __enter__(self) -> Reader:
        connection = self.runner.ledger.take()
        self.work.connection = connection
        self.registered.__enter__()
        try:
            self.runner.prepare(connection)
            connection.forget()
            if not self.plan.is_of_ledger:
                self.stack = ExitStack()
                self.runner.equip(connection, self.plan, self.work.asking, self.stack)
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        connection = self.work.connection
        assert connection is not None  # noqa: S101 - it was entered
        try:
            if self.stack is not None:
                self.stack.close()
        finally:
            self.registered.__exit__()
            self.runner.ledger.give_back(connection)
        if error is not None:
            _tell_in_our_words(error, self.work, self.text, self.plan.columns)


def _tell_in_our_words(error: BaseException, work: Work, text: str, columns: Sequence[str] = ()) -> None:
    """Raise what went wrong with a statement in our words, unless it is none of the database's."""
    if not isinstance(error, apsw.Error | OverflowError | SqlError):
        return
    if work.reason and (not isinstance(error, SqlError) or error.code == CANCELLED):
        raise SqlError(CANCELLED, work.reason) from error
    raise told(error, text=text, names=lambda: columns) from error


class _InOurWords:
    """What goes wrong with a statement is told in our words."""

    __slots__ = ("text", "work")

    def __init__(self, work: Work, text: str) -> None:
        self.work, self.text = work, text

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            _tell_in_our_words(error, self.work, self.text)


class _Registered:
    """A statement under way, which may be ended from outside."""

    __slots__ = ("runner", "timer", "work")

    def __init__(self, runner: Runner, work: Work, timeout_ms: int) -> None:
        self.runner, self.work = runner, work
        self.timer = threading.Timer(timeout_ms / 1000, work.end, (OUT_OF_TIME,)) if timeout_ms else None

    def __enter__(self) -> None:
        with self.runner.lock:
            self.runner.works.append(self.work)
        if self.timer is not None:
            self.timer.daemon = True
            self.timer.start()

    def __exit__(self, *_: object) -> None:
        if self.timer is not None:
            self.timer.cancel()
        with self.runner.lock:  # from here on nobody ends it any more: the connection may be another's
            self.runner.works.remove(self.work)


READING = frozenset({apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE})


@contextmanager
def _only_reading(connection: apsw.Connection) -> Iterator[None]:
    """Let a text of somebody's do nothing but read: no other file, no setting."""
    connection.authorizer = lambda action, *_: apsw.SQLITE_OK if action in READING else apsw.SQLITE_DENY
    try:
        yield
    finally:
        connection.authorizer = None

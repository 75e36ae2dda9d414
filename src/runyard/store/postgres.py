"""The ledger in PostgreSQL: the same queries, with rows held where SQLite has its one writer."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import IsolationLevel, errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from runyard.core.errors import InvalidRequest, LedgerUnavailable
from runyard.store.database import ConstraintError, Cursor, load_migrations, load_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]

FRAGMENTS = {
    "id_type": "BIGINT",
    "skip_locked": "FOR UPDATE SKIP LOCKED",
    "for_update": "FOR UPDATE",
    "listed_ids": "SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST(:ids AS json))",
}
LOOKING = {**FRAGMENTS, "skip_locked": "", "for_update": ""}  # a read-only transaction may hold no row
MIGRATION_LOCK = 0x72756E79  # any number will do that nobody else uses
TRIES = 5
DEFAULTS = {
    "connect_timeout": "10",
    "fallback_application_name": "runyard",
    "options": "-c lock_timeout=10s",
    "tcp_user_timeout": "30000",
}
"""What holds for a connection unless the URL says otherwise."""
ADVICE: Mapping[str, str] = {
    "08": "See that the PostgreSQL server of --store runs and can be reached, and try again.",
    "25006": "This PostgreSQL is read-only, perhaps a standby; give --store the primary.",
    "42501": "Grant the user of --store the right to create and change tables in its schema.",
    "53": "Free some space or raise the limits of the PostgreSQL server, and try again.",
    "55P03": "Another program holds the ledger's rows; stop it and try again.",
    "57": "The PostgreSQL server is stopping or was told to end this; try again when it is back.",
    "58": "The PostgreSQL server cannot use its disk; look at its log.",
    "XX": "The PostgreSQL server met an error of its own; look at its log.",
}
"""What to do, by SQLSTATE or its class. What is not here is a defect of ours and passes as it is."""
NO_CONNECTION = "08"
_NAMED = re.compile(r"(?<!:):([a-z_]+)")


class _LostError(Exception):
    """The connection broke before anything could be recorded."""


AGAIN = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation, _LostError)
"""Nothing was recorded and another try may end well: after a lost race for a unique name, it finds the winner's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """How a transaction goes: reading one snapshot, or writing with the rows held that it names."""

    verb: str
    queries: Mapping[str, str]
    isolation: IsolationLevel
    is_read_only: bool


class PostgresCursor:
    """One open transaction of a connection."""

    def __init__(self, connection: Connection, queries: Mapping[str, str]) -> None:
        self._cursor = connection.cursor()
        self._queries = queries

    def all(self, name: str, parameters: Mapping[str, Any], **parts: str) -> list[tuple[Any, ...]]:
        """Run a named query and return its rows."""
        return self._cursor.execute(_spelled(self._queries[name].format(**parts)), parameters).fetchall()

    def run(self, name: str, parameters: Mapping[str, Any]) -> None:
        """Run a named query that returns nothing."""
        self._cursor.execute(_spelled(self._queries[name]), parameters)


class PostgresDatabase:
    """A database on a PostgreSQL server, which several servers of ours may share."""

    def __init__(self, url: str) -> None:
        self._conninfo = conninfo(url)
        self._reading = Mode(
            verb="read",
            queries=load_queries(LOOKING),
            isolation=IsolationLevel.REPEATABLE_READ,
            is_read_only=True,
        )
        # With READ COMMITTED a row that is waited for is seen as it then stands; a snapshot would be older.
        self._writing = Mode(
            verb="written",
            queries=load_queries(FRAGMENTS),
            isolation=IsolationLevel.READ_COMMITTED,
            is_read_only=False,
        )
        self._idle: list[Connection] = []  # a list's append and pop need no lock
        self._closed = False

    def migrate(self) -> None:
        """Bring the schema up to date in one transaction; servers that start together pass one by one."""
        self._transact(self._writing, _migrate)

    def read(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` on a snapshot."""
        mode = self._reading
        return self._transact(mode, lambda connection: work(PostgresCursor(connection, mode.queries)))

    def write(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` in a transaction; again if PostgreSQL gave it up for another's sake."""
        mode = self._writing
        return self._transact(mode, lambda connection: work(PostgresCursor(connection, mode.queries)))

    def close(self) -> None:
        """Let go of the connections; those at work follow when their transaction has ended."""
        self._closed = True
        self._close_idle()

    def _transact(self, mode: Mode, work: Callable[[Connection], T]) -> T:
        with _in_our_words(mode.verb):
            for _ in range(TRIES - 1):
                with suppress(*AGAIN):
                    return self._transact_once(mode, work)
            return self._transact_once(mode, work)

    def _transact_once(self, mode: Mode, work: Callable[[Connection], T]) -> T:
        connection = self._take(mode)
        is_committing = False
        try:
            result = work(connection)
            if not mode.is_read_only:
                is_committing = True
                connection.commit()
        except psycopg.OperationalError as error:
            if not connection.broken:
                raise
            self._close_idle()  # what broke this one, a restart perhaps, broke the others too
            raise _unknown(error) if is_committing else _LostError(str(error)) from error
        else:
            return result
        finally:
            self._give_back(connection)

    def _take(self, mode: Mode) -> Connection:
        if self._closed:
            raise LedgerUnavailable("The ledger is closed: the server is stopping. Try again when it is back.")
        connection = self._idle_or_new()
        connection.isolation_level = mode.isolation
        connection.read_only = mode.is_read_only
        return connection

    def _idle_or_new(self) -> Connection:
        with suppress(IndexError):
            return self._idle.pop()
        return psycopg.connect(self._conninfo)

    def _give_back(self, connection: Connection) -> None:
        with suppress(psycopg.Error):
            connection.rollback()
        if not connection.closed:
            self._idle.append(connection)
        if self._closed:  # close() may have looked before this connection was back
            self._close_idle()

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


def _unknown(error: psycopg.OperationalError) -> LedgerUnavailable:
    return LedgerUnavailable(
        f"The connection to the ledger broke while it was being written: {error}. It is not known whether "
        "the request was recorded; look before you ask again, or use an idempotency key."
    )


def _migrate(connection: Connection) -> None:
    execute = connection.execute
    execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
    execute("CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY)")
    done = {number for (number,) in execute("SELECT number FROM migration")}
    for number, statements in load_migrations(FRAGMENTS):
        if number not in done:
            for statement in statements:
                execute(statement.encode())
            execute("INSERT INTO migration (number) VALUES (%s)", (number,))


@cache
def _spelled(query: str) -> bytes:
    """Write the portable `:name` as the driver wants it."""
    return _NAMED.sub(r"%(\1)s", query.replace("%", "%%")).encode()


def conninfo(url: str) -> str:
    """Return what the driver makes of a URL, with our own defaults."""
    try:
        return make_conninfo("", **{**DEFAULTS, **conninfo_to_dict(url)})
    except psycopg.ProgrammingError as error:
        text = "The URL of --store is not one PostgreSQL knows; write postgresql://USER:PASSWORD@HOST:PORT/NAME."
        raise InvalidRequest(text) from error


@contextmanager
def _in_our_words(verb: str) -> Iterator[None]:
    try:
        yield
    except errors.IntegrityError as error:
        raise ConstraintError(str(error)) from error
    except (psycopg.Error, _LostError) as error:
        advice = _advice(error)
        if advice is None:
            raise
        text = f"The ledger could not be {verb}: {error}. Nothing was recorded. {advice}"
        raise LedgerUnavailable(text) from error


def _advice(error: Exception) -> str | None:
    state = getattr(error, "sqlstate", None)
    if state is None:  # the driver's own word: no connection came about, or it broke
        is_connection = isinstance(error, psycopg.OperationalError | _LostError)
        return ADVICE[NO_CONNECTION] if is_connection else None
    return ADVICE.get(state) or ADVICE.get(state[:2])

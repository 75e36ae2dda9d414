"""The ledger as the engine sees it: transactions that are durable when they return."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from runyard.core.errors import InvalidRequest
from runyard.store.ledger import Ledger
from runyard.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable

    from runyard.store.database import Cursor, Database

T = TypeVar("T")


class Store:
    """A database with the ledger's schema in it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._at_work = threading.local()
        with ExitStack() as undo:
            undo.callback(database.close)
            database.migrate()
            undo.pop_all()

    def read(self, work: Callable[[Ledger], T]) -> T:
        """Run `work` on a snapshot of the ledger; it cannot write."""
        return self._database.read(self._alone(work))

    def write(self, work: Callable[[Ledger], T]) -> T:
        """Run `work` as one transaction; what it returns is durable. Nothing stays if it raises.

        `work` may be run again from its beginning, so it changes nothing but the ledger.
        """
        return self._database.write(self._alone(work))

    def close(self) -> None:
        """Finish what was accepted."""
        self._database.close()

    def _alone(self, work: Callable[[Ledger], T]) -> Callable[[Cursor], T]:
        """Refuse a transaction inside a transaction: it would wait for itself, or see another moment."""
        if getattr(self._at_work, "is_busy", False):
            raise RuntimeError("A transaction was begun inside a transaction; use the ledger at hand.")

        def body(cursor: Cursor) -> T:
            self._at_work.is_busy = True
            try:
                return work(Ledger(cursor))
            finally:
                self._at_work.is_busy = False

        return body


def open_store(url: str) -> Store:
    """Open a ledger by URL: `sqlite:///PATH`, `sqlite://` (in memory) or `postgresql://…`."""
    if url == "sqlite://":
        return Store(SqliteDatabase(":memory:"))
    if url.startswith("sqlite:///"):
        return Store(SqliteDatabase(Path(url.removeprefix("sqlite:///"))))
    if url.startswith(("postgresql://", "postgres://")):
        return Store(_postgres(url))
    scheme = url.partition("://")[0]  # what follows may hold a password
    raise InvalidRequest(f"--store {scheme!r} is not a ledger; use sqlite:///PATH or postgresql://USER@HOST/NAME.")


def _postgres(url: str) -> Database:
    try:
        from runyard.store.postgres import PostgresDatabase  # noqa: PLC0415 - an extra; most never need it
    except ImportError as error:
        raise InvalidRequest(
            f"--store postgresql://… needs a driver ({error}); install it with: pip install 'runyard[postgres]'"
        ) from error
    return PostgresDatabase(url)

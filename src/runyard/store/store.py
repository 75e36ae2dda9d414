"""The ledger as the engine sees it: transactions that are durable when they return."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from runyard.core.errors import InvalidRequest
from runyard.store.database import Database
from runyard.store.ledger import Ledger
from runyard.store.sqlite import SqliteDatabase

T = TypeVar("T")


class Store:
    """A database with the ledger's schema in it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate()

    def read(self, work: Callable[[Ledger], T]) -> T:
        """Run `work` on a snapshot of the ledger."""
        return self._database.read(lambda cursor: work(Ledger(cursor)))

    def write(self, work: Callable[[Ledger], T]) -> T:
        """Run `work` as one transaction; what it returns is durable. Nothing stays if it raises."""
        return self._database.write(lambda cursor: work(Ledger(cursor)))

    def close(self) -> None:
        """Finish what was accepted."""
        self._database.close()


def open_store(url: str) -> Store:
    """Open a ledger by URL: `sqlite:///PATH`, `sqlite://` (in memory) or `postgresql://…`."""
    if url == "sqlite://":
        return Store(SqliteDatabase(":memory:"))
    if url.startswith("sqlite:///"):
        return Store(SqliteDatabase(Path(url.removeprefix("sqlite:///"))))
    if url.startswith(("postgresql://", "postgres://")):
        from runyard.store.postgres import PostgresDatabase  # noqa: PLC0415 - an extra; most never need it

        return Store(PostgresDatabase(url))
    raise InvalidRequest(f"--store {url!r} is not a ledger; use sqlite:///PATH or postgresql://USER@HOST/NAME.")

"""The embedded database that carries queries out, set so that it divides as Dremio does."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from .column_types import literal

# Of the whole database: a cursor of a connection does not inherit what is set for that connection alone.
HABITS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "integer_division": True,
    "ieee_floating_point_ops": False,
}


@dataclass
class Resident:
    """The database of a process that carries out one query after another; between two of them nothing is in it."""

    database: duckdb.DuckDBPyConnection | None = None
    limits: dict[str, str] = field(default_factory=dict)  # that it has now; none: what the machine has
    left_open: list[duckdb.DuckDBPyConnection] = field(default_factory=list)
    temporary: Path | None = None  # of the query that is carried out
    most_bytes: int = 1 << 29  # that the process may hold while it waits for its next query

    def make(self) -> None:
        """Open it, if it is not there."""
        self.database = self.database or new_connection()

    def taken(self, *, memory: str, threads: int, temporary: Path | None) -> duckdb.DuckDBPyConnection:
        """Return a connection to it with a query's limits, or to a database of its own where there is none."""
        if self.database is None:
            return new_connection(memory=memory, threads=threads, temporary=temporary)
        self.temporary = temporary
        connection = self.database.cursor()
        wanted = {"memory_limit": memory, "threads": str(threads or ""), "temp_directory": str(temporary or "")}
        for name, value in wanted.items():
            if self.limits.get(name, "") != value:
                self.limit(connection, name, value)
        return connection

    def limit(self, connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
        """Set a limit of the database that a connection is to; an empty one is what the machine has."""
        connection.execute(f"SET GLOBAL {name} = {literal(value)}" if value else f"RESET GLOBAL {name}")
        self.limits[name] = value

    def leave_open(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a connection be closed when nobody waits any more: that takes 4 ms."""
        self.left_open.append(connection)

    def clear(self) -> bool:
        """Remove what a query has made, and return whether the database is as new."""
        if self.database is None or (self.temporary is not None and self.temporary.exists()):
            return False  # another folder can be named only until one was used
        for connection in self.left_open:
            connection.close()
        self.left_open.clear()
        self.database.execute(f"DROP SEQUENCE IF EXISTS {COUNTER}")
        return self.database.execute(LEFT).fetchall() == [(0,)] and resident_bytes() < self.most_bytes


COUNTER = "produced"
"""A sequence that every row of a result passes."""
LEFT = (
    "SELECT (SELECT count(*) FROM duckdb_tables()) + (SELECT count(*) FROM duckdb_sequences())"
    " + (SELECT count(*) FROM duckdb_views() WHERE NOT internal)"
    " + (SELECT count(*) FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory')"
)
"""How much there is that queries have made."""


def resident_bytes() -> int:
    """Return how much memory this process holds, as far as the system tells."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


RESIDENT = Resident()
"""The one of this process."""


def new_connection(*, memory: str = "", threads: int = 0, temporary: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with its limits."""
    limits: dict[str, str | bool | int | float | list[str]] = {}
    if memory:
        limits["memory_limit"] = memory
    if threads:
        limits["threads"] = threads
    if temporary is not None:
        limits["temp_directory"] = str(temporary)
    connection = duckdb.connect(config={**HABITS, **limits})
    # The footer that told a file's columns serves to plan and to read it too.
    connection.execute("SET GLOBAL parquet_metadata_cache = true")
    # DuckDB takes a process that has no script yet, as one that waits for work, for a shell with somebody before it.
    connection.execute("SET enable_progress_bar = false")
    return connection

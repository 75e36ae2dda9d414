"""The embedded database that carries queries out, set so that it divides as Dremio does."""

from __future__ import annotations

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
class Spare:
    """A database that was opened before anybody asked, for who comes first."""

    connection: duckdb.DuckDBPyConnection | None = None
    left_open: list[duckdb.DuckDBPyConnection] = field(default_factory=list)

    def make(self) -> None:
        """Open one."""
        self.connection = new_connection()

    def taken(self, *, memory: str, threads: int, temporary: Path | None) -> duckdb.DuckDBPyConnection:
        """Return it with its limits, or a new one where there is none."""
        connection, self.connection = self.connection, None
        if connection is None:
            return new_connection(memory=memory, threads=threads, temporary=temporary)
        limits = {"memory_limit": memory, "threads": threads, "temp_directory": str(temporary or "")}
        for name, value in limits.items():
            if value:
                connection.execute(f"SET GLOBAL {name} = {literal(str(value))}")
        return connection

    def leave_open(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let the end of the process close a database: to do so by itself takes 4 ms of what somebody waits for."""
        self.left_open.append(connection)


SPARE = Spare()
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
    return connection

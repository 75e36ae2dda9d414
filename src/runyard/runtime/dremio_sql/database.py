"""The embedded database that carries queries out, set so that it divides as Dremio does."""

from __future__ import annotations

from pathlib import Path

import duckdb

# Of the whole database: a cursor of a connection does not inherit what is set for that connection alone.
HABITS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "integer_division": True,
    "ieee_floating_point_ops": False,
}


def new_connection(*, memory: str = "", threads: int = 0, temporary: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with its limits."""
    limits: dict[str, str | bool | int | float | list[str]] = {}
    if memory:
        limits["memory_limit"] = memory
    if threads:
        limits["threads"] = threads
    if temporary is not None:
        limits["temp_directory"] = str(temporary)
    return duckdb.connect(config={**HABITS, **limits})

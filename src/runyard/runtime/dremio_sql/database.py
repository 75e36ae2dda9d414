"""The embedded database that carries queries out, set so that it divides as Dremio does."""

from __future__ import annotations

from pathlib import Path

import duckdb

HABITS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
# Global: a cursor of a connection does not inherit what is set for that connection alone.
SETTINGS = (
    "SET GLOBAL integer_division = true",
    "SET GLOBAL ieee_floating_point_ops = false",
    "SET GLOBAL TimeZone = 'UTC'",
)


def new_connection(*, memory: str = "", threads: int = 0, temporary: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with its limits."""
    connection = duckdb.connect(config=HABITS)
    for setting in SETTINGS:
        connection.execute(setting)
    if memory:
        connection.execute(f"SET GLOBAL memory_limit = '{memory}'")
    if threads:
        connection.execute(f"SET GLOBAL threads = {threads}")
    if temporary is not None:
        connection.execute(
            "SET GLOBAL temp_directory = $1".replace("$1", f"'{str(temporary).replace(chr(39), chr(39) * 2)}'")
        )
    return connection

"""The database of a task: opened by one that writes or by many that read, whoever comes later waits and says so."""

from __future__ import annotations

import contextlib
import fcntl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from .zones import stand_in_for_pytz

# Nothing comes from the network that a statement does not ask for by name.
HABITS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
READING = frozenset({"SELECT", "EXPLAIN", "RELATION"})
PAUSE_S = 0.1
LOCKED = "Could not set lock on file"


def new_connection() -> duckdb.DuckDBPyConnection:
    """Return a connection without a database yet."""
    stand_in_for_pytz()
    connection = duckdb.connect(config=HABITS)
    # DuckDB takes a process that has no script yet, as one that waits for work, for a shell with somebody before it.
    connection.execute("SET enable_progress_bar = false")
    return connection


def only_reads(connection: duckdb.DuckDBPyConnection, statement: str) -> bool:
    """Tell whether a statement changes nothing; what cannot be read is refused with the database's own word."""
    kinds = {parsed.type.name for parsed in connection.extract_statements(statement)}
    return kinds <= READING and "nextval" not in statement.lower()


@contextlib.contextmanager
def attached(connection: duckdb.DuckDBPyConnection, path: Path, *, writes: bool) -> Iterator[None]:
    """Use a database file; a file that does not exist yet is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writes = writes or not path.exists()
    with turn(path, exclusive=writes):
        _attach(connection, path, mode="READ_WRITE" if writes else "READ_ONLY")
        try:
            yield
        finally:
            connection.close()


@contextlib.contextmanager
def turn(path: Path, *, exclusive: bool) -> Iterator[None]:
    """Hold the file's lock among our own tasks, which the database itself would only refuse."""
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"Another task is using the database {path.name}; waiting for it.")
            fcntl.flock(lock, kind)
        yield


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, *, mode: str) -> None:
    """Attach the file, and wait while a program that knows nothing of our lock has it open."""
    name, file = path.stem.replace('"', '""'), str(path).replace("'", "''")
    told = False
    while True:
        try:
            connection.execute(f"ATTACH '{file}' AS \"{name}\" ({mode})")
        except duckdb.IOException as error:
            if LOCKED not in str(error):
                raise
            if not told:
                _say(f"Another program has the database {path.name} open; waiting for it.")
            told = True
            time.sleep(PAUSE_S)
        else:
            connection.execute(f'USE "{name}"')
            return


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

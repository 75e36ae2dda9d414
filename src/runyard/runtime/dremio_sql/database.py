# ruff: noqa: S608 - SQL of our own words
"""The embedded database that carries queries out, set so that it divides as Dremio does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from .allocator import give_pages_back, keep_pages
from .column_types import literal
from .file_states import FileStates, State

# Of the whole database: a cursor of a connection does not inherit what is set for that connection alone.
HABITS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "integer_division": True,
    "ieee_floating_point_ops": False,
}


SPILLED = Path("spilled")
"""Where what has no room in memory goes: below the working folder, each query's own. So it is set only once."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A connection for a query, another to look at its counter meanwhile, and what that had counted before."""

    connection: duckdb.DuckDBPyConnection
    counting: duckdb.DuckDBPyConnection  # for another thread: a connection at work refuses every other
    counted: int = 0

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection) -> Taken:
        """Give a connection its counter."""
        connection.execute(f"CREATE SEQUENCE {COUNTER}")
        return cls(connection=connection, counting=connection.cursor())


@dataclass
class Resident:
    """The database of a process that carries out one query after another; between two of them nothing is in it.

    What stays is the counter, and statements that were prepared: who carries one out again spares what it takes to
    plan it. Each is known by its text; whether the files that it names are as they were, plan_cache.py knows. And it
    may keep blocks of the files that it has read: the next query takes a tenth less time than if the system gave them.
    """

    database: duckdb.DuckDBPyConnection | None = None
    limits: dict[str, str] = field(default_factory=dict)  # that it has now; none: what the machine has
    temporary: Path | None = None  # of the query that is carried out
    working: Taken | None = None  # by whom one query after another is carried out
    statements: dict[str, str] = field(default_factory=dict)  # text to the name that it was prepared as; oldest first
    files: FileStates = field(default_factory=FileStates)  # that it has read
    most_kept: int = field(default_factory=lambda: machine_bytes() // 32)  # of files that a query reads
    most_bytes: int = field(default_factory=lambda: (1 << 29) + machine_bytes() // 32)  # held until the next query
    most_statements: int = 100
    _made: int = 0
    _looks: bool = False

    def make(self) -> None:
        """Open it, if it is not there."""
        if self.database is None:
            self.database = new_connection()
            keep_pages()

    def renew(self) -> None:
        """Open another in its place, which knows nothing."""
        self.database = self.working = None
        self.limits, self.statements, self.files, self._looks = {}, {}, FileStates(), False
        self.make()

    def taken(self, *, memory: str, threads: int, temporary: Path | None) -> Taken:
        """Return a connection to it with a query's limits, or to a database of its own where there is none."""
        if self.database is None:
            return Taken.of(new_connection(memory=memory, threads=threads, temporary=temporary))
        self.working = self.working or Taken.of(self.database.cursor())
        self.files.looked.clear()
        self.temporary = temporary
        wanted = {"memory_limit": memory, "threads": str(threads or ""), "temp_directory": str(temporary or "")}
        for name, value in wanted.items():
            if self.limits.get(name, "") != value:
                self.limit(self.working.connection, name, value)
        return self.working

    def limit(self, connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
        """Set a limit of the database that a connection is to; an empty one is what the machine has."""
        connection.execute(f"SET GLOBAL {name} = {literal(value)}" if value else f"RESET GLOBAL {name}")
        self.limits[name] = value

    def keep_blocks(self, connection: duckdb.DuckDBPyConnection, read: int | None) -> None:
        """Keep blocks of the files that a query reads if they are no more bytes than most_kept; None: nobody knows."""
        wanted = "true" if read is not None and read <= self.most_kept else ""
        if self._is_working(connection) and self.limits.get(KEEPS, "") != wanted:
            with suppress(duckdb.CatalogException):  # DuckDB 2 has it
                self.limit(connection, KEEPS, wanted)

    def look_at(self, files: Iterable[Path]) -> None:
        """Take note of files that are about to be read; raise Unseen where what is kept of one is old."""
        for file in files if self.database is not None else ():
            self.files.look_at(str(file))

    def see(self, states: Iterable[State]) -> None:
        """Take note of files that a plan which is kept reads; raise Unseen where what is kept of one is old."""
        for state in states if self.database is not None else ():
            self.files.see(state)

    def prepare(self, connection: duckdb.DuckDBPyConnection, text: str) -> str:
        """Prepare a statement, also if it was prepared before, and return its name."""
        is_kept = self._is_working(connection)
        name = self.statements.pop(text, None) if is_kept else None
        if name is None:
            self._made += 1
            name = f"statement_{self._made}"
        connection.execute(f"PREPARE {name} AS {text}")
        if is_kept:
            self.statements[text] = name
            if len(self.statements) > self.most_statements:
                connection.execute(f"DEALLOCATE {self.statements.pop(next(iter(self.statements)))}")
        return name

    def prepared(self, connection: duckdb.DuckDBPyConnection, text: str) -> str | None:
        """Return the name of a statement that was prepared for this connection."""
        return self.statements.get(text) if self._is_working(connection) else None

    def give_back(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Close a connection, unless it is the one that stays."""
        if not self._is_working(connection):
            connection.close()

    def clear(self) -> bool:
        """Return whether the database is as new; one that has used a folder for files cannot have another."""
        if self.database is None or (self.temporary is not None and self.temporary.exists()):
            return False
        left, counted = self.database.execute(self._looking()).fetchall()[0]
        if self.working is not None:
            self.working = replace(self.working, counted=counted or 0)
        return not left and self._has_room() and not self.files.are_too_many

    def _has_room(self) -> bool:
        """Return whether this process holds no more than it may until the next query, if need be without free pages."""
        if resident_bytes() >= self.most_bytes:
            give_pages_back()
        return resident_bytes() < self.most_bytes

    def _looking(self) -> str:
        """Return what looks for what is left, prepared, which spares three quarters of it."""
        if self.database is not None and not self._looks:
            self.database.execute(f"PREPARE looking AS {LEFT}")
            self._looks = True
        return "EXECUTE looking"

    def _is_working(self, connection: duckdb.DuckDBPyConnection) -> bool:
        return self.working is not None and connection is self.working.connection


KEEPS, BLOCKS = "cache_local_files", "external_file_cache_local_max_block_size"
COUNTER = "produced"
"""A sequence that every row of a result passes."""
LEFT = (
    "SELECT (SELECT count(*) FROM duckdb_tables())"
    f" + (SELECT count(*) FROM duckdb_sequences() WHERE sequence_name <> '{COUNTER}')"
    " + (SELECT count(*) FROM duckdb_views() WHERE NOT internal)"
    " + (SELECT count(*) FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'),"
    f" (SELECT last_value FROM duckdb_sequences() WHERE sequence_name = '{COUNTER}')"
)
"""How much there is that queries have made, and how many rows were counted."""


CONTAINERS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where the limit of a container's memory stands, by the version of control groups."""


def machine_bytes() -> int:
    """Return how much memory this machine has, or the container that this process is in."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for limit in CONTAINERS:
        with suppress(OSError, ValueError):  # there is none, or it is "max"
            found.append(int(Path(limit).read_text(encoding="ascii")))
    return min(found)


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
    with suppress(duckdb.CatalogException):  # DuckDB 2 has it
        connection.execute(f"SET GLOBAL {BLOCKS} = 2097152")  # in blocks as small as is usual it would take longer
    return connection

"""Views that people make: kept in the home, a file a workspace; a materialized one holds its rows there too."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import apsw
from sqlglot import exp

from runyard.sql.errors import SqlError
from runyard.sql.grammar.parsing import parse
from runyard.sql.local.tables import Branch, LocalColumn, LocalTable, quoted
from runyard.sql.results import Heading, Row
from runyard.sql.statements import CreateView

DUPLICATE, WRONG_OBJECT = "42P07", "42809"
ATTACHED = "kept"  # as what a connection reads the file
SCHEMA = """
CREATE TABLE IF NOT EXISTS view (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL,
  headings TEXT
)
"""
MOST_PARSED = 256


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One view; its headings only where its rows are kept."""

    number: int
    name: str  # dotted, in lower case
    text: str  # of the statement that made it
    headings: tuple[Heading, ...] | None

    @property
    def is_materialized(self) -> bool:
        """Whether its rows are kept."""
        return self.headings is not None

    @property
    def tree(self) -> exp.Expr:
        """Its query."""
        return _query(self.text)

    @property
    def table(self) -> LocalTable:
        """Its rows."""
        columns = tuple(LocalColumn(name=one.name, type=one.type) for one in self.headings or ())
        values = {one.name.lower(): f"m.{quoted(one.name)}" for one in columns}
        source = f"FROM {ATTACHED}.{quoted(table_of(self.number))} AS m"
        return LocalTable(path=self.name, columns=columns, branches=(Branch(source=source, values=values),))


class Keeping:
    """The views of one workspace."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._path = str(file)
        self._lock = threading.Lock()
        self._seen: tuple[int, dict[str, Kept]] | None = None

    @property
    def version(self) -> int:
        """A number that is another one once anything has changed."""
        try:
            return os.stat(self._path).st_mtime_ns  # noqa: PTH116 - every statement asks, and Path takes twice as long
        except FileNotFoundError:
            return 0

    def all(self) -> dict[str, Kept]:
        """Return every view by its name."""
        version = self.version
        if version == 0:
            return {}
        with self._lock:
            if self._seen is None or self._seen[0] != version:
                self._seen = (version, self._read())
            return self._seen[1]

    def find(self, name: str) -> Kept | None:
        """Return the view of a dotted name in lower case."""
        return self.all().get(name)

    def refuse_taken(self, name: str, *, replaces: bool) -> None:
        """Refuse a name that a view has already, unless it is to be replaced."""
        if not replaces and self.find(name) is not None:
            raise SqlError(DUPLICATE, f"There is a view {name} already; CREATE OR REPLACE VIEW overwrites it.")

    def create(self, name: str, text: str) -> None:
        """Keep a view by its text, in the place of what was kept of it."""
        with self._writing() as database:
            _forget(database, name)
            database.execute("INSERT INTO view (name, text) VALUES (?, ?)", (name, text))

    def materialize(self, name: str, text: str, headings: Sequence[Heading], rows: Iterable[Row]) -> int:
        """Keep a view with its rows, in the place of what was kept of it; return how many there are."""
        named = _distinct(headings)
        with self._writing() as database:
            _forget(database, name)
            told = json.dumps([(one.name, one.type) for one in named])
            database.execute("INSERT INTO view (name, text, headings) VALUES (?, ?, ?)", (name, text, told))
            table = quoted(table_of(database.last_insert_rowid()))
            database.execute(f"CREATE TABLE {table} ({', '.join(quoted(one.name) for one in named)})")
            places = ", ".join("?" for _ in named)
            before = database.total_changes()
            database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - a name of ours
            return database.total_changes() - before

    def drop(self, name: str) -> bool:
        """Forget a view; tell whether there was one."""
        if self.find(name) is None:
            return False
        with self._writing() as database:
            _forget(database, name)
        return True

    def _read(self) -> dict[str, Kept]:
        database = apsw.Connection(str(self.file), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            database.set_busy_timeout(10_000)
            rows: list[Any] = database.execute("SELECT number, name, text, headings FROM view").fetchall()
        finally:
            database.close()
        return {
            name: Kept(number=number, name=name, text=text, headings=_headings(told))
            for number, name, text, told in rows
        }

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = apsw.Connection(str(self.file))
        try:
            database.set_busy_timeout(10_000)
            database.execute(SCHEMA)
            with database:
                yield database
        finally:
            database.close()


def table_of(number: int) -> str:
    """Return the name of the table that holds a view's rows."""
    return f"rows_{number}"


def _forget(database: apsw.Connection, name: str) -> None:
    gone: list[Any] = database.execute("DELETE FROM view WHERE name = ? RETURNING number", (name,)).fetchall()
    for (number,) in gone:
        database.execute(f"DROP TABLE IF EXISTS {quoted(table_of(number))}")


def _headings(told: str | None) -> tuple[Heading, ...] | None:
    return None if told is None else tuple(Heading(name=name, type=type_) for name, type_ in json.loads(told))


def _distinct(headings: Sequence[Heading]) -> list[Heading]:
    """Return headings of which no two have one name: a table has no two columns of one."""
    seen: dict[str, int] = {}
    named = []
    for one in headings:
        count = seen[one.name.lower()] = seen.get(one.name.lower(), 0) + 1
        named.append(one if count == 1 else Heading(name=f"{one.name}:{count - 1}", type=one.type))
    return named


@lru_cache(MOST_PARSED)
def _query(text: str) -> exp.Expr:
    statement = parse(text)
    assert isinstance(statement, CreateView)  # noqa: S101 - nothing else is kept
    return statement.tree

"""How tables stand that triggers watch: tables of the DuckDB files of SQL tasks, and folders of files."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from runyard.core.errors import InvalidRequest, WrongState
from runyard.executors.mounts import Mounts

LOOK_S = 300
MOST_PARTS = 3  # database, schema, table
MOST_FILES = 20_000  # of a folder that is taken for a table
NAME = re.compile(r"[^\s./`\"]+")
HOW = "name one as table, schema.table or database.schema.table, or give the URI of a folder under a mount"
# In a process of its own: a large table is read as a whole, and a database holds what it read in memory.
SCRIPT = """
import json, sys, duckdb
path, tables = sys.argv[1], json.loads(sys.argv[2])
connection = duckdb.connect(path, read_only=True, config={"threads": 1, "autoload_known_extensions": False})
marks = {}
for name, (schema, table) in tables.items():
    there = connection.execute(
        "SELECT table_oid FROM duckdb_tables() WHERE lower(schema_name) = lower(?) AND lower(table_name) = lower(?)",
        [schema, table],
    ).fetchone()
    if there:
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, table))
        counted = connection.execute(f"SELECT count(*), sum(hash(rows)::HUGEINT) FROM {quoted} AS rows").fetchone()
        marks[name] = f"{there[0]}:{counted[0]}:{counted[1]}"
print(json.dumps(marks))
"""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of a DuckDB file."""

    file: Path
    schema: str
    name: str


class Occupied(WrongState):
    """Somebody writes to the database; it can be looked at later."""


def check_table(name: str, mounts: Mounts) -> None:
    """Refuse a name under which no table can ever be found here."""
    if "/" in name:
        mounts.resolve(name)
    elif len(_parts(name)) > MOST_PARTS or not all(map(NAME.fullmatch, _parts(name))):
        raise InvalidRequest(f"{name!r} is not the name of a table that can be watched here; {HOW}.")


def marks_of_tables(names: Iterable[str], databases: Path, mounts: Mounts, *, workspace_id: int) -> dict[str, str]:
    """Return a mark for each table that is there; it differs once the table was changed."""
    names = list(names)
    marks = {name: mark for name in names if "/" in name and (mark := _folder_mark(mounts.resolve(name)))}
    tables = {name: _table(name, databases, workspace_id) for name in names if "/" not in name}
    for file in {table.file for table in tables.values() if table.file.exists()}:
        marks |= _marks_in(file, {name: table for name, table in tables.items() if table.file == file})
    return marks


def _parts(name: str) -> list[str]:
    return name.replace("`", "").split(".")


def _table(name: str, databases: Path, workspace_id: int) -> Table:
    """Find the file: the workspace's own, unless there is one of the name's first part."""
    *before, table = _parts(name)
    own = databases / f"workspace_{workspace_id}.duckdb"
    named = databases / f"{before[0]}.duckdb" if len(before) == MOST_PARTS - 1 else own
    schema = before[-1] if before else "main"
    return Table(file=named if named.exists() else own, schema="main" if schema == "default" else schema, name=table)


def _marks_in(file: Path, tables: Mapping[str, Table]) -> dict[str, str]:
    asked = json.dumps({name: (table.schema, table.name) for name, table in tables.items()})
    with _reading(file):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(file), asked],
            capture_output=True,
            text=True,
            timeout=LOOK_S,
            check=False,
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise Occupied(f"The database {file.name} could not be read: {last}")
    marks: dict[str, str] = json.loads(done.stdout)
    return marks


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Hold the lock that SQL tasks hold among themselves, unless one of them writes."""
    with file.with_name(f"{file.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Occupied(f"A task is writing to the database {file.name}.") from error
        yield


def _files_in(folder: Path) -> Iterator[Path]:
    return (one for one in folder.rglob("*") if one.is_file())


def _folder_mark(folder: Path) -> str:
    """Return a mark of the files of a folder, or of one file; empty if there are none."""
    digest = hashlib.blake2b(digest_size=16)
    paths = [folder] if folder.is_file() else sorted(islice(_files_in(folder), MOST_FILES + 1))
    if len(paths) > MOST_FILES:
        raise InvalidRequest(f"{folder} holds more than {MOST_FILES} files; watch a folder with fewer.")
    for path in paths:
        try:
            facts = path.stat()
        except OSError:  # it went while we looked
            continue
        digest.update(f"{path}\0{facts.st_mtime_ns}\0{facts.st_size}\0".encode(errors="surrogateescape"))
    return digest.hexdigest() if paths else ""

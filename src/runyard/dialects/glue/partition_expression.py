"""The condition that GetPartitions filters by: SQL over partition keys, asked of SQLite, with nothing else in it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing

from runyard.core.errors import InvalidRequest

TYPES: Mapping[str, str] = {
    "bigint": "INTEGER",
    "int": "INTEGER",
    "integer": "INTEGER",
    "long": "INTEGER",
    "smallint": "INTEGER",
    "tinyint": "INTEGER",
    "decimal": "NUMERIC",
    "double": "REAL",
    "float": "REAL",
}
"""How a type of Glue compares in SQLite; every other as text, as dates written alike do."""
ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})
FUNCTIONS = frozenset({"like"})
NO_COMPARISON = re.compile(r"--|/\*|;|\b(?:select|union|with)\b", re.IGNORECASE)
TEXT = re.compile(r"'(?:[^']|'')*'")
MOST_STEPS = 10_000_000  # of SQLite's machine, for one question


Keys = Sequence[Mapping[str, str]]


def fitting(keys: Keys, values: Sequence[Sequence[str]], expression: str) -> list[int]:
    """Return the places of those values that a condition holds for."""
    if odd := NO_COMPARISON.search(TEXT.sub("''", expression)):
        raise _refused(keys, expression, f"{odd.group()!r} is no part of a comparison")
    columns = [f"{_name(one['Name'])} {_affinity(one.get('Type', 'string'))}" for one in keys]
    marks = ", ".join("?" for _ in range(len(keys) + 1))
    # An update may have changed a table's keys, so that no key names the values of older partitions.
    rows = [(place, *one) for place, one in enumerate(values) if len(one) == len(keys)]
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute("PRAGMA case_sensitive_like = ON")
            database.execute(f"CREATE TABLE partitions ({', '.join(['`#` INTEGER', *columns])})")
            database.executemany(f"INSERT INTO partitions VALUES ({marks})", rows)  # noqa: S608 - question marks
            database.set_authorizer(_authorised)
            database.set_progress_handler(lambda: 1, MOST_STEPS)
            found = database.execute(f"SELECT `#` FROM partitions WHERE ({expression})").fetchall()  # noqa: S608 - as authorised
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise _refused(keys, expression, str(error)) from error
    return [row[0] for row in found]


def _refused(keys: Keys, expression: str, reason: str) -> InvalidRequest:
    names = ", ".join(one["Name"] for one in keys) or "(this table has none)"
    return InvalidRequest(
        f"Expression {expression!r} cannot be understood: {reason}. It compares the partition keys {names} "
        "with =, <>, <, >, <=, >=, IN, BETWEEN, LIKE, AND, OR and NOT."
    )


def _authorised(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """Let a condition read the one table and compare, and do nothing else."""
    is_harmless = action in ALLOWED or (action == sqlite3.SQLITE_FUNCTION and second in FUNCTIONS)
    is_ours = action != sqlite3.SQLITE_READ or first == "partitions"
    return sqlite3.SQLITE_OK if is_harmless and is_ours else sqlite3.SQLITE_DENY


def _affinity(kind: str) -> str:
    return TYPES.get(kind.lower().partition("(")[0], "TEXT COLLATE BINARY")


def _name(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))

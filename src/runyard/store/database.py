"""What the ledger asks of a database: run a named query, read in a snapshot, write durably."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from runyard.store.records import COLUMN_FRAGMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")


class ConstraintError(Exception):
    """A row breaks a rule that the schema repeats: a defect of ours, never a caller's mistake."""


class Cursor(Protocol):
    """One open transaction."""

    def all(self, name: str, parameters: Mapping[str, Any], **parts: str) -> Sequence[tuple[Any, ...]]:
        """Run a named query and return its rows; `parts` fill {filters} and {order}."""
        ...

    def run(self, name: str, parameters: Mapping[str, Any]) -> None:
        """Run a named query that returns nothing."""
        ...


class Database(Protocol):
    """SQLite or PostgreSQL.

    `work` does nothing but read and write the ledger, so that a transaction that was lost before it was
    recorded (a deadlock, a neighbour that filled the disk, a broken connection) can be run again.
    """

    def migrate(self) -> None:
        """Bring the schema up to date; safe when several servers start at once."""
        ...

    def read(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` on a snapshot; it cannot write."""
        ...

    def write(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` in its own transaction and return once it is durable; nothing stays if it raises."""
        ...

    def close(self) -> None:
        """Finish what was accepted and let go of the files."""
        ...


_HEADER = re.compile(r"^-- (\w+) --$", re.MULTILINE)
_FRAGMENT = re.compile(r"/\* (\w+) \*/")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)


def load_queries(fragments: Mapping[str, str]) -> dict[str, str]:
    """Return the named queries, with this database's fragments filled in."""
    text = resources.files("runyard.store").joinpath("queries.sql").read_text()
    parts = _HEADER.split(text)[1:]
    fragments = {**COLUMN_FRAGMENTS, **fragments}
    return {
        name: fill(_COMMENT.sub("", body), fragments).strip().rstrip(";").rstrip()
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


def load_migrations(fragments: Mapping[str, str]) -> list[tuple[int, list[str]]]:
    """Return (number, statements) of every migration, in order."""
    folder = resources.files("runyard.store").joinpath("migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), _statements(folder.joinpath(name).read_text(), fragments)) for name in names]


def fill(text: str, fragments: Mapping[str, str]) -> str:
    """Put a database's own words where the portable text names a fragment."""
    return _FRAGMENT.sub(lambda match: fragments[match[1]], text)


def _statements(text: str, fragments: Mapping[str, str]) -> list[str]:
    bare = fill(_COMMENT.sub("", text), fragments)
    return [statement.strip() for statement in bare.split(";") if statement.strip()]

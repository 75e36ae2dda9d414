"""How the core's records stand in rows: columns in the order of their fields, documents as JSON text."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec

from runyard.core.access import Role, Token, User
from runyard.core.bookmark import Bookmark
from runyard.core.document import Document
from runyard.core.job import Job, Task, Workspace
from runyard.core.notice import Channel, Notice, What
from runyard.core.run import Attempt, Event, Outcome, Repair, Run, State
from runyard.core.statement import Statement
from runyard.core.trigger import Trigger

R = TypeVar("R")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

PLANS = 128  # lists of tasks that are kept decoded: one run's is read at the end of each of its tasks

_OUTCOMES: Mapping[str | None, Outcome | None] = {None: None, **{one.value: one for one in Outcome}}
_READ: Mapping[str, Callable[[Any], Any]] = {
    "settings": msgspec.json.decode,
    "tags": msgspec.json.decode,
    "started_by": msgspec.json.decode,
    "output": msgspec.json.decode,
    "task_keys": msgspec.json.Decoder(tuple[str, ...]).decode,
    "is_listed": bool,
    "is_paused": bool,
    "is_committed": bool,
    "elements": msgspec.json.decode,
    "content": msgspec.json.decode,
    "spec": msgspec.json.decode,
    "memory": msgspec.json.decode,
    "pending": lambda text: None if text is None else msgspec.json.decode(text),
    "body": msgspec.json.decode,
    "roles": msgspec.json.Decoder(dict[str, Role]).decode,
    "role": lambda text: None if text is None else Role(text),
    "is_enabled": bool,
    "what": What,
    "channel": Channel,
    "detail": msgspec.json.decode,
    "tasks": lru_cache(PLANS)(msgspec.json.Decoder(tuple[Task, ...]).decode),
    "state": {one.value: one for one in State}.__getitem__,
    "outcome": _OUTCOMES.__getitem__,
}
"""How a column that is not a plain value is read."""
_DOCUMENTS = frozenset(
    {"settings", "tags", "detail", "tasks", "started_by", "task_keys", "spec", "body", "elements", "content", "roles"}
)
_CHANGING_DOCUMENTS = frozenset({"output", "memory", "pending"})
# 0 or 1: the two databases do not agree on booleans.
_FLAGS = frozenset({"is_listed", "is_paused", "is_committed", "is_enabled"})
_JOBS_OWN_WORDS = frozenset({"reason", "message", "trace", "trouble"})


class Shape(Generic[R]):
    """One kind of record, read from rows and written to parameters."""

    def __init__(self, kind: type[R], table: str) -> None:
        self.table = table
        self.columns = tuple(one.name for one in fields(kind))  # type: ignore[arg-type]  # every R is a dataclass
        self._kind = kind
        # A row comes from our own columns, whole: setting its slots skips the constructor and halves a page's time.
        self._set = tuple(getattr(kind, name).__set__ for name in self.columns)
        self._read = tuple((place, _READ[name]) for place, name in enumerate(self.columns) if name in _READ)
        special = _DOCUMENTS | _CHANGING_DOCUMENTS | _FLAGS | _JOBS_OWN_WORDS
        self._plain = tuple(name for name in self.columns if name not in special)
        self._words = tuple(name for name in self.columns if name in _JOBS_OWN_WORDS)
        self._flags = tuple(name for name in self.columns if name in _FLAGS)
        self._changing = tuple(name for name in self.columns if name in _CHANGING_DOCUMENTS)
        self._documents = tuple(name for name in self.columns if name in _DOCUMENTS)

    def read(self, rows: Iterable[Iterable[Any]]) -> list[R]:
        """Return the records of rows; equal documents among them are decoded once and shared."""
        decoders = [(place, _Remembered(decode)) for place, decode in self._read]
        records = []
        for row in rows:
            values = list(row)
            for place, decoder in decoders:
                values[place] = decoder[values[place]]
            record = self._kind.__new__(self._kind)
            for set_slot, value in zip(self._set, values, strict=True):
                set_slot(record, value)
            records.append(record)
        return records

    def values(self, record: R) -> dict[str, Any]:
        """Return every column of a record, by name."""
        values = self.changing_values(record)
        for name in self._documents:
            values[name] = msgspec.json.encode(getattr(record, name)).decode()
        return values

    def changing_values(self, record: R) -> dict[str, Any]:
        """Return every column but the documents, which a run keeps as it was asked for."""
        values = {name: getattr(record, name) for name in self._plain}
        for name in self._words:
            values[name] = _storable(getattr(record, name))
        for name in self._flags:
            values[name] = int(getattr(record, name))
        for name in self._changing:
            document = getattr(record, name)
            values[name] = None if document is None else msgspec.json.encode(document).decode()
        return values


class _Remembered(dict[K, V]):
    """What a pure function gave for each argument so far."""

    def __init__(self, work: Callable[[K], V]) -> None:
        self._work = work

    def __missing__(self, argument: K) -> V:
        value = self[argument] = self._work(argument)
        return value


def _storable(text: str | None) -> str | None:
    """Replace what a job may print but no database keeps as text: NUL and lone surrogates."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


WORKSPACE = Shape(Workspace, "workspace")
JOB = Shape(Job, "job")
RUN = Shape(Run, "run")
ATTEMPT = Shape(Attempt, "attempt")
REPAIR = Shape(Repair, "repair")
EVENT = Shape(Event, "event")
TRIGGER = Shape(Trigger, "trigger_of_job")
NOTICE = Shape(Notice, "notice")
BOOKMARK = Shape(Bookmark, "bookmark")
STATEMENT = Shape(Statement, "statement")
DOCUMENT = Shape(Document, "document")
USER = Shape(User, "known_user")
TOKEN = Shape(Token, "token")

_SHAPES = (
    *(WORKSPACE, JOB, RUN, ATTEMPT, REPAIR, EVENT, TRIGGER),
    *(NOTICE, BOOKMARK, STATEMENT, DOCUMENT, USER, TOKEN),
)
COLUMN_FRAGMENTS: Mapping[str, str] = {
    f"{shape.table}_{suffix}": ", ".join(f"{mark}{name}" for name in shape.columns)
    for shape in _SHAPES
    for suffix, mark in (("columns", ""), ("values", ":"))
}
"""`/* run_columns */` and `/* run_values */` of queries.sql: named, so that a newer schema's columns do no harm."""

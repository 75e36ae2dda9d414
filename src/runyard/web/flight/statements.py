"""Statements between a client's calls: what a ticket holds, and those that are prepared."""

from __future__ import annotations

import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from runyard.runtime.dremio_sql.errors import DremioError
from runyard.web.flight.parameters import bound, marks_in

MOST = 10_000  # prepared statements that are remembered
GONE = "There is no such prepared statement; it was closed, or the server has started anew. Prepare it again."


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A statement that a ticket lets run, and where its short names are looked up."""

    sql: str
    path: tuple[str, ...] = ()
    nonce: str = field(default_factory=lambda: uuid.uuid4().hex)  # tells two runs of one text apart

    def ticket(self) -> bytes:
        """Return the statement as a ticket holds it."""
        return json.dumps({"sql": self.sql, "path": self.path, "nonce": self.nonce}).encode()

    @classmethod
    def of(cls, ticket: bytes) -> Wanted | None:
        """Return the statement of a ticket, None if it holds none."""
        try:
            told = json.loads(ticket)
            return cls(sql=str(told["sql"]), path=tuple(told["path"]), nonce=str(told["nonce"]))
        except (ValueError, TypeError, KeyError):
            return None


@dataclass(kw_only=True)
class PreparedStatement:
    """A statement with question marks, and the values that were bound last."""

    sql: str
    path: tuple[str, ...]
    token: str
    rows: Sequence[Sequence[Any]] = ()

    @property
    def text(self) -> str:
        """Return the statement to run: with its one row of values, if it wants any."""
        if marks_in(self.sql) == 0:
            return self.sql
        if len(self.rows) != 1:
            told = "no values are" if not self.rows else f"{len(self.rows)} rows of values are"
            raise DremioError("VALIDATION", f"The query takes one row of values for its parameters, and {told} bound.")
        return bound(self.sql, self.rows[0])

    def texts(self) -> list[str]:
        """Return the statement once for each row of values."""
        if marks_in(self.sql) == 0:
            return [self.sql]
        return [bound(self.sql, row) for row in self.rows]


class PreparedStatements:
    """Those of all clients, by their handles; the oldest are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, PreparedStatement] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, statement: PreparedStatement) -> bytes:
        """Keep a statement and return its handle."""
        handle = uuid.uuid4().bytes
        with self._lock:
            self._known[handle] = statement
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return handle

    def get(self, handle: bytes, *, token: str) -> PreparedStatement:
        """Return a client's own statement."""
        with self._lock:
            found = self._known.get(handle)
        if found is None or found.token != token:
            raise DremioError("VALIDATION", GONE)
        return found

    def remove(self, handle: bytes, *, token: str) -> None:
        """Forget a client's own statement; one that is not there is forgotten, as by a server that has started anew."""
        with self._lock:
            found = self._known.get(handle)
            if found is not None and found.token == token:
                del self._known[handle]

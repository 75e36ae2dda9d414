"""What one statement asks of services: each call once, all of them given up together, refusals as SqlError."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from runyard.client.channel import Call
from runyard.client.connection import DATABRICKS, DREMIO, GLUE, RUNYARD, Connection
from runyard.client.connections import Connections
from runyard.client.errors import CallFailed, ClientError, GivenUp, WrongConnection
from runyard.client.stop import Stop
from runyard.sql.catalog import Resource, Wire
from runyard.sql.errors import (
    CANCELLED,
    CONNECTION_FAILED,
    DENIED,
    UNDEFINED_OBJECT,
    UPSTREAM_REFUSED,
    SqlError,
)

Record = dict[str, Any]

SERVICES: Mapping[str, str] = {"aws": GLUE, "databricks": DATABRICKS, "dremio": DREMIO, "runyard": RUNYARD}
"""Wire.protocol to the service that a connection is of."""
CANCELLED_TEXT = "The statement was cancelled."
MOST_KEPT = 100_000  # records that are kept for the case that they are asked for again


@dataclass
class Asking:
    """The calls of one statement."""

    connections: Connections
    stop: Stop = field(default_factory=Stop)
    reason: str = CANCELLED_TEXT  # why it was ended, if it was
    allow: Callable[[Connection], None] = lambda _: None  # refuses what whoever asks may not call
    notices: list[str] = field(default_factory=list)
    _kept: dict[tuple[str, ...], Future[Record]] = field(default_factory=dict)
    _records: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def interrupt(self, reason: str = CANCELLED_TEXT) -> None:
        """Give up what is asked now; from any thread."""
        self.reason = reason
        self.stop.set()

    def error(self, error: ClientError) -> SqlError:
        """Return what a client's error is in SQL."""
        return SqlError(CANCELLED, self.reason) if isinstance(error, GivenUp) else as_sql_error(error)

    def close(self) -> None:
        """End what nobody waits for any more, once the statement is through."""
        self.stop.set()

    def notice(self, text: str) -> None:
        """Tell whoever asked, once."""
        with self._lock:
            if text not in self.notices:
                self.notices.append(text)

    def read(self, connection: Connection, wire: Wire, members: Mapping[str, Any]) -> Record:
        """Return the answer of an operation that changes nothing; the same is asked once in a statement."""
        key = (connection.service, connection.name, wire.operation, json.dumps(members, sort_keys=True))
        with self._lock:
            known = self._kept.get(key)
            future = known or self._kept.setdefault(key, Future())
        if known is not None:
            return known.result()
        try:
            answer = self.call(connection, wire, members, repeatable=True)
        except BaseException as error:
            future.set_exception(error)
            raise
        future.set_result(answer)
        with self._lock:
            self._records += 1 + sum(len(one) for one in answer.values() if isinstance(one, list))
            if self._records > MOST_KEPT:
                self._kept.pop(key, None)
        return answer

    def call(
        self, connection: Connection, wire: Wire, members: Mapping[str, Any], *, repeatable: bool = False
    ) -> Record:
        """Return the answer of an operation."""
        self.allow(connection)
        call = Call(
            operation=wire.operation, method=wire.method, path=wire.path, members=members, repeatable=repeatable
        )
        return self.connections.channel(connection).call(call, stop=self.stop)


def connection_of(connections: Connections, resource: Resource, name: str | None) -> Connection:
    """Return the connection that a statement names for a resource (None: the default)."""
    try:
        return connections.find(SERVICES[resource.methods[0].wire.protocol], name)
    except WrongConnection as error:
        raise SqlError(UNDEFINED_OBJECT, str(error)) from error


def as_sql_error(error: ClientError) -> SqlError:
    """Return what a client's error is in SQL."""
    if isinstance(error, GivenUp):
        return SqlError(CANCELLED, CANCELLED_TEXT)
    if isinstance(error, CallFailed):
        is_denied = error.status in REFUSED or error.code in REFUSED_CODES
        return SqlError(DENIED if is_denied else UPSTREAM_REFUSED, str(error))
    if isinstance(error, WrongConnection):
        return SqlError(UNDEFINED_OBJECT, str(error))
    return SqlError(CONNECTION_FAILED, str(error))


REFUSED = frozenset({401, 403})
REFUSED_CODES = frozenset({"AccessDeniedException"})  # of AWS's services, some of which say it with 400

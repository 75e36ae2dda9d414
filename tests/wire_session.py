"""A session over a plain SQLite in memory, and a wire before it: for what is the protocol's alone."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import apsw
import apsw.ext

from runyard.sql.errors import CANCELLED, SYNTAX_ERROR, SqlError
from runyard.sql.grammar.parsing import parse
from runyard.sql.results import Heading, Result, Row, Value
from runyard.sql.statements import Copy, Nothing, Statement, Transaction
from runyard.sql.wire.greeting import Door
from runyard.sql.wire.listener import Clients, OpenCatalog
from runyard.sql.wire.portals import Runnable

TABLE = """
CREATE TABLE numbers AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
SELECT i AS number, 'name ' || i AS name, i * 0.5 AS half FROM n
"""
TYPES = {"number": "bigint", "name": "text", "half": "double", "at": "timestamp", "is_it": "boolean", "data": "bytes"}
"""The type of a column by its name."""


@dataclass(frozen=True, kw_only=True)
class PlainPrepared:
    """A statement of plain SQLite; columns have types by their names."""

    session: PlainSession
    statement: Statement
    text: str
    parameters: tuple[str, ...] = ()
    headings: tuple[Heading, ...] | None = None

    def run(self, arguments: Sequence[Value] = ()) -> Result:
        if isinstance(self.statement, Transaction):
            self.session.transaction = {"begin": "T"}.get(self.statement.verb, "I")
            return Result(tag=lambda _: self.statement.verb.upper())  # type: ignore[union-attr]  # it is a Transaction
        return Result(headings=self.headings or (), rows=self._rows(arguments), tag=lambda count: f"SELECT {count}")

    def _rows(self, arguments: Sequence[Value]) -> Iterator[Row]:
        try:
            yield from self.session.connection.execute(self.text, tuple(arguments))
        except apsw.InterruptError as error:
            raise SqlError(CANCELLED, "interrupted") from error
        except apsw.SQLError as error:
            raise SqlError(SYNTAX_ERROR, str(error)) from error


@dataclass(kw_only=True)
class PlainSession:
    """A conversation in plain SQLite."""

    transaction: str = "I"
    connection: apsw.Connection = field(default_factory=lambda: apsw.Connection(":memory:"))

    def __post_init__(self) -> None:
        self.connection.execute(TABLE)

    def prepare(self, text: str) -> PlainPrepared:
        statement = parse(text)
        if isinstance(statement, Transaction | Nothing):
            return PlainPrepared(session=self, statement=statement, text="")
        plain = statement.tree.sql(dialect="sqlite") if isinstance(statement, Copy) else text
        plain = re.sub(r"\$(\d+)", r"?\1", plain)
        try:
            described = apsw.ext.query_info(self.connection, plain)
        except apsw.SQLError as error:
            raise SqlError(SYNTAX_ERROR, str(error), position=1) from error
        names = [name for name, *_ in described.description]
        return PlainPrepared(
            session=self,
            statement=statement,
            text=plain,
            parameters=("text",) * described.bindings_count,
            headings=tuple(Heading(name=name, type=TYPES.get(name, "text")) for name in names) or None,
        )

    def interrupt(self) -> None:
        self.connection.interrupt()

    def close(self) -> None:
        self.connection.close()


class NoCatalog:
    """No tables to ask about."""

    def understand(self, text: str) -> Runnable | None:
        del text
        return None

    def interrupt(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing is held."""


@dataclass(kw_only=True)
class PlainWire:
    """A wire that listens."""

    clients: Clients
    port: int

    def url(self, user: str = "admin", more: str = "") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/default?sslmode=disable{more}"


@contextmanager
def plain_wire(
    door: Door | None = None, *, most: int = 5000, open_catalog: OpenCatalog = lambda *_: NoCatalog()
) -> Iterator[PlainWire]:
    """Serve plain sessions on a free port."""
    clients = Clients(
        door or Door(is_open=True),
        open_session=lambda _: PlainSession(),
        open_catalog=open_catalog,
        most=most,
    )
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        thread = threading.Thread(target=_accept, args=(listener, clients), daemon=True)
        thread.start()
        try:
            yield PlainWire(clients=clients, port=listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            clients.leave(5)


def _accept(listener: socket.socket, clients: Clients) -> None:
    while True:
        try:
            connected, _ = listener.accept()
        except OSError:
            return
        clients.take(connected)

"""What the console reads from the ledger is read beside the server's one loop, which others' calls wait for."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from runyard.core.access import Role
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.settings import Settings
from runyard.store.database import Cursor
from runyard.store.sqlite import SqliteDatabase
from runyard.store.store import Store
from runyard.web.authentication import Gate
from runyard.web.console.console import Console
from runyard.web.credentials import load_credentials

T = TypeVar("T")

OWN = {"host": "here", "x-runyard-console": "1", "sec-fetch-site": "same-origin"}
PASSWORD = "long enough"


class Watched(SqliteDatabase):
    """A database that knows which threads have read it."""

    def __init__(self, path: Path) -> None:
        self.readers: set[int] = set()
        super().__init__(path)

    def read(self, work: Callable[[Cursor], T]) -> T:
        self.readers.add(threading.get_ident())
        return super().read(work)


@dataclass(frozen=True, kw_only=True)
class Yard:
    """A console of a server that runs nothing and speaks no SQL."""

    console: Console
    gate: Gate
    database: Watched

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Ask on a loop of this thread, as somebody who has just signed in and leaves after this call."""
        cookie = f"{self.console.entrance.cookie}={self.gate.open_session('ann', 'default')[0]}"
        headers = [(name.encode(), value.encode()) for name, value in {**OWN, "cookie": cookie}.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
        coming: list[dict[str, Any]] = [{"type": "http.request", "body": body}, {"type": "http.disconnect"}]
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return coming.pop(0) if len(coming) > 1 else coming[0]

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        self.database.readers.clear()
        assert asyncio.run(self.console.handle(scope, receive, send))
        return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:])


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    database = Watched(tmp_path / "ledger.db")
    store = Store(database)
    engine = Engine(store, Home(tmp_path / "home").make(), Settings(places=0, preload=()))
    engine.workspace("default")
    engine.access.add_user("ann", Role.VIEWER, password=PASSWORD)
    gate = Gate(credentials=load_credentials(tmp_path), access=engine.access, is_open=False)
    yield Yard(console=Console(engine, gate, no_sql), gate=gate, database=database)
    store.close()


def no_sql() -> socket.socket:
    raise ConnectionRefusedError


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("GET", "/", b"", b'"user":"ann"'),
        ("GET", "/console/v1/session", b"", b'"user":"ann"'),
        ("POST", "/console/v1/session", b'{"user":"ann","password":"long enough"}', b'"user":"ann"'),
        ("GET", "/console/v1/events", b"", b"event: "),
        ("GET", "/console/v1/sql/tables", b"", b"does not answer"),
    ],
)
def test_the_ledger_is_read_beside_the_loop(yard: Yard, method: str, path: str, body: bytes, answer: bytes) -> None:
    _, told = yard.ask(method, path, body)

    assert answer in told
    assert yard.database.readers
    assert threading.get_ident() not in yard.database.readers

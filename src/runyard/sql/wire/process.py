"""The wire's own process: it takes in the clients of a socket that the server has bound, and ends with the server."""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runyard.client.home import Keys
from runyard.core.access import Role
from runyard.engine.seal import load_seal
from runyard.sql.console.hatch import Hatch
from runyard.sql.pg_catalog.answering import Answers
from runyard.sql.session import Session
from runyard.sql.wire.greeting import Door, Speaker
from runyard.sql.wire.kept_views import KeptViews
from runyard.sql.wire.listener import Clients
from runyard.sql.wire.people import People
from runyard.sql.wire.tls import server_context
from runyard.sql.woken import begun, tell_that_we_serve
from runyard.sql.yard import Person, Yard, open_yard

if TYPE_CHECKING:
    from runyard.sql.console.desk import Desk

log = logging.getLogger(__name__)

DRAIN_S = 20  # how long statements under way may take after SIGTERM
COLLECT_AFTER = (50_000, 20, 20)  # rows make many objects and leave none behind
PAUSE_S = 0.2  # when the system gives no more sockets


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the server tells of itself."""

    listener: int  # the number of the bound socket
    hatch: int  # and of the one through which the server hands over the calls of its pages
    home: str
    store: str | None
    server: str  # its URL
    parent: int
    auth: bool
    cert: str = ""
    key: str = ""


def main() -> None:
    """Serve until the server says SIGTERM or is gone."""
    told = Told(**begun("runyard-sql"))
    yard = open_yard(home=Path(told.home), store_url=told.store)
    clients = _clients(told, yard)
    hatch = _hatch(told, yard)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    tell_that_we_serve()
    if _accept(socket.socket(fileno=told.listener), clients, hatch):
        hatch.close()
        clients.leave(DRAIN_S)
    os._exit(0)  # a statement that nobody could end must not keep us


def _clients(told: Told, yard: Yard) -> Clients:
    home = Path(told.home)
    people = People(home, server=told.server)
    tls = _once(lambda: server_context(home, told.cert, told.key))
    entrance = Door(is_open=not told.auth, prove=people.prove, salt_of=load_seal(home).salt, tls=tls)

    def open_session(speaker: Speaker) -> Session:
        return yard.session(people.person(speaker))

    def views(speaker: Speaker) -> KeptViews:
        return KeptViews(yard, people.person(speaker))

    answers = Answers(yard.catalog, views)
    return Clients(entrance, open_session=open_session, open_catalog=answers.open)


def _hatch(told: Told, yard: Yard) -> Hatch:
    people = People(Path(told.home), server=told.server)

    def person(said: Mapping[str, Any]) -> Person:
        keys = Keys(**said["keys"], password="")
        speaker = Speaker(
            user=said["user"], workspace=said["workspace"], options={}, role=Role(said["role"]), keys=keys
        )
        return people.person(speaker)

    def desk() -> Desk:
        from runyard.sql.console.desk import Desk  # noqa: PLC0415 - most clients of the SQL are no pages

        return Desk(yard)

    return Hatch(told.hatch, desk, person)


def _once(make: Callable[[], ssl.SSLContext | None]) -> Callable[[], ssl.SSLContext | None]:
    """Make it when it is first wanted, and only once."""
    lock = threading.Lock()
    made: list[ssl.SSLContext | None] = []

    def get() -> ssl.SSLContext | None:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get


def _accept(listener: socket.socket, clients: Clients, hatch: Hatch) -> bool:
    """Take clients in until SIGTERM (True) or the server's end (False)."""
    listener.setblocking(False)
    wake, alarm = socket.socketpair()
    alarm.setblocking(False)
    signal.set_wakeup_fd(alarm.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with selectors.DefaultSelector() as selector:
        for source in (listener, wake, sys.stdin, hatch.source):
            selector.register(source, selectors.EVENT_READ)
        while True:
            ready: set[Any] = {key.fileobj for key, _ in selector.select()}
            if sys.stdin in ready:
                return False
            if wake in ready:
                listener.close()
                return True
            if hatch.source in ready:
                hatch.take()
            if listener in ready:
                _take(listener, clients)


def _take(listener: socket.socket, clients: Clients) -> None:
    with suppress(BlockingIOError, ConnectionAbortedError):
        try:
            connected, _ = listener.accept()
        except OSError as error:
            if isinstance(error, BlockingIOError | ConnectionAbortedError):
                raise
            log.warning("no more clients can be taken in: %s", error)
            threading.Event().wait(PAUSE_S)
        else:
            connected.setblocking(True)
            clients.take(connected)


if __name__ == "__main__":
    main()

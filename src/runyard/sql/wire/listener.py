"""The wire's clients: taking them in, a thread each, ending statements from outside, and letting all go at the end."""

from __future__ import annotations

import itertools
import logging
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable

from runyard.core.errors import RunyardError
from runyard.sql.errors import SqlError
from runyard.sql.session import Session
from runyard.sql.wire import messages
from runyard.sql.wire.channel import Channel, ConnectionLost
from runyard.sql.wire.dialogue import Dialogue
from runyard.sql.wire.failures import TOO_MANY_CONNECTIONS, failure, fatal
from runyard.sql.wire.greeting import Cancel, Door, Speaker
from runyard.sql.wire.interpreter import Interpreter, PgCatalog
from runyard.sql.wire.messages import ProtocolViolation
from runyard.sql.wire.parameters import Parameters
from runyard.sql.wire.portals import Shelf
from runyard.sql.wire.watching import Watch

log = logging.getLogger(__name__)

MOST = 5000  # clients at once
LOGIN_S = 60
STACK_BYTES = 1 << 20  # of a thread; only what is touched takes memory
SECRET_BITS = 32

OpenSession = Callable[[Speaker], Session]
OpenCatalog = Callable[[Speaker, Parameters], PgCatalog]


class Clients:
    """All clients of a wire."""

    def __init__(self, door: Door, *, open_session: OpenSession, open_catalog: OpenCatalog, most: int = MOST) -> None:
        self._door = door
        self._open_session = open_session
        self._open_catalog = open_catalog
        self._most = most
        self._numbers = itertools.count(1)
        self._dialogues: dict[tuple[int, int], Dialogue] = {}
        self._threads: set[threading.Thread] = set()
        self._channels: set[Channel] = set()
        self._lock = threading.Lock()
        self._is_leaving = False
        self._watch = Watch(self.dialogues)

    def dialogues(self) -> list[Dialogue]:
        """Those who are logged in."""
        with self._lock:
            return list(self._dialogues.values())

    def take(self, connected: socket.socket) -> None:
        """Serve a client in a thread of its own."""
        channel = Channel(connected)
        threading.stack_size(STACK_BYTES)
        thread = threading.Thread(target=self._serve, args=(channel,), name="wire-client", daemon=True)
        with self._lock:
            is_full = len(self._threads) >= self._most
            if not is_full:
                self._threads.add(thread)
                self._channels.add(channel)
        if is_full:
            channel.write(fatal(TOO_MANY_CONNECTIONS, f"sorry, too many clients already: {self._most} are served here"))
            channel.close()
            return
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            self._parted(thread, channel)
            channel.close()

    def leave(self, seconds: float) -> None:
        """Let all go: the idle at once, the others behind the statement that runs, which may take so long."""
        self._is_leaving = True
        deadline = time.monotonic() + seconds
        for dialogue in self.dialogues():
            dialogue.leave()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        for dialogue in self.dialogues():
            dialogue.interrupt("asked")
        self._watch.close()

    def _serve(self, channel: Channel) -> None:
        try:
            self._talk(channel)
        except ConnectionLost:
            log.debug("a client left")
        except Exception:  # outermost loop of a client: a defect with one of them ends none of the others
            log.exception("a client was let go by a defect")
        finally:
            channel.close()
            self._parted(threading.current_thread(), channel)

    def _parted(self, thread: threading.Thread, channel: Channel) -> None:
        with self._lock:
            self._threads.discard(thread)
            self._channels.discard(channel)

    def _talk(self, channel: Channel) -> None:
        try:
            channel.prepare()
            channel.limit(LOGIN_S)
            speaker = self._door.greet(channel)
        except (SqlError, RunyardError) as error:
            channel.write(failure(error, severity="FATAL"))
        except ProtocolViolation as error:
            channel.write(fatal("08P01", str(error)))
        except ssl.SSLError as error:
            raise ConnectionLost from error
        else:
            if isinstance(speaker, Cancel):
                self._cancel(speaker)
            else:
                self._converse(channel, speaker)

    def _cancel(self, asked: Cancel) -> None:
        with self._lock:
            dialogue = self._dialogues.get((asked.process, asked.secret))
        if dialogue is not None:
            dialogue.interrupt("asked")

    def _converse(self, channel: Channel, speaker: Speaker) -> None:
        def tell(name: str, value: str) -> None:
            channel.write(messages.parameter_status(name, value))

        try:
            parameters = Parameters(speaker.options, user=speaker.user, changed=tell)
        except SqlError as error:
            channel.write(failure(error, severity="FATAL"))
            return
        key = (next(self._numbers), secrets.randbits(SECRET_BITS))
        for name, value in parameters.told():
            tell(name, value)
        channel.write(messages.cancel_key(*key))
        channel.limit(None)
        dialogue = Dialogue(channel, self._interpreter(speaker, parameters), hurry=self._watch.hurry)
        with self._lock:
            self._dialogues[key] = dialogue
        if self._is_leaving:
            dialogue.leave()
        try:
            dialogue.run()
        finally:
            with self._lock:
                del self._dialogues[key]

    def _interpreter(self, speaker: Speaker, parameters: Parameters) -> Interpreter:
        return Interpreter(
            parameters=parameters,
            open_session=lambda: self._open_session(speaker),
            catalog=self._open_catalog(speaker, parameters),
            shelf=Shelf(),
        )

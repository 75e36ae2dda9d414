"""Requests to one origin over kept connections, each with its deadline: one try, one answer."""

from __future__ import annotations

import contextlib
import functools
import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from runyard.client.errors import BrokenAnswer, WrongConnection
from runyard.client.stop import Stop

CONNECT_S = 10.0
MOST_IDLE = 16
AT_ONCE = 256 * 1024
LARGEST_ANSWER = 512 * 1024 * 1024
PORTS = {"http": 80, "https": 443}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})  # never behind a proxy, whatever the environment says


@dataclass(frozen=True, kw_only=True)
class Message:
    """A request as it goes out; `repr` shows neither headers nor body, which hold secrets."""

    method: str
    target: str  # path and query
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class NothingSent(OSError):
    """No connection came about, so that the request may be made again whatever it asks."""


class Transport:
    """Speaks to one origin, from any number of threads: each call takes an idle connection or makes one."""

    def __init__(self, url: str, *, ca_file: str | None = None) -> None:
        self._origin = _origin(url)
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Hang up what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def exchange(self, message: Message, *, timeout_s: float, stop: Stop) -> Answer:
        """Send a request and return its whole answer; OSError and HTTPException say that none came."""
        stop.check()
        deadline = time.monotonic() + timeout_s
        connection = self._taken() or self._connected(min(CONNECT_S, timeout_s))
        try:
            answer = self._answered(connection, message, deadline=deadline, stop=stop)
        except BaseException:
            connection.close()  # half an answer must not be taken for the next one's
            stop.check()
            raise
        self._give_back(connection)
        return answer

    def _answered(
        self, connection: http.client.HTTPConnection, message: Message, *, deadline: float, stop: Stop
    ) -> Answer:
        sock: socket.socket = connection.sock  # the connection forgets it as soon as an answer says that it is the last
        with stop.watching(sock):
            sock.settimeout(_left(deadline))
            target = self._origin.target(message.target)
            connection.request(message.method, target, message.body or None, dict(message.headers))
            with connection.getresponse() as response:
                body = _read(response, sock, deadline=deadline)
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(status=response.status, headers=headers, body=body)

    def _taken(self) -> http.client.HTTPConnection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if _is_fresh(connection):
                return connection
            connection.close()

    def _connected(self, timeout_s: float) -> http.client.HTTPConnection:
        connection = self._origin.connection(self._ca_file, timeout_s=timeout_s)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            told = f"The certificate of {self._origin.host} is not trusted ({error.verify_message})."
            raise WrongConnection(f"{told} Give its authority's file as `ca_file`, or in SSL_CERT_FILE.") from error
        except OSError as error:
            connection.close()
            raise NothingSent(*error.args) from error
        return connection

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if connection.sock is not None and len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
                return
        connection.close()


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where requests go, and by which proxy, as the environment says (HTTPS_PROXY, NO_PROXY)."""

    scheme: str
    host: str
    port: int
    proxy: SplitResult | None

    def connection(self, ca_file: str | None, *, timeout_s: float) -> http.client.HTTPConnection:
        """Return a connection that is not open yet."""
        way = (self.host, self.port) if self.proxy is None else (self.proxy.hostname or "", self.proxy.port or 80)
        if self.scheme == "http":
            return http.client.HTTPConnection(*way, timeout=timeout_s)
        connection = http.client.HTTPSConnection(*way, timeout=timeout_s, context=_trust(ca_file))
        if self.proxy is not None:
            connection.set_tunnel(self.host, self.port)
        return connection

    def target(self, path: str) -> str:
        """Return what is asked for: a proxy for plain HTTP wants to know of whom."""
        is_whole = self.scheme == "http" and self.proxy is not None
        port = "" if self.port == PORTS["http"] else f":{self.port}"
        return f"http://{self.host}{port}{path}" if is_whole else path


def _origin(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in PORTS or parts.username is not None:
        raise WrongConnection(f"{_shown(url)!r} is not the address of a service; give one like https://host.example.")
    is_near = host in LOOPBACK or proxy_bypass(host)
    proxy = None if is_near else getproxies().get(parts.scheme)
    return Origin(
        scheme=parts.scheme, host=host, port=port or PORTS[parts.scheme], proxy=urlsplit(proxy) if proxy else None
    )


def _shown(url: str) -> str:
    """An address without the password that somebody may have written into it."""
    before, at, after = url.rpartition("@")
    return f"{before.partition('//')[0]}//…@{after}" if at else url


@functools.cache
def _trust(ca_file: str | None) -> ssl.SSLContext:
    """Whom to trust: the system's authorities (or those in SSL_CERT_FILE), or one file's. Read once: it takes long."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise WrongConnection(f"ca_file {ca_file!r} cannot be read ({error}).") from error


def _is_fresh(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side still listens: one that has hung up makes the socket readable."""
    with contextlib.suppress(OSError, ValueError):
        poll = select.poll()
        poll.register(connection.sock, select.POLLIN)
        return not poll.poll(0)
    return False


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the answer took too long")
    return left


def _read(response: http.client.HTTPResponse, sock: socket.socket, *, deadline: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        sock.settimeout(_left(deadline))  # of each piece, so that a trickle ends too
        piece = response.read1(AT_ONCE)
        if not piece:
            break
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise BrokenAnswer(f"The answer has more than {LARGEST_ANSWER >> 20} MiB; ask for smaller pages.")
        pieces.append(piece)
    if response.length:  # read1 ends quietly where read would complain
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(pieces)

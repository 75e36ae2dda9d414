"""One connection to a server, straight or by way of a proxy: opened, asked one thing after the other, and closed."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult

from runyard.arazzo.http.answers import decoded
from runyard.arazzo.http.exchange import Headers, HttpResponse
from runyard.arazzo.http.incoming import NO_CONTENT, NOT_MODIFIED, OK, Broken, Head, Incoming
from runyard.arazzo.http.origins import PORTS, Origin, credentials_of, proxy_of
from runyard.arazzo.http.outgoing import first_line, header_lines

if TYPE_CHECKING:
    import ssl

ALPN = ["http/1.1"]


class Connection:
    """A connection that is open; not for several threads at once."""

    def __init__(self, sock: socket.socket, proxy_headers: Headers | None) -> None:
        self.proxy_headers = proxy_headers
        """What a request tells the proxy that it is sent to; None if it is sent to the server itself."""
        self._socket = sock
        self._incoming = Incoming(sock)
        self._sight = select.poll()
        self._sight.register(sock, select.POLLIN)
        self.is_open = True

    @property
    def has_answered(self) -> bool:
        """Whether anything has come of the answer to the latest request."""
        return self._incoming.has_begun

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        self._socket.close()

    def is_stale(self) -> bool:
        """Whether the server has hung up, or says something that nobody has asked."""
        return not self.is_open or not self._incoming.is_empty or bool(self._sight.poll(0))

    def ask(self, request: bytes, *, deadline: float, is_head: bool, largest: int) -> HttpResponse:
        """Return what is answered; the connection is closed behind an answer that is the last one on it."""
        self._incoming.expect(deadline)
        self._incoming.limit_wait()
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it had heard everything
            self._socket.sendall(request)
        head = self._incoming.head()
        body = (
            b"" if is_head or head.status in {NO_CONTENT, NOT_MODIFIED} else self._incoming.body(head, largest=largest)
        )
        if body is None:
            body = self._incoming.rest(largest)
            self.close()
        elif not _is_kept(head):
            self.close()
        if codings := head.values.get("content-encoding"):
            body = decoded(body, codings, largest=largest)
        return HttpResponse(status=head.status, reason=head.reason, headers=head.headers, body=body)


def _is_kept(head: Head) -> bool:
    """Whether a server stays for another request; one whose framing may mean two things is not asked again."""
    words = {word.strip() for word in head.values.get("connection", "").split(",")}
    says_both = "transfer-encoding" in head.values and "content-length" in head.values
    return not says_both and "close" not in words and (head.minor == "1" or "keep-alive" in words)


def connect(origin: Origin, *, deadline: float, timeout_s: float) -> Connection:
    """Open a connection by way of the proxy that the environment names for this server, if it names one."""
    proxy = proxy_of(origin)
    goal = (origin.host, origin.port) if proxy is None else (proxy.hostname or "", proxy.port or PORTS["http"])
    sock = socket.create_connection((_name(goal[0]), goal[1]), timeout_s)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = None if proxy is None else credentials_of(proxy, "Proxy-Authorization")
        if origin.scheme == "http":
            return Connection(sock, headers)
        if proxy is not None:
            _tunnel(sock, origin, proxy, min(deadline, time.monotonic() + timeout_s))
        return Connection(_encrypted(sock, origin.host), None)
    except BaseException:
        sock.close()
        raise


def _name(host: str) -> Any:
    """A host as it is looked up; of a text the standard library would load the tables of Unicode first."""
    return host.encode() if host.isascii() else host


def _tunnel(sock: socket.socket, origin: Origin, proxy: SplitResult, deadline: float) -> None:
    place = f"{origin.host_as_written}:{origin.port}"
    headers = (("Host", place), *credentials_of(proxy, "Proxy-Authorization"))
    sock.sendall(first_line("CONNECT", place) + header_lines(headers))
    incoming = Incoming(sock)
    incoming.expect(deadline)
    head = incoming.head()
    if head.status // 100 != OK // 100 or not incoming.is_empty:
        raise Broken(f"Tunnel connection failed: {head.status} {head.reason}".rstrip())


def _encrypted(sock: socket.socket, host: str) -> ssl.SSLSocket:
    import ssl  # noqa: PLC0415  # 10 ms that only https needs

    context = ssl.create_default_context()
    context.set_alpn_protocols(ALPN)
    return context.wrap_socket(sock, server_hostname=host)

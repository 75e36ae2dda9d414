"""A server whose every byte a test decides, and which remembers what it heard."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Talk = Callable[["Line"], None]


@dataclass
class Line:
    """One connection, from the server's side."""

    connection: socket.socket
    heard: list[str]

    def request(self) -> str:
        """Return one whole request, with its body."""
        text = b""
        while b"\r\n\r\n" not in text:
            piece = self.connection.recv(65536)
            if not piece:
                raise ConnectionError
            text += piece
        head, _, body = text.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
        )
        while len(body) < length:
            body += self.connection.recv(65536)
        self.heard.append((head + b"\r\n\r\n" + body).decode("latin-1"))
        return self.heard[-1]

    def say(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def answer(self, body: bytes = b"", *headers: str, status: str = "200 OK") -> None:
        """Send a response with its length."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.say("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def says(body: bytes = b"", *headers: str, status: str = "200 OK") -> Talk:
    """Return the talk of a server that hears one request and answers it."""

    def talk(line: Line) -> None:
        line.request()
        line.answer(body, *headers, status=status)

    return talk


def sends(data: bytes) -> Talk:
    """Return the talk of a server that hears one request, sends these bytes and hangs up."""

    def talk(line: Line) -> None:
        line.request()
        line.say(data)

    return talk


@dataclass
class RawServer:
    """Where it listens, and what it heard on which connection."""

    port: int
    heard: list[str] = field(default_factory=list)
    connections: int = 0
    encrypted: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.encrypted else 'http'}://127.0.0.1:{self.port}"


@contextmanager
def serving(*talks: Talk, encrypted: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Serve the first connection by the first talk, and so on; the last talk serves all that follow."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(port=listener.getsockname()[1], encrypted=encrypted)
    thread = threading.Thread(target=_accept, args=(listener, server, talks), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _accept(listener: socket.socket, server: RawServer, talks: Sequence[Talk]) -> None:
    threads = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            break
        talk = talks[min(server.connections, len(talks) - 1)]
        server.connections += 1
        threads.append(threading.Thread(target=_serve, args=(connection, server, talk), daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join(10)


def _serve(connection: socket.socket, server: RawServer, talk: Talk) -> None:
    with connection, suppress(OSError):
        if server.encrypted:
            connection = server.encrypted.wrap_socket(connection, server_side=True)
        talk(Line(connection=connection, heard=server.heard))
        connection.close()

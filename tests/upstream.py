"""A service over HTTP whose every answer a test decides, and which remembers what it was asked."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def members(self) -> dict[str, Any]:
        """What it tells: the body's members, or the query's."""
        return dict(json.loads(self.body)) if self.body else dict(self.query)

    @property
    def target(self) -> str:
        """The operation of AWS that is meant."""
        return self.headers.get("x-amz-target", "").removeprefix("AWSGlue.")


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer; a body that is no bytes is written as JSON."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], Told]


@dataclass
class Upstream:
    """Where it listens, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of a test; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def answering(answer: Answering) -> Iterator[Upstream]:
    """Serve on a free port of this machine; requests are answered by the function, several at once."""
    upstream = Upstream(url="")
    server = Server(("127.0.0.1", 0), _handler(upstream, answer))
    upstream.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(upstream: Upstream, decide: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            parts = urlsplit(self.path)
            asked = Asked(
                method=self.command,
                path=parts.path,
                query={name: values[-1] for name, values in parse_qs(parts.query).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(self.headers.get("content-length", 0))),
            )
            upstream.asked.append(asked)
            told = decide(asked)
            body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            self.send_response(told.status)
            for name, value in {"content-length": str(len(body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the standard library calls them

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def in_turn(*tolds: Told) -> Answering:
    """Return what answers with the first, then the second …, and with the last from then on."""
    lock, rest = threading.Lock(), list(tolds)

    def answer(_: Asked) -> Told:
        with lock:
            return rest.pop(0) if len(rest) > 1 else rest[0]

    return answer

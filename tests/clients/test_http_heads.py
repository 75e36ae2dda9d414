"""Requests whose heads never end, from somebody who has no credential."""

from __future__ import annotations

import json
import socket
import urllib.parse
from collections.abc import Iterator

import pytest
from live import Live

PIECE = 64 * 1024
MOST = 64  # pieces that a server may take before it has heard enough
BEGUN = b"%b HTTP/1.1\r\nHost: here\r\n"
GET, POST = BEGUN % b"GET /healthz", BEGUN % b"POST /api/2.2/jobs/create"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("heads") / "home", settings="preload = []\n").start()
    yield server
    server.close()


def opened(live: Live) -> socket.socket:
    place = urllib.parse.urlsplit(live.url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=60)


def is_ended(live: Live, begun: bytes, piece: bytes) -> bool:
    """Tell whether the server ends a connection on which pieces come without end."""
    with opened(live) as connection:
        try:
            connection.sendall(begun)
            for _ in range(MOST):
                connection.sendall(piece)
        except OSError:
            return True
    return False


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        pytest.param(GET + b"X-Long: ", b"a" * PIECE, id="one header"),
        pytest.param(GET, b"x: a\r\n" * (PIECE // 6), id="many headers"),
        pytest.param(b"GET /", b"a" * PIECE, id="an address"),
        pytest.param(POST + CHUNKED + b"2;", b"a" * PIECE, id="a chunk's extension"),
        pytest.param(POST + CHUNKED + b"0\r\nX-Long: ", b"a" * PIECE, id="a trailer"),
    ],
)
def test_a_head_without_end_ends_its_connection(live: Live, begun: bytes, piece: bytes) -> None:
    assert is_ended(live, begun, piece)


def test_who_sends_too_long_a_head_is_told_so(live: Live) -> None:
    with opened(live) as connection:
        connection.sendall(GET + b"X-Long: " + b"a" * PIECE)

        assert connection.recv(100).startswith(b"HTTP/1.1 431 ")


def test_long_bodies_and_heads_of_some_length_are_taken_as_before(live: Live) -> None:
    token = live.credentials["token"].encode()
    body = json.dumps({"name": "x" * 9_000_000}).encode()
    known = b"Connection: close\r\nAuthorization: Bearer %b\r\nX-Long: %b\r\n" % (token, b"a" * 40_000)
    pieces = (body[at : at + 1000] for at in range(0, len(body), 1000))
    with opened(live) as connection:
        connection.sendall(POST + known + CHUNKED)
        connection.sendall(b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n")

        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")  # the name is too long, and was read whole

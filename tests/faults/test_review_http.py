"""Calls that are cut off, lured, or not text, and calls that wait while the server is told to leave."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from live import Live
from waiting import until

FOREVER = {"script": {"source": "import time; time.sleep(600)"}}
SIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}/20240101/us-east-1/glue/aws4_request"
    "&X-Amz-Date=20240101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=a"
)
PATIENCE_S = 20  # less than the drain, far more than an answer takes


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    server = Live(tmp_path / "home", settings="grace_s = 0.2\npreload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def open_live(tmp_path: Path) -> Iterator[Live]:
    server = Live(tmp_path / "home", arguments=("--auth", "off"), settings="preload = []\n").start()
    yield server
    server.close()


def connected(live: Live) -> socket.socket:
    parts = urlsplit(live.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=60)


def head(live: Live, line: str, **headers: str) -> bytes:
    token = json.loads((live.home / "credentials.json").read_text())["token"]
    told = {"Host": "localhost", "Authorization": f"Bearer {token}", "Connection": "close", **headers}
    lines = [f"{line} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(live: Live, sent: bytes) -> tuple[int, bytes]:
    """Return the status and the body that a call, byte for byte, is answered with."""
    with connected(live) as line:
        line.sendall(sent)
        heard = b"".join(iter(lambda: line.recv(65536), b""))
    return int(heard.split(b" ", 2)[1]), heard.partition(b"\r\n\r\n")[2]


def posted(live: Live, path: str, body: Any, **headers: str) -> tuple[int, bytes]:
    text = json.dumps(body).encode()
    return answer(live, head(live, f"POST {path}", Content_Length=str(len(text)), **headers) + text)


def started(live: Live) -> int:
    _, body = posted(live, "/runyard/v1/runs", FOREVER)
    run_id: int = json.loads(body)["id"]
    until(lambda: state(live, run_id) == "running")
    return run_id


def state(live: Live, run_id: int) -> str:
    _, body = answer(live, head(live, f"GET /runyard/v1/runs/{run_id}"))
    found: str = json.loads(body)["state"]
    return found


def test_a_call_whose_body_never_came_is_not_carried_out(live: Live) -> None:
    run_id = started(live)
    with connected(live) as line:
        line.sendall(head(live, f"POST /runyard/v1/runs/{run_id}/stop", Content_Length="100"))
        line.shutdown(socket.SHUT_WR)
        line.recv(1)
    _, body = answer(live, head(live, f"GET /runyard/v1/runs/{run_id}?wait_s=1"))

    assert json.loads(body)["state"] == "running"


def test_who_waits_for_a_run_does_not_hold_up_a_server_that_leaves(live: Live) -> None:
    run_id = started(live)
    with connected(live) as line:
        line.sendall(head(live, f"GET /runyard/v1/runs/{run_id}?wait_s=60"))
        assert state(live, run_id) == "running"  # an answer behind it: the server has the one that waits
        began = time.monotonic()
        status = live.stop()
        left_s = time.monotonic() - began
        heard = b"".join(iter(lambda: line.recv(65536), b""))

    assert status == 0
    assert left_s < PATIENCE_S
    assert json.loads(heard.partition(b"\r\n\r\n")[2])["state"] == "running"


@pytest.mark.parametrize(
    "query",
    [SIGNED.format("%FF"), "AWSAccessKeyId=%FF&Signature=a&Expires=9999999999"],
)
def test_a_credential_that_is_no_text_is_refused_as_any_wrong_one(live: Live, query: str) -> None:
    sent = f"GET /?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    status, body = answer(live, sent)

    assert status in {400, 403}
    assert b"must be text in UTF-8" in body


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example:8642"])
def test_with_authentication_off_no_page_from_elsewhere_may_run_code(open_live: Live, origin: str) -> None:
    status, _ = posted(open_live, "/runyard/v1/runs", FOREVER, Origin=origin, Content_Type="text/plain")
    _, runs = answer(open_live, head(open_live, "GET /runyard/v1/runs"))

    assert status == 403
    assert json.loads(runs)["runs"] == []


def test_with_authentication_off_our_own_pages_may(open_live: Live) -> None:
    status, _ = posted(open_live, "/runyard/v1/runs", {"script": {"source": "pass"}}, Origin=open_live.url)

    assert status == 201

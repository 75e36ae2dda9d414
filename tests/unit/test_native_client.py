"""The client of our own API, against servers that misbehave as real ones do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runyard.client.errors import CallFailed, NoServer, Unreachable
from runyard.client.home import find_place, read_keys, read_place
from runyard.client.native import NativeClient

Answer = tuple[int, bytes]


@dataclass
class Responder:
    """Gives prepared answers in turn, the last one for ever, and remembers what it was asked."""

    url: str
    answers: list[Answer | None]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)

    def client(self, token: str = "", *, patience_s: float = 5) -> NativeClient:
        return NativeClient(self.url, token, patience_s=patience_s, timeout_s=5)


@pytest.fixture
def respond() -> Iterator[Callable[..., Responder]]:
    servers: list[ThreadingHTTPServer] = []

    def make(*answers: Answer | None) -> Responder:
        responder = Responder("", list(answers))

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                responder.asked.append((self.command, self.path, json.loads(body) if body else None))
                responder.connections.add(self.client_address)
                prepared = responder.answers.pop(0) if len(responder.answers) > 1 else responder.answers[0]
                if prepared is None:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(prepared[0])
                self.send_header("content-length", str(len(prepared[1])))
                self.end_headers()
                self.wfile.write(prepared[1])

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 - http.server calls them so

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        responder.url = f"http://127.0.0.1:{server.server_port}"
        return responder

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


BUSY = (503, b'{"error": "ledger_unavailable", "message": "The disk is full."}')


def test_calls_share_one_connection(respond: Callable[..., Responder]) -> None:
    responder = respond((200, b"{}"))
    client = responder.client()
    for _ in range(3):
        client.server()

    assert len(responder.connections) == 1
    assert [path for _, path, _ in responder.asked] == ["/runyard/v1/server"] * 3


def test_a_call_that_may_be_repeated_is_until_the_server_is_well(respond: Callable[..., Responder]) -> None:
    responder = respond(BUSY, None, (200, b'{"id": 7}'))

    assert responder.client().run(7) == {"id": 7}
    assert len(responder.asked) == 3


def test_a_submission_is_repeated_under_its_key(respond: Callable[..., Responder]) -> None:
    responder = respond(None, (201, b'{"id": 7}'))
    responder.client().submit({"source": "pass"}, name="a")
    first, second = (body for _, _, body in responder.asked)

    assert first == second
    assert first["idempotency_key"]


def test_a_start_is_not_repeated_as_it_might_have_been_heard(respond: Callable[..., Responder]) -> None:
    responder = respond(None, (201, b'{"id": 7}'))

    with pytest.raises(Unreachable):
        responder.client().start_job("nightly", {})
    assert len(responder.asked) == 1


def test_what_the_server_refuses_is_told_in_its_words(respond: Callable[..., Responder]) -> None:
    responder = respond((404, b'{"error": "not_found", "message": "Run 7 not found."}'))

    with pytest.raises(CallFailed, match=r"Run 7 not found\.") as caught:
        responder.client().run(7)
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert len(responder.asked) == 1


def test_patience_ends_with_the_servers_own_words(respond: Callable[..., Responder]) -> None:
    with pytest.raises(CallFailed, match="The disk is full"):
        respond(BUSY).client(patience_s=0.1).run(7)


def test_another_kind_of_server_is_recognised(respond: Callable[..., Responder]) -> None:
    with pytest.raises(CallFailed, match="no runyard server"):
        respond((200, b"<html>")).client().run(7)


def test_pages_are_walked_until_the_limit(respond: Callable[..., Responder]) -> None:
    responder = respond(
        (200, b'{"runs": [{"id": 3}, {"id": 2}], "next_page_token": "t&x"}'),
        (200, b'{"runs": [{"id": 1}], "next_page_token": "more"}'),
    )

    assert [run["id"] for run in responder.client().runs(limit=3, active=True, job=None)] == [3, 2, 1]
    assert [path for _, path, _ in responder.asked] == [
        "/runyard/v1/runs?active=true&limit=3",
        "/runyard/v1/runs?active=true&limit=1&page_token=t%26x",
    ]


def test_a_name_is_quoted_whole(respond: Callable[..., Responder]) -> None:
    responder = respond((200, b"{}"))
    responder.client().job("a/b ?ü")

    assert responder.asked[0][1] == "/runyard/v1/jobs/a%2Fb%20%3F%C3%BC"


def test_an_address_at_which_nobody_listens_is_told() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"

        with pytest.raises(Unreachable, match="runyard serve"):
            NativeClient(url, "", patience_s=0.1, timeout_s=1).server()


@pytest.mark.parametrize("url", ["", "localhost:8642", "ftp://x", "http://", "http://x:notaport"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Unreachable, match="not the address"):
        NativeClient(url, "", patience_s=0, timeout_s=1)


# homes


def test_a_home_without_a_server_tells_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoServer, match="runyard serve --home"):
        read_place(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"url": "http://x", "pid": 2147483646}'])
def test_a_place_that_is_damaged_or_dead_is_no_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)

    assert find_place(tmp_path) is None


@pytest.mark.parametrize("text", [None, "{", "[]", '{"token": "t"}'])
def test_keys_that_are_missing_or_damaged_are_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "credentials.json").write_text(text)

    with pytest.raises(NoServer, match=r"credentials\.json"):
        read_keys(tmp_path)


def test_keys_do_not_show_in_a_traceback(tmp_path: Path) -> None:
    told = {"access_key": "AK", "secret_key": "deep", "token": "darker", "password": "darkest"}
    (tmp_path / "credentials.json").write_text(json.dumps(told))

    shown = repr(read_keys(tmp_path))

    assert "AK" in shown
    assert not any(secret in shown for secret in ("deep", "darker", "darkest"))


@pytest.mark.parametrize("answer", [(404, b'{"error": "nope"}'), (404, b'{"detail": "Not Found"}'), (302, b"{}")])
def test_a_refusal_of_another_kind_of_server_says_so(respond: Callable[..., Responder], answer: Answer) -> None:
    with pytest.raises(CallFailed, match=rf"\(status {answer[0]}\) is no runyard server.*--url") as refused:
        respond(answer).client().server()

    assert refused.value.code == "not_runyard"

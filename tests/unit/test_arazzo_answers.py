"""How answers of servers are read: what comes ahead of them, where they end, and which are refused."""

from __future__ import annotations

import socket

import pytest
from raw_server import Line, sends, serving

from runyard.arazzo.http.exchange import HttpRequest, HttpResponse, Unreachable
from runyard.arazzo.http.transport import Transport


def request(url: str, method: str = "GET") -> HttpRequest:
    return HttpRequest(method=method, url=url)


def sent(url: str) -> HttpResponse:
    return Transport()(request(url), timeout_s=20)


def answers_once(line: Line) -> None:
    line.request()
    line.answer(b"one")


@pytest.mark.parametrize(
    "ahead", [b"100 Continue", b"102 Processing", b"103 Early Hints\r\nLink: </a.css>; rel=preload"]
)
def test_what_comes_ahead_of_an_answer_is_not_the_answer(ahead: bytes) -> None:
    whole = b"HTTP/1.1 " + ahead + b"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext"
    with serving(sends(whole)) as server:
        response = sent(server.url)

    assert (response.status, response.body) == (200, b"text")
    assert response.headers == (("Content-Length", "4"),)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext", b"text"),
        (b"HTTP/1.1 200\nContent-Length:4 \n\ntext", b"text"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\nContent-Length: 4\r\n\r\ntext", b"text"),
        (b"HTTP/1.1 200 OK\r\n\r\ntext", b"text"),
        (b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\ntext", b"text"),
        (b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nte\r\n2;a=b\r\nxt\r\n0\r\nX: y\r\n\r\n", b"text"),
    ],
    ids=["length", "bare line ends", "the same length", "until the end", "older", "nothing", "chunks with trailers"],
)
def test_a_body_ends_where_its_head_says(answer: bytes, body: bytes) -> None:
    with serving(sends(answer)) as server:
        assert sent(server.url).body == body


def test_an_answer_that_comes_in_pieces_is_put_together() -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntext\r\n0\r\n\r\n"

    def drips(line: Line) -> None:
        line.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.request()
        for byte in whole:
            line.say(bytes([byte]))
        line.request()
        line.answer(b"next")

    with serving(drips) as server:
        transport = Transport()
        bodies = [transport(request(server.url), timeout_s=20).body for _ in range(2)]
        transport.close()

    assert bodies == [b"text", b"next"]
    assert server.connections == 1


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0",
        b"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0",
        b"HTTP/1.1 200 OK\r\nX\r\nContent-Length: 0",
        b"HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 0",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5",
        b"HTTP/1.1 200 OK\r\nContent-Length: -4",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x4\r\ntext\r\n0",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntext\r\n0",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30,
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
        b"HTTP/2 200",
        b"220 mail.example ESMTP",
    ],
)
def test_an_answer_that_may_be_understood_in_two_ways_is_refused(head: bytes) -> None:
    with (
        serving(sends(head + b"\r\n\r\n")) as server,
        pytest.raises(Unreachable, match=r"broke off or gave no answer that can be read: .+"),
    ):
        sent(server.url)


def test_the_answer_to_a_head_has_no_body() -> None:
    def answers(line: Line) -> None:
        line.request()
        line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        line.request()
        line.answer(b"next")

    with serving(answers) as server:
        transport = Transport()
        bodies = [transport(request(server.url, method), timeout_s=20).body for method in ("HEAD", "GET")]
        transport.close()

    assert bodies == [b"", b"next"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1",
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
    ],
    ids=["said", "older", "two ways of framing", "something behind it"],
)
def test_a_connection_is_not_asked_again_behind_an_answer_that_is_its_last(answer: bytes) -> None:
    def answers(line: Line) -> None:
        line.request()
        line.say(answer)
        line.request()

    with serving(answers, answers_once) as server:
        transport = Transport()
        bodies = [transport(request(server.url, "POST"), timeout_s=20).body for _ in range(2)]
        transport.close()

    assert bodies == [b"1", b"one"]
    assert server.connections == 2

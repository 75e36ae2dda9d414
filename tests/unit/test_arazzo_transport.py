"""How requests of workflows travel: kept connections, limits, redirects, proxies, encryption."""

from __future__ import annotations

import gzip
import signal
import ssl
import threading
import zlib
from pathlib import Path
from threading import Event

import pytest
from raw_server import Line, says, sends, serving

from runyard.arazzo.http.exchange import Headers, HttpRequest, HttpResponse, Unreachable
from runyard.arazzo.http.limits import Limits
from runyard.arazzo.http.transport import Transport

CERTIFICATE = Path(__file__).parent / "encrypted-server.pem"
"""Of a server on this machine, with its key: made for these tests."""
NOBODY = "http://127.0.0.1:9"
MANY = b"[" + b"0," * 200_000 + b"0]"


def request(url: str, method: str = "GET", *, headers: Headers = (), body: bytes | None = None) -> HttpRequest:
    return HttpRequest(method=method, url=url, headers=headers, body=body)


def sent(url: str, method: str = "GET", *, limits: Limits | None = None, timeout_s: float = 20) -> HttpResponse:
    return Transport(limits)(request(url, method), timeout_s=timeout_s)


def answers_twice(line: Line) -> None:
    line.request()
    line.answer(b"one", "X-Kind: first")
    line.request()
    line.answer(b"two")


def echoes_for_ever(line: Line) -> None:
    while True:
        line.answer(line.request().encode("latin-1"))


def test_a_request_brings_back_status_headers_and_body() -> None:
    with serving(says(b"gone", "X-Why: moved", status="410 Gone")) as server:
        response = Transport()(
            request(f"{server.url}/a%20b?c=d", "POST", headers=(("X-Mine", "1"),), body=b"hello"), timeout_s=20
        )

    assert response.status == 410
    assert response.reason == "Gone"
    assert ("X-Why", "moved") in response.headers
    assert response.body == b"gone"
    assert server.heard[0].startswith("POST /a%20b?c=d HTTP/1.1\r\n")
    assert "X-Mine: 1\r\n" in server.heard[0]
    assert f"Host: 127.0.0.1:{server.port}\r\n" in server.heard[0]
    assert server.heard[0].endswith("Content-Length: 5\r\n\r\nhello")


def test_one_connection_serves_many_requests() -> None:
    with serving(answers_twice) as server:
        transport = Transport()
        first = transport(request(server.url), timeout_s=20)
        second = transport(request(server.url), timeout_s=20)
        transport.close()

    assert (first.body, second.body) == (b"one", b"two")
    assert server.connections == 1


def test_a_connection_that_the_server_has_closed_meanwhile_is_not_asked() -> None:
    closed = Event()

    def answers_once(line: Line) -> None:
        line.request()
        line.answer(b"one")
        line.connection.close()
        closed.set()

    with serving(answers_once, answers_twice) as server:
        transport = Transport()
        transport(request(server.url), timeout_s=20)
        assert closed.wait(60)
        response = transport(request(server.url, "POST"), timeout_s=20)
        transport.close()

    assert response.body == b"one"
    assert len(server.heard) == 2


def drops_the_second(line: Line) -> None:
    line.request()
    line.answer(b"one")
    line.request()


def test_a_question_that_a_kept_connection_loses_is_asked_once_more() -> None:
    with serving(drops_the_second, answers_twice) as server:
        transport = Transport()
        transport(request(server.url), timeout_s=20)
        response = transport(request(server.url), timeout_s=20)
        transport.close()

    assert response.body == b"one"
    assert server.connections == 2


def test_what_changes_something_is_never_sent_twice() -> None:
    with serving(drops_the_second) as server:
        transport = Transport()
        transport(request(server.url), timeout_s=20)
        with pytest.raises(Unreachable, match="broke off"):
            transport(request(server.url, "POST", body=b"{}"), timeout_s=20)

    assert [one.split(" ")[0] for one in server.heard] == ["GET", "POST"]


def test_an_answer_that_had_begun_is_not_asked_for_again() -> None:
    def begins(line: Line) -> None:
        line.request()
        line.answer(b"one")
        line.request()
        line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    with serving(begins) as server:
        transport = Transport()
        transport(request(server.url), timeout_s=20)
        with pytest.raises(Unreachable, match="broke off"):
            transport(request(server.url), timeout_s=20)

    assert server.connections == 1


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 cannot be reached: Connection refused\."):
        sent(NOBODY)


def test_an_answer_that_comes_byte_by_byte_ends_when_its_time_is_over() -> None:
    over = Event()

    def drips(line: Line) -> None:
        line.request()
        line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.05):
            line.say(b".")

    with serving(drips) as server:
        with pytest.raises(Unreachable, match=r"gave no answer within 0\.5 s\."):
            sent(server.url, timeout_s=0.5)
        over.set()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Content-Length: 2000000000",), b""),
        (("Transfer-Encoding: chunked",), b"30d41\r\n" + MANY[:200_001] + b"\r\n0\r\n\r\n"),
        (("Connection: close",), MANY),
        (
            (f"Content-Length: {len(gzip.compress(MANY, mtime=0))}", "Content-Encoding: gzip"),
            gzip.compress(MANY, mtime=0),
        ),
        ((f"Content-Length: {len(zlib.compress(MANY))}", "Content-Encoding: deflate"), zlib.compress(MANY)),
    ],
    ids=["said", "in chunks", "until the end", "gzip", "deflate"],
)
def test_no_more_is_kept_of_an_answer_than_the_limit(headers: tuple[str, ...], body: bytes) -> None:
    head = "\r\n".join(["HTTP/1.1 200 OK", *headers]).encode() + b"\r\n\r\n"

    with (
        serving(sends(head + body)) as server,
        pytest.raises(Unreachable, match="larger than"),
    ):
        sent(server.url, limits=Limits(response_bytes=100_000))


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"text", mtime=0)),
        ("gzip", gzip.compress(b"te", mtime=0) + gzip.compress(b"xt", mtime=0) + b"\0\0"),
        ("deflate", zlib.compress(b"text")),
        ("deflate", zlib.compress(b"text", wbits=-15)),
        ("deflate, gzip", gzip.compress(zlib.compress(b"text"), mtime=0)),
        ("identity", b"text"),
        ("br", b"text"),
    ],
)
def test_a_compressed_answer_is_read_as_what_it_says(coding: str, body: bytes) -> None:
    with serving(says(body, f"Content-Encoding: {coding}")) as server:
        assert sent(server.url).body == b"text"


@pytest.mark.parametrize("body", [gzip.compress(b"text", mtime=0)[:-9], b"\x1f\x8bnothing"])
def test_an_answer_that_is_not_compressed_as_it_says_is_refused(body: bytes) -> None:
    with (
        serving(says(body, "Content-Encoding: gzip")) as server,
        pytest.raises(Unreachable, match="compressed"),
    ):
        sent(server.url)


def test_a_redirect_within_the_server_is_followed_by_those_who_only_ask() -> None:
    def moves(line: Line) -> None:
        line.request()
        line.answer(b"", "Location: /there?x=1", status="302 Found")
        line.request()
        line.answer(b"here")

    with serving(moves) as server:
        response = Transport()(request(server.url, headers=(("Authorization", "Bearer x"),)), timeout_s=20)

    assert response.body == b"here"
    assert server.heard[1].startswith("GET /there?x=1 ")
    assert "Authorization: Bearer x" in server.heard[1]


@pytest.mark.parametrize(("method", "place"), [("GET", "http://127.0.0.1:9/"), ("POST", "/there")])
def test_a_redirect_to_elsewhere_or_of_a_change_is_handed_back(method: str, place: str) -> None:
    talk = says(b"", f"Location: {place}", status="307 Moved")
    with serving(talk) as server:
        response = sent(server.url, method)

    assert response.status == 307
    assert len(server.heard) == 1


def test_redirects_in_a_circle_end() -> None:
    def circles(line: Line) -> None:
        while True:
            line.request()
            line.answer(b"", "Location: /", status="301 Moved")

    with serving(circles) as server:
        transport = Transport(Limits(redirects=3))
        response = transport(request(server.url), timeout_s=20)
        transport.close()

    assert response.status == 301
    assert len(server.heard) == 4


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.1:{port}"])
def test_a_host_that_is_allowed_is_called(allowed: str) -> None:
    with serving(answers_twice) as server:
        hosts = ("example.com", allowed.format(port=server.port))
        assert sent(server.url, limits=Limits(hosts=hosts)).status == 200


@pytest.mark.parametrize("allowed", ["example.com", "127.0.0.1:1", "127.0.0"])
def test_a_host_that_is_not_allowed_is_not_called(allowed: str) -> None:
    with serving(answers_twice) as server, pytest.raises(Unreachable, match="--allow-host names only") as refused:
        sent(server.url, limits=Limits(hosts=(allowed,)))

    assert f"Add --allow-host 127.0.0.1:{server.port}" in str(refused.value)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("http://127.0.0.1:9/", "s3cret\r\nX: y"),
        ("http://127.0.0.1:9/", "s3cret €"),
        ("http://127.0.0.1:9/s3cret x", ""),
    ],
)
def test_what_cannot_stand_in_a_request_is_refused_without_repeating_it(url: str, header: str) -> None:
    with serving(answers_twice) as server, pytest.raises(Unreachable, match="cannot be sent") as refused:
        Transport()(request(url.replace(":9", f":{server.port}"), headers=(("X-Key", header),)), timeout_s=20)

    assert "s3cret" not in str(refused.value)
    assert not server.heard


@pytest.mark.parametrize("url", ["ftp://host/", "/only/a/path", "http://", "http://[::1", "http://host:x/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Unreachable, match=r"cannot be called|is no URL"):
        sent(url)


def test_a_name_in_the_address_is_told_as_basic_credentials() -> None:
    with serving(answers_twice) as server:
        sent(server.url.replace("//", "//ada:p%40ss@"))

    assert "Authorization: Basic YWRhOnBAc3M=\r\n" in server.heard[0]
    assert server.heard[0].startswith("GET / ")


def test_a_proxy_of_the_environment_is_asked_for_the_whole_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answers_twice) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:pw@127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("NO_PROXY", "other.example")
        body = sent("http://api.example/x?y=1").body

    assert body == b"one"
    assert proxy.heard[0].startswith("GET http://api.example/x?y=1 HTTP/1.1\r\n")
    assert "Host: api.example\r\n" in proxy.heard[0]
    assert "Proxy-Authorization: Basic bWU6cHc=\r\n" in proxy.heard[0]


def test_a_proxy_is_asked_for_a_tunnel_to_an_encrypted_server(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = says(status="403 Forbidden")
    with serving(talk) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable, match="Tunnel connection failed: 403"):
            sent("https://api.example/x")

    assert proxy.heard[0].startswith("CONNECT api.example:443 HTTP/1.")


def test_what_answers_behind_the_tunnel_of_a_proxy_has_to_be_the_server_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)

    def tunnels(line: Line) -> None:
        line.request()
        line.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        context.wrap_socket(line.connection, server_side=True)

    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with serving(tunnels) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:pw@127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable, match=r"certificate is not valid for 'api\.example'"):
            sent("https://api.example/x")

    assert "Proxy-Authorization: Basic bWU6cHc=\r\n" in proxy.heard[0]


def test_this_machine_and_what_no_proxy_names_are_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", NOBODY)
    monkeypatch.setenv("no_proxy", "localtest.example")
    with serving(answers_twice) as server:
        assert sent(server.url).body == b"one"
        with pytest.raises(Unreachable, match=r"localtest\.example cannot be reached"):
            sent("http://localtest.example/")


def test_a_kept_connection_is_closed_when_ctrl_c_comes() -> None:
    def interrupts(line: Line) -> None:
        line.request()
        line.answer(b"first")
        line.request()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        line.request()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
    with serving(interrupts, echoes_for_ever) as server:
        transport = Transport()
        transport(request(f"{server.url}/first"), timeout_s=20)
        with pytest.raises(KeyboardInterrupt):
            transport(request(f"{server.url}/second"), timeout_s=20)
        third = transport(request(f"{server.url}/third"), timeout_s=20)
        transport.close()
    signal.signal(signal.SIGINT, before)

    assert third.body.startswith(b"GET /third ")


def test_an_encrypted_server_is_asked_once_its_certificate_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    with serving(answers_twice, encrypted=context) as server:
        with pytest.raises(Unreachable, match=r"cannot be reached: .*certificate verify failed"):
            sent(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        transport = Transport()
        bodies = [transport(request(server.url), timeout_s=20).body for _ in range(2)]
        transport.close()

    assert bodies == [b"one", b"two"]
    assert server.connections == 2
    assert f"Host: 127.0.0.1:{server.port}\r\n" in server.heard[0]

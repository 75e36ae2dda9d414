"""Mails and webhooks, against a mail server and an HTTP server of the test's own."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_string
from email.header import decode_header, make_header
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runyard.core.errors import InvalidRequest
from runyard.core.notice import Channel, Notice, What
from runyard.engine.delivery import Post, Undeliverable
from runyard.engine.settings import Destination, Smtp, load_settings

BODY = {"subject": "Run 5 of job nächtlich failed", "text": "Es ging schief.\n", "document": {"run": {"run_id": 5}}}


def a_notice(channel: Channel, address: str, **body: Any) -> Notice:
    return Notice(
        id=77, run_id=5, name="n", what=What.FAILED, channel=channel, address=address, body={**BODY, **body},
        due_at=None, created_at=1_800_000_000_000,
    )  # fmt: skip


def a_mail(**body: Any) -> Notice:
    return a_notice(Channel.EMAIL, "ann@example.org", **body)


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# mails


class MailServer(socketserver.TCPServer):
    """Speaks as much SMTP as a mail needs, and keeps what it was given."""

    allow_reuse_address = True

    def __init__(self, **refusals: str) -> None:
        self.refusals = refusals
        self.commands: list[str] = []
        self.mails: list[Mail] = []
        super().__init__(("127.0.0.1", 0), _MailSession)

    @property
    def smtp(self) -> Smtp:
        return Smtp(host="127.0.0.1", port=self.server_address[1], sender="yard@example.org")


class _MailSession(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            self.server.commands.append(line)
            if word in self.server.refusals:
                self.say(self.server.refusals[word])
            elif word == "DATA":
                self.take_mail()
            else:
                self.say(
                    {"EHLO": "250-here\r\n250-SMTPUTF8\r\n250 AUTH PLAIN", "AUTH": "235 in", "QUIT": "221 bye"}.get(
                        word, "250 ok"
                    )
                )
            if word == "QUIT":
                return

    def take_mail(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        self.server.mails.append(message_from_string("".join(lines)))
        self.say("250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


def test_a_mail_reaches_its_address_with_subject_and_text() -> None:
    server = MailServer()
    with served(server):
        Post(server.smtp, {}).deliver(a_mail())
    (mail,) = server.mails

    assert mail["From"] == "yard@example.org"
    assert mail["To"] == "ann@example.org"
    assert mail["Message-ID"] == "<notice-77@runyard>"
    assert str(decoded(mail["Subject"])) == BODY["subject"]
    assert bytes(mail.get_payload(decode=True)).decode().strip() == "Es ging schief."


def decoded(header: str) -> str:
    return str(make_header(decode_header(header)))


def test_a_mail_server_that_asks_for_it_is_told_user_and_password() -> None:
    server = MailServer()
    smtp = Smtp(
        host="127.0.0.1", port=server.server_address[1], user="yard", password="hunter2", sender="y@example.org"
    )
    with served(server):
        Post(smtp, {}).deliver(a_mail())

    assert [line.split()[:2] for line in server.commands if line.startswith("AUTH")] == [["AUTH", "PLAIN"]]
    assert len(server.mails) == 1


def test_a_job_name_cannot_add_headers() -> None:
    server = MailServer()
    with served(server):
        Post(server.smtp, {}).deliver(a_mail(subject="Run 5\r\nBcc: eve@example.org"))

    assert server.mails[0]["Bcc"] is None
    assert server.mails[0]["Subject"] == "Run 5 Bcc: eve@example.org"


@pytest.mark.parametrize(
    ("refusals", "is_final"),
    [
        ({"RCPT": "550 no such user"}, True),
        ({"RCPT": "450 later"}, False),
        ({"MAIL": "553 not you"}, True),
        ({"DATA": "451 full"}, False),
        ({"EHLO": "421 going", "HELO": "421 going"}, False),
    ],
)
def test_a_refusal_lasts_or_not_as_the_mail_server_says(refusals: dict[str, str], *, is_final: bool) -> None:
    server = MailServer(**refusals)
    with served(server), pytest.raises(Undeliverable) as caught:
        Post(server.smtp, {}).deliver(a_mail())

    assert caught.value.is_final == is_final
    assert next(iter(refusals.values())).split()[0] in str(caught.value)


def test_a_mail_that_was_taken_is_told_whatever_the_mail_server_says_at_the_end() -> None:
    server = MailServer(QUIT="500 what?")
    with served(server):
        Post(server.smtp, {}).deliver(a_mail())

    assert len(server.mails) == 1


def test_wrong_credentials_are_tried_again_as_somebody_may_mend_them() -> None:
    server = MailServer(AUTH="535 wrong")
    smtp = Smtp(host="127.0.0.1", port=server.server_address[1], user="yard", password="old", sender="y@example.org")
    with served(server), pytest.raises(Undeliverable) as caught:
        Post(smtp, {}).deliver(a_mail())

    assert not caught.value.is_final


def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    server = MailServer()
    smtp = server.smtp
    server.server_close()
    with pytest.raises(Undeliverable, match=f"127.0.0.1:{smtp.port}") as caught:
        Post(smtp, {}).deliver(a_mail())

    assert not caught.value.is_final


def test_an_address_that_is_none_is_given_up() -> None:
    smtp = Smtp(host="127.0.0.1", port=1, sender="y@example.org")
    with pytest.raises(Undeliverable) as caught:
        Post(smtp, {}).deliver(a_notice(Channel.EMAIL, "ann@example.org\nBcc: eve@example.org"))

    assert caught.value.is_final


def test_without_a_mail_server_the_text_says_what_to_set_and_the_log_says_it_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    post = Post(None, {})
    for _ in range(3):
        with pytest.raises(Undeliverable, match=r"\[smtp\] in settings.toml") as caught:
            post.deliver(a_mail())
        assert caught.value.is_final

    assert len(caplog.records) == 1


# webhooks


class Hook(HTTPServer):
    """Keeps what it was sent, and answers with one status after the other."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.calls: list[tuple[str, str, dict[str, str], Any]] = []
        super().__init__(("127.0.0.1", 0), _Call)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?room=1"


class _Call(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_GET(self) -> None:
        self.answer(None)

    def answer(self, body: Any) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append((self.command, self.path, headers, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def a_call(**body: Any) -> Notice:
    return a_notice(Channel.WEBHOOK, "pager", **body)


def test_a_webhook_is_sent_the_document_with_what_its_destination_asks_for() -> None:
    hook = Hook()
    destination = Destination(url=hook.url, user="yard", password="hunter2", headers={"X-Room": "1"})
    with served(hook):
        Post(None, {"pager": destination}).deliver(a_call())
    (method, path, headers, body), *more = hook.calls

    assert (method, path, body, more) == ("POST", "/hook?room=1", {"run": {"run_id": 5}}, [])
    assert headers["content-type"] == "application/json"
    assert headers["authorization"] == "Basic eWFyZDpodW50ZXIy"
    assert headers["x-room"] == "1"


def test_a_chat_room_is_sent_a_text() -> None:
    hook = Hook()
    with served(hook):
        Post(None, {"pager": Destination(url=hook.url, form="text")}).deliver(a_call())

    assert hook.calls[0][3] == {"text": f"{BODY['subject']}\n{BODY['text']}"}


@pytest.mark.parametrize(
    ("status", "is_final"),
    [(400, True), (404, True), (408, False), (429, False), (500, False), (503, False), (302, False)],
)
def test_an_answer_is_final_if_it_would_be_the_same_again(status: int, *, is_final: bool) -> None:
    hook = Hook(status)
    with served(hook), pytest.raises(Undeliverable, match=f"'pager' answered {status}") as caught:
        Post(None, {"pager": Destination(url=hook.url)}).deliver(a_call())

    assert caught.value.is_final == is_final
    assert [call[0] for call in hook.calls] == ["POST"]  # nothing followed the redirect


@pytest.mark.parametrize(
    "break_off", [lambda request: request.close(), lambda request: request.sendall(b"not HTTP\r\n\r\n")]
)
def test_a_destination_that_breaks_off_is_tried_again(break_off: Callable[[Any], None]) -> None:
    class Broken(socketserver.TCPServer):
        def finish_request(self, request: Any, _: Any) -> None:
            request.recv(1)
            break_off(request)

    server = Broken(("127.0.0.1", 0), socketserver.BaseRequestHandler)
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    with served(server), pytest.raises(Undeliverable, match="could not be reached") as caught:
        Post(None, {"pager": Destination(url=url)}).deliver(a_call())

    assert not caught.value.is_final


@pytest.mark.parametrize(
    "destination",
    [
        Destination(url="http://me:hunter2@127.0.0.1/"),
        Destination(url="http://127.0.0.1/hunter2 x"),
        Destination(url="http://127.0.0.1/hunter2\u20ac"),
        Destination(url="{url}", headers={"X-Key": "hunter2\n"}),
        Destination(url="{url}", headers={"X-Key": "hunter2\u20ac"}),
    ],
)
def test_what_cannot_be_sent_is_not_told_either(destination: Destination) -> None:
    hook = Hook()
    destination = msgspec.structs.replace(destination, url=destination.url.format(url=hook.url))
    with served(hook), pytest.raises(Undeliverable, match="cannot be sent") as caught:
        Post(None, {"pager": destination}).deliver(a_call())

    assert caught.value.is_final
    assert "hunter2" not in str(caught.value)


def test_a_mail_password_that_cannot_be_sent_is_not_told() -> None:
    server = MailServer()
    smtp = msgspec.structs.replace(server.smtp, user="yard", password="hunter2\u20ac")
    with served(server), pytest.raises(Undeliverable, match="ASCII") as caught:
        Post(smtp, {}).deliver(a_mail())

    assert caught.value.is_final
    assert "hunter2" not in str(caught.value)


def test_a_destination_that_is_not_set_is_given_up_with_what_to_set() -> None:
    with pytest.raises(Undeliverable, match=r"\[destinations.pager\]") as caught:
        Post(None, {}).deliver(a_call())

    assert caught.value.is_final


# settings


def test_settings_say_where_mails_and_calls_go(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        '[smtp]\nhost = "mail"\nport = 587\nfrom = "yard@example.org"\nstarttls = true\n'
        '[destinations.2fbd0a-4a05]\nurl = "https://example.org/hook"\n'
    )
    settings = load_settings(file)

    assert settings.smtp == Smtp(host="mail", port=587, sender="yard@example.org", starttls=True)
    assert settings.destinations == {"2fbd0a-4a05": Destination(url="https://example.org/hook")}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[smtp]\nport = 25", "host"),
        ('[smtp]\nhost = "m"\nmood = 1', "mood"),
        ('[destinations.a]\nurl = "file:///etc/passwd"', "destinations.a.url"),
        ('[destinations.a]\nurl = "http://h"\nform = "xml"', "form"),
        ('[destinations.a]\nurl = "http://me:hunter2@h/"', "user and password are settings"),
        ('[destinations.a]\nurl = "http://h:hunter2/"', "destinations.a.url"),
        ('[destinations.a]\nurl = "http://h/"\nheaders = {X-Key = "hunter2\\n"}', "destinations.a.headers.X-Key"),
        ('[destinations.a]\nurl = "http://h/"\nheaders = {"X: " = "hunter2"}', "destinations.a.headers"),
    ],
)
def test_wrong_settings_are_refused_by_name(tmp_path: Path, text: str, part: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)

    with pytest.raises(InvalidRequest, match=part) as caught:
        load_settings(file)

    assert "hunter2" not in str(caught.value)

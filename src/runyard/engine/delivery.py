"""Carries one notice to one address: by mail, or to a URL."""

from __future__ import annotations

import base64
import json
import logging
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from http.client import HTTPException, InvalidURL

from runyard.core.notice import Channel, Notice
from runyard.engine.settings import Destination, Smtp

log = logging.getLogger(__name__)

TIMEOUT_S = 10
NO_SMTP = "No mail server is set: give host, port and from under [smtp] in settings.toml to have mails sent."
NO_DESTINATION = "No destination {name!r} is set: give its url under [destinations.{name}] in settings.toml."
NO_LOGIN = "User and password under [smtp] in settings.toml cannot be sent: mail servers take ASCII only."
NOT_SENT = "What is set for the destination {name!r} cannot be sent: correct its url and headers in settings.toml."
LATER = frozenset({408, 409, 425, 429})  # refusals that do not last
REFUSED = 400
BROKEN = 500


class Undeliverable(Exception):
    """A notice could not be carried to its address."""

    def __init__(self, text: str, *, is_final: bool) -> None:
        super().__init__(text)
        self.is_final = is_final  # to try again would not help


class Post:
    """Knows the ways to every address."""

    def __init__(self, smtp: Smtp | None, destinations: Mapping[str, Destination]) -> None:
        self._smtp = smtp
        self._destinations = destinations
        self._said: set[str] = set()
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._ways: Mapping[Channel, Callable[[Notice], None]] = {
            Channel.EMAIL: self._mail,
            Channel.WEBHOOK: self._call,
        }

    def deliver(self, notice: Notice) -> None:
        """Carry a notice to its address, or say why it could not be."""
        self._ways[notice.channel](notice)

    def _mail(self, notice: Notice) -> None:
        if self._smtp is None:
            raise self._unset(NO_SMTP)
        try:
            message = _mail_of(notice, self._smtp)
        except ValueError as error:
            raise Undeliverable(f"No mail can be sent to {notice.address!r}: {error}.", is_final=True) from error
        try:
            _send(message, self._smtp)
        except UnicodeEncodeError as error:  # of a user or password, a part of which its text would tell
            raise Undeliverable(NO_LOGIN, is_final=True) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Undeliverable(f"The mail server cannot do it: {error}.", is_final=True) from error
        except (smtplib.SMTPException, OSError) as error:
            text = f"The mail server {self._smtp.host}:{self._smtp.port} did not take the mail: {error}"
            raise Undeliverable(text, is_final=_is_final(error)) from error

    def _call(self, notice: Notice) -> None:
        destination = self._destinations.get(notice.address)
        if destination is None:
            raise self._unset(NO_DESTINATION.format(name=notice.address))
        try:
            with self._opener.open(_request(notice, destination), timeout=TIMEOUT_S):
                pass
        except urllib.error.HTTPError as error:
            with error:
                text = f"The destination {notice.address!r} answered {error.code} {error.reason}."
                is_final = REFUSED <= error.code < BROKEN and error.code not in LATER
                raise Undeliverable(text, is_final=is_final) from error
        except (ValueError, InvalidURL) as error:  # whose own text tells the URL or header, and may so tell a secret
            raise Undeliverable(NOT_SENT.format(name=notice.address), is_final=True) from error
        except (OSError, HTTPException) as error:
            text = f"The destination {notice.address!r} could not be reached: {getattr(error, 'reason', error)}."
            raise Undeliverable(text, is_final=False) from error

    def _unset(self, text: str) -> Undeliverable:
        if text not in self._said:  # once; each notice keeps the text
            log.warning("a notice is not sent. %s", text)
            self._said.add(text)
        return Undeliverable(text, is_final=True)


def _mail_of(notice: Notice, smtp: Smtp) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(notice.body["subject"].split())
    message["From"] = smtp.sender or f"runyard@{socket.getfqdn()}"
    message["To"] = notice.address
    message["Date"] = formatdate(notice.created_at / 1000)
    # The same at every try: a mail that came twice, because we died before we knew, is shown once.
    message["Message-ID"] = f"<notice-{notice.id}@runyard>"
    message.set_content(notice.body["text"])
    return message


def _send(message: EmailMessage, smtp: Smtp) -> None:
    secure = ssl.create_default_context()
    if smtp.tls:
        server: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=TIMEOUT_S, context=secure)
    else:
        server = smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT_S)
    try:
        if smtp.starttls:
            server.starttls(context=secure)
        if smtp.user:
            server.login(smtp.user, smtp.password)
        server.send_message(message)
    finally:
        with suppress(smtplib.SMTPException, OSError):  # taken is taken, however it says good-bye
            server.quit()
        server.close()


def _is_final(error: Exception) -> bool:
    """Tell whether the server has said that it will never take this mail."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return False  # the settings are wrong, not the mail
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= BROKEN for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= BROKEN


def _request(notice: Notice, destination: Destination) -> urllib.request.Request:
    document = notice.body["document"]
    if destination.form == "text":
        document = {"text": f"{notice.body['subject']}\n{notice.body['text']}"}
    headers = {"Content-Type": "application/json", "User-Agent": "runyard", **destination.headers}
    if destination.user:
        pair = base64.b64encode(f"{destination.user}:{destination.password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    body = json.dumps(document).encode()
    return urllib.request.Request(destination.url, data=body, headers=headers, method="POST")  # noqa: S310 - settings.py refuses other schemes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET without its body; it is told as what it is."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None

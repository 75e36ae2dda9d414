"""The real `Send`: connections kept alive for each server, by the standard library alone, within limits."""

from __future__ import annotations

import http.client
import select
import time
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

from runyard.arazzo.http import answers
from runyard.arazzo.http.answers import Answering
from runyard.arazzo.http.exchange import Headers, HttpRequest, HttpResponse, Unreachable
from runyard.arazzo.http.limits import Limits
from runyard.arazzo.http.origins import Origin, check_allowed, connection_to, credentials_of, origin_of, proxy_headers

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""What may be sent a second time when nobody knows whether it arrived the first time."""
FOLLOWED = frozenset({"GET", "HEAD"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
ALWAYS = (("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate"), ("User-Agent", "runyard"))
GONE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class Transport:
    """Carries requests to their servers and brings the responses back; not for several threads at once."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._kept: dict[Origin, http.client.HTTPConnection] = {}

    def __call__(self, request: HttpRequest, *, timeout_s: float) -> HttpResponse:
        """Return the response; a redirect is followed only to the same server, and only if it was merely asked."""
        deadline = time.monotonic() + timeout_s
        response = self._answer(request, deadline, timeout_s)
        for _ in range(self.limits.redirects):
            goal = redirected(request, response)
            if goal is None or origin_of(goal) != origin_of(request.url):
                break
            request = replace(request, url=goal)
            response = self._answer(request, deadline, timeout_s)
        return response

    def close(self) -> None:
        """Hang up everywhere."""
        while self._kept:
            self._kept.popitem()[1].close()

    def _answer(self, request: HttpRequest, deadline: float, timeout_s: float) -> HttpResponse:
        origin = origin_of(request.url)
        check_allowed(origin, self.limits.hosts)
        kept = self._kept.pop(origin, None)
        try:
            if kept is not None and not _is_stale(kept):
                with suppress(_HungUp):
                    return self._ask(kept, origin, request, Answering(deadline), is_kept=True)
            return self._ask(self._connected(origin, deadline), origin, request, Answering(deadline), is_kept=False)
        except TimeoutError as error:
            raise Unreachable(f"{origin.place} gave no answer within {timeout_s:g} s.") from error

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        origin: Origin,
        request: HttpRequest,
        answering: Answering,
        *,
        is_kept: bool,
    ) -> HttpResponse:
        """Ask on one connection, and keep it if it can be asked again."""
        try:
            _send(connection, origin, request, answering)
            raw = connection.getresponse()
            body = answers.body(raw, largest=self.limits.response_bytes)
        except BaseException as error:  # whatever it is: what is left of this answer must not be the next one's
            connection.close()
            if is_kept and request.method in SAFE and isinstance(error, GONE) and not answering.has_begun:
                raise _HungUp from error
            _complain(error, origin)
        if raw.will_close:
            connection.close()
        else:
            self._kept[origin] = connection
        return HttpResponse(status=raw.status, reason=raw.reason, headers=tuple(raw.getheaders()), body=body)

    def _connected(self, origin: Origin, deadline: float) -> http.client.HTTPConnection:
        connection = connection_to(origin)
        connection.timeout = min(self.limits.connect_s, Answering(deadline).left())
        try:
            connection.connect()
        except TimeoutError as error:
            connection.close()
            raise Unreachable(f"{origin.place} cannot be reached within {connection.timeout:g} s.") from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unreachable(f"{origin.place} cannot be reached: {_why(error)}.") from error
        return connection


class _HungUp(Exception):
    """The server had given up a kept connection, and has heard nothing of the request."""


def redirected(request: HttpRequest, response: HttpResponse) -> str | None:
    """Return where a response sends those who merely ask."""
    if response.status not in REDIRECTS or request.method not in FOLLOWED:
        return None
    place = next((value for name, value in response.headers if name.lower() == "location"), None)
    return urljoin(request.url, place) if place else None


def _send(connection: http.client.HTTPConnection, origin: Origin, request: HttpRequest, answering: Answering) -> None:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    to_proxy = proxy_headers(connection)
    try:
        connection.response_class = answering.response  # type: ignore[assignment]  # whatever makes one
        connection.sock.settimeout(answering.left())
        whole = target if to_proxy is None else f"{origin.scheme}://{origin.place}{target}"
        connection.putrequest(request.method, whole, skip_host=True, skip_accept_encoding=True)
        for name, value in (*_headers(request, origin), *(to_proxy or ())):
            connection.putheader(name, value)
    except (ValueError, http.client.InvalidURL) as error:  # its text would repeat the value, which may be a secret
        raise Unreachable(
            f"The request to {origin.place} cannot be sent: its address or a header holds a line break, a space or "
            "another character that cannot stand there."
        ) from error
    with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it had heard everything
        connection.endheaders(request.body)


def _headers(request: HttpRequest, origin: Origin) -> Headers:
    """The request's own headers, and those that every request has."""
    own = {name.lower() for name, _ in request.headers}
    more = [("Host", origin.place), *ALWAYS, *credentials_of(urlsplit(request.url), "Authorization")]
    if request.body is not None or request.method in WITH_BODY:
        more.append(("Content-Length", str(len(request.body or b""))))
    return (*request.headers, *((name, value) for name, value in more if name.lower() not in own))


def _is_stale(connection: http.client.HTTPConnection) -> bool:
    """Whether the server has hung up, or says something that nobody has asked."""
    try:
        stale = connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])
    except (OSError, ValueError):  # more descriptors than select() can count: rather a new one than a guess
        stale = True
    if stale:
        connection.close()
    return stale


def _complain(error: BaseException, origin: Origin) -> NoReturn:
    if isinstance(error, TimeoutError):
        raise error
    if isinstance(error, OSError | http.client.HTTPException):
        raise Unreachable(f"{origin.place} broke off or gave no answer that can be read: {_why(error)}.") from error
    raise error


def _why(error: Exception) -> str:
    text = str(getattr(error, "strerror", None) or error or type(error).__name__)
    return text.rstrip(".")

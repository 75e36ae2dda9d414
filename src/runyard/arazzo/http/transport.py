"""The real `Send`: connections kept alive for each server, by the standard library alone, within limits."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import NoReturn
from urllib.parse import urljoin

from runyard.arazzo.http.connections import Connection, connect
from runyard.arazzo.http.exchange import Headers, HttpRequest, HttpResponse, Unreachable
from runyard.arazzo.http.incoming import Broken, HungUp
from runyard.arazzo.http.limits import Limits
from runyard.arazzo.http.origins import Address, Origin, check_allowed, origin_of, parted
from runyard.arazzo.http.outgoing import Unspeakable, spelled

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""What may be sent a second time when nobody knows whether it arrived the first time."""
FOLLOWED = frozenset({"GET", "HEAD"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = (HungUp, ConnectionResetError, BrokenPipeError)


class Transport:
    """Carries requests to their servers and brings the responses back; not for several threads at once."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._kept: dict[Origin, Connection] = {}

    def __call__(self, request: HttpRequest, *, timeout_s: float) -> HttpResponse:
        """Return the response; a redirect is followed only to the same server, and only if it was merely asked."""
        deadline = time.monotonic() + timeout_s
        response = self._answer(request, deadline, timeout_s)
        for _ in range(self.limits.redirects):
            goal = redirected(request, response)
            if goal is None or origin_of(goal) != origin_of(request.url):
                break
            request = request.but(url=goal)
            response = self._answer(request, deadline, timeout_s)
        return response

    def close(self) -> None:
        """Hang up everywhere."""
        while self._kept:
            self._kept.popitem()[1].close()

    def _answer(self, request: HttpRequest, deadline: float, timeout_s: float) -> HttpResponse:
        address = parted(request.url)
        origin = address.origin
        check_allowed(origin, self.limits.hosts)
        kept = self._kept.pop(origin, None)
        try:
            if kept is not None and not _is_stale(kept):
                with suppress(_HeardNothing):
                    return self._ask(kept, address, request, deadline, is_kept=True)
            return self._ask(self._connected(origin, deadline), address, request, deadline, is_kept=False)
        except TimeoutError as error:
            raise Unreachable(f"{origin.place} gave no answer within {timeout_s:g} s.") from error

    def _ask(
        self, connection: Connection, address: Address, request: HttpRequest, deadline: float, *, is_kept: bool
    ) -> HttpResponse:
        """Ask on one connection, and keep it if it can be asked again."""
        try:
            response = connection.ask(
                _spelled(request, address, connection.proxy_headers),
                deadline=deadline,
                is_head=request.method == "HEAD",
                largest=self.limits.response_bytes,
            )
        except BaseException as error:  # whatever it is: what is left of this answer must not be the next one's
            connection.close()
            if is_kept and request.method in SAFE and isinstance(error, GONE) and not connection.has_answered:
                raise _HeardNothing from error
            _complain(error, address.origin)
        if connection.is_open:
            self._kept[address.origin] = connection
        return response

    def _connected(self, origin: Origin, deadline: float) -> Connection:
        timeout_s = min(self.limits.connect_s, deadline - time.monotonic())
        if timeout_s <= 0:
            raise TimeoutError
        try:
            return connect(origin, deadline=deadline, timeout_s=timeout_s)
        except TimeoutError as error:
            raise Unreachable(f"{origin.place} cannot be reached within {timeout_s:g} s.") from error
        except (OSError, Broken, UnicodeError) as error:
            raise Unreachable(f"{origin.place} cannot be reached: {_why(error)}.") from error


class _HeardNothing(Exception):
    """The server had given up a kept connection, and has heard nothing of the request."""


def redirected(request: HttpRequest, response: HttpResponse) -> str | None:
    """Return where a response sends those who merely ask."""
    if response.status not in REDIRECTS or request.method not in FOLLOWED:
        return None
    place = next((value for name, value in response.headers if name.lower() == "location"), None)
    return urljoin(request.url, place) if place else None


def _spelled(request: HttpRequest, address: Address, proxy_headers: Headers | None) -> bytes:
    try:
        return spelled(request, address, proxy_headers)
    except Unspeakable as error:
        raise Unreachable(
            f"The request to {address.origin.place} cannot be sent: its address or a header holds a line break, a "
            "space or another character that cannot stand there."
        ) from error


def _is_stale(connection: Connection) -> bool:
    stale = connection.is_stale()
    if stale:
        connection.close()
    return stale


def _complain(error: BaseException, origin: Origin) -> NoReturn:
    if isinstance(error, TimeoutError):
        raise error
    if isinstance(error, OSError | Broken):
        raise Unreachable(f"{origin.place} broke off or gave no answer that can be read: {_why(error)}.") from error
    raise error


def _why(error: Exception) -> str:
    text = str(getattr(error, "strerror", None) or error or type(error).__name__)
    return text.rstrip(".")

"""A request as HTTP/1.1 spells it."""

from __future__ import annotations

import re
from functools import lru_cache

from runyard.arazzo.http.exchange import Headers, HttpRequest
from runyard.arazzo.http.origins import Address

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
ALWAYS = (("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate"), ("User-Agent", "runyard"))
REMEMBERED = 16
"""Of how many sets of headers the lines are kept: those of one step after the other are mostly the same."""
LINE = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+")
NAMES = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: [!#$%&'*+\-.^_`|~0-9A-Za-z]+)*")
NOT_IN_VALUES = re.compile(r"[\r\n\x00]")


class Unspeakable(ValueError):
    """A part of a request holds what cannot stand there; the message repeats nothing, for it may be a secret."""


def spelled(request: HttpRequest, address: Address, proxy_headers: Headers | None) -> bytes:
    """Return the bytes of a request; a proxy, if there is one, has to be told the whole address."""
    origin = address.origin
    target = address.target if proxy_headers is None else f"{origin.scheme}://{origin.place}{address.target}"
    has_length = request.body is not None or request.method in WITH_BODY
    more = (("Host", origin.place), *address.credentials, *(proxy_headers or ()))
    headers = _headers(request.headers, more, len(request.body or b"") if has_length else None)
    head = first_line(request.method, target) + header_lines(headers)
    return head + request.body if request.body else head


@lru_cache(maxsize=REMEMBERED)
def _headers(own: Headers, more: Headers, length: int | None) -> Headers:
    """The request's own headers, and those that every request has."""
    known = {name.lower(): (name, value) for name, value in (*more[:1], *ALWAYS, *more[1:])}
    if length is not None:
        known["content-length"] = ("Content-Length", str(length))
    for name, _ in own:
        known.pop(name.lower(), None)
    return (*own, *known.values())


def first_line(method: str, target: str) -> bytes:
    """Return the first line of a request."""
    line = f"{method} {target}"
    if not LINE.fullmatch(line):
        raise Unspeakable
    return f"{line} HTTP/1.1\r\n".encode()


@lru_cache(maxsize=REMEMBERED)
def header_lines(headers: Headers) -> bytes:
    """Return the lines behind the first one, with the empty one; refuse what would make another request of it."""
    names, values = zip(*headers, strict=True)
    if not NAMES.fullmatch(" ".join(names)) or NOT_IN_VALUES.search("".join(values)):
        raise Unspeakable
    try:
        return "".join([*(f"{name}: {value}\r\n" for name, value in headers), "\r\n"]).encode("latin-1")
    except UnicodeEncodeError:
        raise Unspeakable from None

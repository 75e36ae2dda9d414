"""A request as HTTP/1.1 spells it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from runyard.arazzo.http.exchange import Headers, HttpRequest
from runyard.arazzo.http.origins import Address

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
ALWAYS: Mapping[str, tuple[str, str]] = {
    name.lower(): (name, value)
    for name, value in (("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate"), ("User-Agent", "runyard"))
}
LINE = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+")
NAMES = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: [!#$%&'*+\-.^_`|~0-9A-Za-z]+)*")
NOT_IN_VALUES = re.compile(r"[\r\n\x00]")


class Unspeakable(ValueError):
    """A part of a request holds what cannot stand there; the message repeats nothing, for it may be a secret."""


def spelled(request: HttpRequest, address: Address, proxy_headers: Headers | None) -> bytes:
    """Return the bytes of a request; a proxy, if there is one, has to be told the whole address."""
    origin = address.origin
    target = address.target if proxy_headers is None else f"{origin.scheme}://{origin.place}{address.target}"
    head = spelled_head(request.method, target, _headers(request, address, proxy_headers or ()))
    return head + request.body if request.body else head


def _headers(request: HttpRequest, address: Address, proxy_headers: Headers) -> Iterable[tuple[str, str]]:
    """The request's own headers, and those that every request has."""
    more = {"host": ("Host", address.origin.place), **ALWAYS}
    more.update((name.lower(), (name, value)) for name, value in address.credentials)
    if request.body is not None or request.method in WITH_BODY:
        more["content-length"] = ("Content-Length", str(len(request.body or b"")))
    for name, _ in request.headers:
        more.pop(name.lower(), None)
    return (*request.headers, *more.values(), *proxy_headers)


def spelled_head(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the bytes of a request's head; refuse what would make another request of it."""
    names, values = zip(*headers, strict=True)
    line = f"{method} {target}"
    if not LINE.fullmatch(line) or not NAMES.fullmatch(" ".join(names)) or NOT_IN_VALUES.search("".join(values)):
        raise Unspeakable
    lines = [f"{name}: {value}\r\n" for name, value in zip(names, values, strict=True)]
    try:
        return f"{line} HTTP/1.1\r\n{''.join(lines)}\r\n".encode("latin-1")
    except UnicodeEncodeError:
        raise Unspeakable from None

"""Whom a URL speaks to, whether it may be called, and by way of which proxy."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from runyard.arazzo.http.exchange import Headers, Unreachable

PORTS = {"http": 80, "https": 443}
URL = re.compile(r"((?:[hH][tT][tT][pP][sS]?)://[^/?#]+)([^?#]*)(\?[^#]*)?(?:#.*)?")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class Origin(NamedTuple):
    """A server as a URL names it."""

    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        """Its host, and its port if that is not the usual one, as the header Host has them."""
        return self.host_as_written if self.port == PORTS[self.scheme] else f"{self.host_as_written}:{self.port}"

    @property
    def host_as_written(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self.host}]" if ":" in self.host else self.host


def origin_of(url: str) -> Origin:
    """Return whom a URL speaks to; refuse one that is none of HTTP."""
    return parted(url).origin


class Address(NamedTuple):
    """A URL as a request needs it."""

    origin: Origin
    credentials: Headers  # for the name and password that it holds, if it does
    target: str  # path and query


def parted(url: str) -> Address:
    """Part a URL; refuse one that is none of HTTP."""
    found = URL.fullmatch(url)
    if found is None:
        raise Unreachable(f"{url!r} cannot be called: an address begins with http:// or https:// and a host.")
    before, path, query = found.groups("")
    try:
        origin, credentials = _server(before)
    except ValueError as error:
        raise Unreachable(f"{url!r} is no URL: {error}.") from error
    return Address(origin, credentials, f"{path or '/'}{query}")


@lru_cache(maxsize=64)
def _server(before: str) -> tuple[Origin, Headers]:
    parts = urlsplit(before)
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    if not parts.hostname:
        raise ValueError("it names no host")
    return Origin(parts.scheme, parts.hostname, port), credentials_of(parts, "Authorization")


def check_allowed(origin: Origin, hosts: Collection[str]) -> None:
    """Refuse a server that is not among those that may be called; if none are named, all may."""
    if not hosts:
        return
    allowed = {host.lower() for host in hosts}
    names = {name for host in (origin.host, origin.host_as_written) for name in (host, f"{host}:{origin.port}")}
    if allowed.isdisjoint(names):
        raise Unreachable(
            f"{origin.place} may not be called: --allow-host names only {', '.join(sorted(allowed))}. "
            f"Add --allow-host {origin.place} if it is meant."
        )


def credentials_of(parts: SplitResult, header: str) -> Headers:
    """Return the header for the name and password that a URL holds, if it does."""
    if parts.username is None:
        return ()
    from base64 import b64encode  # noqa: PLC0415  # few addresses hold a password

    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return ((header, f"Basic {b64encode(pair.encode()).decode()}"),)


def proxy_of(origin: Origin) -> SplitResult | None:
    """Return the proxy that the environment names for a server, if it names one."""
    if not any(os.environ.get(name) or os.environ.get(name.upper()) for name in PROXIES) or _is_here(origin.host):
        return None
    import urllib.request as standard  # noqa: PLC0415  # few have a proxy

    known = standard.getproxies_environment()
    url = known.get(origin.scheme) or known.get("all")
    if not url or standard.proxy_bypass_environment(origin.place, known):  # type: ignore[attr-defined]  # typeshed does not know it
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http":
        raise Unreachable(f"{parts.scheme}:// is no proxy that can be used here; name one with http://, or NO_PROXY.")
    return parts


def _is_here(host: str) -> bool:
    """Whether this is the machine itself, which no proxy can reach."""
    from ipaddress import ip_address  # noqa: PLC0415  # only where there is a proxy

    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

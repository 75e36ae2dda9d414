"""Requests that a page from elsewhere sent, which a browser was lured to: known by what the browser tells of them."""

from __future__ import annotations

from collections.abc import Iterable

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


def stranger_in(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return the header by which a request shows that a page from elsewhere sent it; None if none does.

    A browser tells the Host under which a page reaches us, and the Origin of the page: one that was lured here by
    its name has a foreign host, and one that posts here, which it may without asking, has a foreign origin.
    """
    given = list(headers)
    hosts = [value for name, value in given if name == "host"] or [""]
    foreign = [f"Host {host!r}" for host in hosts if not is_local(host)]
    origins = [value for name, value in given if name == "origin"]
    foreign += [f"Origin {origin!r}" for origin in origins if not is_local(origin.partition("://")[2])]
    return next(iter(foreign), None)


def foreign_page_in(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return the header by which a page from elsewhere shows that it uses a password which the browser keeps for us.

    A browser sends a kept password with whatever any page posts here; tokens and signatures it never has.
    """
    given = dict(headers)
    is_kept = given.get("authorization", "").lower().startswith("basic ")
    origin = given.get("origin")
    if not is_kept or origin is None or origin.partition("://")[2] == given.get("host"):
        return None
    return f"Origin {origin!r}"


def is_local(host: str) -> bool:
    """Tell whether a host, with or without a port, is this machine."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower() in LOCAL_HOSTS or name.lower().endswith(".localhost")

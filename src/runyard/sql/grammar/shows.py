"""SHOW, DESCRIBE and REGISTRY: questions about what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.sql.errors import NOT_SUPPORTED
from runyard.sql.grammar.cursor import Cursor
from runyard.sql.grammar.queries import condition
from runyard.sql.statements import Describe, Registry, Show

KINDS = ("PROVIDERS", "SERVICES", "RESOURCES", "METHODS", "COLUMNS", "TABLES", "CONNECTIONS", "VIEWS")
WHATS = {"TABLES": "resources"}


def show(cursor: Cursor) -> Show:
    """SHOW [EXTENDED] what [IN name] [LIKE '…' | WHERE …]."""
    cursor.needs("SHOW")
    is_extended = cursor.takes("EXTENDED") or cursor.takes("FULL")
    cursor.takes("ALL") if cursor.sees("ALL", "METHODS") else None
    for word, read in READINGS.items():
        if cursor.takes(word):
            return read(cursor, is_extended)
    for kind in KINDS:
        if cursor.takes(kind):
            return _listed(cursor, WHATS.get(kind, kind.lower()), is_extended=is_extended)
    if is_extended:
        raise cursor.wrong("PROVIDERS, SERVICES, RESOURCES, METHODS, INSERT or VERSION is expected")
    return _setting(cursor)


def describe(cursor: Cursor) -> Describe:
    """DESCRIBE [EXTENDED] r, or DESCRIBE METHOD [EXTENDED] p.s.r.m."""
    cursor.needs_one("DESCRIBE", "DESC")
    is_extended = cursor.takes("EXTENDED")
    is_method = cursor.sees("METHOD") and not _ends_after(cursor, 1) and cursor.takes("METHOD")
    is_extended |= cursor.takes("EXTENDED")
    return Describe(name=cursor.name("The resource"), is_method=is_method, is_extended=is_extended)


def registry(cursor: Cursor) -> Registry:
    """REGISTRY LIST [provider], or REGISTRY PULL provider [version]."""
    cursor.needs("REGISTRY")
    verb = cursor.needs_one("LIST", "PULL").lower()
    if verb == "list" and cursor.token is None:
        return Registry(verb=verb)
    provider = cursor.next("word", "quoted", "string", expected="The provider").value
    if verb == "pull":
        cursor.rest()  # versions such as v24.12.00261: there is one of each provider here
    return Registry(verb=verb, provider=provider)


def _listed(cursor: Cursor, what: str, *, is_extended: bool) -> Show:
    within = cursor.name("Where to look") if cursor.takes_one("IN", "FROM") else ()
    like = cursor.string("A pattern in single quotes") if cursor.takes("LIKE") else None
    where = condition(cursor, cursor.rest()) if cursor.takes("WHERE") else None
    return Show(what=what, within=within, like=like, where=where, is_extended=is_extended)


def _insert(cursor: Cursor, is_extended: bool) -> Show:  # noqa: FBT001 - a row of READINGS
    only_required = "REQUIRED" in cursor.hints(("REQUIRED",))
    cursor.needs("INTO")
    only_required |= "REQUIRED" in cursor.hints(("REQUIRED",))
    name = cursor.name("The resource")
    return Show(what="insert", within=name, is_extended=is_extended, only_required=only_required)


def _auth(cursor: Cursor, is_extended: bool) -> Show:  # noqa: FBT001 - a row of READINGS
    within = cursor.name("The provider") if cursor.token is not None else ()
    return Show(what="auth", within=within, is_extended=is_extended)


def _version(cursor: Cursor, is_extended: bool) -> Show:  # noqa: FBT001 - a row of READINGS
    del cursor
    return Show(what="version", is_extended=is_extended)


def _transaction(cursor: Cursor, is_extended: bool) -> Show:  # noqa: FBT001 - a row of READINGS
    cursor.needs("ISOLATION", "LEVEL")
    return Show(what="transaction_isolation", is_extended=is_extended)


def _time(cursor: Cursor, is_extended: bool) -> Show:  # noqa: FBT001 - a row of READINGS
    cursor.needs("ZONE")
    return Show(what="timezone", is_extended=is_extended)


READINGS: Mapping[str, Callable[[Cursor, Any], Show]] = {
    "INSERT": _insert,
    "AUTH": _auth,
    "VERSION": _version,
    "TRANSACTION": _transaction,
    "TIME": _time,
}


def _setting(cursor: Cursor) -> Show:
    hint = "SHOW PROVIDERS, SERVICES, RESOURCES, METHODS, INSERT INTO, AUTH, VERSION, or the name of a setting."
    name = cursor.name("What to show", hint=hint)
    if cursor.token is not None:
        raise cursor.wrong(
            f"SHOW {name[0].upper()} is not known; the end of the statement is expected", code=NOT_SUPPORTED, hint=hint
        )
    return Show(what=".".join(name).lower())


def _ends_after(cursor: Cursor, count: int) -> bool:
    following = cursor.at + count
    return following >= len(cursor.tokens) or cursor.tokens[following].upper == "."

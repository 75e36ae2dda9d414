"""Lists to their end: each page once, and an error rather than a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runyard.client.errors import BrokenAnswer

Record = dict[str, Any]

PAGE_WORDS = frozenset({"NextToken", "has_more", "next_page_token", "prev_page_token"})
"""What an answer may have whose list is empty, and therefore left out."""


@dataclass(frozen=True, kw_only=True)
class Paging:
    """Where a list's rows are in its answers, and how the next page is asked for."""

    rows: str
    token: tuple[str, str] | None  # the request's member, the answer's
    place: str  # for messages


def pages(call: Callable[[Mapping[str, Any]], Record], members: Mapping[str, Any], of: Paging) -> Iterator[list[Any]]:
    """Yield the rows of every page."""
    seen: set[str] = set()
    asked = dict(members)
    while True:
        answer = call(asked)
        yield rows_of(answer, of)
        token = _next(answer, of)
        if token is None or of.token is None:
            return
        if token in seen:
            raise BrokenAnswer(f"{of.place}: the page token {token[:80]!r} came twice; the list has no end.")
        seen.add(token)
        asked[of.token[0]] = token


def rows_of(answer: Record, of: Paging) -> list[Any]:
    """Return the rows of one answer; services leave an empty list out."""
    if not of.rows:
        return [answer]
    rows: Any = answer
    for part in of.rows.split("."):
        rows = rows.get(part) if isinstance(rows, dict) else None
    if rows is None:
        strange = answer.keys() - PAGE_WORDS - {of.rows}
        if strange:
            raise BrokenAnswer(f"{of.place}: the answer has no {of.rows}, but {', '.join(sorted(strange))[:200]}.")
        return []
    if isinstance(rows, dict):
        return [rows]
    if not isinstance(rows, list):
        raise BrokenAnswer(f"{of.place}: {of.rows} is {type(rows).__name__}, not a list.")
    return rows


def _next(answer: Record, of: Paging) -> str | None:
    if of.token is None:
        return None
    token = answer.get(of.token[1])
    if token is None or token == "":
        return None
    if isinstance(token, bool) or not isinstance(token, str | int):
        raise BrokenAnswer(f"{of.place}: {of.token[1]} is {type(token).__name__}, not a page token.")
    return token if isinstance(token, str) else str(token)

"""Patterns and parts of text, as PostgreSQL reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


def matches(flags: re.RegexFlag) -> Function:
    """Make ~ or ~*."""

    def matches(text: Any, pattern: Any) -> int | None:
        if text is None or pattern is None:
            return None
        return int(re.search(_python_pattern(str(pattern)), str(text), flags) is not None)

    return matches


def _python_pattern(pattern: str) -> str:
    return pattern.removeprefix("***:").replace("[[:alnum:]]", "[A-Za-z0-9]").replace("[[:space:]]", r"\s")


def like(flags: re.RegexFlag) -> Function:
    """Make LIKE or ILIKE, with a backslash for its escape unless another is given."""

    def like(text: Any, pattern: Any, escape: Any = "\\") -> int | None:
        if text is None or pattern is None:
            return None
        return int(re.fullmatch(_like_pattern(str(pattern), str(escape)), str(text), flags | re.DOTALL) is not None)

    return like


def _like_pattern(pattern: str, escape: str) -> str:
    letters = iter(pattern)
    return "".join(
        re.escape(next(letters, "")) if letter == escape else LIKE_SIGNS.get(letter, re.escape(letter))
        for letter in letters
    )


LIKE_SIGNS = {"%": ".*", "_": "."}


def substring(text: Any, start: Any, length: Any = None) -> str | None:
    """A part by place and length, or by a pattern."""
    if text is None or start is None:
        return None
    if isinstance(start, str):
        found = re.search(_python_pattern(start), str(text))
        return (found[1] if found.re.groups else found[0]) if found else None
    begin = start - 1
    end = len(str(text)) if length is None else begin + length
    return str(text)[max(begin, 0) : max(end, 0)]


def concatenated(*values: Any) -> str:
    """All values as one text, without those that are NULL."""
    return "".join(str(value) for value in values if value is not None)

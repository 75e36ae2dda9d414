"""Regular expressions of statements: found in bounded time, or not at all."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex

from runyard.core.patterns import problem
from runyard.sql.errors import CANCELLED, INVALID_PARAMETER, SqlError
from runyard.sql.results import Value

SECONDS = 1.0  # of one call
LONGEST_TEXT = 1 << 20
FLAGS = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "n": regex.MULTILINE, "s": regex.DOTALL, "x": regex.VERBOSE}
IGNORED_FLAGS = {"g", "c"}
GROUP = regex.compile(
    r"\\(\d|&|\\)|\$(\d)|\$\{(\w+)\}"
)  # \1 as PostgreSQL has it, $1 as StackQL and Databricks have it


@lru_cache(maxsize=256)
def compiled(pattern: str, flags: str = "") -> Any:
    """A pattern that is fit to be searched for."""
    found = problem(pattern)
    if found:
        raise SqlError(
            INVALID_PARAMETER, f"The pattern {pattern[:120]!r} is refused at character {found[1] + 1}: {found[0]}."
        )
    unknown = set(flags) - set(FLAGS) - IGNORED_FLAGS
    if unknown:
        raise SqlError(
            INVALID_PARAMETER, f"Patterns have no flag {min(unknown)!r}; there are {', '.join(FLAGS)} and g."
        )
    bits = 0
    for flag in flags:
        bits |= FLAGS.get(flag, 0)
    try:
        return regex.compile(pattern, bits)
    except (regex.error, OverflowError, RecursionError, MemoryError, ValueError, KeyError, IndexError) as error:
        raise SqlError(INVALID_PARAMETER, f"{pattern[:120]!r} is no regular expression: {error}.") from error


def regexp(pattern: Value, text: Value) -> bool | None:
    """`text REGEXP pattern`, which SQLite calls with the pattern first."""
    return regexp_like(text, pattern)


def regexp_like(text: Value, pattern: Value, flags: Value = "") -> bool | None:
    """Whether the pattern is found in the text."""
    if text is None or pattern is None:
        return None
    return _search(text, pattern, flags) is not None


def regexp_substr(text: Value, pattern: Value, flags: Value = "") -> str | None:
    """The first part of the text that fits; NULL if there is none."""
    if text is None or pattern is None:
        return None
    found = _search(text, pattern, flags)
    return str(found.group()) if found else None


def regexp_extract(text: Value, pattern: Value, group: Value = 1) -> str | None:
    """A group of the first part that fits, as Databricks has it; an empty text if there is none."""
    if text is None or pattern is None or group is None:
        return None
    found = _search(text, pattern, "")
    if found is None:
        return ""
    number = int(group)
    if not 0 <= number <= found.re.groups:
        raise SqlError(
            INVALID_PARAMETER, f"{str(pattern)[:120]!r} has {found.re.groups} groups, and no group {number}."
        )
    return found.group(number) or ""


def regexp_count(text: Value, pattern: Value, flags: Value = "") -> int | None:
    """How many parts of the text fit."""
    if text is None or pattern is None:
        return None
    return int(_bounded(compiled(str(pattern), str(flags)).subn, str(pattern), "", _checked(text))[1])


def regexp_replace(text: Value, pattern: Value, replacement: Value, flags: Value = "g") -> str | None:
    """The text with every part that fits replaced; with flags that lack g, as in PostgreSQL, the first part only."""
    if text is None or pattern is None or replacement is None or flags is None:
        return None
    form = str(replacement)
    count = 0 if "g" in str(flags) else 1
    found = _bounded(
        compiled(str(pattern), str(flags)).sub, str(pattern), lambda match: _filled(form, match), _checked(text), count
    )
    return str(found)


def _filled(form: str, match: Any) -> str:
    def one(place: Any) -> str:
        name = place[1] or place[2] or place[3]
        if name == "\\":
            return "\\"
        group = 0 if name == "&" else int(name) if name.isdigit() else name
        try:
            return match.group(group) or ""
        except IndexError:
            return ""

    return str(GROUP.sub(one, form))


def _search(text: Value, pattern: Value, flags: Value) -> Any:
    return _bounded(compiled(str(pattern), str(flags or "")).search, str(pattern), _checked(text))


def _checked(text: Value) -> str:
    found = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    if len(found) > LONGEST_TEXT:
        raise SqlError(
            INVALID_PARAMETER, f"A pattern searches at most {LONGEST_TEXT:,} characters, and here are {len(found):,}."
        )
    return found


def _bounded(act: Any, pattern: str, *arguments: Any) -> Any:
    try:
        return act(*arguments, timeout=SECONDS)
    except TimeoutError as error:
        raise SqlError(
            CANCELLED, f"The pattern {pattern[:120]!r} had no answer within {SECONDS:g} s; write it simpler."
        ) from error
    except (MemoryError, RecursionError) as error:
        raise SqlError(
            INVALID_PARAMETER, f"The pattern {pattern[:120]!r} asks for too much; write it simpler."
        ) from error

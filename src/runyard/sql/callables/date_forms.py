"""Forms of dates, in the letters of Java's patterns and of PostgreSQL's: yyyy-MM-dd HH:mm:ss.SSS, DD Mon YYYY."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from runyard.sql.errors import INVALID_PARAMETER, SqlError

MILLISECONDS = "%L"  # strftime has no letter for them
LETTERS: Mapping[str, str] = {
    **dict.fromkeys(("yyyy", "YYYY", "y"), "%Y"),
    **dict.fromkeys(("yy", "YY"), "%y"),
    **dict.fromkeys(("MMMM", "Month", "FMMonth"), "%B"),
    **dict.fromkeys(("MMM", "Mon"), "%b"),
    "MM": "%m",
    "M": "%-m",
    **dict.fromkeys(("dd", "DD"), "%d"),
    **dict.fromkeys(("d", "FMDD"), "%-d"),
    **dict.fromkeys(("DDD", "DDDD"), "%j"),
    **dict.fromkeys(("EEEE", "Day", "FMDay"), "%A"),
    **dict.fromkeys(("E", "EE", "EEE", "Dy"), "%a"),
    **dict.fromkeys(("HH", "HH24"), "%H"),
    "H": "%-H",
    **dict.fromkeys(("hh", "HH12"), "%I"),
    "h": "%-I",
    **dict.fromkeys(("mm", "MI"), "%M"),
    "m": "%-M",
    **dict.fromkeys(("ss", "SS"), "%S"),
    "s": "%-S",
    **dict.fromkeys(("SSS", "MS"), MILLISECONDS),
    **dict.fromkeys(("SSSSSS", "US"), "%f"),
    **dict.fromkeys(("a", "AM", "PM"), "%p"),
    "IYYY": "%G",
    "IW": "%V",
    "TZ": "UTC",
    **{letter: letter for letter in ("T", "Z")},
}
"""Each with strftime's."""
_PART = re.compile(
    "|".join(
        (
            "'(?P<single>[^']*)'",
            '"(?P<double>[^"]*)"',
            *sorted(LETTERS, key=len, reverse=True),
            "(?P<no>[A-Za-z0-9])",
            ".",
        )
    ),
    re.DOTALL,
)


def written(at: datetime, form: str) -> str:
    """A time as a text of a form."""
    return at.strftime(_pattern(form).replace(MILLISECONDS, f"{at.microsecond // 1000:03d}"))


def to_read(form: str) -> str:
    """The pattern by which strptime reads a text of a form."""
    return _pattern(form).replace(MILLISECONDS, "%f").replace("%-", "%")


def _pattern(form: str) -> str:
    return "".join(_of_part(part, form) for part in _PART.finditer(form))


def _of_part(part: re.Match[str], form: str) -> str:
    if part["no"]:
        raise SqlError(
            INVALID_PARAMETER,
            f"The form {form[:80]!r} says {part['no']!r}, which is no part of a date here; there are "
            f"{', '.join(LETTERS)}. Text stands in quotes; printf writes numbers.",
        )
    quoted = next((part[name] for name in ("single", "double") if part[name] is not None), None)
    if quoted is None and part[0] in LETTERS:
        return LETTERS[part[0]]
    return (part[0] if quoted is None else quoted).replace("%", "%%")

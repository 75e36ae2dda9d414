"""What a statement gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

Value = str | int | float | bytes | bool | None
Row = tuple[Value, ...]

TYPES = ("text", "bigint", "double", "boolean", "json", "timestamp", "bytes")
"""Types of columns. A json is its text; a timestamp is milliseconds since 1970; a boolean may come as 0 or 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """One column of a result."""

    name: str
    type: str = "text"  # one of TYPES


@dataclass(kw_only=True)
class Result:
    """The rows of a statement as they come, and what is said when they are through."""

    headings: Sequence[Heading] = ()  # none: the statement gives no rows
    rows: Iterator[Row] = field(default_factory=lambda: iter(()))
    tag: Callable[[int], str]  # of the number of rows that came, as "SELECT 3"
    notices: list[str] = field(default_factory=list)  # warnings for whoever asked; complete once the rows are through

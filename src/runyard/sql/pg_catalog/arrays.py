"""Arrays, kept as PostgreSQL's text of them, and the functions that SQLite lacks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import apsw.ext

from runyard.sql.callables.arrays import array_items, array_text


class Gathered:
    """array_agg: the text of an array of all values."""

    def __init__(self) -> None:
        self._items: list[Any] = []

    def step(self, *values: Any) -> None:
        """Take a value."""
        self._items.append(values[0])

    def final(self) -> str | None:
        """Give the array, none of nothing."""
        return array_text(self._items) if self._items else None


def _generate_series(start: Any = None, stop: Any = None, step: Any = 1) -> Iterator[tuple[Any]]:
    if start is not None and stop is not None and step:
        yield from ((number,) for number in range(start, stop + (1 if step > 0 else -1), step))


def _unnest(array: Any = None) -> Iterator[tuple[Any, int]]:
    if array is not None:
        yield from ((item, at) for at, item in enumerate(array_items(array), 1))


def _generate_subscripts(array: Any = None, dimension: Any = 1) -> Iterator[tuple[int]]:
    if array is not None and dimension == 1:
        yield from ((at,) for at in range(1, len(array_items(array)) + 1))


def _with_columns(function: Callable[..., Iterator[Any]], *columns: str) -> Any:
    made: Any = function
    made.columns = columns
    made.column_access = apsw.ext.VTColumnAccess.By_Index
    return made


ROWS_OF: Mapping[str, Any] = {
    "pg_generate_series": _with_columns(_generate_series, "value"),
    "pg_unnest": _with_columns(_unnest, "value", "ordinality"),
    "pg_generate_subscripts": _with_columns(_generate_subscripts, "value"),
}
"""Functions that stand in FROM."""


def array_to_string(array: Any, separator: Any, null: Any = None) -> str | None:
    """Items as one text."""
    if array is None:
        return None
    items = [null if item is None else item for item in array_items(array)]
    return str(separator).join(str(item) for item in items if item is not None)


def string_to_array(text: Any, separator: Any) -> str | None:
    """The parts of a text; its letters where nothing separates them."""
    if text is None:
        return None
    if separator is None:
        return array_text(str(text))
    return array_text((str(text).split(separator) if separator else [text]) if text else ())


def array_length(array: Any, dimension: Any = 1) -> int | None:
    """How many items there are; NULL of none."""
    items = [] if array is None or dimension != 1 else array_items(array)
    return len(items) or None


def array_item(array: Any, at: Any) -> str | None:
    """The item at a place, counted from 1."""
    items: Sequence[str | None] = [] if array is None else array_items(array)
    return items[at - 1] if isinstance(at, int) and 0 < at <= len(items) else None


def is_any(value: Any, array: Any) -> int | None:
    """Whether a value is one of the items."""
    if value is None or array is None:
        return None
    return int(str(value) in array_items(array))


def differs_from_all(value: Any, array: Any) -> int | None:
    """Whether a value is none of the items."""
    found = is_any(value, array)
    return None if found is None else 1 - found


def array_position(array: Any, value: Any) -> int | None:
    """The place of a value."""
    items = [] if array is None else array_items(array)
    return items.index(str(value)) + 1 if str(value) in items else None


def array_removed(array: Any, value: Any) -> str | None:
    """The array without a value."""
    return None if array is None else array_text(item for item in array_items(array) if item != str(value))

"""Arrays, as PostgreSQL writes them in a text: {a,"b,c",NULL}. SQLite has none; their items are a list of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runyard.sql.callables.moments import moment
from runyard.sql.errors import INVALID_TEXT, SqlError
from runyard.sql.results import Value

BLANKS = " \t\n\r\v\f"
SPECIAL = frozenset('{}",\\' + BLANKS)  # in the items of arrays


def array_items(text: str) -> list[str | None]:
    """The items of an array's text, as {a,"b,c",NULL}."""
    items: list[str | None] = []
    rest = text.strip(BLANKS)[1:-1]
    while rest:
        item, rest = _quoted_item(rest[1:]) if rest[0] == '"' else _bare_item(rest)
        items.append(item)
    return items


def _quoted_item(rest: str) -> tuple[str, str]:
    item: list[str] = []
    letters = iter(enumerate(rest))
    for at, letter in letters:
        if letter == '"':
            return "".join(item), rest[at + 2 :]
        item.append(next(letters, (0, ""))[1] if letter == "\\" else letter)
    return "".join(item), ""


def _bare_item(rest: str) -> tuple[str | None, str]:
    item, _, rest = rest.partition(",")
    plain = item.strip(BLANKS)
    return (None if plain.upper() == "NULL" else plain), rest


def array_text(items: Iterable[Any]) -> str:
    """Items as PostgreSQL's text of an array."""
    return "{" + ",".join(map(_array_item, items)) + "}"


def _array_item(item: Any) -> str:
    if item is None:
        return "NULL"
    text = str(item)
    plain = text and text.upper() != "NULL" and not set(text) & SPECIAL
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def listed(array: Value, type_: Value) -> str | None:
    """The items of an array's text, or of a list of JSON, as a list of JSON; they are of this type."""
    if array is None or type_ is None:
        return None
    text = str(array).strip(BLANKS)
    if text.startswith("["):
        return text
    if not (text.startswith("{") and text.endswith("}")):
        raise SqlError(INVALID_TEXT, f"{text[:80]!r} is no array; write it as {{1,2}}, or as a list of JSON.")
    read = ITEMS.get(str(type_), str)
    return json.dumps([None if item is None else _item(item, read, str(type_)) for item in array_items(text)])


def _item(item: str, read: Callable[[str], Any], type_: str) -> Any:
    try:
        return read(item)
    except (ValueError, KeyError) as error:
        raise SqlError(INVALID_TEXT, f"The array's item {item[:80]!r} is no {type_}.") from error


def _moment(item: str) -> int | None:
    return int(item) if item.lstrip("-").isdigit() else moment(item)


ITEMS: Mapping[str, Callable[[str], Any]] = {
    "bigint": int,
    "double": float,
    "boolean": lambda item: {"t": 1, "true": 1, "1": 1, "f": 0, "false": 0, "0": 0}[item.lower()],
    "timestamp": _moment,
}
"""How items are read; those of other types are texts."""

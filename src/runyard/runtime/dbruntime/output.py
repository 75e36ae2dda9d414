"""What a task leaves for those after it: `output.json` in the attempt's folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .facts import write_whole

LARGEST_RESULT = 5 * 1024 * 1024  # bytes; what is longer is cut, as the vendor does
LARGEST_VALUE = 48 * 1024
DEEPEST_VALUE = 100  # levels; the launcher takes no file of more than two hundred
LARGEST_VALUES = 2 * 1024 * 1024  # together; the launcher reads eight megabytes of this file


class Output:
    """The output of this attempt, written whole with each change."""

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / "output.json" if folder else None

    def set_result(self, text: str) -> None:
        """Keep the value with which a notebook exits."""
        kept = _cut(text, LARGEST_RESULT)
        self._change(lambda held: {**held, "result": kept, "truncated": len(kept) < len(text)})

    def set_value(self, key: str, value: Any) -> None:
        """Keep a value for the tasks that come after this one."""
        size = len(json.dumps(value).encode())
        if _depth(value) > DEEPEST_VALUE:
            raise ValueError(f"The value of {key!r} is nested deeper than the {DEEPEST_VALUE} levels it may have.")
        if size > LARGEST_VALUE:
            raise ValueError(
                f"The value of {key!r} has {size} bytes as JSON, more than the {LARGEST_VALUE} that a task value may "
                "have. Write it to a file and set the name of the file."
            )
        self._change(lambda held: {**held, "values": _with_value(held.get("values", {}), key, value)})

    def _change(self, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        if self._file is not None:
            held = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
            write_whole(self._file, json.dumps(change(held), ensure_ascii=False))


def _depth(value: Any) -> int:
    """Return how many lists and objects stand in each other; json.dumps has found that it is not a thousand."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return 1 + max(map(_depth, inner), default=0)


def _with_value(values: Mapping[str, Any], key: str, value: Any) -> Mapping[str, Any]:
    more = {**values, key: value}
    size = len(json.dumps(more, ensure_ascii=False).encode())
    if size > LARGEST_VALUES:
        raise ValueError(
            f"The values of this task would have {size} bytes together, more than the {LARGEST_VALUES} that it may "
            "leave. Write them to a file and set the name of the file."
        )
    return more


def _cut(text: str, limit: int) -> str:
    """Return the beginning of a text that has at most this many bytes, also when written as JSON."""
    kept = text.encode(errors="replace")[:limit].decode(errors="ignore")
    while len(json.dumps(kept, ensure_ascii=False).encode()) > limit + 1024:
        kept = kept[: len(kept) * 9 // 10]  # full of quotes and the like, of which JSON makes two characters
    return kept

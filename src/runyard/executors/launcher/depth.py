"""How deep a document may be nested, so that whoever reads it later can, from wherever it is called."""

from __future__ import annotations

from typing import Any

DEEPEST = 200  # Python's readers and writers of JSON give up at what is left of a thousand calls


def is_too_deep(document: Any) -> bool:
    """Tell whether a JSON value is nested deeper than that."""
    level = [document]
    for _ in range(DEEPEST):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [each for members in inner for each in members if isinstance(each, dict | list)]
        if not level:
            return False
    return True

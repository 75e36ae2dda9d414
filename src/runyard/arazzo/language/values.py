"""Values as documents and responses have them, and the ways into them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, Literal


class Missing(Enum):
    """Nothing is there, which is not the same as a `null` that is."""

    MISSING = "missing"

    def __bool__(self) -> Literal[False]:
        return False


MISSING: Final = Missing.MISSING


HEAVIEST = 32 * 1024 * 1024
"""How much a value may weigh that a document makes of others: a character 1, a node 32."""
NODE = 32
DEEPEST = 200


def is_too_large(value: Any) -> bool:
    """Whether a value, written out, would fill the machine; what stands in it several times counts as often."""
    weight, pending = 0, [(value, 0)]
    while pending:
        one, depth = pending.pop()
        weight += NODE + (len(one) if isinstance(one, str | bytes) else 0)
        if weight + NODE * len(pending) > HEAVIEST or depth > DEEPEST:
            return True
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        pending += [(child, depth + 1) for child in inner]
    return False


def as_text(value: Any) -> str:
    """The value inside of a text: scalars as they are written, objects and arrays as JSON, nothing as nothing."""
    if value is MISSING:
        return ""
    if isinstance(value, str):
        return value
    if type(value) is int:  # the most of them, and not a boolean
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def member(value: Any, name: str) -> Any:
    """One step into an object by name or into an array by index."""
    if isinstance(value, dict):
        return value.get(name, MISSING)
    # Longer digits are no index of anything, and Python refuses to read very long ones.
    if isinstance(value, list) and name.isascii() and name.isdigit() and len(name) <= len(str(len(value))):
        return item(value, int(name))
    return MISSING


def item(value: Any, index: int) -> Any:
    """One element of an array."""
    return value[index] if isinstance(value, list) and -len(value) <= index < len(value) else MISSING


def length_or_member(value: Any, name: str) -> Any:
    """The member; `length` of an array or a text is how long it is, as people who know JavaScript write."""
    return len(value) if name == "length" and isinstance(value, list | str) else member(value, name)


def at_pointer(value: Any, pointer: Sequence[str]) -> Any:
    """What a JSON Pointer (RFC 6901), already parted and unescaped, reaches."""
    for name in pointer:
        if isinstance(value, list) and name != "0" and name.startswith("0"):
            return MISSING
        value = member(value, name)
    return value


def at_dots(value: Any, name: str) -> Any:
    """The member of exactly this name, else a way along the dots, as many documents write."""
    exact = member(value, name)
    if exact is not MISSING or "." not in name:
        return exact
    for part in name.split("."):
        value = member(value, part)
    return value

"""What a JSON value means where a number, a flag or a text is wanted: as lenient as Protocol Buffers' JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from runyard.core.errors import InvalidRequest

_FLAGS: Mapping[object, bool] = {"true": True, "True": True, "false": False, "False": False}
_BEYOND_INT64 = 2**63
_SHOWN = 80  # characters of a wrong value in its refusal


def integer(value: Any, name: str) -> int:
    """Return a whole number, also one that came as text: `"job_id": "11"`."""
    if isinstance(value, str) or (isinstance(value, float) and value.is_integer()):
        try:
            value = int(value)
        except ValueError:
            raise _wrong(name, "a whole number", value) from None
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, "a whole number", value)
    if not -_BEYOND_INT64 <= value < _BEYOND_INT64:
        raise _wrong(name, "a whole number of 64 bits", value)
    return value


def flag(value: Any, name: str) -> bool:
    """Return a boolean, also one that came as text."""
    if isinstance(value, str):
        value = _FLAGS.get(value, value)
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def text(value: Any, name: str) -> str:
    """Return a text; numbers and booleans are taken as they are written in JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    raise _wrong(name, "a string", value)


def array(value: Any, name: str) -> list[Any]:
    """Return an array; an absent one is empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(name, "an array", value)
    return value


def mapping(value: Any, name: str) -> dict[str, Any]:
    """Return an object; an absent one is empty."""
    return {} if value is None else present(value, name)


def present(value: Any, name: str) -> dict[str, Any]:
    """Return an object that must be there."""
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    return value


def texts(value: Any, name: str) -> list[str]:
    """Return an array of texts."""
    return [text(one, f"{name}[{place}]") for place, one in enumerate(array(value, name))]


def text_map(value: Any, name: str) -> dict[str, str]:
    """Return an object of texts."""
    return {key: text(one, f"{name}.{key}") for key, one in mapping(value, name).items()}


def _wrong(name: str, wanted: str, value: Any) -> InvalidRequest:
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    return InvalidRequest(f"Invalid value for {name}: expected {wanted}, got {shown}.")

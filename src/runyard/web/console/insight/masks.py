"""Records with their secrets covered, for a screen that others may look at too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.arazzo.told.secret_names import is_secret_name

MASK = "••••••"
NAMING = ("name", "key", "Key", "Name")
"""Members that name what stands beside them, as in {"name": "password", "value": "…"}."""
VALUES = frozenset({"value", "default", "Value"})


def masked(value: Any) -> Any:
    """Return a record with the values of all that is called like a secret covered, however deep."""
    if isinstance(value, Mapping):
        named = next((value[name] for name in NAMING if isinstance(value.get(name), str)), "")
        return {name: _member(name, each, named=named) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return _listed(value)
    return value


def _member(name: str, value: Any, *, named: str) -> Any:
    is_covered = is_secret_name(str(name)) or (name in VALUES and is_secret_name(named))
    return _covered(value) if is_covered else masked(value)


def _covered(value: Any) -> Any:
    """Cover all that says something: a switch, or nothing, gives nothing away."""
    if isinstance(value, Mapping):
        return {name: _covered(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_covered(each) for each in value]
    return value if value in ("", None) or isinstance(value, bool) else MASK


def _listed(values: Sequence[Any]) -> list[Any]:
    """Cover `--password=x`, and `x` behind `--password`, as arguments are written."""
    covered: list[Any] = []
    is_next = False
    for value in values:
        name, equals, _ = value.partition("=") if isinstance(value, str) else ("", "", "")
        is_option = name.startswith("-") and is_secret_name(name)
        if is_option and equals:
            covered.append(f"{name}={MASK}")
        else:
            covered.append(MASK if is_next and isinstance(value, str) and not value.startswith("-") else masked(value))
        is_next = is_option and not equals
    return covered

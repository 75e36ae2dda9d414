"""Secrets in the configurations of sources: kept, never shown, and kept again by who sends back what he was shown."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

SHOWN = "$DREMIO_EXISTING_VALUE$"
"""What Dremio shows in the place of a secret."""
SECRETS = frozenset(
    {"accessSecret", "accountKey", "clientSecret", "password", "privateKey", "sasKey", "secretKey", "token"}
)

Config = Mapping[str, Any]


def hidden(config: Config) -> dict[str, Any]:
    """Return a configuration without its secrets, however deep they are."""
    return {name: _hidden(name, value) for name, value in config.items()}


def restored(told: Any, before: Any) -> Any:
    """Return a configuration with the secrets that were only shown as being there; lists keep their order."""
    if told == SHOWN and before is not None:
        return before
    if isinstance(told, Mapping):
        known = before if isinstance(before, Mapping) else {}
        return {name: restored(value, known.get(name)) for name, value in told.items()}
    if isinstance(told, list):
        listed = before if isinstance(before, list) else []
        return [restored(value, known) for value, known in zip_longest(told, listed[: len(told)])]
    return told


def _hidden(name: str, value: Any) -> Any:
    if name in SECRETS and value:
        return SHOWN
    if isinstance(value, Mapping):
        return hidden(value)
    return [_hidden("", one) for one in value] if isinstance(value, list) else value

"""Options that are yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flag(options: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """Return an option that is yes or no, which scripts write as either or as a text."""
    value = options.get(name, default)
    return value if isinstance(value, bool) else str(value).strip().lower() == "true"

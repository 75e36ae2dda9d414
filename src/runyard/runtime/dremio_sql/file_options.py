"""The options of TABLE(…) that say how a file is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import invalid

SWITCHES = frozenset({"extractheader", "skipfirstline", "trimheader", "autogeneratecolumnnames"})
OPTIONS = SWITCHES | {
    "type", "fielddelimiter", "linedelimiter", "quote", "escape", "comment", "skiplines", "autocorrectcorruptdates",
    "prettyprint",
}  # fmt: skip


def check_options(options: Mapping[str, str]) -> None:
    """Refuse options of TABLE(…) that are none, and what is neither true nor false where that is asked."""
    if strange := [name for name in options if name not in OPTIONS]:
        raise invalid(f"unknown parameter(s) with name(s) [{', '.join(strange)}]")
    for name in SWITCHES & options.keys():
        if options[name].lower() not in {"true", "false"}:
            raise invalid(f"The option {name} is true or false, not '{options[name]}'")


def truth(value: Any) -> bool:
    """Return whether a setting is on."""
    return value if isinstance(value, bool) else str(value).lower() == "true"

"""The settings of a session: SET, RESET, SHOW."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runyard.sql.errors import INVALID_PARAMETER, UNDEFINED_OBJECT, SqlError
from runyard.sql.statements import Setting

STATEMENT_TIMEOUT, STRING_MODE = "statement_timeout", "string_mode"
DEFAULTS: Mapping[str, str] = {
    STATEMENT_TIMEOUT: "0",  # ms; 0: as long as it takes
    STRING_MODE: "off",  # on: every value is a text and NULL is "null", as StackQL gives them
    "application_name": "",
    "search_path": "public",
    "timezone": "UTC",
    "client_encoding": "UTF8",
    "datestyle": "ISO, MDY",
    "transaction": "READ COMMITTED",
    "use": "",
}
"""Settings that are known, and what they are unless somebody says otherwise."""
UNITS_MS: Mapping[str, int] = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
_LENGTH = re.compile(r"(\d{1,12})\s*(ms|s|min|h)?")
_TRUTHS: Mapping[str, str] = {
    **dict.fromkeys(("on", "true", "yes", "1"), "on"),
    **dict.fromkeys(("off", "false", "no", "0"), "off"),
}


class Preferences:
    """What a session has set. Names that are not ours are kept too: clients set many, and read them back."""

    def __init__(self) -> None:
        self._set: dict[str, str] = {}
        self._note()

    def __getitem__(self, name: str) -> str:
        known = self._set.get(name, DEFAULTS.get(name))
        if known is None:
            shown = ", ".join(DEFAULTS)
            raise SqlError(UNDEFINED_OBJECT, f"There is no setting {name}; there are {shown}.")
        return known

    def __contains__(self, name: str) -> bool:
        return name in self._set or name in DEFAULTS

    def apply(self, statement: Setting) -> None:
        """Do what SET, RESET, DISCARD or USE says."""
        if statement.verb == "discard" or (statement.verb == "reset" and statement.name == "all"):
            self._set.clear()
        elif statement.verb == "reset" or statement.value is None:
            self._set.pop(statement.name, None)
        else:
            self._set[statement.name] = _checked(statement.name, statement.value)
        self._note()

    def _note(self) -> None:
        """Have at hand what every statement asks for."""
        self.timeout_ms = int(self[STATEMENT_TIMEOUT])  # how long a statement may take; 0: as long as it takes
        self.are_strings = self[STRING_MODE] == "on"  # whether every value is given as a text


def _checked(name: str, value: Any) -> str:
    text = {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    if name == STATEMENT_TIMEOUT:
        found = _LENGTH.fullmatch(text.strip())
        if found is None:
            raise SqlError(INVALID_PARAMETER, f"statement_timeout is {text!r}; write 500, 30s or 5min, or 0 for none.")
        return str(int(found[1]) * UNITS_MS[found[2] or ""])
    if name == STRING_MODE:
        if text.lower() not in _TRUTHS:
            raise SqlError(INVALID_PARAMETER, f"string_mode is {text!r}; write on or off.")
        return _TRUTHS[text.lower()]
    return text

"""The settings of a conversation that PostgreSQL's clients ask for and set: SET, SHOW, RESET."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from runyard.sql.callables.functions import SERVER_VERSION
from runyard.sql.errors import INVALID_PARAMETER, UNDEFINED_OBJECT, SqlError

UNITS_MS: Mapping[str, float] = {"": 1, "us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
ENCODINGS = frozenset({"UTF8", "UNICODE", "SQLASCII", "AUTO"})
UTC_NAMES = frozenset({"UTC", "ETC/UTC", "GMT", "ZULU", "Z", "0", "+00", "+00:00", "DEFAULT", "LOCAL", "UCT"})
LONGEST_NAME = 63  # bytes of an application's name, as PostgreSQL has it
LARGEST_MS = 2**31 - 1
TIMEOUT = "statement_timeout"

Check = Callable[[str, str], str]


def _any(name: str, value: str) -> str:
    del name
    return value


def _duration(name: str, value: str) -> str:
    """A length of time: a number of milliseconds, or with a unit."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*", value)
    milliseconds = round(float(found[1]) * UNITS_MS[found[2] or ""]) if found else -1
    if not 0 <= milliseconds <= LARGEST_MS:
        raise SqlError(INVALID_PARAMETER, f'invalid value for parameter "{name}": "{value}"; say as 500, 30s or 5min')
    return f"{milliseconds}ms" if milliseconds else "0"


def _encoding(name: str, value: str) -> str:
    plain = re.sub(r"[^A-Z0-9]", "", value.upper())
    if plain not in ENCODINGS:
        hint = "Text is sent in UTF-8 only; set client_encoding to UTF8."
        raise SqlError(INVALID_PARAMETER, f'invalid value for parameter "{name}": "{value}"', hint=hint)
    return "SQL_ASCII" if plain == "SQLASCII" else "UTF8"


def _zone(name: str, value: str) -> str:
    if value.upper() not in UTC_NAMES:
        # Moments are sent in UTC whatever a client prefers; most set this without asking.
        return "UTC"
    del name
    return "UTC"


def _date_style(name: str, value: str) -> str:
    if not value.upper().startswith("ISO"):
        hint = "Dates are sent as ISO 8601 has them; set DateStyle to ISO."
        raise SqlError(INVALID_PARAMETER, f'invalid value for parameter "{name}": "{value}"', hint=hint)
    return "ISO, MDY"


def _only(*values: str) -> Check:
    """A setting that has one meaning here."""

    def check(name: str, value: str) -> str:
        if value.lower() not in values:
            hint = f"Here it is always {values[0]}."
            raise SqlError(INVALID_PARAMETER, f'invalid value for parameter "{name}": "{value}"', hint=hint)
        return values[0]

    return check


def _fixed(name: str, value: str) -> str:
    del value
    raise SqlError("55P02", f'parameter "{name}" cannot be changed')


def _application(name: str, value: str) -> str:
    del name
    return "".join(letter if " " <= letter <= "~" else "?" for letter in value)[:LONGEST_NAME]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A setting."""

    name: str
    value: str  # at the beginning
    check: Check = _any
    is_told: bool = False  # clients hear of it and of every change


_on = _only("on", "true", "yes", "1")
_off = _only("off", "false", "no", "0")

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(name="application_name", value="", check=_application, is_told=True),
    Parameter(name="client_encoding", value="UTF8", check=_encoding, is_told=True),
    Parameter(name="DateStyle", value="ISO, MDY", check=_date_style, is_told=True),
    Parameter(name="default_transaction_read_only", value="off", is_told=True),
    Parameter(name="in_hot_standby", value="off", check=_fixed, is_told=True),
    Parameter(name="integer_datetimes", value="on", check=_fixed, is_told=True),
    Parameter(name="IntervalStyle", value="postgres", is_told=True),
    Parameter(name="is_superuser", value="off", check=_fixed, is_told=True),
    Parameter(name="scram_iterations", value="4096", check=_fixed, is_told=True),
    Parameter(name="search_path", value='public, "runyard.ledger"', is_told=True),
    Parameter(name="server_encoding", value="UTF8", check=_fixed, is_told=True),
    Parameter(name="server_version", value=f"{SERVER_VERSION} (runyard)", check=_fixed, is_told=True),
    Parameter(name="session_authorization", value="", check=_fixed, is_told=True),
    Parameter(name="standard_conforming_strings", value="on", check=_on, is_told=True),
    Parameter(name="TimeZone", value="UTC", check=_zone, is_told=True),
    Parameter(name="server_version_num", value="160004", check=_fixed),
    Parameter(name="statement_timeout", value="0", check=_duration),
    Parameter(name="idle_in_transaction_session_timeout", value="0", check=_duration),
    Parameter(name="idle_session_timeout", value="0", check=_duration),
    Parameter(name="lock_timeout", value="0", check=_duration),
    Parameter(name="transaction_isolation", value="read committed"),
    Parameter(name="transaction_read_only", value="off"),
    Parameter(name="default_transaction_isolation", value="read committed"),
    Parameter(name="default_transaction_deferrable", value="off"),
    Parameter(name="client_min_messages", value="notice"),
    Parameter(name="extra_float_digits", value="1"),
    Parameter(name="bytea_output", value="hex", check=_only("hex")),
    Parameter(name="backslash_quote", value="safe_encoding"),
    Parameter(name="escape_string_warning", value="on"),
    Parameter(name="array_nulls", value="on", check=_on),
    Parameter(name="xmloption", value="content"),
    Parameter(name="row_security", value="on"),
    Parameter(name="jit", value="off"),
    Parameter(name="geqo", value="off"),
    Parameter(name="synchronous_commit", value="on"),
    Parameter(name="default_tablespace", value=""),
    Parameter(name="default_table_access_method", value="heap"),
    Parameter(name="check_function_bodies", value="on"),
    Parameter(name="quote_all_identifiers", value="off"),
    Parameter(name="max_identifier_length", value="63", check=_fixed),
    Parameter(name="max_index_keys", value="32", check=_fixed),
    Parameter(name="lc_collate", value="C", check=_fixed),
    Parameter(name="lc_ctype", value="C.UTF-8", check=_fixed),
    Parameter(name="lc_messages", value="C"),
    Parameter(name="lc_monetary", value="C"),
    Parameter(name="lc_numeric", value="C"),
    Parameter(name="lc_time", value="C"),
    Parameter(name="ssl", value="on", check=_fixed),
    Parameter(name="wal_level", value="replica", check=_fixed),
    Parameter(name="transform_null_equals", value="off", check=_off),
)
KNOWN: Mapping[str, Parameter] = {one.name.lower(): one for one in PARAMETERS}


class Parameters:
    """The settings of one conversation."""

    def __init__(self, told: Mapping[str, str], *, user: str, changed: Callable[[str, str], None]) -> None:
        self._values: dict[str, str] = {"session_authorization": user}
        self._changed = changed
        self._local: dict[str, str | None] = {}
        self._began = self._from_startup(told)
        self._values |= self._began
        self.statement_timeout_ms = self.milliseconds(TIMEOUT)  # at hand: every statement asks for it

    def _from_startup(self, told: Mapping[str, str]) -> dict[str, str]:
        given = {name: value for name, value in told.items() if name.lower() in KNOWN}
        given |= dict(_options(told.get("options", "")))
        return {name.lower(): _known(name).check(name, value) for name, value in given.items()}

    def knows(self, name: str) -> bool:
        """Tell whether it is a setting of ours, or one that a client made up, as app.name."""
        return name.lower() in KNOWN or name.lower() in self._values

    def get(self, name: str) -> str:
        """The value of a setting."""
        value = self._values.get(name.lower())
        return _known(name).value if value is None else value

    def set(self, name: str, value: str | None, *, is_local: bool = False) -> None:
        """Change a setting, or with None have it as at the beginning; a local change ends with the transaction."""
        parameter = KNOWN.get(name.lower())
        key = name.lower()
        before = self._values.get(key)
        checked = self._began.get(key) if value is None else parameter.check(name, value) if parameter else value
        if is_local:
            self._local.setdefault(key, before)
        self._put(key, checked)

    def reset_all(self) -> None:
        """Have all settings as at the beginning."""
        for name in [name for name in self._values if name != "session_authorization"]:
            self._put(name, self._began.get(name))

    def end_transaction(self) -> None:
        """Undo what was set for a transaction only."""
        local, self._local = self._local, {}
        for name, value in local.items():
            self._put(name, value)

    def milliseconds(self, name: str) -> int:
        """The value of a length of time."""
        return int(self.get(name).removesuffix("ms"))

    def told(self) -> Iterator[tuple[str, str]]:
        """What a client hears of at the beginning."""
        return ((one.name, self.get(one.name)) for one in PARAMETERS if one.is_told)

    def all(self) -> Iterator[tuple[str, str]]:
        """Every setting and its value."""
        return ((one.name, self.get(one.name)) for one in sorted(PARAMETERS, key=lambda one: one.name.lower()))

    def _put(self, key: str, value: str | None) -> None:
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        if key == TIMEOUT:
            self.statement_timeout_ms = self.milliseconds(TIMEOUT)
        parameter = KNOWN.get(key)
        if parameter and parameter.is_told:
            self._changed(parameter.name, self.get(key))


def _known(name: str) -> Parameter:
    parameter = KNOWN.get(name.lower())
    if parameter is None:
        raise SqlError(
            UNDEFINED_OBJECT, f'unrecognized configuration parameter "{name}"; SHOW ALL lists those there are'
        )
    return parameter


def _options(text: str) -> Iterator[tuple[str, str]]:
    """The settings in the startup's `options`, written as -c name=value or --name=value."""
    words = re.sub(r"(^|\s)-c\s*", " --", text).split()
    for word in words:
        name, is_there, value = word.removeprefix("--").replace("\\", "").partition("=")
        if word.startswith("--") and is_there:
            yield name.replace("-", "_"), value

"""Dynamic value references: `{{job.run_id}}` and the like in the texts of a task, replaced by values of its run.

Nothing is evaluated: a reference is a path of names. Text in braces that is no path of a known namespace stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runyard.core.errors import InvalidRequest

Path = tuple[str, ...]
Look = Callable[[Path], str | None]
"""Gives the value of a reference; None if the path names nothing."""

NAMESPACES = frozenset({"job", "task", "tasks", "input", "workspace", "backfill"})
OLDER: Mapping[str, Path] = {
    "job_id": ("job", "id"),
    "run_id": ("task", "run_id"),
    "parent_run_id": ("job", "run_id"),
    "start_date": ("job", "start_time", "iso_date"),
    "start_time": ("job", "start_time", "timestamp_ms"),
    "task_key": ("task", "name"),
    "task_retry_count": ("task", "retry_count"),
}
"""The references of older days, and what they are called now."""

# Both take what they can and give nothing back, so that no text of a caller keeps them busy.
_REFERENCE = re.compile(r"\{\{((?:`[^`]*+`|[^{}`])*+)\}\}")
_NAME = re.compile(r"`([^`]*)`|([^.`\s]+)")
_SECRET = re.compile(r"\{\{\s*+secrets/([^/{}]++)/([^/{}]++)\}\}")

_DATE = frozenset({"iso_weekday", "is_weekday", "iso_date", "iso_datetime", "year", "month", "day"})
MOMENTS = _DATE | {"hour", "minute", "second", "timestamp_ms"}
_OF_JOB = frozenset({"id", "name", "run_id", "repair_count"})
_OF_TASK = frozenset({"name", "run_id", "execution_count", "notebook_path", "retry_count"})
_OF_TASKS = frozenset({"run_id", "result_state", "error_code", "execution_count", "notebook_path"})
_OF_OUTPUT = frozenset({"rows", "first_row", "alert_state"})


def resolve(value: Any, look: Look) -> Any:
    """Return a value with every reference in its texts replaced."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _replaced(match, look), value) if "{{" in value else value
    if isinstance(value, Mapping):
        return {name: resolve(each, look) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(each, look) for each in value]
    return value


def with_secrets(text: str, read: Callable[[str, str], str]) -> str:
    """Return a text with `{{secrets/scope/key}}` replaced; `read` is given scope and key."""
    return _SECRET.sub(lambda match: read(match[1], match[2].rstrip()), text)


def with_secrets_within(value: Any, read: Callable[[str, str], str]) -> Any:
    """Return a value with the secrets in all its texts replaced."""
    if isinstance(value, str):
        return with_secrets(value, read)
    if isinstance(value, Mapping):
        return {name: with_secrets_within(each, read) for name, each in value.items()}
    return [with_secrets_within(each, read) for each in value] if isinstance(value, list) else value


def check(value: Any) -> None:
    """Refuse references of a known namespace that name nothing, whatever the run."""
    resolve(value, lambda path: "" if is_known(path) else None)


def is_known(path: Path) -> bool:
    """Tell whether a path of a known namespace is one that can have a value."""
    namespace, rest = path[0], path[1:]
    if namespace == "input":
        return True
    if namespace == "job":
        return _is_of_job(rest)
    if namespace == "tasks":
        return len(rest) > 1 and _is_of_tasks(rest[1:])
    known = {"task": _OF_TASK, "workspace": {"id", "url"}, "backfill": MOMENTS}[namespace]
    return len(rest) == 1 and rest[0] in known


def shown(value: Any) -> str:
    """Return a JSON value as the text that stands for it in parameters and conditions."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _is_of_job(rest: Path) -> bool:
    match rest:
        case (name,):
            return name in _OF_JOB
        case ("parameters", _) | ("trigger", "type" | "file_arrival" | "table_update", *_):
            return True
        case ("start_time", moment) | ("trigger", "time", moment):
            return moment in MOMENTS
    return False


def _is_of_tasks(rest: Path) -> bool:
    match rest:
        case (name,):
            return name in _OF_TASKS
        case ("values", _, *_):
            return True
        case ("output", name, *_):
            return name in _OF_OUTPUT
    return False


def _replaced(match: re.Match[str], look: Look) -> str:
    path = _path(match[1].strip())
    if path is None:
        return match[0]
    value = look(path)
    if value is None:
        raise InvalidRequest(f"The reference {match[0]} names nothing that has a value here; correct or remove it.")
    return value


def _path(text: str) -> Path | None:
    """Return the names of a reference; None for text that is none."""
    if text in OLDER:
        return OLDER[text]
    names: list[str] = []
    place = 0
    while match := _NAME.match(text, place):
        names.append(match[1] if match[1] is not None else match[2])
        place = match.end()
        if place == len(text):
            return tuple(names) if names[0] in NAMESPACES else None
        if text[place] != ".":
            return None
        place += 1
    return None

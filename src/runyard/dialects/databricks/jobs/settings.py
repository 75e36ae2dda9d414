"""A job's settings: kept whole as they came, with the defaults that the service fills in and shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from runyard.dialects import reading
from runyard.dialects.databricks import versions
from runyard.dialects.databricks.jobs import schema

Members = dict[str, Any]

LANGUAGE = "databricks"
UNTITLED = "Untitled"
NOT_SETTINGS = frozenset({"creator_user_name", "access_control_list"})
"""What stands in a job's record beside its settings, and is not shown among them."""
JOB: Mapping[str, str] = {
    "job_id": "int",
    "creator_user_name": "string",
    "run_as_user_name": "string",
    "created_time": "int",
    "settings": "object",
    "has_more": "bool",
    "next_page_token": "string",
}
"""The record of a job: what getJob gives, and the type of each."""
_JOB_DEFAULTS: Mapping[str, Any] = {
    "name": UNTITLED,
    "email_notifications": {},
    "webhook_notifications": {},
    "timeout_seconds": 0,
    "max_concurrent_runs": 1,
}
_TASK_DEFAULTS: Mapping[str, Any] = {"run_if": "ALL_SUCCESS", "timeout_seconds": 0, "email_notifications": {}}
MERGED: Mapping[str, str] = {"tasks": "task_key", "job_clusters": "job_cluster_key"}
"""The arrays that an update merges, and the member by which it knows their elements."""
_NOT_IN_A_KEY = re.compile(r"[^\w-]")


def completed(asked: Mapping[str, Any], version: str) -> Members:
    """Return new settings of a job as they are kept: one shape, numbers as numbers, defaults filled in."""
    queue = {"queue": {"enabled": True}} if version in versions.QUEUED_BY_DEFAULT else {}
    return _with_defaults({**queue, **_shaped(asked)}, _JOB_DEFAULTS)


def updated(current: Mapping[str, Any], new: Mapping[str, Any], removed: Iterable[str]) -> Members:
    """Return settings with some removed and others put in their place; tasks and clusters are merged by key."""
    gone = set(removed)
    if _is_of_the_older_shape(current, {*new, *gone}):
        return _with_defaults(_retold(current, new, gone), _JOB_DEFAULTS)
    kept = _without(current, gone)
    fresh = _shaped(new, like=kept)
    merged = {name: _merged(kept.get(name), value, MERGED.get(name)) for name, value in fresh.items()}
    together = {**kept, **merged}
    is_single = current.get("format") == versions.SINGLE_TASK and len(together.get("tasks", ())) == 1
    together["format"] = versions.SINGLE_TASK if is_single else versions.MULTI_TASK
    return _with_defaults(together, _JOB_DEFAULTS)


def submitted(asked: Mapping[str, Any]) -> Members:
    """Return what a run without a job is asked to be, as it is kept."""
    settings = schema.read(asked, schema.SETTINGS)
    name = settings.get("run_name") or UNTITLED
    if versions.has_single_shape(settings):
        settings = versions.gathered(settings, name)
    return _with_defaults({**settings, "run_name": name}, {"timeout_seconds": 0})


def own(settings: Mapping[str, Any]) -> Members:
    """Return the settings in a job's record without what only stands beside them."""
    return {name: value for name, value in settings.items() if name not in NOT_SETTINGS}


def is_queued(settings: Mapping[str, Any]) -> bool:
    """Tell whether runs beyond the limit wait."""
    queue = reading.mapping(settings.get("queue"), "queue")
    return reading.flag(queue.get("enabled", False), "queue.enabled")


def _shaped(asked: Mapping[str, Any], *, like: Mapping[str, Any] | None = None) -> Members:
    """Return settings with their tasks in `tasks`; the only task of a job keeps the key that it has in `like`."""
    settings = schema.read({name: value for name, value in asked.items() if name != "format"}, schema.SETTINGS)
    if not versions.has_single_shape(settings):
        return settings if like is not None else {**settings, "format": versions.MULTI_TASK}
    tasks = (like or {}).get("tasks", ())
    name = _NOT_IN_A_KEY.sub("_", settings.get("name") or UNTITLED)
    key = tasks[0]["task_key"] if len(tasks) == 1 else name
    return {**versions.gathered(settings, key), "format": versions.SINGLE_TASK}


def _is_of_the_older_shape(current: Mapping[str, Any], named: Iterable[str]) -> bool:
    """Tell whether a job has its one task at the top, and an update names nothing of `tasks`."""
    is_single = current.get("format") == versions.SINGLE_TASK and len(current.get("tasks", ())) == 1
    return is_single and not any(name.partition("/")[0] == "tasks" for name in named)


def _retold(current: Mapping[str, Any], new: Mapping[str, Any], removed: set[str]) -> Members:
    """Return settings with changes of their one task at the top; what the older shape cannot say of it stays."""
    (task,) = current["tasks"]
    fresh = schema.read({name: value for name, value in new.items() if name != "format"}, schema.SETTINGS)
    kept = _without(versions.spread(current), removed)
    kept = {name: value for name, value in kept.items() if not versions.is_superseded(name, fresh)}
    told = versions.gathered({**kept, **fresh}, task["task_key"])
    unsaid = {name: value for name, value in task.items() if not versions.is_of_the_task(name)}
    return {**told, "tasks": [{**unsaid, **told["tasks"][0]}]}


def _without(settings: Mapping[str, Any], removed: set[str]) -> Members:
    kept = {name: value for name, value in settings.items() if name not in removed}
    for array, key in MERGED.items():
        gone = {name.partition("/")[2] for name in removed if name.startswith(f"{array}/")}
        if gone and array in kept:
            kept[array] = [one for one in kept[array] if one.get(key) not in gone]
    return kept


def _merged(old: Any, new: Any, key: str | None) -> Any:
    """Return old elements, each replaced whole by the new one of its key, and then the new ones."""
    if key is None or not isinstance(old, list) or not isinstance(new, list):
        return new
    fresh = {one.get(key): one for one in new if isinstance(one, dict)}
    kept = [fresh.pop(one.get(key), one) for one in old]
    return [*kept, *fresh.values()]


def _with_defaults(settings: Members, defaults: Mapping[str, Any]) -> Members:
    git = bool(settings.get("git_source"))
    tasks = [_completed_task(one, git=git) for one in settings.get("tasks", ())]
    return _filled({**settings, "tasks": tasks}, defaults)


def _filled(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Members:
    return {**given, **{name: value for name, value in defaults.items() if name not in given}}


def _completed_task(asked: Members, *, git: bool) -> Members:
    task = _filled(asked, _TASK_DEFAULTS)
    if notebook := task.get("notebook_task"):
        task["notebook_task"] = {**notebook, "source": notebook.get("source") or ("GIT" if git else "WORKSPACE")}
    if (loop := task.get("for_each_task")) and "task" in loop:
        task["for_each_task"] = {**loop, "task": _completed_task(loop["task"], git=git)}
    return task

"""How the versions of the API differ: the shape of a job with one task, the default of queueing, sizes of pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Members = dict[str, Any]

MULTI_TASK = "MULTI_TASK"
SINGLE_TASK = "SINGLE_TASK"
QUEUED_BY_DEFAULT = frozenset({"2.2"})
LARGEST_LIST: Mapping[str, int] = {"2.0": 1000, "2.1": 100, "2.2": 100}
DEFAULT_LIST: Mapping[str, int] = {"2.0": 1000, "2.1": 20, "2.2": 20}
TELLS_HAS_MORE = frozenset({"2.0", "2.1"})  # at the top of a list; 2.2 only gives the next page's token
PAGED_ARRAYS = frozenset({"2.2"})
ELEMENTS_ON_A_PAGE = 100
ARRAYS = ("tasks", "job_clusters", "parameters", "environments")
"""The arrays of a job's settings that a page holds a part of, where they are paged."""
OF_THE_TASK = frozenset(
    {
        "libraries",
        "existing_cluster_id",
        "new_cluster",
        "job_cluster_key",
        "environment_key",
        "environment_variables_key",
        "max_retries",
        "min_retry_interval_millis",
        "retry_on_timeout",
    }
)
"""What belongs to the task, beside what says what it runs, where a job of one task is written without `tasks`."""
CLUSTERS = frozenset({"existing_cluster_id", "new_cluster", "job_cluster_key"})
"""Where a task runs: one of these."""
LONGEST_KEY = 100


def is_task_type(name: str) -> bool:
    """Tell whether a member says what a task runs, as `notebook_task` does."""
    return name.endswith("_task")


def is_of_the_task(name: str) -> bool:
    """Tell whether a member belongs to the task where a job of one task has it at the top."""
    return name in OF_THE_TASK or is_task_type(name)


def is_superseded(name: str, fresh: Mapping[str, Any]) -> bool:
    """Tell whether new members take the place of one of another name: a task runs one thing, on one cluster."""
    return (is_task_type(name) and any(map(is_task_type, fresh))) or (
        name in CLUSTERS and not CLUSTERS.isdisjoint(fresh)
    )


def has_single_shape(settings: Mapping[str, Any]) -> bool:
    """Tell whether settings describe their one task at the top."""
    return not settings.get("tasks") and any(is_task_type(name) for name in settings)


def gathered(settings: Mapping[str, Any], task_key: str) -> Members:
    """Return settings of one task at the top in the shape that has `tasks`."""
    own = {name: value for name, value in settings.items() if is_of_the_task(name)}
    rest = {name: value for name, value in settings.items() if name not in own and name != "tasks"}
    return {**rest, "tasks": [{"task_key": task_key[:LONGEST_KEY], **own}]}


def spread(settings: Mapping[str, Any]) -> Members:
    """Return settings of one task in the shape that has it at the top."""
    (task,) = settings["tasks"]
    own = {name: value for name, value in task.items() if is_of_the_task(name)}
    return {**{name: value for name, value in settings.items() if name != "tasks"}, **own, "format": SINGLE_TASK}


def shown(settings: Mapping[str, Any], version: str) -> Members:
    """Return a job's settings in the shape of a version."""
    if version == "2.0" and settings.get("format") == SINGLE_TASK and len(settings.get("tasks", ())) == 1:
        return spread(settings)
    keeps_format = version == "2.0"
    return {**settings, "format": settings.get("format", MULTI_TASK) if keeps_format else MULTI_TASK}


def part(settings: Mapping[str, Any], start: int) -> tuple[Members, bool]:
    """Return settings with a page of each of their arrays, and whether any goes on behind it."""
    end = start + ELEMENTS_ON_A_PAGE
    paged = {name: settings[name][start:end] for name in ARRAYS if name in settings}
    return {**settings, **paged}, any(len(settings.get(name, ())) > end for name in ARRAYS)

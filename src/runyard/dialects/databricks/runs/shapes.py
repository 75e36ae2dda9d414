"""Runs in the shapes of the older versions of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.dialects.databricks.versions import MULTI_TASK, SINGLE_TASK, is_task_type

SINGLE_SHAPED = "2.0"
TELLING_FORMAT = frozenset({"2.0", "2.1"})


def in_version(shown: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a run as a version shows it: 2.0 has the one task of a run at the top, in `task`."""
    if version not in TELLING_FORMAT:
        return dict(shown)
    tasks = shown.get("tasks")
    keys = {task["task_key"] for task in tasks or ()}
    if version != SINGLE_SHAPED or tasks is None or len(keys) != 1:
        return {**shown, "format": MULTI_TASK}
    newest = tasks[-1]  # the attempts of one task, oldest first
    rest = {name: value for name, value in shown.items() if name != "tasks"}
    task = {name: value for name, value in newest.items() if is_task_type(name)}
    return {**rest, "task": task, "attempt_number": newest["attempt_number"], "format": SINGLE_TASK}

"""`dbutils.jobs`: values that tasks leave for those after them."""

from __future__ import annotations

from typing import Any

from .session import Session
from .utility import Utility


class TaskValues(Utility):
    """Small values, as JSON, from task to task of one run."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def set(self, key: str, value: Any) -> None:
        """Leave a value for the tasks that come after this one."""
        self._session.output.set_value(key, value)

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:
        """Return a value that a task before this one has left."""
        facts = self._session.facts
        if facts.folder is None:
            if debugValue is None:
                raise TypeError("Must pass debugValue when calling get outside of a job context.")
            return debugValue
        values = facts.task_values.get(taskKey, {})
        if key in values:
            return values[key]
        if default is None:
            raise ValueError(_missing(taskKey, key, is_task=taskKey in facts.task_values))
        return default


class Jobs(Utility):
    """What a task can do as a part of its job."""

    def __init__(self, session: Session) -> None:
        self.taskValues = TaskValues(session)  # the vendor's name


def _missing(task_key: str, key: str, *, is_task: bool) -> str:
    what = f"has set no value {key!r}" if is_task else "is no task that ended before this one and has set values"
    return f"The task {task_key!r} {what}. Set it there with dbutils.jobs.taskValues.set, or pass a default."

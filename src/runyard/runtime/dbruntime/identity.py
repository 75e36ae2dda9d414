"""What a notebook can learn of its own run, in the shapes that people's code has come to take apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import service
from .facts import Facts


class Option:
    """A value that may be absent, as Scala has it."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def get(self) -> Any:
        """Return the value; refuse if there is none."""
        if self._value is None:
            raise LookupError("None.get: this run has no such value.")
        return self._value

    def getOrElse(self, default: Any) -> Any:
        """Return the value, or the default if there is none."""
        if self._value is not None:
            return self._value
        return default() if callable(default) else default

    def isDefined(self) -> bool:
        """Tell whether there is a value."""
        return self._value is not None

    def isEmpty(self) -> bool:
        """Tell whether there is none."""
        return self._value is None

    def __str__(self) -> str:
        return "None" if self._value is None else f"Some({self._value})"


class Tags:
    """The tags of a run, as Scala's maps are read."""

    def __init__(self, tags: Mapping[str, str]) -> None:
        self._tags = tags

    def get(self, name: str) -> Option:
        """Return what may be there."""
        return Option(self._tags.get(name))

    def apply(self, name: str) -> str:
        """Return what is there."""
        return self._tags[name]

    def contains(self, name: str) -> bool:
        """Tell whether it is there."""
        return name in self._tags

    def __str__(self) -> str:
        pairs = ", ".join(f"{name} -> {value}" for name, value in self._tags.items())
        return f"Map({pairs})"


class RunId:
    """The number of a run."""

    def __init__(self, number: int) -> None:
        self._number = number

    def id(self) -> int:
        """Return the number."""
        return self._number

    def __str__(self) -> str:
        return f"RunId({self._number})"


class Context:
    """What is known of this run; what is not known is absent, not made up."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def toJson(self) -> str:
        """Return all of it."""
        facts = self._facts
        extra = {"notebook_path": facts.notebook_path, "api_url": service.host(), "api_token": service.token()}
        told = {
            "rootRunId": _numbered(facts.run_id),
            "currentRunId": _numbered(facts.task_run_id),
            "jobGroup": None,
            "tags": self._tags(),
            "extraContext": {name: value for name, value in extra.items() if value is not None},
        }
        return json.dumps(told)

    safeToJson = toJson  # noqa: N815 - the vendor's name

    def tags(self) -> Tags:
        """Return the tags."""
        return Tags(self._tags())

    def notebookPath(self) -> Option:
        """Return the notebook's name in the workspace."""
        return Option(self._facts.notebook_path)

    def currentRunId(self) -> Option:
        """Return the number of this task's run."""
        return Option(RunId(self._facts.task_run_id) if self._facts.task_run_id else None)

    def rootRunId(self) -> Option:
        """Return the number of the job's run."""
        return Option(RunId(self._facts.run_id) if self._facts.run_id else None)

    def jobId(self) -> Option:
        """Return the number of the job."""
        return Option(str(self._facts.job_id) if self._facts.job_id else None)

    def taskKey(self) -> Option:
        """Return the name of this task."""
        return Option(self._facts.task_key)

    def apiUrl(self) -> Option:
        """Return where the server is."""
        return Option(service.host())

    def apiToken(self) -> Option:
        """Return what this job shows to the server."""
        return Option(service.token())

    def browserHostName(self) -> Option:
        """Return the server's host and port."""
        return Option(host.partition("://")[2] or host if (host := service.host()) else None)

    def _tags(self) -> dict[str, str]:
        facts = self._facts
        known = {
            "jobId": facts.job_id,
            "runId": facts.task_run_id,
            "multitaskParentRunId": facts.run_id,
            "taskKey": facts.task_key,
            "orgId": facts.workspace_id,
            "browserHostName": self.browserHostName().getOrElse(None),
        }
        return {name: str(value) for name, value in known.items() if value is not None}


class EntryPoint:
    """The long way to the context: `dbutils.notebook.entry_point.getDbutils().notebook().getContext()`."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def getDbutils(self) -> EntryPoint:
        """Go on."""
        return self

    def notebook(self) -> EntryPoint:
        """Go on."""
        return self

    def getContext(self) -> Context:
        """Return what is known of this run."""
        return Context(self._facts)


def _numbered(number: int | None) -> dict[str, int] | None:
    return {"id": number} if number else None

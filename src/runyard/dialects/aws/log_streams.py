"""Log groups and streams: what CloudWatch calls the outputs of Glue's runs, and which run is behind a name.

A group is `/aws-glue/python-jobs/output` and the like, a stream is one attempt: the id that Glue gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runyard.core.errors import NotFound
from runyard.core.job import Workspace
from runyard.core.run import Attempt, Run, State
from runyard.dialects import aws_ids as ids
from runyard.dialects.aws.log_events import Extent, extent
from runyard.engine.engine import Engine
from runyard.engine.logs import Log

BASES = ("/aws-glue/jobs", "/aws-glue/python-jobs")
OUTPUTS = {"error": "stderr", "output": "stdout"}
"""The last part of a group's name, and what of a run it holds."""
GROUPS = tuple(f"{base}/{part}" for base in BASES for part in OUTPUTS)
DEFAULT_BASE = BASES[0]  # Glue says so of runs that another language started

_GROUP = re.compile(r"((?:/aws-glue/jobs|/aws-glue/python-jobs)(?:/[^/]+-role/.+)?)/(output|error)")
ID_LENGTH = len(ids.run_id(1))


@dataclass(frozen=True, kw_only=True)
class Group:
    """A log group: what runs of one kind print to one of their outputs."""

    name: str
    base: str  # LogGroupName of its runs
    output: str  # stdout or stderr

    def holds(self, run: Run) -> bool:
        """Whether the output of a run is found here."""
        return bool(run.settings.get("LogGroupName", DEFAULT_BASE) == self.base)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One output of one attempt."""

    name: str
    attempt: Attempt
    log: Log

    @property
    def created_at(self) -> int:
        """When it began."""
        return self.attempt.running_at or self.attempt.created_at

    def extent(self, *, since: int = 0, before: int | None = None) -> Extent:
        """Return what of it was seen in a span of time."""
        return extent(self.log, is_closed=self.attempt.state is State.ENDED, since=since, before=before)


def group_named(name: str) -> Group:
    """Return a group by its name or ARN; those of runs are there before the first run is."""
    parts = _GROUP.fullmatch(re.sub(r"^arn:aws:logs:[^:]*:\d*:log-group:|:\*$", "", name))
    if parts is None:
        raise NotFound("log group", name)
    return Group(name=parts[0], base=parts[1], output=OUTPUTS[parts[2]])


def streams_of(engine: Engine, group: Group, run: Run) -> Iterator[Stream]:
    """Yield a run's streams, the first attempt first; what never began has none."""
    for attempt in engine.attempts(run) if group.holds(run) else ():
        if (engine.attempt_folder(attempt.id) / group.output).exists():
            yield Stream(name=_name(run, attempt), attempt=attempt, log=engine.log(attempt, group.output))


def stream_named(engine: Engine, workspace: Workspace, *, group: Group, name: str) -> Stream:
    """Return a stream by its name."""
    run = run_behind(engine, workspace, name)
    found = [one for one in streams_of(engine, group, run) if one.name == name] if run else []
    if not found:
        raise NotFound("log stream", name)
    return found[0]


def run_behind(engine: Engine, workspace: Workspace, name: str) -> Run | None:
    """Return the run that a stream's name begins with, if there is one."""
    number = ids.from_run_id(name[:ID_LENGTH])
    try:
        return engine.run(workspace, number[0]) if number else None
    except NotFound:
        return None


def _name(run: Run, attempt: Attempt) -> str:
    """Return the id that Glue gives an attempt; of several tasks, each has a stream of its own."""
    suffix = f"-{attempt.task_key}" if len(run.tasks) > 1 else ""
    return ids.run_id(run.id, attempt.number) + suffix

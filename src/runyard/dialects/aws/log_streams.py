"""Log groups and streams: what CloudWatch calls the outputs of Glue's runs, and which run is behind a name.

A group is `/aws-glue/python-jobs/output` and the like, a stream is one attempt: the id that Glue gives it. A Spark job
that asks for continuous logging has streams in a group of that, or in one that it names, besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runyard.core.errors import NotFound
from runyard.core.job import Workspace
from runyard.core.run import Attempt, Run, State
from runyard.dialects import aws_ids as ids
from runyard.dialects.aws.log_events import Extent, extent
from runyard.engine.engine import Engine
from runyard.engine.logs import PROGRESS, Log
from runyard.store.ledger import Page

BASES = ("/aws-glue/jobs", "/aws-glue/python-jobs")
OUTPUTS = {"error": "stderr", "output": "stdout"}
"""The last part of a group's name, and what of a run it holds."""
CONTINUOUS = "/aws-glue/jobs/logs-v2"
CONTINUOUS_OUTPUTS = {"-driver": "stderr", "-progress-bar": PROGRESS}
"""What a stream's name ends with there, and what of a run it holds."""
ENABLED = "--enable-continuous-cloudwatch-log"
OWN_GROUP, OWN_PREFIX = "--continuous-log-logGroup", "--continuous-log-logStreamPrefix"
MOST_LOOKED_THROUGH = 500  # newest runs, for a name that only a run's own arguments know
GROUPS = (*(f"{base}/{part}" for base in BASES for part in OUTPUTS), CONTINUOUS)
DEFAULT_BASE = BASES[0]  # Glue says so of runs that another language started

_GROUP = re.compile(r"((?:/aws-glue/jobs|/aws-glue/python-jobs)(?:/[^/]+-role/.+)?)/(output|error)")
ID_LENGTH = len(ids.run_id(1))


@dataclass(frozen=True, kw_only=True)
class Group:
    """A log group: what runs of one kind print to one of their outputs, or tell while they go on."""

    name: str
    base: str = ""  # LogGroupName of its runs; empty: it is one of continuous logging
    outputs: Mapping[str, str]  # by what the name of a stream ends with: what of a run it holds

    def holds(self, run: Run) -> bool:
        """Whether the output of a run is found here."""
        if not self.base:
            return continuous_group(run) == self.name
        return bool(run.settings.get("LogGroupName", DEFAULT_BASE) == self.base)

    def may_hold(self, run: Run, prefix: str) -> bool:
        """Whether a stream of a run, whose name begins so, is found here."""
        name = self.name_of(run)
        return self.holds(run) and (name.startswith(prefix) or prefix.startswith(name))

    def name_of(self, run: Run) -> str:
        """Return what the names of a run's streams begin with."""
        own = "" if self.base else _arguments(run).get(OWN_PREFIX, "")
        return own or ids.run_id(run.id)


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


def group_named(engine: Engine, workspace: Workspace, name: str) -> Group:
    """Return a group by its name or ARN; those of runs are there before the first run is."""
    plain = re.sub(r"^arn:aws:logs:[^:]*:\d*:log-group:|:\*$", "", name)
    if parts := _GROUP.fullmatch(plain):
        return Group(name=parts[0], base=parts[1], outputs={"": OUTPUTS[parts[2]]})
    if plain == CONTINUOUS or plain in own_groups(engine, workspace):
        return Group(name=plain, outputs=CONTINUOUS_OUTPUTS)
    raise NotFound("log group", name)


def own_groups(engine: Engine, workspace: Workspace) -> list[str]:
    """Return the groups that the newest runs themselves name for their continuous log."""
    named = (continuous_group(run) for run in _newest(engine, workspace))
    return sorted({name for name in named if name} - {CONTINUOUS})


def continuous_group(run: Run) -> str:
    """Return the group of a run's continuous log; empty if it asks for none."""
    arguments = _arguments(run)
    if run.settings.get("LogGroupName", "").startswith("/aws-glue/python-jobs"):
        return ""
    is_on = arguments.get(ENABLED, "false").strip().lower() != "false"
    return (arguments.get(OWN_GROUP) or CONTINUOUS) if is_on else ""


def _arguments(run: Run) -> Mapping[str, str]:
    found: Mapping[str, str] = run.settings.get("Arguments") or {}
    return found


def _newest(engine: Engine, workspace: Workspace) -> list[Run]:
    return engine.runs(workspace, Page(limit=MOST_LOOKED_THROUGH, where={}))


def streams_of(engine: Engine, group: Group, run: Run) -> Iterator[Stream]:
    """Yield a run's streams, the first attempt first; what never began has none."""
    for attempt in engine.attempts(run) if group.holds(run) else ():
        for ending, output in group.outputs.items():
            if (engine.attempt_folder(attempt.id) / output).exists():
                name = _name(group, run, attempt) + ending
                yield Stream(name=name, attempt=attempt, log=engine.log(attempt, output))


def stream_named(engine: Engine, workspace: Workspace, *, group: Group, name: str) -> Stream:
    """Return a stream by its name; of several runs that call theirs so, the newest one's."""
    run = run_behind(engine, workspace, name)
    runs = [run] if run else [] if group.base else _newest(engine, workspace)
    for each in runs:
        for stream in streams_of(engine, group, each) if group.may_hold(each, name) else ():
            if stream.name == name:
                return stream
    raise NotFound("log stream", name)


def run_behind(engine: Engine, workspace: Workspace, name: str) -> Run | None:
    """Return the run that a stream's name begins with, if there is one."""
    number = ids.from_run_id(name[:ID_LENGTH])
    try:
        return engine.run(workspace, number[0]) if number else None
    except NotFound:
        return None


def _name(group: Group, run: Run, attempt: Attempt) -> str:
    """Return the id that Glue gives an attempt, or the run's own name for it; of several tasks, each has its own."""
    suffix = f"-{attempt.task_key}" if len(run.tasks) > 1 else ""
    own = group.name_of(run)
    return (ids.run_id(run.id, attempt.number) if own == ids.run_id(run.id) else own) + suffix

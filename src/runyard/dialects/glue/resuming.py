"""Which nodes of a workflow's run are run again in the run that resumes it, and what is copied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.run import Run
from runyard.dialects import aws_ids as ids
from runyard.dialects.glue.flow_views import started, watched
from runyard.dialects.glue.trigger_rules import CONDITIONAL
from runyard.dialects.glue.workflows import asked, link_of, met_before

Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Resumption:
    """What a resumed run begins with."""

    jobs: tuple[str, ...]  # started at once
    again: frozenset[str]  # these and all behind them
    triggers: Sequence[Settings]
    before: Sequence[Run]  # of the run that is resumed

    def links(self) -> list[dict[str, Any]]:
        """Return the links: those that start the chosen jobs, and all that wait, as they were left."""
        chosen = [asked(one) for one in map(self._chosen, self.triggers) if one["Actions"]]
        waiting = [one for one in self.triggers if one["Type"] == CONDITIONAL]
        return [*(link_of(one, met_before(one, self.before, self.again)) for one in waiting), *chosen]

    def copied(self) -> list[Run]:
        """Return the runs that stand for the nodes which are not run again."""
        return [run for run in self.before if run.job_name not in self.again]

    def _chosen(self, trigger: Settings) -> dict[str, Any]:
        return {**trigger, "Actions": [one for one in trigger["Actions"] if one["JobName"] in self.jobs]}


def resumption(
    workflow_id: int, triggers: Sequence[Settings], before: Sequence[Run], node_ids: Iterable[str]
) -> Resumption:
    """Return what resuming from some nodes means; refuse what is no job that was attempted."""
    attempted = {ids.node_id(workflow_id, "JOB", run.job_name): run.job_name for run in before}
    if strangers := [node for node in node_ids if node not in attempted]:
        raise InvalidRequest(
            f"Node {strangers[0]} is no job that was attempted in this run. Name nodes of type JOB that have JobRuns; "
            "GetWorkflowRun with IncludeGraph shows them."
        )
    asked_for = [attempted[node] for node in node_ids]
    behind = {name: _behind(name, triggers) for name in asked_for}
    jobs = tuple(
        name for name in dict.fromkeys(asked_for) if not any(name in behind[other] - {other} for other in asked_for)
    )
    return Resumption(
        jobs=jobs, again=frozenset({*jobs}.union(*(behind[name] for name in jobs))), triggers=triggers, before=before
    )


def _behind(name: str, triggers: Sequence[Settings]) -> set[str]:
    """Return the jobs downstream of a job."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        job = ahead.pop()
        following = {one for trigger in triggers if job in watched(trigger) for one in started(trigger)}
        ahead += following - found
        found |= following
    return found

"""From settings and what a run is told to the tasks that run, and the record of what was asked.

A run's settings are those of its job (or submission) at that moment, with `tasks` those that run, and beside them:
`run_name`; `creator_user_name`; `job_parameters` ([{name, default, value}]);
`overriding_parameters` (the older ones); `only` (as asked).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.core.job import Job, Task
from runyard.core.run import Run
from runyard.dialects.databricks.jobs import selection
from runyard.dialects.databricks.jobs.settings import own
from runyard.dialects.databricks.jobs.tasks import task_of
from runyard.dialects.databricks.runs import parameters
from runyard.dialects.databricks.runs.parameters import Told

Members = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What runs, and the settings of the run."""

    tasks: tuple[Task, ...]
    settings: Members


def plan(settings: Members, told: Told, *, only: Sequence[str] = (), **known: Any) -> Plan:
    """Return the tasks of a run and its record; `known` are the facts of the run beside its settings."""
    chosen = selection.chosen(settings.get("tasks", ()), only)
    job_parameters = parameters.of_run(settings, told.job_parameters)
    values = parameters.values(job_parameters)
    tasks = tuple(task_of(parameters.applied(task, values, told.older), settings) for task in chosen)
    record: dict[str, Any] = {**own(settings), "tasks": chosen, **known}
    record |= {"job_parameters": job_parameters} if job_parameters else {}
    record |= {"overriding_parameters": told.older} if told.older else {}
    record |= {"only": list(only)} if only else {}
    return Plan(tasks=tasks, settings=record)


def plan_again(run: Run, job: Job | None, told: Told) -> Plan:
    """Return the plan of a run that is repaired: its job's settings as they are now, told what it was told and more."""
    before = parameters.given(run.settings)
    both = Told(
        job_parameters={**before.job_parameters, **told.job_parameters},
        older={**before.older, **told.older},
    )
    beside = {name: run.settings[name] for name in ("run_name", "creator_user_name") if name in run.settings}
    settings = job.settings if job else run.settings
    known = {task["task_key"] for task in settings.get("tasks", ())}
    only = [name for name in run.settings.get("only", ()) if name in known or name.strip("+") in known]
    return plan(settings, both, only=only, **beside)

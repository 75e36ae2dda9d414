"""What only the dialect's own views tell of a run: SQL functions that read its rows as records and show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from runyard.core import graph
from runyard.core.run import Run
from runyard.dialects.databricks import repairing
from runyard.dialects.databricks.facts import Facts, Part, TaskRuns, job_run
from runyard.dialects.databricks.run_reading import nested_task
from runyard.dialects.databricks.standing import of_run
from runyard.dialects.databricks.views import RUN as RUN_VIEW
from runyard.dialects.databricks.views import RUN_TASK, as_run
from runyard.store.records import ATTEMPT, REPAIR, RUN

_REMEMBERED = 64  # records: each is asked for as many members as a statement names
_decode = msgspec.json.decode


def run_member(member: str, told: str, url: str) -> Any:
    """Return a member of a run: a plain value, or the text of a document."""
    return _plain(_shown_run(told, url).get(member))


def task_run_member(member: str, told: str, url: str) -> Any:
    """Return a member of a task run, as it is shown where a run is asked for."""
    return _plain(_shown_task_run(told, url).get(member))


def standing_member(member: str, run: str, attempts: str) -> str | None:
    """Return how a run stands, in the older words (`state`) or the newer (`status`)."""
    return msgspec.json.encode(_standing(run, attempts)[member]).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return int(value) if isinstance(value, bool) else value


@lru_cache(_REMEMBERED)
def _shown_run(told: str, url: str) -> Mapping[str, Any]:
    """Show a run of which its row, its attempts, its rounds and the work of its loops are told."""
    row, attempts, rounds, parts = _decode(told)
    facts = Facts(
        run=_run(row),
        url=url,
        attempts=ATTEMPT.read(attempts),
        rounds=REPAIR.read(rounds),
        parts=_parts(parts),
    )
    one = job_run(facts)
    tasks = [RUN_TASK.show(task_run) for task_run in one.task_runs]
    history = repairing.history(facts.run, facts.attempts, facts.rounds)
    return {**RUN_VIEW.show(one), "tasks": tasks, "repair_history": history}


@lru_cache(_REMEMBERED)
def _shown_task_run(told: str, url: str) -> Mapping[str, Any]:
    """Show the task run of an attempt, of which the row of its run and of the run in the list are told besides."""
    row, attempts, parts, attempt_id, whole = _decode(told)
    found = _run(row)
    facts = Facts(
        run=found,
        url=url,
        attempts=ATTEMPT.read(attempts),
        parts=_parts(parts),
        whole=found if found.is_listed else _run(whole),
        definition=None if found.is_listed else nested_task(found),
    )
    one = TaskRuns(facts).of(attempt_id)
    shown = as_run(one)
    if one.part is None:
        return shown
    nested = nested_task(one.part.run)
    inside = Facts(run=one.part.run, url=url, attempts=one.part.attempts, whole=one.whole, definition=nested)
    return {**shown, "iterations": [RUN_TASK.show(each) for each in TaskRuns(inside)]}


@lru_cache(_REMEMBERED)
def _standing(run: str, attempts: str) -> Mapping[str, Any]:
    stands = of_run(_run(_decode(run)), graph.newest(ATTEMPT.read(_decode(attempts))))
    return {"state": stands.state, "status": stands.status}


def _parts(rows: Sequence[tuple[list[Any], list[list[Any]]]]) -> Mapping[int, Part]:
    """Return the runs that are the work of loops, by the attempt of the loop."""
    runs = [(_run(row), ATTEMPT.read(attempts)) for row, attempts in rows]
    return {run.parent_attempt_id: Part(run=run, attempts=its) for run, its in runs if run.parent_attempt_id}


def _run(row: list[Any]) -> Run:
    return RUN.read([row])[0]

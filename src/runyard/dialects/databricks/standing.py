"""How a run and its task runs stand: the words of their phase, and the text that says why."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.core import graph
from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome, Run, State
from runyard.dialects.databricks import states
from runyard.dialects.databricks.states import Standing

MOST_CULPRITS = 3  # failed tasks that are named
PLACE_WANTED = "Waiting for a free place of this server."
CANCELLED = "cancelled"


def of_task_run(run: Run, task: Task | None, attempt: Attempt) -> Standing:
    """Return how one attempt of a task stands."""
    words = states.task_words(attempt.phase, attempt.category)
    if attempt.state is State.QUEUED:
        return Standing(words=words, message=run.reason or PLACE_WANTED, queue_code=states.AT_SERVER_LIMIT)
    return Standing(words=words, message=_task_text(task, attempt), cause=_cause(attempt))


def of_attempt(attempt: Attempt) -> Standing:
    """Return how an attempt stands that has ended, whatever it was an attempt of."""
    words = states.task_words(attempt.phase, attempt.category)
    return Standing(words=words, message=_task_text(None, attempt), cause=_cause(attempt))


def of_run(run: Run, latest: Mapping[str, Attempt]) -> Standing:
    """Return how a run stands, from its row and where its task runs stand."""
    words = states.RUN[run.phase]
    if run.state is State.QUEUED:
        return _queued(run)
    if run.outcome is Outcome.SUCCEEDED and graph.succeeded_with_failures(run.tasks, latest):
        return Standing(words=states.SUCCESS_WITH_FAILURES, message=run.message or "")
    if run.outcome is Outcome.SKIPPED:
        return Standing(words=words, message=_limited(run, states.SKIPPED_TEXT))
    if run.outcome in {Outcome.FAILED, Outcome.CRASHED}:
        culprits = graph.culprits(run.tasks, latest) if latest else []
        cause = _cause(culprits[0]) if culprits else None
        return Standing(words=words, message=_failure(run, culprits, latest), cause=cause)
    return Standing(words=words, message=_run_text(run))


def _queued(run: Run) -> Standing:
    words = states.RUN[State.QUEUED]
    if run.admitted_at is None:
        return Standing(words=words, message=_limited(run, states.QUEUED_TEXT), queue_code=states.AT_JOB_LIMIT)
    return Standing(words=words, message=run.reason or PLACE_WANTED, queue_code=states.AT_SERVER_LIMIT)


def _limited(run: Run, text: str) -> str:
    """Say what a job's limit does to a run; a job of another language says it in its own words."""
    limit = run.settings.get("max_concurrent_runs")
    return run.reason or run.message or "" if limit is None else text.format(limit=limit)


def _run_text(run: Run) -> str:
    if run.outcome is Outcome.CANCELLED:
        return states.CANCELED_TEXT
    return (run.message or run.reason or "") if run.state in {State.ENDED, State.RETRYING} else ""


def _failure(run: Run, culprits: list[Attempt], latest: Mapping[str, Attempt]) -> str:
    tasks = {task.key: task for task in run.tasks}
    texts = [
        states.FAILED_TASK.format(key=one.task_key, message=_task_text(tasks.get(one.task_key), one).rstrip("."))
        for one in list({one.id: one for one in culprits}.values())[:MOST_CULPRITS]
    ]
    skipped = any(one.outcome is Outcome.UPSTREAM_FAILED for one in latest.values())
    return " ".join(texts) + (states.DOWNSTREAM_SKIPPED if skipped else "") if texts else run.message or ""


def _task_text(task: Task | None, attempt: Attempt) -> str:
    if attempt.state is State.RUNNING:
        return states.IN_RUN
    if attempt.outcome is Outcome.CANCELLED:
        return states.CANCELED_TEXT
    if attempt.outcome is Outcome.FAILED and attempt.category is None and (task is None or task.has_process):
        return states.FAILED_TEXT
    return attempt.message or ""


def _cause(attempt: Attempt) -> states.Cause | None:
    is_failure = attempt.outcome is Outcome.FAILED
    return states.CAUSES.get(attempt.category) if is_failure else None

"""Runs and task runs as this language's records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runyard.core import graph
from runyard.core.run import ON_A_PROCESS, Attempt, Run, State
from runyard.dialects.databricks import standing
from runyard.dialects.databricks.facts import JobRun, Part, TaskRun
from runyard.dialects.databricks.machine import CLUSTER_ID
from runyard.dialects.view import View, kept, shown

TRIGGERS: Mapping[str, str] = {
    "schedule": "PERIODIC",
    "periodic": "PERIODIC",
    "continuous": "CONTINUOUS",
    "file_arrival": "FILE_ARRIVAL",
    "table": "TABLE",
    "continuous_restart": "CONTINUOUS_RESTART",
    "job_completion": "JOB_COMPLETION",
    "run_job": "RUN_JOB_TASK",
}
"""What started a run by itself; anything else was somebody's request."""
BY_REQUEST = "ONE_TIME"
SCRIPT = "python_script"
JOB_RUN = "JOB_RUN"
SUBMIT_RUN = "SUBMIT_RUN"
WORKFLOW_RUN = "WORKFLOW_RUN"  # a submission by the code of a task, as dbutils.notebook.run makes one


# members of both


def _ended(at: int | None) -> int:
    return at or 0  # "This field is set to 0 if the job is still running."


def _waited(attempt: Attempt, began_at: int) -> int | None:
    """Return how long nothing but a place was wanting; None if none was ever had."""
    return None if attempt.taken_at is None else max(attempt.taken_at - began_at, 0)


def _setup(attempt: Attempt) -> int:
    if attempt.taken_at is None:
        return 0
    return max((attempt.running_at or attempt.ended_at or attempt.taken_at) - attempt.taken_at, 0)


def _execution(attempt: Attempt) -> int:
    if attempt.running_at is None or attempt.ended_at is None:
        return 0
    return max(attempt.ended_at - attempt.running_at, 0)


def page_url(url: str, run: Run, run_id: int) -> str:
    """Return where a run or a task run can be looked at."""
    return f"{url}/?o={run.workspace_id}#job/{job_id(run)}/run/{run_id}"


def job_id(run: Run) -> int:
    """Return the id of a run's job; a run without a job stands for one."""
    return run.job_id or run.id


def _cluster(one: TaskRun) -> dict[str, Any] | None:
    has_one = one.attempt.running_at is not None and one.task is not None and one.task.has_process
    return {"cluster_id": one.settings.get("existing_cluster_id") or CLUSTER_ID} if has_one else None


# task runs


def _condition(one: TaskRun) -> Any:
    written = one.settings.get("condition_task")
    if not isinstance(written, Mapping):
        return None
    outcome = one.attempt.output.get("result")
    return {**written, **({"outcome": outcome} if outcome is not None else {})}


def _loop(one: TaskRun) -> Any:
    written = one.settings.get("for_each_task")
    if not isinstance(written, Mapping):
        return None
    return {**written, "stats": loop_stats(one.part)} if one.part else written


def loop_stats(part: Part) -> dict[str, Any]:
    """Count the iterations of a loop by how they stand."""
    latest = list(graph.newest(part.attempts).values())
    ended = [one for one in latest if one.outcome is not None]
    failed = [one for one in ended if one.outcome not in graph.HEALTHY]
    counts = {
        "active_iterations": sum(one.state in ON_A_PROCESS for one in latest),
        "completed_iterations": len(ended),
        "failed_iterations": len(failed),
        "scheduled_iterations": sum(one.state is not State.BLOCKED for one in latest),
        "succeeded_iterations": len(ended) - len(failed),
        "total_iterations": len(latest),
    }
    return {"task_run_stats": counts, "error_message_stats": _errors(failed)}


def _errors(failed: Sequence[Attempt]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = {}
    for one in failed:
        state = standing.of_attempt(one)
        name = (state.message, state.status["termination_details"]["code"])
        counts[name] = counts.get(name, 0) + 1
    return [
        {"error_message": message, "count": count, "termination_category": code}
        for (message, code), count in counts.items()
    ]


def _script(one: TaskRun) -> Any:
    """Return the script of a task run, also of one that another language asked for."""
    written = one.settings.get("spark_python_task")
    if written is None and not one.settings and one.task is not None and one.task.kind == SCRIPT:
        return {"python_file": one.task.spec.get("script", "")}
    return written


_TASK_KEPT = (
    "alert_task",
    "ai_function_task",
    "ai_runtime_task",
    "arazzo_task",
    "clean_rooms_notebook_task",
    "compute",
    "dashboard_task",
    "dbt_cloud_task",
    "dbt_platform_task",
    "dbt_task",
    "depends_on",
    "description",
    "disable_auto_optimization",
    "disabled",
    "email_notifications",
    "environment_key",
    "environment_variables_key",
    "existing_cluster_id",
    "gen_ai_compute_task",
    "job_cluster_key",
    "libraries",
    "max_retries",
    "min_retry_interval_millis",
    "new_cluster",
    "notebook_task",
    "notification_settings",
    "pipeline_task",
    "power_bi_task",
    "python_operator_task",
    "python_wheel_task",
    "retry_on_timeout",
    "run_if",
    "run_job_task",
    "spark_jar_task",
    "spark_submit_task",
    "sql_task",
    "timeout_seconds",
    "webhook_notifications",
)

OUR_OWN = frozenset({"arazzo_task"})
"""What only this server has: clients of the cloud pass it over."""

RUN_TASK = View(
    (
        shown("run_id", lambda one: one.attempt.id),
        shown("task_key", lambda one: one.settings.get("task_key", one.attempt.task_key)),
        *(kept(name) for name in _TASK_KEPT),
        shown("condition_task", _condition),
        shown("for_each_task", _loop),
        shown("spark_python_task", _script),
        shown("state", lambda one: one.standing.state),
        shown("status", lambda one: one.standing.status),
        shown("run_page_url", lambda one: page_url(one.url, one.whole, one.attempt.id)),
        shown("start_time", lambda one: one.began_at),
        shown("queue_duration", lambda one: _waited(one.attempt, one.began_at)),
        shown("setup_duration", lambda one: _setup(one.attempt)),
        shown("execution_duration", lambda one: _execution(one.attempt)),
        shown("cleanup_duration", lambda _: 0),
        shown("end_time", lambda one: _ended(one.attempt.ended_at)),
        shown("run_duration", lambda one: one.attempt.ended_at and max(one.attempt.ended_at - one.began_at, 0)),
        shown("cluster_instance", _cluster),
        shown("attempt_number", lambda one: one.attempt.number),
        shown("git_source", lambda one: one.run.settings.get("git_source")),
        shown("resolved_values", lambda _: None),  # given on request, by resolved.py
    ),
    not_shown={
        "effective_performance_target": "there are no performance targets to choose from: every run runs at once",
    },
)


# runs


def _queue_ms(run: Run) -> int | None:
    """Return how long a run waited for its job's limit; a repaired run no longer knows."""
    return None if run.admitted_at is None or run.repairs else run.admitted_at - run.created_at


def _run_ms(one: JobRun) -> int | None:
    if one.rounds:
        lengths = [(each.ended_at or 0) - each.created_at for each in one.rounds]
        return sum(lengths) if all(each.ended_at for each in one.rounds) else None
    run = one.run
    return None if run.ended_at is None else max(run.ended_at - (run.admitted_at or run.created_at), 0)


def _only(one: JobRun) -> TaskRun | None:
    """Return the newest attempt of the task if the run has but one."""
    return one.task_runs[-1] if len(one.run.tasks) == 1 and one.task_runs else None


def _of_only(length: Callable[[Attempt], int], by_row: Callable[[Run], int]) -> Callable[[JobRun], int]:
    """Return how long something took in the only task; runs of many tasks say 0, and tell it in each task.

    A list does not read the attempts of every run; what the run's own row tells has to do there.
    """

    def get(one: JobRun) -> int:
        if len(one.run.tasks) != 1:
            return 0
        only = _only(one)
        return by_row(one.run) if only is None else length(only.attempt)

    return get


def _setup_by_row(run: Run) -> int:
    begun_at = max(run.admitted_at or run.created_at, run.attempt_at)
    return 0 if run.running_at is None else max(run.running_at - begun_at, 0)


def _execution_by_row(run: Run) -> int:
    return 0 if run.running_at is None or run.ended_at is None else max(run.ended_at - run.running_at, 0)


def run_type(run: Run) -> str:
    """Tell a run of a job from one without, and from one that the code of a task asked for."""
    if run.job_id is not None:
        return JOB_RUN
    return WORKFLOW_RUN if run.started_by.get("kind") == "task" else SUBMIT_RUN


def _trigger_info(one: JobRun) -> dict[str, Any] | None:
    started_by = one.run.started_by
    if started_by.get("kind") == "run_job" and one.run.parent_attempt_id is not None:
        return {"run_id": one.run.parent_attempt_id}
    if started_by.get("kind") == "job_completion":
        return {"job_completion": {"completed_jobs": [_completed(job) for job in started_by.get("jobs", ())]}}
    return None


def _completed(job: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(job[name]) for name in ("job_id", "run_id") if job.get(name) is not None}


def _schedule(one: JobRun) -> Any:
    return one.settings.get("schedule") if one.run.started_by.get("kind") == "schedule" else None


def _cluster_spec(one: JobRun) -> dict[str, Any] | None:
    """Return what kind of cluster the only task asked for; runs of many tasks have it in each of them."""
    only = _only(one)
    words = ("existing_cluster_id", "new_cluster", "job_cluster_key", "libraries")
    return {name: only.settings[name] for name in words if name in only.settings} or None if only else None


def _cluster_instance(one: JobRun) -> dict[str, Any] | None:
    only = _only(one)
    return None if only is None else _cluster(only)


RUN = View(
    (
        shown("job_id", lambda one: job_id(one.run)),
        shown("run_id", lambda one: one.run.id),
        shown("job_run_id", lambda one: one.run.id),
        shown("number_in_job", lambda one: one.run.id),
        shown("original_attempt_run_id", lambda one: one.run.id),
        kept("creator_user_name"),
        shown("run_name", lambda one: one.settings.get("run_name") or one.run.job_name),
        kept("description"),
        shown("run_type", lambda one: run_type(one.run)),
        shown("run_page_url", lambda one: page_url(one.url, one.run, one.run.id)),
        shown("state", lambda one: one.standing.state),
        shown("status", lambda one: one.standing.status),
        shown("start_time", lambda one: one.run.created_at),
        shown("setup_duration", _of_only(_setup, _setup_by_row)),
        shown("execution_duration", _of_only(_execution, _execution_by_row)),
        shown("cleanup_duration", lambda _: 0),
        shown("end_time", lambda one: _ended(one.run.ended_at)),
        shown("run_duration", _run_ms),
        shown("queue_duration", lambda one: _queue_ms(one.run)),
        shown("trigger", lambda one: TRIGGERS.get(one.run.started_by.get("kind", ""), BY_REQUEST)),
        shown("trigger_info", _trigger_info),
        shown("schedule", _schedule),
        shown("attempt_number", lambda _: 0),  # a run is never tried again: its tasks are
        kept("job_parameters"),
        kept("overriding_parameters"),
        kept("git_source"),
        kept("job_clusters"),
        kept("environment_variables"),
        shown("cluster_spec", _cluster_spec),
        shown("cluster_instance", _cluster_instance),
        shown("tasks", lambda _: None),  # these stand in pages: see run_pages.py
        shown("iterations", lambda _: None),
        shown("repair_history", lambda _: None),
        shown("next_page_token", lambda _: None),
        shown("has_more", lambda _: None),
    ),
    not_shown={
        "deployment_id": "nothing is deployed by bundles here; a bundle's own files stand in the job's settings",
        "version_id": "the same",
        "duration_target": "there are no performance targets to choose from: every run runs at once",
        "effective_performance_target": "the same",
        "effective_usage_policy_id": "nobody is billed, so there are no policies of usage",
    },
)


def as_run(one: TaskRun) -> dict[str, Any]:
    """Return a task run where a run is wanted: `runs/get` takes its id too."""
    whole = RUN.show(
        JobRun(run=one.whole, settings=one.whole.settings, standing=one.standing, task_runs=[], rounds=[], url=one.url)
    )
    task = RUN_TASK.show(one)
    own = {name: task.get(name) if name in _OF_TASK_RUN else value for name, value in whole.items()}
    own |= {name: task[name] for name in _OF_TASK_RUN if name in task}
    own |= {"number_in_job": one.attempt.id, "original_attempt_run_id": one.original_id, "tasks": [task]}
    return {name: value for name, value in own.items() if value is not None}


_OF_TASK_RUN = (
    "run_id",
    "description",
    "run_page_url",
    "state",
    "status",
    "start_time",
    "setup_duration",
    "execution_duration",
    "cleanup_duration",
    "end_time",
    "run_duration",
    "queue_duration",
    "cluster_instance",
    "attempt_number",
    "git_source",
)
"""The members of a run in which a task run speaks of itself."""

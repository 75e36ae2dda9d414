"""Databricks' system tables of jobs: system.lakeflow. Its queries and dashboards run over the ledger unchanged.

Of a job there is one row, as it is now: the ledger keeps no older definitions. Ids are strings. A run that goes over
a full hour has a row for each hour of the clock, and only the last one, once it has ended, says how.
"""

from __future__ import annotations

from collections.abc import Mapping

from runyard.core.run import Outcome
from runyard.dialects.databricks import states
from runyard.sql.local.databricks_runs import PATH
from runyard.sql.views.view import View

SCHEMA = "system.lakeflow"
HOUR_MS = 3_600_000
RESULTS: Mapping[str, str] = {
    Outcome.SUCCEEDED: "SUCCEEDED",
    Outcome.FAILED: "FAILED",
    Outcome.CANCELLED: "CANCELLED",
    Outcome.TIMED_OUT: "TIMED_OUT",
    Outcome.SKIPPED: "SKIPPED",
    Outcome.UPSTREAM_FAILED: "SKIPPED",
    Outcome.EXCLUDED: "SKIPPED",
    Outcome.CRASHED: "ERROR",
}
"""How something ended, in the words of the system tables."""
TRIGGERS: Mapping[str, str] = {"ONE_TIME": "ONETIME"}
"""Words of `trigger` that are others here; a schedule's is CRON."""


def _words(of: str, words: Mapping[str, str], otherwise: str = "NULL") -> str:
    branches = " ".join(f"WHEN '{key}' THEN '{word}'" for key, word in words.items())
    return f"CASE {of} {branches} ELSE {otherwise} END"


def _seconds(ms: str) -> str:
    return f"CAST(({ms}) / 1000 AS INTEGER)"


def _text(sql: str) -> tuple[str, str]:
    return "text", f"CAST({sql} AS TEXT)"


def _member(name: str) -> str:
    return f"json_extract(j.settings, '$.{name}')"


# jobs

_PAUSED = " OR ".join(f"{_member(f'{name}.pause_status')} = 'PAUSED'" for name in ("schedule", "trigger", "continuous"))
_KINDS = {"schedule": "CRON", "continuous": "CONTINUOUS", "trigger.file_arrival": "FILE_ARRIVAL"}
_TRIGGER_TYPE = (
    "CASE "
    + " ".join(f"WHEN {_member(name)} IS NOT NULL THEN '{word}'" for name, word in _KINDS.items())
    + f" WHEN {_member('trigger.periodic')} IS NOT NULL THEN 'PERIODIC' END"
)
_TRIGGERS = ", ".join(f"'{name}', j.settings -> '{name}'" for name in ("schedule", "trigger", "continuous"))

JOBS = View(
    path=f"{SCHEMA}.jobs",
    columns={
        "account_id": ("text", "NULL"),
        "workspace_id": _text("j.workspace_id"),
        "job_id": _text("j.job_id"),
        "name": ("text", _member("name")),
        "description": ("text", _member("description")),
        "creator_id": ("text", "NULL"),
        "tags": ("json", "j.settings -> 'tags'"),
        "change_time": ("timestamp", "j.updated_at"),
        "delete_time": ("timestamp", "NULL"),
        "run_as": ("text", "NULL"),
        "trigger": ("json", f"json_object({_TRIGGERS})"),
        "trigger_type": ("text", _TRIGGER_TYPE),
        "run_as_user_name": ("text", "j.run_as_user_name"),
        "creator_user_name": ("text", "j.creator_user_name"),
        "paused": ("boolean", f"coalesce({_PAUSED}, 0)"),
        "timeout_seconds": ("bigint", _member("timeout_seconds")),
        "health_rules": ("json", "j.settings -> '$.health.rules'"),
        "deployment": ("json", "j.settings -> 'deployment'"),
        "create_time": ("timestamp", "j.created_time"),
    },
    sources=("FROM databricks_workspace.jobs.jobs AS j",),
    description="Every job as it is now.",
)

JOB_TASKS = View(
    path=f"{SCHEMA}.job_tasks",
    columns={
        "account_id": ("text", "NULL"),
        "workspace_id": _text("j.workspace_id"),
        "job_id": _text("j.job_id"),
        "task_key": ("text", "t.value ->> 'task_key'"),
        "depends_on_keys": (
            "json",
            "(SELECT json_group_array(d.value ->> 'task_key') FROM json_each(t.value, '$.depends_on') AS d)",
        ),
        "change_time": ("timestamp", "j.updated_at"),
        "delete_time": ("timestamp", "NULL"),
        "timeout_seconds": ("bigint", "t.value ->> 'timeout_seconds'"),
        "health_rules": ("json", "t.value -> '$.health.rules'"),
    },
    sources=("FROM databricks_workspace.jobs.jobs AS j JOIN json_each(j.settings, '$.tasks') AS t",),
    description="Every task of every job as it is now.",
)

# runs, hour by hour

_RUN_END = "coalesce(nullif(r.end_time, 0), now())"
_IN_ONE_HOUR = f"r.start_time / {HOUR_MS} = ({_RUN_END} - 1) / {HOUR_MS} OR {_RUN_END} <= r.start_time"


def _timeline(start: str, end: str, is_ended: str) -> tuple[dict[str, str], dict[str, str], str]:
    """Return what differs for what lies in one hour and for what does not, and the condition of the last row."""
    alone = {"period_start_time": start, "period_end_time": end}
    parted = {"period_start_time": "h.start", "period_end_time": "h.stop"}
    return alone, parted, f"({is_ended} AND h.stop = {end})"


_ALONE, _PARTED, _LAST = _timeline("r.start_time", _RUN_END, "r.end_time > 0")
_RESULT = _words('r."#outcome"', RESULTS)
_CODE = "json_extract(r.status, '$.termination_details.code')"
_TYPE = "json_extract(r.status, '$.termination_details.type')"
_TRIGGER = _words("r.trigger", TRIGGERS, "r.trigger")
_TOLD_AT_THE_END = {"result_state": _RESULT, "termination_code": _CODE, "termination_type": _TYPE}

JOB_RUN_TIMELINE = View(
    path=f"{SCHEMA}.job_run_timeline",
    columns={
        "account_id": ("text", "NULL"),
        "workspace_id": _text("r.workspace_id"),
        "job_id": _text("r.job_id"),
        "run_id": _text("r.run_id"),
        "period_start_time": ("timestamp", "r.start_time"),
        "period_end_time": ("timestamp", _RUN_END),
        "trigger_type": ("text", f"CASE WHEN r.schedule IS NOT NULL THEN 'CRON' ELSE {_TRIGGER} END"),
        "run_type": ("text", "r.run_type"),
        "run_name": ("text", "r.run_name"),
        "compute_ids": ("json", "NULL"),
        "result_state": ("text", _RESULT),
        "termination_code": ("text", _CODE),
        "job_parameters": ("json", "r.job_parameters"),
        "source_task_run_id": _text("json_extract(r.trigger_info, '$.run_id')"),
        "root_task_run_id": ("text", "NULL"),
        "compute": ("json", "NULL"),
        "termination_type": ("text", _TYPE),
        "setup_duration_seconds": ("bigint", _seconds("r.setup_duration")),
        "queue_duration_seconds": ("bigint", _seconds("r.queue_duration")),
        "run_duration_seconds": ("bigint", _seconds("r.run_duration")),
        "cleanup_duration_seconds": ("bigint", _seconds("r.cleanup_duration")),
        "execution_duration_seconds": ("bigint", _seconds("r.execution_duration")),
    },
    sources=(
        f"FROM {PATH} AS r WHERE {_IN_ONE_HOUR}",
        f"FROM {PATH} AS r JOIN runyard_hours(r.start_time, {_RUN_END}) AS h WHERE NOT ({_IN_ONE_HOUR})",
    ),
    parts=(
        _ALONE,
        {**_PARTED, **{name: f"CASE WHEN {_LAST} THEN {sql} END" for name, sql in _TOLD_AT_THE_END.items()}},
    ),
    description="Every run, with a row for each hour of the clock that it lasts.",
)

_TASK_END = "coalesce(a.ended_at, now())"
_TASK_IN_ONE_HOUR = f"a.created_at / {HOUR_MS} = ({_TASK_END} - 1) / {HOUR_MS} OR {_TASK_END} <= a.created_at"
_TASK_ALONE, _TASK_PARTED, _TASK_LAST = _timeline("a.created_at", _TASK_END, "a.ended_at IS NOT NULL")
_TASK_RESULT = _words("a.outcome", RESULTS)
_CAUSES = {category: cause for category, cause in states.CAUSES.items() if category is not None}
_TASK_CODE = (
    f"CASE a.outcome WHEN '{Outcome.FAILED}' THEN "
    + _words("a.category", {key: cause.code for key, cause in _CAUSES.items()}, f"'{states.TASK[Outcome.FAILED].code}'")
    + " ELSE "
    + _words("a.outcome", {one: states.TASK[one].code for one in Outcome if one is not Outcome.FAILED})
    + " END"
)
_TASK_TYPE = _words("a.outcome", {one: states.TASK[one].type for one in Outcome})

JOB_TASK_RUN_TIMELINE = View(
    path=f"{SCHEMA}.job_task_run_timeline",
    columns={
        "account_id": ("text", "NULL"),
        "workspace_id": _text("r.workspace_id"),
        "job_id": _text("r.job_id"),
        "run_id": _text("a.id"),
        "job_run_id": _text("a.run_id"),
        "parent_run_id": _text("a.run_id"),
        "period_start_time": ("timestamp", "a.created_at"),
        "period_end_time": ("timestamp", _TASK_END),
        "task_key": ("text", "a.task_key"),
        "compute_ids": ("json", "NULL"),
        "result_state": ("text", _TASK_RESULT),
        "termination_code": ("text", _TASK_CODE),
        "compute": ("json", "NULL"),
        "termination_type": ("text", _TASK_TYPE),
        "setup_duration_seconds": (
            "bigint",
            _seconds("coalesce(max(coalesce(a.running_at, a.ended_at, a.taken_at) - a.taken_at, 0), 0)"),
        ),
        "cleanup_duration_seconds": ("bigint", "0"),
        "execution_duration_seconds": ("bigint", _seconds("coalesce(max(a.ended_at - a.running_at, 0), 0)")),
    },
    sources=tuple(
        source + f" JOIN {PATH} AS r ON r.run_id = a.run_id WHERE {condition}"
        for source, condition in (
            ("FROM runyard.ledger.attempts AS a", _TASK_IN_ONE_HOUR),
            (
                f"FROM runyard.ledger.attempts AS a JOIN runyard_hours(a.created_at, {_TASK_END}) AS h",
                f"NOT ({_TASK_IN_ONE_HOUR})",
            ),
        )
    ),
    parts=(
        _TASK_ALONE,
        {
            **_TASK_PARTED,
            "result_state": f"CASE WHEN {_TASK_LAST} THEN {_TASK_RESULT} END",
            "termination_code": f"CASE WHEN {_TASK_LAST} THEN {_TASK_CODE} END",
            "termination_type": f"CASE WHEN {_TASK_LAST} THEN {_TASK_TYPE} END",
        },
    ),
    description="Every task run, with a row for each hour of the clock that it lasts.",
)

VIEWS = (JOBS, JOB_TASKS, JOB_RUN_TIMELINE, JOB_TASK_RUN_TIMELINE)

"""What Glue refuses although every member is well formed; AWS's texts where they are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects.glue import capacity
from runyard.dialects.glue.capacity import COMMANDS, ETL, PYTHON_SHELL, RAY, STREAMING, Settings

Rule = tuple[Callable[[Settings], Any], str]
"""What is refused, and what is said; the text may name members and what `facts` knows."""

MINUTES_OF_A_WEEK = 10_080
MOST_RETRIES = 10
FEWEST_DPU = 2
LEAST_WORKERS: Mapping[str, int] = {name: 2 for name in capacity.DPU_OF_WORKER if name.startswith(("G.", "R."))}
"""By worker type: a driver and an executor. Types that AWS adds later are taken as they come."""
MOST_TAGS = 50
DEFAULT_CONCURRENT_RUNS = 1
PYTHON_SHELL_CAPACITIES = (0.0625, 1)


def _is(asked: Settings, *commands: str) -> bool:
    return capacity.command(asked) in commands


def _has_workers(asked: Settings) -> bool:
    return "WorkerType" in asked or "NumberOfWorkers" in asked


def _too_few_workers(asked: Settings) -> bool:
    return _has_workers(asked) and asked["NumberOfWorkers"] < _least_workers(asked)


def _least_workers(asked: Settings) -> int:
    return LEAST_WORKERS.get(asked.get("WorkerType", ""), 1)


def _odd_spark_capacity(asked: Settings) -> bool:
    dpu = capacity.max_capacity(asked)
    return dpu is not None and not _has_workers(asked) and (dpu < FEWEST_DPU or dpu != int(dpu))


def _is_flex(asked: Settings) -> bool:
    return asked.get("ExecutionClass") == "FLEX"


def _version_below_3(asked: Settings) -> bool:
    return capacity.version_number(capacity.glue_version(asked)) < (3,)


def _is_queued(asked: Settings) -> bool:
    return asked.get("JobRunQueuingEnabled") is True


REQUEST: tuple[Rule, ...] = (
    # 0 is what GetJob shows for a sixteenth; who sends it back has set only MaxCapacity.
    (
        lambda asked: asked.get("AllocatedCapacity") and "MaxCapacity" in asked,
        "Please set only Allocated Capacity or Max Capacity",
    ),
    (
        lambda asked: "MaxCapacity" in asked and _has_workers(asked),
        "Please do not set Max Capacity if using Worker Type and Number of Workers.",
    ),
)
"""What no request may say at once, of a job or of a run."""

EFFECTIVE: tuple[Rule, ...] = (
    (
        lambda asked: not _is(asked, *COMMANDS),
        "Job command name '{command}' is not valid; use one of {commands}.",
    ),
    (
        lambda asked: _is(asked, PYTHON_SHELL) and _has_workers(asked),
        "Worker Type is not supported for Job Command pythonshell",
    ),
    (
        lambda asked: _is(asked, RAY) and asked.get("WorkerType") != "Z.2X",
        "Worker type cannot be null and only [Z.2X] worker types are supported for glueray jobs",
    ),
    (lambda asked: _is(asked, RAY) and "Timeout" in asked, "Timeout not supported for Ray jobs"),
    (
        lambda asked: ("WorkerType" in asked) != ("NumberOfWorkers" in asked),
        "Please set both Worker Type and Number of Workers.",
    ),
    (
        _too_few_workers,
        "To use Worker Type {WorkerType}, minimum allowed value of Number of Workers is {least_workers}.",
    ),
    (
        lambda asked: _is(asked, PYTHON_SHELL) and capacity.max_capacity(asked) not in PYTHON_SHELL_CAPACITIES,
        "Max Capacity of a pythonshell job must be 0.0625 or 1, not {max_capacity}.",
    ),
    (
        lambda asked: _is(asked, ETL, STREAMING) and _odd_spark_capacity(asked),
        "Max Capacity of a {command} job must be a whole number of at least 2, not {max_capacity}.",
    ),
    (
        lambda asked: not _is(asked, STREAMING) and asked.get("Timeout", 0) > MINUTES_OF_A_WEEK,
        "Timeout must be at most 10080 minutes (7 days), not {Timeout}.",
    ),
    (
        lambda asked: _is_flex(asked) and (not _is(asked, ETL) or _version_below_3(asked)),
        "Execution class FLEX is only available for glueetl jobs of Glue version 3.0 or later.",
    ),
)
"""What neither a job nor a run may come to, once defaults and the job's own words are counted in."""

JOB: tuple[Rule, ...] = (
    (
        lambda asked: _is(asked, PYTHON_SHELL) and asked["Command"].get("PythonVersion") == "2",
        "Python Shell version selected is no longer available. Use PythonVersion 3.9.",
    ),
    (
        lambda asked: not 0 <= asked.get("MaxRetries", 0) <= MOST_RETRIES,
        "MaxRetries must be between 0 and 10, not {MaxRetries}.",
    ),
    (
        lambda asked: asked.get("ExecutionProperty", {}).get("MaxConcurrentRuns", DEFAULT_CONCURRENT_RUNS) < 1,
        "MaxConcurrentRuns must be at least 1. Delete the job, or stop its triggers, to keep it from running.",
    ),
    (
        lambda asked: _is_queued(asked) and _is_flex(asked),
        "Job run queuing is not available for execution class FLEX. Set JobRunQueuingEnabled to false.",
    ),
    (
        lambda asked: _is_queued(asked) and asked.get("MaxRetries", 0) > 0,
        "Job run queuing is not available for jobs with retries. Set MaxRetries to 0 or turn queuing off.",
    ),
)
"""What a job may not say."""


def check_job(asked: Settings) -> None:
    """Refuse a job that Glue would refuse."""
    _check(asked, (*REQUEST, *EFFECTIVE, *JOB))


def check_run(asked: Settings, effective: Settings) -> None:
    """Refuse a run for what its request says at once, or for what job and request come to."""
    _check(asked, REQUEST)
    _check(effective, EFFECTIVE)


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse more tags than a resource of AWS may have."""
    if len(tags) > MOST_TAGS:
        raise InvalidRequest(f"A resource may have at most {MOST_TAGS} tags; these would be {len(tags)}.")


def _check(asked: Settings, rules: Iterable[Rule]) -> None:
    for is_broken, text in rules:
        if is_broken(asked):
            raise InvalidRequest(text.format_map(_facts(asked)))


def _facts(asked: Settings) -> dict[str, Any]:
    return {
        **asked,
        "command": capacity.command(asked),
        "commands": ", ".join(COMMANDS),
        "least_workers": _least_workers(asked),
        "max_capacity": capacity.max_capacity(asked),
    }

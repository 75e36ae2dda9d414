"""What a run is to do, fixed when it starts: the job's words, the request's, and the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.dialects.glue import capacity
from runyard.dialects.glue.capacity import Settings

CAPACITY_WORDS = ("AllocatedCapacity", "MaxCapacity", "WorkerType", "NumberOfWorkers")
WORKER_WORDS = ("WorkerType", "NumberOfWorkers")
OF_THE_JOB = ("JobMode", "GlueVersion", "MaintenanceWindow")
"""Words of a run that only its job may say."""
OVERRIDABLE = (
    "JobRunQueuingEnabled",
    "Timeout",
    "SecurityConfiguration",
    "NotificationProperty",
    "ExecutionClass",
)
"""Words of a run that its job says and the request may say better."""
OF_THE_REQUEST = ("ExecutionRoleSessionPolicy",)


def effective(job: Settings, request: Settings) -> dict[str, Any]:
    """Return a job's words as the request changes them."""
    words = {**job, **{name: request[name] for name in OVERRIDABLE if name in request}}
    for name in _replaced(request):
        words.pop(name, None)
    words |= {name: request[name] for name in CAPACITY_WORDS if name in request}
    return {**words, "Arguments": arguments(job, request)}


def arguments(job: Settings, request: Settings) -> dict[str, str]:
    """Merge the arguments: defaults, over them the request's, over all what may not be overridden."""
    return {
        **job.get("DefaultArguments", {}),
        **request.get("Arguments", {}),
        **job.get("NonOverridableArguments", {}),
    }


def run_settings(words: Settings, request: Settings) -> dict[str, Any]:
    """Return what the ledger keeps of a run, in the words of a JobRun, so that it needs no job to be shown."""
    facts = {
        "JobMode": "SCRIPT",
        **{name: words[name] for name in (*OF_THE_JOB, *OVERRIDABLE, *WORKER_WORDS) if name in words},
        **{name: request[name] for name in OF_THE_REQUEST if name in request},
        "PreviousRunId": request.get("JobRunId"),
        "Arguments": words["Arguments"],
        "GlueVersion": capacity.glue_version(words),
        "Timeout": capacity.timeout(words),
        "MaxCapacity": capacity.max_capacity(words),
        "AllocatedCapacity": capacity.allocated_capacity(words),
        "LogGroupName": capacity.log_group(words),
    }
    return {name: value for name, value in facts.items() if value is not None}


def updated(old: Settings, new: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's words after UpdateJob: overwritten whole, but for the Glue version, which AWS retains."""
    kept = {"GlueVersion": old["GlueVersion"]} if "GlueVersion" in old else {}
    return {**kept, **new}


def _replaced(request: Settings) -> tuple[str, ...]:
    """Return which of the job's capacity words no longer count, because the request uses others."""
    if any(name in request for name in WORKER_WORDS):
        return ("AllocatedCapacity", "MaxCapacity")
    return CAPACITY_WORDS if any(name in request for name in CAPACITY_WORDS) else ()

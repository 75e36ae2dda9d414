"""Who may do what with a job: kept with the job, though this server's one user may do everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.job import Job
from runyard.dialects.databricks.calls import Call, Operation
from runyard.dialects.databricks.jobs.settings import LANGUAGE

Members = dict[str, Any]

KEPT_AS = "access_control_list"  # beside the job's settings, as createJob keeps it
OWNER = "IS_OWNER"
LEVELS: Mapping[str, str] = {
    "CAN_VIEW": "Can view the job and its runs",
    "CAN_MANAGE_RUN": "Can view the job, start its runs and cancel them",
    "IS_OWNER": "Is the owner of the job, as whom it runs",
    "CAN_MANAGE": "Can view, run, change and delete the job",
}
PRINCIPALS = ("user_name", "group_name", "service_principal_name")


def get_permissions(call: Call) -> Members:
    """Show who may do what with a job."""
    return _shown(_job(call))


def set_permissions(call: Call) -> Members:
    """Replace who may do what with a job."""
    return _change(call, lambda _: entries(call.members))


def update_permissions(call: Call) -> Members:
    """Add to who may do what with a job; another owner takes the place of the one before."""
    fresh = entries(call.members)
    replaced = {_principal(one) for one in fresh}
    has_owner = any(one["permission_level"] == OWNER for one in fresh)

    def merged(job: Job) -> list[Members]:
        kept = [one for one in _kept(job) if _principal(one) not in replaced]
        return [*(one for one in kept if not (has_owner and one["permission_level"] == OWNER)), *fresh]

    return _change(call, merged)


def list_levels(call: Call) -> Members:
    """List what somebody may be allowed."""
    _job(call)
    return {"permission_levels": [{"permission_level": level, "description": text} for level, text in LEVELS.items()]}


def entries(members: Mapping[str, Any]) -> list[Members]:
    """Return who may do what, as a call says it."""
    read = [_entry(one) for one in members.get(KEPT_AS, ())]
    if sum(one["permission_level"] == OWNER for one in read) > 1:
        raise InvalidRequest("The job must have exactly one owner.")
    return read


def _job(call: Call) -> Job:
    job = call.engine.job(call.workspace, call.members["job_id"])
    if job.language != LANGUAGE:
        raise NotFound("job", job.id)
    return job


def _change(call: Call, change: Callable[[Job], list[Members]]) -> Members:
    def changed(job: Job) -> Members:
        return {"settings": {**job.settings, KEPT_AS: change(job)}}

    return _shown(call.engine.change_job(_job(call), changed))


def _kept(job: Job) -> list[Members]:
    kept: list[Members] = job.settings.get(KEPT_AS) or []
    return kept


def _entry(asked: Any) -> Members:
    given = asked if isinstance(asked, dict) else {}
    who = {name: given[name] for name in PRINCIPALS if given.get(name)}
    level = str(given.get("permission_level", "")).upper()
    if len(who) != 1:
        raise InvalidRequest(f"Each entry of {KEPT_AS} must name exactly one of {', '.join(PRINCIPALS)}; got {given}.")
    if level not in LEVELS:
        raise InvalidRequest(f"Invalid permission_level {level!r}; it must be one of: {', '.join(LEVELS)}.")
    if level == OWNER and "group_name" in who:
        raise InvalidRequest("A group cannot be the owner of a job.")
    return {**who, "permission_level": level}


def _principal(entry: Members) -> tuple[tuple[str, str], ...]:
    return tuple((name, entry[name]) for name in PRINCIPALS if name in entry)


def _shown(job: Job) -> Members:
    kept = _kept(job)
    creator = job.settings.get("creator_user_name", "")
    if not any(one.get("permission_level") == OWNER for one in kept):
        kept = [{"user_name": creator, "permission_level": OWNER}, *kept]
    inherited = {"permission_level": "CAN_MANAGE", "inherited": True, "inherited_from_object": ["/jobs/"]}
    return {
        "object_id": f"/jobs/{job.id}",
        "object_type": "job",
        KEPT_AS: [*_responses(kept), {"group_name": "admins", "all_permissions": [inherited]}],
    }


def _responses(kept: Iterable[Members]) -> list[Members]:
    return [
        {
            **{name: entry[name] for name in PRINCIPALS if name in entry},
            "all_permissions": [{"permission_level": entry.get("permission_level"), "inherited": False}],
        }
        for entry in kept
    ]


_PERMISSIONS = {"object_id": "string", "object_type": "string", KEPT_AS: "array"}
_PATH = "permissions/jobs/{job_id}"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getJobPermissions",
        method="GET",
        path=_PATH,
        handle=get_permissions,
        summary="Show who may do what with a job",
        takes={"job_id": "int!"},
        gives=_PERMISSIONS,
    ),
    Operation(
        id="setJobPermissions",
        method="PUT",
        path=_PATH,
        handle=set_permissions,
        summary="Replace who may do what with a job",
        takes={"job_id": "int!", KEPT_AS: "array"},
        gives=_PERMISSIONS,
    ),
    Operation(
        id="updateJobPermissions",
        method="PATCH",
        path=_PATH,
        handle=update_permissions,
        summary="Add to who may do what with a job",
        takes={"job_id": "int!", KEPT_AS: "array"},
        gives=_PERMISSIONS,
    ),
    Operation(
        id="listJobPermissionLevels",
        method="GET",
        path=f"{_PATH}/permissionLevels",
        handle=list_levels,
        summary="List what somebody may be allowed",
        takes={"job_id": "int!"},
        gives={"permission_levels": "array"},
    ),
)

"""Glue's operations on the tags of jobs, triggers and workflows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from runyard.core import trigger as triggers
from runyard.core.errors import NotFound
from runyard.core.job import Job
from runyard.core.trigger import Trigger
from runyard.dialects.glue import rules, trigger_rules
from runyard.dialects.glue.calls import Call, Members

Tags = Mapping[str, str]
JOBS: Mapping[str, Callable[[Call, str], Job]] = {"job": Call.job, "workflow": Call.workflow}
"""What an ARN may name that is a job of the engine."""
TRIGGER = "trigger"


def tag_resource(call: Call) -> Members:
    """Adds tags to a job, a trigger or a workflow, or gives them new values."""

    def added(tags: Tags) -> Tags:
        changed = {**tags, **call["TagsToAdd"]}
        rules.check_tags(changed)
        return changed

    return _change(call, added)


def untag_resource(call: Call) -> Members:
    """Removes tags from a job, a trigger or a workflow."""
    gone = call["TagsToRemove"]
    return _change(call, lambda tags: {key: value for key, value in tags.items() if key not in gone})


def get_tags(call: Call) -> Members:
    """Shows the tags of a job, a trigger or a workflow."""
    kind, name = call.resource()
    return {"Tags": dict(call.trigger(name).tags if kind == TRIGGER else _job(call, kind, name).tags)}


def _change(call: Call, change: Callable[[Tags], Tags]) -> Members:
    kind, name = call.resource()
    if kind == TRIGGER:
        now = call.engine.now()
        call.engine.chains.change(call.trigger(name), lambda known: _tagged(known, change(known.tags), now))
    else:
        call.engine.change_job(_job(call, kind, name), lambda job: {"tags": change(job.tags)})
    return {}


def _tagged(known: Trigger, tags: Tags, now: int) -> Trigger:
    """Return a trigger with other tags; one of ours names a folder that it watches."""
    spec = trigger_rules.wish(known.settings, tags).spec
    changed = replace(known, tags=tags, spec=spec, updated_at=max(now, known.updated_at + 1))
    return changed if spec == known.spec else triggers.begun_anew(changed, now=now)


def _job(call: Call, kind: str, name: str) -> Job:
    if kind not in JOBS:
        raise NotFound("resource", call["ResourceArn"])
    return JOBS[kind](call, name)

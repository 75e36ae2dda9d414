"""Glue's operations on tags, whatever carries them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from runyard.core import trigger as triggers
from runyard.core.document import Document
from runyard.core.errors import NotFound
from runyard.core.job import Job
from runyard.core.trigger import Trigger
from runyard.dialects.glue import catalog, rules, trigger_rules
from runyard.dialects.glue import connection_operations as connections
from runyard.dialects.glue import session_operations as sessions
from runyard.dialects.glue.calls import Call, Members
from runyard.dialects.glue.tagged import Tags, content_of, tags_of
from runyard.engine.documents import Shelves

JOBS: Mapping[str, Callable[[Call, str], Job]] = {
    "job": Call.job,
    "workflow": Call.workflow,
    "session": sessions.session_job,
}
"""What an ARN may name that is a job of the engine."""
DOCUMENTS: Mapping[str, Callable[[Shelves, str], Document]] = {
    "database": catalog.database,
    "connection": connections.named,
}
"""What an ARN may name that is a document."""
TRIGGER = "trigger"


def tag_resource(call: Call) -> Members:
    """Adds tags to a job, trigger, workflow, session, database or connection, or gives them new values."""

    def added(tags: Tags) -> Tags:
        changed = {**tags, **call["TagsToAdd"]}
        rules.check_tags(changed)
        return changed

    return _change(call, added)


def untag_resource(call: Call) -> Members:
    """Removes tags from a job, trigger, workflow, session, database or connection."""
    gone = call["TagsToRemove"]
    return _change(call, lambda tags: {key: value for key, value in tags.items() if key not in gone})


def get_tags(call: Call) -> Members:
    """Shows the tags of a job, trigger, workflow, session, database or connection."""
    kind, name = call.resource()
    if kind in DOCUMENTS:
        found = call.engine.documents.read(call.workspace, lambda shelves: DOCUMENTS[kind](shelves, name))
        return {"Tags": dict(tags_of(found))}
    return {"Tags": dict(call.trigger(name).tags if kind == TRIGGER else _job(call, kind, name).tags)}


def _change(call: Call, change: Callable[[Tags], Tags]) -> Members:
    kind, name = call.resource()
    if kind == TRIGGER:
        now = call.engine.now()
        call.engine.chains.change(call.trigger(name), lambda known: _tagged(known, change(known.tags), now))
    elif kind in DOCUMENTS:
        find = DOCUMENTS[kind]
        call.engine.documents.change(call.workspace, lambda shelves: _retag(shelves, find(shelves, name), change))
    else:
        call.engine.change_job(_job(call, kind, name), lambda job: {"tags": change(job.tags)})
    return {}


def _tagged(known: Trigger, tags: Tags, now: int) -> Trigger:
    """Return a trigger with other tags; one of ours names a folder that it watches."""
    spec = trigger_rules.wish(known.settings, tags).spec
    changed = replace(known, tags=tags, spec=spec, updated_at=max(now, known.updated_at + 1))
    return changed if spec == known.spec else triggers.begun_anew(changed, now=now)


def _retag(shelves: Shelves, seen: Document, change: Callable[[Tags], Tags]) -> None:
    shelves.save(seen, content_of(seen.content, change(tags_of(seen))))


def _job(call: Call, kind: str, name: str) -> Job:
    if kind not in JOBS:
        raise NotFound("resource", call["ResourceArn"])
    return JOBS[kind](call, name)

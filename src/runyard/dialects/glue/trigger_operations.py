"""Glue's operations on triggers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from runyard.core import trigger as triggers
from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.job import Job
from runyard.core.trigger import Trigger, Wish
from runyard.dialects.glue import rules, trigger_rules
from runyard.dialects.glue.calls import Call, Members, page
from runyard.dialects.glue.flow_views import TRIGGER, trigger_state
from runyard.dialects.glue.views import LANGUAGE
from runyard.dialects.tokens import read_token, write_token

MOST = 200
APART = ("Name", "Tags", "StartOnCreation")
OF_A_TRIGGER = ("Type", "WorkflowName")
"""What an update cannot change."""
SCOPE = "triggers"
NOT_ALLOWED = "The operation is not allowed when trigger is in state: {state}"
NOT_STARTED = "Trigger Type EVENT cannot be started"
# Both are AWS's words, seen by terraform-provider-aws (pull request 49408).


def create_trigger(call: Call) -> Members:
    """Creates a trigger; it watches once it is started, at once if StartOnCreation says so."""
    settings = {name: value for name, value in call.members.items() if name not in APART}
    tags, starts = call.members.get("Tags", {}), call.members.get("StartOnCreation", False)
    trigger_rules.check(settings, start_on_creation=starts)
    rules.check_tags(tags)
    wish = _wish(call, settings, tags)
    workflow = _workflow(call, settings)
    facts = {"language": LANGUAGE, "settings": settings, "tags": tags, "job_id": workflow.id if workflow else None}
    wish = replace(wish, is_paused=wish.is_paused and not starts)
    return {"Name": call.engine.chains.create(call.workspace, call["Name"], wish, **facts).name}


def update_trigger(call: Call) -> Members:
    """Overwrites what a trigger waits for and starts; what the update leaves out goes back to its default."""
    trigger, update = call.trigger(call["Name"]), call["TriggerUpdate"]
    kept = {name: trigger.settings[name] for name in OF_A_TRIGGER if name in trigger.settings}
    settings = {**{name: value for name, value in update.items() if name != "Name"}, **kept}
    trigger_rules.check(settings)
    wish = _wish(call, settings, trigger.tags)
    return {"Trigger": TRIGGER.show(call.engine.chains.redefine(trigger, wish, settings=settings))}


def get_trigger(call: Call) -> Members:
    """Shows a trigger."""
    return {"Trigger": TRIGGER.show(call.trigger(call["Name"]))}


def get_triggers(call: Call) -> Members:
    """Lists triggers, those that start the given job if any does, the oldest first."""
    found, token = _page(call)
    return page("Triggers", [TRIGGER.show(one) for one in found], token)


def list_triggers(call: Call) -> Members:
    """Lists the names of triggers, of those with the given tags if tags are given."""
    found, token = _page(call)
    return page("TriggerNames", [one.name for one in found], token)


def batch_get_triggers(call: Call) -> Members:
    """Shows the triggers of the given names, and which of the names no trigger has."""
    found, missing = [], []
    for name in dict.fromkeys(call["TriggerNames"]):
        try:
            found.append(TRIGGER.show(call.trigger(name)))
        except NotFound:
            missing.append(name)
    return {"Triggers": found, "TriggersNotFound": missing}


def delete_trigger(call: Call) -> Members:
    """Deletes a trigger; one that does not exist is no error."""
    with suppress(NotFound):  # "If the trigger is not found, no exception is thrown."
        call.engine.chains.delete(call.trigger(call["Name"]))
    return {"Name": call["Name"]}


def start_trigger(call: Call) -> Members:
    """Lets a trigger watch from now on; one on demand fires at once and stays as it is."""
    trigger = call.trigger(call["Name"])
    if trigger.settings["Type"] == trigger_rules.EVENT:
        raise InvalidRequest(NOT_STARTED)
    call.engine.chains.change(trigger, lambda known: _started(known, call.engine.now()))
    return {"Name": call["Name"]}


def stop_trigger(call: Call) -> Members:
    """Lets a trigger rest; what it has started goes on."""

    def stopped(known: Trigger) -> Trigger:
        if trigger_state(known) != "ACTIVATED":
            raise InvalidRequest(NOT_ALLOWED.format(state=trigger_state(known)))
        return triggers.paused(known, now=call.engine.now())

    call.engine.chains.change(call.trigger(call["Name"]), stopped)
    return {"Name": call["Name"]}


def _started(known: Trigger, now: int) -> Trigger:
    if known.settings["Type"] == trigger_rules.ON_DEMAND:
        return triggers.ask(known, now=now)
    return triggers.activated(known, now=now) if known.is_paused else known


def _wish(call: Call, settings: Mapping[str, Any], tags: Mapping[str, str]) -> Wish:
    """Return what a trigger waits for; it may name no job that is not there."""
    for name in trigger_rules.job_names(settings):
        call.job(name)
    return trigger_rules.wish(settings, tags)


def _workflow(call: Call, settings: Mapping[str, Any]) -> Job | None:
    """Return the workflow that a new trigger is to be part of; it can have only one trigger that starts it."""
    if "WorkflowName" not in settings:
        return None
    workflow = call.workflow(settings["WorkflowName"])
    starters = [one.name for one in call.engine.triggers(workflow) if starts_workflow(one)]
    if settings["Type"] in trigger_rules.STARTS_A_WORKFLOW and starters:
        raise InvalidRequest(f"Workflow {workflow.name} has a start trigger already: {starters[0]}.")
    return workflow


def starts_workflow(trigger: Trigger) -> bool:
    """Tell whether a trigger of a workflow is the one that starts it."""
    return trigger.settings["Type"] in trigger_rules.STARTS_A_WORKFLOW


def _page(call: Call) -> tuple[list[Trigger], str | None]:
    limit, token = call.members.get("MaxResults", MOST), call.members.get("NextToken")
    after = read_token(SCOPE, token, size=1)[0] if token else 0
    found = list(islice(_fitting(call, after), limit + 1))
    more = len(found) > limit
    return found[:limit], write_token(SCOPE, (found[limit - 1].id,)) if more else None


def _fitting(call: Call, after: int) -> Iterator[Trigger]:
    """Yield the triggers that a list asks for; where none starts the job that it names, it asks for all."""
    tags, job = call.members.get("Tags", {}).items(), call.members.get("DependentJobName")
    if job is not None:
        call.job(job)
        if not any(_starts(one, job) for one in _triggers_after(call, 0)):
            job = None
    fitting = (one for one in _triggers_after(call, after) if tags <= one.tags.items())
    return (one for one in fitting if job is None or _starts(one, job))


def _starts(trigger: Trigger, job: str) -> bool:
    return any(action.get("JobName") == job for action in trigger.settings["Actions"])


def _triggers_after(call: Call, after: int) -> Iterator[Trigger]:
    while found := call.engine.chains.page(call.workspace, LANGUAGE, after=after, limit=MOST):
        yield from found
        after = found[-1].id

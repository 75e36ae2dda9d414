"""Which workflows a run may lead to, over steps, actions and what they depend on."""

from __future__ import annotations

from collections.abc import Iterator

from runyard.arazzo.documents.document import Workflow
from runyard.arazzo.running.calls import WorkflowPlace, find_workflow
from runyard.arazzo.running.loading import Loaded


def reached(loaded: Loaded, workflow: str) -> list[WorkflowPlace]:
    """Return a workflow and all that a run of it may lead to, itself first."""
    waiting, found = [find_workflow(loaded, workflow)], dict[tuple[int, str], WorkflowPlace]()
    while waiting:
        place = waiting.pop(0)
        if found.setdefault((id(place.loaded), place.workflow.id), place) is place:
            waiting += [find_workflow(place.loaded, id_) for id_ in _named(place.workflow)]
    return list(found.values())


def _named(workflow: Workflow) -> Iterator[str]:
    yield from workflow.depends_on
    actions = [*workflow.success_actions, *workflow.failure_actions]
    for step in workflow.steps:
        actions += [*(step.on_success or ()), *(step.on_failure or ())]
        if step.workflow_id:
            yield step.workflow_id
    yield from (action.workflow_id for action in actions if action.workflow_id)

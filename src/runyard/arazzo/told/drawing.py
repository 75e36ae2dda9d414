"""What a document says of a workflow and of those it leads to, as a page draws it: steps, and what may follow each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runyard.arazzo.documents.document import Action, Step, Workflow, failure_actions_of, success_actions_of
from runyard.arazzo.running.loading import Loaded
from runyard.arazzo.running.reach import reached
from runyard.arazzo.told.outline import call_of, criterion_text, inputs_of
from runyard.arazzo.told.telling import shortened

Drawing = dict[str, Any]

LONGEST = 300
ON_SUCCESS, ON_FAILURE = "success", "failure"


def drawing(loaded: Loaded, workflow: str) -> list[Drawing]:
    """Return the workflows that a run may come through, the one that is run first."""
    return [_workflow(place.workflow) for place in reached(loaded, workflow)]


def _workflow(workflow: Workflow) -> Drawing:
    return {
        "id": workflow.id,
        "summary": shortened(workflow.summary or workflow.description or "", LONGEST),
        "inputs": inputs_of(workflow),
        "outputs": list(workflow.outputs),
        "depends_on": list(workflow.depends_on),
        "steps": [_step(workflow, step) for step in workflow.steps],
    }


def _step(workflow: Workflow, step: Step) -> Drawing:
    return {
        "id": step.id,
        "calls": call_of(step),
        "runs": step.workflow_id,
        "description": shortened(step.description or "", LONGEST),
        "criteria": [criterion_text(criterion) for criterion in step.success_criteria],
        "actions": list(_actions(workflow, step)),
    }


def _actions(workflow: Workflow, step: Step) -> Iterator[Drawing]:
    for action in success_actions_of(workflow, step):
        yield _action(ON_SUCCESS, action)
    for action in failure_actions_of(workflow, step):
        yield _action(ON_FAILURE, action)


def _action(follows: str, action: Action) -> Drawing:
    told = {
        "on": follows,
        "name": action.name,
        "type": action.type,
        "step": action.step_id,
        "workflow": action.workflow_id,
        "when": " and ".join(criterion_text(criterion) for criterion in action.criteria),
    }
    return {**told, "limit": action.retry_limit, "wait_s": action.retry_after} if action.type == "retry" else told

"""A workflow made ready to run: every text read, every operation and workflow found, before a request is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from runyard.arazzo.documents.document import (
    Action,
    Step,
    Workflow,
    failure_actions_of,
    parameters_of,
    success_actions_of,
)
from runyard.arazzo.language.criteria import Judging
from runyard.arazzo.language.formulas import Formula, limited
from runyard.arazzo.records import Record
from runyard.arazzo.requests.requesting import OperationCall
from runyard.arazzo.running.calls import WorkflowPlace, find_workflow, operation_call, workflow_formulas
from runyard.arazzo.running.inputs import Schema
from runyard.arazzo.running.judging import Read, read_all
from runyard.arazzo.running.loading import Loaded
from runyard.core.errors import InvalidRequest, NotSupported

KINDS = {"success": frozenset({"end", "goto"}), "failure": frozenset({"end", "goto", "retry"})}


class WorkflowCall(Record):
    """A workflow that a step or an action runs, and the inputs it gives it."""

    plan: WorkflowPlan
    parameters: tuple[tuple[str, Formula], ...]


class ActionPlan(Record, eq=False):
    """What may follow a step."""

    action: Action
    criteria: tuple[Read, ...]
    call: WorkflowCall | None


class StepPlan(Record, eq=False):
    """A step whose texts are read and whose operation or workflow is found."""

    step: Step
    call: OperationCall | WorkflowCall
    criteria: tuple[Read, ...]
    on_success: tuple[ActionPlan, ...]
    on_failure: tuple[ActionPlan, ...]
    outputs: tuple[tuple[str, Formula], ...]


class WorkflowPlan(Record, eq=False, frozen=False):
    """A workflow whose steps are planned; it is made before them, because they may lead back to it."""

    loaded: Loaded
    workflow: Workflow
    schema: Schema
    depends_on: tuple[WorkflowPlan, ...] = ()
    steps: tuple[StepPlan, ...] = ()
    outputs: tuple[tuple[str, Formula], ...] = ()
    index: Mapping[str, int] = field(default_factory=dict)  # of each step by its id

    @property
    def id(self) -> str:
        """The workflow's own id."""
        return self.workflow.id


def plan(loaded: Loaded, workflow_id: str | None, *, lenient: bool) -> WorkflowPlan:
    """Plan a workflow and all that it may lead to; refuse what could not be carried out."""
    planning = _Planning(lenient)
    first = planning.planned(find_workflow(loaded, workflow_id or only_workflow(loaded)))
    planning.finish()
    _refuse_cycles(first)
    return first


def only_workflow(loaded: Loaded) -> str:
    """The id of a document's only workflow."""
    ids = [workflow.id for workflow in loaded.document.workflows]
    if not ids:
        raise InvalidRequest("The document has no workflows.")
    if len(ids) > 1:
        raise InvalidRequest(f"The document has {len(ids)} workflows; say which of them: {', '.join(ids)}.")
    return ids[0]


class _Planning:
    """Plans by workflow, and those whose steps are still to be planned."""

    def __init__(self, lenient: bool) -> None:  # noqa: FBT001  # one of two ways of reading
        self._lenient = lenient
        self._plans: dict[tuple[int, str], WorkflowPlan] = {}
        self._open: list[WorkflowPlan] = []

    def planned(self, place: WorkflowPlace) -> WorkflowPlan:
        """The workflow's plan; its steps follow."""
        key = (id(place.loaded), place.workflow.id)
        if key not in self._plans:
            schema = Schema(place.loaded, place.workflow)
            self._plans[key] = WorkflowPlan(loaded=place.loaded, workflow=place.workflow, schema=schema)
            self._open.append(self._plans[key])
        return self._plans[key]

    def finish(self) -> None:
        """Plan the steps of all workflows that were asked for, and of those that they ask for."""
        while self._open:
            self._fill(self._open.pop())

    def _fill(self, planned: WorkflowPlan) -> None:
        loaded, workflow = planned.loaded, planned.workflow
        if not workflow.steps:
            raise InvalidRequest(f"The workflow {workflow.id} has no steps.")
        _refuse_lost_references(loaded, workflow)
        planned.depends_on = tuple(self.planned(find_workflow(loaded, id_)) for id_ in workflow.depends_on)
        planned.steps = tuple(self._step(planned, step) for step in in_order(workflow))
        planned.index = {step.step.id: number for number, step in enumerate(planned.steps)}
        planned.outputs = _formulas(loaded, workflow.outputs)

    def _step(self, planned: WorkflowPlan, step: Step) -> StepPlan:
        loaded, workflow = planned.loaded, planned.workflow
        judging = Judging(version=loaded.version, lenient=self._lenient)
        try:
            return StepPlan(
                step=step,
                call=self._call(planned, step),
                criteria=read_all(step.success_criteria, judging),
                on_success=self._actions(planned, success_actions_of(workflow, step), "success"),
                on_failure=self._actions(planned, failure_actions_of(workflow, step), "failure"),
                outputs=_formulas(loaded, step.outputs),
            )
        except (InvalidRequest, NotSupported) as error:
            raise _kind(error)(f"The step {step.id} of {workflow.id} cannot be run: {error}") from error

    def _call(self, planned: WorkflowPlan, step: Step) -> OperationCall | WorkflowCall:
        parameters = parameters_of(planned.workflow, step)
        if step.workflow_id is None or step.operation_id or step.operation_path or step.channel_path:
            return operation_call(planned.loaded, step, parameters)
        target = self.planned(find_workflow(planned.loaded, step.workflow_id))
        given = workflow_formulas(planned.loaded, parameters, step.parameters, target.schema.properties)
        return WorkflowCall(plan=target, parameters=given)

    def _actions(self, planned: WorkflowPlan, actions: Iterable[Action], kind: str) -> tuple[ActionPlan, ...]:
        return tuple(self._action(planned, action, kind) for action in actions)

    def _action(self, planned: WorkflowPlan, action: Action, kind: str) -> ActionPlan:
        if action.type not in KINDS[kind]:
            known = ", ".join(sorted(KINDS[kind]))
            raise InvalidRequest(f"The {kind} action {action.name} is to be one of {known}, not {action.type!r}.")
        ids = {step.id for step in planned.workflow.steps}
        if action.type == "goto" and (action.step_id is None) == (action.workflow_id is None):
            raise InvalidRequest(f"The action {action.name} is to go to either a step or a workflow.")
        if action.step_id is not None and action.step_id not in ids:
            raise InvalidRequest(f"The action {action.name} names the step {action.step_id}, which is not there.")
        judging = Judging(version=planned.loaded.version, lenient=self._lenient)
        return ActionPlan(
            action=action, criteria=read_all(action.criteria, judging), call=self._action_call(planned, action)
        )

    def _action_call(self, planned: WorkflowPlan, action: Action) -> WorkflowCall | None:
        if action.workflow_id is None or action.type == "end":
            return None
        target = self.planned(find_workflow(planned.loaded, action.workflow_id))
        given = workflow_formulas(planned.loaded, action.parameters, action.parameters, target.schema.properties)
        return WorkflowCall(plan=target, parameters=given)


def _kind(error: Exception) -> type[InvalidRequest | NotSupported]:
    return NotSupported if isinstance(error, NotSupported) else InvalidRequest


def _formulas(loaded: Loaded, values: Mapping[str, Any]) -> tuple[tuple[str, Formula], ...]:
    return tuple((name, limited(value, loaded.version)) for name, value in values.items())


def _refuse_lost_references(loaded: Loaded, workflow: Workflow) -> None:
    """Refuse a workflow that would run without something that its document only refers to."""
    for lost in loaded.document.unresolved:
        if lost.at[: len(workflow.at)] == workflow.at:
            known = ", ".join(lost.known) or "none"
            raise InvalidRequest(f"The workflow {workflow.id} refers to {lost.reference}, which is not there: {known}.")


def in_order(workflow: Workflow) -> tuple[Step, ...]:
    """The steps as they are written, but each behind those of this workflow that it depends on (1.1)."""
    ids = {step.id for step in workflow.steps}
    waiting, ordered, done = list(workflow.steps), list[Step](), set[str]()
    while waiting:
        ready = next((step for step in waiting if not (ids & set(step.depends_on)) - done), None)
        if ready is None:
            names = ", ".join(step.id for step in waiting)
            raise InvalidRequest(f"The steps {names} of {workflow.id} depend on each other in a circle.")
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.id)
    return tuple(ordered)


def _refuse_cycles(first: WorkflowPlan) -> None:
    """Refuse workflows that would have to end before they begin: by `dependsOn`, or as a step of themselves."""
    done: set[WorkflowPlan] = set()
    way: list[WorkflowPlan] = []
    pending: list[tuple[WorkflowPlan, bool]] = [(first, False)]
    while pending:
        planned, is_left = pending.pop()
        if is_left:
            done.add(way.pop())
        elif planned in way:
            names = " -> ".join(each.id for each in [*way[way.index(planned) :], planned])
            raise InvalidRequest(f"The workflow {planned.id} waits for itself: {names}.")
        elif planned not in done:
            way.append(planned)
            pending += [(planned, True), *((each, False) for each in _awaited(planned))]


def _awaited(planned: WorkflowPlan) -> list[WorkflowPlan]:
    calls = [step.call.plan for step in planned.steps if isinstance(step.call, WorkflowCall)]
    return [*planned.depends_on, *dict.fromkeys(calls)]

"""How a workflow goes on from step to step: successes, failures, retries, other workflows, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runyard.arazzo.http.exchange import Send
from runyard.arazzo.language.errors import NotDecided
from runyard.arazzo.language.expressions import Scope
from runyard.arazzo.language.values import MISSING
from runyard.arazzo.records import Record
from runyard.arazzo.requests import responding
from runyard.arazzo.requests.requesting import Prepared
from runyard.arazzo.running import judging, stepping
from runyard.arazzo.running.calls import find_workflow
from runyard.arazzo.running.options import Options
from runyard.arazzo.running.plans import ActionPlan, StepPlan, WorkflowCall, WorkflowPlan
from runyard.arazzo.running.progress import Judged, Observer, WorkflowReport
from runyard.arazzo.running.reporting import Telling, tell_step
from runyard.arazzo.running.state import State, Whole
from runyard.arazzo.running.stepping import Execution
from runyard.arazzo.running.waiting import Poll, Stopped, TimeOver
from runyard.core.errors import InvalidRequest

UNREADY = (InvalidRequest, NotDecided)


class Ending(Record):
    """How the steps of a workflow ended, or to which workflow they handed over."""

    succeeded: bool
    message: str | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    to: WorkflowCall | None = None
    scope: Scope | None = None  # what the inputs of the next workflow are worked out from


class Follow(Record):
    """How a step ended for good, and the action that follows it."""

    execution: Execution
    action: ActionPlan | None


class Child(Record):
    """A workflow that a step is about to run."""

    plan: WorkflowPlan
    inputs: Mapping[str, Any]


class Flow:
    """A run of a workflow and of all that it leads to."""

    def __init__(self, send: Send, options: Options, observer: Observer) -> None:
        self._whole = Whole(send, options, observer)
        self._helping = 0  # how many retries are waiting for what they run first

    def run(self, plan: WorkflowPlan, inputs: Mapping[str, Any]) -> WorkflowReport:
        """Run a workflow; refuse inputs that do not fit before anything is sent."""
        state = State(
            whole=self._whole, plan=plan, path=(plan.id,), depth=1, inputs=plan.schema.completed(inputs), polls={}
        )
        try:
            return self._workflow(state)
        except Stopped as stop:
            if stop.report is None:
                raise
            return stop.report

    def _nested(self, state: State, plan: WorkflowPlan, inputs: Mapping[str, Any]) -> State:
        if state.depth >= self._whole.options.max_depth:
            raise Stopped(f"Workflows are nested {state.depth + 1} deep, which is more than they may.")
        return State(
            whole=self._whole, plan=plan, path=(*state.path, plan.id), depth=state.depth + 1, inputs=inputs, polls={}
        )

    def _workflow(self, state: State) -> WorkflowReport:
        """Run a workflow, and those that its steps hand over to one after the other: the last one's end is its own."""
        telling = Telling(state)
        with telling.stops():
            ending, here = self._body(state), state
            while ending.to is not None:
                ending, here = self._handed_over(state, here, ending)
        return telling.ended(succeeded=ending.succeeded, outputs=ending.outputs, message=ending.message)

    def _handed_over(self, first: State, here: State, ending: Ending) -> tuple[Ending, State]:
        """Run the workflow that the one before went to, told as a part of the first."""
        assert ending.to is not None  # noqa: S101  # the caller asked
        plan = ending.to.plan
        try:
            inputs = plan.schema.completed(_shared(here, plan) | _given(ending.to, ending.scope or here.scope()))
        except UNREADY as error:
            return Ending(succeeded=False, message=f"The workflow {plan.id} cannot begin: {error}"), here
        there = self._nested(first, plan, inputs).but(polls=first.polls, is_gone_to=True)
        telling = Telling(there)
        with telling.stops():
            following = self._body(there)
        on = None if following.to is None else f"It went on to {following.to.plan.id}."
        telling.ended(succeeded=following.succeeded, outputs=following.outputs, message=on or following.message)
        return following, there

    def _body(self, state: State) -> Ending:
        """Run what the workflow depends on, then its steps; work out its outputs."""
        ending = self._depended_on(state) or self._steps(state)
        outputs, problem = stepping.worked_out(state.plan.outputs, state.scope())
        if problem and ending.succeeded:
            ending = ending.but(succeeded=False, message=problem)
        if ending.succeeded and ending.to is None:
            self._whole.results(state.plan.loaded)[state.plan.id] = {"inputs": state.inputs, "outputs": outputs}
        return ending.but(outputs={name: outputs.get(name) for name, _ in state.plan.outputs})

    def _depended_on(self, state: State) -> Ending | None:
        for plan in state.plan.depends_on:
            if plan.id not in self._whole.results(plan.loaded):
                try:
                    inputs = plan.schema.completed(_shared(state, plan))
                except UNREADY as error:
                    return Ending(succeeded=False, message=f"It depends on {plan.id}, which cannot begin: {error}")
                report = self._workflow(self._nested(state, plan, inputs))
                if not report.succeeded:
                    return Ending(succeeded=False, message=f"It depends on {plan.id}, which failed: {report.message}")
        return None

    def _steps(self, state: State) -> Ending:
        index, by_goto = 0, state.is_gone_to
        while index < len(state.plan.steps):
            step = state.plan.steps[index]
            follow = self._step(state, step, by_goto=by_goto)
            action, execution = follow.action, follow.execution
            if action is not None and action.call is not None:
                return Ending(succeeded=True, to=action.call, scope=execution.scope)
            if action is not None and action.action.step_id is not None and action.action.type == "goto":
                index, by_goto = state.plan.index[action.action.step_id], True
            elif execution.succeeded and action is None:
                index, by_goto = index + 1, False
            else:
                message = None if execution.succeeded else f"The step {step.step.id} failed: {execution.message}"
                return Ending(succeeded=execution.succeeded, message=message)
        return Ending(succeeded=True)

    def _step(self, state: State, plan: StepPlan, *, by_goto: bool) -> Follow:
        """Execute a step until nothing retries it any more."""
        retried: dict[ActionPlan, int] = {}
        while True:
            execution, action = self._tried(state, plan, retried, by_goto=by_goto)
            if action is None or action.action.type != "retry":
                return Follow(execution=execution, action=action)
            retried[action] = retried.get(action, 0) + 1
            problem = self._before_retry(state, plan, action, retried[action])
            if problem is not None:
                return Follow(execution=execution.but(message=problem), action=None)
            by_goto = False

    def _tried(
        self, state: State, plan: StepPlan, retried: Mapping[ActionPlan, int], *, by_goto: bool
    ) -> tuple[Execution, ActionPlan | None]:
        whole = self._whole
        state.at = plan.step.id
        whole.count_step()
        state.tries[plan.step.id] += 1
        began_at, began = whole.options.now(), whole.options.clock()
        whole.observer.step_began(state.place(plan))
        try:
            execution, action = _chosen(plan, self._execute(state, plan, by_goto=by_goto), retried)
        except (Stopped, KeyboardInterrupt) as stop:
            stopped = stepping.failed(state, str(stop) or "It was interrupted.")
            tell_step(state, plan, stopped, None, began_at, began)
            raise
        tell_step(state, plan, execution, action, began_at, began)
        if execution.succeeded:
            state.succeeded.add(plan.step.id)
        return execution, action

    def _execute(self, state: State, plan: StepPlan, *, by_goto: bool) -> Execution:
        try:
            ready = self._ready(state, plan)
        except UNREADY as error:
            return stepping.failed(state, str(error))
        stepping.pause(state, plan, _identity(ready), by_goto=by_goto)
        if plan.step.timeout_ms is None:
            return self._carried_out(state, plan, ready)
        seconds = plan.step.timeout_ms / 1000
        with self._whole.timing.within(seconds, f"the timeout of the step {plan.step.id}") as deadline:
            try:
                return self._carried_out(state, plan, ready)
            except TimeOver as over:
                if over.deadline is not deadline:
                    raise
                return stepping.failed(state, str(over))

    def _carried_out(self, state: State, plan: StepPlan, ready: Prepared | Child) -> Execution:
        if isinstance(ready, Prepared):
            return stepping.call_operation(state, plan, ready)
        return self._call_workflow(state, plan, ready)

    def _ready(self, state: State, plan: StepPlan) -> Prepared | Child:
        _refuse_too_early(state, plan)
        if not isinstance(plan.call, WorkflowCall):
            return stepping.ready(state, plan.call)
        target = plan.call.plan
        return Child(plan=target, inputs=target.schema.completed(_given(plan.call, state.scope())))

    def _call_workflow(self, state: State, plan: StepPlan, child: Child) -> Execution:
        self._whole.last = None
        report = self._workflow(self._nested(state, child.plan, child.inputs))
        given = {name: value for name, value in report.outputs.items() if value is not None}
        # Many documents ask for $statusCode here; what can be meant is the last response that the workflow had.
        scope = state.scope(outputs=given, **stepping.received(self._whole.last))
        mapped, problem = stepping.worked_out(plan.outputs, scope)
        outputs = {**given, **mapped}
        state.steps[plan.step.id] = outputs
        criteria = judging.decide(plan.criteria, scope)
        failed = next((judged for judged in criteria if not judged.holds), None)
        message = None if report.succeeded else f"The workflow {child.plan.id} failed: {report.message}"
        message = message or problem or (None if failed is None else judging.why(failed))
        return Execution(succeeded=message is None, scope=scope, outputs=outputs, criteria=criteria, message=message)

    def _before_retry(self, state: State, plan: StepPlan, action: ActionPlan, number: int) -> str | None:
        """Wait, and run what the retry runs first; tell what went wrong with that."""
        options, timing = self._whole.options, self._whole.timing
        seconds, why = responding.retry_after(self._whole.last, options.now()), "the server's Retry-After"
        if seconds is None:
            seconds, why = action.action.retry_after, f"retry {number} of {action.action.retry_limit}"
        if seconds is None:
            seconds, why = timing.pause(Poll(request=None, repeated=number), None)
        stepping.wait(state, plan, seconds, why)
        if action.call is None and action.action.step_id is None:
            return None
        if self._helping >= options.max_depth:
            raise Stopped(f"Retries run other steps first, more than {self._helping} of them within each other.")
        self._helping += 1
        try:
            return self._helped(state, action)
        finally:
            self._helping -= 1

    def _helped(self, state: State, action: ActionPlan) -> str | None:
        if action.call is not None:
            plan = action.call.plan
            try:
                inputs = plan.schema.completed(_shared(state, plan) | _given(action.call, state.scope()))
            except UNREADY as error:
                return f"The workflow {plan.id}, to run before a retry, cannot begin: {error}"
            report = self._workflow(self._nested(state, plan, inputs))
            return None if report.succeeded else f"The workflow {plan.id}, run before a retry, failed: {report.message}"
        step = state.plan.steps[state.plan.index[action.action.step_id or ""]]
        execution = self._step(state, step, by_goto=False).execution
        message = f"The step {step.step.id}, run before a retry, failed: {execution.message}"
        return None if execution.succeeded else message


def _chosen(
    plan: StepPlan, execution: Execution, retried: Mapping[ActionPlan, int]
) -> tuple[Execution, ActionPlan | None]:
    """The first action whose criteria all hold; a retry that is used up is passed over."""
    actions = plan.on_success if execution.succeeded else plan.on_failure
    if not actions:
        return execution, None
    asked: list[Judged] = []
    for action in actions:
        is_left = action.action.type != "retry" or retried.get(action, 0) < action.action.retry_limit
        if is_left and judging.all_hold(action.criteria, execution.scope, asked):
            return execution.but(asked=tuple(asked)), action
    return execution.but(asked=tuple(asked)), None


def _identity(ready: Prepared | Child) -> Any:
    """What two executions of a step have in common if they ask the same."""
    if isinstance(ready, Prepared):
        return ready.request.method, ready.request.url, ready.request.body
    return ready.plan.id, ready.inputs


def _given(call: WorkflowCall, scope: Scope) -> dict[str, Any]:
    worked_out = ((name, value(scope)) for name, value in call.parameters)
    return {name: value for name, value in worked_out if value is not MISSING}


def _shared(state: State, plan: WorkflowPlan) -> dict[str, Any]:
    """The inputs that another workflow declares by the same names: nothing else says what it is given."""
    return {name: value for name, value in state.inputs.items() if name in plan.schema.properties}


def _refuse_too_early(state: State, plan: StepPlan) -> None:
    """Refuse a step before what it depends on (1.1) has succeeded."""
    for reference in plan.step.depends_on:
        workflow, _, step = reference.rpartition(".steps.")
        if workflow:
            place = find_workflow(state.plan.loaded, workflow.removeprefix("$workflows."))
            is_done = place.workflow.id in state.whole.results(place.loaded)
        else:
            is_done = step in state.succeeded
        if not is_done:
            raise InvalidRequest(f"It depends on {reference}, which has not succeeded.")

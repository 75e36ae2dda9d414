"""What a run tells its observer of steps and workflows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runyard.arazzo.running.plans import ActionPlan, StepPlan
from runyard.arazzo.running.progress import StepReport, WorkflowReport
from runyard.arazzo.running.state import State
from runyard.arazzo.running.stepping import Execution, worked_out
from runyard.arazzo.running.waiting import Stopped


class Telling:
    """One workflow, from its beginning to its end."""

    def __init__(self, state: State) -> None:
        self._state = state
        whole = state.whole
        self._began_at, self._began, self._steps = whole.options.now(), whole.options.clock(), whole.steps
        whole.observer.workflow_began(state.path)

    @contextmanager
    def stops(self) -> Iterator[None]:
        """Tell where the workflow stood when a limit or a person ends it."""
        try:
            yield
        except Stopped as stop:
            stop.report = self._stopped(f"{stop} It stood at {self._state.at}.")
            raise
        except KeyboardInterrupt:
            self._stopped(f"It was interrupted. It stood at {self._state.at}.")
            raise

    def _stopped(self, message: str) -> WorkflowReport:
        found, _ = worked_out(self._state.plan.outputs, self._state.scope())
        outputs = {name: found.get(name) for name, _ in self._state.plan.outputs}
        return self.ended(succeeded=False, outputs=outputs, message=message)

    def ended(self, *, succeeded: bool, outputs: Mapping[str, Any], message: str | None) -> WorkflowReport:
        """Tell how it ended."""
        whole = self._state.whole
        report = WorkflowReport(
            workflows=self._state.path,
            succeeded=succeeded,
            inputs=self._state.inputs,
            outputs=outputs,
            steps=whole.steps - self._steps,
            message=message,
            began_at=self._began_at,
            took_s=whole.options.clock() - self._began,
        )
        whole.observer.workflow_ended(report)
        return report


def tell_step(
    state: State,
    plan: StepPlan,
    execution: Execution,
    action: ActionPlan | None,
    began_at: float,
    began: float,
) -> None:
    """Tell how one execution of a step ended, and what follows it."""
    outputs = dict(execution.outputs)
    for name, _ in plan.outputs:
        outputs.setdefault(name, None)
    state.whole.observer.step_ended(
        StepReport(
            place=state.place(plan),
            succeeded=execution.succeeded,
            tries=state.tries[plan.step.id],
            outputs=outputs,
            criteria=execution.criteria,
            asked=execution.asked,
            exchange=execution.exchange,
            message=execution.message,
            follows=_follows(plan, execution, action),
            began_at=began_at,
            took_s=state.whole.options.clock() - began,
        )
    )


def _follows(plan: StepPlan, execution: Execution, action: ActionPlan | None) -> str:
    if action is None:
        return "next" if execution.succeeded else "end"
    target = action.action.step_id or action.action.workflow_id
    if action.action.type == "retry":
        return f"retry {plan.step.id}"
    return f"goto {target}" if action.action.type == "goto" else "end"

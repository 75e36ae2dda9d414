"""Plans of tasks, and where their attempts stand, for the tests of the graph."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from records import a_task, an_attempt, an_ended_attempt

from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome, State

UNHURRIED = settings(deadline=None)  # a deadline would fail on a machine that others use too


@st.composite
def plans(draw: st.DrawFn) -> list[Task]:
    """Tasks that depend only on earlier ones, in any order."""
    size = draw(st.integers(1, 7))
    tasks = [a_task(str(n), *(str(m) for m in range(n) if draw(st.booleans()))) for n in range(size)]
    return draw(st.permutations(tasks))


def standing(key: str, state: State, outcome: Outcome | None = None, **more: Any) -> Attempt:
    if state is State.ENDED:
        return an_ended_attempt(1, task_key=key, outcome=outcome or Outcome.SUCCEEDED, **more)
    return an_attempt(1, task_key=key, state=state, **more)


def by_key(*attempts: Attempt) -> dict[str, Attempt]:
    return {attempt.task_key: attempt for attempt in attempts}

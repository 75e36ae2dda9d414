"""What follows when an attempt of a run has ended: which tasks may go on, and how the run stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runyard.core.errors import InvalidRequest
from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome, State

# A run with several tasks shows the liveliest state among them.
LIVELINESS = (State.RUNNING, State.STOPPING, State.STARTING, State.RETRYING, State.QUEUED, State.BLOCKED)
# … and ends with the gravest outcome among its leaves.
GRAVITY = (
    Outcome.CANCELLED,
    Outcome.TIMED_OUT,
    Outcome.CRASHED,
    Outcome.FAILED,
    Outcome.UPSTREAM_FAILED,
    Outcome.SKIPPED,
    Outcome.SUCCEEDED,
    Outcome.EXCLUDED,
)


def check_tasks(tasks: Sequence[Task]) -> None:
    """Refuse a plan that is empty, names a task twice, depends on a stranger, or runs in a circle."""
    keys = [task.key for task in tasks]
    if not keys:
        raise InvalidRequest("A job needs at least one task.")
    if len(set(keys)) < len(keys):
        raise InvalidRequest(f"Task key {_first_repeated(keys)!r} is used twice; keys must differ.")
    for task in tasks:
        for upstream in task.depends_on:
            if upstream not in keys:
                raise InvalidRequest(f"Task {task.key!r} depends on {upstream!r}, which is not a task of the job.")
    _refuse_circles({task.key: set(task.depends_on) for task in tasks})


def newest(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    """Return the newest attempt of each task: where that task run stands."""
    latest: dict[str, Attempt] = {}
    for attempt in attempts:
        seen = latest.get(attempt.task_key)
        if seen is None or attempt.number >= seen.number:
            latest[attempt.task_key] = attempt
    return latest


def unblocked(tasks: Sequence[Task], latest: Mapping[str, Attempt]) -> list[tuple[Attempt, Outcome | None]]:
    """Return the blocked attempts whose upstream tasks all ended: to be queued (None), or ended as upstream failed."""
    moves: list[tuple[Attempt, Outcome | None]] = []
    for task in tasks:
        attempt = latest[task.key]
        upstream = [latest[key] for key in task.depends_on]
        if attempt.state is State.BLOCKED and all(one.state is State.ENDED for one in upstream):
            healthy = all(one.outcome is Outcome.SUCCEEDED for one in upstream)
            moves.append((attempt, None if healthy else Outcome.UPSTREAM_FAILED))
    return moves


def run_state(tasks: Sequence[Task], latest: Mapping[str, Attempt]) -> tuple[State, Outcome | None]:
    """Return how a run stands, from where its task runs stand."""
    states = {attempt.state for attempt in latest.values()}
    for state in LIVELINESS:
        if state in states:
            return state, None
    outcomes = {latest[key].outcome for key in _leaves(tasks)}
    return State.ENDED, next(outcome for outcome in GRAVITY if outcome in outcomes)


def _leaves(tasks: Sequence[Task]) -> list[str]:
    upstream = {key for task in tasks for key in task.depends_on}
    return [task.key for task in tasks if task.key not in upstream]


def _first_repeated(keys: Sequence[str]) -> str:
    return next(key for position, key in enumerate(keys) if key in keys[:position])


def _refuse_circles(waits_for: dict[str, set[str]]) -> None:
    while waits_for:
        free = {key for key, upstream in waits_for.items() if not upstream & waits_for.keys()}
        if not free:
            raise InvalidRequest(f"The tasks {', '.join(sorted(waits_for))} depend on each other in a circle.")
        waits_for = {key: upstream for key, upstream in waits_for.items() if key not in free}

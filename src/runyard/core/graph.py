"""What follows when an attempt of a run has ended: which tasks may go on, and how the run stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from runyard.core.errors import InvalidRequest
from runyard.core.job import RunIf, Task
from runyard.core.run import Attempt, Outcome, State

# A run with several tasks shows the liveliest state among them.
LIVELINESS = (State.RUNNING, State.STOPPING, State.STARTING, State.RETRYING, State.QUEUED, State.BLOCKED)
# … and ends with the gravest of what its leaves count as.
GRAVITY = (Outcome.CANCELLED, Outcome.CRASHED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.SUCCEEDED)

LEAF: Mapping[Outcome | None, Outcome] = {
    Outcome.SUCCEEDED: Outcome.SUCCEEDED,
    Outcome.EXCLUDED: Outcome.SUCCEEDED,  # a handler of failures that nobody needed
    Outcome.FAILED: Outcome.FAILED,
    Outcome.UPSTREAM_FAILED: Outcome.FAILED,  # the run did start, and did not do its work
    Outcome.SKIPPED: Outcome.FAILED,  # same
    Outcome.TIMED_OUT: Outcome.TIMED_OUT,
    Outcome.CRASHED: Outcome.CRASHED,
    Outcome.CANCELLED: Outcome.CANCELLED,
}
"""What the end of a leaf makes of the run."""

HEALTHY = frozenset({Outcome.SUCCEEDED, Outcome.EXCLUDED})
"""The ends that count as a success for the tasks that follow; every other end counts as a failure."""

UPSTREAM_CANCELLED = "upstream_cancelled"
"""The category of a task that ended upstream_failed only because tasks before it were cancelled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What one form of run_if asks of the tasks before, and how a task ends for which they do not give it."""

    is_met: Callable[[int, int], bool]  # of how many healthy and how many failed tasks before it
    otherwise: Outcome = Outcome.UPSTREAM_FAILED
    text: str = "it depends on {failed}"  # why a task did not run, where the rule was not met


RULES: Mapping[RunIf, Rule] = {
    RunIf.ALL_SUCCESS: Rule(is_met=lambda _, failed: failed == 0),
    RunIf.ONE_SUCCESS: Rule(is_met=lambda healthy, _: healthy > 0),
    # It also asks that one has run, which holds: what follows only excluded tasks is excluded before any rule.
    RunIf.NONE_FAILED: Rule(is_met=lambda _, failed: failed == 0),
    RunIf.ALL_ENDED: Rule(is_met=lambda _, __: True),
    RunIf.ONE_FAILED: Rule(
        is_met=lambda _, failed: failed > 0,
        otherwise=Outcome.EXCLUDED,
        text="it waits for a failure of a task it depends on, and none failed",
    ),
    RunIf.ALL_FAILED: Rule(
        is_met=lambda healthy, _: healthy == 0,
        otherwise=Outcome.EXCLUDED,
        text="it waits for a failure of all tasks it depends on, and not all failed",
    ),
}
ALL_EXCLUDED = "all tasks it depends on were excluded"
OTHER_BRANCH = "it follows the result {wanted!r} of {key}, which was {result!r}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What becomes of a blocked attempt: it is queued (no outcome), or ends without having run."""

    attempt: Attempt
    outcome: Outcome | None = None
    category: str | None = None
    message: str | None = None


def with_dependents(tasks: Sequence[Task], keys: Iterable[str]) -> frozenset[str]:
    """Return these tasks and all that depend on them, directly or not."""
    found = set(keys)
    grown = True
    while grown:
        more = {task.key for task in tasks if task.key not in found and found.intersection(task.depends_on)}
        grown = bool(more)
        found |= more
    return frozenset(found)


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


def unblocked(tasks: Sequence[Task], latest: Mapping[str, Attempt], *, at_once: int | None = None) -> list[Decision]:
    """Decide for every blocked attempt whose upstream tasks have all ended, of which `at_once` may go on together."""
    decisions = []
    for task in tasks:
        attempt = latest[task.key]
        if attempt.state is State.BLOCKED and not _waits(task, latest):
            decisions.append(_decide(task, attempt, [latest[key] for key in task.depends_on]))
    return decisions if at_once is None else _as_many_as_may(decisions, at_once - _under_way(latest))


def _waits(task: Task, latest: Mapping[str, Attempt]) -> bool:
    for key in task.depends_on:  # noqa: SIM110 - a generator a task makes the end of each task of a long chain dear
        if latest[key].state is not State.ENDED:
            return True
    return False


def _under_way(latest: Mapping[str, Attempt]) -> int:
    return sum(attempt.state not in {State.BLOCKED, State.ENDED} for attempt in latest.values())


def _as_many_as_may(decisions: list[Decision], free: int) -> list[Decision]:
    going_on = [decision for decision in decisions if decision.outcome is None]
    return [decision for decision in decisions if decision.outcome] + going_on[: max(free, 0)]


def _decide(task: Task, attempt: Attempt, upstream: Sequence[Attempt]) -> Decision:
    if not upstream:
        return Decision(attempt=attempt)
    if all(one.outcome is Outcome.EXCLUDED for one in upstream):
        return Decision(attempt=attempt, outcome=Outcome.EXCLUDED, message=_not_run(ALL_EXCLUDED))
    if other := next((one for one in upstream if _took_other_branch(task, one)), None):
        text = OTHER_BRANCH.format(
            key=other.task_key, result=other.output.get("result"), wanted=task.branch[other.task_key]
        )
        return Decision(attempt=attempt, outcome=Outcome.EXCLUDED, message=_not_run(text))
    failed = [one for one in upstream if one.outcome not in HEALTHY]
    rule = RULES[task.run_if]
    if rule.is_met(len(upstream) - len(failed), len(failed)):
        return Decision(attempt=attempt)
    cancelled = rule.otherwise is Outcome.UPSTREAM_FAILED and all(_was_cancelled(one) for one in failed)
    return Decision(
        attempt=attempt,
        outcome=rule.otherwise,
        category=UPSTREAM_CANCELLED if cancelled else None,
        message=_not_run(rule.text.format(failed=_named(failed))),
    )


def _took_other_branch(task: Task, upstream: Attempt) -> bool:
    """Tell whether a task before succeeded with another result than this one follows."""
    wanted = task.branch.get(upstream.task_key)
    return wanted is not None and upstream.outcome is Outcome.SUCCEEDED and upstream.output.get("result") != wanted


def _was_cancelled(attempt: Attempt) -> bool:
    return attempt.outcome is Outcome.CANCELLED or attempt.category == UPSTREAM_CANCELLED


def _not_run(text: str) -> str:
    return f"The task did not run: {text}."


def _named(attempts: Sequence[Attempt], *, limit: int = 3) -> str:
    named = [f"{one.task_key} ({one.phase})" for one in attempts[:limit]]
    more = len(attempts) - limit
    return ", ".join([*named, f"and {more} more"] if more > 0 else named)


def run_state(tasks: Sequence[Task], latest: Mapping[str, Attempt]) -> tuple[State, Outcome | None]:
    """Return how a run stands, from where its task runs stand."""
    states = {attempt.state for attempt in latest.values()}
    for state in LIVELINESS:
        if state in states:
            return state, None
    ends = {_end_of_leaf(latest[key]) for key in _leaves(tasks)}
    return State.ENDED, next(outcome for outcome in GRAVITY if outcome in ends)


def culprits(tasks: Sequence[Task], latest: Mapping[str, Attempt]) -> list[Attempt]:
    """Return the attempts that gave an ended run its outcome, each where its trouble began: at a leaf, or before it."""
    _, outcome = run_state(tasks, latest)
    by_key = {task.key: task for task in tasks}
    return [
        _origin(by_key, latest, key)
        for key in _leaves(tasks)
        if _end_of_leaf(latest[key]) is outcome and latest[key].outcome is not Outcome.EXCLUDED
    ]


def succeeded_with_failures(tasks: Sequence[Task], latest: Mapping[str, Attempt]) -> bool:
    """Tell whether a run succeeded by its leaves although a task before them did not."""
    return (
        bool(latest)  # a run that was skipped as a whole has no attempts
        and run_state(tasks, latest) == (State.ENDED, Outcome.SUCCEEDED)
        and any(attempt.outcome not in HEALTHY for attempt in latest.values())
    )


def _end_of_leaf(attempt: Attempt) -> Outcome:
    return Outcome.CANCELLED if _was_cancelled(attempt) else LEAF[attempt.outcome]


def _origin(by_key: Mapping[str, Task], latest: Mapping[str, Attempt], key: str) -> Attempt:
    while latest[key].outcome is Outcome.UPSTREAM_FAILED:
        failed = [one for one in by_key[key].depends_on if latest[one].outcome not in HEALTHY]
        if not failed:  # what failed was mended since
            break
        key = failed[0]
    return latest[key]


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

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from graphs import UNHURRIED, by_key, plans, standing
from hypothesis import given
from hypothesis import strategies as st

from runyard.core.graph import (
    culprits,
    run_state,
    succeeded_with_failures,
    unblocked,
)
from runyard.core.job import RunIf, Task
from runyard.core.run import Attempt, Outcome, State

S, F, C = Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CANCELLED


# A small model of the same rules, written from the vendor's sentences and not from the code: how each task of a plan
# ends, worked out from the first to the last, where `fates` says how it would end if it ran.
DID_WELL = {"succeeded", "excluded"}  # "excluded tasks are treated as successful"
SENTENCES: Mapping[str, Callable[[list[str]], bool]] = {
    "all_success": lambda ends: all(end in DID_WELL for end in ends),
    "one_success": lambda ends: any(end in DID_WELL for end in ends),
    "none_failed": lambda ends: all(end in DID_WELL for end in ends) and any(end == "succeeded" for end in ends),
    "all_ended": lambda _: True,
    "one_failed": lambda ends: any(end not in DID_WELL for end in ends),
    "all_failed": lambda ends: all(end not in DID_WELL for end in ends),
}


def modelled_ends(tasks: Sequence[Task], fates: Mapping[str, str]) -> dict[str, str]:
    ends: dict[str, str] = {}
    while len(ends) < len(tasks):
        for task in tasks:
            if task.key not in ends and set(task.depends_on) <= ends.keys():
                before = [ends[key] for key in task.depends_on]
                ends[task.key] = modelled_end(task.run_if.value, before) or fates[task.key]
    return ends


def modelled_end(form: str, before: list[str]) -> str | None:
    if not before:
        return None
    if set(before) == {"excluded"}:
        return "excluded"
    if SENTENCES[form](before):
        return None
    if form in {"one_failed", "all_failed"}:
        return "excluded"
    only_cancelled = set(before) - DID_WELL <= {"cancelled", "upstream_cancelled"}
    return "upstream_cancelled" if only_cancelled else "upstream_failed"


def modelled_outcome(tasks: Sequence[Task], ends: Mapping[str, str]) -> tuple[str, bool]:
    depended_on = set().union(*(task.depends_on for task in tasks))
    leaves = {ends[task.key] for task in tasks if task.key not in depended_on}
    if leaves <= DID_WELL:
        return "succeeded", not set(ends.values()) <= DID_WELL
    if leaves & {"cancelled", "upstream_cancelled"}:
        return "cancelled", False
    if "crashed" in leaves:
        return "crashed", False
    return "failed" if leaves & {"failed", "upstream_failed"} else "timed_out", False


@UNHURRIED
@given(plans(), st.data())
def test_whatever_happens_every_task_and_the_run_end_as_in_the_model(tasks: list[Task], data: st.DataObject) -> None:
    tasks = [replace(task, run_if=data.draw(st.sampled_from(RunIf))) for task in tasks]
    fates = {task.key: data.draw(st.sampled_from([S, S, F, C, Outcome.TIMED_OUT, Outcome.CRASHED])) for task in tasks}
    latest = by_key(*(standing(task.key, State.BLOCKED) for task in tasks))
    while run_state(tasks, latest)[0] is not State.ENDED:
        follow(tasks, latest)
        if queued := sorted(key for key, attempt in latest.items() if attempt.state is State.QUEUED):
            key = data.draw(st.sampled_from(queued))
            latest[key] = standing(key, State.ENDED, fates[key])

    ends = modelled_ends(tasks, {key: outcome.value for key, outcome in fates.items()})
    assert {key: attempt.category or attempt.phase for key, attempt in latest.items()} == ends
    _, outcome = run_state(tasks, latest)
    assert (outcome, succeeded_with_failures(tasks, latest)) == modelled_outcome(tasks, ends)
    assert all(one.outcome in fates.values() for one in culprits(tasks, latest))


def follow(tasks: Sequence[Task], latest: dict[str, Attempt]) -> None:
    """Make every move that the graph decides on, each only where all tasks before have ended."""
    upstream = {task.key: task.depends_on for task in tasks}
    while decisions := unblocked(tasks, latest):
        for one in decisions:
            assert all(latest[key].state is State.ENDED for key in upstream[one.attempt.task_key])
            state = State.ENDED if one.outcome else State.QUEUED
            known = {"category": one.category, "message": one.message}
            latest[one.attempt.task_key] = standing(one.attempt.task_key, state, one.outcome, **known)

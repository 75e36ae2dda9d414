"""What a task has made is kept with its end, and a run says why it was stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from moving import Yard

from runyard.core.run import Outcome, Run, State
from runyard.engine.documents import Shelves
from runyard.engine.moves import Moves
from runyard.engine.supervisor import outcome_of
from runyard.executors.launcher.events import Ended
from runyard.store.store import open_store


def keep(shelves: Shelves, _: Run, output: Mapping[str, Any]) -> None:
    shelves.add("catalog", "space", output["name"])


@pytest.fixture
def yard() -> Yard:
    return Yard(open_store("sqlite://"))


def change(yard: Yard, work: Callable[[Moves], None]) -> None:
    def keeping(moves: Moves) -> None:
        moves.keepers = {"glue": keep}
        work(moves)

    yard.change(keeping)


def finish(yard: Yard, run: Run, outcome: Outcome, **output: Any) -> Run:
    attempt = yard.attempt(run)
    change(yard, lambda moves: moves.finished(attempt.id, outcome, at=yard.now, facts={"output": output}))
    return yard.run(run)


def names(yard: Yard) -> list[str]:
    return [one.name for one in yard.store.read(lambda ledger: ledger.documents(1, "catalog"))]


def test_what_a_task_made_is_kept_with_its_end(yard: Yard) -> None:
    ended = finish(yard, yard.start(), Outcome.SUCCEEDED, name="made")

    assert (ended.outcome, names(yard)) == (Outcome.SUCCEEDED, ["made"])


def test_a_task_that_failed_leaves_nothing(yard: Yard) -> None:
    ended = finish(yard, yard.start(), Outcome.FAILED, name="made")

    assert (ended.outcome, names(yard)) == (Outcome.FAILED, [])


def test_what_cannot_be_kept_is_no_success(yard: Yard) -> None:
    finish(yard, yard.start(), Outcome.SUCCEEDED, name="made")

    ended = finish(yard, yard.start(), Outcome.SUCCEEDED, name="made")

    assert ended.outcome is Outcome.FAILED
    assert ended.message == "Space made already exists. Choose another name or update it."


def test_a_run_says_why_it_was_stopped_also_once_its_process_has_ended(yard: Yard) -> None:
    run = yard.begin(yard.start())
    yard.change(lambda moves: moves.stop(run, message="Query cancelled by user 'ada'"))
    assert yard.run(run).state is State.STOPPING

    ended = finish(yard, run, Outcome.CANCELLED)

    assert (ended.outcome, ended.message) == (Outcome.CANCELLED, "Query cancelled by user 'ada'")


@pytest.mark.parametrize(("category", "outcome"), [("withdrawn", Outcome.CANCELLED), ("sql", Outcome.FAILED)])
def test_a_process_that_withdraws_was_cancelled(category: str, outcome: Outcome) -> None:
    assert outcome_of(Ended(attempt_id=1, at=1, exit_code=1, message="waited too long", category=category)) is outcome


def test_a_process_that_succeeded_did_not_withdraw() -> None:
    assert outcome_of(Ended(attempt_id=1, at=1, exit_code=0, category="withdrawn")) is Outcome.SUCCEEDED

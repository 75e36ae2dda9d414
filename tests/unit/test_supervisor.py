"""What the launcher tells is recorded in its order, each by the step that it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from moving import START, Yard

from runyard.core.errors import LedgerUnavailable
from runyard.core.run import Outcome, Run, State
from runyard.engine.moves import Moves
from runyard.engine.supervisor import Supervisor
from runyard.executors.launcher.events import Ended, GoesOn, LauncherLost, Reconnected, Started, Waits
from runyard.store.database import ConstraintError
from runyard.store.store import open_store


@dataclass
class Watched:
    """A supervisor over a ledger in memory."""

    yard: Yard
    recorded: list[int] = field(default_factory=list)
    lost: int = 0
    troubles: int = 0  # so often the ledger takes nothing
    conflicts: int = 0  # so often somebody else has just changed what is recorded
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.change, recorded=self.recorded.append, lost=self.count_lost)

    def change(self, work: Callable[[Moves], None]) -> None:
        if self.troubles:
            self.troubles -= 1
            raise LedgerUnavailable("The disk is full.")
        if self.conflicts:
            self.conflicts -= 1
            raise ConstraintError("The folder is gone.")
        self.yard.change(work)

    def count_lost(self) -> None:
        self.lost += 1

    def hear(self, *events: object) -> None:
        """Have these recorded, as they may come while the ledger is busy: all at once."""
        for event in events:
            self.supervisor.tell(event)
        self.supervisor.start()
        self.supervisor.settle()
        self.supervisor.close()

    def start(self) -> tuple[Run, int]:
        run = self.yard.start()
        return run, self.yard.attempt(run).id


@pytest.fixture
def watched() -> Iterator[Watched]:
    store = open_store("sqlite://")
    yield Watched(Yard(store, places=1))
    store.close()


def test_a_process_begins_waits_and_gives_its_place(watched: Watched) -> None:
    run, number = watched.start()
    other, _ = watched.start()
    watched.hear(Started(attempt_id=number, pid=7, at=START), Waits(attempt_id=number, at=START + 1))

    assert watched.yard.attempt(run).waits_since == START + 1
    assert watched.yard.run(other).state is State.STARTING


def test_a_process_goes_on(watched: Watched) -> None:
    run, number = watched.start()
    watched.hear(
        Started(attempt_id=number, pid=7, at=START),
        Waits(attempt_id=number, at=START + 1),
        GoesOn(attempt_id=number, at=START + 2),
    )

    assert watched.yard.attempt(run).waits_since is None
    assert watched.yard.kinds(run)[2:] == ["running", "waits", "goes_on"]


def test_an_end_told_together_with_what_came_before_says_it_all(watched: Watched) -> None:
    run, number = watched.start()
    watched.hear(
        Started(attempt_id=number, pid=7, at=START),
        Waits(attempt_id=number, at=START + 1),
        Ended(attempt_id=number, at=START + 2, started_at=START, exit_code=0),
        GoesOn(attempt_id=number, at=START + 2),
    )

    assert watched.yard.run(run).outcome is Outcome.SUCCEEDED
    assert watched.yard.kinds(run)[2:] == ["running", "succeeded"]
    assert watched.recorded == [number]


def test_who_waited_before_the_line_broke_waits_only_if_that_is_told_again(watched: Watched) -> None:
    watched.yard.places = 2
    (one, first), (other, second) = watched.start(), watched.start()
    watched.hear(
        Started(attempt_id=first, pid=7, at=START),
        Waits(attempt_id=first, at=START + 1),
        Started(attempt_id=second, pid=8, at=START),
        Waits(attempt_id=second, at=START + 1),
        Reconnected(),
        Waits(attempt_id=first, at=START + 1),
    )

    assert [watched.yard.attempt(run).waits_since for run in (one, other)] == [START + 1, None]


def test_words_that_the_ledger_did_not_take_at_first_still_count_by_their_moments(watched: Watched) -> None:
    run, number = watched.start()
    watched.yard.begin(run)
    watched.troubles = 2  # together, then the first of them by itself
    watched.supervisor.tell(Waits(attempt_id=number, at=START + 1))
    watched.supervisor.tell(GoesOn(attempt_id=number, at=START + 2))
    watched.supervisor.start()
    watched.supervisor.settle()  # the first one is told again behind this
    watched.supervisor.settle()
    watched.supervisor.close()

    assert watched.yard.attempt(run).waits_since is None
    assert watched.yard.kinds(run)[-1] == "goes_on"


def test_what_is_of_no_attempt_is_recorded_nowhere(watched: Watched) -> None:
    run, _ = watched.start()
    watched.hear(LauncherLost(active=()))

    assert watched.lost == 1
    assert watched.yard.kinds(run) == ["queued", "starting"]


def test_an_end_is_recorded_though_somebody_else_changed_what_it_needs(watched: Watched) -> None:
    run, number = watched.start()
    watched.conflicts = 1
    watched.hear(Ended(attempt_id=number, at=START + 2, started_at=START, exit_code=0))

    assert watched.yard.run(run).outcome is Outcome.SUCCEEDED
    assert watched.recorded == [number]


def test_a_conflict_that_comes_again_holds_up_nobody_else(watched: Watched) -> None:
    _, number = watched.start()
    watched.conflicts = 2
    watched.hear(Ended(attempt_id=number, at=START + 2, started_at=START, exit_code=0), LauncherLost(active=()))

    assert (watched.recorded, watched.lost) == ([], 1)

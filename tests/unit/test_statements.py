"""Where a statement of a session may go: pure rules."""

from __future__ import annotations

import pytest

from runyard.core.errors import WrongState
from runyard.core.statement import Phase, Statement, cancelled, done, taken

WAITING = Statement(run_id=1, number=1, code="1", created_at=1)
OK = {"status": "ok", "text": "1\n", "count": 1}


def test_a_statement_is_taken_once_and_is_the_same_when_it_is_asked_for_again() -> None:
    first = taken(WAITING, now=5)

    assert (first.phase, first.started_at) == (Phase.RUNNING, 5)
    assert taken(first, now=9) is first


def test_the_first_word_of_what_came_of_it_counts() -> None:
    over = done(taken(WAITING, now=5), OK, now=6)

    assert (over.phase, over.output, over.ended_at) == (Phase.AVAILABLE, OK, 6)
    assert done(over, {"status": "cancelled"}, now=7) is over


def test_what_waits_is_cancelled_at_once_and_what_runs_when_its_session_lets_go() -> None:
    running = taken(WAITING, now=5)
    cancelling = cancelled(running, now=6)

    assert cancelled(WAITING, now=6).phase == Phase.CANCELLED
    assert cancelling.phase == Phase.CANCELLING
    assert done(cancelling, {"status": "cancelled"}, now=7).phase == Phase.CANCELLED
    assert done(cancelling, OK, now=7).phase == Phase.AVAILABLE  # it was quicker


def test_what_is_over_cannot_be_cancelled() -> None:
    with pytest.raises(WrongState, match="nothing to cancel"):
        cancelled(done(taken(WAITING, now=5), OK, now=6), now=7)

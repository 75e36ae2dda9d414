"""The schema refuses what cannot be, in each database, whatever the code above it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from records import (
    a_job,
    a_run,
    a_workspace,
    an_attempt,
    an_ended_attempt,
    an_ended_run,
    an_event,
    record,
)

from runyard.core.run import Outcome
from runyard.store.database import ConstraintError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runyard.store.ledger import Ledger
    from runyard.store.store import Store

NONSENSE = {
    "a state nobody knows": lambda ledger: ledger.add_run(a_run(5, state="lost")),
    "an outcome nobody knows": lambda ledger: ledger.add_run(an_ended_run(5, outcome="won")),
    "ended without an outcome": lambda ledger: ledger.add_run(an_ended_run(5, outcome=None)),
    "ended at no time": lambda ledger: ledger.add_run(an_ended_run(5, ended_at=None)),
    "an outcome before the end": lambda ledger: ledger.add_run(a_run(5, outcome=Outcome.FAILED)),
    "an end before the end": lambda ledger: ledger.add_run(a_run(5, ended_at=3)),
    "no such workspace": lambda ledger: ledger.add_run(a_run(5, workspace_id=9)),
    "a number below zero": lambda ledger: ledger.add_run(a_run(5, attempt=-1)),
    "an id no JSON reader keeps": lambda ledger: ledger.add_run(a_run(2**53)),
    "an id of zero": lambda ledger: ledger.add_run(a_run(0)),
    "no name": lambda ledger: ledger.add_run(a_run(5, job_name=None)),
    "the same run twice": lambda ledger: ledger.add_run(a_run(1)),
    "an attempt's state nobody knows": lambda ledger: ledger.add_attempt(an_attempt(5, state="lost")),
    "an attempt's outcome nobody knows": lambda ledger: ledger.add_attempt(an_ended_attempt(5, outcome="won")),
    "an attempt ended without an outcome": lambda ledger: ledger.add_attempt(an_ended_attempt(5, outcome=None)),
    "an attempt ended at no time": lambda ledger: ledger.add_attempt(an_ended_attempt(5, ended_at=None)),
    "an attempt that waits before it has a process": lambda ledger: ledger.add_attempt(an_attempt(5, waits_since=3)),
    "an attempt that waits and has ended": lambda ledger: ledger.add_attempt(an_ended_attempt(5, waits_since=3)),
    "an attempt of no run": lambda ledger: ledger.add_attempt(an_attempt(5, run_id=9)),
    "an attempt's number below zero": lambda ledger: ledger.add_attempt(an_attempt(5, number=-1)),
    "an attempt's number twice": lambda ledger: ledger.add_attempt(an_attempt(5)),
    "an attempt's id too large": lambda ledger: ledger.add_attempt(an_attempt(2**53, number=1)),
    "an event of no run": lambda ledger: ledger.add_event(an_event(5, run_id=9)),
    "a job of no workspace": lambda ledger: ledger.add_job(a_job(5, workspace_id=9)),
    "a job's limit below zero": lambda ledger: ledger.add_job(a_job(5, max_concurrent_runs=-1)),
    "a job's id too large": lambda ledger: ledger.add_job(a_job(2**53)),
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE.keys())
def test_the_schema_refuses_nonsense(store: Store, nonsense: Callable[[Ledger], Any]) -> None:
    record(store, a_workspace(), a_run(1), an_attempt(1))

    with pytest.raises(ConstraintError):
        store.write(nonsense)

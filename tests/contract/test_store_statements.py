"""Statements of sessions, in each database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from records import a_run, a_workspace, record

from runyard.core.statement import Phase, Statement
from runyard.store.database import ConstraintError
from runyard.store.store import Store


def statement(number: int, **fields: Any) -> Statement:
    return Statement(**{"run_id": 1, "number": number, "code": f"print({number})", "created_at": number, **fields})


def add(store: Store, one: Statement) -> None:
    store.write(lambda ledger: ledger.add_statement(one))


@pytest.fixture
def store(store: Store) -> Store:
    record(store, a_workspace(), a_run(1), a_run(2))
    return store


def test_a_statement_comes_back_as_it_was(store: Store) -> None:
    full = statement(2, phase=Phase.AVAILABLE, output={"status": "ok", "text": "é"}, started_at=5, ended_at=6)
    add(store, statement(1))
    add(store, full)

    assert store.read(lambda ledger: ledger.statement(1, 2)) == full
    assert store.read(lambda ledger: ledger.last_statement(1)) == full
    assert store.read(lambda ledger: ledger.statements(1, after=1, limit=9)) == [full]
    assert store.read(lambda ledger: ledger.last_statement(2)) is None


def test_the_next_statement_is_the_oldest_that_is_not_over(store: Store) -> None:
    over = statement(1, phase=Phase.CANCELLED, ended_at=3)
    running = statement(2, phase=Phase.RUNNING, started_at=4)
    for one in (over, running, statement(3)):
        add(store, one)
    assert store.write(lambda ledger: ledger.next_statement(1)) == running

    store.write(lambda ledger: ledger.save_statement(replace(running, phase=Phase.AVAILABLE, ended_at=9)))

    assert store.write(lambda ledger: ledger.next_statement(1)) == statement(3)


def test_no_number_is_given_twice_and_no_phase_is_made_up(store: Store) -> None:
    add(store, statement(1))

    for wrong in (statement(1), statement(2, phase="lost"), statement(1, run_id=9)):
        with pytest.raises(ConstraintError):
            add(store, wrong)

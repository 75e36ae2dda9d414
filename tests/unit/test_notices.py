"""Notices: recorded with the change they tell of, told in their time, never at a run's cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from triggering import MAIN, MINUTE_MS, SERVER, START, Scene, scene

from runyard.core.job import Task
from runyard.core.notice import LEASE_MS, WAITS_MS, Notice, What
from runyard.core.run import Outcome, Run
from runyard.engine.delivery import Undeliverable
from runyard.engine.moves import Moves
from runyard.engine.notices import Herald
from runyard.engine.outbox import Outbox
from runyard.engine.requests import Repairing

MAIL = [("email", "ann@example.org")]
BOTH = [*MAIL, ("webhook", "pager")]


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path / "home") as opened:
        yield opened


def a_run(yard: Scene, *tasks: Task, run: dict[str, Any] | None = None, **told: dict[str, Any]) -> Run:
    """Start a run of which others want to know: of the run, or of a task by its key."""
    tell = {**({"": run} if run else {}), **told}
    job = yard.job(tell=tell, tasks=tasks or (MAIN,))
    return yard.start(job)


def notices(yard: Scene, run: Run) -> list[Notice]:
    return yard.store.read(lambda ledger: ledger.notices(run.id))


def said(yard: Scene, run: Run) -> list[str]:
    return [str(one.body.get("subject", "alarm")) for one in notices(yard, run)]


def test_start_and_success_are_recorded_for_everybody_who_asked(yard: Scene) -> None:
    run = a_run(yard, run={"to": BOTH})
    before = said(yard, run)
    yard.begin(run)
    running = said(yard, run)
    yard.end(run)

    assert before == []
    assert running == ["run started", "run started"]
    assert said(yard, run)[2:] == ["run succeeded", "run succeeded"]
    assert [(one.channel, one.address) for one in notices(yard, run)[:2]] == BOTH
    assert notices(yard, run)[0].body == {"subject": "run started", "text": "text", "document": {"what": "started"}}


def test_a_start_that_is_known_with_the_end_alone_is_told_too(yard: Scene) -> None:
    second = Task(key="second", kind="python_script", depends_on=("first",))
    run = a_run(yard, Task(key="first", kind="python_script"), second, run={"to": MAIL}, second={"to": MAIL})
    for key in ("first", "second"):
        yard.end(run, key=key, started_at=START)

    assert said(yard, run) == ["run started", "second started", "second succeeded", "run succeeded"]


def test_a_run_whose_tasks_take_turns_starts_once(yard: Scene) -> None:
    second = Task(key="second", kind="python_script", depends_on=("first",))
    run = a_run(yard, Task(key="first", kind="python_script"), second, run={"to": MAIL})
    yard.begin(run, "first")
    yard.end(run, key="first")
    yard.begin(run, "second")
    yard.end(run, key="second")

    assert said(yard, run) == ["run started", "run succeeded"]


def test_a_failure_is_told_of_the_run_and_of_the_task(yard: Scene) -> None:
    run = a_run(yard, run={"to": MAIL, "of": ["failed"]}, main={"to": MAIL, "of": ["failed"]})
    yard.begin(run)
    yard.end(run, Outcome.FAILED)

    assert sorted(said(yard, run)) == ["main failed", "run failed"]
    assert {one.attempt_id for one in notices(yard, run)} == {None, yard.attempt(run)}


def test_a_retried_failure_is_told_of_the_task_and_not_of_the_run(yard: Scene) -> None:
    task = Task(key="main", kind="python_script", max_retries=1)
    run = a_run(yard, task, run={"to": MAIL}, main={"to": MAIL})
    for outcome in (Outcome.FAILED, Outcome.SUCCEEDED):
        yard.begin(run)
        yard.end(run, outcome)

    of_run = [text for text in said(yard, run) if text.startswith("run")]
    assert of_run == ["run started", "run succeeded"]
    assert [text for text in said(yard, run) if text.startswith("main")] == [
        "main started", "main failed", "main started", "main succeeded",
    ]  # fmt: skip


def test_only_the_last_attempt_alerts_where_that_is_asked_for(yard: Scene) -> None:
    task = Task(key="main", kind="python_script", max_retries=1)
    run = a_run(yard, task, main={"to": MAIL, "of_every_attempt": False})
    for _ in range(2):
        yard.begin(run)
        yard.end(run, Outcome.FAILED)

    assert said(yard, run) == ["main started", "main failed"]


@pytest.mark.parametrize(("muted", "told"), [({}, ["run failed"]), ({"of_cancelled": False}, [])])
def test_cancelled_runs_can_be_muted(yard: Scene, muted: dict[str, bool], told: list[str]) -> None:
    run = a_run(yard, run={"to": MAIL, **muted})
    yard.engine.stop_run(yard.workspace, run.id)

    assert said(yard, run) == told


@pytest.mark.parametrize(("muted", "told"), [({}, ["run failed"]), ({"of_skipped": False}, [])])
def test_skipped_runs_can_be_muted(yard: Scene, muted: dict[str, bool], told: list[str]) -> None:
    job = yard.job(limit=0, tell={"": {"to": MAIL, **muted}})
    run = yard.start(job)

    assert run.phase == "skipped"
    assert said(yard, run) == told


@pytest.mark.parametrize(("muted", "told"), [({}, ["second failed"]), ({"of_skipped": False}, [])])
def test_a_task_that_never_ran_counts_as_skipped(yard: Scene, muted: dict[str, bool], told: list[str]) -> None:
    second = Task(key="second", kind="python_script", depends_on=("first",))
    run = a_run(yard, Task(key="first", kind="python_script"), second, second={"to": MAIL, **muted})
    yard.begin(run, "first")
    yard.end(run, Outcome.FAILED, key="first")

    assert said(yard, run) == told


def test_a_repaired_run_is_told_of_anew(yard: Scene) -> None:
    run = a_run(yard, run={"to": MAIL})
    yard.begin(run)
    yard.end(run, Outcome.FAILED)
    yard.engine.repair_run(yard.workspace, run.id, Repairing(task_keys=["main"]))
    yard.begin(run)
    yard.end(run)

    assert said(yard, run) == ["run started", "run failed", "run started", "run succeeded"]


def test_wishes_that_cannot_be_read_cost_the_run_nothing(yard: Scene) -> None:
    run = a_run(yard, run={"to": "nonsense"}, main={"to": MAIL, "of": ["no such event"]})
    yard.begin(run)
    yard.end(run)

    assert yard.engine.run(yard.workspace, run.id).phase == "succeeded"
    assert notices(yard, run) == []


def test_words_that_cannot_be_found_cost_the_run_nothing(yard: Scene) -> None:
    def speechless(_: object) -> Any:
        raise KeyError("words")

    run = a_run(yard, run={"to": MAIL})
    plain = yard.engine.languages["plain"].herald
    assert plain is not None
    heralds = {"plain": Herald(wishes=plain.wishes, message=speechless)}
    yard.begin(run)
    attempt = yard.attempt(run)

    def end(ledger: Any) -> None:
        moves = Moves(ledger=ledger, ids=yard.ids, clock=yard.clock, owner=SERVER, places=9, heralds=heralds)
        moves.finished(attempt, Outcome.SUCCEEDED, at=START, facts={})

    yard.store.write(end)

    assert yard.engine.run(yard.workspace, run.id).phase == "succeeded"
    assert said(yard, run) == ["run started"]


# taking too long


def test_a_run_that_takes_too_long_is_told_once_and_noted(yard: Scene) -> None:
    run = a_run(yard, run={"to": MAIL, "of": ["late"], "late_after_ms": MINUTE_MS})
    yard.begin(run)
    yard.pass_ms(MINUTE_MS - 1)
    yard.tell()
    before = said(yard, run)
    yard.pass_ms(1)
    yard.tell()
    yard.tell()

    assert before == ["alarm"]
    assert said(yard, run) == ["alarm", "run late"]
    assert yard.events(run).count("late") == 1


def test_a_run_that_was_in_time_sounds_no_alarm(yard: Scene) -> None:
    run = a_run(yard, run={"to": MAIL, "of": ["late"], "late_after_ms": MINUTE_MS})
    yard.begin(run)
    yard.end(run)
    yard.pass_ms(2 * MINUTE_MS)
    yard.tell()

    assert notices(yard, run) == []
    assert "late" not in yard.events(run)


def test_a_task_has_an_alarm_of_its_own_even_if_nobody_is_told(yard: Scene) -> None:
    run = a_run(yard, main={"to": [], "late_after_ms": MINUTE_MS})
    yard.begin(run)
    yard.pass_ms(MINUTE_MS)
    yard.tell()
    late = [event for event in yard.engine.events(run) if event.kind == "late"]

    assert [(event.attempt_id, event.detail) for event in late] == [(yard.attempt(run), {"after_ms": MINUTE_MS})]


# the outbox


class Listener:
    """Takes notices, or refuses them with the given errors first."""

    def __init__(self, *errors: Exception) -> None:
        self.heard: list[Notice] = []
        self.errors = list(errors)

    def __call__(self, notice: Notice) -> None:
        self.heard.append(notice)
        if self.errors:
            raise self.errors.pop(0)


def outbox(yard: Scene, listener: Listener) -> Outbox:
    return Outbox(yard.store, listener, heralds={}, ids=yard.ids, clock=yard.clock)


def a_failed_run(yard: Scene) -> Run:
    run = a_run(yard, run={"to": MAIL, "of": ["failed"]})
    yard.begin(run)
    yard.end(run, Outcome.FAILED)
    return run


def test_what_was_told_is_not_told_again(yard: Scene) -> None:
    run, listener = a_failed_run(yard), Listener()
    for _ in range(2):
        outbox(yard, listener).do_what_is_due()

    assert len(listener.heard) == 1
    assert [(one.told_at, one.due_at, one.tries) for one in notices(yard, run)] == [(START, None, 1)]


def test_it_is_tried_again_later_and_later_until_it_is_told(yard: Scene) -> None:
    run = a_failed_run(yard)
    listener = Listener(Undeliverable("busy", is_final=False), OSError("no way"))
    box = outbox(yard, listener)
    box.do_what_is_due()
    waiting = notices(yard, run)[0]
    yard.pass_ms(WAITS_MS[0] - 1)
    box.do_what_is_due()
    tries = [len(listener.heard)]
    for wait in (1, WAITS_MS[1]):
        yard.pass_ms(wait)
        box.do_what_is_due()
        tries.append(len(listener.heard))

    assert (waiting.due_at, waiting.trouble) == (START + WAITS_MS[0], "busy")
    assert tries == [1, 2, 3]
    assert notices(yard, run)[0].told_at is not None
    assert notices(yard, run)[0].trouble is None
    assert "not_told" not in yard.events(run)


def test_after_the_last_try_the_run_says_that_nobody_was_told(yard: Scene) -> None:
    run = a_failed_run(yard)
    listener = Listener(*[Undeliverable("busy", is_final=False)] * 99)
    box = outbox(yard, listener)
    for _ in range(len(WAITS_MS) + 3):
        box.do_what_is_due()
        yard.pass_ms(WAITS_MS[-1])
    (event,) = [event for event in yard.engine.events(run) if event.kind == "not_told"]

    assert len(listener.heard) == len(WAITS_MS) + 1
    assert event.detail == {"what": "failed", "channel": "email", "to": "ann@example.org", "message": "busy"}
    assert yard.engine.run(yard.workspace, run.id).phase == "failed"


def test_what_can_never_be_told_is_given_up_at_once(yard: Scene) -> None:
    run = a_failed_run(yard)
    outbox(yard, Listener(Undeliverable("no such place", is_final=True))).do_what_is_due()

    assert notices(yard, run)[0].due_at is None
    assert yard.events(run)[-1] == "not_told"


def test_a_server_that_dies_over_a_notice_leaves_it_to_the_next(yard: Scene) -> None:
    run = a_failed_run(yard)
    (notice,) = notices(yard, run)
    yard.store.write(lambda ledger: ledger.take_notice(notice, until=START + LEASE_MS))
    listener = Listener()
    box = outbox(yard, listener)
    box.do_what_is_due()
    early = len(listener.heard)
    yard.pass_ms(LEASE_MS)
    box.do_what_is_due()

    assert early == 0
    assert [one.tries for one in listener.heard] == [2]


def test_a_notice_of_a_run_that_is_gone_is_told_and_forgotten(yard: Scene) -> None:
    run, listener = a_failed_run(yard), Listener(Undeliverable("busy", is_final=False))
    yard.engine.delete_run(yard.workspace, run.id)
    box = outbox(yard, listener)
    box.do_what_is_due()
    waiting = notices(yard, run)
    yard.pass_ms(WAITS_MS[0])
    box.do_what_is_due()

    assert [one.what for one in waiting] == [What.FAILED]
    assert notices(yard, run) == []


def test_one_destination_that_breaks_does_not_hold_up_the_others(yard: Scene) -> None:
    run = a_run(yard, run={"to": BOTH, "of": ["failed"]})
    yard.begin(run)
    yard.end(run, Outcome.FAILED)
    outbox(yard, Listener(RuntimeError("a defect"))).do_what_is_due()

    assert sorted(one.told_at is not None for one in notices(yard, run)) == [False, True]

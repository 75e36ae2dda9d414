"""Records, with every change of a run, whom somebody outside must tell of it; outbox.py does the telling."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from runyard.core.ids import Ids
from runyard.core.notice import NONE, Channel, Message, Notice, What, Wishes, what_ended, what_happened
from runyard.core.run import Attempt, Event, Run, State
from runyard.store.ledger import Ledger

if TYPE_CHECKING:
    from runyard.engine.transaction import Transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What a language must find words for."""

    what: What
    run: Run
    attempt: Attempt | None = None  # None: it is about the whole run
    after_ms: int | None = None  # how long it has taken, where it takes too long


@dataclass(frozen=True, kw_only=True)
class Herald:
    """Who wants to know of the runs of a language, and how it is said."""

    wishes: Callable[[Run, str | None], Wishes]  # of the run, or of the task of that key
    message: Callable[[Happening], Message]


def run_changed(transaction: Transaction, run: Run, *, seen: Run | None = None) -> None:
    """Record what a new state of a run is told as, to everybody who wants to know."""
    herald = transaction.heralds.get(run.language)
    if herald is None or not run.is_listed or (seen is not None and seen.state is run.state):
        return
    wishes = _wishes(herald, run, None)
    what = what_ended(run.outcome, wishes) if run.outcome else What.STARTED if run.state is State.RUNNING else None
    _record(transaction, herald, wishes, what=what, run=run)


def attempt_changed(transaction: Transaction, run: Run, attempt: Attempt, *, seen: State) -> None:
    """Record what a move of an attempt is told as, to everybody who wants to know."""
    herald = transaction.heralds.get(run.language)
    if herald is None or not run.is_listed or attempt.state not in {State.RUNNING, State.ENDED}:
        return
    wishes = _wishes(herald, run, attempt.task_key)
    task = next(task for task in run.tasks if task.key == attempt.task_key)
    what = what_happened(task, seen, attempt, wishes) if wishes else None
    _record(transaction, herald, wishes, what=what, run=run, attempt=attempt)


def begun(transaction: Transaction, run: Run, attempt: Attempt) -> None:
    """Record what the beginning of an attempt is told as, and perhaps of its run, where it is known with its end."""
    attempt_changed(transaction, run, replace(attempt, state=State.RUNNING), seen=attempt.state)
    run_changed(transaction, replace(run, state=State.RUNNING), seen=run)


def _wishes(herald: Herald, run: Run, task_key: str | None) -> Wishes:
    try:
        return herald.wishes(run, task_key)
    except Exception:  # outermost of a notice: nothing about telling may cost a run its record
        log.exception("who wants to know of run %d could not be read", run.id)
        return NONE


def _record(
    transaction: Transaction,
    herald: Herald,
    wishes: Wishes,
    *,
    what: What | None,
    run: Run,
    attempt: Attempt | None = None,
) -> None:
    if what is not None:
        happening = Happening(what=what, run=run, attempt=attempt)
        _tell(transaction.ledger, herald, wishes, happening, ids=transaction.ids, now=transaction.clock())
        transaction.noticed |= what in wishes.addresses
    is_running = (attempt or run).state is State.RUNNING
    if wishes.late_after_ms is not None and is_running:
        _set_alarm(transaction, run, attempt, after_ms=wishes.late_after_ms)
        transaction.noticed = True


def _tell(ledger: Ledger, herald: Herald, wishes: Wishes, happening: Happening, *, ids: Ids, now: int) -> None:
    """Put a notice for everybody who wants to know into the outbox."""
    addresses = wishes.addresses.get(happening.what, ())
    message = _message(herald, happening) if addresses else None
    for address in addresses if message else ():
        notice = _notice(happening.run, happening.attempt, happening.what, id=ids.next(), due_at=now, created_at=now)
        name, body = f"{notice.name}/{address.channel}/{address.to}", _body(message)
        ledger.add_notice(replace(notice, name=name, channel=address.channel, address=address.to, body=body))


def _message(herald: Herald, happening: Happening) -> Message | None:
    try:
        return herald.message(happening)
    except Exception:  # outermost of a notice: nothing about telling may cost a run its record
        log.exception("what happened to run %d could not be put into words", happening.run.id)
        return None


def _body(message: Message | None) -> Mapping[str, Any]:
    return {"subject": message.subject, "text": message.text, "document": message.document} if message else {}


def _set_alarm(transaction: Transaction, run: Run, attempt: Attempt | None, *, after_ms: int) -> None:
    now = transaction.clock()
    due_at = now + after_ms
    alarm = _notice(run, attempt, What.LATE, id=transaction.ids.next(), due_at=due_at, created_at=now)
    transaction.ledger.add_notice(replace(alarm, name=f"{alarm.name}/alarm", body={"after_ms": after_ms}))


def _notice(run: Run, attempt: Attempt | None, what: What, **facts: Any) -> Notice:
    """Return a notice named after what it is about: one is made of each round of a run, and of each attempt."""
    about = f"round {run.repairs}" if attempt is None else f"attempt {attempt.id}"
    return Notice(
        run_id=run.id,
        attempt_id=attempt.id if attempt else None,
        name=f"{about}/{what}",
        what=what,
        channel=Channel.ALARM,
        address="",
        **facts,
    )


def sound(ledger: Ledger, heralds: Mapping[str, Herald], alarm: Notice, *, ids: Ids, now: int) -> None:
    """Say that a run or task takes longer than it should, unless it has ended."""
    run = ledger.run_anywhere(alarm.run_id)
    attempt = ledger.attempt(alarm.attempt_id) if alarm.attempt_id else None
    if run is None or run.state is State.ENDED or (alarm.attempt_id and (not attempt or attempt.ended_at)):
        ledger.remove_notice(alarm.id)
        return
    after_ms = alarm.body["after_ms"]
    add_event(ledger, alarm, "late", {"after_ms": after_ms}, id_=ids.next(), at=now)
    if (herald := heralds.get(run.language)) is not None:
        wishes = _wishes(herald, run, attempt.task_key if attempt else None)
        happening = Happening(what=What.LATE, run=run, attempt=attempt, after_ms=after_ms)
        _tell(ledger, herald, wishes, happening, ids=ids, now=now)
    ledger.save_notice(replace(alarm, due_at=None, told_at=now))


def add_event(ledger: Ledger, notice: Notice, kind: str, detail: Mapping[str, Any], *, id_: int, at: int) -> None:
    """Append an event about a notice to its run, if that is still there."""
    if ledger.run_anywhere(notice.run_id) is not None:
        event = Event(id=id_, run_id=notice.run_id, attempt_id=notice.attempt_id, at=at, kind=kind, detail=detail)
        ledger.add_event(event)

"""Triggers that wait for runs of other triggers, for events, or for somebody who asks: pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from records import an_ended_run

from runyard.core import trigger as triggers
from runyard.core.chain import MOST_CHAINS
from runyard.core.errors import InvalidRequest
from runyard.core.run import Outcome, Run
from runyard.core.sight import Seen
from runyard.core.trigger import Trigger, Wish

BOTH: Mapping[str, Any] = {
    "needs": "all",
    "conditions": [{"job": "a", "outcomes": ["succeeded"]}, {"job": "b", "outcomes": ["failed", "crashed"]}],
}
EITHER = {**BOTH, "needs": "any"}


def trigger(kind: str, spec: Mapping[str, Any], **fields: Any) -> Trigger:
    return Trigger(id=7, workspace_id=1, kind=kind, spec=spec, created_at=1, updated_at=1, **fields)


def ended(job: str, outcome: Outcome = Outcome.SUCCEEDED, *, root: str = "r", id_: int = 1) -> Run:
    return an_ended_run(id_, job_name=job, outcome=outcome, started_by={"root": root})


def look(one: Trigger, now: int, **seen: Any) -> tuple[Trigger, Mapping[str, Any] | None]:
    after = triggers.look(one, Seen(now=now, **seen))
    return replace(after, pending=None), after.pending


def test_all_conditions_must_be_met_in_one_chain() -> None:
    waiting = trigger("job_states", BOTH)
    waiting = triggers.hear(waiting, ended("a"), now=10)
    waiting = triggers.hear(waiting, ended("b", Outcome.FAILED, root="another"), now=11)
    waiting = triggers.hear(waiting, ended("b", Outcome.SUCCEEDED), now=12)
    assert waiting.next_at is None

    ready = triggers.hear(waiting, ended("b", Outcome.CRASHED, id_=5), now=13)
    after, pending = look(ready, 14)

    assert ready.next_at == 13
    assert pending is not None
    assert pending["started_by"]["root"] == "r"
    assert [one["job_name"] for one in pending["started_by"]["predecessors"]] == ["a", "b"]
    assert after.next_at is None


def test_a_chain_fires_a_trigger_once() -> None:
    first = triggers.hear(trigger("job_states", EITHER), ended("a"), now=10)
    after, pending = look(first, 10)
    again = triggers.hear(after, ended("b", Outcome.FAILED), now=20)

    assert pending is not None
    assert again.next_at is None


def test_two_chains_that_are_ready_at_once_fire_one_after_the_other_under_different_keys() -> None:
    ready = triggers.hear(trigger("job_states", EITHER), ended("a", root="one"), now=10)
    ready = triggers.hear(ready, ended("a", root="two"), now=10)
    ready, first = look(ready, 10)
    ready, second = look(ready, 11)

    assert first is not None
    assert second is not None
    assert [one["started_by"]["root"] for one in (first, second)] == ["one", "two"]
    assert first["key"] != second["key"]
    assert ready.next_at is None


def test_chains_that_never_come_to_their_end_are_forgotten_in_time() -> None:
    one = trigger("job_states", BOTH)
    for number in range(MOST_CHAINS + 5):
        one = triggers.hear(one, ended("a", root=f"chain {number}"), now=number)

    assert len(one.memory["chains"]) == MOST_CHAINS
    assert "chain 4" not in one.memory["chains"]


def test_who_asks_twice_gets_two_firings() -> None:
    asked = triggers.ask(triggers.ask(trigger("on_demand", {}), now=10), now=10)
    asked, first = look(asked, 10)
    asked, second = look(asked, 11)
    asked = triggers.ask(asked, now=5)
    _, third = look(asked, 12)

    assert first is not None
    assert second is not None
    assert third is not None
    assert len({first["key"], second["key"], third["key"]}) == 3


def test_events_fire_as_batches_that_are_full_or_have_waited_long_enough() -> None:
    spec = {"size": 2, "window_ms": 1000}
    one = triggers.receive(trigger("events", spec), ["a"], now=10)
    assert one.next_at == 1010
    one = triggers.receive(one, ["b", "c"], now=20)
    assert one.next_at == 20

    one, full = look(one, 20)
    late, timed = look(one, one.next_at or 0)

    assert full is not None
    assert full["started_by"]["events"] == ["a", "b"]
    assert one.next_at == 1020
    assert timed is not None
    assert timed["started_by"] == {"kind": "events", "at": 1020, "events": ["c"], "window_ms": 1000}
    assert late.next_at is None


def test_new_files_are_events_and_those_that_lay_there_before_are_not() -> None:
    spec = {"size": 1, "window_ms": 1000, "url": "s3://in/"}
    one, nothing = look(trigger("events", spec, next_at=10), 10, poll_ms=50, files={"old": 1})
    assert nothing is None
    assert one.next_at == 60

    _, pending = look(one, 60, poll_ms=50, files={"old": 1, "new": 2})

    assert pending is not None
    assert pending["started_by"]["events"] == ["new"]


def test_an_aws_schedule_fires_in_utc_and_once_for_what_was_missed() -> None:
    spec = {"expression": "cron(0 * * * ? *)"}
    first = triggers.first_at(Wish(kind="aws_schedule", spec=spec), now=1_800_000_000_000)
    assert first == 1_800_000_000_000 + 3_600_000

    after, pending = look(trigger("aws_schedule", spec, next_at=first), first + 2 * 3_600_000 + 5)

    assert pending is not None
    assert pending["started_by"]["at"] == first + 2 * 3_600_000
    assert after.next_at == first + 3 * 3_600_000


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("job_states", {"needs": "all", "conditions": []}),
        ("job_states", {"needs": "some", "conditions": [{}]}),
        ("events", {"size": 0, "window_ms": 1}),
        ("events", {"size": 101, "window_ms": 1}),
        ("events", {"size": 1, "window_ms": 900_001}),
        ("aws_schedule", {"expression": "0 0 * * * ?"}),
    ],
)
def test_what_could_never_fire_as_meant_is_refused(kind: str, spec: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        triggers.check(Wish(kind=kind, spec=spec))


def test_a_trigger_that_is_activated_again_forgets_what_came_before() -> None:
    heard = triggers.hear(trigger("job_states", BOTH), ended("a"), now=10)

    anew = triggers.activated(triggers.paused(heard, now=11), now=12)

    assert triggers.hear(triggers.paused(heard, now=11), ended("b", Outcome.FAILED), now=12).next_at is None
    assert anew.memory == {}
    assert not anew.is_paused

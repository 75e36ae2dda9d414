"""When each kind of trigger fires, from what it remembers and sees; nothing but values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_run

from runyard.core import trigger as triggers
from runyard.core.continuity import LONGEST_MS, retried, wait_ms
from runyard.core.errors import InvalidRequest
from runyard.core.job import Task
from runyard.core.run import Outcome, State
from runyard.core.sight import Seen
from runyard.core.trigger import Trigger, Wish

MINUTE_MS = 60_000
HOURLY = Wish(kind="cron", spec={"expression": "0 0 * * * ?", "time_zone": "UTC"})


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOON = ms("2027-01-15T12:00:00")


def armed(wish: Wish, *, now: int = NOON, **facts: Any) -> Trigger:
    triggers.check(wish)
    return Trigger(
        id=5, workspace_id=1, job_id=9, kind=wish.kind, spec=wish.spec, is_paused=wish.is_paused,
        created_at=now, updated_at=now, **{"next_at": triggers.first_at(wish, now=now), **facts},
    )  # fmt: skip


def fired(trigger: Trigger) -> Any:
    return trigger.pending and trigger.pending["started_by"]


# by the clock


def test_a_schedule_fires_at_its_moment_and_is_armed_for_the_next() -> None:
    trigger = armed(HOURLY)
    after = triggers.look(trigger, Seen(now=ms("2027-01-15T13:00:00")))

    assert trigger.next_at == ms("2027-01-15T13:00:00")
    assert fired(after) == {"kind": "schedule", "at": ms("2027-01-15T13:00:00")}
    assert after.next_at == ms("2027-01-15T14:00:00")


def test_moments_that_were_missed_fire_once_for_the_latest() -> None:
    after = triggers.look(armed(HOURLY), Seen(now=ms("2027-01-18T09:30:00")))

    assert fired(after) == {"kind": "schedule", "at": ms("2027-01-18T09:00:00")}
    assert after.next_at == ms("2027-01-18T10:00:00")


def test_a_schedule_of_each_second_finds_the_latest_of_a_year_at_once() -> None:
    wish = Wish(kind="cron", spec={"expression": "* * * * * ?", "time_zone": "UTC"})
    after = triggers.look(armed(wish), Seen(now=ms("2028-01-15T12:00:00") + 1))

    assert fired(after)["at"] == ms("2028-01-15T12:00:00")


@given(late_ms=st.integers(0, 40 * 24 * 60 * MINUTE_MS))
def test_the_latest_missed_moment_is_never_in_the_future_nor_an_hour_old(late_ms: int) -> None:
    trigger = armed(HOURLY)
    now = (trigger.next_at or 0) + late_ms
    at = fired(triggers.look(trigger, Seen(now=now)))["at"]

    assert 0 <= now - at < 60 * MINUTE_MS
    assert at % (60 * MINUTE_MS) == 0


def test_a_schedule_keeps_to_the_clock_of_its_zone() -> None:
    spec = {"expression": "0 30 2 * * ?", "time_zone": "Europe/Berlin"}
    trigger = armed(Wish(kind="cron", spec=spec), now=ms("2027-03-27T12:00:00"))

    assert trigger.next_at == ms("2027-03-29T00:30:00")  # on the 28th the clock jumps over 2:30


def test_a_schedule_without_another_moment_fires_no_more() -> None:
    trigger = armed(Wish(kind="cron", spec={"expression": "0 0 13 15 1 ? 2027", "time_zone": "UTC"}))

    assert triggers.look(trigger, Seen(now=trigger.next_at or 0)).next_at is None


def test_a_period_keeps_its_beat_after_moments_were_missed() -> None:
    trigger = armed(Wish(kind="periodic", spec={"interval": 10, "unit": "minutes"}))
    after = triggers.look(trigger, Seen(now=NOON + 35 * MINUTE_MS))

    assert trigger.next_at == NOON + 10 * MINUTE_MS
    assert fired(after) == {"kind": "periodic", "at": NOON + 30 * MINUTE_MS}
    assert after.next_at == NOON + 40 * MINUTE_MS


@pytest.mark.parametrize(("unit", "length"), [("hours", 3_600_000), ("days", 86_400_000), ("weeks", 7 * 86_400_000)])
def test_a_period_counts_in_its_unit(unit: str, length: int) -> None:
    assert armed(Wish(kind="periodic", spec={"interval": 2, "unit": unit})).next_at == NOON + 2 * length


def test_a_paused_trigger_has_no_moment() -> None:
    assert armed(replace(HOURLY, is_paused=True)).next_at is None


def test_each_moment_has_a_name_of_its_own() -> None:
    first = triggers.look(armed(HOURLY), Seen(now=ms("2027-01-15T13:00:00")))
    second = triggers.look(first, Seen(now=ms("2027-01-15T14:00:00")))

    assert first.pending
    assert second.pending
    assert first.pending["key"] == f"trigger:5:{ms('2027-01-15T13:00:00')}"
    assert first.pending["key"] != second.pending["key"]


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (Wish(kind="moon", spec={}), "'moon' is no kind of trigger"),
        (Wish(kind="cron", spec={"expression": "0 0 25 * * ?", "time_zone": "UTC"}), "25"),
        (Wish(kind="cron", spec={"expression": "0 0 1 * * ?", "time_zone": "Mars"}), "Mars"),
        (Wish(kind="periodic", spec={"interval": 0, "unit": "hours"}), "interval"),
        (Wish(kind="periodic", spec={"interval": 1, "unit": "moons"}), "moons"),
        (Wish(kind="continuous", spec={"task_retries": "sometimes"}), "sometimes"),
        (Wish(kind="file_arrival", spec={"url": "s3://b/", "rest_ms": 59_000}), "59 s"),
        (Wish(kind="table_update", spec={"tables": [], "needs": "any"}), "1 to 10 tables"),
        (Wish(kind="table_update", spec={"tables": ["t"], "needs": "some"}), "some"),
        (Wish(kind="job_completion", spec={"jobs": list(range(11)), "ending": "done"}), "1 to 10 jobs"),
        (Wish(kind="job_completion", spec={"jobs": [1], "ending": "somehow"}), "somehow"),
    ],
)
def test_what_could_never_fire_as_meant_is_refused_with_the_value(wish: Wish, text: str) -> None:
    with pytest.raises(InvalidRequest, match=text):
        triggers.check(wish)


# always

ALWAYS = Wish(kind="continuous", spec={"task_retries": "as_written"})


def an_end(outcome: Outcome, *, job_id: int = 9, run_id: int = 70, ended_at: int = NOON) -> Any:
    return a_run(run_id, job_id=job_id, state=State.ENDED, outcome=outcome, ended_at=ended_at)


def test_a_continuous_trigger_fires_at_once_and_waits_for_the_end() -> None:
    after = triggers.look(armed(ALWAYS), Seen(now=NOON))

    assert fired(after) == {"kind": "continuous", "at": NOON, "task_retries": "as_written"}
    assert after.next_at is None


def test_a_continuous_trigger_leaves_a_busy_job_alone() -> None:
    after = triggers.look(armed(ALWAYS), Seen(now=NOON, is_busy=True))

    assert after.pending is None
    assert after.next_at is None


def test_failures_put_the_next_run_off_longer_and_longer_and_a_success_ends_that() -> None:
    trigger = armed(ALWAYS, next_at=None)
    waits = []
    for outcome in (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CRASHED, Outcome.SUCCEEDED, Outcome.FAILED):
        trigger = triggers.hear(trigger, an_end(outcome), now=NOON)
        waits.append((trigger.next_at or 0) - NOON)

    assert waits == [10_000, 20_000, 40_000, 2_000, 10_000]
    assert trigger.memory["failures"] == 1
    assert trigger.memory["retry_at"] == NOON + 10_000


def test_a_cancelled_run_is_replaced_without_delay() -> None:
    after = triggers.hear(armed(ALWAYS, next_at=None), an_end(Outcome.CANCELLED), now=NOON)

    assert after.next_at == NOON + 2_000
    assert after.memory["failures"] == 0


def test_the_back_off_has_an_end() -> None:
    assert wait_ms(1000) == LONGEST_MS


def test_a_paused_continuous_trigger_does_not_listen() -> None:
    trigger = armed(replace(ALWAYS, is_paused=True))

    assert triggers.hear(trigger, an_end(Outcome.FAILED), now=NOON) is trigger


def test_a_continuous_run_that_cannot_be_started_is_tried_again() -> None:
    after = triggers.done(triggers.look(armed(ALWAYS), Seen(now=NOON)), None, "no such file", now=NOON)

    assert after.pending is None
    assert after.next_at == NOON + 10_000
    assert after.memory["history"]["failed"] == {"at": NOON, "text": "no such file"}


@pytest.mark.parametrize(("mode", "retries"), [("never", 0), ("on_failure", 3), ("as_written", 7)])
def test_tasks_of_a_continuous_run_are_retried_as_its_trigger_says(mode: str, retries: int) -> None:
    tasks = [Task(key="main", kind="python_script", max_retries=7)]

    assert [task.max_retries for task in retried(tasks, {"task_retries": mode})] == [retries]
    assert retried(tasks, {"kind": "schedule"}) == tuple(tasks)


# files

FILES = Wish(kind="file_arrival", spec={"url": "s3://in/"})


def seen_files(minutes: float, **files: float) -> Seen:
    """Return what lies there that many minutes after noon, each file changed so many minutes after noon."""
    changed = {name: NOON + int(at * MINUTE_MS) for name, at in files.items()}
    return Seen(now=NOON + int(minutes * MINUTE_MS), files=changed)


def watched(wish: Wish, *sights: Seen) -> list[Any]:
    """Return what the trigger fired with at each sight; None where it did not."""
    trigger, firings = armed(wish), []
    for sight in sights:
        trigger = triggers.look(replace(trigger, pending=None), sight)
        firings.append(fired(trigger))
    return firings


def test_files_that_lay_there_before_are_not_new() -> None:
    assert watched(FILES, seen_files(0, old=-9), seen_files(1, old=-9)) == [None, None]


def test_a_new_file_fires_once_with_the_place() -> None:
    firings = watched(FILES, seen_files(0), seen_files(1, a=0.5), seen_files(2, a=0.5))

    assert firings == [None, {"kind": "file_arrival", "location": "s3://in/", "at": NOON + MINUTE_MS}, None]


def test_files_that_came_together_fire_together() -> None:
    firings = watched(FILES, seen_files(0), seen_files(1, a=0.5, b=0.6), seen_files(2, a=0.5, b=0.6))

    assert [one is not None for one in firings] == [False, True, False]


def test_a_file_written_again_under_its_name_is_not_new_but_one_that_came_back_is() -> None:
    again = watched(FILES, seen_files(0, a=-9), seen_files(1, a=0.5))
    back = watched(FILES, seen_files(0, a=-9), seen_files(1), seen_files(2, a=1.5))

    assert again == [None, None]
    assert [one is not None for one in back] == [False, False, True]


def test_it_waits_until_nothing_more_comes() -> None:
    patient = Wish(kind="file_arrival", spec={"url": "s3://in/", "quiet_ms": 3 * MINUTE_MS})
    files = {"a": 0.5, "b": 2.5}
    firings = watched(
        patient,
        seen_files(0),
        seen_files(1, a=0.5),
        seen_files(3, **files),
        seen_files(5, **files),
        seen_files(6, **files),
    )

    assert [one is not None for one in firings] == [False, False, False, False, True]


def test_it_rests_between_two_firings_and_forgets_nothing_that_came_meanwhile() -> None:
    rare = Wish(kind="file_arrival", spec={"url": "s3://in/", "rest_ms": 10 * MINUTE_MS})
    both = {"a": 0.5, "b": 1.5}
    firings = watched(
        rare,
        seen_files(0),
        seen_files(1, a=0.5),
        seen_files(2, **both),
        seen_files(10.9, **both),
        seen_files(11, **both),
    )

    assert [one is not None for one in firings] == [False, True, False, False, True]


def test_it_looks_again_as_soon_as_its_wait_is_over() -> None:
    patient = Wish(kind="file_arrival", spec={"url": "s3://in/", "quiet_ms": MINUTE_MS})
    trigger = triggers.look(armed(patient), seen_files(0))
    after = triggers.look(trigger, replace(seen_files(1, a=0.5), poll_ms=10 * MINUTE_MS))

    assert after.next_at == NOON + 2 * MINUTE_MS
    assert after.memory["history"]["waited"]["text"].startswith("Something new has come")


def test_too_many_files_are_refused_with_a_way_out() -> None:
    many = Seen(now=NOON, files={f"f{number}": NOON for number in range(10_001)})

    with pytest.raises(InvalidRequest, match="10001 files, more than the 10000"):
        triggers.look(armed(FILES), many)


# tables


def seen_tables(minutes: int, **marks: str) -> Seen:
    return Seen(now=NOON + minutes * MINUTE_MS, tables=marks)


ANY = Wish(kind="table_update", spec={"tables": ["a", "b"], "needs": "any"})
ALL = Wish(kind="table_update", spec={"tables": ["a", "b"], "needs": "all"})


def test_a_changed_table_fires_with_its_name() -> None:
    firings = watched(ANY, seen_tables(0, a="1", b="1"), seen_tables(1, a="1", b="2"), seen_tables(2, a="1", b="2"))

    assert firings == [None, {"kind": "table", "tables": ["b"], "at": NOON + MINUTE_MS}, None]


def test_all_tables_must_change_where_all_are_asked_for() -> None:
    firings = watched(
        ALL,
        seen_tables(0, a="1", b="1"),
        seen_tables(1, a="2", b="1"),
        seen_tables(5, a="2", b="2"),
        seen_tables(6, a="3", b="2"),
    )

    assert [one and one["tables"] for one in firings] == [None, None, ["a", "b"], None]


def test_a_table_that_is_made_counts_as_changed() -> None:
    assert watched(ANY, seen_tables(0), seen_tables(1, a="1"))[1]["tables"] == ["a"]


# other jobs

AFTER_BOTH = Wish(kind="job_completion", spec={"jobs": [1, 2], "ending": "succeeded"})


def test_it_fires_when_each_job_has_ended_as_wanted_and_then_waits_for_new_ends() -> None:
    trigger = armed(AFTER_BOTH)
    first = triggers.hear(trigger, an_end(Outcome.SUCCEEDED, job_id=1, run_id=71), now=NOON)
    newer = triggers.hear(first, an_end(Outcome.SUCCEEDED, job_id=1, run_id=72), now=NOON)
    both = triggers.hear(newer, an_end(Outcome.SUCCEEDED, job_id=2, run_id=73), now=NOON + 5)
    after = triggers.look(both, Seen(now=NOON + 5))
    again = triggers.hear(after, an_end(Outcome.SUCCEEDED, job_id=2, run_id=74), now=NOON + 9)

    assert [one.next_at for one in (trigger, first, newer, both)] == [None, None, None, NOON + 5]
    assert [(job["job_id"], job["run_id"]) for job in fired(after)["jobs"]] == [(1, 72), (2, 73)]
    assert again.next_at is None


def test_an_end_that_is_not_wanted_is_only_remembered() -> None:
    after = triggers.hear(armed(AFTER_BOTH), an_end(Outcome.FAILED, job_id=1), now=NOON)

    assert after.memory["other"]["1"]["outcome"] == Outcome.FAILED
    assert "waiting" not in after.memory


@pytest.mark.parametrize(
    ("ending", "outcome", "fires"),
    [
        ("succeeded", Outcome.SUCCEEDED, True),
        ("succeeded", Outcome.CANCELLED, False),
        ("failed", Outcome.TIMED_OUT, True),
        ("failed", Outcome.SUCCEEDED, False),
        ("done", Outcome.SUCCEEDED, True),
        ("done", Outcome.CRASHED, True),
    ],
)
def test_which_ends_count(ending: str, outcome: Outcome, *, fires: bool) -> None:
    wish = Wish(kind="job_completion", spec={"jobs": [1], "ending": ending})
    after = triggers.hear(armed(wish), an_end(outcome, job_id=1), now=NOON)

    assert (after.next_at is not None) == fires

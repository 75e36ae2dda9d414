"""Triggers and notifications as Databricks writes and shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from databricks.sdk.service import jobs as sdk
from records import a_job, a_run, an_attempt, an_ended_attempt

from runyard.core.errors import InvalidRequest, NotSupported
from runyard.core.job import Job
from runyard.core.notice import Address, Channel, What
from runyard.core.run import Outcome, State
from runyard.core.trigger import Trigger, Wish
from runyard.core.trigger import check as check_trigger
from runyard.dialects.databricks.jobs.notifications import EVENTS, METRICS, check, message, wishes
from runyard.dialects.databricks.jobs.triggers import (
    CONDITIONS,
    ENDINGS,
    PAUSED,
    TASK_RETRIES,
    UNITS,
    trigger_state,
    triggers_of,
)
from runyard.engine.notices import Happening

NIGHTLY = {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "Europe/Berlin"}
NIGHTLY_SPEC = {"expression": "0 0 3 * * ?", "time_zone": "Europe/Berlin"}
FILES = {"url": "s3://in/", "min_time_between_triggers_seconds": 90, "wait_after_last_change_seconds": "60"}
TABLES = {"table_names": ["a", "b"], "condition": "ALL_UPDATED"}


def job(**settings: Any) -> Job:
    return a_job(9, language="databricks", settings=settings)


@pytest.mark.parametrize(
    ("settings", "kind", "spec"),
    [
        ({"schedule": NIGHTLY}, "cron", NIGHTLY_SPEC),
        ({"trigger": {"periodic": {"interval": "2", "unit": "HOURS"}}}, "periodic", {"interval": 2, "unit": "hours"}),
        ({"trigger": {"file_arrival": {"url": "s3://in/"}}}, "file_arrival", {"url": "s3://in/"}),
        (
            {"trigger": {"file_arrival": FILES}},
            "file_arrival",
            {"url": "s3://in/", "rest_ms": 90_000, "quiet_ms": 60_000},
        ),
        ({"trigger": {"table_update": TABLES}}, "table_update", {"tables": ["a", "b"], "needs": "all"}),
        ({"trigger": {"table": {"table_names": ["a"]}}}, "table_update", {"tables": ["a"], "needs": "any"}),
        (
            {"trigger": {"job_completion": {"jobs": [{"job_id": "5", "workspace_id": "1"}], "if_status": "DONE"}}},
            "job_completion",
            {"jobs": [5], "ending": "done"},
        ),
        (
            {"trigger": {"job_completion": {"jobs": [{"job_id": 5}]}}},
            "job_completion",
            {"jobs": [5], "ending": "succeeded"},
        ),
        ({"continuous": {"pause_status": "UNPAUSED"}}, "continuous", {"task_retries": "as_written"}),
        ({"continuous": {"task_retry_mode": "ON_FAILURE"}}, "continuous", {"task_retries": "on_failure"}),
        ({"triggers": [{"schedule": NIGHTLY}]}, "cron", NIGHTLY_SPEC),
    ],
)
def test_each_way_to_write_a_trigger_is_read(settings: dict[str, Any], kind: str, spec: dict[str, Any]) -> None:
    (wish,) = triggers_of(job(**settings))
    check_trigger(wish)

    assert wish == Wish(kind=kind, spec=spec)


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": {**NIGHTLY, "pause_status": "PAUSED"}},
        {"trigger": {"periodic": {"interval": 1, "unit": "DAYS"}, "pause_status": "PAUSED"}},
        {"triggers": [{"pause_status": "PAUSED", "schedule": NIGHTLY}]},
        {"continuous": {"pause_status": "PAUSED"}},
    ],
)
def test_each_can_be_paused(settings: dict[str, Any]) -> None:
    assert [wish.is_paused for wish in triggers_of(job(**settings))] == [True]


def test_several_triggers_are_read_in_their_order() -> None:
    wishes = triggers_of(job(triggers=[{"schedule": NIGHTLY}, {"file_arrival": {"url": "/Volumes/in"}}]))

    assert [wish.kind for wish in wishes] == ["cron", "file_arrival"]


def test_a_job_without_a_trigger_has_none() -> None:
    assert triggers_of(job(schedule=None, trigger={}, triggers=[])) == []


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"schedule": NIGHTLY, "continuous": {"pause_status": "PAUSED"}},
            "only one of schedule, trigger, triggers, continuous",
        ),
        ({"schedule": {"quartz_cron_expression": "0 0 3 * * ?"}}, "schedule.timezone_id is missing"),
        ({"schedule": {**NIGHTLY, "pause_status": "SLEEPING"}}, "'SLEEPING' is not one of UNPAUSED, PAUSED"),
        ({"trigger": {"pause_status": "PAUSED"}}, "trigger does not say what it waits for"),
        ({"triggers": [{"schedule": NIGHTLY, "periodic": {}}]}, r"triggers\[0\] says schedule and periodic"),
        ({"trigger": {"periodic": {"interval": 1, "unit": "YEARS"}}}, "'YEARS' is not one of MINUTES"),
        ({"trigger": {"table_update": {"table_names": ["a"], "condition": "SOME"}}}, "'SOME' is not one of"),
        ({"trigger": {"job_completion": {"jobs": [{}]}}}, "job_id is missing"),
        ({"trigger": {"job_completion": {"jobs": [{"job_id": 5}], "if_status": "LATE"}}}, "'LATE' is not one of"),
        ({"continuous": {"task_retry_mode": "OFTEN"}}, "'OFTEN' is not one of NEVER, ON_FAILURE"),
        ({"triggers": [{"schedule": NIGHTLY}] * 11}, "11 triggers; at most 10"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest, match=text):
        triggers_of(job(**settings))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"trigger": {"model": {"condition": "MODEL_CREATED"}}}, "Nothing here registers models"),
        ({"trigger": {"sql_condition": {"sql_query_id": "1"}}}, "condition_task"),
        ({"schedule": {**NIGHTLY, "sql_condition": {"sql_query_id": "1"}}}, "condition_task"),
    ],
)
def test_what_cannot_fire_here_is_refused_with_a_way_out(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(NotSupported, match=text):
        triggers_of(job(**settings))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (PAUSED, sdk.PauseStatus),
        (UNITS, sdk.PeriodicTriggerConfigurationTimeUnit),
        (CONDITIONS, sdk.Condition),
        (ENDINGS, sdk.JobCompletionTriggerConfigurationIfStatus),
        (TASK_RETRIES, sdk.TaskRetryMode),
        (METRICS, sdk.JobsHealthMetric),
    ],
)
def test_every_word_of_the_sdk_is_known(ours: Any, theirs: Any) -> None:
    assert set(ours) == {one.value for one in theirs}


# showing


def armed(wish: Wish, id_: int = 5, **facts: Any) -> Trigger:
    return Trigger(
        id=id_, workspace_id=1, job_id=9, kind=wish.kind, spec=wish.spec, is_paused=wish.is_paused,
        created_at=1, updated_at=1, **facts,
    )  # fmt: skip


def test_the_states_of_several_triggers_come_in_the_order_of_the_settings() -> None:
    asked = job(
        triggers=[
            {"schedule": NIGHTLY},
            {"periodic": {"interval": 1, "unit": "HOURS"}, "pause_status": "PAUSED"},
            {"table_update": TABLES},
            {"job_completion": {"jobs": [{"job_id": 7}, {"job_id": 8}]}},
        ]
    )
    end = {"run_id": 70, "at": 1_800_000_000_000, "outcome": "succeeded"}
    memories: list[dict[str, Any]] = [
        {"history": {"fired": {"at": 3, "text": "Started run 4.", "run_id": 4}, "waited": {"at": 9, "text": "-"}}},
        {},
        {"known": {"a": "1", "b": "1"}, "marks": {"a": "2", "b": "1"}},
        {"waiting": {"7": end}, "last": {"7": end}, "other": {"8": {**end, "outcome": "failed"}}},
    ]
    found = [
        armed(wish, 9 - place, memory=memories[place], next_at=60) for place, wish in enumerate(triggers_of(asked))
    ]
    shown = trigger_state(asked, found[::-1], history=True)
    read = sdk.Job.from_dict({"job_id": 9, **shown})
    details = read.trigger_details or []

    assert "trigger_state" not in shown
    assert [one.state.pause_status.value for one in details] == ["UNPAUSED", "PAUSED", "UNPAUSED", "UNPAUSED"]  # type: ignore[union-attr]  # the SDK makes everything optional
    assert shown["trigger_details"][0]["history"]["last_triggered"] == {
        "timestamp": 3, "description": "Started run 4.", "run_id": 4,
    }  # fmt: skip
    assert shown["trigger_details"][1]["state"]["periodic"] == {"next_run_time": 60}
    assert shown["trigger_details"][2]["state"]["table_update"]["last_seen_table_states"] == [
        {"table_name": "a", "has_seen_updates": True},
        {"table_name": "b", "has_seen_updates": False},
    ]
    first, second = shown["trigger_details"][3]["state"]["job_completion"]["monitored_job_states"]
    assert first["has_seen_completion"]
    assert (first["last_seen_run_id"], first["last_seen_result"]) == ("70", "SUCCESS")
    assert first["last_seen_completion_time"] == "2027-01-15T08:00:00.000Z"
    assert (second["has_seen_completion"], second["latest_non_matching_result"]) == (False, "RUN_EXECUTION_ERROR")


def test_the_state_of_a_single_trigger_stands_beside_the_settings() -> None:
    asked = job(trigger={"file_arrival": {"url": "s3://in/"}})
    shown = trigger_state(asked, [armed(triggers_of(asked)[0])])

    assert shown == {"trigger_state": {"pause_status": "UNPAUSED", "file_arrival": {"using_file_events": False}}}
    assert sdk.Job.from_dict(shown).trigger_state is not None


def test_a_continuous_trigger_tells_that_it_backs_off() -> None:
    asked = job(triggers=[{"continuous": {}}])
    shown = trigger_state(asked, [armed(triggers_of(asked)[0], memory={"failures": 2, "retry_at": 99})])

    assert shown["trigger_details"][0]["state"]["continuous"] == {
        "consecutive_failures": 2, "is_backing_off": True, "next_attempt_ms": 99,
    }  # fmt: skip


# notifications

ANN = Address(channel=Channel.EMAIL, to="ann@example.org")
PAGER = Address(channel=Channel.WEBHOOK, to="pager")
TASK = {
    "task_key": "main",
    "email_notifications": {"on_failure": ["ann@example.org"]},
    "notification_settings": {"alert_on_last_attempt": True, "no_alert_for_canceled_runs": True},
    "health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 5}]},
}
SETTINGS = {
    "email_notifications": {"on_start": ["ann@example.org"], "no_alert_for_skipped_runs": True},
    "webhook_notifications": {
        "on_start": [{"id": "pager"}],
        "on_duration_warning_threshold_exceeded": [{"id": "pager"}],
    },
    "health": {
        "rules": [
            {"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": "60"},
            {"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 30},
            {"metric": "STREAMING_BACKLOG_BYTES", "op": "GREATER_THAN", "value": 1},
        ]
    },
    "tasks": [TASK],
}
RUN = a_run(70, language="databricks", job_id=9, job_name="nightly", settings=SETTINGS)


def test_a_runs_wishes_are_read() -> None:
    read = wishes(RUN, None)

    assert read.addresses == {What.STARTED: (ANN, PAGER), What.LATE: (PAGER,)}
    assert (read.of_skipped, read.of_cancelled, read.of_every_attempt) == (False, True, True)
    assert read.late_after_ms == 30_000


def test_a_tasks_wishes_are_its_own() -> None:
    read = wishes(RUN, "main")

    assert read.addresses == {What.FAILED: (ANN,)}
    assert (read.of_skipped, read.of_cancelled, read.of_every_attempt) == (True, False, False)
    assert read.late_after_ms == 5_000
    assert not wishes(RUN, "another")


def test_most_runs_want_nobody_told() -> None:
    assert not wishes(replace(RUN, settings={"email_notifications": {}, "webhook_notifications": {}}), None)


def test_a_webhook_of_a_run_has_the_documented_body() -> None:
    said = message(Happening(what=What.LATE, run=RUN, after_ms=30_000))

    assert said.document == {
        "event_type": "jobs.on_duration_warning_threshold_exceeded",
        "workspace_id": 1,
        "run": {"run_id": 70},
        "job": {"job_id": 9, "name": "nightly"},
    }
    assert said.subject == "Run 70 of job nightly takes longer than expected"
    assert "more than 30 s" in said.text


def test_a_webhook_of_a_task_names_the_task_and_its_run() -> None:
    attempt = an_ended_attempt(71, run_id=70, outcome=Outcome.TIMED_OUT, message="It took 5 s.")
    said = message(Happening(what=What.FAILED, run=RUN, attempt=attempt))

    assert said.document == {
        "event_type": "jobs.on_failure",
        "workspace_id": 1,
        "task": {"task_key": "main"},
        "run": {"run_id": 71, "parent_run_id": 70},
        "job": {"job_id": 9, "name": "nightly"},
    }
    assert said.subject == "Task main in run 70 of job nightly timed out"
    assert "It took 5 s." in said.text


def test_every_event_is_one_of_the_sdk() -> None:
    known = {one for one in sdk.JobEmailNotifications.__dataclass_fields__ if one.startswith("on_")}
    told_nobody = {"on_streaming_backlog_exceeded", "on_maintenance_start", "on_maintenance_complete"}

    assert set(EVENTS.values()) | told_nobody == known


def test_what_happens_can_be_said_of_any_state() -> None:
    started = message(Happening(what=What.STARTED, run=RUN, attempt=an_attempt(71, run_id=70, state=State.RUNNING)))

    assert started.subject == "Task main in run 70 of job nightly started"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"webhook_notifications": {"on_start": [{"id": str(n)} for n in range(4)]}}, "4 destinations; at most 3"),
        ({"webhook_notifications": {"on_start": [{}]}}, "on_start.id"),
        ({"email_notifications": {"on_start": "ann@example.org"}}, "expected an array"),
        ({"health": {"rules": [{"metric": "MOOD", "op": "GREATER_THAN", "value": 1}]}}, "'MOOD' is not one of"),
        (
            {"health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "LESS_THAN", "value": 1}]}},
            "use GREATER_THAN",
        ),
        ({"health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 0}]}}, "at least 1"),
    ],
)
def test_wrong_notifications_are_refused_with_their_place(words: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest, match=text):
        check(words, "Task 'main'")

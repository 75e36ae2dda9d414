"""Glue's operations on triggers, over an engine whose launcher the test plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from glue_service import JOB, Glue, Refused, glue_service, names

from runyard.core.run import Outcome

HOUR_MS = 3_600_000
DAILY = {"Type": "SCHEDULED", "Schedule": "cron(0 12 * * ? *)"}


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path / "home") as service:
        for name in ("a", "b", "c"):
            service("CreateJob", Name=name, **JOB, ExecutionProperty={"MaxConcurrentRuns": 2})
        yield service


def when(job: str, state: str = "SUCCEEDED") -> dict[str, str]:
    return {"LogicalOperator": "EQUALS", "JobName": job, "State": state}


def create(glue: Glue, name: str, job: str = "a", **more: Any) -> None:
    glue("CreateTrigger", Name=name, Actions=[{"JobName": job}], **{"Type": "ON_DEMAND", **more})


def wait_for(glue: Glue, name: str, job: str, *conditions: dict[str, str], **more: Any) -> None:
    predicate = {"Conditions": list(conditions), "Logical": more.pop("logical", "AND")}
    create(glue, name, job, Type="CONDITIONAL", Predicate=predicate, StartOnCreation=True, **more)


def run_of(glue: Glue, job: str) -> dict[str, Any]:
    (run,) = glue("GetJobRuns", JobName=job)["JobRuns"]
    return dict(run)


def states(glue: Glue, job: str) -> list[str]:
    return names(glue("GetJobRuns", JobName=job), "JobRuns", "JobRunState")


def fire(glue: Glue, name: str) -> None:
    glue("StartTrigger", Name=name)
    glue.look()
    glue.begin()


def test_a_schedule_fires_at_its_time_and_tells_so(glue: Glue) -> None:
    create(glue, "t", **{**DAILY, "Schedule": "cron(0 * * * ? *)"}, StartOnCreation=True)
    glue.look()
    assert states(glue, "a") == []

    glue.time[0] += HOUR_MS
    glue.look()
    glue.look()

    assert run_of(glue, "a")["TriggerName"] == "t"


def test_a_trigger_that_was_not_started_or_was_stopped_does_not_fire(glue: Glue) -> None:
    create(glue, "new", **{**DAILY, "Schedule": "cron(0 * * * ? *)"})
    create(glue, "stopped", **{**DAILY, "Schedule": "cron(0 * * * ? *)"})
    glue("StartTrigger", Name="stopped")
    glue("StopTrigger", Name="stopped")

    glue.time[0] += HOUR_MS
    glue.look()

    assert states(glue, "a") == []
    assert glue("GetTrigger", Name="new")["Trigger"]["State"] == "CREATED"
    assert glue("GetTrigger", Name="stopped")["Trigger"]["State"] == "DEACTIVATED"


def test_all_conditions_of_one_chain_fire_once(glue: Glue) -> None:
    glue("CreateTrigger", Name="start", Type="ON_DEMAND", Actions=[{"JobName": "a"}, {"JobName": "b"}])
    wait_for(glue, "join", "c", when("a"), when("b", "FAILED"))
    fire(glue, "start")
    first, second = glue.on_process()
    glue.end(Outcome.SUCCEEDED, attempts=[first])
    glue.look()
    assert states(glue, "c") == []

    glue.end(Outcome.FAILED, attempts=[second])
    glue.look()
    run = glue("GetJobRun", JobName="c", RunId=run_of(glue, "c")["Id"], PredecessorsIncluded=True)["JobRun"]

    assert names(run, "PredecessorRuns", "JobName") == ["a", "b"]


def test_ends_of_different_chains_do_not_add_up(glue: Glue) -> None:
    create(glue, "first", "a")
    create(glue, "second", "b")
    wait_for(glue, "join", "c", when("a"), when("b"))
    for name in ("first", "second"):
        fire(glue, name)
        glue.end(Outcome.SUCCEEDED)
    glue.look()

    assert states(glue, "c") == []


def test_a_run_that_somebody_started_counts_for_no_trigger(glue: Glue) -> None:
    wait_for(glue, "after", "b", when("a"))
    glue("StartJobRun", JobName="a")
    glue.begin()
    glue.end(Outcome.SUCCEEDED)
    glue.look()

    assert states(glue, "b") == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.CANCELLED, "STOPPED"), (Outcome.TIMED_OUT, "TIMEOUT"), (Outcome.CRASHED, "FAILED")],
)
def test_each_end_meets_its_own_state(glue: Glue, outcome: Outcome, state: str) -> None:
    create(glue, "start", "a")
    wait_for(glue, "met", "b", when("a", state))
    wait_for(glue, "unmet", "c", when("a", "SUCCEEDED"))
    fire(glue, "start")
    glue.end(outcome)
    glue.look()

    assert len(states(glue, "b")) == 1
    assert states(glue, "c") == []


def test_a_run_over_the_jobs_limit_fails_and_triggers_hear_of_it(glue: Glue) -> None:
    create(glue, "start", "a")
    wait_for(glue, "after", "b", when("a", "FAILED"))
    for _ in range(3):
        fire(glue, "start")
    glue.look()

    assert states(glue, "a") == ["FAILED", "RUNNING", "RUNNING"]
    assert "ErrorMessage" in glue("GetJobRuns", JobName="a")["JobRuns"][0]
    assert len(states(glue, "b")) == 1


def test_an_action_says_what_its_run_gets(glue: Glue) -> None:
    action = {"JobName": "a", "Arguments": {"--x": "1"}, "Timeout": 7, "NotificationProperty": {"NotifyDelayAfter": 3}}
    glue("CreateTrigger", Name="t", Type="ON_DEMAND", Actions=[action])
    fire(glue, "t")

    run = run_of(glue, "a")

    assert run["Arguments"] == {"--x": "1"}
    assert run["Timeout"] == 7
    assert run["NotificationProperty"] == {"NotifyDelayAfter": 3}


def test_a_trigger_is_shown_as_it_was_asked_for(glue: Glue) -> None:
    asked = {"Description": "d", "Predicate": {"Logical": "ANY", "Conditions": [when("a")]}, "Type": "CONDITIONAL"}
    create(glue, "t", "b", **asked, Tags={"k": "v"})

    shown = glue("GetTrigger", Name="t")["Trigger"]

    assert shown == {"Name": "t", "State": "CREATED", "Actions": [{"JobName": "b"}], **asked}
    assert glue("GetTags", ResourceArn="arn:aws:glue:us-east-1:1:trigger/t")["Tags"] == {"k": "v"}


def test_an_update_overwrites_and_a_watching_trigger_watches_the_new_thing(glue: Glue) -> None:
    create(glue, "start", "a")
    wait_for(glue, "t", "b", when("a"), Description="old")
    update = {"Actions": [{"JobName": "c"}], "Predicate": {"Conditions": [when("a", "FAILED")]}}

    shown = glue("UpdateTrigger", Name="t", TriggerUpdate=update)["Trigger"]
    fire(glue, "start")
    glue.end(Outcome.FAILED)
    glue.look()

    assert "Description" not in shown
    assert shown["State"] == "ACTIVATED"
    assert states(glue, "b") == []
    assert len(states(glue, "c")) == 1


def test_triggers_are_listed_in_pages_by_job_and_by_tag(glue: Glue) -> None:
    for number in range(5):
        create(glue, f"t{number}", "b" if number == 2 else "a", Tags={"n": str(number % 2)})
    first = glue("ListTriggers", MaxResults=3)
    second = glue("ListTriggers", MaxResults=3, NextToken=first["NextToken"])

    assert first["TriggerNames"] + second["TriggerNames"] == ["t0", "t1", "t2", "t3", "t4"]
    assert "NextToken" not in second
    assert names(glue("GetTriggers", DependentJobName="b"), "Triggers", "Name") == ["t2"]
    assert len(glue("GetTriggers", DependentJobName="c")["Triggers"]) == 5  # "… all triggers are returned"
    assert glue("ListTriggers", Tags={"n": "1"})["TriggerNames"] == ["t1", "t3"]
    found = glue("BatchGetTriggers", TriggerNames=["t1", "nobody"])
    assert names(found, "Triggers", "Name") == ["t1"]
    assert found["TriggersNotFound"] == ["nobody"]


def test_a_deleted_trigger_is_gone_and_deleting_it_again_is_no_error(glue: Glue) -> None:
    create(glue, "t")
    for _ in range(2):
        assert glue("DeleteTrigger", Name="t") == {"Name": "t"}

    with pytest.raises(Refused, match="EntityNotFoundException: Trigger t not found"):
        glue("GetTrigger", Name="t")


CREATE: dict[str, Any] = {"Name": "t", "Type": "ON_DEMAND", "Actions": [{"JobName": "a"}]}
CONDITIONAL = {**CREATE, "Type": "CONDITIONAL"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no actions": ({**CREATE, "Actions": []}, "InvalidInputException: Actions must name"),
    "a crawler": ({**CREATE, "Actions": [{"CrawlerName": "x"}]}, "InvalidInputException: Crawler x cannot be run"),
    "no job": ({**CREATE, "Actions": [{"Timeout": 5}]}, "InvalidInputException: An action must name a job"),
    "a job that is not there": ({**CREATE, "Actions": [{"JobName": "x"}]}, "EntityNotFoundException: Job x not found"),
    "no schedule": ({**CREATE, "Type": "SCHEDULED"}, "InvalidInputException: Schedule must not be empty"),
    "a rate": ({**CREATE, **DAILY, "Schedule": "rate(5 minutes)"}, "InvalidInputException: Schedule 'rate"),
    "too often": ({**CREATE, **DAILY, "Schedule": "cron(0/4 * * * ? *)"}, "more often than every 5 minutes"),
    "too often over the hour": ({**CREATE, **DAILY, "Schedule": "cron(1,58 * * * ? *)"}, "more often than every 5"),
    "no predicate": (CONDITIONAL, "InvalidInputException: Predicate must not be empty"),
    "no conditions": ({**CONDITIONAL, "Predicate": {"Logical": "AND"}}, "Predicate must have at least one"),
    "no operator": (
        {**CONDITIONAL, "Predicate": {"Conditions": [{"JobName": "a", "State": "FAILED"}]}},
        "InvalidInputException: Logical operator cannot be null or empty",
    ),
    "no logical": ({**CONDITIONAL, "Predicate": {"Conditions": [when("a"), when("b")]}}, "Logical must be AND or ANY"),
    "a state that is not watched": (
        {**CONDITIONAL, "Predicate": {"Conditions": [when("a", "RUNNING")]}},
        "State of a condition must be one of SUCCEEDED, STOPPED, FAILED, TIMEOUT, not RUNNING",
    ),
    "started on creation": ({**CREATE, "StartOnCreation": True}, "StartOnCreation is not supported"),
    "no such workflow": ({**CREATE, "WorkflowName": "x"}, "EntityNotFoundException: Entity not found"),
    "no place to watch": (
        {**CREATE, "Type": "EVENT", "Tags": {"runyard:watch": "gopher://x"}},
        "InvalidInputException",
    ),
}


@pytest.mark.parametrize(("members", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_what_could_not_fire_is_refused_and_leaves_nothing(glue: Glue, members: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=text.replace("(", r"\(")):
        glue("CreateTrigger", **members)

    assert glue("ListTriggers")["TriggerNames"] == []


def test_a_schedule_over_hours_that_do_not_follow_each_other_may_end_one_and_begin_the_next(glue: Glue) -> None:
    create(glue, "t", **{**DAILY, "Schedule": "cron(1,58 2,9 * * ? *)"})

    assert glue("ListTriggers")["TriggerNames"] == ["t"]


def test_starting_and_stopping_say_what_aws_says(glue: Glue) -> None:
    create(glue, "event", Type="EVENT")
    create(glue, "daily", **DAILY)

    with pytest.raises(Refused, match="InvalidInputException: Trigger Type EVENT cannot be started"):
        glue("StartTrigger", Name="event")
    with pytest.raises(Refused, match="The operation is not allowed when trigger is in state: CREATED"):
        glue("StopTrigger", Name="daily")
    with pytest.raises(Refused, match="AlreadyExistsException"):
        create(glue, "daily", **DAILY)
    with pytest.raises(Refused, match="EntityNotFoundException"):
        glue("StartTrigger", Name="nobody")


def test_tags_of_a_trigger_change_and_name_the_folder_it_watches(glue: Glue, tmp_path: Path) -> None:
    arn = "arn:aws:glue:us-east-1:1:trigger/t"
    create(glue, "t", Type="EVENT")
    glue("TagResource", ResourceArn=arn, TagsToAdd={"runyard:watch": "s3://in/", "k": "v"})
    folder = tmp_path / "home" / "s3" / "in"
    folder.mkdir(parents=True)
    glue.engine.surroundings.triggers.do_what_is_due()
    (folder / "file").touch()
    glue.time[0] += HOUR_MS
    glue.engine.surroundings.triggers.do_what_is_due()
    glue("UntagResource", ResourceArn=arn, TagsToRemove=["runyard:watch"])

    assert run_of(glue, "a")["TriggerName"] == "t"
    assert glue("GetTags", ResourceArn=arn)["Tags"] == {"k": "v"}


def test_events_that_wait_are_not_lost_when_their_trigger_is_changed(glue: Glue) -> None:
    create(glue, "t", Type="EVENT", EventBatchingCondition={"BatchSize": 3})
    for name in ("one", "two"):
        glue.engine.chains.send(glue.workspace, "glue", kind="trigger", name="t", events=[name])
    glue.look()
    assert states(glue, "a") == []

    condition = {"BatchSize": 2}
    glue("UpdateTrigger", Name="t", TriggerUpdate={"Actions": [{"JobName": "a"}], "EventBatchingCondition": condition})
    glue.look()

    assert len(states(glue, "a")) == 1


def test_a_batch_that_is_not_full_fires_when_its_window_is_over(glue: Glue) -> None:
    create(glue, "t", Type="EVENT", EventBatchingCondition={"BatchSize": 100, "BatchWindow": 60})
    glue.engine.chains.send(glue.workspace, "glue", kind="trigger", name="t", events=["one"])
    glue.time[0] += 59_000
    glue.look()
    assert states(glue, "a") == []

    glue.time[0] += 2_000
    glue.look()

    assert len(states(glue, "a")) == 1

"""Glue's operations on workflows and their runs, over an engine whose launcher the test plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from glue_flows import end, furnish, run_of, start, start_with, states, then
from glue_service import JOB, Glue, Refused, glue_service, names

from runyard.core.run import Outcome

HOUR_MS = 3_600_000


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path / "home") as service:
        furnish(service)
        yield service


def test_a_workflow_is_shown_as_it_was_asked_for_with_its_last_run(glue: Glue) -> None:
    start_with(glue, "a")
    run_id = start(glue, RunProperties={"q": "3"})

    shown = glue("GetWorkflow", Name="w", IncludeGraph=True)["Workflow"]

    assert (shown["Description"], shown["DefaultRunProperties"]) == ("d", {"p": "1", "q": "2"})
    assert shown["LastRun"]["WorkflowRunId"] == run_id
    assert shown["LastRun"]["WorkflowRunProperties"] == {"p": "1", "q": "3"}
    assert names(shown["Graph"], "Nodes", "Name") == ["start", "a"]
    assert len(shown["Graph"]["Edges"]) == 1
    assert run_id.startswith("wr_")
    assert len(run_id) == 3 + 64


def test_the_predicate_of_a_trigger_that_is_not_conditional_is_no_part_of_the_graph(glue: Glue) -> None:
    crawled = {"LogicalOperator": "EQUALS", "CrawlerName": "c", "CrawlState": "SUCCEEDED"}
    succeeded = {"LogicalOperator": "EQUALS", "JobName": "b", "State": "SUCCEEDED"}
    start_with(glue, "a", Predicate={"Logical": "AND", "Conditions": [crawled, succeeded]})
    run_id = start(glue)

    assert names(run_of(glue, run_id, IncludeGraph=True)["Graph"], "Nodes", "Name") == ["start", "a"]


def test_a_workflow_and_a_job_may_have_one_name_and_stay_apart(glue: Glue) -> None:
    glue("CreateWorkflow", Name="a")
    glue("CreateTrigger", Name="t", Type="ON_DEMAND", WorkflowName="a", Actions=[{"JobName": "b"}])
    glue("StartWorkflowRun", Name="a")

    assert glue("GetJob", JobName="a")["Job"]["Role"] == "runner"
    assert glue("GetJobRuns", JobName="a")["JobRuns"] == []
    assert "w" not in glue("ListJobs")["JobNames"]
    with pytest.raises(Refused, match="EntityNotFoundException"):
        glue("GetJobRuns", JobName="w")


def test_a_run_goes_from_job_to_job_and_completes_with_the_last(glue: Glue) -> None:
    start_with(glue, "a")
    then(glue, "b", "a")
    run_id = start(glue)
    assert run_of(glue, run_id)["Status"] == "RUNNING"
    assert run_of(glue, run_id)["Statistics"]["RunningActions"] == 1

    end(glue)
    assert states(glue, run_id) == {"a": ["SUCCEEDED"], "b": ["RUNNING"]}
    end(glue)
    run = run_of(glue, run_id)

    assert run["Status"] == "COMPLETED"
    assert run["CompletedOn"] >= run["StartedOn"]
    assert run["Statistics"] == {
        **dict.fromkeys(["TimeoutActions", "FailedActions", "StoppedActions", "RunningActions"], 0),
        **dict.fromkeys(["ErroredActions", "WaitingActions"], 0),
        "TotalActions": 2,
        "SucceededActions": 2,
    }


def test_a_run_completes_though_a_job_failed_and_what_waits_for_success_never_runs(glue: Glue) -> None:
    start_with(glue, "a")
    then(glue, "b", "a")
    then(glue, "c", "a", state="FAILED")
    run_id = start(glue)
    end(glue, Outcome.FAILED)
    end(glue)

    assert run_of(glue, run_id)["Status"] == "COMPLETED"
    assert states(glue, run_id) == {"a": ["FAILED"], "b": [], "c": ["SUCCEEDED"]}


def test_a_conditional_trigger_that_was_not_activated_does_not_fire(glue: Glue) -> None:
    start_with(glue, "a")
    then(glue, "b", "a", active=False)
    run_id = start(glue)
    end(glue)

    assert run_of(glue, run_id)["Status"] == "COMPLETED"
    assert states(glue, run_id)["b"] == []


def test_a_runs_triggers_are_those_of_its_start(glue: Glue) -> None:
    start_with(glue, "a")
    then(glue, "b", "a")
    run_id = start(glue)
    glue("DeleteTrigger", Name="to b")
    then(glue, "c", "a")
    end(glue)

    assert states(glue, run_id) == {"a": ["SUCCEEDED"], "b": ["RUNNING"]}
    assert glue("GetWorkflow", Name="w", IncludeGraph=True)["Workflow"]["Graph"]["Nodes"][1]["Name"] == "to c"


def test_two_runs_of_a_workflow_do_not_hear_of_each_others_jobs(glue: Glue) -> None:
    start_with(glue, "a", "b")
    then(glue, "c", "a", "b")
    first, second = start(glue), start(glue)
    of_first, of_second = glue.on_process()[:2], glue.on_process()[2:]
    glue.end(Outcome.SUCCEEDED, attempts=[of_first[0], of_second[1]])
    glue.look()
    assert states(glue, first)["c"] == states(glue, second)["c"] == []

    glue.end(Outcome.SUCCEEDED, attempts=[of_second[0]])
    glue.look()

    assert states(glue, first)["c"] == []
    assert len(states(glue, second)["c"]) == 1


def test_a_job_that_was_started_from_outside_fires_nothing_inside(glue: Glue) -> None:
    start_with(glue, "a")
    then(glue, "b", "a")
    glue("CreateTrigger", Name="outside", Type="ON_DEMAND", Actions=[{"JobName": "a"}])
    glue("StartTrigger", Name="outside")
    glue.look()
    glue.begin()
    end(glue)

    assert glue("GetJobRuns", JobName="b")["JobRuns"] == []


def test_a_retried_job_is_one_action_whose_last_try_counts(glue: Glue) -> None:
    glue("CreateJob", Name="r", **JOB, MaxRetries=1)
    start_with(glue, "r")
    run_id = start(glue)
    end(glue, Outcome.FAILED)
    assert run_of(glue, run_id)["Status"] == "RUNNING"
    end(glue)
    run = run_of(glue, run_id)

    assert run["Status"] == "COMPLETED"
    assert (run["Statistics"]["SucceededActions"], run["Statistics"]["FailedActions"]) == (1, 0)
    assert states(glue, run_id)["r"] == ["SUCCEEDED", "FAILED"]


def test_a_stopped_run_stops_what_waits_at_once_and_ends_with_what_runs(glue: Glue) -> None:
    start_with(glue, "a", "b")
    then(glue, "c", "a", state="STOPPED")
    run_id: str = glue("StartWorkflowRun", Name="w")["RunId"]
    glue.look()
    glue.begin()
    glue("StopWorkflowRun", Name="w", RunId=run_id)
    assert run_of(glue, run_id)["Status"] == "STOPPING"
    assert states(glue, run_id)["a"] == ["STOPPING"]

    end(glue, Outcome.CANCELLED)

    assert run_of(glue, run_id)["Status"] == "STOPPED"
    assert states(glue, run_id) == {"a": ["STOPPED"], "b": ["STOPPED"], "c": []}
    with pytest.raises(Refused, match="IllegalWorkflowStateException"):
        glue("StopWorkflowRun", Name="w", RunId=run_id)


def test_a_run_that_is_stopped_before_anything_began_is_over(glue: Glue) -> None:
    start_with(glue, "a")
    run_id = glue("StartWorkflowRun", Name="w")["RunId"]
    glue("StopWorkflowRun", Name="w", RunId=run_id)
    glue.look()

    assert run_of(glue, run_id)["Status"] == "STOPPED"
    assert glue("GetJobRuns", JobName="a")["JobRuns"] == []


def test_a_limit_of_runs_holds(glue: Glue) -> None:
    glue("UpdateWorkflow", Name="w", MaxConcurrentRuns=1)
    start_with(glue, "a")
    start(glue)
    with pytest.raises(Refused, match="ConcurrentRunsExceededException: Concurrent runs exceeded for workflow: w"):
        glue("StartWorkflowRun", Name="w")
    end(glue)

    start(glue)

    assert names(glue("GetWorkflowRuns", Name="w"), "Runs", "Status") == ["RUNNING", "COMPLETED"]
    assert "DefaultRunProperties" not in glue("GetWorkflow", Name="w")["Workflow"]  # overwritten


def test_a_schedule_starts_runs_of_its_workflow(glue: Glue) -> None:
    start_with(glue, "a", Type="SCHEDULED", Schedule="cron(0 * * * ? *)", StartOnCreation=True)
    glue.time[0] += HOUR_MS
    glue.look()

    assert names(glue("GetWorkflowRuns", Name="w"), "Runs", "Status") == ["RUNNING"]
    assert len(glue("GetJobRuns", JobName="a")["JobRuns"]) == 1


def test_starting_the_trigger_on_demand_of_a_workflow_starts_a_run_of_it(glue: Glue) -> None:
    start_with(glue, "a")
    glue("StartTrigger", Name="start")
    glue.look()

    assert names(glue("GetWorkflowRuns", Name="w"), "Runs", "Status") == ["RUNNING"]


def test_properties_are_put_into_one_run_alone(glue: Glue) -> None:
    start_with(glue, "a")
    first, second = start(glue), start(glue)
    glue("PutWorkflowRunProperties", Name="w", RunId=first, RunProperties={"q": "9", "r": "8"})

    assert glue("GetWorkflowRunProperties", Name="w", RunId=first)["RunProperties"] == {"p": "1", "q": "9", "r": "8"}
    assert glue("GetWorkflowRunProperties", Name="w", RunId=second)["RunProperties"] == {"p": "1", "q": "2"}


# refusing, listing


def test_a_workflow_has_one_start_trigger_and_none_starts_without(glue: Glue) -> None:
    with pytest.raises(Refused, match="InvalidInputException: Workflow w has no start trigger"):
        glue("StartWorkflowRun", Name="w")
    start_with(glue, "a")

    with pytest.raises(Refused, match="InvalidInputException: Workflow w has a start trigger already: start"):
        start_with(glue, "b", name="another", Type="EVENT")


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("GetWorkflow", {}),
        ("UpdateWorkflow", {}),
        ("StartWorkflowRun", {}),
        ("GetWorkflowRuns", {}),
        ("GetWorkflowRun", {"RunId": "wr_1"}),
        ("StopWorkflowRun", {"RunId": "wr_1"}),
        ("GetWorkflowRunProperties", {"RunId": "wr_1"}),
        ("PutWorkflowRunProperties", {"RunId": "wr_1", "RunProperties": {}}),
        ("ResumeWorkflowRun", {"RunId": "wr_1", "NodeIds": ["x"]}),
    ],
)
def test_what_is_not_there_is_said_in_aws_words(glue: Glue, operation: str, members: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="EntityNotFoundException: Entity not found"):
        glue(operation, Name="nobody", **members)


def test_a_name_is_given_once_and_a_deleted_workflow_is_gone_with_its_triggers(glue: Glue) -> None:
    start_with(glue, "a")
    with pytest.raises(Refused, match="AlreadyExistsException: Workflow w already exists"):
        glue("CreateWorkflow", Name="w")
    for _ in range(2):
        assert glue("DeleteWorkflow", Name="w") == {"Name": "w"}

    assert glue.reply("ListWorkflows", {}).body == b'{"Workflows":[]}'  # the model wants at least one; AWS sends none
    assert glue("ListTriggers")["TriggerNames"] == []


def test_workflows_and_their_runs_are_listed_in_pages(glue: Glue) -> None:
    for number in range(3):
        glue("CreateWorkflow", Name=f"w{number}", Tags={"n": str(number)})
    start_with(glue, "a")
    runs = [start(glue) for _ in range(3)]
    page = glue("ListWorkflows", MaxResults=3)
    of_runs = glue("GetWorkflowRuns", Name="w", MaxResults=2)
    found = glue("BatchGetWorkflows", Names=["w1", "nobody", "w"])

    assert page["Workflows"] == ["w", "w0", "w1"]
    assert glue("ListWorkflows", NextToken=page["NextToken"])["Workflows"] == ["w2"]
    assert names(of_runs, "Runs", "WorkflowRunId") == runs[:0:-1]
    rest = glue("GetWorkflowRuns", Name="w", NextToken=of_runs["NextToken"])
    assert names(rest, "Runs", "WorkflowRunId") == runs[:1]
    assert names(found, "Workflows", "Name") == ["w1", "w"]
    assert found["MissingWorkflows"] == ["nobody"]
    assert glue("GetTags", ResourceArn="arn:aws:glue:us-east-1:1:workflow/w2")["Tags"] == {"n": "2"}

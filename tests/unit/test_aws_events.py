"""PutEvents: what is sent to whom, and what is wrong with an entry is told in its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from glue_service import JOB, Glue, glue_service

from runyard.core.access import Role
from runyard.core.batch import MOST_WAITING
from runyard.dialects.aws import events
from runyard.dialects.exchange import Request

ARN = "arn:aws:glue:us-east-1:123456789012:"
ENTRY = {"Source": "me", "DetailType": "arrived", "Detail": "{}"}


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path / "home") as service:
        service("CreateJob", Name="a", **JOB, ExecutionProperty={"MaxConcurrentRuns": 9})
        service("CreateWorkflow", Name="w")
        actions = [{"JobName": "a"}]
        service("CreateTrigger", Name="alone", Type="EVENT", Actions=actions)
        service("CreateTrigger", Name="of w", Type="EVENT", Actions=actions, WorkflowName="w")
        service("CreateTrigger", Name="asked", Type="ON_DEMAND", Actions=actions)
        yield service


def put(glue: Glue, members: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = Request(
        method="POST",
        path="/",
        query={},
        headers={"x-amz-target": "AWSEvents.PutEvents"},
        body=msgspec.json.encode(members),
        workspace=glue.workspace,
        user="tester",
        role=Role.ADMIN,
        url="http://127.0.0.1:0",
    )
    reply = events.answer(glue.engine, request)
    return reply.status, msgspec.json.decode(reply.body)


def sent(glue: Glue, *resources: str) -> dict[str, Any]:
    status, answer = put(glue, {"Entries": [{**ENTRY, "Resources": list(resources)}]})
    assert status == 200
    glue.look()
    return answer


def test_an_event_goes_to_the_trigger_that_it_names(glue: Glue) -> None:
    sent(glue, f"{ARN}trigger/alone")

    assert [run["TriggerName"] for run in glue("GetJobRuns", JobName="a")["JobRuns"]] == ["alone"]
    assert "LastRun" not in glue("GetWorkflow", Name="w")["Workflow"]


def test_an_event_goes_to_what_starts_the_workflow_that_it_names(glue: Glue) -> None:
    answer = sent(glue, f"{ARN}workflow/w")
    (run,) = glue("GetWorkflowRuns", Name="w")["Runs"]

    assert run["WorkflowRunProperties"] == {"aws:eventIds": f"[{answer['Entries'][0]['EventId']}]"}


@pytest.mark.parametrize(
    "resource", [f"{ARN}trigger/asked", f"{ARN}trigger/nobody", f"{ARN}job/a", "arn:aws:s3:::bucket", "nonsense"]
)
def test_an_event_that_concerns_nobody_is_taken_and_starts_nothing(glue: Glue, resource: str) -> None:
    assert sent(glue, resource)["FailedEntryCount"] == 0
    assert glue("GetJobRuns", JobName="a")["JobRuns"] == []


def test_a_wrong_entry_is_told_in_its_place_and_the_others_are_sent(glue: Glue) -> None:
    good = {**ENTRY, "Resources": [f"{ARN}trigger/alone"]}
    _, answer = put(glue, {"Entries": [{"Source": "me"}, good, {**ENTRY, "Detail": ""}]})
    glue.look()

    assert answer["FailedEntryCount"] == 2
    assert [one.get("ErrorCode") for one in answer["Entries"]] == ["InvalidArgument", None, "InvalidArgument"]
    assert len(glue("GetJobRuns", JobName="a")["JobRuns"]) == 1


def test_more_events_than_a_trigger_may_hold_are_refused_one_by_one(glue: Glue) -> None:
    names = [str(number) for number in range(MOST_WAITING)]
    glue.engine.chains.send(glue.workspace, "glue", kind="trigger", name="alone", events=names)
    _, answer = put(glue, {"Entries": [{**ENTRY, "Resources": [f"{ARN}trigger/alone"]}]})

    assert answer["Entries"][0]["ErrorCode"] == "InternalFailure"


@pytest.mark.parametrize("members", [{}, {"Entries": []}, {"Entries": [ENTRY] * 11}])
def test_a_call_holds_one_to_ten_events(glue: Glue, members: dict[str, Any]) -> None:
    status, answer = put(glue, members)

    assert (status, answer["__type"]) == (400, "ValidationException")

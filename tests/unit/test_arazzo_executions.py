"""What is kept of a workflow's steps for those who look at it later: bounded, masked, and of polls only what is new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runyard.arazzo.http.exchange import Exchange, HttpRequest, HttpResponse
from runyard.arazzo.http.fetching import Fetch
from runyard.arazzo.http.transport import Transport
from runyard.arazzo.running.loading import open_document
from runyard.arazzo.running.progress import Judged, StepPlace, StepReport
from runyard.arazzo.told.drawing import drawing
from runyard.arazzo.told.executions import FIRST_POLLS, LONGEST_BODY, Executions
from runyard.arazzo.told.kept_steps import ABOUT, STEPS, KeptSteps
from runyard.arazzo.told.masked import Masked
from runyard.arazzo.told.masking import Masking

FLOW = """
arazzo: 1.0.1
info: {title: Flow, version: "1"}
sourceDescriptions: [{name: api, url: api.yml, type: openapi}]
workflows:
- workflowId: outer
  summary: Runs another one
  inputs: {type: object, required: [day], properties: {day: {type: string}}}
  steps:
  - stepId: ask
    operationId: ask
    successCriteria: [{condition: $statusCode == 200}]
    onSuccess: [{name: poll, type: goto, stepId: ask, criteria: [{condition: $response.body#/busy == true}]}]
    onFailure: [{name: again, type: retry, retryAfter: 2, retryLimit: 5}]
  - stepId: within
    workflowId: inner
- workflowId: inner
  steps: [{stepId: last, operationId: ask}]
- workflowId: elsewhere
  steps: [{stepId: other, operationId: ask}]
"""
API = """
openapi: 3.0.3
info: {title: t, version: '1'}
servers: [{url: 'http://127.0.0.1:9'}]
paths: {/ask: {get: {operationId: ask, responses: {}}}}
"""


def a_report(word: str, *, follows: str = "goto poll", body: bytes = b"{}", **facts: Any) -> StepReport:
    request = HttpRequest(method="GET", url="http://api/poll", headers=(("Authorization", "Bearer open-sesame-4711"),))
    response = HttpResponse(status=200, reason="OK", body=body)
    told = {
        "place": StepPlace(("flow",), "poll"),
        "succeeded": True,
        "tries": 1,
        "outputs": {"state": word},
        "criteria": (Judged(condition="$state == 'x'", type="simple", holds=True, saw={"$state": word}),),
        "exchange": Exchange(request=request, response=response, began_at=1.0, took_s=0.5),
        "follows": follows,
        "began_at": 1.5,
        "took_s": 0.25,
    }
    return StepReport(**{**told, **facts})


def test_an_execution_says_when_what_was_sent_what_came_and_what_was_judged() -> None:
    told = Executions().take(a_report("RUNNING", body=b'{"busy": true}'))

    assert told is not None
    assert (told["began_at"], told["took_ms"], told["word"]) == (1500, 250.0, "RUNNING")
    assert told["request"]["method"] == "GET"
    assert told["response"] == {"status": 200, "reason": "OK", "headers": [], "body": '{"busy": true}'}
    assert told["criteria"][0]["saw"] == {"$state": "'RUNNING'"}


def test_polls_that_say_nothing_new_are_counted_and_the_last_one_is_always_there() -> None:
    executions = Executions()
    words = ["PENDING", *["RUNNING"] * 50, "TERMINATED"]
    kept = [executions.take(a_report(word)) for word in words[:-1]]
    kept.append(executions.take(a_report(words[-1], follows="end")))

    told = [one for one in kept if one is not None]
    assert [one["word"] for one in told] == ["PENDING", *["RUNNING"] * (FIRST_POLLS - 1), "TERMINATED"]
    assert told[-1]["left_out"] == 50 - (FIRST_POLLS - 1)


def test_a_long_body_is_cut_and_says_how_long_it_was() -> None:
    told = Executions().take(a_report("x", body=b"y" * 100_000))

    assert told is not None
    assert (len(told["response"]["body"]), told["response"]["size"]) == (LONGEST_BODY, 100_000)


def test_what_is_kept_in_a_folder_holds_no_secret(tmp_path: Path) -> None:
    masking = Masking()
    masking.learn(["open-sesame-4711"])
    kept = KeptSteps(tmp_path)
    kept.begin({"workflow": "flow"})
    Masked(masking, [kept]).step_ended(
        a_report("open-sesame-4711", body=b'{"said": "open-sesame-4711"}', follows="end")
    )

    (line,) = (tmp_path / STEPS).read_text().splitlines()
    assert json.loads((tmp_path / ABOUT).read_text()) == {"workflow": "flow"}
    assert "open-sesame" not in line
    assert json.loads(line)["request"]["headers"] == [["Authorization", "Bearer ***"]]


def test_a_drawing_has_the_workflows_that_a_run_may_come_through_and_what_may_follow_each_step(tmp_path: Path) -> None:
    (tmp_path / "api.yml").write_text(API)
    file = tmp_path / "flow.yml"
    file.write_text(FLOW)
    transport = Transport()
    fetch = Fetch(transport=transport, files=True, named=())
    loaded = open_document(FLOW, url=file.as_uri(), fetch=fetch)
    outer, inner = drawing(loaded, "outer")
    transport.close()

    assert (outer["id"], inner["id"]) == ("outer", "inner")
    assert outer["inputs"] == ["day (string, required)"]
    assert [(step["id"], step["calls"], step["runs"]) for step in outer["steps"]] == [
        ("ask", "ask", None),
        ("within", "workflow inner", "inner"),
    ]
    poll, again = outer["steps"][0]["actions"]
    assert (poll["on"], poll["type"], poll["step"], poll["when"]) == (
        "success",
        "goto",
        "ask",
        "$response.body#/busy == true",
    )
    assert (again["on"], again["type"], again["limit"], again["wait_s"]) == ("failure", "retry", 5, 2)

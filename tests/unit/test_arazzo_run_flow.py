"""How workflows go on: what makes a step succeed, and what follows."""

from __future__ import annotations

import pytest
from arazzo_playing import answer, play

from runyard.arazzo.run import Unreachable
from runyard.core.errors import InvalidRequest

TWO = """
workflows:
- workflowId: w
  steps:
  - {stepId: a, operationId: list}
  - {stepId: b, operationId: state}
"""


def test_steps_follow_each_other_and_a_2xx_is_success_where_nothing_else_is_said() -> None:
    played = play(TWO, [answer(204), answer(299)])

    assert played.asked == ["GET /things", "GET /state"]
    assert played.report.succeeded
    assert played.report.steps == 2
    assert played.told == [
        "w begins",
        "w/a begins",
        "a exchanged GET",
        "w/a ended, then next",
        "w/b begins",
        "b exchanged GET",
        "w/b ended, then next",
        "w succeeded",
    ]


def test_a_status_that_is_not_2xx_ends_the_run_and_says_so() -> None:
    played = play(TWO, [answer(404)])

    assert not played.report.succeeded
    assert played.report.message == "The step a failed: The status 404 is not 2xx (GET /v1/things answered 404)"
    assert played.asked == ["GET /things"]
    assert played.steps[0].follows == "end"


def test_a_server_that_does_not_answer_fails_the_step() -> None:
    played = play(TWO, [Unreachable("things.test refuses connections.")])

    assert played.report.message == "The step a failed: things.test refuses connections."
    assert played.steps[0].exchange is not None
    assert played.steps[0].exchange.error == "things.test refuses connections."


CRITERIA = """
workflows:
- workflowId: w
  steps:
  - stepId: a
    operationId: list
    successCriteria:
    - condition: $statusCode == 404
    - {context: $response.body, condition: '$.state == "done"', type: jsonpath}
"""


def test_all_criteria_are_to_hold_and_each_is_told_with_what_it_saw() -> None:
    body = {"state": "running"}
    played = play(CRITERIA, [answer(404, body)])

    first, second = played.steps[0].criteria
    assert (first.condition, first.type, first.holds, first.saw) == (
        "$statusCode == 404",
        "simple",
        True,
        {"$statusCode": 404},
    )
    assert (second.type, second.holds) == ("jsonpath", False)
    assert second.saw == {"$response.body": body, "$.state": "running"}
    assert second.advice is not None
    assert "does not hold: $response.body is" in (played.report.message or "")
    assert play(CRITERIA, [answer(404, {"state": "done"})]).report.succeeded


def test_a_criterion_that_cannot_be_read_fails_with_line_and_column() -> None:
    played = play(CRITERIA.replace("$statusCode == 404", "$statusCode = 404"), [answer(404)])

    assert "line 1, column 13" in (played.steps[0].criteria[0].error or "")
    assert "could not be decided" in (played.report.message or "")


ACTIONS = """
workflows:
- workflowId: w
  steps:
  - stepId: a
    operationId: list
    onSuccess:
    - {name: skip, type: goto, stepId: c, criteria: [{condition: $response.body#/skip == true}]}
    - {name: stop, type: end, criteria: [{condition: $response.body#/stop == true}]}
    onFailure:
    - {name: save, type: goto, stepId: c, criteria: [{condition: $statusCode == 404}]}
    - {name: give up, type: end}
  - {stepId: b, operationId: state}
  - {stepId: c, operationId: login}
"""


@pytest.mark.parametrize(
    ("status", "body", "asked", "follows", "succeeded"),
    [
        (200, {}, ["GET /things", "GET /state", "POST /login"], "next", True),
        (200, {"skip": True}, ["GET /things", "POST /login"], "goto c", True),
        (200, {"stop": True}, ["GET /things"], "end", True),
        (404, {}, ["GET /things", "POST /login"], "goto c", True),
        (500, {}, ["GET /things"], "end", False),
    ],
)
def test_the_first_action_whose_criteria_hold_is_taken(
    status: int, body: object, asked: list[str], follows: str, *, succeeded: bool
) -> None:
    played = play(ACTIONS, [answer(status, body)])

    assert played.asked == asked
    assert played.steps[0].follows == follows
    assert played.report.succeeded is succeeded


def test_the_criteria_of_the_actions_that_were_asked_are_told() -> None:
    played = play(ACTIONS, [answer(200, {"stop": True})])

    assert [(judged.condition, judged.holds) for judged in played.steps[0].asked] == [
        ("$response.body#/skip == true", False),
        ("$response.body#/stop == true", True),
    ]


def test_an_action_whose_criterion_cannot_be_read_is_not_taken_and_advised_against() -> None:
    played = play(ACTIONS.replace("$response.body#/skip == true", "$response.body#/skip = true"), [answer(200)])

    assert played.steps[0].follows == "next"
    assert "counts as not holding. = is not known here; write ==" in (played.steps[0].asked[0].advice or "")


SHARED = """
workflows:
- workflowId: w
  successActions: [{reference: $components.successActions.stop}]
  failureActions: [{name: on, type: goto, stepId: b}]
  steps:
  - {stepId: a, operationId: list, onFailure: [{name: end, type: end}]}
  - {stepId: b, operationId: state}
components:
  successActions: {stop: {name: stop, type: end}}
"""


def test_a_workflows_actions_hold_for_its_steps_unless_a_step_has_its_own() -> None:
    assert play(SHARED).asked == ["GET /things"]
    assert play(SHARED, [answer(500)]).asked == ["GET /things"]
    assert play(SHARED.replace(", onFailure: [{name: end, type: end}]", ""), [answer(500)]).asked == [
        "GET /things",
        "GET /state",
    ]


def test_a_reference_that_leads_to_nothing_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(InvalidRequest, match=r"successActions\.stop, which is not there"):
        play(SHARED.replace("{stop: {name", "{go: {name"))


RETRY = """
workflows:
- workflowId: w
  steps:
  - stepId: a
    operationId: list
    onFailure:
    - {name: busy, type: retry, retryAfter: 1.5, retryLimit: 2, criteria: [{condition: $statusCode == 503}]}
    - {name: any, type: retry, retryAfter: 7}
"""


def test_a_retry_waits_and_is_done_so_often_and_then_the_next_action_has_its_turn() -> None:
    played = play(RETRY, [answer(503)] * 9)

    assert played.waits_ == [(1.5, "retry 1 of 2"), (1.5, "retry 2 of 2"), (7.0, "retry 1 of 1")]
    assert [report.tries for report in played.steps] == [1, 2, 3, 4]
    assert [report.follows for report in played.steps] == ["retry a", "retry a", "retry a", "end"]
    assert not played.report.succeeded


def test_a_retry_that_succeeds_goes_on() -> None:
    assert play(RETRY, [answer(503), answer(200)]).report.succeeded


@pytest.mark.parametrize("header", ["4", "Thu, 01 Jan 1970 00:16:44 GMT"])
def test_the_servers_retry_after_wins_over_the_documents(header: str) -> None:
    played = play(RETRY, [answer(503, Retry_After=header), answer()])

    assert played.waits_ == [(4.0, "the server's Retry-After")]


AFRESH = """
workflows:
- workflowId: w
  steps:
  - stepId: a
    operationId: list
    onFailure: [{name: again, type: retry, retryAfter: 1}]
    onSuccess: [{name: more, type: goto, stepId: a, criteria: [{condition: $response.body#/more == true}]}]
"""


def test_a_step_that_is_gone_back_to_has_its_retries_afresh() -> None:
    played = play(AFRESH, [answer(500), answer(200, {"more": True}), answer(500), answer(200)])

    assert played.report.succeeded
    assert len(played.asked) == 4


RENEW = """
workflows:
- workflowId: w
  steps:
  - stepId: login
    operationId: login
    outputs: {token: $response.body#/token}
  - stepId: a
    operationId: list
    parameters: [{name: Authorization, in: header, value: 'Bearer {$steps.login.outputs.token}'}]
    onFailure:
    - {name: renew, type: retry, retryAfter: 0, TARGET, criteria: [{condition: $statusCode == 401}]}
- workflowId: refresh
  steps: [{stepId: x, operationId: state}]
"""


def test_a_retry_may_run_a_step_first_and_then_comes_back() -> None:
    answers = [answer(body={"token": "old"}), answer(401), answer(body={"token": "new"}), answer()]
    played = play(RENEW.replace("TARGET", "stepId: login"), answers, workflow="w")

    assert played.asked == ["POST /login", "GET /things", "POST /login", "GET /things"]
    assert (played.header("Authorization", 1), played.header("Authorization", 3)) == ("Bearer old", "Bearer new")
    assert played.report.succeeded


def test_a_retry_may_run_a_workflow_first_which_is_to_succeed() -> None:
    text = RENEW.replace("TARGET", "workflowId: refresh")
    answers = [answer(body={"token": "old"}), answer(401)]
    played = play(text, [*answers, answer(), answer()], workflow="w")
    failed = play(text, [*answers, answer(500)], workflow="w")

    assert played.asked == ["POST /login", "GET /things", "GET /state", "GET /things"]
    assert "w/refresh begins" in played.told
    assert "The workflow refresh, run before a retry, failed" in (failed.report.message or "")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("{stepId: a, operationId: lisd}", "Did you mean 'list'"),
        ("{stepId: a, operationId: list, workflowId: w}", "exactly one of"),
        ("{stepId: a}", "exactly one of"),
        ("{stepId: a, workflowId: other}", "There is no workflow 'other'"),
        ("{stepId: a, operationId: $sourceDescriptions.other.list}", "'other'"),
        ("{stepId: a, operationId: list, onSuccess: [{name: x, type: goto, stepId: z}]}", "step z, which is not there"),
        ("{stepId: a, operationId: list, onSuccess: [{name: x, type: goto}]}", "either a step or a workflow"),
        ("{stepId: a, operationId: list, onSuccess: [{name: x, type: retry}]}", "not 'retry'"),
        ("{stepId: a, operationId: list, parameters: [{name: x, value: 1}]}", "says not whether it is in"),
        ("{stepId: a, operationPath: 'paths'}", "operationPath is to be like"),
        ("{stepId: a, operationPath: '{$sourceDescriptions.api.url}#/paths/~1x/get'}", "no operation at"),
    ],
)
def test_a_step_that_cannot_be_carried_out_is_refused_before_anything_is_sent(part: str, said: str) -> None:
    text = f"workflows:\n- workflowId: w\n  steps:\n  - {{stepId: first, operationId: add}}\n  - {part}\n"

    with pytest.raises(InvalidRequest, match=said) as refused:
        play(text, lambda _: AssertionError("nothing is to be sent"))

    assert "The step a of w cannot be run" in str(refused.value)


def test_a_document_with_several_workflows_wants_one_named() -> None:
    with pytest.raises(InvalidRequest, match="say which of them: w, refresh"):
        play(RENEW)

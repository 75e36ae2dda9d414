"""Politeness and limits: pauses between polls, time and steps that are over, and who may interrupt."""

from __future__ import annotations

import pytest
from arazzo_playing import Answer, Played, answer, play

from runyard.arazzo.run import Options, Unreachable
from runyard.core.errors import InvalidRequest

POLL = """
workflows:
- workflowId: w
  inputs: {type: object}
  steps:
  - stepId: poll
    operationId: list
    parameters: [{name: page, in: query, value: $steps.poll.outputs.next}]
    outputs: {next: $response.body#/next, state: $response.body#/state}
    onSuccess:
    - {name: done, type: end, criteria: [{condition: $response.body#/state == 'done'}]}
    - {name: again, type: goto, stepId: poll}
  outputs: {state: $steps.poll.outputs.state}
"""
DONE = answer(body={"state": "done"})


def polls(count: int) -> list[Answer]:
    return [answer(body={"state": "running"})] * count + [DONE]


def test_the_same_request_again_waits_longer_each_time_up_to_ten_seconds() -> None:
    played = play(POLL, polls(13))

    assert [seconds for seconds, _ in played.waits_][:4] == [0.25, 0.375, 0.5625, 0.84375]
    assert [seconds for seconds, _ in played.waits_][-4:] == [9.61084, 10.0, 10.0, 10.0]
    assert {why for _, why in played.waits_} == {"the same request again"}
    assert played.outputs == {"state": "done"}


def test_pauses_are_spread_by_a_fifth() -> None:
    shortest = play(POLL, polls(1), chance=lambda: 0.0)
    longest = play(POLL, polls(1), chance=lambda: 1.0)

    assert (shortest.waits_[0][0], longest.waits_[0][0]) == (0.2, 0.3)


def test_pages_are_fetched_without_a_pause() -> None:
    pages = [answer(body={"next": number}) for number in range(5)]
    played = play(POLL, [*pages, DONE])

    assert played.waits_ == []
    assert played.asked[:3] == ["GET /things", "GET /things?page=0", "GET /things?page=1"]


def test_a_request_that_changes_between_begins_with_the_first_pause_again() -> None:
    bodies = [{}, {}, {"next": 1}, {"next": 1}, {"next": 1}, {"state": "done"}]
    played = play(POLL, [answer(body=body) for body in bodies])

    assert [seconds for seconds, _ in played.waits_] == [0.25, 0.375, 0.25, 0.375]


def test_the_servers_retry_after_is_waited_even_if_the_request_changed() -> None:
    played = play(POLL, [answer(body={"next": 1}, Retry_After="3"), DONE])

    assert played.waits_ == [(3.0, "the server's Retry-After")]


def test_a_given_poll_interval_is_waited_instead() -> None:
    retry_after = [answer(body={}, Retry_After="30"), answer(body={}), DONE]

    assert play(POLL, retry_after, poll_interval=2).waits_ == [(2.0, "the poll interval")] * 2
    assert play(POLL, retry_after, poll_interval=0).waits_ == []


def test_only_the_step_that_is_gone_back_to_waits() -> None:
    text = POLL.replace("onSuccess", "x-no").replace(
        "  outputs: {state: $st",
        """  - stepId: check
    operationId: state
    onSuccess:
    - {name: done, type: end, criteria: [{condition: $response.body#/state == 'done'}]}
    - {name: again, type: goto, stepId: poll}
  outputs: {state: $st""",
    )
    played = play(text, [*[answer(body={})] * 5, DONE])

    assert [line for line in played.told if "waits" in line] == ["poll waits"] * 2


def test_a_workflow_that_is_run_again_with_the_same_inputs_waits_too() -> None:
    text = """
workflows:
- workflowId: w
  steps:
  - stepId: child
    workflowId: c
    onSuccess:
    - {name: done, type: end, criteria: [{condition: $outputs.state == 'done'}]}
    - {name: again, type: goto, stepId: child}
- workflowId: c
  steps: [{stepId: s, operationId: state, outputs: {state: $response.body#/state}}]
  outputs: {state: $steps.s.outputs.state}
"""
    played = play(text, polls(2), workflow="w")

    assert played.waits_ == [(0.25, "the same request again"), (0.375, "the same request again")]


def test_the_timeout_of_the_run_ends_it_and_says_where_it_stood() -> None:
    played = play(POLL, polls(99), timeout_s=5)

    assert played.clock.at == 1_005
    assert played.report.message == "It took longer than 5 s, the timeout of the run. It stood at poll."
    assert played.outputs == {"state": "running"}
    assert played.steps[-1].follows == "end"


def test_too_many_steps_end_the_run_and_say_where_it_stood() -> None:
    played = play(POLL, lambda _: answer(body={}), max_steps=50, poll_interval=0)

    assert len(played.asked) == 50
    assert played.report.message == "It executed 50 steps, which is the most that it may. It stood at poll."


def test_the_limit_is_ten_thousand_steps_where_nobody_says_otherwise() -> None:
    played = play(POLL, lambda _: answer(body={}), poll_interval=0)

    assert len(played.asked) == 10_000
    assert not played.report.succeeded


def test_workflows_nest_32_deep() -> None:
    def nested(count: int) -> str:
        steps = [f"workflowId: w{number + 1}" for number in range(count - 1)] + ["operationId: list"]
        return "workflows:\n" + "".join(
            f"- workflowId: w{number}\n  steps: [{{stepId: s, {step}}}]\n" for number, step in enumerate(steps)
        )

    deepest, too_deep = play(nested(32), workflow="w0"), play(nested(33), workflow="w0")

    assert deepest.report.succeeded
    assert too_deep.asked == []
    assert "nested 33 deep" in (too_deep.report.message or "")


def test_retries_that_run_each_other_first_end() -> None:
    text = """
workflows:
- workflowId: w
  steps:
  - {stepId: a, operationId: list, onFailure: [{name: b, type: retry, stepId: b, retryLimit: 999}]}
  - {stepId: b, operationId: state, onFailure: [{name: a, type: retry, stepId: a, retryLimit: 999}]}
"""
    played = play(text, lambda _: answer(500))

    assert "within each other" in (played.report.message or "")


def test_nobody_waits_longer_than_an_hour_because_a_server_says_so() -> None:
    played = play(POLL, [answer(body={}, Retry_After="86400"), DONE])

    assert played.clock.slept == []
    assert "It would wait 86,400 s (the server's Retry-After)" in (played.report.message or "")


def test_a_request_has_only_the_time_that_is_left() -> None:
    played = play(POLL, [answer(body={})] * 3, timeout_s=9, request_timeout_s=6, poll_interval=4)

    assert played.timeouts == [6, 5, 1]


def test_an_interrupt_passes_through_after_the_observer_heard_where_it_stood() -> None:
    played = Played()

    with pytest.raises(KeyboardInterrupt):
        play(POLL, [answer(body={"state": "running"}), KeyboardInterrupt()], played=played)

    assert played.report.message == "It was interrupted. It stood at poll."
    assert played.steps[-1].message == "It was interrupted."
    assert played.told[-2:] == ["w/poll ended, then end", "w failed"]


def test_a_jsonpath_dialect_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="not 'goessner'"):
        Options(jsonpath="goessner")


def test_strict_jsonpath_takes_no_logical_text() -> None:
    text = POLL.replace("{condition: $response.body#/state == 'done'}", "CRITERION").replace(
        "CRITERION", "{context: $response.body, condition: '$.state == \"done\"', type: jsonpath}"
    )

    assert play(text, [DONE]).asked == ["GET /things"]
    assert play(text, [DONE, Unreachable("end")], jsonpath="rfc9535").asked == ["GET /things"] * 2

"""Workflows that run other workflows: as steps, by going over to them, by depending on them, in other documents."""

from __future__ import annotations

import pytest
from arazzo_playing import answer, document, play

from runyard.core.errors import InvalidRequest, NotSupported

NESTED = """
workflows:
- workflowId: outer
  inputs: {type: object, properties: {word: {type: string}}}
  parameters: [{name: Authorization, in: header, value: t}]
  steps:
  - stepId: inner
    workflowId: child
    parameters: [{name: id, value: $inputs.word}]
    successCriteria: [{condition: $outputs.name != 'bad'}]
    outputs: {same: $outputs.name}
  outputs: {name: $steps.inner.outputs.name, same: $steps.inner.outputs.same, of: $workflows.child.inputs.id}
- workflowId: child
  inputs: {type: object, required: [id], properties: {id: {type: string, maxLength: 5}}}
  steps:
  - stepId: get
    operationId: get
    parameters: [{name: id, in: path, value: $inputs.id}]
    outputs: {name: $response.body#/name}
  outputs: {name: $steps.get.outputs.name}
"""


def test_a_step_runs_a_workflow_whose_outputs_are_its_own() -> None:
    played = play(NESTED, [answer(body={"name": "n"})], inputs={"word": "x"}, workflow="outer")

    assert played.asked == ["GET /things/x"]
    assert played.outputs == {"name": "n", "same": "n", "of": "x"}
    assert played.steps[-1].outputs == {"name": "n", "same": "n"}
    assert played.steps[0].place.workflows == ("outer", "child")
    assert (played.report.steps, played.workflows[0].steps) == (2, 1)


@pytest.mark.parametrize(
    ("word", "reply", "said"),
    [
        ("x", answer(500), "The workflow child failed: The step get failed: The status 500 is not 2xx"),
        ("x", answer(body={"name": "bad"}), "`$outputs.name != 'bad'` does not hold: $outputs.name is 'bad'"),
        ("too long", answer(), "id is too long, but"),
    ],
)
def test_a_step_fails_with_its_workflow(word: str, reply: object, said: str) -> None:
    played = play(NESTED, [reply], inputs={"word": word}, workflow="outer")  # type: ignore[list-item]  # any answer

    assert not played.report.succeeded
    assert said in (played.report.message or "")


def test_the_status_of_a_step_that_runs_a_workflow_is_that_of_its_last_response() -> None:
    text = NESTED.replace("[{condition: $outputs.name != 'bad'}]", "[{condition: $statusCode == 201}]")

    assert play(text, [answer(201)], inputs={"word": "x"}, workflow="outer").report.succeeded
    assert not play(text, [answer(200)], inputs={"word": "x"}, workflow="outer").report.succeeded


OVER = """
workflows:
- workflowId: first
  inputs: {type: object, properties: {id: {type: string}, other: {type: string}}}
  steps:
  - {stepId: a, operationId: list, onSuccess: [{name: over, type: goto, workflowId: second}]}
  - {stepId: never, operationId: login}
  outputs: {mine: $statusCode}
- workflowId: second
  inputs: {type: object, required: [id], properties: {id: {type: string}}, additionalProperties: false}
  steps: [{stepId: b, operationId: get, parameters: [{name: id, in: path, value: $inputs.id}]}]
  outputs: {id: $inputs.id}
"""


def test_a_workflow_that_goes_over_to_another_ends_as_that_one_does() -> None:
    played = play(OVER, inputs={"id": "7", "other": "o"}, workflow="first")
    failed = play(OVER, [answer(), answer(500)], inputs={"id": "7"}, workflow="first")

    assert played.asked == ["GET /things", "GET /things/7"]
    assert played.outputs == {"id": "7"}
    assert played.report.workflows == ("first",)
    assert [report.workflows for report in played.workflows] == [("first", "second"), ("first",)]
    assert (failed.report.succeeded, failed.report.message) == (
        False,
        "The step b failed: The status 500 is not 2xx (GET /v1/things/7 answered 500)",
    )


def test_workflows_that_go_over_to_each_other_do_not_nest_and_wait_for_each_other() -> None:
    text = """
workflows:
- workflowId: ping
  steps: [{stepId: a, operationId: list, onSuccess: [{name: over, type: goto, workflowId: pong}]}]
- workflowId: pong
  steps: [{stepId: b, operationId: state, onSuccess: [
    {name: done, type: end, criteria: [{condition: $response.body#/done == true}]},
    {name: over, type: goto, workflowId: ping}]}]
"""
    answers = [answer(body={"done": number == 99}) for number in range(100)]
    played = play(text, answers, workflow="ping")

    assert played.report.succeeded
    assert len(played.asked) == 100
    assert max(len(report.workflows) for report in played.workflows) == 2
    assert played.waits_[0] == (0.25, "the same request again")


DEPENDS = """
workflows:
- workflowId: a
  dependsOn: [b, c]
  inputs: {type: object, properties: {id: {type: string}}}
  steps: [{stepId: a, operationId: get, parameters: [{name: id, in: path, value: $workflows.b.outputs.id}]}]
- workflowId: b
  dependsOn: [c]
  inputs: {type: object, properties: {id: {type: string, default: none}}}
  steps: [{stepId: b, operationId: list}]
  outputs: {id: $inputs.id}
- workflowId: c
  steps: [{stepId: c, operationId: state}]
"""


def test_what_a_workflow_depends_on_runs_before_it_and_once() -> None:
    played = play(DEPENDS, inputs={"id": "9"}, workflow="a")

    assert played.asked == ["GET /state", "GET /things", "GET /things/9"]


def test_a_workflow_whose_dependency_fails_does_not_begin() -> None:
    played = play(DEPENDS, [answer(500)], inputs={"id": "9"}, workflow="a")

    assert played.asked == ["GET /state"]
    assert (played.report.message or "").startswith("It depends on b, which failed: It depends on c, which failed: ")


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (DEPENDS.replace("- workflowId: c\n", "- workflowId: c\n  dependsOn: [b]\n"), "b -> c -> b|c -> b -> c"),
        ("workflows:\n- workflowId: a\n  steps: [{stepId: s, workflowId: a}]\n", "a -> a"),
    ],
)
def test_workflows_that_wait_for_themselves_are_refused_before_anything_is_sent(text: str, way: str) -> None:
    with pytest.raises(InvalidRequest, match=f"waits for itself: ({way})"):
        play(text, lambda _: AssertionError("nothing is to be sent"), workflow="a")


ELSEWHERE = """
workflows:
- workflowId: w
  dependsOn: [$sourceDescriptions.parts.ready]
  steps:
  - stepId: part
    workflowId: $sourceDescriptions.parts.fetch
    parameters: [{name: id, value: '5'}]
  - {stepId: own, operationId: list}
  outputs: {name: $steps.part.outputs.name, was: $sourceDescriptions.parts.ready.outputs.state}
"""
PARTS = document(
    """
workflows:
- workflowId: ready
  steps: [{stepId: s, operationId: state, outputs: {state: $response.body#/state}}]
  outputs: {state: $steps.s.outputs.state}
- workflowId: fetch
  inputs: {$ref: '#/components/inputs/Id'}
  steps:
  - stepId: get
    operationId: get
    parameters: [{reference: $components.parameters.id}]
    outputs: {name: $response.body#/name}
  outputs: {name: $steps.get.outputs.name}
components:
  inputs: {Id: {type: object, properties: {id: {type: string}}}}
  parameters: {id: {name: id, in: path, value: $inputs.id}}
"""
)
TWO_SOURCES = "[{name: api, url: api.yaml, type: openapi}, {name: parts, url: parts.yaml KIND}]"


@pytest.mark.parametrize("kind", [", type: arazzo", ""])
def test_a_workflow_of_another_document_runs_with_that_documents_own_parts(kind: str) -> None:
    played = play(
        ELSEWHERE,
        [answer(body={"state": "up"}), answer(body={"name": "five"}), answer()],
        texts={"parts.yaml": PARTS},
        sources=TWO_SOURCES.replace(" KIND", kind),
    )

    assert played.asked == ["GET /state", "GET /things/5", "GET /things"]
    assert played.outputs == {"name": "five", "was": "up"}
    assert played.steps[1].place.workflows == ("w", "fetch")


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("{stepId: s, operationId: $sourceDescriptions.events.send, action: send}", ", type: asyncapi"),
        ("{stepId: s, operationId: $sourceDescriptions.events.send, action: send}", ""),
        ("{stepId: s, channelPath: '{$sourceDescriptions.events.url}#/channels/a', action: receive}", ""),
    ],
)
def test_a_step_on_an_asyncapi_channel_is_refused_by_name(step: str, kind: str) -> None:
    text = f"workflows:\n- workflowId: w\n  steps: [{{stepId: first, operationId: list}}, {step}]\n"
    sources = "[{name: api, url: api.yaml, type: openapi}, {name: events, url: events.yaml KIND}]"

    with pytest.raises(NotSupported, match="AsyncAPI"):
        play(
            text,
            lambda _: AssertionError("nothing is to be sent"),
            version="1.1.0",
            sources=sources.replace(" KIND", kind),
            texts={"events.yaml": "asyncapi: 3.0.0\n"},
        )

"""What Arazzo 1.1 brought: selectors, `$self`, timeouts and order of steps, actions with parameters."""

from __future__ import annotations

from typing import Any

import pytest
from arazzo_playing import API, HEAD, Answer, Played, answer, document, play

from runyard.arazzo.run import HttpRequest, HttpResponse, Unreachable, open_document, run_workflow
from runyard.core.errors import InvalidRequest

XML = '<e xmlns:n="urn:n"><i id="1">a</i><i id="2">b</i></e>'


def selected(selector: str, kind: str, body: Any, **more: Any) -> Played:
    text = f"""
workflows:
- workflowId: w
  steps:
  - stepId: s
    operationId: list
    outputs: {{o: {{context: $response.body, selector: {selector!r}, type: {kind}}}}}
  outputs: {{o: $steps.s.outputs.o, again: {{context: $steps.s.outputs.o, selector: '#/0', type: jsonpointer}}}}
"""
    return play(text, [answer(body=body)], version=more.get("version", "1.1.0"))


@pytest.mark.parametrize(
    ("selector", "kind", "body", "value"),
    [
        ("$.a[?@.id == 2].name", "jsonpath", {"a": [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]}, "y"),
        ("$.a[*]", "{type: jsonpath, version: rfc9535}", {"a": [1, 2]}, [1, 2]),
        ("$.b", "jsonpath", {"a": 1}, None),
        ("/a/0", "jsonpointer", {"a": [5]}, 5),
        ("#/a~1b", "jsonpointer", {"a/b": 5}, 5),
        ("/e/i[@id='2']", "xpath", XML, "b"),
        ("/e/i/@id", "{type: xpath, version: xpath-10}", XML, ["1", "2"]),
        ("count(/e/i)", "{type: xpath, version: xpath-30}", XML, 2),
        ("/e/nothing", "xpath", XML, None),
    ],
)
def test_a_selector_picks_one_value_or_a_list(selector: str, kind: str, body: Any, value: Any) -> None:
    assert selected(selector, kind, body).outputs["o"] == value


@pytest.mark.parametrize(
    ("selector", "kind", "said"),
    [
        ("$.a[", "jsonpath", "The output o cannot be read: No JSONPath of RFC 9535"),
        ("a/b", "jsonpointer", "A JSON Pointer begins with /"),
        ("/e[", "xpath", "The XPath '/e[' has no answer"),
        ("x", "jmespath", "type is one of jsonpath, xpath, jsonpointer, not jmespath"),
    ],
)
def test_a_selector_that_cannot_be_read_fails_its_step(selector: str, kind: str, said: str) -> None:
    assert said in (selected(selector, kind, XML).report.message or "")


def test_selectors_stand_in_parameters_and_anywhere_in_a_payload() -> None:
    text = """
workflows:
- workflowId: w
  inputs: {type: object}
  steps:
  - stepId: s
    operationId: add
    parameters: [{name: q, in: query, value: {context: $inputs.o, selector: '$.a', type: jsonpath}}]
    requestBody:
      contentType: application/json
      payload:
        deep: [{context: $inputs.o, selector: /a, type: jsonpointer}]
        none: {context: $inputs.no, selector: $.a, type: jsonpath}
"""
    played = play(text, inputs={"o": {"a": 1}}, version="1.1.0")
    older = play(text, inputs={"o": {"a": 1}})

    assert played.asked == ["POST /things?q=1"]
    assert played.sent() == {"deep": [1]}
    assert older.sent()["deep"] == [{"context": {"a": 1}, "selector": "/a", "type": "jsonpointer"}]


def test_self_is_the_base_of_sources_and_a_value() -> None:
    fetched: list[str] = []

    def fetch(url: str) -> str:
        fetched.append(url)
        return API

    text = HEAD.format(version="1.1.0", sources="[{name: api, url: ../api.yaml, type: openapi}]").replace(
        "info:", "$self: https://flows.test/x/y/flow.yaml\ninfo:"
    )
    text += "workflows: [{workflowId: w, steps: [{stepId: s, operationId: list}], outputs: {me: $self}}]"
    loaded = open_document(text, url="file:///tmp/flow.yaml", fetch=fetch)

    report = run_workflow(loaded, None, {}, send=lambda _, timeout_s: HttpResponse(status=int(200 + 0 * timeout_s)))

    assert fetched == ["https://flows.test/x/api.yaml"]
    assert report.outputs == {"me": "https://flows.test/x/y/flow.yaml"}


def test_a_document_is_known_by_what_it_calls_itself() -> None:
    other = document("workflows: [{workflowId: part, steps: [{stepId: p, operationId: state}]}]").replace(
        "name: api, url: api.yaml",
        "name: back, url: 'https://flows.test/main', type: arazzo}, {name: api, url: api.yaml",
    )
    text = """
workflows:
- workflowId: w
  steps: [{stepId: s, workflowId: $sourceDescriptions.parts.part}]
"""
    sources = "[{name: api, url: api.yaml, type: openapi}, {name: parts, url: parts.yaml, type: arazzo}]"

    assert play(text, texts={"parts.yaml": other}, sources=sources, version="1.1.0").asked == ["GET /state"]


ORDER = """
workflows:
- workflowId: w
  steps:
  - {stepId: a, dependsOn: [c], operationId: list}
  - {stepId: b, operationId: state}
  - {stepId: c, operationId: login}
"""


def test_steps_run_behind_those_they_depend_on() -> None:
    assert play(ORDER, version="1.1.0").asked == ["GET /state", "POST /login", "GET /things"]
    with pytest.raises(InvalidRequest, match="The steps a, c of w depend on each other in a circle"):
        play(ORDER.replace("c, operationId", "c, dependsOn: [a], operationId"), version="1.1.0")


@pytest.mark.parametrize("reference", ["b", "$workflows.other.steps.x"])
def test_a_step_does_not_run_before_what_it_depends_on_has_succeeded(reference: str) -> None:
    text = f"""
workflows:
- workflowId: w
  steps:
  - {{stepId: a, operationId: list, onSuccess: [{{name: over, type: goto, stepId: c}}]}}
  - {{stepId: b, operationId: state}}
  - {{stepId: c, dependsOn: [{reference}], operationId: login}}
- workflowId: other
  steps: [{{stepId: x, operationId: state}}]
"""
    played = play(text, version="1.1.0", workflow="w")

    assert played.asked == ["GET /things"]
    assert f"It depends on {reference}, which has not succeeded" in (played.report.message or "")


def test_a_step_ends_at_its_timeout_and_its_failure_actions_follow() -> None:
    text = """
workflows:
- workflowId: w
  steps:
  - {stepId: slow, operationId: list, timeout: 1500, onFailure: [{name: on, type: goto, stepId: child}]}
  - {stepId: child, workflowId: c, timeout: 2500}
- workflowId: c
  steps: [{stepId: s, operationId: state, onSuccess: [{name: again, type: goto, stepId: s}]}]
"""
    played = Played()

    def late(request: HttpRequest) -> Answer:
        played.clock.at += played.timeouts[-1]
        return Unreachable("It took too long.") if request.url.endswith("things") else answer()

    report = play(text, late, version="1.1.0", workflow="w", played=played, request_timeout_s=1).report

    assert played.timeouts[:2] == [1, 1]
    assert played.steps[0].message == "It took too long."
    assert report.message == "The step child failed: It took longer than 2.5 s, the timeout of the step child."


def test_an_action_gives_inputs_to_the_workflow_it_names() -> None:
    text = """
workflows:
- workflowId: w
  steps:
  - stepId: a
    operationId: list
    onSuccess:
    - {name: over, type: goto, workflowId: next, parameters: [{name: id, value: $response.body#/id}]}
- workflowId: next
  inputs: {type: object, required: [id]}
  steps: [{stepId: b, operationId: get, parameters: [{name: id, in: path, value: $inputs.id}]}]
"""
    assert play(text, [answer(body={"id": 3}), answer()], version="1.1.0", workflow="w").asked[1] == "GET /things/3"

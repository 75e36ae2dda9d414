"""What expressions reach while a workflow runs, and what becomes of values that are not there."""

from __future__ import annotations

from typing import Any

import pytest
from arazzo_playing import Played, answer, play

BODY = {"id": 7, "list": [{"name": "x"}, {"name": "y"}], "none": None, "a.b": 1}


def outputs(texts: dict[str, Any], reply: Any = None, **more: Any) -> dict[str, Any]:
    lines = "".join(f"      {name}: {value!r}\n" for name, value in texts.items())
    workflows = f"""
workflows:
- workflowId: w
  inputs: {{type: object, properties: {{word: {{type: string}}, maybe: {{type: string}}}}}}
  steps:
  - stepId: s
    operationId: get
    parameters:
    - {{name: id, in: path, value: $inputs.word}}
    - {{name: q, in: query, value: [1]}}
    - {{name: X-Own, in: header, value: h}}
    outputs:
{lines}
components: {{parameters: {{page: {{name: page, in: query, value: 4}}}}}}
"""
    reply = reply or answer(body=BODY, ETag="tag", X_Many="1")
    return dict(play(workflows, [reply], inputs={"word": "w"}, **more).steps[0].outputs)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$statusCode", 200),
        ("$url", "http://things.test/v1/things/w?q=1"),
        ("$method", "GET"),
        ("$request.path.id", "w"),
        ("$request.query.q", [1]),
        ("$request.header.x-own", "h"),
        ("$response.header.etag", "tag"),
        ("$response.header.Nothing", None),
        ("$response.body", BODY),
        ("$response.body#/list/1/name", "y"),
        ("$response.body#/list/9/name", None),
        ("$response.body#/none", None),
        ("$response.body#/a.b", 1),
        ("$response.body.list[0].name", "x"),
        ("$response.body.list.length", 2),
        ("$inputs.word", "w"),
        ("$inputs.maybe", None),
        ("$sourceDescriptions.api.url", "http://docs.test/a/api.yaml"),
        ("$sourceDescriptions.api.name", "api"),
        ("$components.parameters.page", {"name": "page", "in": "query", "value": 4}),
        ("id {$response.body#/id} of {$response.body#/list/0} {$inputs.maybe}!", 'id 7 of {"name":"x"} !'),
        ("Bearer $inputs.word", "Bearer w"),
        ("Bearer $inputs.nothing", "Bearer $inputs.nothing"),
        ("$.list costs $5", "$.list costs $5"),
        (5, 5),
        (["$inputs.word", "$inputs.maybe"], ["w", None]),
    ],
)
def test_an_output_is_what_its_expression_reaches(text: Any, value: Any) -> None:
    assert outputs({"o": text}) == {"o": value}


@pytest.mark.parametrize(
    ("body", "content_type", "value"),
    [
        ('{"a": 1}', "application/json", {"a": 1}),
        ('{"a": 1}', "application/problem+json; charset=utf-8", {"a": 1}),
        ('{"a": 1}', "text/plain", {"a": 1}),
        ("<a>1</a>", "application/xml", "<a>1</a>"),
        ("nothing", "application/json", "nothing"),
        ("[" * 100_000, "application/json", "[" * 100_000),
        ("[" * 500 + "]" * 500, "application/json", "[" * 500 + "]" * 500),
        ("9" * 5_000, "application/json", "9" * 5_000),
        (None, "application/json", None),
    ],
)
def test_a_body_is_data_if_it_is_json_and_else_a_text(body: str | None, content_type: str, value: Any) -> None:
    assert outputs({"o": "$response.body"}, answer(body=body, content_type=content_type)) == {"o": value}


MISSING = """
workflows:
- workflowId: w
  inputs: {type: object, properties: {maybe: {type: string}}}
  steps:
  - stepId: first
    operationId: list
    outputs: {gone: $response.body#/no/where}
  - stepId: second
    operationId: add
    parameters:
    - {name: a, in: query, value: $steps.first.outputs.gone}
    - {name: b, in: header, value: $inputs.maybe}
    requestBody:
      contentType: application/json
      payload: {gone: $steps.first.outputs.gone, never: $steps.third.outputs.x, text: '<{$inputs.maybe}>', kept: 1}
    successCriteria: [{condition: $steps.first.outputs.gone == null}]
  outputs: {gone: $steps.first.outputs.gone, kept: $request.body#/kept}
"""


def test_what_is_missing_is_left_out_of_requests_and_null_in_conditions_and_outputs() -> None:
    played = play(MISSING)

    assert played.asked == ["GET /things", "POST /things"]
    assert played.header("b", 1) is None
    assert played.sent(1) == {"text": "<>", "kept": 1}
    assert played.report.succeeded
    assert played.steps[0].outputs == {"gone": None}
    assert played.outputs == {"gone": None, "kept": None}


def test_the_outputs_of_a_step_that_failed_are_there_for_what_follows() -> None:
    text = """
workflows:
- workflowId: w
  steps:
  - stepId: a
    operationId: list
    outputs: {why: $response.body#/message}
    onFailure: [{name: tell, type: goto, stepId: tell}]
  - stepId: tell
    operationId: add
    requestBody: {contentType: text/plain, payload: 'because {$steps.a.outputs.why}'}
"""
    played = play(text, [answer(500, {"message": "full"}), answer()])

    assert played.requests[1].body == b"because full"


def run_xml(condition: str, kind: str) -> Played:
    text = f"""
workflows:
- workflowId: w
  steps:
  - stepId: s
    operationId: list
    successCriteria: [{{context: $response.body, condition: {condition!r}, type: {kind}}}]
"""
    xml = '<r xmlns:n="urn:n"><n:run id="1">DONE</n:run></r>'
    return play(text, [answer(body=xml, content_type="application/xml")])


def test_criteria_of_every_kind_decide_a_step() -> None:
    assert run_xml("//*[local-name()='run']/@id = '1'", "xpath").report.succeeded
    assert run_xml("//n:run = 'DONE'", "{type: xpath, version: xpath-10}").report.succeeded
    assert not run_xml("//run", "xpath").report.succeeded
    assert run_xml("DONE</n", "regex").report.succeeded
    assert not run_xml("^DONE", "regex").report.succeeded


@pytest.mark.parametrize(
    ("body", "given"),
    [
        (r'{"x": "a\ud800b", "\udc00": [1]}', {"x": "a\ufffdb", "\ufffd": [1]}),
        (r'{"x": "\ud83d\ude00"}', {"x": "\N{GRINNING FACE}"}),
        ('{"x": 1e400, "y": [-1E+999, 1e300]}', {"x": None, "y": [None, 1e300]}),
        ('{"x": NaN}', '{"x": NaN}'),
        ("[Infinity, -Infinity]", "[Infinity, -Infinity]"),
    ],
)
def test_what_other_programs_cannot_read_is_not_passed_on(body: str, given: Any) -> None:
    played = play(
        """
workflows:
- workflowId: w
  steps: [{stepId: s, operationId: state, outputs: {all: $response.body}}]
  outputs: {all: $steps.s.outputs.all}
""",
        [answer(body=body)],
    )

    assert played.outputs == {"all": given}

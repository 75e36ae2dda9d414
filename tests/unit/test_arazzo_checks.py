from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from runyard.arazzo.apis.sources import read_api
from runyard.arazzo.checks import check
from runyard.arazzo.run import open_document
from runyard.arazzo.running.plans import plan
from runyard.cli.arazzo import arazzo
from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.openapi import described
from runyard.dialects.databricks.operations import OPERATIONS

REFERENCE = (Path(__file__).parent / "run-existing-job-and-wait.arazzo.yml").read_text()


def test_nothing_is_wrong_with_the_reference_document_on_our_own_description() -> None:
    apis = {"azureDatabricksApi": read_api(described(OPERATIONS).decode())}

    assert check(REFERENCE, apis, strict=True) == []


@pytest.mark.parametrize(
    ("before", "after", "message", "hint"),
    [
        ("operationId: runJobNow", "operationId: runJobNw", "No source has an operation 'runJobNw'.", "'runJobNow'"),
        ("value: $inputs.jobId", "value: $inputs.jobID", "The workflow declares no input 'jobID'.", "'jobId'"),
        ("Bearer $inputs.token", "Bearer {$inputs.tokn}", "The workflow declares no input 'tokn'.", "'token'"),
        (
            "runId: $steps.runJobNow",
            "runId: $steps.runJob",
            "There is no step 'runJob' in this workflow.",
            "'runJobNow'",
        ),
        ("outputs.runPageUrl", "outputs.runUrl", "The step 'pollRun' has no output 'runUrl'.", "'runPageUrl'"),
        ("stepId: pollRun\n      criteria", "stepId: pol\n      criteria", "There is no step 'pol' in", "'pollRun'"),
        ("- stepId: pollRun", "- stepId: getJob", "The stepId 'getJob' is used twice.", "own"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands_with_a_hint(before: str, after: str, message: str, hint: str) -> None:
    text = REFERENCE.replace(before, after, 1)
    apis = {"azureDatabricksApi": read_api(described(OPERATIONS).decode())}

    found = [finding for finding in check(text, apis) if message in finding.message]

    assert text != REFERENCE
    assert found
    assert found[0].is_error
    assert hint in found[0].hint
    assert found[0].place.line == REFERENCE[: REFERENCE.index(before)].count("\n") + 1


def test_a_wrong_form_is_a_warning_and_an_error_if_strict() -> None:
    text = REFERENCE.replace("    successCriteria:", "    succesCriteria:", 1)

    found, strictly = check(text), check(text, strict=True)

    assert [(finding.is_error, finding.hint) for finding in found] == [(False, "Did you mean 'successCriteria'?")]
    assert [finding.is_error for finding in strictly] == [True]
    assert text.splitlines()[found[0].place.line - 1].strip() == "succesCriteria:"


def test_a_step_that_nothing_leads_to_is_told() -> None:
    text = REFERENCE.replace(
        "    outputs:\n      jobName", "    onSuccess: [{name: x, type: end}]\n    outputs:\n      jobName"
    )

    assert [finding.message for finding in check(text)] == [
        "Nothing leads to the step 'runJobNow'.",
        "Nothing leads to the step 'pollRun'.",
    ]


def test_a_workflow_that_waits_for_itself_is_told() -> None:
    text = REFERENCE.replace("  inputs:\n", "  dependsOn: [run-existing-job-and-wait]\n  inputs:\n", 1)

    assert [finding.message for finding in check(text)] == [
        "The workflow 'run-existing-job-and-wait' waits for itself.",
    ]


# what a run would refuse, or stumble over whatever it is answered

API = read_api("""
openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /state: {get: {operationId: state}}
  /things: {post: {operationId: add}}
""")
OTHER = (
    "arazzo: 1.1.0\ninfo: {title: o, version: '1'}\nsourceDescriptions: []\nworkflows: [{workflowId: there, steps: []}]"
)


def written(step: str, *, workflow: str = "", call: str = "operationId: state") -> str:
    """Return a document of one step; every member that a test gives begins a line of its own."""
    return f"""arazzo: 1.1.0
info: {{title: t, version: '1'}}
sourceDescriptions: [{{name: api, url: api.yaml}}, {{name: other, url: other.yaml, type: arazzo}}]
workflows:
- workflowId: w
  {workflow or "summary: a workflow"}
  steps:
  - stepId: s
    {call}
    {step or "description: a step"}
"""


def told(text: str) -> list[tuple[bool, int, str, str]]:
    """Return what is found: whether it is an error, in which line, the message and the hint."""
    other = open_document(OTHER, url="file:///other.yaml", fetch=str)
    found = check(text, {"api": API, "other": other})
    return [(finding.is_error, finding.place.line, finding.message, finding.hint) for finding in found]


@pytest.mark.parametrize(
    ("criterion", "problem"),
    [
        ("{condition: $statusCode = 200}", "= is not known here; write =="),
        ("{condition: '[', type: regex, context: $response.body}", "No regular expression"),
        ("{condition: x, type: regex}", "A criterion of type regex needs a context"),
        ("{condition: x, type: regex, context: $respons.body}", "$respons is not"),
        ("{condition: '$.x[', type: jsonpath, context: $response.body}", "This [ is not closed"),
        ("{condition: '$.x == $.y[?', type: jsonpath, context: $response.body}", "This [ is not closed"),
        ("{condition: ///, type: xpath, context: $response.body}", "No XPath"),
        ("{condition: $.x, type: {type: jsonpath, version: goessner}, context: $response.body}", "The version of a"),
    ],
)
def test_a_condition_that_nothing_can_decide_is_an_error(criterion: str, problem: str) -> None:
    for member in (f"successCriteria: [{criterion}]", f"onSuccess: [{{name: a, type: end, criteria: [{criterion}]}}]"):
        ((is_error, line, message, _),) = told(written(member))

        assert is_error
        assert line == 10
        assert "cannot be decided: " in message
        assert problem in message


@pytest.mark.parametrize(
    "criterion",
    [
        "{condition: $statusCode == 200}",
        "{condition: '^[a-z]+$', type: regex, context: $response.body#/name}",
        "{condition: '{$inputs.pattern}[', type: regex, context: $response.body}",
        "{condition: '$.state == \"DONE\" || $.runs.length > 0', type: jsonpath, context: $response.body}",
        "{condition: '$[?@.id > 1]', type: jsonpath, context: $response.body}",
        "{condition: '//a:thing[@id = 1]', type: {type: xpath, version: xpath-10}, context: $response.body}",
    ],
)
def test_a_condition_that_can_be_decided_is_no_finding(criterion: str) -> None:
    inputs = "inputs: {type: object, properties: {pattern: {type: string}}}"

    assert told(written(f"successCriteria: [{criterion}]", workflow=inputs)) == []


def test_what_a_condition_names_is_looked_up_also_without_spaces() -> None:
    criterion = "{condition: '$inputs.limt==1&&$steps.t.outputs.x==2'}"

    assert [(is_error, message) for is_error, _, message, _ in told(written(f"successCriteria: [{criterion}]"))] == [
        (True, "The workflow declares no input 'limt'."),
        (True, "There is no step 't' in this workflow."),
    ]


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        ("operationPath: '{$sourceDescriptions.ap.url}#/paths/~1state/get'", "There is no source 'ap'.", "'api'"),
        (
            "operationPath: '{$sourceDescriptions.api.url}#/paths/~1stat/get'",
            "has no operation at",
            "/paths/~1state/get",
        ),
        ("operationPath: '#/paths/~1state/get'", "leads to no operation.", "{$sourceDescriptions.NAME.url}#/paths"),
        ("workflowId: $sourceDescriptions.othr.there", "There is no document 'othr'", "'other'"),
        ("workflowId: $sourceDescriptions.api.there", "There is no document 'api'", "other"),
        ("workflowId: $sourceDescriptions.other.their", "There is no workflow 'their' in other.", "'there'"),
    ],
)
def test_what_a_step_calls_is_looked_up(call: str, message: str, hint: str) -> None:
    ((is_error, line, said, advice),) = told(written("", call=call))

    assert is_error
    assert line == 9
    assert message in said
    assert hint in advice


@pytest.mark.parametrize(
    "call",
    [
        "operationPath: '{$sourceDescriptions.api.url}#/paths/~1state/get'",
        "workflowId: $sourceDescriptions.other.there",
    ],
)
def test_what_a_step_calls_and_is_there_is_no_finding(call: str) -> None:
    assert told(written("", call=call)) == []


@pytest.mark.parametrize(
    ("member", "is_error", "message"),
    [
        ("outputs: {y: $respons.body}", True, "'$respons.body' is no expression"),
        ("outputs: {y: $response.state}", True, "'$response.state' is no expression"),
        ("outputs: {y: $workflows.v.outputs.x}", True, "There is no workflow 'v'."),
        (
            "outputs: {y: {context: $response.body, selector: '$.[', type: jsonpath}}",
            True,
            "Nothing can be selected so",
        ),
        ("outputs: {y: {context: $response.body, selector: /a, type: jq}}", True, "Nothing can be selected so"),
        ("outputs: {a b: $response.body}", False, "The name 'a b' is to match"),
        ("parameters: [{name: p, in: query, value: 'x{$input.q}'}]", False, "'$input.q' is no expression"),
        ("parameters: [{name: p, value: 1}]", False, "The parameter 'p' does not say where it goes."),
        ("parameters: [{name: p, in: query, value: 1}, {name: p, in: query, value: 2}]", False, "is given twice"),
        ("dependsOn: [t]", True, "There is no step 't' in this workflow."),
        ("dependsOn: [s]", True, "depend on each other in a circle"),
        ("timeout: -5", False, "'timeout' is to be a whole number of at least 0, not -5."),
        ("onFailure: [{name: a, type: retry, retryAfter: -1}]", False, "'retryAfter' is to be a number of at least 0"),
        ("onFailure: [{name: a, type: retry, retryLimit: 1.5}]", False, "'retryLimit' is to be a whole number"),
        ("onFailure: [{name: a, type: got, stepId: s}]", True, "'got' is no 'type' of a failure."),
        ("onSuccess: [{name: a, stepId: s}]", True, "The success has no 'type', which it must have."),
    ],
)
def test_what_a_step_writes_is_read(member: str, is_error: bool, message: str) -> None:  # noqa: FBT001 - a table's column
    said = [(found[0], found[2]) for found in told(written(member)) if message in found[2]]

    assert [error for error, _ in said] == [is_error]


@pytest.mark.parametrize("payload", ["$5.00", "$.items", "query($id: ID) {$x}", "$ref", "Bearer $token"])
def test_a_text_with_dollars_is_a_text(payload: str) -> None:
    assert told(written(f"requestBody: {{payload: {{a: {payload!r}}}}}")) == []


def test_what_a_run_would_refuse_is_told_of_a_document_whose_sources_are_all_at_hand() -> None:
    text = written("", workflow="inputs: {type: objekt}").replace(", {name: other, url: other.yaml, type: arazzo}", "")
    loaded = open_document(
        text, url="file:///flow.yaml", fetch=lambda _: "openapi: 3.1.0\npaths: {/state: {get: {operationId: state}}}"
    )

    (found,) = check(text, {"api": API}, planned=loaded)

    assert (found.is_error, found.place.line) == (True, 5)
    assert "have a schema that is none" in found.message


def test_a_workflow_without_steps_is_refused_for_it_would_do_nothing_and_succeed() -> None:
    text = written("").replace("  steps:\n", "  stpes:\n")

    findings = told(text)

    assert (True, 5, "The workflow has no 'steps', which it must have.", "") in findings
    with pytest.raises(InvalidRequest, match="The workflow w has no steps"):
        plan(open_document(text, url="file:///flow.yaml", fetch=str), "w", lenient=True)


def test_a_source_that_cannot_be_used_is_told_and_the_rest_is_checked(tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text(written("").replace("other.yaml, type: arazzo", "api.yaml, type: asyncapi"))
    (tmp_path / "api.yaml").write_text("openapi: 3.1.0\npaths: {/stat: {get: {operationId: stat}}}")

    ended = CliRunner().invoke(arazzo, ["check", str(flow)])

    assert ended.exit_code == 1
    assert "The source other is an AsyncAPI description" in ended.stderr
    assert "'state' does not say which one it is of" in ended.stdout


@pytest.mark.parametrize(
    "inputs",
    [
        "{properties: []}",
        "{properties: [{}]}",
        "{properties: true}",
        "{required: 1, properties: {a: {properties: [[]]}}}",
    ],
)
def test_a_schema_of_any_shape_is_told_shown_and_refused_in_order(inputs: str, tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text(written("parameters: [{name: p, in: query, value: $inputs.a}]", workflow=f"inputs: {inputs}"))
    (tmp_path / "api.yaml").write_text("openapi: 3.1.0\npaths: {/state: {get: {operationId: state}}}")
    (tmp_path / "other.yaml").write_text(OTHER)

    for words, statuses in ((["check"], {1}), (["show"], {0}), (["show", "--mermaid"], {0}), (["run"], {2})):
        ended = CliRunner().invoke(arazzo, [*words, str(flow)])

        assert ended.exit_code in statuses, ended.output
        assert ended.exception is None or isinstance(ended.exception, SystemExit)


def test_steps_of_one_name_are_drawn(tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text(written("description: one") + "  - {stepId: s, operationId: state}\n")

    assert CliRunner().invoke(arazzo, ["show", "--mermaid", str(flow)]).exit_code == 0


def test_a_source_whose_name_no_file_can_have_is_told(tmp_path: Path) -> None:
    flow = tmp_path / "flow.json"
    head = (
        '{"arazzo": "1.0.1", "info": {"title": "t", "version": "1"}, "sourceDescriptions": [{"name": "api", "url": "a'
    )
    steps = '"}], "workflows": [{"workflowId": "w", "steps": [{"stepId": "s", "operationId": "state"}]}]}'

    for odd in ("\\ud83d", "\\u0000"):
        flow.write_text(head + odd + steps)
        assert "no name of a file" in CliRunner().invoke(arazzo, ["check", str(flow)]).stderr
        assert CliRunner().invoke(arazzo, ["run", str(flow)]).exit_code == 2

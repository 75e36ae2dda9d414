from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runyard.arazzo.documents.assembly import assemble
from runyard.arazzo.documents.document import Selector, parameters_of
from runyard.arazzo.documents.places import Place, nearest
from runyard.arazzo.documents.reading import Unreadable, places, read
from runyard.core.errors import InvalidRequest, NotSupported

REFERENCE = (Path(__file__).parent / "run-existing-job-and-wait.arazzo.yml").read_text()
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def test_yaml_is_read_by_the_core_schema_of_version_1_2() -> None:
    data = read("a: yes\nb: 2026-01-01\nc: [1, 0x1f, 1e3, ~, '1', True, 1_000, 12:30]\n200: ok\n")

    assert data == {
        "a": "yes",
        "b": "2026-01-01",
        "c": [1, 31, 1000.0, None, "1", True, "1_000", "12:30"],
        "200": "ok",
    }


def test_every_node_of_yaml_and_json_has_its_line_and_column() -> None:
    yaml, json = places("a: 1\nc:\n  - x\n  - b: 2\n"), places('{"a": 1,\n "c": ["x",\n  {"b,\\"": 2}]}')

    assert yaml["c", 1, "b"] == Place(line=4, column=5)
    assert yaml["c",] == Place(line=2, column=1)
    assert json["c", 1, 'b,"'] == Place(line=3, column=4)
    assert json["c", 0] == Place(line=2, column=8)
    assert nearest(json, ("c", 7, "x")) == Place(line=2, column=2)


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ('{"a": 1,\n"a": 2}', 2, 1, "twice"),
        ("a: 1\na: 2", 2, 1, "twice"),
        ("a: !!python/object/apply:os.system [x]", 1, 4, "tag"),
        ("a: &b [*b]", 1, 8, "named"),
        ("[" * 100_000, 1, 1, "deeper"),
        ("- " * 500 + "x", 1, 201, "deeper"),
        ("a: 1\n---\nb: 2", 2, 1, "second"),
        ("a: " + "9" * 5000, 1, 4, "number"),
        ("[1,2", 2, 1, "expected"),
        (BOMB, 6, 8, "repeat"),
    ],
)
def test_a_text_that_cannot_or_may_not_be_read_is_refused_where_it_is_wrong(
    text: str, line: int, column: int, reason: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)

    assert reason in str(refused.value)
    assert refused.value.place == Place(line=line, column=column)


def test_the_reference_document_becomes_records() -> None:
    document = assemble(read(REFERENCE))
    workflow = document.workflows[0]
    poll = workflow.steps[2]

    assert (document.version, document.minor, document.sources[0].name) == ("1.0.1", "1.0", "azureDatabricksApi")
    assert [step.operation_id for step in workflow.steps] == ["getJob", "runJobNow", "getJobRun"]
    assert workflow.steps[1].request_body is not None
    assert workflow.steps[1].request_body.payload["job_id"] == "$inputs.jobId"
    assert poll.on_success is not None
    assert [(action.name, action.type, action.step_id) for action in poll.on_success] == [
        ("finished", "end", None),
        ("stillRunning", "goto", "pollRun"),
    ]
    assert poll.on_success[0].criteria[0].type == "jsonpath"
    assert poll.on_failure is None
    assert list(workflow.outputs) == ["jobId", "runId", "resultState", "runPageUrl"]
    assert places(REFERENCE)[poll.at].line == REFERENCE[: REFERENCE.index("- stepId: pollRun")].count("\n") + 1


def document(**step: Any) -> dict[str, Any]:
    return {
        "arazzo": "1.1.0",
        "workflows": [
            {
                "workflowId": "w",
                "parameters": [{"reference": "$components.parameters.token"}, {"name": "a", "in": "query", "value": 1}],
                "steps": [{"stepId": "s", **step}],
            }
        ],
        "components": {
            "parameters": {"token": {"name": "token", "in": "header", "value": "x"}},
            "failureActions": {"again": {"name": "again", "type": "retry", "retryAfter": 0.5, "retryLimit": 3}},
        },
    }


def test_references_to_components_are_resolved_with_the_value_that_stands_beside_them() -> None:
    made = assemble(
        document(
            parameters=[{"reference": "$components.parameters.token", "value": "y"}],
            onFailure=[{"reference": "$components.failureActions.again"}],
        )
    )
    workflow = made.workflows[0]
    actions = workflow.steps[0].on_failure

    assert [(found.name, found.value) for found in parameters_of(workflow, workflow.steps[0])] == [
        ("token", "y"),
        ("a", 1),
    ]
    assert actions is not None
    assert (actions[0].retry_after, actions[0].retry_limit) == (0.5, 3)


def test_a_reference_that_leads_nowhere_is_told_with_its_place_and_what_there_is() -> None:
    made = assemble(document(parameters=[{"reference": "$components.parameters.tokn"}]))

    assert made.unresolved[0].reference == "$components.parameters.tokn"
    assert made.unresolved[0].known == ("$components.parameters.token",)
    assert made.unresolved[0].at == ("workflows", 0, "steps", 0, "parameters", 0, "reference")


def test_selectors_and_a_payload_of_null_are_kept_apart_from_literals() -> None:
    selector = {"context": "$response.body", "selector": "$.a", "type": {"type": "jsonpath", "version": "rfc9535"}}
    step = assemble(document(outputs={"a": selector}, requestBody={"payload": None})).workflows[0].steps[0]

    assert step.outputs["a"] == Selector(context="$response.body", selector="$.a", type="jsonpath", version="rfc9535")
    assert step.request_body is not None
    assert step.request_body.has_payload


def test_what_is_no_document_or_one_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        assemble({"openapi": "3.1.0"})
    with pytest.raises(NotSupported):
        assemble({"arazzo": "2.0.0"})

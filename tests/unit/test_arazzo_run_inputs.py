"""Inputs by JSON Schema: defaults, references, what is refused and how it is said."""

from __future__ import annotations

from typing import Any

import pytest
from arazzo_playing import API, Played, document, play

from runyard.arazzo.run import inputs_of, open_document
from runyard.core.errors import InvalidRequest

STEPS = """
  steps:
  - {stepId: s, operationId: add, requestBody: {contentType: application/json, payload: $inputs.all}}
  outputs: OUTPUTS
"""


def given(schema: str, inputs: dict[str, Any], outputs: str = "{}", more: str = "", **options: Any) -> Played:
    text = f"workflows:\n- workflowId: w\n  inputs: {schema}\n{STEPS.replace('OUTPUTS', outputs)}{more}"
    return play(text, inputs=inputs, **options)


@pytest.mark.parametrize(
    ("schema", "inputs", "said"),
    [
        (
            "{type: object, required: [id], properties: {id: {type: integer}}}",
            {},
            'The inputs of w are wrong: "id" is a required property.',
        ),
        (
            "{type: object, properties: {id: {type: integer}}}",
            {"id": "x"},
            'The inputs of w are wrong: id is x, but "x" is not of type "integer".',
        ),
        ("{properties: {a: {properties: {b: {enum: [1, 2]}}}}}", {"a": {"b": 3}}, "a.b is 3, but 3 is not one of"),
        ("{type: object, additionalProperties: false, properties: {id: {}}}", {"idd": 1}, "'idd' was unexpected"),
        (
            "{properties: {secret: {type: string, format: password, minLength: 9}}}",
            {"secret": "hunter2"},
            "secret is not as its schema asks (minLength).",
        ),
        ("false", {}, "wrong"),
        ("{type: nonsense}", {}, "The inputs of w have a schema that is none"),
        ("{$ref: '#/components/inputs/No'}", {}, "The inputs of w have a schema that is none"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_by_name_and_value(schema: str, inputs: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        given(schema, inputs)

    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_defaults_are_filled_in_at_every_depth_and_through_references() -> None:
    schema = "{allOf: [{$ref: '#/components/inputs/Page'}], properties: {where: {$ref: '#place'}, n: {default: 1}}}"
    more = """
components:
  inputs:
    Page: {type: object, properties: {size: {type: integer, default: 20}}}
    Place: {$anchor: place, type: object, properties: {city: {type: string, default: Ulm}}}
"""
    outputs = "{size: $inputs.size, city: $inputs.where#/city, zip: $inputs.where#/zip, n: $inputs.n}"
    played = given(schema, {"where": {"zip": 89}, "n": 2}, outputs, more, version="1.1.0")

    assert played.outputs == {"size": 20, "city": "Ulm", "zip": 89, "n": 2}
    with pytest.raises(InvalidRequest, match=r"where.city is 5, but 5 is not of type"):
        given(schema, {"where": {"city": 5}}, outputs, more, version="1.1.0")


def test_a_reference_may_lead_to_another_text() -> None:
    texts = {"inputs.yaml": "Id: {type: object, required: [id]}"}

    with pytest.raises(InvalidRequest, match='"id" is a required property'):
        given("{$ref: 'inputs.yaml#/Id'}", {}, texts=texts)


def test_the_bytes_of_a_file_are_a_text_to_a_schema() -> None:
    text = """
workflows:
- workflowId: w
  inputs: {type: object, properties: {file: {type: string, format: binary}}}
  steps: [{stepId: s, operationId: add, requestBody: {contentType: application/pdf, payload: $inputs.file}}]
"""

    assert play(text, inputs={"file": b"\x00\xff"}).requests[0].body == b"\x00\xff"


def test_inputs_without_a_schema_are_taken_as_they_are() -> None:
    assert play(
        f"workflows:\n- workflowId: w{STEPS.replace('OUTPUTS', '{a: $inputs.a}')}", inputs={"a": 1}
    ).outputs == {"a": 1}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("n", "5", 5), ("n", "five", "five"), ("s", "5", "5"), ("o", '{"a": 1}', {"a": 1}), ("either", "5", "5")],
)
def test_a_text_of_a_command_line_is_read_as_the_schema_asks(name: str, text: str, value: object) -> None:
    schema = (
        "{properties: {n: {type: integer}, s: {type: string}, o: {type: object}, either: {type: [string, integer]}}}"
    )
    text_of = document(f"workflows: [{{workflowId: w, inputs: {schema}, steps: []}}]")

    assert inputs_of(open_document(text_of, url="", fetch=lambda _: API), None).from_text(name, text) == value

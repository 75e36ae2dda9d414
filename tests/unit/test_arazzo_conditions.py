from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.arazzo.language.conditions import judge, parse_condition
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.expressions import (
    Expression,
    Message,
    Scope,
    Version,
    evaluate,
    parse,
    parse_template,
)
from runyard.arazzo.language.formulas import formula
from runyard.arazzo.language.values import MISSING

BODY = {"state": "RUNNING", "count": "12", "items": [{"id": 7}], "none": None, "a.b": 1, "yes": True, "a/b": {"~": 2}}
SCOPE = Scope(
    url="http://localhost/x",
    method="GET",
    status_code=200,
    request=Message(query={"page": "2"}, path={"id": 5}, headers={"X-Id": "r"}, body={"q": 1}),
    response=Message(body=BODY, headers={"Content-Type": "application/json"}),
    inputs={"token": "t", "where": {"city": "Ulm"}, "dotted.name": 1},
    outputs={"total": 3},
    steps={"start": {"runId": 99, "list": [4, 5]}},
    workflows={"child": {"inputs": {"a": 1}, "outputs": {"b": {"c": 2}}}},
    sources={"api": {"url": "http://localhost/", "getJob": "operation"}},
    components={"parameters": {"page": {"name": "page"}}},
    self_uri="urn:self",
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$url", "http://localhost/x"),
        ("$method", "GET"),
        ("$statusCode", 200),
        ("$self", "urn:self"),
        ("$request.header.x-id", "r"),
        ("$request.query.page", "2"),
        ("$request.query.Page", MISSING),
        ("$request.path.id", 5),
        ("$request.body#/q", 1),
        ("$response.header.content-type", "application/json"),
        ("$response.body#/items/0/id", 7),
        ("$response.body#/items/00/id", MISSING),
        ("$response.body#/a~1b/~0", 2),
        ("$response.body#/none", None),
        ("$response.body#/missing", MISSING),
        ("$inputs.where.city", "Ulm"),
        ("$inputs.where#/city", "Ulm"),
        ("$inputs.dotted.name", 1),
        ("$outputs.total", 3),
        ("$steps.start.outputs.list#/1", 5),
        ("$steps.other.outputs.list", MISSING),
        ("$workflows.child.outputs.b#/c", 2),
        ("$sourceDescriptions.api.url", "http://localhost/"),
        ("$sourceDescriptions.api.getJob", "operation"),
        ("$components.parameters.page", {"name": "page"}),
    ],
)
def test_an_expression_has_the_value_and_type_that_it_names(text: str, value: Any) -> None:
    assert evaluate(parse(text), SCOPE) == value


def test_1_0_does_not_know_what_1_1_brought_and_allows_any_name() -> None:
    with pytest.raises(NotUnderstood, match="since Arazzo"):
        parse("$self", Version.V1_0)
    with pytest.raises(NotUnderstood):
        parse("$inputs.größe")

    assert parse("$inputs.größe", Version.V1_0).path == ("größe",)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$inputs.where", {"city": "Ulm"}),
        ("Bearer $inputs.token", "Bearer t"),
        ("Bearer $inputs.unknown", "Bearer $inputs.unknown"),
        ("{$inputs.token}/{$statusCode}-{$inputs.where}", 't/200-{"city":"Ulm"}'),
        ("<{$inputs.unknown}>", "<>"),
        ("$.state costs $100 {$nothing}", "$.state costs $100 {$nothing}"),
    ],
)
def test_a_text_is_filled_and_a_whole_expression_keeps_its_type(text: str, filled: Any) -> None:
    assert formula(text, Version.V1_1)(SCOPE) == filled


def test_a_member_without_a_value_is_left_out_and_an_element_is_null() -> None:
    payload = {
        "id": "$steps.start.outputs.runId",
        "token": "$inputs.unknown",
        "list": ["$inputs.unknown", 1],
        "n": None,
    }

    assert formula(payload, Version.V1_1)(SCOPE) == {"id": 99, "list": [None, 1], "n": None}


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("$statusCode == 200", True),
        ("$statusCode==200&&$response.body#/state=='running'", True),
        ("$response.body#/count > 9", True),
        ("$response.body#/count == '12.0'", False),
        ("$response.body#/missing == null", True),
        ("$response.body#/missing != 5", True),
        ("$response.body#/missing < 5", False),
        ("$response.body#/none", False),
        ("$response.body#/yes == 1", False),
        ("$response.body#/yes == 'TRUE'", True),
        ("!$response.body#/yes == false", True),
        ("$response.body.items[0].id == 7 && $response.body['a.b'] == 1", True),
        ("$response.body.items.length == 1", True),
        ("false && true || true", True),
        ("false && (true || true)", False),
        ("{$response.body#/items} == null", False),
        ("null <= null", False),
        ("'it''s' == \"IT'S\"", True),
    ],
)
def test_a_condition_is_decided_by_the_rules(text: str, *, passed: bool) -> None:
    assert judge(parse_condition(text), SCOPE).passed is passed


def test_an_answer_tells_the_values_that_it_was_decided_by() -> None:
    answer = judge(parse_condition("$statusCode == 200 || $response.body#/state == 'x'"), SCOPE)

    assert answer.seen == (("$statusCode", 200),)


def test_an_error_shows_line_and_column() -> None:
    with pytest.raises(NotUnderstood) as refused:
        parse_condition("$statusCode == 200\n  && $statusCode = 1")

    assert (refused.value.line, refused.value.column) == (2, 18)


@pytest.mark.parametrize("text", ["(" * 5_000, "!" * 5_000 + "true", "(" * 60 + "1" + ")" * 60, "'" + "a" * 20_000])
def test_a_text_that_is_too_deep_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_condition(text)


@given(st.text(max_size=60) | st.text("$inputsoe.{}#/~ ", max_size=40), st.sampled_from(Version))
def test_any_text_is_a_template_whose_parts_give_it_back(text: str, version: Version) -> None:
    parts = [
        part if isinstance(part, str) else part.text if isinstance(part, Expression) else part.expression.text
        for part in parse_template(text, version)
    ]

    assert "".join(parts).replace("{", "").replace("}", "") == text.replace("{", "").replace("}", "")
    assert formula(text, version)(Scope()) is not None

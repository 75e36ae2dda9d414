from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runyard.arazzo.documents.assembly import assemble
from runyard.arazzo.documents.document import Criterion
from runyard.arazzo.language.criteria import Judging, Verdict, judge
from runyard.arazzo.language.expressions import Message, Scope

BODY: dict[str, Any] = {
    "state": {"life_cycle_state": "RUNNING"},
    "runs": [{"id": 1}, {"id": 2}],
    "name": "job 7",
    "none": None,
}
XML = "<list><run id='1'/><run id='2'/></list>"
SCOPE = Scope(status_code=200, response=Message(body=BODY, headers={"X": XML}), inputs={"wanted": "RUNNING", "n": 2})
REFERENCE = '$.state.life_cycle_state == "TERMINATED" || $.state.life_cycle_state == "INTERNAL_ERROR"'
LETTERS = st.sampled_from(
    [
        *"$@.[]?(){}'\"!&|=<>,*:~#/\\ 01aeE-^+",
        "$..",
        "$[?",
        "@.a",
        "$response.body",
        "length(",
        "{$inputs.n}",
        "(a|aa)+",
        "{9}",
    ]
)
TEXTS = st.lists(LETTERS, max_size=25).map("".join)


def read_criterion(criterion: Any) -> Criterion:
    """The criterion as a document's step has it."""
    step = {"stepId": "a", "successCriteria": [criterion]}
    return assemble({"arazzo": "1.1.0", "workflows": [{"steps": [step]}]}).workflows[0].steps[0].success_criteria[0]


def verdict(condition: str, kind: Any, context: str = "$response.body", **judging: Any) -> Verdict:
    criterion = read_criterion({"condition": condition, "type": kind, "context": context})
    return judge(criterion, SCOPE, Judging(**judging))


@pytest.mark.parametrize(
    ("condition", "passed"),
    [
        (REFERENCE, False),
        (REFERENCE.replace("INTERNAL_ERROR", "RUNNING"), True),
        ('$.state.life_cycle_state == "running"', False),
        ("$.runs.length > 1", True),
        ("$.runs.length == 0", False),
        ("$.missing == null", False),
        ("$.none == null", True),
        ("$.runs[?@.id == {$inputs.n}]", True),
        ("$.runs[?@.id == 3]", False),
        ("$[?@.name != null]", True),
        ("$[?count(@.runs) == 0]", False),
    ],
)
def test_jsonpath_takes_queries_and_the_logical_texts_of_real_documents(condition: str, *, passed: bool) -> None:
    decided = verdict(condition, "jsonpath")

    assert decided.error is None
    assert decided.passed is passed


def test_a_logical_text_is_advised_against_and_refused_when_strict() -> None:
    assert "RFC 9535" in (verdict(REFERENCE, "jsonpath").advice or "")
    assert "line 1, column" in (verdict(REFERENCE, "jsonpath", lenient=False).error or "")


@pytest.mark.parametrize("version", ["xpath-10", "xpath-20", "xpath-30", "xpath-31"])
def test_xpath_is_decided_in_each_version(version: str) -> None:
    kind = {"type": "xpath", "version": version}

    assert verdict("count(//run) = 2", kind, "$response.header.X").passed
    assert not verdict("//run[@id='3']", kind, "$response.header.X").passed


@pytest.mark.parametrize(
    "expression", ["doc('file:///etc/hostname')", "unparsed-text('file:///etc/hostname')", "//run[", "1) or (1"]
)
def test_an_xpath_reads_nothing_else_and_reports_what_is_wrong(expression: str) -> None:
    decided = verdict(expression, "xpath", "$response.header.X")

    assert not decided.passed
    assert decided.error


def test_xml_with_entities_is_refused() -> None:
    text = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
    criterion = read_criterion({"condition": "true()", "type": "xpath", "context": "$response.body"})

    decided = judge(criterion, Scope(response=Message(body=text)))

    assert "entities" in (decided.error or "")


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("(a|aa)+$", "regex"),
        ("$[?search(@, '(a|aa)+$')]", "jsonpath"),
        ("every $i in (1 to 100000), $j in (1 to 100000) satisfies $i < 100001", "xpath"),
        ("((a{1000}){1000}){1000}", "regex"),
        ("(?R) +", "regex"),
        ("(?<a>b|(?&a)+)", "regex"),
    ],
)
def test_what_would_take_for_ever_is_given_up_and_said(condition: str, kind: str) -> None:
    scope = Scope(response=Message(body=["a" * 60 + "b"]), inputs={"a": "a" * 60 + "b", "x": XML})
    context = {"regex": "$inputs.a", "jsonpath": "$response.body", "xpath": "$inputs.x"}[kind]
    began = time.monotonic()

    decided = judge(
        read_criterion({"condition": condition, "type": kind, "context": context}), scope, Judging(seconds=0.5)
    )

    assert not decided.passed
    assert decided.error
    assert time.monotonic() - began < 60


def test_a_nested_search_of_everything_is_given_up() -> None:
    scope = Scope(response=Message(body=[[1, 2, 3]] * 20))
    criterion = read_criterion(
        {"condition": "$..[?$..[?$..[?$..[?$..[?1==2]]]]]", "type": "jsonpath", "context": "$response.body"}
    )

    assert "within its time" in (judge(criterion, scope, Judging(seconds=0.2)).error or "")


def test_regex_searches_and_takes_expressions_in_braces() -> None:
    assert verdict("^2\\d{2}$", "regex", "$statusCode").passed
    assert verdict("^{$inputs.wanted}$", "regex", "$response.body#/state/life_cycle_state").passed


@pytest.mark.parametrize("kind", ["simple", "regex", "jsonpath", "xpath"])
def test_a_context_without_a_value_fails_without_an_error(kind: str) -> None:
    decided = verdict("$inputs.none", kind, "$response.body#/nowhere")

    assert decided.passed is False
    assert decided.error is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"condition": 5},
        {"condition": "x", "type": "regex"},
        {"condition": "x", "type": "python", "context": "$url"},
        {"condition": "x", "type": {"type": "xpath", "version": "xpath-40"}, "context": "$url"},
        {"condition": "x", "type": {"type": ["jsonpath"]}, "context": "$url"},
    ],
)
def test_a_criterion_that_is_none_fails_and_says_why(document: Any) -> None:
    decided = judge(read_criterion(document), SCOPE)

    assert not decided.passed
    assert decided.error


@settings(max_examples=300, deadline=5_000, suppress_health_check=[HealthCheck.too_slow])
@given(condition=TEXTS | st.text(max_size=40), kind=st.sampled_from(["simple", "regex", "jsonpath"]))
def test_any_text_is_decided_or_refused(condition: str, kind: str) -> None:
    decided = verdict(condition, kind, seconds=0.5)

    assert isinstance(decided.passed, bool)
    assert not (decided.error and decided.passed)

"""What the language of Arazzo documents must never do, whatever stands in them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from arazzo_playing import answer, play, play_json
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import runyard.arazzo.language.criteria
from runyard.core.errors import RunyardError

MODULES = sorted(Path(runyard.arazzo.language.criteria.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_module_hands_a_text_to_python(module: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]

    assert not {call.id for call in calls if isinstance(call, ast.Name)} & {"eval", "exec", "compile", "__import__"}


def test_importing_the_language_loads_no_library_that_only_some_criteria_need() -> None:
    program = "import sys, runyard.arazzo.language.criteria; print(*sorted(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "runyard.arazzo.language.conditions" in loaded
    assert not {
        "runyard.arazzo.language.jsonpath",
        "regex",
        "jsonpath_rfc9535",
        "iregexp_check",
        "elementpath",
        "xml.etree",
    } & set(loaded)
    assert not {name for name in loaded if name.startswith(("runyard.engine", "runyard.store", "runyard.web"))}


def test_importing_what_runs_a_workflow_loads_nothing_that_only_some_workflows_need() -> None:
    program = "import sys, runyard.cli.arazzo_running; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert "runyard.arazzo.http.transport" in loaded
    assert not {"ssl", "http.client", "email.utils", "urllib.request", "yaml", "rich", "jsonschema_rs"} & set(loaded)
    assert not {"runyard.arazzo.told.har", "runyard.arazzo.told.junit", "runyard.arazzo.checks"} & set(loaded)


GROWING = """
workflows:
- workflowId: w
  steps:
  - stepId: s
    operationId: add
    requestBody: {contentType: PAYLOAD_TYPE, payload: $steps.s.outputs.grown}
    outputs: {grown: GROWN}
    onSuccess: [{name: again, type: goto, stepId: s}]
"""


@pytest.mark.parametrize(
    "grown",
    [
        "'{$steps.s.outputs.grown}{$steps.s.outputs.grown}{$statusCode}'",
        "[$steps.s.outputs.grown, $steps.s.outputs.grown]",
        "{a: $steps.s.outputs.grown, b: {c: $steps.s.outputs.grown}}",
        "[[$steps.s.outputs.grown]]",
    ],
)
def test_a_value_that_grows_with_each_turn_of_a_loop_ends_before_it_fills_the_machine(grown: str) -> None:
    text = GROWING.replace("GROWN", grown).replace("PAYLOAD_TYPE", "text/plain")
    began = time.monotonic()

    played = play(text, lambda _: answer(), max_steps=300)

    assert "pass on less of it" in (played.report.message or "")
    assert time.monotonic() - began < 60


PIECES = st.sampled_from(
    [
        "$inputs.a",
        "$steps.s.outputs.o",
        "$response.body",
        "{$response.body#/a}",
        "$request.body",
        "$statusCode",
        "$self",
        "$outputs.o",
        "$components.parameters.p",
        "$sourceDescriptions.api.url",
        "__import__('os').system('touch /tmp/harm')",
        "(a|aa)+$",
        "$..[?@.a]",
        "{}#/~.[]'\"\\\n\r\x00",
        "../../../etc/passwd",
        "999999999",
        "\ud800",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "[" * 2_000,
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=4).map("".join)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans() | st.floats(-1e300, 1e300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
CRITERIA = st.fixed_dictionaries(
    {"condition": TEXTS, "type": st.sampled_from(["simple", "regex", "jsonpath"])},
    optional={"context": st.sampled_from(["$response.body", "$inputs.a", "$statusCode"]) | TEXTS},
)
TESTED = st.fixed_dictionaries({"name": TEXTS}, optional={"criteria": st.lists(CRITERIA, max_size=2)})
GOALS = st.sampled_from([{"stepId": "s"}, {"workflowId": "v"}, {"workflowId": "w"}])
TRANSFERS = st.just({"type": "end"}) | GOALS.map(lambda goal: {"type": "goto", **goal})
RETRIES = st.fixed_dictionaries(
    {"type": st.just("retry"), "retryAfter": st.integers() | st.floats(-1e9, 1e9), "retryLimit": st.integers()}
)


def actions(followed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.tuples(TESTED, followed).map(lambda parts: {**parts[0], **parts[1]}), max_size=2)


CALLS = st.sampled_from([{"operationId": "add"}, {"operationId": "list"}, {"operationId": "get"}])
STEPS = st.fixed_dictionaries(
    {},
    optional={
        "parameters": st.lists(
            st.fixed_dictionaries(
                {
                    "name": TEXTS | st.just("id"),
                    "in": st.sampled_from(["path", "query", "header", "cookie", "querystring"]),
                    "value": VALUES,
                }
            ),
            max_size=3,
        ),
        "requestBody": st.fixed_dictionaries(
            {"payload": VALUES},
            optional={
                "contentType": st.sampled_from(
                    ["application/json", "multipart/form-data", "application/x-www-form-urlencoded", "text/xml"]
                )
                | TEXTS,
                "replacements": st.lists(st.fixed_dictionaries({"target": TEXTS, "value": VALUES}), max_size=2),
            },
        ),
        "successCriteria": st.lists(CRITERIA, max_size=2),
        "onSuccess": actions(TRANSFERS),
        "onFailure": actions(TRANSFERS | RETRIES | st.tuples(RETRIES, GOALS).map(lambda parts: parts[0] | parts[1])),
        "outputs": st.dictionaries(TEXTS | st.just("o"), VALUES, max_size=2),
        "timeout": st.integers(),
    },
)
WORKFLOWS = st.lists(st.tuples(CALLS, STEPS), min_size=1, max_size=2).map(
    lambda steps: [{"stepId": id_, **call, **step} for id_, (call, step) in zip("st", steps, strict=False)]
)
REPLIES = st.tuples(
    st.sampled_from([200, 204, 302, 404, 429, 503, 999]),
    VALUES.map(json.dumps) | TEXTS,
    st.sampled_from(["application/json", "text/plain", "text/xml", ""]),
    st.sampled_from(["", "0", "5", "99999999999999999999", "Thu, 01 Jan 1970 00:16:44 GMT", "-1", "nan", "\u0661"]),
)


@settings(max_examples=300, deadline=20_000, suppress_health_check=list(HealthCheck))
@given(first=WORKFLOWS, second=WORKFLOWS, outputs=st.dictionaries(TEXTS, VALUES, max_size=2), replies=st.lists(REPLIES))
def test_whatever_stands_in_a_document_or_a_response_a_run_ends_and_says_how(
    first: Any, second: Any, outputs: Any, replies: Any
) -> None:
    nested = {"stepId": "child", "workflowId": "v"}
    workflows = [
        {"workflowId": "w", "inputs": {"type": "object"}, "steps": [*first, nested], "outputs": outputs},
        {"workflowId": "v", "steps": second},
    ]
    answers = [
        answer(status, body.encode("utf-8", "replace").decode(), content_type=kind, Retry_After=after)
        for status, body, kind, after in replies
    ]
    with suppress(RunyardError):
        text = json.dumps({"workflows": workflows}, ensure_ascii=True).removeprefix("{").removesuffix("}")
        played = play_json(text, answers, inputs={"a": "x" * 50}, workflow="w", max_steps=25)

        assert played.report.steps <= 25
        assert not (played.report.message and played.report.succeeded)
    assert not Path("/tmp/harm").exists()

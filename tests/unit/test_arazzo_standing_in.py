"""Descriptions of our server that stand in for sources which cannot be reached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runyard.arazzo.http.exchange import Unreachable
from runyard.arazzo.running.loading import Loaded, open_document
from runyard.arazzo.standing_in import stand_ins, wanted_of

SERVER = "http://yard.example"
OURS = f"{SERVER}/openapi/databricks.json"
KNOWN = {"openapi": "3.1.0", "paths": {"/a": {"get": {"operationId": "getA"}, "post": {"operationId": "postA"}}}}


class Texts:
    """What can be fetched, and what was asked for."""

    def __init__(self, **texts: str) -> None:
        self.texts = {OURS: json.dumps(KNOWN), **{f"http://doc.example/{name}": text for name, text in texts.items()}}
        self.asked: list[str] = []

    def __call__(self, url: str) -> str:
        self.asked.append(url)
        if url not in self.texts:
            raise Unreachable(f"{url} is not there.")
        return self.texts[url]


def document(*calls: str, sources: str = "- {name: api, url: api, type: openapi}", fetch: Texts) -> Loaded:
    steps = "\n".join(f"  - {{stepId: s{number}, {call}}}" for number, call in enumerate(calls))
    text = (
        f"arazzo: 1.0.1\ninfo: {{title: t, version: '1'}}\nsourceDescriptions:\n{sources}\n"
        f"workflows:\n- workflowId: w\n  steps:\n{steps}\n"
    )
    return open_document(text, url="http://doc.example/flow.yml", fetch=fetch)


def found(loaded: Loaded, fetch: Texts) -> dict[str, str]:
    workflow = loaded.document.workflows[0].id
    return {one.name: one.url for one in stand_ins(loaded, workflow, lambda: SERVER, fetch=fetch)}


@pytest.mark.parametrize(
    "call",
    [
        "operationId: getA",
        "operationId: $sourceDescriptions.api.postA",
        "operationPath: '{$sourceDescriptions.api.url}#/paths/~1a/get'",
    ],
)
def test_a_source_whose_operations_our_server_knows_is_stood_in_for(call: str) -> None:
    fetch = Texts()
    loaded = document(call, fetch=fetch)
    (one,) = stand_ins(loaded, "w", lambda: SERVER, fetch=fetch)

    assert one.url == OURS
    assert one.why == "http://doc.example/api is not there."


@pytest.mark.parametrize("call", ["operationId: getB", "operationPath: '{$sourceDescriptions.api.url}#/paths/~1b/get'"])
def test_one_operation_that_is_not_known_is_enough_to_stand_in_for_nothing(call: str) -> None:
    fetch = Texts()

    assert found(document("operationId: getA", call, fetch=fetch), fetch) == {}


def test_a_source_that_can_be_reached_is_left_alone_and_our_server_is_not_even_asked() -> None:
    fetch = Texts(api=json.dumps(KNOWN))

    loaded = document("operationId: getA", fetch=fetch)
    asked: list[str] = []

    def server() -> str:
        asked.append(SERVER)
        return SERVER

    assert list(stand_ins(loaded, "w", server, fetch=fetch)) == []
    assert asked == []
    assert OURS not in fetch.asked


def test_without_a_server_of_ours_nothing_stands_in() -> None:
    fetch = Texts()
    loaded = document("operationId: getA", fetch=fetch)
    del fetch.texts[OURS]

    assert found(loaded, fetch) == {}
    assert list(stand_ins(loaded, "w", lambda: None, fetch=fetch)) == []


def test_a_source_that_the_caller_placed_is_left_alone() -> None:
    fetch = Texts()
    loaded = document("operationId: getA", fetch=fetch)

    assert list(stand_ins(loaded, "w", lambda: SERVER, fetch=fetch, leave={"api"})) == []


def test_each_source_is_judged_by_what_is_asked_of_it() -> None:
    fetch = Texts()
    sources = "- {name: one, url: one}\n- {name: two, url: two}\n- {name: unused, url: three}\n"
    sources += "- {name: flows, url: four, type: arazzo}"
    calls = ("operationId: $sourceDescriptions.one.getA", "operationId: $sourceDescriptions.two.getB")
    fetch.texts["http://doc.example/four"] = (
        "arazzo: 1.0.1\ninfo: {title: t, version: '1'}\nsourceDescriptions: [{name: one, url: five}]\n"
        "workflows: [{workflowId: w, steps: [{stepId: a, operationId: getC}]}]"
    )
    loaded = document(*calls, "workflowId: $sourceDescriptions.flows.w", sources=sources, fetch=fetch)

    assert {name: wanted.ids for name, wanted in wanted_of(loaded, "w").items()} == {"one": {"getA"}, "two": {"getB"}}
    assert found(loaded, fetch) == {"one": OURS}
    assert "http://doc.example/three" not in fetch.asked


def test_the_description_of_our_server_knows_what_the_reference_document_asks(tmp_path: Path) -> None:
    from runyard.dialects.databricks.openapi import described  # noqa: PLC0415  # the only test that needs it
    from runyard.dialects.databricks.operations import OPERATIONS  # noqa: PLC0415  # same

    fetch = Texts()
    fetch.texts[OURS] = described(OPERATIONS).decode()
    text = Path(__file__).with_name("run-existing-job-and-wait.arazzo.yml").read_text()
    loaded = open_document(text, url=(tmp_path / "flow.yml").as_uri(), fetch=fetch)

    assert found(loaded, fetch) == {"azureDatabricksApi": OURS}

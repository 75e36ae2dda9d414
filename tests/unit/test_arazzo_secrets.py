"""What a document itself calls a secret is in nothing that is told of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from arazzo_stub import answering
from click.testing import CliRunner

from runyard.cli.arazzo import arazzo

KEY = "partner-4711"
PIN = "pin-of-the-document"
API = """
openapi: 3.1.0
servers: [{{url: '{url}'}}]
components: {{securitySchemes: {{partner: {{type: apiKey, in: header, name: X-Partner}}}}}}
paths: {{/ask: {{get: {{operationId: ask}}}}}}
"""
CHILD = f"""
arazzo: 1.0.1
info: {{title: c, version: '1'}}
sourceDescriptions: [{{name: api, url: api.yaml, type: openapi}}]
workflows:
- workflowId: child
  inputs:
    type: object
    properties:
      pin: {{type: string, format: password, default: {PIN}}}
      who: {{type: string}}
      place: {{type: object, properties: {{phrase: {{type: string, writeOnly: true, default: {PIN}-2}}}}}}
  steps:
  - stepId: ask
    CALL
    parameters:
    - {{name: X-Partner, in: header, value: $inputs.who}}
    - {{name: asked, in: query, value: $inputs.pin}}
    - {{name: also, in: query, value: $inputs.place.phrase}}
    outputs: {{body: $response.body}}
  outputs: {{said: $steps.ask.outputs.body}}
"""
PARENT = """
arazzo: 1.0.1
info: {title: p, version: '1'}
sourceDescriptions: [{name: child, url: child.yaml, type: arazzo}]
workflows:
- workflowId: parent
  inputs: {type: object, properties: {partner: {type: string}}}
  steps:
  - {stepId: s, workflowId: $sourceDescriptions.child.child, parameters: [{name: who, value: $inputs.partner}]}
"""
CALLS = (
    "operationId: ask",
    "operationId: $sourceDescriptions.api.ask",
    "operationPath: '{$sourceDescriptions.api.url}#/paths/~1ask/get'",
)


def asked(method: str, path: str, body: Any) -> tuple[int, Any]:
    del method, body
    return 500, {"path": path}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("flow", "words"), [("parent", ["-i", f"partner={KEY}"]), ("child", ["-i", f"who={KEY}"])])
def test_keys_and_passwords_of_any_document_are_masked_in_all_that_is_told(
    call: str, flow: str, words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "child.yaml").write_text(CHILD.replace("CALL", call))
    (tmp_path / "parent.yaml").write_text(PARENT)
    files = [tmp_path / "junit.xml", tmp_path / "run.har"]
    more = ["-i", "place={}"] if flow == "child" else []
    with answering(asked) as url:
        (tmp_path / "api.yaml").write_text(API.format(url=url))
        document = str(tmp_path / f"{flow}.yaml")
        kept = ["--junit", str(files[0]), "--har", str(files[1]), "--json"]
        ended = CliRunner().invoke(arazzo, ["run", document, *words, *more, *kept])

    told = [ended.output.replace(f'"partner": "{KEY}"', "").replace(f'"who": "{KEY}"', "")]
    told += [file.read_text() for file in files]
    assert ended.exit_code == 1
    assert all("/ask?asked=***" in text for text in told)
    assert not [text for text in told if PIN in text or KEY in text]


def test_a_document_is_shown_without_its_passwords(tmp_path: Path) -> None:
    short = CHILD.replace("CALL", CALLS[0]).replace(f"default: {PIN}}}", "default: 123}")
    (tmp_path / "child.yaml").write_text(short)

    shown = CliRunner().invoke(arazzo, ["show", str(tmp_path / "child.yaml")]).output

    assert "pin (string, default ***)" in shown
    assert "123" not in shown

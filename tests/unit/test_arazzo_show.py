"""Documents as trees of words and as charts."""

from __future__ import annotations

import re
from pathlib import Path

from runyard.arazzo.documents.assembly import assemble
from runyard.arazzo.documents.document import Document
from runyard.arazzo.documents.reading import read
from runyard.arazzo.told.mermaid import flowchart
from runyard.arazzo.told.outline import outline

REFERENCE = Path(__file__).with_name("run-existing-job-and-wait.arazzo.yml")
MANY = """
arazzo: 1.1.0
info: {title: Many, version: "2", description: Everything at once.}
sourceDescriptions: [{name: api, url: api.yml}]
workflows:
- workflowId: main
  dependsOn: [before]
  inputs:
    properties:
      n: {type: [integer, "null"], default: 3}
      any: true
  parameters: [{name: X-All, in: header, value: "1"}]
  failureActions: [{name: stop, type: end}]
  steps:
  - stepId: 'call "it" <now> #1'
    workflowId: before
    parameters: [{name: a, value: $inputs.n}]
    onSuccess: [{name: done, type: end}]
    onFailure:
    - {name: again, type: retry, retryAfter: 1.5, retryLimit: 4}
    - {name: first, type: retry, stepId: second}
    - {name: away, type: goto, workflowId: before, criteria: [{condition: $statusCode == 404}]}
  - stepId: second
    operationPath: '{$sourceDescriptions.api.url}#/paths/~1a/post'
    requestBody:
      payload: {a: 1}
      replacements: [{target: /a, value: $inputs.n}]
    outputs:
      picked: {context: $response.body, selector: $.a, type: jsonpath}
- workflowId: before
  inputs: {$ref: '#/components/inputs/shared'}
  steps: [{stepId: only, operationId: look}]
"""
NODE = re.compile(r'(w\d+_\w+)(\[\[".*"\]\]|\[".*"\]|\(\[".*"\]\))')
EDGE = re.compile(r'(w\d+_\w+) (-->|-\.->|-\.-|==>) (?:\|"([^"|]*)"\| )?(w\d+_\w+)')


def document(text: str) -> Document:
    return assemble(read(text))


def chart(text: str) -> tuple[dict[str, str], list[tuple[str, str, str, str]]]:
    """Return the nodes and edges of a chart, every line of which must be one that Mermaid reads."""
    first, *lines = flowchart(document(text))
    assert first == "flowchart TD"
    nodes, edges = {}, []
    for line in map(str.strip, lines):
        if node := NODE.fullmatch(line):
            nodes[node[1]] = node[2]
        elif edge := EDGE.fullmatch(line):
            edges.append((edge[1], edge[2], edge[3] or "", edge[4]))
        else:
            assert re.fullmatch(r'subgraph w\d+\["[^"]+"\]|end', line), line
    assert {end for edge in edges for end in (edge[0], edge[3])} <= nodes.keys()
    return nodes, edges


def test_the_tree_tells_what_goes_in_what_is_done_and_what_comes_out() -> None:
    lines = outline(document(REFERENCE.read_text()))

    assert lines[0] == "Azure Databricks Run an Existing Job and Wait 1.0.0 (Arazzo 1.0.1)"
    assert "└─ azureDatabricksApi: openapi at ../openapi/azure-databricks-openapi.yml" in lines
    assert "│  ├─ jobId (integer, required): The canonical identifier of the job to run." in lines
    assert "├─ 2. runJobNow → runJobNow" in lines
    assert "│  ├─ header Authorization = Bearer $inputs.token" in lines
    assert "│  ├─ must hold: $statusCode == 200" in lines
    assert any(line.startswith("│  ├─ on success: finished: end if $.state.life_cycle_state") for line in lines)
    assert any(line.startswith("│  ├─ on success: stillRunning: go to pollRun if ") for line in lines)
    assert lines[-1] == "   └─ runPageUrl = $steps.pollRun.outputs.runPageUrl"


def test_the_tree_tells_everything_that_a_step_may_have() -> None:
    lines = outline(document(MANY))

    assert "├─ after before" in lines
    assert "│  ├─ n (integer or null, default 3)" in lines
    assert "│  └─ any" in lines
    assert '├─ 1. call "it" <now> #1 → workflow before' in lines
    assert "│  ├─ header X-All = 1" in lines
    assert "│  ├─ input a = $inputs.n" in lines
    assert "│  ├─ on failure: again: retry up to 4 times, 1.5 s later" in lines
    assert "│  ├─ on failure: first: retry after second up to 1 times" in lines
    assert "│  └─ on failure: away: go to workflow before if $statusCode == 404" in lines
    assert '   ├─ body = {"a":1}' in lines
    assert "   ├─ body at /a = $inputs.n" in lines
    assert "   ├─ on failure: stop: end" in lines
    assert "   └─ output picked = $.a of $response.body" in lines
    assert "│  └─ as #/components/inputs/shared says" in lines


def test_the_chart_of_a_poll_loop_comes_back_to_its_step() -> None:
    nodes, edges = chart(REFERENCE.read_text())

    assert nodes["w1_3"] == '["pollRun<br/>getJobRun"]'
    assert [(edge[0], edge[3]) for edge in edges] == [
        ("w1_start", "w1_1"),
        ("w1_1", "w1_2"),
        ("w1_2", "w1_3"),
        ("w1_3", "w1_end"),
        ("w1_3", "w1_3"),
        ("w1_3", "w1_end"),
    ]
    assert edges[3][2].startswith("finished: $.state.life_cycle_state == #quot;TERMINATED#quot;")
    assert edges[5][2] == "otherwise"


def test_the_chart_tells_failures_retries_and_other_workflows() -> None:
    nodes, edges = chart(MANY)

    assert nodes["w1_1"] == '[["call #quot;it#quot; #lt;now#gt; #35;1<br/>workflow before"]]'
    assert ("w2_end", "==>", "", "w1_start") in edges
    assert ("w1_1", "-->", "done", "w1_end") in edges
    assert ("w1_1", "-->", "", "w1_2") not in edges
    assert ("w1_1", "-.->", "again", "w1_1") in edges
    assert ("w1_1", "-.->", "first", "w1_2") in edges
    assert ("w1_1", "-.->", "away: $statusCode == 404", "w2_start") in edges
    assert ("w1_1", "-.-", "", "w2_start") in edges
    assert ("w1_2", "-.->", "stop", "w1_failed") in edges
    assert "w2_failed" not in nodes


def test_goals_that_are_not_there_are_left_out_of_the_chart() -> None:
    text = REFERENCE.read_text().replace("stepId: pollRun\n      criteria", "stepId: nowhere\n      criteria")
    _, edges = chart(text)

    assert ("w1_3", "w1_3") not in [(edge[0], edge[3]) for edge in edges]

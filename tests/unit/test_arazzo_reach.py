"""Which workflows a run may lead to, and the tasks that its record has."""

from __future__ import annotations

from runyard.arazzo.http.exchange import Unreachable
from runyard.arazzo.running.loading import Loaded, open_document
from runyard.arazzo.running.reach import reached
from runyard.cli.arazzo_recording import task_keys

FLOW = """
arazzo: 1.0.1
info: {title: t, version: "1"}
sourceDescriptions: [{name: more, url: more.yml, type: arazzo}]
workflows:
- workflowId: main
  dependsOn: [prepare]
  successActions: [{name: x, type: goto, workflowId: after}]
  steps:
  - {stepId: a, operationId: one}
  - {stepId: b, workflowId: $sourceDescriptions.more.other}
  - {stepId: c, operationId: two, onFailure: [{name: y, type: retry, workflowId: repair}]}
- workflowId: prepare
  steps: [{stepId: a, operationId: one}]
- workflowId: after
  steps: [{stepId: z, operationId: one, onSuccess: [{name: back, type: goto, workflowId: main}]}]
- workflowId: repair
  steps: [{stepId: r, operationId: one}]
- workflowId: unused
  steps: [{stepId: u, operationId: one}]
"""
MORE = """
arazzo: 1.0.1
info: {title: t, version: "1"}
sourceDescriptions: [{name: api, url: api.yml}]
workflows:
- workflowId: other
  steps: [{stepId: o, workflowId: inner}]
- workflowId: inner
  steps: [{stepId: i, operationId: one}]
"""


def fetch(url: str) -> str:
    if url != "http://doc.example/more.yml":
        raise Unreachable(f"{url} is not there.")
    return MORE


def loaded() -> Loaded:
    return open_document(FLOW, url="http://doc.example/flow.yml", fetch=fetch)


def test_what_a_run_may_lead_to_is_found_over_steps_actions_and_dependencies() -> None:
    ids = [place.workflow.id for place in reached(loaded(), "main")]

    assert ids[0] == "main"
    assert sorted(ids) == ["after", "inner", "main", "other", "prepare", "repair"]


def test_a_record_has_a_task_for_each_step_that_may_be_executed() -> None:
    keys = task_keys(loaded(), "main")

    assert keys[:3] == ["a", "b", "c"]
    assert sorted(keys[3:]) == ["after.z", "inner.i", "other.o", "prepare.a", "repair.r"]
    assert task_keys(loaded(), "unused") == ["u"]

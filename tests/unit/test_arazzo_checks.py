from __future__ import annotations

from pathlib import Path

import pytest

from runyard.arazzo.apis.sources import read_api
from runyard.arazzo.checks import check
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

"""Runs of workflows as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from arazzo_reports import exchange, failed, step, workflow

from runyard.arazzo.told.junit import JUnitReport


def written(report: JUnitReport) -> ET.Element:
    text = report.xml()
    assert text.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    return ET.fromstring(text)  # noqa: S314  # our own text


def counts(element: ET.Element) -> list[str | None]:
    return [element.get(name) for name in ("tests", "failures", "errors", "skipped")]


def test_each_workflow_is_a_suite_and_each_execution_of_a_step_a_case() -> None:
    report = JUnitReport()
    report.workflow_began(("main",))
    report.workflow_began(("main", "login"))
    report.step_ended(step("ask", workflows=("main", "login")))
    report.workflow_ended(workflow("main", "login", took_s=0.75))
    report.step_ended(step("poll"))
    report.step_ended(step("poll", tries=2))
    report.workflow_ended(workflow())
    root = written(report)

    assert root.tag == "testsuites"
    assert counts(root) == ["3", "0", "0", "0"]
    assert root.get("time") == "2.000"
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [("main", "2"), ("main/login", "1")]
    assert root[1].get("time") == "0.750"
    assert root[0].get("timestamp") == "2026-01-01T00:00:00"
    assert [case.get("name") for case in root[0]] == ["poll", "poll (execution 2)"]
    assert root[0][0].get("classname") == "main"
    assert root[0][0].get("time") == "0.500"


def test_a_failure_is_explained() -> None:
    report = JUnitReport()
    report.workflow_began(("main",))
    report.step_ended(failed())
    report.workflow_ended(workflow(succeeded=False, message="look failed"))
    root = written(report)

    assert counts(root) == ["1", "1", "0", "0"]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "$statusCode == 200 does not hold"
    assert (failure.text or "").splitlines() == [
        "$statusCode == 200 does not hold",
        "condition  $statusCode == 200",
        "saw        $statusCode = 404",
        "request    GET http://api.example/things?a=1&b=",
        "response   404  no such thing",
    ]


def test_a_failure_that_the_workflow_had_an_answer_to_is_no_failure_of_the_run() -> None:
    report = JUnitReport()
    report.workflow_began(("main",))
    report.step_ended(failed(follows="retry look"))
    report.step_ended(step(tries=2))
    report.workflow_ended(workflow())
    root = written(report)

    assert counts(root) == ["2", "0", "0", "1"]
    skipped = root.find(".//skipped")
    assert skipped is not None
    assert skipped.get("message") == "failed, and retry look followed: $statusCode == 200 does not hold"
    assert "404" in (root[0][0].findtext("system-out") or "")


def test_a_workflow_that_fails_without_a_step_has_a_case_of_its_own() -> None:
    report = JUnitReport()
    report.workflow_began(("main",))
    report.workflow_ended(workflow(succeeded=False, message="The inputs of main are wrong", steps=0))
    root = written(report)

    assert counts(root) == ["1", "0", "1", "0"]
    error = root.find(".//error")
    assert error is not None
    assert error.text == "The inputs of main are wrong"


def test_a_run_that_was_broken_off_is_told_as_far_as_it_went() -> None:
    report = JUnitReport()
    report.workflow_began(("main",))
    report.step_ended(step())

    assert counts(written(report)) == ["1", "0", "0", "0"]


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    report = JUnitReport()
    report.step_ended(failed(message="a\x00b\x1b[0m \ud800 <&>", exchange=exchange(500, b"\x00\x08")))
    failure = written(report).find(".//failure")

    assert failure is not None
    assert failure.get("message") == "a\ufffdb\ufffd[0m \ufffd <&>"


def test_what_became_a_secret_later_is_masked_and_the_report_stays_xml() -> None:
    report = JUnitReport()
    report.step_ended(failed(message="test failed with token test"))
    report.workflow_ended(workflow(succeeded=False))
    root = ET.fromstring(report.xml(lambda text: text.replace("test", "***")))  # noqa: S314  # our own text

    assert root.tag == "testsuites"
    assert root.findtext(".//failure", "").splitlines()[0] == "*** failed with token ***"

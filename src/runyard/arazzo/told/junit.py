"""A run as JUnit XML: a test suite for each workflow, a test case for each execution of a step."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.running.progress import StepPlace, StepReport, WorkflowReport
from runyard.arazzo.told.telling import ended_it, exchange_lines, explanation

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class _Suite:
    """A workflow that was run, with its steps in the order in which they ended."""

    workflows: tuple[str, ...]
    cases: list[ET.Element] = field(default_factory=list)  # not the reports, whose responses may be large
    began_at: float = 0.0
    took_s: float = 0.0
    report: WorkflowReport | None = None

    @property
    def name(self) -> str:
        """The way to the workflow."""
        return "/".join(self.workflows)

    def add(self, step: StepReport) -> None:
        """Add a case."""
        self.cases.append(_case(step, self.name))
        self.began_at = self.began_at or step.began_at
        self.took_s += step.took_s

    def end(self, report: WorkflowReport) -> None:
        """Take the times of the whole, and its failure if no step has it."""
        self.report, self.began_at, self.took_s = report, report.began_at, report.took_s
        if not report.succeeded and all(case.find("failure") is None for case in self.cases):
            self.cases.append(_verdict(report, self.name))


class JUnitReport:
    """Hears of a run, and gives its report; what it hears is masked before."""

    def __init__(self) -> None:
        self._suites: list[_Suite] = []

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """Open a suite."""
        self._suites.append(_Suite(workflows))

    def step_ended(self, report: StepReport) -> None:
        """Add a case to the suite of its workflow."""
        self._open(report.place.workflows).add(report)

    def workflow_ended(self, report: WorkflowReport) -> None:
        """Close its suite."""
        self._open(report.workflows).end(report)

    def step_began(self, place: StepPlace) -> None:
        """A case is told when it has ended."""

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """The step's report has it."""

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """The suite's time has it."""

    def _open(self, workflows: tuple[str, ...]) -> _Suite:
        """Return the newest suite of a workflow that has not ended."""
        for suite in reversed(self._suites):
            if suite.workflows == workflows and suite.report is None:
                return suite
        self._suites.append(_Suite(workflows))
        return self._suites[-1]

    def xml(self, mask: Callable[[str], str] = str) -> bytes:
        """Return the report as it stands in a file; what became a secret only later can be masked now."""
        root = ET.Element("testsuites", name="runyard arazzo")
        suites = [_suite(suite) for suite in self._suites]
        root.extend(suites)
        for name in ("tests", "failures", "errors", "skipped"):
            root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
        root.set("time", f"{sum(suite.took_s for suite in self._suites if len(suite.workflows) == 1):.3f}")
        for element in root.iter():
            element.text = element.text and mask(element.text)
            element.attrib = {name: mask(value) for name, value in element.attrib.items()}
        ET.indent(root)
        text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return text


def _suite(suite: _Suite) -> ET.Element:
    made = ET.Element("testsuite", name=_clean(suite.name))
    made.extend(suite.cases)
    made.set("tests", str(len(suite.cases)))
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        made.set(attribute, str(sum(case.find(kind) is not None for case in suite.cases)))
    made.set("time", f"{suite.took_s:.3f}")
    made.set("timestamp", datetime.fromtimestamp(suite.began_at, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    return made


def _case(step: StepReport, suite: str) -> ET.Element:
    name = step.place.step if step.tries == 1 else f"{step.place.step} (execution {step.tries})"
    case = ET.Element("testcase", name=_clean(name), classname=_clean(suite), time=f"{step.took_s:.3f}")
    if ended_it(step):
        _told(case, "failure", step.message or "The step failed.", explanation(step))
    elif not step.succeeded:
        # The workflow knew what to do about it: a failure here would make a red build of a run that succeeded.
        ET.SubElement(
            case, "skipped", message=_clean(f"failed, and {step.follows} followed: {step.message or ''}".strip(": "))
        )
        ET.SubElement(case, "system-out").text = _clean("\n".join(explanation(step)))
    elif step.exchange is not None:
        ET.SubElement(case, "system-out").text = _clean("\n".join(exchange_lines(step.exchange)))
    return case


def _verdict(report: WorkflowReport, suite: str) -> ET.Element:
    """A case for a workflow that failed although none of its steps did so for good."""
    case = ET.Element(
        "testcase", name=_clean(report.workflows[-1]), classname=_clean(suite), time=f"{report.took_s:.3f}"
    )
    _told(case, "error", report.message or "The workflow failed.", [])
    return case


def _told(case: ET.Element, kind: str, message: str, lines: Sequence[str]) -> None:
    told = ET.SubElement(case, kind, message=_clean(message), type=kind)
    told.text = _clean("\n".join(lines or [message]))


def _clean(text: str) -> str:
    """Replace what XML cannot hold."""
    return NOT_IN_XML.sub("\ufffd", text)

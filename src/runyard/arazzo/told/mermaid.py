"""A document as a Mermaid flowchart, which GitHub and most wikis draw."""

from __future__ import annotations

from collections.abc import Iterator

from runyard.arazzo.documents.document import Action, Document, Step, Workflow, failure_actions_of, success_actions_of
from runyard.arazzo.told.outline import call_of, criterion_text
from runyard.arazzo.told.telling import shortened

LONGEST_LABEL = 60
# `#` first: it begins the others.
ESCAPES = (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("|", "#124;"))
ON_SUCCESS = "-->"
ON_FAILURE = "-.->"
CALLS = "-.-"
WAITS_FOR = "==>"


def flowchart(document: Document) -> list[str]:
    """Return the lines of the chart."""
    charts = {
        workflow.id: _Chart(f"w{number}", workflow) for number, workflow in enumerate(document.workflows, start=1)
    }
    lines = ["flowchart TD"]
    for chart in charts.values():
        lines += [f'  subgraph {chart.name}["{_escaped(chart.workflow.id)}"]', *chart.nodes(), "  end"]
    for chart in charts.values():
        lines += [f"  {line}" for line in chart.edges(charts)]
    return lines


class _Chart:
    """One workflow's part of the chart."""

    def __init__(self, name: str, workflow: Workflow) -> None:
        self.name = name
        self.workflow = workflow
        self._ids = {step.id: f"{name}_{number}" for number, step in enumerate(workflow.steps, start=1)}

    @property
    def start(self) -> str:
        """The node where the workflow begins."""
        return f"{self.name}_start"

    def nodes(self) -> Iterator[str]:
        """Yield where it begins, its steps, and how it may end."""
        yield f'    {self.start}(["start"])'
        for step in self.workflow.steps:
            left, right = ("[[", "]]") if step.workflow_id else ("[", "]")
            text = f"{_escaped(step.id)}<br/>{_escaped(call_of(step))}"
            yield f'    {self._ids[step.id]}{left}"{text}"{right}'
        yield f'    {self.name}_end(["end"])'
        if any(self._fails(step) for step in self.workflow.steps):
            yield f'    {self.name}_failed(["failed"])'

    def _fails(self, step: Step) -> bool:
        return any(action.type == "end" for action in failure_actions_of(self.workflow, step))

    def edges(self, charts: dict[str, _Chart]) -> Iterator[str]:
        """Yield how its steps follow each other, and which other workflows they lead to."""
        ids = [*(self._ids[step.id] for step in self.workflow.steps), f"{self.name}_end"]
        yield f"{self.start} {ON_SUCCESS} {ids[0]}"
        for before in self.workflow.depends_on:
            if before in charts:
                yield f"{charts[before].name}_end {WAITS_FOR} {self.start}"
        for number, step in enumerate(self.workflow.steps):
            yield from self._after(step, ids[number + 1], charts)

    def _after(self, step: Step, next_id: str, charts: dict[str, _Chart]) -> Iterator[str]:
        here = self._ids[step.id]
        actions = success_actions_of(self.workflow, step)
        for action in actions:
            yield from self._edge(here, ON_SUCCESS, action, charts)
        if all(action.criteria for action in actions):
            yield f"{here} {ON_SUCCESS} {_label('otherwise') if actions else ''}{next_id}"
        for action in failure_actions_of(self.workflow, step):
            yield from self._edge(here, ON_FAILURE, action, charts)
        if step.workflow_id in charts:
            yield f"{here} {CALLS} {charts[step.workflow_id or ''].start}"

    def _edge(self, here: str, line: str, action: Action, charts: dict[str, _Chart]) -> Iterator[str]:
        goal = self._goal(here, line, action, charts)
        if goal is not None:
            when = " and ".join(criterion_text(criterion) for criterion in action.criteria)
            yield f"{here} {line} {_label(f'{action.name}: {when}' if when else action.name)}{goal}"

    def _goal(self, here: str, line: str, action: Action, charts: dict[str, _Chart]) -> str | None:
        if action.type == "end":
            return f"{self.name}_end" if line == ON_SUCCESS else f"{self.name}_failed"
        if action.step_id is not None:
            return self._ids.get(action.step_id)
        if action.workflow_id is not None:
            return charts[action.workflow_id].start if action.workflow_id in charts else None
        return here  # a retry


def _label(text: str) -> str:
    return f'|"{_escaped(shortened(text, LONGEST_LABEL))}"| '


def _escaped(text: str) -> str:
    for character, spelling in ESCAPES:
        text = text.replace(character, spelling)
    return " ".join(text.split())

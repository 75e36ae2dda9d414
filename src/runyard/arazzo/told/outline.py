"""A document as a tree of words that a person reads from top to bottom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runyard.arazzo.documents.assembly import mapping
from runyard.arazzo.documents.document import (
    Action,
    Criterion,
    Document,
    Parameter,
    RequestBody,
    Selector,
    Step,
    Workflow,
    failure_actions_of,
    parameters_of,
    success_actions_of,
)
from runyard.arazzo.language.values import as_text
from runyard.arazzo.told.masking import MASK, is_secret_rule
from runyard.arazzo.told.secret_names import is_secret_name
from runyard.arazzo.told.telling import shortened

LONGEST = 100


@dataclass(frozen=True)
class Branch:
    """A line of the tree, and what hangs below it."""

    text: str
    below: Sequence[Branch] = field(default_factory=tuple)


def outline(document: Document) -> list[str]:
    """Return the lines of the tree."""
    info = document.info
    lines = [f"{info.title} {info.version} (Arazzo {document.version})", *_texts([info.summary or info.description])]
    for branch in (_sources(document), *(_workflow(workflow) for workflow in document.workflows)):
        lines += ["", branch.text, *_drawn(branch.below)]
    return lines


def _drawn(branches: Sequence[Branch]) -> Iterator[str]:
    for number, branch in enumerate(branches, start=1):
        is_last = number == len(branches)
        yield ("└─ " if is_last else "├─ ") + branch.text
        yield from (("   " if is_last else "│  ") + line for line in _drawn(branch.below))


def _texts(texts: Iterable[str | None]) -> list[str]:
    return [shortened(text, LONGEST) for text in texts if text]


def _sources(document: Document) -> Branch:
    texts = [f"{source.name}: {source.type or 'a source'} at {source.url}" for source in document.sources]
    return Branch("sources", [Branch(text) for text in texts])


def _workflow(workflow: Workflow) -> Branch:
    said = [Branch(text) for text in _texts([workflow.summary or workflow.description])]
    first = [Branch(f"after {', '.join(workflow.depends_on)}")] if workflow.depends_on else []
    steps = [_step(number, workflow, step) for number, step in enumerate(workflow.steps, start=1)]
    return Branch(
        f"workflow {workflow.id}",
        [*said, *first, *_group("inputs", inputs_of(workflow)), *steps, *_group("outputs", _outputs(workflow.outputs))],
    )


def _group(name: str, texts: Sequence[str]) -> list[Branch]:
    return [Branch(name, [Branch(text) for text in texts])] if texts else []


def inputs_of(workflow: Workflow) -> list[str]:
    """Return a line for each input that the workflow declares."""
    schema = workflow.inputs if isinstance(workflow.inputs, dict) else {}
    if "$ref" in schema:
        return [f"as {schema['$ref']} says"]
    required = schema["required"] if isinstance(schema.get("required"), list) else ()
    return [
        _input(name, rule if isinstance(rule, dict) else {}, is_required=name in required)
        for name, rule in mapping(schema, "properties").items()
    ]


def _input(name: str, rule: Mapping[str, Any], *, is_required: bool) -> str:
    kind = rule.get("type") or ""
    words = [" or ".join(map(str, kind)) if isinstance(kind, list) else str(kind), "required" if is_required else ""]
    if "default" in rule:
        is_secret = is_secret_rule(rule) or is_secret_name(name)
        words.append(f"default {MASK if is_secret else shortened(as_text(rule['default']), 40)}")
    facts = ", ".join(word for word in words if word)
    told = f": {shortened(str(rule['description']), LONGEST)}" if rule.get("description") else ""
    return f"{name}{f' ({facts})' if facts else ''}{told}"


def _outputs(outputs: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in outputs.items()]


def _value(value: Any) -> str:
    if isinstance(value, Selector):
        return f"{value.selector} of {value.context}"
    return shortened(as_text(value), LONGEST)


def _step(number: int, workflow: Workflow, step: Step) -> Branch:
    details = [
        *_texts([step.description]),
        *(_sent(parameter) for parameter in parameters_of(workflow, step)),
        *_body(step.request_body),
        *(f"must hold: {criterion_text(criterion)}" for criterion in step.success_criteria),
        *(f"on success: {action_text(action)}" for action in success_actions_of(workflow, step)),
        *(f"on failure: {action_text(action)}" for action in failure_actions_of(workflow, step)),
        *(f"output {text}" for text in _outputs(step.outputs)),
    ]
    return Branch(f"{number}. {step.id} → {call_of(step)}", [Branch(text) for text in details])


def call_of(step: Step) -> str:
    """Name what a step does."""
    if step.workflow_id is not None:
        return f"workflow {step.workflow_id}"
    return step.operation_id or step.operation_path or step.channel_path or "nothing"


def _sent(parameter: Parameter) -> str:
    return f"{parameter.location or 'input'} {parameter.name} = {_value(parameter.value)}"


def _body(body: RequestBody | None) -> list[str]:
    if body is None:
        return []
    kind = f" ({body.content_type})" if body.content_type else ""
    replaced = [f"body at {one.target} = {_value(one.value)}" for one in body.replacements]
    return [f"body{kind} = {_value(body.payload)}", *replaced]


def criterion_text(criterion: Criterion) -> str:
    """Say a criterion in one line."""
    return shortened(criterion.condition, LONGEST) + (f" in {criterion.context}" if criterion.context else "")


def action_text(action: Action) -> str:
    """Say an action in one line: its name, what it does, and when."""
    goal = action.step_id or (f"workflow {action.workflow_id}" if action.workflow_id else "")
    what = {"goto": f"go to {goal}", "retry": _retry(action, goal)}.get(action.type, action.type)
    when = " and ".join(criterion_text(criterion) for criterion in action.criteria)
    return f"{action.name}: {what}{f' if {when}' if when else ''}"


def _retry(action: Action, goal: str) -> str:
    first = f" after {goal}" if goal else ""
    wait = f", {action.retry_after:g} s later" if action.retry_after else ""
    return f"retry{first} up to {action.retry_limit} times{wait}"

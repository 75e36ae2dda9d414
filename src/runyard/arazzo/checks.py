"""What is wrong with a document before anything is asked of a server: form and meaning, each with place and hint."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runyard.arazzo.apis.sources import Api
from runyard.arazzo.documents.assembly import assemble
from runyard.arazzo.documents.document import Document, Step, Workflow, failure_actions_of, success_actions_of
from runyard.arazzo.documents.places import Path, Place, nearest
from runyard.arazzo.documents.reading import places, read
from runyard.arazzo.documents.shape import misshapen
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.expressions import Bare, Expression, Version, parse_template
from runyard.arazzo.records import Record

PLAIN = re.compile(r"[\w.\-]+")
OPERATION = ("operationId", "operationPath", "workflowId", "channelPath")


class Finding(Record):
    """Something wrong, or doubtful if it is a warning."""

    message: str
    place: Place
    is_error: bool = True
    hint: str = ""


class _Doubt(Record):
    """A finding before its place is looked up."""

    message: str
    at: Path
    hint: str = ""
    is_error: bool = True


def check(text: str, apis: Mapping[str, Api] | None = None, *, strict: bool = False) -> list[Finding]:
    """Return what is wrong, in the text's order; `apis` are the sources at hand, and strict makes all of it errors."""
    data = read(text)
    document = assemble(data)
    shapes = (
        _Doubt(message=found.message, at=found.at, hint=_nearest(found.word, found.known), is_error=False)
        for found in misshapen(data)
    )
    # A workflow's action holds for each of its steps, and is wrong once.
    doubts = list(dict.fromkeys([*shapes, *_meaning(document, data, apis or {})]))
    found = places(text) if doubts else {}
    return sorted(
        (
            Finding(
                message=doubt.message,
                hint=doubt.hint,
                is_error=doubt.is_error or strict,
                place=nearest(found, doubt.at),
            )
            for doubt in doubts
        ),
        key=lambda finding: (finding.place.line, finding.place.column),
    )


def _nearest(word: str | None, known: Iterable[str]) -> str:
    options = list(known)
    close = difflib.get_close_matches(word or "", options, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known are {', '.join(options[:8])}." if options else ""


def _meaning(document: Document, data: Any, apis: Mapping[str, Api]) -> Iterator[_Doubt]:
    for lost in document.unresolved:
        message = f"{lost.reference} leads to nothing."
        yield _Doubt(message=message, at=lost.at, hint=_nearest(lost.reference, lost.known))
    yield from _repeated("workflowId", [(workflow.id, workflow.at) for workflow in document.workflows])
    yield from _repeated("name", [(source.name, source.at) for source in document.sources])
    yield from _cycles(document)
    for workflow in document.workflows:
        yield from _repeated("stepId", [(step.id, step.at) for step in workflow.steps])
        yield from _unreachable(workflow)
        for step in workflow.steps:
            yield from _call(document, step, apis)
            yield from _targets(document, workflow, step)
        yield from _expressions(document, workflow, data)


def _repeated(name: str, ids: list[tuple[str, Path]]) -> Iterator[_Doubt]:
    seen = Counter[str]()
    for id_, at in ids:
        seen[id_] += 1
        if seen[id_] > 1:
            yield _Doubt(message=f"The {name} {id_!r} is used twice.", at=(*at, name), hint="Give each its own.")


def _call(document: Document, step: Step, apis: Mapping[str, Api]) -> Iterator[_Doubt]:
    calls = (step.operation_id, step.operation_path, step.workflow_id, step.channel_path)
    if sum(call is not None for call in calls) != 1:
        message = f"The step {step.id!r} is to have exactly one of {', '.join(OPERATION)}."
        yield _Doubt(message=message, at=step.at)
    if step.channel_path is not None:
        yield _Doubt(message="Steps on channels (AsyncAPI) cannot be run here.", at=(*step.at, "channelPath"))
    if step.workflow_id is not None:
        yield from _workflow(document, step.workflow_id, (*step.at, "workflowId"))
    if step.operation_id is not None:
        yield from _operation(document, step, apis)


def _workflow(document: Document, id_: str, at: Path) -> Iterator[_Doubt]:
    if not id_.startswith("$") and document.workflow(id_) is None:
        known = [workflow.id for workflow in document.workflows]
        yield _Doubt(message=f"There is no workflow {id_!r}.", at=at, hint=_nearest(id_, known))


def _operation(document: Document, step: Step, apis: Mapping[str, Api]) -> Iterator[_Doubt]:
    id_, at, prefix = step.operation_id or "", (*step.at, "operationId"), "$sourceDescriptions."
    names = [source.name for source in document.sources if source.type != "arazzo"]
    if id_.startswith(prefix):
        name, _, id_ = id_.removeprefix(prefix).partition(".")
        if name not in names:
            yield _Doubt(message=f"There is no source {name!r}.", at=at, hint=_nearest(name, names))
            return
        names = [name]
    elif len(names) > 1:
        message = f"With several sources, {id_!r} does not say which one it is of."
        yield _Doubt(message=message, at=at, hint=f"Write {prefix}{names[0]}.{id_}.")
    if names and all(name in apis for name in names):
        known = [found for name in names for found in apis[name].operation_ids]
        if id_ not in known:
            message = f"No source has an operation {id_!r}."
            yield _Doubt(message=message, at=at, hint=_nearest(id_, known))


def _targets(document: Document, workflow: Workflow, step: Step) -> Iterator[_Doubt]:
    ids = [other.id for other in workflow.steps]
    for action in (*success_actions_of(workflow, step), *failure_actions_of(workflow, step)):
        if action.type == "goto" and (action.step_id is None) == (action.workflow_id is None):
            message = f"The action {action.name!r} is to go to either a step or a workflow."
            yield _Doubt(message=message, at=action.at)
        if action.step_id is not None and action.step_id not in ids:
            message = f"There is no step {action.step_id!r} in this workflow."
            yield _Doubt(message=message, at=(*action.at, "stepId"), hint=_nearest(action.step_id, ids))
        if action.workflow_id is not None:
            yield from _workflow(document, action.workflow_id, (*action.at, "workflowId"))


def _cycles(document: Document) -> Iterator[_Doubt]:
    """Workflows that wait for themselves, by `dependsOn` or by a step that runs one of them."""
    calls = {
        workflow.id: {*workflow.depends_on, *(step.workflow_id for step in workflow.steps if step.workflow_id)}
        for workflow in document.workflows
    }
    for workflow in document.workflows:
        for id_ in workflow.depends_on:
            yield from _workflow(document, id_, (*workflow.at, "dependsOn"))
        reached, waiting = set[str](), list(calls[workflow.id])
        while waiting:
            id_ = waiting.pop()
            if id_ not in reached:
                reached.add(id_)
                waiting.extend(calls.get(id_, ()))
        if workflow.id in reached:
            yield _Doubt(message=f"The workflow {workflow.id!r} waits for itself.", at=workflow.at)


def _unreachable(workflow: Workflow) -> Iterator[_Doubt]:
    """Steps behind one that never goes on to the next, to which nothing goes either."""
    index = {step.id: number for number, step in enumerate(workflow.steps)}
    reached, waiting = set[int](), [0]
    while waiting:
        number = waiting.pop()
        if number in reached or number >= len(workflow.steps):
            continue
        reached.add(number)
        step = workflow.steps[number]
        actions = success_actions_of(workflow, step)
        always = any(not action.criteria for action in actions)
        waiting += [] if always else [number + 1]
        goals = (action.step_id for action in (*actions, *failure_actions_of(workflow, step)))
        waiting += [index[goal] for goal in goals if goal in index]
    for number, step in enumerate(workflow.steps):
        if number not in reached:
            yield _Doubt(message=f"Nothing leads to the step {step.id!r}.", at=step.at, is_error=False)


def _expressions(document: Document, workflow: Workflow, data: Any) -> Iterator[_Doubt]:
    """The inputs and outputs that the workflow's texts name and nothing declares."""
    version = Version(document.minor)
    node = data["workflows"][workflow.at[1]]
    for at, text in _texts({key: node[key] for key in ("steps", "outputs", "parameters") if key in node}, workflow.at):
        if "$" not in text or at[-1] in ("description", "operationId", "operationPath"):
            continue
        try:
            parts = parse_template(text, version)
        except NotUnderstood as error:
            yield _Doubt(message=error.problem, at=at, is_error=False)
            continue
        for part in parts:
            expression = part.expression if isinstance(part, Bare) else part
            if isinstance(expression, Expression):
                yield from _named(workflow, expression, at)


def _texts(value: Any, at: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(child, (*at, key))


def _named(workflow: Workflow, expression: Expression, at: Path) -> Iterator[_Doubt]:
    if expression.root == "inputs":
        schema = workflow.inputs if isinstance(workflow.inputs, dict) else {}
        known = list(schema.get("properties") or ())
        # Whoever composes the inputs from elsewhere may declare them there.
        if not {"$ref", "allOf", "anyOf", "oneOf"} & schema.keys() and not _is_known(expression.path[0], known):
            message = f"The workflow declares no input {expression.path[0]!r}."
            yield _Doubt(message=message, at=at, hint=_nearest(expression.path[0], known))
    if expression.root == "steps":
        steps = {step.id: step for step in workflow.steps}
        step = steps.get(expression.path[0])
        if step is None:
            message = f"There is no step {expression.path[0]!r} in this workflow."
            yield _Doubt(message=message, at=at, hint=_nearest(expression.path[0], steps))
        elif step.workflow_id is None and not _is_known(expression.path[-1], step.outputs):
            message = f"The step {step.id!r} has no output {expression.path[-1]!r}."
            yield _Doubt(message=message, at=at, hint=_nearest(expression.path[-1], step.outputs))


def _is_known(name: str, known: Iterable[str]) -> bool:
    """Whether a name, or the part of it before a dot, is there: many write the way into a value with dots."""
    if not PLAIN.fullmatch(name):
        return True  # in a condition without spaces, more than the name stands here
    return not {name, name.split(".", 1)[0], name.split("[", 1)[0]}.isdisjoint(known)

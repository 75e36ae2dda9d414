"""What is wrong with a document before anything is asked of a server: form and meaning, each with place and hint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from runyard.arazzo.call_checks import Sources, call_doubts, workflow_doubts
from runyard.arazzo.documents.assembly import assemble
from runyard.arazzo.documents.document import Document, Step, Workflow, failure_actions_of, success_actions_of
from runyard.arazzo.documents.places import Path, Place, nearest
from runyard.arazzo.documents.reading import places, read
from runyard.arazzo.documents.shape import misshapen
from runyard.arazzo.doubts import Doubt, nearest_word
from runyard.arazzo.records import Record
from runyard.arazzo.running.loading import Loaded
from runyard.arazzo.running.plans import in_order, plan
from runyard.arazzo.text_checks import text_doubts
from runyard.core.errors import InvalidRequest, NotSupported


class Finding(Record):
    """Something wrong, or doubtful if it is a warning."""

    message: str
    place: Place
    is_error: bool = True
    hint: str = ""


def check(
    text: str, sources: Sources | None = None, *, strict: bool = False, planned: Loaded | None = None
) -> list[Finding]:
    """Return what is wrong, in the text's order; strict makes all of it errors.

    `sources` are those at hand; `planned` is the document if all of its sources are: then its runs are planned too.
    """
    data = read(text)
    document = assemble(data)
    shapes = (
        Doubt(message=found.message, at=found.at, hint=nearest_word(found.word, found.known), is_error=found.is_refused)
        for found in misshapen(data)
    )
    # A workflow's action holds for each of its steps, and is wrong once.
    doubts = list(dict.fromkeys([*shapes, *_meaning(document, data, sources or {})]))
    if planned is not None and not any(doubt.is_error for doubt in doubts):
        doubts += _refused(planned)
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


def _refused(loaded: Loaded) -> Iterator[Doubt]:
    """What a run would refuse, of a document in which nothing else is wrong."""
    for workflow in loaded.document.workflows:
        try:
            planned = plan(loaded, workflow.id, lenient=True)
            planned.schema.refuse_unreadable()
        except (InvalidRequest, NotSupported) as error:
            yield Doubt(message=str(error), at=workflow.at)


def _meaning(document: Document, data: Any, sources: Sources) -> Iterator[Doubt]:
    for lost in document.unresolved:
        message = f"{lost.reference} leads to nothing."
        yield Doubt(message=message, at=lost.at, hint=nearest_word(lost.reference, lost.known))
    yield from _repeated("workflowId", [(workflow.id, workflow.at) for workflow in document.workflows])
    yield from _repeated("name", [(source.name, source.at) for source in document.sources])
    yield from _cycles(document, sources)
    for workflow in document.workflows:
        yield from _repeated("stepId", [(step.id, step.at) for step in workflow.steps])
        yield from _unreachable(workflow)
        yield from _order(workflow)
        for step in workflow.steps:
            yield from call_doubts(document, workflow, step, sources)
            yield from _targets(document, workflow, step, sources)
        yield from text_doubts(document, workflow, data)


def _repeated(name: str, ids: list[tuple[str, Path]]) -> Iterator[Doubt]:
    seen = Counter[str]()
    for id_, at in ids:
        seen[id_] += 1
        if seen[id_] > 1:
            yield Doubt(message=f"The {name} {id_!r} is used twice.", at=(*at, name), hint="Give each its own.")


def _order(workflow: Workflow) -> Iterator[Doubt]:
    """Steps that wait for themselves, or for what is not there."""
    ids = [step.id for step in workflow.steps]
    for step in workflow.steps:
        for number, id_ in enumerate(step.depends_on):
            if id_ not in ids and not id_.startswith("$"):
                at = (*step.at, "dependsOn", number)
                yield Doubt(message=f"There is no step {id_!r} in this workflow.", at=at, hint=nearest_word(id_, ids))
    try:
        in_order(workflow)
    except InvalidRequest as error:
        yield Doubt(message=str(error), at=workflow.at)


def _targets(document: Document, workflow: Workflow, step: Step, sources: Sources) -> Iterator[Doubt]:
    ids = [other.id for other in workflow.steps]
    for action in (*success_actions_of(workflow, step), *failure_actions_of(workflow, step)):
        if action.type == "goto" and (action.step_id is None) == (action.workflow_id is None):
            message = f"The action {action.name!r} is to go to either a step or a workflow."
            yield Doubt(message=message, at=action.at)
        if action.step_id is not None and action.step_id not in ids:
            message = f"There is no step {action.step_id!r} in this workflow."
            yield Doubt(message=message, at=(*action.at, "stepId"), hint=nearest_word(action.step_id, ids))
        if action.workflow_id is not None:
            yield from workflow_doubts(document, action.workflow_id, (*action.at, "workflowId"), sources)


def _cycles(document: Document, sources: Sources) -> Iterator[Doubt]:
    """Workflows that wait for themselves, by `dependsOn` or by a step that runs one of them."""
    calls = {
        workflow.id: {*workflow.depends_on, *(step.workflow_id for step in workflow.steps if step.workflow_id)}
        for workflow in document.workflows
    }
    for workflow in document.workflows:
        for id_ in workflow.depends_on:
            yield from workflow_doubts(document, id_, (*workflow.at, "dependsOn"), sources)
        reached, waiting = set[str](), list(calls[workflow.id])
        while waiting:
            id_ = waiting.pop()
            if id_ not in reached:
                reached.add(id_)
                waiting.extend(calls.get(id_, ()))
        if workflow.id in reached:
            yield Doubt(message=f"The workflow {workflow.id!r} waits for itself.", at=workflow.at)


def _unreachable(workflow: Workflow) -> Iterator[Doubt]:
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
            yield Doubt(message=f"Nothing leads to the step {step.id!r}.", at=step.at, is_error=False)

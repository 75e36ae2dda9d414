"""What a document writes in the languages of Arazzo: expressions, conditions and selectors, and what they name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from runyard.arazzo.documents.assembly import mapping
from runyard.arazzo.documents.document import (
    Action,
    Criterion,
    Document,
    Selector,
    Step,
    Workflow,
    failure_actions_of,
    success_actions_of,
)
from runyard.arazzo.documents.places import Path
from runyard.arazzo.doubts import Doubt, nearest_word
from runyard.arazzo.language import criteria, logic, selecting
from runyard.arazzo.language.conditions import Reference, parse_condition
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.expressions import EMBEDDED, GRAMMAR, Bare, Expression, Version, parse_template
from runyard.arazzo.language.formulas import SPACE, expression

PLAIN = re.compile(r"[\w.\-]+")
WORD = re.compile(r"\$([A-Za-z]+)\.")
ALIKE = 0.75
HOLDING = ("steps", "outputs", "parameters", "successActions", "failureActions")
NO_EXPRESSIONS = frozenset({"description", "operationId", "operationPath", "condition", "context", "selector"})
"""Members of texts that are no expressions, or are looked at by themselves."""


def text_doubts(document: Document, workflow: Workflow, data: Any) -> Iterator[Doubt]:
    """What cannot be read, and the inputs, outputs and steps that are named and not declared."""
    version = Version(document.minor)
    node = data["workflows"][workflow.at[1]]
    for at, text in _texts({key: node[key] for key in HOLDING if key in node}, workflow.at):
        if "$" in text and at[-1] not in NO_EXPRESSIONS:
            for found in _expressions(text, version):
                yield from _named(document, workflow, found, at)
            yield from _literal(text, at, version)
    for criterion in _criteria(workflow):
        yield from _criterion(document, workflow, criterion, version)
    for at, selector in _selectors(workflow):
        if problem := _problem(selector, version):
            yield Doubt(message=problem, at=at)


def _texts(value: Any, at: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(child, (*at, key))


def _expressions(text: str, version: Version) -> Iterator[Expression]:
    for part in parse_template(text, version):
        found = part.expression if isinstance(part, Bare) else part
        if isinstance(found, Expression):
            yield found


def _literal(text: str, at: Path, version: Version) -> Iterator[Doubt]:
    """What is meant as an expression and would be taken as the text that it is."""
    is_output = at[-2] == "outputs" and "payload" not in at
    if text.startswith("$") and not SPACE.search(text):
        texts = [text] if is_output or _is_meant(text) else []
    else:
        texts = [found[1] for found in EMBEDDED.finditer(text) if _is_meant(found[1])]
    for one in texts:
        try:
            expression(one, version)
        except NotUnderstood as error:
            message = f"{one!r} is no expression, and is taken as the text that it is."
            yield Doubt(message=message, at=at, hint=_hint(one, error), is_error=is_output)


def _is_meant(text: str) -> bool:
    """Whether a text begins as an expression does, or nearly so."""
    found = WORD.match(text)
    return found is not None and bool(difflib.get_close_matches(found[1], GRAMMAR, n=1, cutoff=ALIKE))


def _hint(text: str, error: NotUnderstood) -> str:
    root = text.partition(".")[0].removeprefix("$")
    return f"{error.problem}." if root in GRAMMAR else nearest_word(f"${root}", [f"${known}" for known in GRAMMAR])


def _criteria(workflow: Workflow) -> Iterator[Criterion]:
    for step in workflow.steps:
        yield from step.success_criteria
        actions: tuple[Action, ...] = (*success_actions_of(workflow, step), *failure_actions_of(workflow, step))
        for action in actions:
            yield from action.criteria


def _criterion(document: Document, workflow: Workflow, criterion: Criterion, version: Version) -> Iterator[Doubt]:
    if criterion.type not in criteria.VERSIONS:
        return  # its form is told already
    at = (*criterion.at, "condition")
    if problem := criteria.problem(criterion, criteria.Judging(version=version)):
        yield Doubt(message=f"`{criterion.condition}` cannot be decided: {problem}.", at=at)
        return
    texts = [criterion.context] if criterion.type != "simple" and criterion.context else []
    texts += [criterion.condition] if criterion.type == "simple" else []
    for text in texts:
        for leaf in logic.leaves(parse_condition(text, version)):
            if isinstance(leaf.meaning, Reference):
                yield from _named(document, workflow, leaf.meaning.expression, at)


def _selectors(workflow: Workflow) -> Iterator[tuple[Path, Selector]]:
    holders: list[Workflow | Step] = [workflow, *workflow.steps]
    for holder in holders:
        for name, value in holder.outputs.items():
            if isinstance(value, Selector):
                yield (*holder.at, "outputs", name), value
        for parameter in holder.parameters:
            if isinstance(parameter.value, Selector):
                yield (*parameter.at, "value"), parameter.value


def _problem(selector: Selector, version: Version) -> str | None:
    try:
        expression(selector.context, version)
        selecting.refuse_unreadable(selector)
    except NotUnderstood as error:
        return f"Nothing can be selected so: {error}."
    return None


def _named(document: Document, workflow: Workflow, found: Expression, at: Path) -> Iterator[Doubt]:
    """What an expression names, if it is not there."""
    if found.root == "inputs":
        yield from _input(workflow, found.path[0], at)
    elif found.root == "steps":
        yield from _output(workflow, found, at)
    elif found.root == "workflows" and document.workflow(found.path[0]) is None:
        known = [one.id for one in document.workflows]
        message = f"There is no workflow {found.path[0]!r}."
        yield Doubt(message=message, at=at, hint=nearest_word(found.path[0], known))


def _input(workflow: Workflow, name: str, at: Path) -> Iterator[Doubt]:
    schema = workflow.inputs if isinstance(workflow.inputs, dict) else {}
    known = list(mapping(schema, "properties"))
    # Whoever composes the inputs from elsewhere may declare them there.
    if not {"$ref", "allOf", "anyOf", "oneOf"} & schema.keys() and not _is_known(name, known):
        message = f"The workflow declares no input {name!r}."
        yield Doubt(message=message, at=at, hint=nearest_word(name, known))


def _output(workflow: Workflow, found: Expression, at: Path) -> Iterator[Doubt]:
    steps = {step.id: step for step in workflow.steps}
    step = steps.get(found.path[0])
    if step is None:
        message = f"There is no step {found.path[0]!r} in this workflow."
        yield Doubt(message=message, at=at, hint=nearest_word(found.path[0], steps))
    elif step.workflow_id is None and not _is_known(found.path[-1], step.outputs):
        message = f"The step {step.id!r} has no output {found.path[-1]!r}."
        yield Doubt(message=message, at=at, hint=nearest_word(found.path[-1], step.outputs))


def _is_known(name: str, known: Iterable[str]) -> bool:
    """Whether a name, or the part of it before a dot, is there: many write the way into a value with dots."""
    if not PLAIN.fullmatch(name):
        return True  # in a condition without spaces, more than the name stands here
    return not {name, name.split(".", 1)[0], name.split("[", 1)[0]}.isdisjoint(known)

"""An Arazzo document as records; how it is read from data stands in assembly.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runyard.arazzo.documents.places import Path
from runyard.arazzo.records import Record


class Info(Record):
    """What the document says of itself."""

    title: str = ""
    version: str = ""
    summary: str | None = None
    description: str | None = None


class SourceDescription(Record):
    """A description of an API, or another document, that steps refer to by name."""

    name: str
    url: str
    type: str | None  # openapi, arazzo or asyncapi; None leaves it to the source's own text
    at: Path = ()


class Selector(Record):
    """A value picked from another one by a query (1.1)."""

    context: str
    selector: str
    type: str
    version: str | None = None


class Parameter(Record):
    """What a step hands to an operation, or to a workflow as an input if it has no location."""

    name: str
    location: str | None  # path, query, header, cookie or querystring: the document's `in`
    value: Any
    at: Path = ()


class Replacement(Record):
    """A value that goes into a payload at a place of it."""

    target: str
    value: Any
    target_type: str | None = None  # jsonpointer, jsonpath or xpath (1.1); None: by the content type
    target_version: str | None = None
    at: Path = ()


class RequestBody(Record):
    """What a step sends."""

    content_type: str | None = None
    payload: Any = None
    has_payload: bool = False  # a payload of null is one
    replacements: tuple[Replacement, ...] = ()
    at: Path = ()


class Criterion(Record):
    """A condition, and how it is to be read."""

    condition: str
    context: str | None = None
    type: str = "simple"
    version: str | None = None  # of the language that `type` names; criteria.py has the defaults
    at: Path = ()


class Action(Record):
    """What follows a step, if all of its criteria hold."""

    name: str
    type: str  # end, goto or retry
    workflow_id: str | None = None
    step_id: str | None = None
    retry_after: float | None = None
    retry_limit: int = 1
    criteria: tuple[Criterion, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    at: Path = ()


class Step(Record):
    """One call of an operation, or one run of another workflow."""

    id: str
    description: str | None = None
    operation_id: str | None = None
    operation_path: str | None = None
    workflow_id: str | None = None
    channel_path: str | None = None
    parameters: tuple[Parameter, ...] = ()
    request_body: RequestBody | None = None
    success_criteria: tuple[Criterion, ...] = ()
    on_success: tuple[Action, ...] | None = None  # None: those of the workflow
    on_failure: tuple[Action, ...] | None = None  # same
    outputs: Mapping[str, Any] = field(default_factory=dict)
    timeout_ms: int | None = None
    depends_on: tuple[str, ...] = ()
    at: Path = ()


class Workflow(Record):
    """Steps in their order, with inputs and outputs."""

    id: str
    summary: str | None = None
    description: str | None = None
    inputs: Any = None  # a JSON Schema; `$ref` to components stands as it is written
    depends_on: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    success_actions: tuple[Action, ...] = ()
    failure_actions: tuple[Action, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    at: Path = ()


class Components(Record):
    """What the document's other parts refer to by `$components.…`; a reference to it is resolved where it stands."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    success_actions: Mapping[str, Any] = field(default_factory=dict)
    failure_actions: Mapping[str, Any] = field(default_factory=dict)


class Unresolved(Record):
    """A reference that leads nowhere: whoever runs the workflow would leave something out."""

    reference: str
    known: tuple[str, ...]
    at: Path


class Document(Record):
    """A whole document."""

    version: str
    info: Info
    sources: tuple[SourceDescription, ...]
    workflows: tuple[Workflow, ...]
    components: Components
    self_uri: str | None = None
    unresolved: tuple[Unresolved, ...] = ()

    @property
    def minor(self) -> str:
        """The version without its patch, which changes no rule."""
        return ".".join(self.version.split(".")[:2])

    def workflow(self, id_: str) -> Workflow | None:
        """The workflow of this id."""
        return next((workflow for workflow in self.workflows if workflow.id == id_), None)


def parameters_of(workflow: Workflow, step: Step) -> tuple[Parameter, ...]:
    """The parameters that hold for a step: the workflow's, unless the step has its own of that name and location."""
    every = (*workflow.parameters, *step.parameters)
    return tuple({(parameter.name, parameter.location): parameter for parameter in every}.values())


def success_actions_of(workflow: Workflow, step: Step) -> tuple[Action, ...]:
    """What may follow the step's success: its own actions replace the workflow's as a whole."""
    return workflow.success_actions if step.on_success is None else step.on_success


def failure_actions_of(workflow: Workflow, step: Step) -> tuple[Action, ...]:
    """What may follow the step's failure: its own actions replace the workflow's as a whole."""
    return workflow.failure_actions if step.on_failure is None else step.on_failure

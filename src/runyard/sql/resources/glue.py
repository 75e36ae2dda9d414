"""Glue's resources, from the table of its operations and AWS's own model of what they take and give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from runyard.dialects.glue.model import Model, Shape, load_model
from runyard.dialects.glue.operations import OPERATIONS, Operation
from runyard.sql.catalog import Column, Method, Parameter, Resource, Wire
from runyard.sql.local.glue import TYPES as COLUMN_TYPES
from runyard.sql.local.glue import snake
from runyard.sql.resources.rows import resource

PROVIDER, SERVICE = "aws", "glue"
CONNECTION = "region"
TOKEN = ("NextToken", "NextToken")
VERBS: Mapping[str, str] = {
    "get": "select",
    "list": "select",
    "get_many": "select",
    "list_names": "exec",
    "insert": "insert",
    "insert_many": "exec",
    "update": "update",
    "update_many": "exec",
    "delete": "delete",
    "delete_many": "exec",
    "start": "insert",
    "stop": "exec",
    "activate": "exec",
    "resume": "exec",
    "reset": "exec",
}
"""What the operations' own verbs are in SQL."""
ALSO: Mapping[str, tuple[str, str]] = {"StartJobRun": ("jobs", "exec")}
"""Where StackQL has an operation besides."""
COLUMNS: Mapping[tuple[str, str], str] = {
    ("jobs", "JobName"): "Name",
    ("jobs", "JobNames"): "Name",
    ("job_runs", "RunId"): "Id",
    ("job_runs", "JobRunIds"): "Id",
}
"""Which column holds what a parameter asks for."""
TYPES: Mapping[str, str] = {
    "string": "string",
    "integer": "int",
    "long": "int",
    "double": "number",
    "float": "number",
    "boolean": "bool",
    "timestamp": "number",
    "structure": "object",
    "map": "object",
    "list": "array",
}
"""Types of AWS's model to types of members."""


_model = lru_cache(maxsize=1)(load_model)


def resources() -> tuple[Resource, ...]:
    """Return Glue's resources."""
    names = dict.fromkeys(one.resource for one in OPERATIONS.values())
    return tuple(_resource(name) for name in names)


def _resource(name: str) -> Resource:
    own = [_method(one, name, VERBS[one.verb]) for one in OPERATIONS.values() if one.resource == name]
    own += [_method(OPERATIONS[one], name, verb) for one, (where, verb) in ALSO.items() if where == name]
    own.sort(key=lambda one: -len(one.required) if one.verb == "select" else 0)  # the most exact one first
    return resource(f"{PROVIDER}.{SERVICE}.{name}", own, columns=_given(name), connection=CONNECTION)


def _given(name: str) -> list[Column]:
    """Return the members of a resource's records; where an answer holds none, its own."""
    model = _model()
    members: dict[str, str] = {}
    for one in OPERATIONS.values():
        if one.resource == name and VERBS[one.verb] == "select":
            output = model.shapes[model.operations[one.name].output]
            rows = _rows_of(model, one)
            members |= _record(model, output.members[rows]).members if rows else output.members
    return [
        Column(name=member, type=COLUMN_TYPES[model.shapes[shape].type])
        for member, shape in members.items()
        if member != TOKEN[1]
    ]


def _record(model: Model, name: str) -> Shape:
    shape = model.shapes[name]
    return model.shapes[shape.member] if shape.type == "list" else shape


def _method(one: Operation, resource_name: str, verb: str) -> Method:
    model = _model()
    members = model.shapes[model.operations[one.name].input].members
    wire = Wire(
        protocol="aws",
        operation=one.name,
        rows=_rows_of(model, one),
        token=TOKEN if TOKEN[0] in members else None,
    )
    return Method(
        name=snake(one.name),
        verb=verb,
        wire=wire,
        parameters=tuple(_parameters(model, one, resource_name)),
        summary=one.summary,
    )


def _parameters(model: Model, one: Operation, resource_name: str) -> Iterator[Parameter]:
    shape = model.shapes[model.operations[one.name].input]
    for name, its in shape.members.items():
        yield Parameter(
            name=name,
            type=TYPES[model.shapes[its].type],
            is_required=name in shape.required,
            column=COLUMNS.get((resource_name, name), ""),
        )


def _rows_of(model: Model, one: Operation) -> str:
    """Return the member that holds the rows of an answer: the records of the resource."""
    if VERBS[one.verb] != "select":
        return ""
    output = model.shapes[model.operations[one.name].output].members
    records = [name for name, its in output.items() if _holds_records(model, its)]
    return records[0] if records else ""


def _holds_records(model: Model, shape: str) -> bool:
    its = model.shapes[shape]
    return its.type == "structure" or (its.type == "list" and model.shapes[its.member].type == "structure")

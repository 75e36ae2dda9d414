"""Glue's own model of the operations we speak, as the generated shapes.json keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from runyard.dialects.glue.errors import UnknownOperation

WIDER: Mapping[str, Mapping[str, Any]] = {
    # Clients written before 2024 ask GetJobRuns for up to 1000; the page itself never exceeds 200.
    "OrchestrationPageSize200": {"max": 1000},
    # AWS adds worker types faster than anybody upgrades a server.
    "WorkerType": {"enum": ()},
}
"""Where we take more than the newest model allows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A type of the model with its constraints; members and parts are names of other shapes."""

    type: str
    members: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    member: str = ""  # of a list
    key: str = ""  # of a map
    value: str = ""  # of a map
    min: float | None = None
    max: float | None = None
    pattern: str | None = None  # a Java regular expression
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What an operation takes, gives and may raise."""

    input: str
    output: str
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """The operations and shapes we speak, and the names of Glue's other operations."""

    operations: Mapping[str, Operation]
    shapes: Mapping[str, Shape]
    other_operations: frozenset[str]

    def operation(self, name: str) -> Operation:
        """Return an operation; refuse an unknown one with what is the matter."""
        if name in self.operations:
            return self.operations[name]
        if name in self.other_operations:
            raise UnknownOperation(f"{name} is not supported by this version of runyard.")
        raise UnknownOperation(f"{name!r} is not an operation of AWS Glue.")


def load_model() -> Model:
    """Read the model, a little wider than AWS's where clients need it."""
    model = msgspec.json.decode(Path(__file__).with_name("shapes.json").read_bytes(), type=Model)
    wider = {name: replace(model.shapes[name], **change) for name, change in WIDER.items()}
    return replace(model, shapes={**model.shapes, **wider})

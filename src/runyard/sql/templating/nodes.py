"""Templates as records: what Go's text/template has of actions, without definitions of other templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Literal:
    """A value that stands in the template."""

    value: Any


@dataclass(frozen=True, kw_only=True)
class Field:
    """`.a.b` of the dot, `$x.a` of a variable, `(…).a` of a pipeline."""

    of: str | Pipeline  # "" for the dot, $ or $name for a variable
    names: tuple[str, ...] = ()
    at: int


@dataclass(frozen=True, kw_only=True)
class Word:
    """A bare name: a function, or what --var gives."""

    name: str
    at: int


@dataclass(frozen=True, kw_only=True)
class Command:
    """A function with its arguments, or one operand."""

    operands: tuple[Operand, ...]
    at: int


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Commands that hand on what they give; `declares` names the variables that keep it."""

    commands: tuple[Command, ...]
    declares: tuple[str, ...] = ()
    assigns: bool = False  # = and not :=


@dataclass(frozen=True, kw_only=True)
class Text:
    """What is written as it stands."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """{{ pipeline }}."""

    pipeline: Pipeline
    at: int


@dataclass(frozen=True, kw_only=True)
class Branch:
    """{{if}}, {{with}} or {{range}}, with what is written otherwise."""

    kind: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...] = ()
    at: int


@dataclass(frozen=True, kw_only=True)
class Leave:
    """{{break}} or {{continue}}."""

    kind: str


Operand = Literal | Field | Word | Pipeline
Node = Text | Shown | Branch | Leave

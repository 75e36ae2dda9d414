"""How a call of an AWS service is carried out: one table of operations, one of errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runyard.core.access import Role
from runyard.core.errors import AlreadyExists, NotFound, NotSupported, RunyardError
from runyard.dialects.exchange import Request
from runyard.engine.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: what was asked, of which engine."""

    engine: Engine
    request: Request
    members: Mapping[str, Any]


Operation = Callable[[Call], Mapping[str, Any]]
Codes = Mapping[type[RunyardError], tuple[str, int]]
"""Our errors as a service calls them, and their HTTP status."""


class UnknownOperation(NotSupported):
    """The service has no such operation, or runyard does not speak it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WireError:
    """An error as the service's clients see it."""

    code: str
    message: str
    status: int


NOT_FOUND_TEXTS: Mapping[str, str] = {
    "role": "The role with name {name} cannot be found.",
    "log group": "The specified log group does not exist.",
    "log stream": "The specified log stream does not exist.",
}
"""What AWS says of what is not there, by the kind of thing."""
ALREADY_EXISTS = "{kind} with name {name} already exists."


READS = ("Get", "List", "Describe", "Filter", "Assume")
"""What the names of operations begin with that change nothing; no AssumeRole gives out keys here, but says why."""


def need_of(name: str) -> Role:
    """Return the role that an operation's caller must have."""
    return Role.VIEWER if name.startswith(READS) else Role.OPERATOR


def find(operations: Mapping[str, Operation], name: str, *, service: str) -> Operation:
    """Return an operation; refuse an unknown one and say what there is."""
    if name not in operations:
        known = ", ".join(sorted(operations))
        raise UnknownOperation(f"{service} {name or '(none)'} is not supported by this server; it knows {known}.")
    return operations[name]


def wire_error(error: RunyardError, codes: Codes) -> WireError:
    """Spell one of our errors."""
    code, status = next(codes[kind] for kind in type(error).__mro__ if kind in codes)
    return WireError(code=code, message=_text(error), status=status)


def _text(error: RunyardError) -> str:
    if isinstance(error, NotFound):
        return NOT_FOUND_TEXTS[error.kind].format(name=error.name)
    if isinstance(error, AlreadyExists):
        return ALREADY_EXISTS.format(kind=error.kind.capitalize(), name=error.name)
    return str(error)


def refusal(error: Exception, *, status: int, codes: Codes, refusals: Mapping[str, str]) -> WireError:
    """Spell why a call was not even looked at: who sent it is not proved, or the server cannot answer."""
    if isinstance(error, RunyardError):
        return wire_error(error, codes)
    code = refusals.get(getattr(error, "code", ""), refusals[""])
    return WireError(code=code, message=str(error), status=status)

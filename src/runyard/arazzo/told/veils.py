"""What a run tells, masked as far as somebody reads it: most of it nobody does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar

from runyard.arazzo.http.exchange import Exchange, HttpRequest, HttpResponse
from runyard.arazzo.records import Record
from runyard.arazzo.running.progress import Judged, StepReport, WorkflowReport
from runyard.arazzo.told.masking import Masking

Kind = TypeVar("Kind", bound=Record)
Mask = Callable[[Masking, Any], Any]


def veiled(masking: Masking, record: Kind) -> Kind:
    """Return a record in whose members no secret can be read."""
    made: Kind = VEILS[type(record)](masking, record)
    return made


def _text(name: str) -> Mask:
    """Mask a member that is a text, if it is there."""

    def mask(masking: Masking, record: Any) -> str | None:
        text = getattr(record, name)
        return text and masking.text(text)

    return mask


def _value(name: str) -> Mask:
    return lambda masking, record: masking.value(getattr(record, name))


def _record(name: str) -> Mask:
    """Mask a member that is a record of its own, if it is there."""

    def mask(masking: Masking, record: Any) -> Any:
        inner = getattr(record, name)
        return inner and veiled(masking, inner)

    return mask


def _each(name: str) -> Mask:
    return lambda masking, record: tuple([veiled(masking, one) for one in getattr(record, name)])


MASKS: Mapping[type[Record], Mapping[str, Mask]] = {
    HttpRequest: {
        "url": _text("url"),
        "headers": lambda masking, request: masking.headers(request.headers),
        "body": Masking.body,
    },
    HttpResponse: {"headers": lambda masking, response: masking.headers(response.headers), "body": Masking.body},
    Exchange: {"request": _record("request"), "response": _record("response"), "error": _text("error")},
    Judged: {"condition": _text("condition"), "saw": _value("saw"), "error": _text("error")},
    StepReport: {
        "outputs": _value("outputs"),
        "criteria": _each("criteria"),
        "asked": _each("asked"),
        "exchange": _record("exchange"),
        "message": _text("message"),
    },
    WorkflowReport: {"inputs": _value("inputs"), "outputs": _value("outputs"), "message": _text("message")},
}
"""What is masked of each kind of record; the others hold nothing that came from inputs or servers."""


class _Member:
    """A member of a veil: worked out when it is first read, and kept."""

    def __init__(self, name: str, mask: Mask) -> None:
        self._name = name
        self._mask = mask

    def __get__(self, veil: Any, _: type | None = None) -> Any:
        value = veil.__dict__[self._name] = self._mask(veil._masking, veil._known)  # noqa: SLF001  # the veil's own
        return value


def _veil(kind: type[Record], masks: Mapping[str, Mask]) -> Any:
    """A kind of record whose masked members are worked out from the one it stands for."""
    members: dict[str, Any] = {name: property(attrgetter(f"_known.{name}")) for name in kind.__annotations__}
    masked = {name: _Member(name, mask) for name, mask in masks.items()}
    return type(f"Masked{kind.__name__}", (kind,), {**members, **masked, "__init__": _begin})


def _begin(veil: Any, masking: Masking, known: Record) -> None:
    veil._masking = masking  # noqa: SLF001  # this is its __init__
    veil._known = known  # noqa: SLF001  # same


VEILS: Mapping[type[Record], Any] = {kind: _veil(kind, masks) for kind, masks in MASKS.items()}

"""Which members the objects of a document have: what is missing, unknown or of the wrong kind, from one table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runyard.arazzo.documents.places import Path
from runyard.arazzo.records import Record

SCALARS: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "length": (int, float),
    "count": int,
    "map": dict,
    "list": list,
    "any": object,
    "type": (str, dict),
    "schema": (dict, bool),
}
# kind of object -> its members; `!` is required, `*` a list of such objects, `?` one that may be a reference.
SHAPES: Mapping[str, str] = {
    "document": "arazzo:text! $self:text info:info! "
    "sourceDescriptions:source*! workflows:workflow*! components:components",
    "info": "title:text! summary:text description:text version:text!",
    "source": "name:text! url:text! type:text",
    "workflow": "workflowId:text! summary:text description:text inputs:schema dependsOn:list steps:step*! "
    "successActions:success*? failureActions:failure*? outputs:map parameters:parameter*?",
    "step": "stepId:text! description:text operationId:text operationPath:text workflowId:text channelPath:text "
    "parameters:parameter*? requestBody:body successCriteria:criterion* onSuccess:success*? onFailure:failure*? "
    "outputs:map timeout:count dependsOn:list correlationId:any action:text",
    "parameter": "name:text! in:text value:any!",
    "body": "contentType:text payload:any replacements:replacement*",
    "replacement": "target:text! targetSelectorType:type value:any!",
    "criterion": "condition:text! context:text type:type",
    "success": "name:text! type:text! workflowId:text stepId:text parameters:parameter*? criteria:criterion*",
    "failure": "name:text! type:text! workflowId:text stepId:text retryAfter:length retryLimit:count "
    "parameters:parameter*? criteria:criterion*",
    "components": "inputs:map parameters:map successActions:map failureActions:map",
}
NUMBERS: Mapping[str, str] = {"length": "number of at least 0", "count": "whole number of at least 0"}
KEY = re.compile(r"[a-zA-Z0-9.\-_]+")
"""What names a member of a map."""
MEMBER = re.compile(r"(\S+?):(\w+)(\*?)(\??)(!?)(?:\s|\Z)")
WORDS: Mapping[tuple[str, str], frozenset[str]] = {
    ("source", "type"): frozenset({"openapi", "arazzo", "asyncapi"}),
    ("parameter", "in"): frozenset({"path", "query", "header", "cookie", "querystring"}),
    ("success", "type"): frozenset({"end", "goto"}),
    ("failure", "type"): frozenset({"end", "goto", "retry"}),
    ("criterion", "type"): frozenset({"simple", "regex", "jsonpath", "xpath"}),
}
NEEDED = frozenset({
    ("document", "workflows"),
    ("workflow", "steps"),
    ("success", "type"),
    ("failure", "type"),
    ("criterion", "type"),
})  # fmt: skip
"""Members that nothing can be run without, or with another word: all else is passed over."""


class Misshapen(Record):
    """One member that the specification does not allow so."""

    message: str
    at: Path
    is_refused: bool = False
    word: str | None = None
    known: tuple[str, ...] = ()


def misshapen(data: Any, kind: str = "document", at: Path = ()) -> Iterator[Misshapen]:
    """Tell everything in the data that has not the form the specification gives it."""
    if not isinstance(data, dict):
        yield Misshapen(message=f"This is to be an object ({kind}).", at=at)
        return
    rules = {rule[0]: rule for rule in MEMBER.findall(SHAPES[kind])}
    for name in data:
        if name not in rules and not name.startswith("x-"):
            message = f"{name!r} is no member of this object ({kind})."
            yield Misshapen(message=message, at=(*at, name), word=name, known=tuple(rules))
    for name, of, many, reusable, required in rules.values():
        if name in data:
            yield from _member(
                data[name], (kind, name, of), is_list=bool(many), reusable=bool(reusable), at=(*at, name)
            )
        elif required:
            message = f"The {kind} has no {name!r}, which it must have."
            yield Misshapen(message=message, at=at, is_refused=(kind, name) in NEEDED)


def _member(value: Any, rule: tuple[str, str, str], *, is_list: bool, reusable: bool, at: Path) -> Iterator[Misshapen]:
    kind, name, of = rule
    is_needed = (kind, name) in NEEDED
    if is_list:
        if not isinstance(value, list) or not value:
            message = f"{name!r} is to be a list that is not empty."
            yield Misshapen(message=message, at=at, is_refused=is_needed)
            return
        for index, item in enumerate(value):
            if not (reusable and isinstance(item, dict) and "reference" in item):
                yield from misshapen(item, of, (*at, index))
    elif of in SHAPES:
        yield from misshapen(value, of, at)
    elif not _is_of(value, of):
        message = f"{name!r} is to be a {NUMBERS.get(of, of)}, not {value!r:.40}."
        yield Misshapen(message=message, at=at, is_refused=is_needed)
    elif (kind, name) in WORDS and isinstance(value, str) and value not in WORDS[kind, name]:
        known = tuple(sorted(WORDS[kind, name]))
        message = f"{value!r} is no {name!r} of a {kind}."
        yield Misshapen(message=message, at=at, word=value, known=known, is_refused=is_needed)
    elif of == "map":
        wrong = (key for key in value if not KEY.fullmatch(key))
        yield from (Misshapen(message=f"The name {key!r} is to match {KEY.pattern}.", at=(*at, key)) for key in wrong)


def _is_of(value: Any, of: str) -> bool:
    if of in NUMBERS and (isinstance(value, bool) or (isinstance(value, int | float) and value < 0)):
        return False
    return isinstance(value, SCALARS[of])

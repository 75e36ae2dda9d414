"""The summary of reflections, page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from runyard.dialects import reading
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.reflections import shown, telling
from runyard.dialects.tokens import read_token, write_token

PAGE, MOST = 50, 100
FILTERS: Mapping[str, str] = {
    "reflectionType": "reflectionType",
    "reflectionIds": "id",
    "refreshStatus": "status.refreshStatus",
    "availabilityStatus": "status.availabilityStatus",
    "configStatus": "status.configStatus",
}
"""What a filter asks for by a list of values, and where a line of the summary has its own."""


def summary(call: Call) -> dict[str, Any]:
    """Summarise reflections, page by page."""
    wanted, order = _filter(call), call.text("orderBy")
    found = _standing(call)
    lines = _ordered([shown.summary(one, found, call.engine.now()) for one in found.reflections], order)
    fitting = [line for line in lines if _fits(line, wanted)]
    scope = f"dremio reflections {sorted(wanted.items())} {order}"
    token = call.text("pageToken")
    begin, size = read_token(scope, token, size=1)[0] if token else 0, _size(call)
    more = {"nextPageToken": write_token(scope, [begin + size])} if begin + size < len(fitting) else {}
    return {"data": fitting[begin : begin + size], **more, "isCanAlterReflections": True}


def _size(call: Call) -> int:
    size: int = call.members.get("maxResults", PAGE)
    if size < 1:
        raise wrong(f"Invalid value for maxResults: {size} is less than 1.")
    return min(size, MOST)


def _standing(call: Call) -> telling.Standing:
    return catalog.read(call, telling.standing)


def _ordered(lines: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Return lines by what `orderBy` names, with a minus before it the other way round; without one, oldest first."""
    name = order.removeprefix("-")
    if not order:
        return lines
    if name not in ORDERS:
        raise wrong(f"Invalid value for orderBy: {order!r} is none of {', '.join(ORDERS)}, with or without a minus.")
    return sorted(lines, key=ORDERS[name], reverse=order.startswith("-"))


ORDERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "reflectionName": lambda line: line["name"].casefold(),
    "datasetName": lambda line: ".".join(line["datasetPath"]).casefold(),
    "reflectionType": lambda line: line["reflectionType"],
}


def _filter(call: Call) -> dict[str, Any]:
    text = call.text("filter")
    if not text:
        return {}
    try:
        told = reading.mapping(json.loads(text), "filter")
    except ValueError as error:
        raise wrong(f"Invalid value for filter: {text!r} is no JSON object.") from error
    wanted = {name: value for name, value in told.items() if value is not None}
    if unknown := next((name for name in wanted if name not in READERS), None):
        raise wrong(f"Invalid value for filter: {unknown!r} is none of {', '.join(READERS)}.")
    return {name: READERS[name](value, f"filter.{name}") for name, value in wanted.items()}


READERS: Mapping[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(FILTERS, reading.texts),
    "enabledFlag": reading.flag,
    "reflectionNameOrDatasetPath": reading.text,
}
"""How each member of a filter is read."""


def _fits(line: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    for name, place in FILTERS.items():
        value: Any = line
        for part in place.split("."):
            value = value[part]
        if wanted.get(name) and value not in wanted[name]:
            return False
    if wanted.get("enabledFlag", line["isEnabled"]) is not line["isEnabled"]:
        return False
    text = wanted.get("reflectionNameOrDatasetPath", "").lower()
    return text in line["name"].lower() or text in ".".join(line["datasetPath"]).lower()


_SUMMARY = {"pageToken": "string", "maxResults": "int", "filter": "string", "orderBy": "string"}
OPERATIONS: tuple[Operation, ...] = tuple(
    Operation(
        id=identifier,
        method="GET",
        path=path,
        handle=summary,
        summary="Summarise the reflections, page by page",
        takes=_SUMMARY,
        gives={"data": "array!", "nextPageToken": "string"},
    )
    for identifier, path in (
        ("listReflectionSummaries", "reflection/summary"),
        ("listReflectionSummariesAsBefore", "reflection-summary"),
    )
)

"""The summary of reflections, page by page, and which ones are recommended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.core.errors import NotFound
from runyard.core.run import Run
from runyard.dialects import reading
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog_operations import entity
from runyard.dialects.dremio.errors import missing, wrong
from runyard.dialects.dremio.reflections import shown, telling
from runyard.dialects.dremio.reflections.bodies import NAMES, types_of
from runyard.dialects.dremio.told import job_of
from runyard.dialects.dremio.views import LANGUAGE
from runyard.dialects.dremio_ids import entity_id, from_job_id
from runyard.dialects.tokens import read_token, write_token
from runyard.engine.documents import Shelves
from runyard.runtime.dremio_sql.acceleration.definition import AGGREGATION, RAW, WrongDefinition, recommended

PAGE, MOST = 50, 100
ASKED: Mapping[str, tuple[str, ...]] = {"": (RAW, AGGREGATION), "RAW": (RAW,), "AGG": (AGGREGATION,)}
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


def recommend(call: Call) -> dict[str, Any]:
    """Recommend reflections of a dataset by the types of its columns."""
    wanted = call.text("kind").upper()
    if wanted not in ASKED:
        raise missing(f"There are no recommendations of type {call.text('kind')}; ask for RAW or AGG.")
    dataset = catalog.read(call, lambda store: entity(store, call.text("id")))
    if dataset.kind not in catalog.DATASETS:
        raise wrong(f"[{call.text('id')}] is no view or table, and only those have reflections.")
    return {"data": list(_recommended(call, dataset, ASKED[wanted]))}


def _recommended(call: Call, dataset: Document, kinds: Sequence[str]) -> Iterable[dict[str, Any]]:
    types = types_of(call.engine, call.workspace, dataset)
    for kind in kinds:
        try:
            fields = recommended(kind, types)
        except WrongDefinition:
            continue  # it has no column for that
        listed = (*shown.OF_KIND[kind], *shown.LAYOUT)
        yield {
            "type": kind,
            "name": NAMES[kind],
            "datasetId": entity_id(dataset.id),
            "enabled": True,
            "arrowCachingEnabled": False,
            **{name: fields[name] for name in listed},
            "entityType": "reflection",
        }


def recommend_for_jobs(call: Call) -> dict[str, Any]:
    """Recommend reflections of the datasets that some jobs have read."""
    identifiers = reading.texts(call.members.get("jobIds"), "jobIds")
    if not identifiers:
        raise wrong("The member jobIds is missing; give the ids of the jobs that are to be faster.")
    jobs: dict[int, list[str]] = {}
    datasets: dict[int, Document] = {}
    for identifier in identifiers:
        for dataset in _read_by(call, identifier):
            datasets[dataset.id] = dataset
            jobs.setdefault(dataset.id, []).append(identifier)
    return {
        "data": [
            {
                "jobIds": jobs[dataset.id],
                "reflectionRequestBody": body,
                "reflectionRequestEndpoint": "POST {hostname}/" + call.base.strip("/") + "/reflection",
            }
            for dataset in datasets.values()
            for body in _recommended(call, dataset, ASKED[""])
        ]
    }


def _read_by(call: Call, identifier: str) -> list[Document]:
    paths = job_of(call.engine, _run(call, identifier)).told.datasets

    def look(store: Shelves) -> list[Document]:
        found = (catalog.at(store, path) for path in paths)
        return [one for one in found if one is not None and one.kind in catalog.DATASETS]

    return catalog.read(call, look)


def _run(call: Call, identifier: str) -> Run:
    number = from_job_id(identifier)
    try:
        run = call.engine.run(call.workspace, number) if number else None
    except NotFound:
        run = None
    if run is None or run.language != LANGUAGE:
        raise missing(f"Could not find a job with id [{identifier}]")
    return run


_SUMMARY = {"pageToken": "string", "maxResults": "int", "filter": "string", "orderBy": "string"}
_LIST = {"data": "array!"}
OPERATIONS: tuple[Operation, ...] = (
    *(
        Operation(
            id=identifier,
            method="GET",
            path=path,
            handle=summary,
            summary="Summarise the reflections, page by page",
            takes=_SUMMARY,
            gives={**_LIST, "nextPageToken": "string"},
        )
        for identifier, path in (
            ("listReflectionSummaries", "reflection/summary"),
            ("listReflectionSummariesAsBefore", "reflection-summary"),
        )
    ),
    *(
        Operation(
            id=identifier,
            method="POST",
            path=path,
            handle=recommend_for_jobs,
            summary="Recommend reflections of what some jobs have read",
            takes={"jobIds": "array!"},
            gives=_LIST,
        )
        for identifier, path in (
            ("recommendReflections", "reflection/recommendations"),
            ("recommendReflectionsByJobs", "reflection/recommendations/job-based"),
        )
    ),
    Operation(
        id="recommendReflectionsOfDataset",
        method="POST",
        path="dataset/{id}/reflection/recommendation",
        handle=recommend,
        summary="Recommend reflections of a dataset",
        gives=_LIST,
    ),
    Operation(
        id="recommendReflectionsOfDatasetByType",
        method="POST",
        path="dataset/{id}/reflection/recommendation/{kind}",
        handle=recommend,
        summary="Recommend reflections of one type of a dataset: RAW or AGG",
        gives=_LIST,
    ),
)

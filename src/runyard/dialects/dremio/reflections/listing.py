"""The summary of reflections, page by page, and which ones are recommended."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
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
from runyard.dialects.dremio.reflections.bodies import types_of
from runyard.dialects.dremio.told import job_of
from runyard.dialects.dremio.views import LANGUAGE
from runyard.dialects.dremio_ids import entity_id, from_job_id
from runyard.engine.documents import Shelves
from runyard.runtime.dremio_sql.acceleration.definition import AGGREGATION, RAW, WrongDefinition, recommended

PAGE, MOST = 50, 1_000
NAMES: Mapping[str, str] = {RAW: "Raw Reflection", AGGREGATION: "Aggregation Reflection"}
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
    found = _standing(call)
    lines = [shown.summary(one, found, call.engine.now()) for one in found.reflections]
    fitting = [line for line in lines if _fits(line, _filter(call))]
    begin, size = _begin(call.text("pageToken")), min(max(call.members.get("maxResults", PAGE), 1), MOST)
    page = fitting[begin : begin + size]
    more = {"nextPageToken": _token(begin + size)} if begin + size < len(fitting) else {}
    return {"data": page, **more, "isCanAlterReflections": True}


def _standing(call: Call) -> telling.Standing:
    return catalog.read(call, telling.standing)


def _filter(call: Call) -> Mapping[str, Any]:
    text = call.text("filter")
    if not text:
        return {}
    try:
        return reading.mapping(json.loads(text), "filter")
    except ValueError as error:
        raise wrong(f"Invalid value for filter: {text!r} is no JSON object.") from error


def _fits(line: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    for name, place in FILTERS.items():
        value: Any = line
        for part in place.split("."):
            value = value[part]
        if wanted.get(name) and value not in wanted[name]:
            return False
    if "enabledFlag" in wanted and line["isEnabled"] is not bool(wanted["enabledFlag"]):
        return False
    text = str(wanted.get("reflectionNameOrDatasetPath") or "").lower()
    return text in line["name"].lower() or text in ".".join(line["datasetPath"]).lower()


def _token(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def _begin(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token.encode())) if token else 0
    except ValueError as error:
        raise wrong(f"Invalid value for pageToken: {token!r} is none that was given.") from error


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

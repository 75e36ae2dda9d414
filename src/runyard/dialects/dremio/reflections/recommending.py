"""Which reflections are recommended: of a dataset, of what some jobs have read, and of what is read most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from runyard.core.document import Document
from runyard.core.run import Run
from runyard.dialects import reading
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog_operations import entity
from runyard.dialects.dremio.errors import missing, wrong
from runyard.dialects.dremio.reflections import operations, shelves, shown
from runyard.dialects.dremio.reflections.bodies import NAMES, types_of
from runyard.dialects.dremio.sql_jobs import run_of
from runyard.dialects.dremio.told import job_of, jobs_of
from runyard.dialects.dremio.views import LANGUAGE
from runyard.dialects.dremio_ids import entity_id, from_entity_id, job_id
from runyard.engine.documents import Shelves
from runyard.runtime.dremio_sql.acceleration.definition import AGGREGATION, RAW, WrongDefinition, recommended
from runyard.store.ledger import Page

BOTH = (RAW, AGGREGATION)
ASKED: Mapping[str, tuple[str, ...]] = {"": BOTH, "ALL": BOTH, "RAW": (RAW,), "AGG": (AGGREGATION,)}
ASKED_FOR = "dremio_recommendations"
KEPT = 100  # of those that somebody has asked for and may yet fetch
LOOKED_AT, MOST = 1_000, 10  # of the newest jobs, and of what is recommended because they have read it
UNKNOWN = "There are no recommendations of id {id}; ask for them anew."
NOT_COLLECTED = "Usage is read from the jobs that are known; nothing is collected beside them that could be deleted."


def recommend(call: Call) -> dict[str, Any]:
    """Recommend reflections of a dataset by the types of its columns."""
    wanted = call.text("kind").upper()
    if wanted not in ASKED:
        raise missing(f"There are no recommendations of type {call.text('kind')}; ask for RAW, AGG or ALL.")
    dataset = catalog.read(call, lambda store: entity(store, call.text("id")))
    if dataset.kind not in catalog.DATASETS:
        raise wrong(f"[{call.text('id')}] is no view or table, and only those have reflections.")
    return {"data": list(_bodies(call, dataset, ASKED[wanted]))}


def recommend_for_jobs(call: Call) -> dict[str, Any]:
    """Recommend reflections of the datasets that some jobs have read."""
    return _for_jobs(call, _asked_jobs(call))


def ask_for_jobs(call: Call) -> dict[str, str]:
    """Remember the jobs that are to be faster; what is recommended for them is fetched by the id that is answered."""
    runs = [job_id(run.id) for run in _asked_jobs(call)]

    def add(store: Shelves) -> Document:
        known = store.every(ASKED_FOR)
        for one in known[: -KEPT + 1]:
            store.remove(one)
        return store.add(ASKED_FOR, "recommendations", str(uuid4()), content={"jobIds": runs})

    return {"id": entity_id(catalog.change(call, add).id)}


def fetch_for_jobs(call: Call) -> dict[str, Any]:
    """Give what is recommended for jobs that somebody has asked about."""
    number = from_entity_id(call.text("id"))
    asked = catalog.read(call, lambda store: store.get(number)) if number else None
    if asked is None or asked.shelf != ASKED_FOR:
        raise missing(UNKNOWN.format(id=call.text("id")))
    return _for_jobs(call, [run_of(call.engine, call.workspace, one) for one in asked.content["jobIds"]])


def recommend_by_usage(call: Call) -> dict[str, Any]:
    """Recommend raw reflections of the views that the newest jobs have read most, and that have none."""
    return _told(call, _of_usage(call))


def create_by_usage(call: Call) -> dict[str, Any]:
    """Add a reflection as it is recommended; of what is told of it only another name counts."""
    asked = call.members["recommendationId"]
    found = next((one for one in _of_usage(call) if one["recommendationId"] == asked), None)
    if found is None:
        raise wrong(UNKNOWN.format(id=asked))
    name = call.members["reflection"].get("name") or found["reflectionRequestBody"]["name"]
    return operations.create(replace(call, members={**found["reflectionRequestBody"], "name": name}))


def refresh_usage(_: Call) -> None:
    """Do nothing: what is recommended is worked out when it is asked for."""


def delete_usage(_: Call) -> None:
    """Refuse to forget what was used."""
    raise wrong(NOT_COLLECTED)


def _asked_jobs(call: Call) -> list[Run]:
    identifiers = reading.texts(call.members.get("jobIds"), "jobIds")
    if not identifiers:
        raise wrong("The member jobIds is missing; give the ids of the jobs that are to be faster.")
    return [run_of(call.engine, call.workspace, one) for one in identifiers]


def _for_jobs(call: Call, runs: Iterable[Run]) -> dict[str, Any]:
    read = _read_by(call, {job_id(run.id): job_of(call.engine, run).told.datasets for run in runs})
    return _told(
        call,
        [
            _recommendation(f"{entity_id(dataset.id)}.{body['type']}", body, jobs)
            for dataset, jobs in read
            for body in _bodies(call, dataset, ASKED[""])
        ],
    )


def _of_usage(call: Call) -> list[dict[str, Any]]:
    runs = call.engine.runs(call.workspace, Page(limit=LOOKED_AT, where={"language": LANGUAGE}))
    read = _read_by(call, {job_id(job.run.id): job.told.datasets for job in jobs_of(call.engine, runs)})
    have = {one.dataset.id for one in catalog.read(call, shelves.every) if one.kind == RAW}
    views = [(one, jobs) for one, jobs in read if one.kind == catalog.VIEW and one.id not in have]
    views.sort(key=lambda view: -len(view[1]))
    return [_of_view(view, body, jobs) for view, jobs in views[:MOST] for body in _bodies(call, view, (RAW,))]


def _of_view(view: Document, body: Mapping[str, Any], jobs: Sequence[str]) -> dict[str, Any]:
    path = catalog.path_of(view)
    return _recommendation(".".join(path), {**body, "name": f"AutoRef_{path[-1]}_raw"}, jobs)


def _read_by(call: Call, read: Mapping[str, Sequence[Sequence[str]]]) -> list[tuple[Document, list[str]]]:
    """Return the datasets that jobs have read, each with the ids of those."""

    def look(store: Shelves) -> list[tuple[Document, list[str]]]:
        jobs: dict[str, list[str]] = {}
        for identifier, paths in read.items():
            for name in {catalog.name_of(path) for path in paths}:
                jobs.setdefault(name, []).append(identifier)
        known = {one.name: one for one in catalog.every(store) if one.kind in catalog.DATASETS}
        return [(known[name], found) for name, found in jobs.items() if name in known]

    return catalog.read(call, look)


def _recommendation(identifier: str, body: Mapping[str, Any], jobs: Sequence[str]) -> dict[str, Any]:
    return {"reflectionRequestBody": body, "jobIds": list(jobs), "jobCount": len(jobs), "recommendationId": identifier}


def _told(call: Call, data: Iterable[dict[str, Any]]) -> dict[str, Any]:
    place = {"reflectionRequestEndpoint": "POST {hostname}/" + call.base.strip("/") + "/reflection"}
    return {"data": [{**one, **place} for one in data], "canAlterReflections": True}


def _bodies(call: Call, dataset: Document, kinds: Sequence[str]) -> Iterable[dict[str, Any]]:
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


_FOR_JOBS, _BY_USAGE = "reflection/recommendations/job-based", "reflection/recommendations/usage-based"
_OF_DATASET = "dataset/{id}/reflection/recommendation"
_JOBS, _GIVEN = {"jobIds": "array!"}, {"data": "array!", "canAlterReflections": "bool"}
_CREATED = {"reflection": "object!", "recommendationId": "string!"}
_TABLE: Sequence[tuple[str, str, str, Any, str, Mapping[str, str], Mapping[str, str]]] = (
    (
        "recommendReflections", "POST", "reflection/recommendations", recommend_for_jobs,
        "Recommend reflections of what some jobs have read", _JOBS, _GIVEN,
    ),
    (
        "askForReflectionsByJobs", "POST", _FOR_JOBS, ask_for_jobs,
        "Ask for recommendations of what some jobs have read", _JOBS, {"id": "string!"},
    ),
    (
        "recommendReflectionsByJobs", "GET", f"{_FOR_JOBS}/{{id}}/results", fetch_for_jobs,
        "Give the recommendations that were asked for", {}, _GIVEN,
    ),
    (
        "recommendReflectionsByUsage", "GET", _BY_USAGE, recommend_by_usage,
        "Recommend raw reflections of the views that are read most", {}, _GIVEN,
    ),
    (
        "createReflectionByUsage", "POST", _BY_USAGE, create_by_usage, "Add a reflection that is recommended",
        _CREATED, {"id": "string!"},
    ),
    (
        "refreshReflectionsByUsage", "POST", f"{_BY_USAGE}/refresh", refresh_usage,
        "Done already: what is recommended is worked out when it is asked for", {}, {},
    ),
    (
        "deleteReflectionsByUsage", "DELETE", _BY_USAGE, delete_usage,
        "Refused: nothing is collected beside the jobs that are known", {}, {},
    ),
    (
        "recommendReflectionsOfDataset", "POST", _OF_DATASET, recommend, "Recommend reflections of a dataset",
        {}, {"data": "array!"},
    ),
    (
        "recommendReflectionsOfDatasetByType", "POST", f"{_OF_DATASET}/{{kind}}", recommend,
        "Recommend reflections of one type of a dataset: RAW or AGG", {}, {"data": "array!"},
    ),
)  # fmt: skip

OPERATIONS: tuple[Operation, ...] = tuple(
    Operation(
        id=identifier, method=method, path=path, handle=handle, summary=summary, takes=takes, gives=gives,
        status=HTTPStatus.OK if gives else HTTPStatus.ACCEPTED,
    )
    for identifier, method, path, handle, summary, takes, gives in _TABLE
)  # fmt: skip

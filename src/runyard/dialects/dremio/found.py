"""What a search looks through, and how it shows what it has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import FOLDER, FUNCTION, HOME, SOURCE, SPACE, TABLE, VIEW, path_of
from runyard.dialects.dremio.reflections.shelves import Reflection
from runyard.dialects.dremio.views import Job, error_of, moment, query_type
from runyard.dialects.dremio_ids import job_id

CATEGORIES: Mapping[str, str] = {
    SPACE: "SPACE", HOME: "SPACE", FOLDER: "FOLDER", SOURCE: "SOURCE", VIEW: "VIEW", TABLE: "TABLE", FUNCTION: "UDF",
}  # fmt: skip
"""A kind of entity to its category."""
REFLECTION, JOB = "REFLECTION", "JOB"

Shown = dict[str, Any]


def text_of_entity(one: Document) -> str:
    """Return what an entity is found by: names, columns, labels and its wiki."""
    return " ".join((*path_of(one), *_columns(one), *_labels(one), _wiki(one)))


def entity_hit(one: Document) -> Shown:
    """Show an entity."""
    category = CATEGORIES[one.kind]
    columns = {"columns": _columns(one)} if one.kind in catalog.DATASETS else {}
    body = {"functionSql": one.content["functionBody"]} if one.kind == FUNCTION else {}
    shown = {"path": path_of(one), "type": category, "labels": _labels(one), "wiki": _wiki(one)}
    return {"category": category, "catalogObject": {**shown, **_moments(one), **columns, **body}}


def text_of_reflection(one: Reflection) -> str:
    """Return what a reflection is found by: its id, its name and its dataset."""
    return " ".join((one.id, one.name, *path_of(one.dataset)))


def reflection_hit(one: Reflection) -> Shown:
    """Show a reflection."""
    shown = {"id": one.id, "name": one.name, **_dataset(one.dataset.kind, path_of(one.dataset))}
    return {"category": REFLECTION, "reflectionObject": {**shown, **_moments(one.document)}}


def text_of_job(job: Job) -> str:
    """Return what a job is found by: its id, text, type, state, user, and the datasets that it has read."""
    read = (".".join(path) for path in job.told.datasets)
    return " ".join((job_id(job.run.id), job.run.settings["sql"], query_type(job.run), job.state, _user(job), *read))


def job_hit(job: Job, kinds: Mapping[str, str]) -> Shown:
    """Show a job; `kinds` says by name what in the catalog is a table and what a view."""
    shown = {
        "id": job_id(job.run.id),
        "queriedDatasets": [_dataset(kinds.get(catalog.name_of(path), TABLE), path) for path in job.told.datasets],
        "sql": job.run.settings["sql"],
        "jobType": query_type(job.run),
        "user": {"type": "USER", "username": _user(job)},
        "startTime": moment(job.run.created_at),
        "finishTime": moment(job.run.ended_at),
        "jobStatus": job.state,
        "error": error_of(job) or None,
    }
    return {"category": JOB, "jobObject": {name: value for name, value in shown.items() if value is not None}}


def _dataset(kind: str, path: Sequence[str]) -> Shown:
    return {"datasetType": CATEGORIES[kind], "datasetPath": list(path)}


def _moments(one: Document) -> Shown:
    """Tell when something was made and changed: Dremio's page on it calls the latter otherwise than its clients do."""
    changed = moment(one.updated_at or None)
    return {"createdAt": moment(one.created_at or None), "modifiedAt": changed, "lastModifiedAt": changed}


def _columns(one: Document) -> list[str]:
    return [each["name"] for each in one.content.get("fields", ())]


def _labels(one: Document) -> list[str]:
    return list(one.content.get("tags", {}).get("tags", ()))


def _wiki(one: Document) -> str:
    return str(one.content.get("wiki", {}).get("text", ""))


def _user(job: Job) -> str:
    return str(job.run.settings.get("user") or "")

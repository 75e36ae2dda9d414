"""Entities of the catalog on the wire: whole, and as a line in a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.dialects.dremio.catalog import (
    BESIDE,
    FOLDER,
    FUNCTION,
    HOME,
    SOURCE,
    SPACE,
    TABLE,
    VIEW,
    fields_of,
    id_of,
    path_of,
    tag,
)  # fmt: skip
from runyard.dialects.dremio.source_secrets import hidden
from runyard.dialects.dremio.views import moment

Shown = dict[str, Any]
REFRESH_POLICY: Mapping[str, Any] = {
    "refreshPeriodMs": 3_600_000,
    "gracePeriodMs": 10_800_000,
    "method": "FULL",
    "activePolicyType": "PERIOD",
    "neverExpire": False,
    "neverRefresh": False,
}
"""What Dremio does with reflections of a dataset that says nothing of it."""
SOURCE_POLICY: Mapping[str, Any] = {
    "metadataPolicy": {
        "authTTLMs": 86_400_000,
        "namesRefreshMs": 3_600_000,
        "datasetRefreshAfterMs": 3_600_000,
        "datasetExpireAfterMs": 10_800_000,
        "datasetUpdateMode": "PREFETCH_QUERIED",
        "deleteUnavailableDatasets": True,
        "autoPromoteDatasets": False,
    },
    "accelerationGracePeriodMs": REFRESH_POLICY["gracePeriodMs"],
    "accelerationRefreshPeriodMs": REFRESH_POLICY["refreshPeriodMs"],
    "accelerationNeverExpire": False,
    "accelerationNeverRefresh": False,
    "allowCrossSourceSelection": False,
    "disableMetadataValidityCheck": False,
}
"""What a source has that says nothing of it; strict clients want each. Nothing obeys the policy of metadata."""
OF_FUNCTION = ("isScalar", "functionArgList", "functionBody", "returnType")
CONTAINER_TYPES: Mapping[str, str] = {SPACE: "SPACE", FOLDER: "FOLDER", SOURCE: "SOURCE", HOME: "HOME"}
DATASET_TYPES: Mapping[str, tuple[str, str]] = {
    VIEW: ("VIRTUAL_DATASET", "VIRTUAL"),
    TABLE: ("PHYSICAL_DATASET", "PROMOTED"),
}
"""A kind of dataset to its word as an entity, and to that in a list."""
DIRECT = "DIRECT"
"""The word in a list for a table that its source holds, and the catalog does not."""


def outside(entity: str, identifier: str, path: Sequence[str]) -> Shown:
    """Return the heading of something in a source that is not in the catalog."""
    return {"entityType": entity, "id": identifier, "path": list(path)}


def whole(document: Document, children: Iterable[Shown]) -> Shown:
    """Show an entity; `children` are the lines of what stands in it."""
    return {**_heading(document), **BODIES[document.kind](document), **_children(document, children)}


def line(document: Document) -> Shown:
    """Show an entity as a line of a list."""
    shown: Shown = {"id": id_of(document), "path": path_of(document), "tag": tag(document)}
    if document.kind in CONTAINER_TYPES:
        shown |= {"type": "CONTAINER", "containerType": CONTAINER_TYPES[document.kind]}
    elif document.kind == FUNCTION:
        shown |= {"type": "FUNCTION"}
    else:
        shown |= {"type": "DATASET", "datasetType": DATASET_TYPES[document.kind][1]}
    return {**shown, **_created(document)}


def _heading(document: Document) -> Shown:
    entity = "dataset" if document.kind in DATASET_TYPES else document.kind
    return {"entityType": entity, "id": id_of(document), "tag": tag(document), **_created(document)}


def _created(document: Document) -> Shown:
    at = moment(document.created_at or None)
    return {"createdAt": at} if at else {}


def _children(document: Document, children: Iterable[Shown]) -> Shown:
    return {"children": list(children)} if document.kind in CONTAINER_TYPES else {}


def _named(document: Document) -> Shown:
    return {"name": path_of(document)[-1]}


def _folder(document: Document) -> Shown:
    return {"path": path_of(document)}


def _source(document: Document) -> Shown:
    kept = {name: value for name, value in document.content.items() if name not in ("path", *BESIDE)}
    kept |= {"config": hidden(kept["config"])} if "config" in kept else {}
    return {**_named(document), **SOURCE_POLICY, **kept, "state": state_of("")}


def state_of(note: str) -> Shown:
    """Return how a source is; a note says what is wrong with it."""
    return {"status": "bad" if note else "good", "messages": [{"level": "ERROR", "message": note}] if note else []}


def _view(document: Document) -> Shown:
    return {"type": DATASET_TYPES[VIEW][0], **_dataset(document, "sql", "sqlContext")}


def _table(document: Document) -> Shown:
    policy = document.content.get("accelerationRefreshPolicy", REFRESH_POLICY)
    shown = _dataset(document, "format")
    return {"type": DATASET_TYPES[TABLE][0], **shown, "accelerationRefreshPolicy": policy}


def _function(document: Document) -> Shown:
    told = {name: document.content[name] for name in OF_FUNCTION}
    return {"path": path_of(document), "lastModified": moment(document.updated_at or None), **told}


def _dataset(document: Document, *names: str) -> Shown:
    content, fields = document.content, fields_of(document)
    shown = {name: content[name] for name in names if name in content}
    return {"path": path_of(document), **shown, **({"fields": fields} if fields else {})}


BODIES: Mapping[str, Callable[[Document], Shown]] = {
    SPACE: _named,
    HOME: _named,
    FOLDER: _folder,
    SOURCE: _source,
    VIEW: _view,
    TABLE: _table,
    FUNCTION: _function,
}

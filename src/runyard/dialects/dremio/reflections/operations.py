"""The operations about reflections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from runyard.core.document import Document
from runyard.core.errors import AlreadyExists
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog_operations import entity
from runyard.dialects.dremio.errors import Refusal, missing, wrong
from runyard.dialects.dremio.reflections import keeping, shelves, shown, telling
from runyard.dialects.dremio.reflections.bodies import content_of, dataset_of, kind_of, types_of
from runyard.dialects.dremio.reflections.refreshing import wake
from runyard.dialects.dremio.reflections.shelves import Reflection
from runyard.dialects.dremio.reflections.telling import Standing
from runyard.dialects.dremio_ids import entity_id
from runyard.engine.documents import Shelves

T = TypeVar("T")
NOT_FOUND = "Reflection with id [{id}] not found"
TAKEN = "A reflection with the name [{name}] exists already on [{dataset}]"


def create(call: Call) -> dict[str, Any]:
    """Add a reflection; its first refresh begins at once."""
    dataset = catalog.read(call, lambda store: dataset_of(store, call.text("datasetId")))
    kind = kind_of(call.members)
    content = content_of(kind, call.members, types_of(call.engine, call.workspace, dataset))

    def add(store: Shelves) -> Document:
        try:
            return shelves.add(store, dataset, kind, content)
        except AlreadyExists as error:
            text = TAKEN.format(name=content["name"], dataset=".".join(catalog.path_of(dataset)))
            raise Refusal(HTTPStatus.CONFLICT, text) from error

    return _changed(call, lambda store: _named(store, add(store)))


def get(call: Call) -> dict[str, Any]:
    """Show a reflection."""
    return catalog.read(call, lambda store: _whole(call, telling.standing(store), _asked(store, call)))


def update(call: Call) -> dict[str, Any]:
    """Change a reflection that the caller has seen as it is now."""
    seen = catalog.read(call, lambda store: _asked(store, call))
    catalog.check_tag(seen.document, call.text("tag"))
    if call.members.get("type", seen.kind) != seen.kind:
        raise wrong(f"Reflection {seen.name} is {seen.kind}; another type would be another reflection.")
    own = entity_id(seen.dataset.id)
    if call.members.get("datasetId", own) != own:
        raise wrong(f"Reflection {seen.name} is one of dataset {own}; of another it would be another reflection.")
    types = types_of(call.engine, call.workspace, seen.dataset)
    content = content_of(seen.kind, {"name": seen.name, **call.members}, types)

    def save(store: Shelves) -> Reflection:
        document = keeping.enable(store, seen.document, enabled=content["enabled"])
        keeping.begin_anew(store, document)
        return _named(store, store.save(document, content))

    return _changed(call, save)


def delete(call: Call) -> None:
    """Remove a reflection; what it held goes when nobody reads it."""
    catalog.change(call, lambda store: store.remove(_asked(store, call).document))
    wake(call.engine)


def refresh(call: Call) -> None:
    """Make what a reflection holds anew, whatever its policy says."""

    def want(store: Shelves) -> None:
        found = _asked(store, call)
        if not found.is_enabled:
            raise wrong(f"Reflection {found.name} is disabled; enable it before you refresh it.")
        keeping.want(store, found.document)

    catalog.change(call, want)
    wake(call.engine)


def list_all(call: Call) -> dict[str, Any]:
    """List every reflection."""
    return _list(call, lambda _: True)


def list_of_dataset(call: Call) -> dict[str, Any]:
    """List the reflections of a dataset."""
    dataset = catalog.read(call, lambda store: entity(store, call.text("id")))
    return _list(call, lambda one: one.dataset.id == dataset.id)


def refresh_dataset(call: Call) -> None:
    """Refresh every reflection that depends on a table."""

    def want(store: Shelves) -> None:
        found = entity(store, call.text("id"))
        if found.kind != catalog.TABLE:
            raise wrong(f"Can only refresh tables; [{call.text('id')}] is none.")
        keeping.want_all(store, found)

    catalog.change(call, want)
    wake(call.engine)


def _list(call: Call, suits: Callable[[Reflection], bool]) -> dict[str, Any]:
    found = catalog.read(call, telling.standing)
    return {"data": [_whole(call, found, one) for one in found.reflections if suits(one)]}


def _asked(store: Shelves, call: Call) -> Reflection:
    found = shelves.of_id(store, call.text("id"))
    if found is None:
        raise missing(NOT_FOUND.format(id=call.text("id")))
    return found


def _named(store: Shelves, document: Document) -> Reflection:
    return next(one for one in shelves.every(store) if one.document.id == document.id)


def _whole(call: Call, found: Standing, reflection: Reflection) -> dict[str, Any]:
    return shown.whole(reflection, found, call.engine.now())


def _changed(call: Call, work: Callable[[Shelves], Reflection]) -> dict[str, Any]:
    def change(store: Shelves) -> dict[str, Any]:
        changed = work(store)
        return _whole(call, telling.standing(store), changed)

    told = catalog.change(call, change)
    wake(call.engine)
    return told


_TAKES: Mapping[str, str] = {
    "type": "string",
    "name": "string",
    "datasetId": "string",
    "enabled": "bool",
    "arrowCachingEnabled": "bool",
    "displayFields": "array",
    "dimensionFields": "array",
    "measureFields": "array",
    "distributionFields": "array",
    "partitionFields": "array",
    "sortFields": "array",
    "partitionDistributionStrategy": "string",
}
_GIVES: Mapping[str, str] = {
    **_TAKES,
    "id": "string!",
    "tag": "string!",
    "createdAt": "string",
    "updatedAt": "string",
    "datasetName": "string",
    "datasetType": "string",
    "recordCount": "int",
    "currentSizeBytes": "int",
    "totalSizeBytes": "int",
    "consideredCount": "int",
    "matchedCount": "int",
    "acceleratedCount": "int",
    "status": "object",
    "entityType": "string",
}
_LIST: Mapping[str, str] = {"data": "array!"}
_NEW: Mapping[str, str] = {**_TAKES, "type": "string!", "datasetId": "string!"}
_TABLE: Sequence[tuple[str, str, str, Callable[[Call], Any], str, Mapping[str, str], Mapping[str, str], int]] = (
    ("createReflection", "POST", "reflection", create, "Add a reflection", _NEW, _GIVES, 200),
    ("listReflections", "GET", "reflection", list_all, "List the reflections", {}, _LIST, 200),
    ("getReflection", "GET", "reflection/{id}", get, "Show a reflection", {}, _GIVES, 200),
    (
        "updateReflection", "PUT", "reflection/{id}", update, "Change a reflection", {**_TAKES, "tag": "string"},
        _GIVES, 200,
    ),
    ("deleteReflection", "DELETE", "reflection/{id}", delete, "Remove a reflection", {}, {}, 200),
    ("refreshReflection", "POST", "reflection/{id}/refresh", refresh, "Make what a reflection holds anew", {}, {}, 204),
    (
        "listReflectionsOfDataset", "GET", "dataset/{id}/reflection", list_of_dataset,
        "List the reflections of a dataset", {}, _LIST, 200,
    ),
    (
        "refreshCatalogEntity", "POST", "catalog/{id}/refresh", refresh_dataset,
        "Refresh the reflections that depend on a table", {}, {}, 204,
    ),
)  # fmt: skip

OPERATIONS: tuple[Operation, ...] = tuple(
    Operation(
        id=identifier, method=method, path=path, handle=handle, summary=summary, takes=takes, gives=gives, status=status
    )
    for identifier, method, path, handle, summary, takes, gives, status in _TABLE
)

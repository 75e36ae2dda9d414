"""The catalog's operations: look, add, change, remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote

from runyard.core.document import Document
from runyard.dialects import reading
from runyard.dialects.dremio import catalog, entities, function_bodies, listings, source_files, view_bodies
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog import FOLDER, FUNCTION, HOME, ROOTS, SCRATCH, SOURCE, TABLE, VIEW
from runyard.dialects.dremio.catalog_bodies import body_of, changed_body, check_still, promoted_body
from runyard.dialects.dremio.changes import remember_gone
from runyard.dialects.dremio.database_sources import Tables, is_database, tables_of
from runyard.dialects.dremio.errors import Refusal, missing, wrong
from runyard.dialects.dremio_ids import from_entity_id
from runyard.engine.documents import Shelves

T = TypeVar("T")
NOT_FOUND = "Could not find entity with id [{id}]"
NOT_AT_PATH = "Could not find entity with path [[{path}]]"
NOT_IN_SOURCE = "Can not create a folder inside a [SOURCE]."
NOT_DELETED = "Namespace container of type [{kind}] can not be deleted."
MOST_ENTITIES, MOST_CHILDREN = 50, 20  # of which several are asked for at once


def list_catalog(call: Call) -> dict[str, Any]:
    """List what everything else stands in."""
    found = catalog.read(call, catalog.every)
    return {"data": [entities.line(one) for one in found if one.kind in ROOTS]}


def get_by_path(call: Call) -> dict[str, Any]:
    """Show what is at a path, of which each segment is encoded by itself."""
    path = [unquote(part) for part in call.text("path").split("/") if part]
    return listings.asked_part(call, _at_path(call, path))


def get_by_id(call: Call) -> dict[str, Any]:
    """Show an entity."""
    return listings.asked_part(call, _of_id(call, call.text("id")))


CHECKED: Mapping[str, Callable[[Call, Sequence[str], Mapping[str, Any]], dict[str, Any]]] = {
    FUNCTION: function_bodies.checked,
    VIEW: view_bodies.checked,
}
"""What is SQL is checked, by kind, while the ledger waits for nobody."""


def create(call: Call) -> dict[str, Any]:
    """Add a space, a folder, a source, a view or a function."""
    kind, path, content = body_of(call.members)
    if kind in CHECKED:
        content = CHECKED[kind](call, path, content)

    def add(shelves: Shelves) -> dict[str, Any]:
        root = catalog.root_of(shelves, path)
        if kind == FOLDER and root is not None and root.kind == SOURCE:
            raise wrong(NOT_IN_SOURCE)
        return _whole(call, shelves, catalog.put(shelves, kind, path, content, is_cloud=call.is_cloud))

    return catalog.change(call, add)


def promote(call: Call) -> dict[str, Any]:
    """Make a table of a file or folder of a source."""
    path, content = promoted_body(call.text("id"), call.members)

    def add(shelves: Shelves) -> dict[str, Any]:
        lies = _found(call, shelves, path)
        if lies is None:
            raise missing(NOT_AT_PATH.format(path=", ".join(path)))
        if catalog.at(shelves, path) is not None:
            raise wrong(catalog.TAKEN)
        root = catalog.root_of(shelves, path)
        whole = {**content, "path": path, "folder": str(lies.file)}
        parent_id = root.id if root is not None else None
        return entities.whole(
            shelves.add(catalog.CATALOG, TABLE, catalog.name_of(path), parent_id=parent_id, content=whole), []
        )

    return catalog.change(call, add)


def update(call: Call) -> dict[str, Any]:
    """Change an entity that the caller has seen as it is now."""
    seen = catalog.read(call, lambda shelves: entity(shelves, call.text("id")))
    catalog.check_tag(seen, call.text("tag"))
    check_still(seen, call.members)
    content = _changed(call, seen)

    def save(shelves: Shelves) -> dict[str, Any]:
        catalog.check_tag(entity(shelves, call.text("id")), call.text("tag"))
        return _whole(call, shelves, shelves.save(seen, content))

    return catalog.change(call, save)


def _changed(call: Call, seen: Document) -> dict[str, Any]:
    if seen.kind == FUNCTION:
        return function_bodies.changed(call, seen)
    content = changed_body(seen, call.members)
    return view_bodies.checked(call, catalog.path_of(seen), content) if seen.kind == VIEW else content


def delete(call: Call) -> None:
    """Remove an entity with what stands in it; the files of tables that were made here follow later."""

    def remove(shelves: Shelves) -> None:
        seen = entity(shelves, call.text("id"))
        if seen.kind == HOME or catalog.path_of(seen) == [SCRATCH]:
            raise wrong(NOT_DELETED.format(kind=seen.kind.upper()))
        if "tag" in call.members:
            catalog.check_tag(seen, call.text("tag"))
        for one in _with_all_in_it(shelves, seen):
            if one.kind == TABLE:
                remember_gone(shelves, one)
        shelves.remove(seen)

    catalog.change(call, remove)


def by_paths(call: Call) -> dict[str, Any]:
    """Show what is at each of some paths; what is not there is told beside them."""
    paths = [reading.texts(path, f"paths[{place}]") for place, path in enumerate(call.members["paths"])]
    return _bulk(call, "paths", {f"[{', '.join(path)}]": partial(_at_path, call, path) for path in paths})


def by_ids(call: Call) -> dict[str, Any]:
    """Show each of some entities; what is not there is told beside them."""
    identifiers = reading.texts(call.members["ids"], "ids")
    return _bulk(call, "ids", {one: partial(_of_id, call, one) for one in identifiers})


def _bulk(call: Call, what: str, looks: Mapping[str, Callable[[], dict[str, Any]]]) -> dict[str, Any]:
    most = call.members.get("maxChildren", MOST_CHILDREN)
    if len(looks) > MOST_ENTITIES:
        raise wrong(f"Too many {what} {len(looks)} vs maximum {MOST_ENTITIES}")
    if not 1 <= most <= MOST_CHILDREN:
        raise wrong(f"maxChildren query parameter must be set to [1,{MOST_CHILDREN}]")
    data, errors = [], []
    for name, look in looks.items():
        try:
            data.append(listings.asked_part(call, look()))
        except Refusal as error:
            told = "was not found" if error.status == HTTPStatus.NOT_FOUND else f"failed with '{error}'"
            errors.append({"errorMessage": f"'{name}' {told}", "moreInfo": ""})
    return {"data": data, **({"errors": errors} if errors else {})}


def entity(shelves: Shelves, identifier: str) -> Document:
    """Return the entity of an id; refuse one that is none of the catalog."""
    number = from_entity_id(identifier)
    found = shelves.get(number) if number else None
    if found is None or found.shelf != catalog.CATALOG:
        raise missing(NOT_FOUND.format(id=identifier))
    return found


def _at_path(call: Call, path: list[str]) -> dict[str, Any]:
    return _show_at(call, path, NOT_AT_PATH.format(path=", ".join(path)))


def _of_id(call: Call, identifier: str) -> dict[str, Any]:
    if (path := source_files.path_in(identifier)) is None:
        path = catalog.path_of(catalog.read(call, lambda shelves: entity(shelves, identifier)))
    return _show_at(call, path, NOT_FOUND.format(id=identifier))


def _show_at(call: Call, path: list[str], refusal: str) -> dict[str, Any]:
    """Show what is at a path; a database is asked for its tables while the ledger waits for nobody."""
    source = catalog.read(call, lambda shelves: catalog.root_of(shelves, path))
    if source is not None and is_database(source):
        return _of_database(call, path, tables_of([source])[0], refusal)

    def look(shelves: Shelves) -> dict[str, Any]:
        if (document := catalog.at(shelves, path)) is not None:
            return _whole(call, shelves, document)
        root, lies = catalog.root_of(shelves, path), _found(call, shelves, path)
        if lies is None or root is None:
            raise missing(refusal)
        return source_files.shown(lies, call.engine.mounts, root)

    return catalog.read(call, look)


def _of_database(call: Call, path: list[str], tables: Tables, refusal: str) -> dict[str, Any]:
    """Show a database, or what it says is at a path within it."""
    if len(path) > 1:
        shown = tables.shown(path)
        if shown is None:
            raise missing(f"{refusal}{f': {tables.note}' if tables.note else ''}")
        return shown

    def look(shelves: Shelves) -> dict[str, Any]:
        if (document := catalog.at(shelves, path)) is None:  # removed while it was asked
            raise missing(refusal)
        return entities.whole(document, tables.children()) | {"state": tables.state()}

    return catalog.read(call, look)


def _whole(call: Call, shelves: Shelves, document: Document) -> dict[str, Any]:
    lines = [entities.line(one) for one in catalog.children(shelves, document)]
    if document.kind == SOURCE:
        known = {catalog.name_of(line["path"]) for line in lines}
        files = source_files.of_root(document, call.engine.mounts)
        lines += [line for line in files if catalog.name_of(line["path"]) not in known]
    return entities.whole(document, lines) | state(call, document)


def state(call: Call, document: Document) -> dict[str, Any]:
    """Return how a source of files is, as a part of it; nothing of whatever else."""
    if document.kind != SOURCE or is_database(document):
        return {}
    return {"state": source_files.state(document, call.engine.mounts)}


def _found(call: Call, shelves: Shelves, path: list[str]) -> source_files.Found | None:
    return source_files.found(catalog.root_of(shelves, path), path, call.engine.mounts)


def _with_all_in_it(shelves: Shelves, document: Document) -> list[Document]:
    below = [one for child in shelves.ledger.documents_in(document) for one in _with_all_in_it(shelves, child)]
    return [document, *below]


OF_FUNCTION: Mapping[str, str] = {
    "isScalar": "bool",
    "functionArgList": "string",
    "functionBody": "string",
    "returnType": "string",
}
_ENTITY: Mapping[str, str] = {
    "entityType": "string!",
    "id": "string!",
    "tag": "string",
    "name": "string",
    "path": "array",
    "type": "string",
    "children": "array",
    "sql": "string",
    "sqlContext": "array",
    "fields": "array",
    "config": "object",
    "format": "object",
    **OF_FUNCTION,
}
_BODY: Mapping[str, str] = {
    "entityType": "string",
    "name": "string",
    "path": "array",
    "type": "string",
    "sql": "string",
    "sqlContext": "array",
    "config": "object",
    "format": "object",
    **OF_FUNCTION,
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="listCatalog",
        method="GET",
        path="catalog",
        handle=list_catalog,
        summary="List spaces, sources and homes",
        gives={"data": "array!"},
    ),
    Operation(
        id="createCatalogEntity",
        method="POST",
        path="catalog",
        handle=create,
        summary="Add a space, a folder, a source, a view or a function",
        takes={**_BODY, "entityType": "string!"},
        gives=_ENTITY,
    ),
    Operation(
        id="getCatalogEntityByPath",
        method="GET",
        takes=listings.TAKES,
        path="catalog/by-path/{path*}",
        handle=get_by_path,
        summary="Show what is at a path",
        gives=_ENTITY,
    ),
    Operation(
        id="getCatalogEntitiesByPaths",
        method="POST",
        path="catalog/by-paths",
        handle=by_paths,
        summary="Show what is at each of some paths",
        takes={"paths": "array!", "maxChildren": "int"},
        listed="paths",
        gives={"data": "array!"},
    ),
    Operation(
        id="getCatalogEntitiesByIds",
        method="POST",
        path="catalog/by-ids",
        handle=by_ids,
        summary="Show each of some entities",
        takes={"ids": "array!", "maxChildren": "int"},
        listed="ids",
        gives={"data": "array!"},
    ),
    Operation(
        id="getCatalogEntity",
        method="GET",
        takes=listings.TAKES,
        path="catalog/{id}",
        handle=get_by_id,
        summary="Show an entity of the catalog",
        gives=_ENTITY,
    ),
    Operation(
        id="promoteCatalogEntity",
        method="POST",
        path="catalog/{id}",
        handle=promote,
        summary="Make a table of a file or folder of a source",
        takes={**_BODY, "path": "array!"},
        gives=_ENTITY,
    ),
    Operation(
        id="updateCatalogEntity",
        method="PUT",
        path="catalog/{id}",
        handle=update,
        summary="Change an entity of the catalog",
        takes={**_BODY, "tag": "string"},
        gives=_ENTITY,
    ),
    Operation(
        id="deleteCatalogEntity",
        method="DELETE",
        path="catalog/{id}",
        handle=delete,
        summary="Remove an entity of the catalog",
        takes={"tag": "string"},
        status=HTTPStatus.NO_CONTENT,
    ),
)

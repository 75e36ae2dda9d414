"""What is in a catalog, by path: spaces, folders, sources, views and tables, each a document of the workspace."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from runyard.core.document import Document
from runyard.core.errors import AlreadyExists
from runyard.core.job import Workspace
from runyard.dialects.dremio.calls import Call
from runyard.dialects.dremio.errors import Refusal
from runyard.dialects.dremio_ids import entity_id, tag_of
from runyard.engine.documents import Documents, Shelves
from runyard.engine.engine import Engine
from runyard.runtime.dremio_sql.acceleration.versions import MANIFEST

T = TypeVar("T")

CATALOG = "dremio_catalog"
SPACE, FOLDER, SOURCE, HOME = "space", "folder", "source", "home"
VIEW, TABLE, FUNCTION = "view", "table", "function"
CONTAINERS = frozenset({SPACE, FOLDER, SOURCE, HOME})
ROOTS = frozenset({SPACE, SOURCE, HOME})
DATASETS = frozenset({VIEW, TABLE})
BESIDE = WIKI, TAGS = "wiki", "tags"
"""What of a content is said beside an entity: its changes are versions of the document, and none of the entity."""
SCRATCH = "$scratch"
HOME_NAME = "@admin"
TAKEN = "An object already exists with that name"
"""What clients look for in the cloud's 400 and the server's 409."""


def name_of(path: Sequence[str]) -> str:
    """Return the name of a document by its path; letters are alike in both cases."""
    return "\n".join(part.casefold() for part in path)


def path_of(document: Document) -> list[str]:
    """Return where a document is, as it was written."""
    return list(document.content["path"])


def fields_of(document: Document) -> list[dict[str, Any]]:
    """Return the columns of a view or table, as far as they are known.

    A table that was made here tells them itself: a job that was killed may have changed them without a word of it.
    """
    content = document.content
    if document.kind == TABLE and content.get("folder") and not content.get("format"):
        with suppress(OSError, ValueError, KeyError):
            told: list[dict[str, Any]] = json.loads(Path(content["folder"], MANIFEST).read_bytes())["columns"]
            return told
    return list(content.get("fields", ()))


def at(shelves: Shelves, path: Sequence[str]) -> Document | None:
    """Return what is at a path."""
    return shelves.named(CATALOG, name_of(path))


def every(shelves: Shelves) -> list[Document]:
    """Return all that is in the catalog; what stands in another comes after it."""
    return shelves.every(CATALOG)


def opened(engine: Engine, workspace: Workspace) -> Documents:
    """Return the documents of a workspace's catalog, which is made on first use: a home, and a source for tables."""
    documents = engine.documents
    if documents.read(workspace, lambda shelves: at(shelves, [SCRATCH])) is None:
        with suppress(AlreadyExists):  # another caller was first
            documents.change(workspace, _make)
    return documents


def read(call: Call, work: Callable[[Shelves], T]) -> T:
    """Return what somebody reads from the caller's catalog, as of one moment."""
    return opened(call.engine, call.workspace).read(call.workspace, work)


def change(call: Call, work: Callable[[Shelves], T]) -> T:
    """Change the caller's catalog in one transaction."""
    return opened(call.engine, call.workspace).change(call.workspace, work)


def _make(shelves: Shelves) -> None:
    shelves.add(CATALOG, HOME, name_of([HOME_NAME]), content={"path": [HOME_NAME]})
    scratch = {"path": [SCRATCH], "type": "NAS", "config": {}}
    shelves.add(CATALOG, SOURCE, name_of([SCRATCH]), content=scratch)


def children(shelves: Shelves, parent: Document) -> list[Document]:
    """Return what stands in a container itself; a table of a source may lie deeper, in folders that are no entities."""
    depth = len(parent.content["path"]) + 1
    inside = (one for one in shelves.ledger.documents_in(parent) if one.shelf == CATALOG)
    return [one for one in inside if len(one.content["path"]) == depth]


def put(shelves: Shelves, kind: str, path: Sequence[str], content: Mapping[str, Any], *, is_cloud: bool) -> Document:
    """Add something to the catalog; refuse it where it cannot be."""
    if at(shelves, path) is not None:
        raise _taken(is_cloud=is_cloud)
    parent = parent_of(shelves, path)
    parent_id = None if parent is None else parent.id
    whole = {**content, "path": list(path)}
    try:
        return shelves.add(CATALOG, kind, name_of(path), parent_id=parent_id, content=whole)
    except AlreadyExists as error:  # another caller's, at the same moment
        raise _taken(is_cloud=is_cloud) from error


def parent_of(shelves: Shelves, path: Sequence[str]) -> Document | None:
    """Return the container of a path; None for what stands in none. Refuse a path into nowhere.

    In a source whatever lies deeper stands in the source itself: its folders are no entities before somebody asks.
    """
    if len(path) == 1:
        return None
    root = root_of(shelves, path)
    parent = at(shelves, path[:-1]) or (root if root is not None and root.kind == SOURCE else None)
    if parent is None or parent.kind not in CONTAINERS:
        above = ".".join(path[:-1])
        raise Refusal(400, f"There is no space, folder or source {above}; make it first, then {'.'.join(path)}.")
    return parent


def _taken(*, is_cloud: bool) -> Refusal:
    return Refusal(400 if is_cloud else 409, TAKEN)


def root_of(shelves: Shelves, path: Sequence[str]) -> Document | None:
    """Return the space, source or home that a path begins in."""
    return at(shelves, path[:1])


def id_of(document: Document) -> str:
    """Return a document's id as it is shown."""
    return entity_id(document.id)


def tag(document: Document) -> str:
    """Return which version of a document somebody sees; what is said beside it has versions of its own."""
    beside = sum(document.content[name]["version"] + 1 for name in BESIDE if name in document.content)
    return tag_of(document.id, document.version - beside)


def check_tag(document: Document, told: str) -> None:
    """Refuse a change by somebody who saw another version."""
    if told != tag(document):
        place = ".".join(document.content.get("path", [document.content.get("name", document.name)]))
        said = f"the tag {told} is not" if told else "the change names no tag, and it should be"
        raise Refusal(409, f"Cannot change {place}: {said} {tag(document)}, its tag now. Look at it again.")

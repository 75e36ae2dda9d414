"""The catalog as the process of a job reads it: what each name can mean, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runyard.core.document import Document
from runyard.dialects.dremio.catalog import FOLDER, FUNCTION, HOME, SOURCE, SPACE, TABLE, VIEW, path_of
from runyard.dialects.dremio.database_sources import is_database, told
from runyard.dialects.dremio.source_files import folder_of
from runyard.executors.mounts import Mounts

SOURCES = "sources"  # below a workspace's folder: where a source lies that names no place of this machine


def snapshot(documents: Sequence[Document], mounts: Mounts, home: Path) -> dict[str, Any]:
    """Return what a process is told of the catalog."""
    return {**of_documents(documents), "sources": sources_in(documents, mounts, home)}


def sources_in(documents: Sequence[Document], mounts: Mounts, home: Path) -> list[dict[str, Any]]:
    """Return where sources of files lie now; what their paths lead to may change, though no document does."""
    return [_source(one, mounts, home) for one in documents if one.kind == SOURCE and not is_database(one)]


def of_documents(documents: Sequence[Document]) -> dict[str, Any]:
    """Return the part of it that changes with the documents alone."""
    by_kind: dict[str, list[Document]] = {}
    for document in documents:
        by_kind.setdefault(document.kind, []).append(document)
    tables = by_kind.get(TABLE, [])
    return {
        "spaces": [path_of(one)[0] for kind in (HOME, SPACE) for one in by_kind.get(kind, [])],
        "folders": [path_of(one) for one in by_kind.get(FOLDER, [])],
        "databases": [told(one) for one in by_kind.get(SOURCE, []) if is_database(one)],
        "views": [_view(one) for one in by_kind.get(VIEW, [])],
        "tables": [{"path": path_of(one), "folder": one.content["folder"]} for one in tables if not _format(one)],
        "datasets": [_dataset(one) for one in tables if _format(one)],
        "functions": [_function(one) for one in by_kind.get(FUNCTION, [])],
    }


def _source(source: Document, mounts: Mounts, home: Path) -> dict[str, Any]:
    place = folder_of(source, mounts) or home / SOURCES / str(source.id)
    return {"name": path_of(source)[0], "root": str(place)}


def _view(view: Document) -> dict[str, Any]:
    return {"path": path_of(view), "sql": view.content["sql"], "context": view.content.get("sqlContext") or []}


def _function(function: Document) -> dict[str, Any]:
    content = function.content
    told = {name: content[name] for name in ("path", "parameters", "returns", "isScalar", "functionBody")}
    moments = {"created_at": function.created_at, "modified_at": function.updated_at}
    return {**told, "context": content.get("sqlContext") or [], **moments}


def _dataset(table: Document) -> dict[str, Any]:
    settings = {name: value for name, value in table.content["format"].items() if name != "type"}
    return {"path": path_of(table), "format": _format(table), "settings": settings}


def _format(table: Document) -> str:
    """Return the format of files that became a table; empty for a table that was made here."""
    return str((table.content.get("format") or {}).get("type", "")).lower()

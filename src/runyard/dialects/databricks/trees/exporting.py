"""What leaves the workspace, in the format that is asked for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from runyard.core.errors import InvalidRequest, NotSupported
from runyard.dialects.databricks.calls import Call
from runyard.dialects.databricks.runs.export import page
from runyard.dialects.databricks.trees import notebook_text, workspace_objects
from runyard.dialects.databricks.trees.notebook_text import Notebook
from runyard.dialects.databricks.trees.workspace_objects import DIRECTORY, NOTEBOOK, Object

Export = tuple[bytes, str]
"""Content, and how the name of a file with it ends."""

OF_FOLDERS = ("SOURCE", "AUTO")
ENDINGS: Mapping[str, str] = {language: ending[1:] for ending, language in notebook_text.ENDINGS.items()}


def exported(call: Call, one: Object, wanted: str) -> Export:
    """Return an object in a format."""
    if wanted not in FORMATS:
        raise InvalidRequest(f"Invalid format {wanted!r}; it must be one of: {', '.join(FORMATS)}.")
    if one.kind == DIRECTORY:
        return _folder(call, one, wanted)
    if one.kind == NOTEBOOK:
        return FORMATS[wanted](one)
    return one.file.read_bytes(), PurePosixPath(one.path).suffix.lstrip(".")


def percent(name: str) -> str:
    """Return a name as a header may hold it."""
    return quote(name, safe="")


def _source(one: Object) -> Export:
    content = one.file.read_bytes()
    if notebook_text.is_jupyter(content):
        content = notebook_text.to_source(notebook_text.from_jupyter(content))
    return content, ENDINGS[one.language or "PYTHON"]


def _jupyter(one: Object) -> Export:
    content = one.file.read_bytes()
    if not notebook_text.is_jupyter(content):
        content = notebook_text.to_jupyter(one.notebook(), _name(one))
    return content, "ipynb"


def _page(one: Object) -> Export:
    shown = page(_told(one.notebook(), _name(one)), workspace_objects.object_id(one.path))
    return shown.encode(), "html"


def _unknown(_: Object) -> Export:
    raise NotSupported("This format cannot be written here; use SOURCE, JUPYTER, HTML, AUTO or RAW.")


FORMATS: Mapping[str, Callable[[Object], Export]] = {
    "SOURCE": _source,
    "JUPYTER": _jupyter,
    "HTML": _page,
    "AUTO": _source,
    "RAW": _source,
    "DBC": _unknown,
    "R_MARKDOWN": _unknown,
}
"""How a notebook is written in each format."""


def _folder(call: Call, folder: Object, wanted: str) -> Export:
    """Return a folder and all below it as a zip archive."""
    if wanted not in OF_FOLDERS:
        raise InvalidRequest(f"A folder can be exported as {' or '.join(OF_FOLDERS)}; {wanted} is for notebooks.")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, one in _below(call, folder):
            content, ending = exported(call, one, wanted)
            opened.writestr(f"{name}.{ending}" if one.kind == NOTEBOOK else name, content)
    return archive.getvalue(), "zip"


def _below(call: Call, folder: Object, before: str = "") -> Iterator[tuple[str, Object]]:
    for one in workspace_objects.children(call, folder):
        name = before + _name(one)
        if one.kind == DIRECTORY and not one.file.is_symlink():
            yield from _below(call, one, f"{name}/")
        elif one.kind != DIRECTORY:
            yield name, one


def _name(one: Object) -> str:
    return PurePosixPath(one.path).name


def _told(notebook: Notebook, name: str) -> dict[str, Any]:
    """Return a notebook as its page is told of one that ran, with nothing shown yet."""
    cells = [{"source": cell.text, "title": cell.title, "state": "finished"} for cell in notebook.cells]
    return {"name": name, "language": notebook.language.lower(), "cells": cells}

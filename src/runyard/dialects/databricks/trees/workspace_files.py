"""Notebooks, files and folders of the workspace: brought in, listed, taken out and deleted."""

from __future__ import annotations

from base64 import b64encode
from pathlib import PurePosixPath
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.calls import Call, Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.trees import exporting, importing, storage, workspace_objects
from runyard.dialects.databricks.trees.workspace_objects import DIRECTORY
from runyard.dialects.exchange import Reply

Members = dict[str, Any]

LARGEST_EXPORT = 10 * 1024 * 1024
LARGEST_IMPORT = 500 * 1024 * 1024  # the service's limit of a file


def import_object(call: Call) -> Members:
    """Bring a notebook or a file in."""
    asked = importing.asked(call.members)
    content = call.members.get("content", b"")
    _check_size(len(content))
    stored = importing.stored(asked, bytes(content))
    path, file = workspace_objects.place_of(call, stored.path)
    workspace_objects.check_parent(path, file)
    refused = workspace_objects.taken(path)
    storage.write(file, stored.content, overwrite=call.members.get("overwrite", False), refuse=lambda: refused)
    workspace_objects.note_language(call, path, stored.language)
    return {}


def import_file(call: Call) -> Members:
    """Bring the body of the call in, as the file or notebook that its name and first line make it."""
    spool = call.request.spool
    _check_size(spool.stat().st_size if spool else 0)
    content = spool.read_bytes() if spool else call.request.body
    asked = importing.Asked(path=call.members["path"], format="AUTO")
    stored = importing.stored(asked, content)
    path, file = workspace_objects.place_of(call, stored.path)
    workspace_objects.check_parent(path, file)
    refused = Refusal("ALREADY_EXISTS", f"Path ({path}) already exists.")
    storage.write(file, stored.content, overwrite=call.members.get("overwrite", False), refuse=lambda: refused)
    return {}


def export_object(call: Call) -> Members | Reply:
    """Take a notebook, a file or a folder out."""
    one = workspace_objects.find(call, call.members["path"])
    content, file_type = exporting.exported(call, one, call.members.get("format", "SOURCE").upper())
    if call.members.get("direct_download", False):
        name = PurePosixPath(one.path).name
        headers = {
            "content-type": "application/octet-stream",
            "content-disposition": f"attachment; filename*=UTF-8''{exporting.percent(f'{name}.{file_type}')}",
        }
        return Reply(headers=headers, body=content)
    if len(content) > LARGEST_EXPORT:
        size = f"The export has {len(content)} bytes; the most is {LARGEST_EXPORT} (10 MB)."
        raise Refusal("MAX_NOTEBOOK_SIZE_EXCEEDED", f"{size} Ask for a direct download.")
    return {"content": b64encode(content).decode(), "file_type": file_type}


def get_status(call: Call) -> Members:
    """Tell what is at a path."""
    return workspace_objects.find(call, call.members["path"]).show()


def list_objects(call: Call) -> Members:
    """List a folder, or the object itself."""
    one = workspace_objects.find(call, call.members["path"])
    since = call.members.get("notebooks_modified_after", 0)
    listed = workspace_objects.children(call, one) if one.kind == DIRECTORY else [one]
    shown = [each.show() for each in listed]
    shown = [each for each in shown if each.get("modified_at", since) >= since]
    return {"objects": shown} if shown else {}


def mkdirs(call: Call) -> Members:
    """Make a folder, and what leads to it."""
    path, file = workspace_objects.place_of(call, call.members["path"])
    storage.make_folders(file, refuse=lambda: workspace_objects.taken(path))
    return {}


def delete(call: Call) -> Members:
    """Delete an object, or a folder and, if asked to, what is in it."""
    one = workspace_objects.find(call, call.members["path"])
    if one.path == "/":
        raise InvalidRequest("The root of the workspace cannot be deleted.")
    refused = Refusal("DIRECTORY_NOT_EMPTY", f"Folder ({one.path}) is not empty")
    storage.remove(one.file, recursive=call.members.get("recursive", False), refuse=lambda: refused)
    return {}


def _check_size(size: int) -> None:
    if size > LARGEST_IMPORT:
        text = f"The content has {size} bytes; the most is {LARGEST_IMPORT} (500 MB). Put it into a volume."
        raise Refusal("MAX_NOTEBOOK_SIZE_EXCEEDED", text)


_PATH = {"path": "string!"}
_OBJECT = {
    "path": "string",
    "object_type": "string",
    "object_id": "int",
    "resource_id": "string",
    "language": "string",
    "size": "int",
    "created_at": "int",
    "modified_at": "int",
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="importWorkspaceObject",
        method="POST",
        path="workspace/import",
        handle=import_object,
        summary="Bring a notebook or a file in",
        takes={**_PATH, "content": "bytes", "format": "string", "language": "string", "overwrite": "bool"},
        body="form",
    ),
    Operation(
        id="importWorkspaceFile",
        method="POST",
        path="workspace-files/import-file{path*}",
        handle=import_file,
        summary="Bring the body of the call in",
        takes={**_PATH, "overwrite": "bool"},
        body="bytes",
    ),
    Operation(
        id="exportWorkspaceObject",
        method="GET",
        path="workspace/export",
        handle=export_object,
        summary="Take a notebook, a file or a folder out",
        takes={**_PATH, "format": "string", "direct_download": "bool"},
        gives={"content": "bytes", "file_type": "string"},
    ),
    Operation(
        id="getWorkspaceStatus",
        method="GET",
        path="workspace/get-status",
        handle=get_status,
        summary="Tell what is at a path",
        takes=_PATH,
        gives=_OBJECT,
    ),
    Operation(
        id="listWorkspaceObjects",
        method="GET",
        path="workspace/list",
        handle=list_objects,
        summary="List a folder",
        takes={**_PATH, "notebooks_modified_after": "int"},
        gives={"objects": "array"},
    ),
    Operation(
        id="makeWorkspaceDirectory",
        method="POST",
        path="workspace/mkdirs",
        handle=mkdirs,
        summary="Make a folder",
        takes=_PATH,
    ),
    Operation(
        id="deleteWorkspaceObject",
        method="POST",
        path="workspace/delete",
        handle=delete,
        summary="Delete an object or a folder",
        takes={**_PATH, "recursive": "bool"},
    ),
)

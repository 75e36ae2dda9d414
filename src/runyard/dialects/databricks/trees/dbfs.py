"""The file system of the API: files in small calls, below `dbfs:/`."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.calls import Call, Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.trees import form, storage
from runyard.dialects.databricks.trees.trees import DBFS, is_there

Members = dict[str, Any]

BLOCK = 1024 * 1024  # bytes that a call may write or read
READ_BY_DEFAULT = BLOCK // 2


def put(call: Call) -> Members:
    """Write a whole file: up to 1 MB as a member, any size as the file of a form."""
    path, overwrite = call.members["path"], call.members.get("overwrite", False)
    # The part of a form that is a file is the content, whatever clients call it: `contents`, or `file` as of old.
    files = (each for each in call.members.values() if isinstance(each, form.Slice))
    contents = next(files, call.members.get("contents", b""))
    if isinstance(contents, form.Slice):
        with storage.replacing(_file(call), overwrite=overwrite, refuse=lambda: exists(path)) as file:
            contents.copy_to(file)
        return {}
    check_block(contents)
    storage.write(_file(call), contents, overwrite=overwrite, refuse=lambda: exists(path))
    return {}


def read(call: Call) -> Members:
    """Return a part of a file, up to 1 MB."""
    file, offset = _existing(call), call.members.get("offset", 0)
    length = call.members.get("length", READ_BY_DEFAULT)
    if file.is_dir():
        raise InvalidRequest(f"Cannot read directory {_shown(call.members['path'])}.")
    if offset < 0 or length < 0:
        raise InvalidRequest(f"Invalid offset {offset} or length {length}: neither may be negative.")
    if length > BLOCK:
        raise Refusal("MAX_READ_SIZE_EXCEEDED", f"Cannot read {length} bytes at once; the most is {BLOCK} (1 MB).")
    with file.open("rb") as opened:
        opened.seek(offset)
        data = opened.read(length)
    return {"bytes_read": len(data), "data": b64encode(data).decode()}


def get_status(call: Call) -> Members:
    """Tell what is at a path."""
    return _status(_existing(call), DBFS.plain(call.members["path"]))


def list_files(call: Call) -> Members:
    """List a folder, or the file itself."""
    file, path = _existing(call), DBFS.plain(call.members["path"])
    if not file.is_dir():
        return {"files": [_status(file, path)]}
    files = [_status(each, f"{path.rstrip('/')}/{each.name}") for each in DBFS.entries(call.engine.mounts, path)]
    return {"files": files} if files else {}


def delete(call: Call) -> Members:
    """Delete a file or a folder."""
    file, path = _existing(call), _shown(call.members["path"])
    if DBFS.plain(call.members["path"]) == "/":
        raise InvalidRequest("The root of the file system cannot be deleted.")
    storage.remove(
        file,
        recursive=call.members.get("recursive", False),
        refuse=lambda: Refusal("IO_ERROR", f"Non-recursive delete of non-empty directory {path}."),
    )
    return {}


def mkdirs(call: Call) -> Members:
    """Make a folder, and what leads to it."""
    storage.make_folders(_file(call), refuse=lambda: exists(call.members["path"]))
    return {}


def move(call: Call) -> Members:
    """Rename a file or a folder."""
    target = call.members["destination_path"]
    source, destination = _existing(call, "source_path"), DBFS.file(call.engine.mounts, target)
    if os.path.lexists(destination):
        raise exists(target)
    if destination.is_relative_to(source):
        raise InvalidRequest(f"Cannot move {_shown(call.members['source_path'])} into itself, to {_shown(target)}.")
    storage.make_folders(destination.parent, refuse=lambda: exists(target))
    storage.move(source, destination)
    return {}


# what handlers share


def exists(path: str) -> Refusal:
    """Return what is said of a path that is taken."""
    return Refusal("RESOURCE_ALREADY_EXISTS", f"A file or directory already exists at the input path {_shown(path)}.")


def check_block(content: bytes) -> None:
    """Refuse more than one call may write."""
    if len(content) > BLOCK:
        size = f"The content has {len(content)} bytes; one call may write {BLOCK} (1 MB)."
        raise Refusal("MAX_BLOCK_SIZE_EXCEEDED", f"{size} Use create, add-block and close, or send it as a form.")


def _file(call: Call, name: str = "path") -> Path:
    return DBFS.file(call.engine.mounts, call.members[name])


def _existing(call: Call, name: str = "path") -> Path:
    file = _file(call, name)
    if not is_there(file):
        path = _shown(call.members[name])
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"No file or directory exists on path {path}.")
    return file


def _shown(path: str) -> str:
    return f"dbfs:{DBFS.plain(path)}"


def _status(file: Path, path: str) -> Members:
    status, is_dir = file.stat(), file.is_dir()
    return {
        "path": path,
        "is_dir": is_dir,
        "file_size": 0 if is_dir else status.st_size,
        "modification_time": status.st_mtime_ns // 1_000_000,
    }


_PATH = {"path": "string!"}
_STATUS = {"path": "string", "is_dir": "bool", "file_size": "int", "modification_time": "int"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="putDbfsFile",
        method="POST",
        path="dbfs/put",
        handle=put,
        summary="Write a whole file",
        takes={**_PATH, "contents": "bytes", "overwrite": "bool"},
        body="form",
    ),
    Operation(
        id="readDbfsFile",
        method="GET",
        path="dbfs/read",
        handle=read,
        summary="Read a part of a file",
        takes={**_PATH, "offset": "int", "length": "int"},
        gives={"bytes_read": "int", "data": "bytes"},
    ),
    Operation(
        id="getDbfsStatus",
        method="GET",
        path="dbfs/get-status",
        handle=get_status,
        summary="Tell what is at a path",
        takes=_PATH,
        gives=_STATUS,
    ),
    Operation(
        id="listDbfsFiles",
        method="GET",
        path="dbfs/list",
        handle=list_files,
        summary="List a folder",
        takes=_PATH,
        gives={"files": "array"},
    ),
    Operation(
        id="deleteDbfsFile",
        method="POST",
        path="dbfs/delete",
        handle=delete,
        summary="Delete a file or a folder",
        takes={**_PATH, "recursive": "bool"},
    ),
    Operation(
        id="makeDbfsDirectory", method="POST", path="dbfs/mkdirs", handle=mkdirs, summary="Make a folder", takes=_PATH
    ),
    Operation(
        id="moveDbfsFile",
        method="POST",
        path="dbfs/move",
        handle=move,
        summary="Rename a file or a folder",
        takes={"source_path": "string!", "destination_path": "string!"},
    ),
)

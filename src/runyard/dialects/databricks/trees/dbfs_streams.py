"""Files of the API's file system that are written block by block, between `create` and `close`."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from pathlib import Path
from typing import Any

import msgspec

from runyard.dialects.databricks.calls import Call, Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.kept import FOLDER
from runyard.dialects.databricks.trees import storage
from runyard.dialects.databricks.trees.dbfs import check_block, exists
from runyard.dialects.databricks.trees.trees import DBFS

Members = dict[str, Any]

STREAMS = "streams"
HANDLE_BITS = 53  # every JSON reader keeps such a number exactly
IDLE_S = 24 * 3600  # a stream that nobody wrote to for so long was given up


def create(call: Call) -> Members:
    """Begin a file; its blocks are kept aside until it is closed."""
    path, overwrite = call.members["path"], call.members.get("overwrite", False)
    target = DBFS.file(call.engine.mounts, path)
    if target.is_dir() or (target.exists() and not overwrite):
        raise exists(path)
    folder = _folder(call)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _discard_idle(folder)
    handle = secrets.randbits(HANDLE_BITS - 1) + 1
    _content(folder, handle).touch(mode=0o600, exist_ok=False)
    _note(folder, handle).write_bytes(msgspec.json.encode({"path": path, "overwrite": overwrite}))
    return {"handle": handle}


def add_block(call: Call) -> Members:
    """Add up to 1 MB to the end of a file."""
    data = call.members.get("data", b"")
    check_block(data)
    with _opened(call) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(data)
    return {}


def close(call: Call) -> Members:
    """End a file: it appears at its path, whole."""
    folder, handle = _folder(call), call.members["handle"]
    with _opened(call):
        asked = msgspec.json.decode(_note(folder, handle).read_bytes())
    path = asked["path"]
    storage.move_in(
        _content(folder, handle),
        DBFS.file(call.engine.mounts, path),
        overwrite=asked["overwrite"],
        refuse=lambda: exists(path),
    )
    _content(folder, handle).unlink(missing_ok=True)
    _note(folder, handle).unlink(missing_ok=True)
    return {}


def _opened(call: Call) -> Any:
    handle = call.members["handle"]
    try:
        return os.fdopen(os.open(_content(_folder(call), handle), os.O_WRONLY | os.O_APPEND), "ab", buffering=0)
    except FileNotFoundError:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"No stream exists with the handle {handle}.") from None


def _folder(call: Call) -> Path:
    return call.engine.home.path / FOLDER / str(call.workspace.id) / STREAMS


def _content(folder: Path, handle: int) -> Path:
    return folder / str(handle)


def _note(folder: Path, handle: int) -> Path:
    return folder / f"{handle}.json"


def _discard_idle(folder: Path) -> None:
    given_up = time.time() - IDLE_S
    for each in folder.iterdir():
        content = each.with_suffix("")
        if not content.exists() or content.stat().st_mtime < given_up:
            each.unlink(missing_ok=True)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="createDbfsFile",
        method="POST",
        path="dbfs/create",
        handle=create,
        summary="Begin a file that is written block by block",
        takes={"path": "string!", "overwrite": "bool"},
        gives={"handle": "int"},
    ),
    Operation(
        id="addDbfsBlock",
        method="POST",
        path="dbfs/add-block",
        handle=add_block,
        summary="Add a block to a file",
        takes={"handle": "int!", "data": "bytes"},
    ),
    Operation(
        id="closeDbfsFile",
        method="POST",
        path="dbfs/close",
        handle=close,
        summary="End a file",
        takes={"handle": "int!"},
    ),
)

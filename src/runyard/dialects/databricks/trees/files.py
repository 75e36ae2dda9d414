"""Files and folders of volumes: content as it is, of any size, streamed."""

from __future__ import annotations

import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.calls import CONTENT, Call, Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.trees import storage
from runyard.dialects.databricks.trees.trees import VOLUMES
from runyard.dialects.exchange import Piece, Reply

Members = dict[str, Any]

LARGEST_PAGE = 1000
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)  # int() refuses thousands of digits


def upload(call: Call) -> Members:
    """Put the body of the call into place as a file; one that is there is replaced unless the caller says not to."""
    overwrite = call.members.get("overwrite", True)
    if call.request.spool:
        storage.move_in(call.request.spool, _file(call), overwrite=overwrite, refuse=_taken)
    else:
        storage.write(_file(call), call.request.body, overwrite=overwrite, refuse=_taken)
    return {}


def download(call: Call) -> Reply:
    """Send a file, or the part of it that is asked for."""
    file = _plain(call)
    status = file.stat()
    headers = {**_described(file), "accept-ranges": "bytes"}
    if int(status.st_mtime) > _moment(call.request.headers.get("if-unmodified-since", "")):
        raise Refusal("PRECONDITION_FAILED", "The file being accessed has changed since the moment that was given.")
    start, end = _asked(call.request.headers.get("range", ""), status.st_size)
    if start >= end and status.st_size:
        return Reply(status=416, headers={"content-range": f"bytes */{status.st_size}"})
    is_part = end - start < status.st_size
    headers |= {"content-length": str(end - start)}
    headers |= {"content-range": f"bytes {start}-{end - 1}/{status.st_size}"} if is_part else {}
    opened = file.open("rb")  # closed when it is sent
    return Reply(
        status=206 if is_part else 200, headers=headers, piece=Piece(file=opened, offset=start, length=end - start)
    )


def get_metadata(call: Call) -> Reply:
    """Describe a file in the headers of an answer without content."""
    return Reply(headers=_described(_plain(call)))


def delete(call: Call) -> Members:
    """Delete a file."""
    storage.remove(_plain(call), recursive=False, refuse=_no_file)
    return {}


def make_directory(call: Call) -> Members:
    """Make a folder, and what leads to it."""
    storage.make_folders(_file(call), refuse=_taken)
    return {}


def get_directory_metadata(call: Call) -> Reply:
    """Tell by the status alone that there is such a folder."""
    _folder(call)
    return Reply()


def list_directory(call: Call) -> Members:
    """List a folder, page by page."""
    _folder(call)
    path = VOLUMES.plain(call.members["path"])
    size = min(call.members.get("page_size") or LARGEST_PAGE, LARGEST_PAGE)
    if size < 0:
        raise InvalidRequest(f"Invalid page_size {size}: it cannot be negative.")
    after = _name_behind(call.members.get("page_token", ""))
    left = [each for each in VOLUMES.entries(call.engine.mounts, path) if each.name > after]
    contents = [_entry(each, f"{path}/{each.name}") for each in left[:size]]
    more = {"next_page_token": _token(left[size - 1].name)} if len(left) > size else {}
    return {**({"contents": contents} if contents else {}), **more}


def delete_directory(call: Call) -> Members:
    """Delete an empty folder."""
    if VOLUMES.plain(call.members["path"]) == VOLUMES.required:
        raise InvalidRequest("The root of the volumes cannot be deleted.")
    refuse = Refusal("DIRECTORY_NOT_EMPTY", "The directory being deleted is not empty.")
    storage.remove(_folder(call), recursive=False, refuse=lambda: refuse)
    return {}


def _file(call: Call) -> Path:
    return VOLUMES.file(call.engine.mounts, call.members["path"])


def _plain(call: Call) -> Path:
    file = _file(call)
    if not file.is_file():
        raise _no_file()
    return file


def _folder(call: Call) -> Path:
    folder = _file(call)
    if not folder.is_dir():
        raise Refusal("NOT_FOUND", "The directory being accessed is not found.")
    return folder


def _taken() -> Refusal:
    return Refusal("ALREADY_EXISTS", "The file being created already exists.")


def _no_file() -> Refusal:
    return Refusal("NOT_FOUND", "The file being accessed is not found.")


def _described(file: Path) -> dict[str, str]:
    status = file.stat()
    return {
        "content-type": "application/octet-stream",
        "content-length": str(status.st_size),
        "last-modified": format_datetime(datetime.fromtimestamp(int(status.st_mtime), UTC), usegmt=True),
    }


def _moment(text: str) -> float:
    """Return the moment that a header names; the end of time if it names none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return math.inf


def _asked(wanted: str, size: int) -> tuple[int, int]:
    """Return where the part begins and ends that a Range header names; all, if it names no single one."""
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or found[1] == found[2] == "":
        return 0, size
    if not found[1]:
        return max(size - int(found[2]), 0), size
    return int(found[1]), min(int(found[2]) + 1, size) if found[2] else size


def _entry(file: Path, path: str) -> Members:
    status, is_directory = file.stat(), file.is_dir()
    size = {} if is_directory else {"file_size": status.st_size}
    facts = {"path": path, "name": file.name, "is_directory": is_directory, **size}
    return {**facts, "last_modified": status.st_mtime_ns // 1_000_000}


def _token(name: str) -> str:
    return urlsafe_b64encode(name.encode("utf-8", "surrogateescape")).decode()


def _name_behind(token: str) -> str:
    try:
        return urlsafe_b64decode(token.encode()).decode("utf-8", "surrogateescape")
    except ValueError as error:
        raise InvalidRequest(f"The page token {token!r} is not one that this list gave out.") from error


_FILE = "fs/files{path*}"
_DIRECTORY = "fs/directories{path*}"
_ENTRIES = {"contents": "array", "next_page_token": "string"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="uploadFile",
        method="PUT",
        path=_FILE,
        handle=upload,
        summary="Write a file",
        takes={"path": "string!", "overwrite": "bool"},
        body="bytes",
    ),
    Operation(
        id="downloadFile",
        method="GET",
        path=_FILE,
        handle=download,
        summary="Read a file",
        takes={"path": "string!"},
        gives=CONTENT,
    ),
    Operation(
        id="getFileMetadata",
        method="HEAD",
        path=_FILE,
        handle=get_metadata,
        summary="Describe a file",
        takes={"path": "string!"},
    ),
    Operation(
        id="deleteFile",
        method="DELETE",
        path=_FILE,
        handle=delete,
        summary="Delete a file",
        takes={"path": "string!"},
    ),
    Operation(
        id="createDirectory",
        method="PUT",
        path=_DIRECTORY,
        handle=make_directory,
        summary="Make a folder",
        takes={"path": "string!"},
    ),
    Operation(
        id="getDirectoryMetadata",
        method="HEAD",
        path=_DIRECTORY,
        handle=get_directory_metadata,
        summary="Tell whether there is such a folder",
        takes={"path": "string!"},
    ),
    Operation(
        id="listDirectoryContents",
        method="GET",
        path=_DIRECTORY,
        handle=list_directory,
        summary="List a folder",
        takes={"path": "string!", "page_size": "int", "page_token": "string"},
        gives=_ENTRIES,
    ),
    Operation(
        id="deleteDirectory",
        method="DELETE",
        path=_DIRECTORY,
        handle=delete_directory,
        summary="Delete an empty folder",
        takes={"path": "string!"},
    ),
)

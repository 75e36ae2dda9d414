"""What lies in the workspace's folders: notebooks and files, told apart by what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.calls import Call
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.kept import Kept, kept
from runyard.dialects.databricks.trees import notebook_text, storage
from runyard.dialects.databricks.trees.notebook_text import Notebook
from runyard.dialects.databricks.trees.trees import WORKSPACE, is_there

Members = dict[str, Any]

DIRECTORY, NOTEBOOK, FILE = "DIRECTORY", "NOTEBOOK", "FILE"
LOOKED_AT = 4096  # bytes of a file that tell its kind, unless it may be JSON
AMBIGUOUS = "R"  # its source begins like Python's, so it is noted when such a notebook is imported


@dataclass(frozen=True, kw_only=True)
class Object:
    """One of them, at a path."""

    path: str
    file: Path
    kind: str
    language: str | None = None  # of a notebook

    def show(self) -> Members:
        """Spell it."""
        facts: Members = {"path": self.path, "object_type": self.kind, "object_id": object_id(self.path)}
        if self.language:
            facts["language"] = self.language
        if self.kind != DIRECTORY:
            status = self.file.stat()
            # The folder forgets when a file was first made; what it remembers of the present one comes nearest.
            made = min(status.st_mtime_ns, status.st_ctime_ns)
            facts |= {"created_at": made // 1_000_000, "modified_at": status.st_mtime_ns // 1_000_000}
            facts["size"] = status.st_size
        return {**facts, "resource_id": str(facts["object_id"])}

    def notebook(self) -> Notebook:
        """Read it."""
        content = self.file.read_bytes()
        if notebook_text.is_jupyter(content):
            return notebook_text.from_jupyter(content)
        return notebook_text.from_source(content, self.language or "PYTHON")


def object_id(path: str) -> int:
    """Return the number of a path, which is always the same."""
    return int.from_bytes(blake2b(path.encode("utf-8", "surrogateescape"), digest_size=8).digest()) >> 11 or 1


def place_of(call: Call, path: str) -> tuple[str, Path]:
    """Return the plain spelling of a path and where it lies; the caller's own folders are there when they are named."""
    plain, file = WORKSPACE.plain(path), WORKSPACE.file(call.engine.mounts, path)
    user = call.request.user
    is_name = user not in ("", ".", "..") and "/" not in user and "\0" not in user
    for home in ("/Shared", "/Repos", *((f"/Users/{user}",) if is_name else ())):
        if f"{plain}/".startswith(f"{home}/"):
            storage.make_folders(WORKSPACE.file(call.engine.mounts, home), refuse=lambda: taken(plain))
    return plain, file


def find(call: Call, path: str) -> Object:
    """Return what is at a path."""
    plain, file = place_of(call, path)
    if not is_there(file):
        raise missing(plain)
    return _object(plain, file, languages(call).read())


def children(call: Call, folder: Object) -> list[Object]:
    """Return what is in a folder, by name."""
    noted, base = languages(call).read(), folder.path.rstrip("/")
    files = WORKSPACE.entries(call.engine.mounts, folder.path)
    return [_object(f"{base}/{file.name}", file, noted) for file in files]


def languages(call: Call) -> Kept:
    """Return what was noted of the languages that notebooks do not tell themselves, by path."""
    return kept(call, "languages")


def note_language(call: Call, path: str, language: str | None) -> None:
    """Note the language of a notebook if it does not tell it itself."""
    noted = languages(call)
    if language == AMBIGUOUS:
        noted.change(lambda known: known.update({path: language}))
    elif path in noted.read():
        noted.change(lambda known: known.pop(path, None))


def missing(path: str) -> Refusal:
    """Return what is said of a path where nothing is."""
    return Refusal("RESOURCE_DOES_NOT_EXIST", f"Path ({path}) doesn't exist.")


def taken(path: str) -> Refusal:
    """Return what is said of a path where something is."""
    return Refusal("RESOURCE_ALREADY_EXISTS", f"Path ({path}) already exists.")


def check_parent(path: str, file: Path) -> None:
    """Refuse a path whose folder is not there."""
    if path == "/":
        raise InvalidRequest("The root of the workspace is a folder; name something in it.")
    if not file.parent.is_dir():
        folder = path.rpartition("/")[0] or "/"
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"The parent folder ({folder}) does not exist.")


def _object(path: str, file: Path, noted: Members) -> Object:
    if file.is_dir():
        return Object(path=path, file=file, kind=DIRECTORY)
    language = _language(file)
    told = noted.get(path, language) if language == "PYTHON" else language
    return Object(path=path, file=file, kind=NOTEBOOK if language else FILE, language=told)


def _language(file: Path) -> str | None:
    """Return the language of a notebook; None for any other file."""
    with file.open("rb") as opened:
        start = opened.read(LOOKED_AT)
        if start.lstrip()[:1] != b"{":
            return notebook_text.source_language(start)
        content = start + opened.read()
    if file.suffix == ".json" or not notebook_text.is_jupyter(content):
        return None
    try:
        return notebook_text.from_jupyter(content).language
    except InvalidRequest:
        return None

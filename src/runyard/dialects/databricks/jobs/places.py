"""Where the paths lie that tasks name: folders of the workspace may be written with or without their root."""

from __future__ import annotations

ROOT = "/Workspace"
_FOLDERS = ("/Users/", "/Repos/", "/Shared/")
"""The folders at the root of a workspace; a path below one of them lies in the workspace."""


def in_workspace(path: str) -> str:
    """Return a path with the root of the workspace before it if it names one of its folders."""
    return ROOT + path if path.startswith(_FOLDERS) else path


def of_workspace(path: str) -> str:
    """Return a path that can only lie in the workspace with its root before it."""
    return ROOT + path if path.startswith("/") and not path.startswith((f"{ROOT}/", "/Volumes/", "/dbfs/")) else path

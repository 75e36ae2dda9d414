from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

FOLDER = "RUNYARD_ATTEMPT_FOLDER"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What this process was told about its run; all of it empty where it belongs to none."""

    folder: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    task_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    notebook: Mapping[str, Any] = field(default_factory=dict)  # of a notebook task: `file`, `path`, `endings`
    workspace_path: str | None = None
    job_id: int | None = None
    run_id: int | None = None
    task_run_id: int | None = None
    task_key: str | None = None
    workspace_id: int | None = None

    @property
    def notebook_path(self) -> str | None:
        """Return the name of the notebook in its workspace, None if this process runs none."""
        path = self.workspace_path or self.notebook.get("path")
        return str(path).removeprefix("/Workspace") if path else None


def read_facts() -> Facts:
    """Return what the file in the attempt's folder says."""
    named = os.environ.get(FOLDER)
    if not named or not (Path(named) / "context.json").is_file():
        return Facts()
    told = json.loads((Path(named) / "context.json").read_text(encoding="utf-8"))
    known = {each.name for each in fields(Facts)} - {"folder"}
    return Facts(folder=Path(named), **{name: told[name] for name in known & told.keys() if told[name] is not None})


def write_whole(file: Path, text: str) -> None:
    """Put a text in the place of a file, so that readers see the old one or the new one."""
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)

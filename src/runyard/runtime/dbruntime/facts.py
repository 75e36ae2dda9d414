from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "RUNYARD_ATTEMPT_FOLDER"


class Facts:
    """What this process was told about its run; all of it empty where it belongs to none.

    No dataclass, like all that every notebook loads: to make one takes a millisecond of each run.
    """

    def __init__(self, folder: Path | None, told: Mapping[str, Any]) -> None:
        self.folder = folder
        self.parameters: Mapping[str, str] = told.get("parameters") or {}
        self.task_values: Mapping[str, Mapping[str, Any]] = told.get("task_values") or {}
        self.mounts: Mapping[str, str] = told.get("mounts") or {}
        self.notebook: Mapping[str, Any] = told.get("notebook") or {}  # `file`, `path`, `endings`, `database`
        self.workspace_path: str | None = told.get("workspace_path")
        self.job_id: int | None = told.get("job_id")
        self.run_id: int | None = told.get("run_id")
        self.task_run_id: int | None = told.get("task_run_id")
        self.task_key: str | None = told.get("task_key")
        self.workspace_id: int | None = told.get("workspace_id")

    @property
    def notebook_path(self) -> str | None:
        """Return the name of the notebook in its workspace, None if this process runs none."""
        path = self.workspace_path or self.notebook.get("path")
        return str(path).removeprefix("/Workspace") if path else None


def read_facts() -> Facts:
    """Return what the file in the attempt's folder says."""
    named = os.environ.get(FOLDER)
    if not named or not (Path(named) / "context.json").is_file():
        return Facts(None, {})
    return Facts(Path(named), json.loads((Path(named) / "context.json").read_text(encoding="utf-8")))


def write_whole(file: Path, text: str) -> None:
    """Put a text in the place of a file, so that readers see the old one or the new one."""
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)

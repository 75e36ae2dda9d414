"""What an attempt's process is told about its run: a file in the attempt's folder, and where that folder is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from runyard.executors.work import Place, Work

FILE = "context.json"
FOLDER = "RUNYARD_ATTEMPT_FOLDER"
"""The variable that names the folder: the process reads `context.json` there and may leave its `output.json`."""


def told(work: Work, place: Place, **more: Any) -> dict[str, str]:
    """Write the context that a spec holds, and `more`, and return the environment of a process that will read it.

    A task whose spec has no `context` gets its environment as it is, and no file.
    """
    if "context" not in work.spec and not more:
        return dict(work.environment)
    folder = place.attempt_folder(work.attempt.id)
    mounts = {prefix: str(each) for prefix, each in place.mounts.folders.items()}
    _write(folder / FILE, {**work.spec.get("context", {}), **more, "mounts": mounts})
    return {**work.environment, FOLDER: str(folder)}


def _write(file: Path, facts: dict[str, Any]) -> None:
    """Write for the owner's eyes only: parameters may be secrets."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as opened:  # noqa: PTH123 - a descriptor is no path
        json.dump(facts, opened)

"""What an attempt's process is told about its run: `context.json` in the attempt's folder, and where that folder is."""

from __future__ import annotations

import json
from typing import Any

from runyard.executors.laying import lay
from runyard.executors.work import Place, Work

FILE = "context.json"
FOLDER = "RUNYARD_ATTEMPT_FOLDER"
"""The variable that names the folder: the process reads `context.json` there and may leave its `output.json`."""
LARGEST_WITH_ORDER = 1024 * 1024  # characters; more would hold up the orders of others


def told(work: Work, place: Place, **more: Any) -> tuple[str, dict[str, str]]:
    """Return the context that a spec holds, with `more`, as its text, and the environment of who will read it.

    The text goes with the order, for what lies in the folder before would have to be moved into the one that a child
    has made beforehand. One that is too large for that is laid there, and no text is returned. A task whose spec has no
    `context` gets its environment as it is, and is told nothing.
    """
    if "context" not in work.spec and not more:
        return "", dict(work.environment)
    folder = place.attempt_folder(work.attempt.id)
    mounts = {prefix: str(each) for prefix, each in place.mounts.folders.items()}
    text = json.dumps({**work.spec.get("context", {}), **more, "mounts": mounts})
    if len(text) > LARGEST_WITH_ORDER:
        lay(folder / FILE, text.encode())
        text = ""
    return text, {**work.environment, FOLDER: str(folder)}

"""A new interpreter for the rest of a notebook, in the same process."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

AGAIN = "--after-restart"
FILE = "restart.json"

# What the first interpreter was given by its launcher comes first, then what the new one has of itself.
PROGRAM = """\
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    told = json.load(file)["path"]
sys.path[:] = [*told, *(each for each in sys.path if each and each not in told)]
from dbruntime.notebook.task import main
main()
"""


def restart(folder: Path, *, next_cell: int, widgets: Mapping[str, str]) -> NoReturn:
    """Become a new interpreter, which goes on with the next cell."""
    told = folder / FILE
    told.touch(mode=0o600)
    told.write_text(json.dumps({"next_cell": next_cell, "widgets": dict(widgets), "path": sys.path}), encoding="utf-8")
    environment = folder / "environment" / "bin" / "python"
    python = str(environment) if environment.exists() else sys.executable
    sys.stdout.flush()
    sys.stderr.flush()
    variables = {**os.environ, "PYTHONUNBUFFERED": "1"}
    os.execve(python, [python, "-c", PROGRAM, str(told), AGAIN], variables)  # noqa: S606 - there is no shell to be fooled


def told_before(folder: Path | None) -> dict[str, Any] | None:
    """Return what the interpreter before this one has left, None in the first one."""
    if folder is None or AGAIN not in sys.argv[1:]:
        return None
    told: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return told

"""Runs the commands of a dbt project one after the other, in this process."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shlex
import shutil
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .profile import profiles_folder

MISSING = (
    "This task runs dbt, which is not installed here. Install it beside the server with `pip install 'runyard[dbt]'`, "
    "or name dbt-core and dbt-duckdb among the libraries of the task."
)
FAILED = frozenset({"error", "fail", "runtime error"})
NOT_COPIED = ("target", "logs", ".git", ".venv")
HABITS = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",  # nothing leaves this machine
    "DBT_USE_COLORS": "false",
    "DBT_USE_COLORS_FILE": "false",
}


def main() -> None:
    """Run the task that the context tells; artifacts stay in the attempt's folder."""
    folder = Path(os.environ["RUNYARD_ATTEMPT_FOLDER"])
    told = json.loads((folder / "context.json").read_text(encoding="utf-8"))["dbt"]
    if not _is_installed("dbt.cli") or not _is_installed("dbt.adapters.duckdb"):
        sys.exit(MISSING)
    project = Path(shutil.copytree(told["project"], "project", ignore=shutil.ignore_patterns(*NOT_COPIED))).resolve()
    with profiles_folder(project, told, folder / "dbt") as profiles, _artifacts(folder / "dbt") as places:
        os.environ.update(HABITS, DBT_PROFILES_DIR=str(profiles), **places)
        os.chdir(project)
        for command in told["commands"]:
            _run(command)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package above
        return False


@contextlib.contextmanager
def _artifacts(folder: Path) -> Iterator[Mapping[str, str]]:
    """Say where dbt shall leave what it makes, and pack it at the end, however that is."""
    target = folder / "target"
    try:
        yield {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(folder / "logs")}
    finally:
        if target.is_dir():
            with tarfile.open(folder / "artifacts.tar.gz", "w:gz") as archive:
                archive.add(target, "target")


def _run(command: str) -> None:
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - it takes seconds, and reads the environment made before

    words = shlex.split(command)
    done = dbtRunner().invoke(words[words[:1] == ["dbt"] :])
    if not done.success:
        told = str(done.exception) if done.exception else "\n".join(_complaints(done.result))
        sys.exit(f"{command} failed: {told or 'see the log'}".strip())


def _complaints(result: Any) -> Sequence[str]:
    """Return what dbt said of each node that failed."""
    results = getattr(result, "results", None) or ()
    return [f"{each.node.unique_id}: {str(each.message).strip()}" for each in results if each.status in FAILED]

"""Runs the commands of a dbt project in a process of its own."""

from __future__ import annotations

from pathlib import Path

from runyard.core.errors import Missing
from runyard.executors.databases import database_of
from runyard.executors.launcher.order import Order
from runyard.executors.mounts import Mounts
from runyard.executors.process import RUNTIME, process_order
from runyard.executors.work import Place, Work


def order(work: Work, place: Place) -> Order:
    """Return the order for a project.

    The spec holds `project` (URI of its folder), `commands`, and optionally `profiles` (URI of a folder, or its path
    in the project), `warehouse` (profiles of the project are passed over then), `schema`, `catalog`, `database` (see
    databases.py), and what process.py reads.
    """
    spec = work.spec
    project = _folder(place.mounts, spec["project"], "dbt project")
    profiles = spec.get("profiles")
    if profiles:
        inside = project / profiles
        profiles = str(inside if inside.is_dir() else _folder(place.mounts, profiles, "folder of dbt profiles"))
    facts = {
        "project": str(project),
        "commands": list(spec["commands"]),
        "profiles": profiles,
        "database": str(database_of(work, place)),
        **{name: spec[name] for name in ("warehouse", "schema", "catalog") if spec.get(name)},
    }
    return process_order(work, place, script=RUNTIME / "dbt_task.py", preloaded=True, dbt=facts)


def _folder(mounts: Mounts, uri: str, what: str) -> Path:
    path = mounts.resolve(uri)
    if not path.is_dir():
        raise Missing(f"The {what} {uri} does not exist: there is no folder {path}. Upload it and start again.")
    return path

"""Which profile a dbt project runs with: its own if its adapter is here, else one for the workspace's DuckDB."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sql_tasks.database import HABITS, turn

THREADS = 4
TARGET = "runyard"


@contextlib.contextmanager
def profiles_folder(project: Path, told: Mapping[str, Any], place: Path) -> Iterator[Path]:
    """Return the folder of the profile; while it is used, nobody else writes to our database."""
    place.mkdir(exist_ok=True)
    name = _read(project / "dbt_project.yml").get("profile", "default")
    own = Path(told.get("profiles") or project)
    if not told.get("warehouse") and _is_usable(own / "profiles.yml", name):
        yield own
        return
    database = Path(told["database"])
    database.parent.mkdir(parents=True, exist_ok=True)
    made = place / "profiles"
    made.mkdir(exist_ok=True)
    _write(made / "profiles.yml", {name: {"target": TARGET, "outputs": {TARGET: _output(told, database)}}})
    with turn(database, exclusive=True):
        yield made


def _is_usable(file: Path, name: str) -> bool:
    """Tell whether the project's own profile asks for an adapter that is installed."""
    if not file.is_file():
        return False
    outputs = _read(file).get(name, {}).get("outputs", {})
    kinds = {str(output.get("type")) for output in outputs.values()}
    missing = sorted(kind for kind in kinds if importlib.util.find_spec(f"dbt.adapters.{kind}") is None)
    if missing:
        sys.stdout.write(f"The profile needs the dbt adapter {missing[0]!r}, which is not installed; using DuckDB.\n")
    return bool(kinds) and not missing


def _output(told: Mapping[str, Any], database: Path) -> dict[str, Any]:
    """Return the profile's output; a catalog is another name of the one database."""
    output = {
        "type": "duckdb",
        "path": str(database),
        "schema": told.get("schema") or "main",
        "threads": THREADS,
        "config_options": dict(HABITS),
    }
    if told.get("catalog"):
        attached = {"path": str(database), "alias": told["catalog"]}
        output |= {"path": ":memory:", "attach": [attached], "database": told["catalog"]}
    return output


def _read(file: Path) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - comes with dbt, whose absence is told before

    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}


def _write(file: Path, facts: dict[str, Any]) -> None:
    import yaml  # noqa: PLC0415 - as above

    file.write_text(yaml.safe_dump(facts), encoding="utf-8")

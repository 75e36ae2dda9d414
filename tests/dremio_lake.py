"""Reflections over the API of an engine that starts nothing: a test plays the launcher and the process of a refresh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dremio_yard import Yard, open_yard

from runyard.core.run import Outcome, Run
from runyard.dialects.dremio.reflections.refreshing import attend
from runyard.dialects.dremio.views import LANGUAGE
from runyard.dialects.dremio_ids import job_id
from runyard.runtime.dremio_sql.acceleration.versions import TABLE, Base, version_of
from runyard.store.ledger import Page

HOUR, MINUTE = 3_600_000, 60_000
FIELDS = [
    {"name": "g", "type": {"name": "VARCHAR"}},
    {"name": "n", "type": {"name": "INTEGER"}},
    {"name": "ts", "type": {"name": "TIMESTAMP"}},
    {"name": "l", "type": {"name": "LIST"}},
]
SUMS = {"type": "AGGREGATION", "name": "sums", "dimensionFields": [{"name": "G"}], "measureFields": [{"name": "n"}]}
NOTHING: Mapping[str, Any] = {}
COPY = {"type": "RAW", "name": "copy", "displayFields": [{"name": "g"}, {"name": "n"}]}


@contextmanager
def open_lake(folder: Path) -> Iterator[Yard]:
    """Give a project with a space and a table in it."""
    with open_yard(folder) as yard:
        yard("POST", "catalog", {"entityType": "space", "name": "lake"})
        table(yard, "t")
        yield yard


def table(yard: Yard, name: str) -> str:
    """Make a table as a statement would, and return its id."""
    folder = yard.engine.home.path / "tables" / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"parts": [{"file": "a", "rows": 1}]}')
    change = {"op": "put", "kind": "table", "path": ["lake", name], "folder": str(folder), "fields": FIELDS}
    job = yard.submit(f"CREATE TABLE lake.{name} AS SELECT 1")
    yard.begin(job)
    yard.end(job, output={"changes": [change]})
    return identifier(yard, name)


def view(yard: Yard, name: str, above: str, sql: str = "SELECT * FROM lake.t") -> str:
    """Make a view as a statement would, and return its id."""
    change = {
        "op": "put", "kind": "view", "path": ["lake", name], "sql": sql, "fields": FIELDS,
        "parents": [["lake", above]], "replace": True,
    }  # fmt: skip
    job = yard.submit(f"CREATE VIEW lake.{name} AS {sql}")
    yard.begin(job)
    yard.end(job, output={"changes": [change]})
    return identifier(yard, name)


def identifier(yard: Yard, name: str) -> str:
    found: str = yard("GET", f"catalog/by-path/lake/{name}")["id"]
    return found


def made(yard: Yard, dataset: str = "t", fields: Mapping[str, Any] = NOTHING, **said: Any) -> dict[str, Any]:
    """Add a reflection, and return it as it is shown."""
    more = {**fields, **said}
    body = {**({} if "type" in more else SUMS), "datasetId": identifier(yard, dataset), **more}
    told: dict[str, Any] = yard("POST", "reflection", body)
    return told


def look(yard: Yard, reflection: str) -> dict[str, Any]:
    shown: dict[str, Any] = yard("GET", f"reflection/{reflection}")
    return shown


def jobs(yard: Yard) -> list[Run]:
    """Return the jobs of reflections that have not ended, oldest first."""
    attend(yard.engine)
    runs = yard.engine.runs(yard.workspace, Page(limit=100, where={"language": LANGUAGE, "active": True}))
    return [run for run in reversed(runs) if run.settings["user"] == "$dremio$"]


def told(yard: Yard, run: Run) -> dict[str, Any]:
    """Return what the process of a refresh is told to make."""
    order: dict[str, Any] = yard.context(job_id(run.id))["refresh"]
    return order


def finish(yard: Yard, run: Run, **facts: Any) -> dict[str, Any]:
    """Let a refresh end well, and return what its process was told."""
    order = told(yard, run)
    folder = Path(order["folder"])
    folder.mkdir(parents=True)
    (folder / "materialization.json").write_text("{}")
    (folder / ".readers").touch()
    known = {
        "reflection": order["reflection"], "materialization": order["materialization"], "rows": 7, "bytes": 70,
        "shares": [[part.lower() for part in order["path"]]], "views": [], "is_tracked": True, "method": "FULL",
        "bases": [base(yard, "t")], "fetched_at": yard.clock(), "expires_at": None, "used": [], "partitions": 0,
    }  # fmt: skip
    yard.begin(job_id(run.id))
    yard.end(job_id(run.id), output={"materialization": {**known, **facts}})
    return order


def base(yard: Yard, name: str) -> dict[str, Any]:
    place = str(yard.engine.home.path / "tables" / name)
    token = version_of(Base(path=("lake", name), kind=TABLE, place=place)).token
    return {"path": ["lake", name], "kind": "table", "place": place, "format": "table", "token": token}


def fail(yard: Yard, run: Run, message: str = "DATA_READ ERROR: gone") -> None:
    yard.begin(job_id(run.id))
    yard.end(job_id(run.id), Outcome.FAILED, message=message)


def usable(yard: Yard) -> list[str]:
    """Return the reflections that a query would be told of."""
    context = yard.context(yard.submit("SELECT 1"))
    return [each["reflection"] for each in context.get("reflections", ())]

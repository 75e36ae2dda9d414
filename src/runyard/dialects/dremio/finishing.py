"""The last facts of a job before its process starts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.core.document import Document
from runyard.core.errors import NotSupported, RunyardError
from runyard.core.job import Workspace
from runyard.core.run import Run
from runyard.dialects.dremio import catalog, retention, system_tables, workload
from runyard.dialects.dremio.changes import GONE
from runyard.dialects.dremio.errors import job_error
from runyard.dialects.dremio.machine import ENGINE
from runyard.dialects.dremio.places import home_of
from runyard.dialects.dremio.reflections import telling
from runyard.dialects.dremio.snapshot import of_documents, sources_in
from runyard.dialects.dremio.views import query_type
from runyard.dialects.dremio_ids import job_id
from runyard.engine.documents import Documents, Shelves
from runyard.engine.engine import Engine
from runyard.engine.finishing import Finishing

NO_BRANCHES = "This catalog has no branches, tags or commits; leave out the references."
NO_ENGINE = "There is no engine {name!r} here; there are {known}, of which the first is this machine."
KNOWN = "what jobs of Dremio are told"
READ_FOR_MS = 3_600_000  # how long somebody may still be reading a table that was dropped


def finish(finishing: Finishing) -> Mapping[str, Any]:
    """Return the spec of a job's task: its text, and what its process must know of the catalog and the ledger."""
    run, engine, workspace = finishing.run, finishing.engine, finishing.workspace
    _check(run.settings, engine)
    home = home_of(engine, workspace)
    known = _known(engine, workspace)
    with suppress(RunyardError):  # somebody else clears up at the same moment; the job is not to blame
        _clear(engine, workspace, known.gone)
        retention.sweep(engine, workspace, known.last_sweep)
    sql, path = run.settings["sql"], list(run.settings.get("context") or ())
    system = (
        system_tables.empty()  # so that a refresh sees of what it would be made, and refuses that
        if "refresh" in run.settings
        else system_tables.named_in(engine, workspace, sql, context=path, leading=known.leading)
    )
    context = {
        "sql": sql,
        "path": path,
        "user": run.settings.get("user", ""),
        "job_id": job_id(run.id),
        "query_type": query_type(run),
        "home": str(home),
        "catalog": {**known.told, "sources": sources_in(known.catalog, engine.mounts, home), "system": system},
        "workload": known.routing,
        "queue": run.settings.get("routingQueue", ""),
        "tag": run.settings.get("routingTag", ""),
        "engine": run.settings.get("engineName") or "",
    }
    return {"context": {**context, **_of_reflections(known.reflections, run, engine)}}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger says of a workspace's catalog and queues, all of one moment."""

    catalog: list[Document]
    told: dict[str, Any]  # of it, as a process reads it
    leading: system_tables.Leading  # of it, to tables of the system
    reflections: telling.Standing
    routing: dict[str, Any]
    gone: list[Document]
    last_sweep: Document | None

    @classmethod
    def of(cls, shelves: Shelves, engine: Engine) -> Known:
        """Read it."""
        documents = catalog.every(shelves)
        return cls(
            catalog=documents,
            told=of_documents(documents),
            leading=system_tables.leading(documents),
            reflections=telling.standing(shelves),
            routing=workload.routing(shelves, engine),
            gone=shelves.every(GONE),
            last_sweep=retention.last_sweep(shelves),
        )


def _known(engine: Engine, workspace: Workspace) -> Known:
    def read(documents: Documents) -> Known:
        return documents.derived(workspace, KNOWN, lambda shelves: Known.of(shelves, engine))

    known = read(engine.documents)
    return known if known.catalog else read(catalog.opened(engine, workspace))


def _of_reflections(found: telling.Standing, run: Run, engine: Engine) -> dict[str, Any]:
    """Return what reflections have to do with a job: it makes or removes one's rows, or may answer from some."""
    if "drop" in run.settings:
        return {"drop": run.settings["drop"]}
    if "refresh" in run.settings:
        return telling.refresh(found, run, engine.now())
    if not found.reflections:
        return {}
    return {"reflections": telling.usable(found, engine.now()), "floats": engine.settings.dremio.adds_floats}


def _check(settings: Mapping[str, Any], engine: Engine) -> None:
    """Refuse, as a job that fails, what was asked for and cannot be had here."""
    if settings.get("references"):
        raise NotSupported(job_error("UNSUPPORTED_OPERATION", NO_BRANCHES))
    name = settings.get("engineName")
    known = (ENGINE, *engine.settings.dremio.engines)
    if name and name not in known:
        raise NotSupported(job_error("RESOURCE", NO_ENGINE.format(name=name, known=", ".join(known))))


def _clear(engine: Engine, workspace: Workspace, gone: list[Document]) -> None:
    """Remove the files of tables that were dropped so long ago that nobody reads them."""
    before = engine.now() - READ_FOR_MS
    if old := [one for one in gone if one.created_at <= before]:
        own = home_of(engine, workspace).resolve()
        for folder in (Path(one.name) for one in old):
            if folder.resolve().is_relative_to(own):  # what others have laid somewhere is not ours to remove
                shutil.rmtree(folder, ignore_errors=True)
        engine.documents.change(workspace, lambda shelves: _forget(shelves, old))


def _forget(shelves: Shelves, gone: list[Document]) -> None:
    for one in gone:
        if shelves.named(GONE, one.name) is not None:
            shelves.remove(one)

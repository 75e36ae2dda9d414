"""Looks after reflections: starts their refreshes in order and in time, and removes what they no longer hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from runyard.core.document import Document
from runyard.core.errors import NotFound
from runyard.core.job import Workspace
from runyard.core.run import Outcome, Run, State
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.places import home_of
from runyard.dialects.dremio.reflections import policies, shelves, telling
from runyard.dialects.dremio.reflections.lineage import Lineage
from runyard.dialects.dremio.reflections.shelves import (
    DELETED,
    DEPRECATED,
    FAILED,
    MATERIALIZATIONS,
    REFLECTIONS,
    RUNNING,
    Reflection,
)
from runyard.dialects.dremio.reflections.telling import Standing
from runyard.dialects.dremio.sql_jobs import start
from runyard.dialects.dremio_ids import job_id
from runyard.engine.documents import Shelves
from runyard.engine.engine import Engine
from runyard.engine.settings import DAY_MS
from runyard.runtime.dremio_sql.acceleration import folders
from runyard.runtime.dremio_sql.acceleration.versions import TABLE, Base, version_of

USER = "$dremio$"
LOOK_MS = 10_000  # how often it comes by where nothing tells of a change
AGAIN_MS = 60_000  # until what could not be removed is tried again
LOST = "The refresh was lost; it is tried again."


def attend(engine: Engine) -> int | None:
    """Do what is due in each workspace that has reflections, or has had some; return when to come by again."""
    moments = [_look_after(engine, workspace) for workspace in _workspaces(engine)]
    return min((at for at in moments if at is not None), default=None)


def _workspaces(engine: Engine) -> list[Workspace]:
    """Return the workspaces that have reflections, or files of some that are gone."""
    known = {one.id: one for one in engine.documents.workspaces(REFLECTIONS)}
    left = [
        one
        for one in engine.documents.workspaces(catalog.CATALOG)
        if (home_of(engine, one) / folders.ACCELERATOR).is_dir()
    ]
    return list((known | {one.id: one for one in left}).values())


def _look_after(engine: Engine, workspace: Workspace) -> int | None:
    tending = Tending(engine=engine, workspace=workspace)
    lying = folders.materializations(home_of(engine, workspace))  # before the ledger: what is made later is known there
    found = engine.documents.read(workspace, telling.standing)
    for reflection in found.reflections:
        tending.see_to_end(reflection)
    found = engine.documents.read(workspace, telling.standing)
    for reflection in tending.due(found):
        tending.begin(reflection)
    tending.clear(found, lying)
    return tending.next_at(found) if found.reflections or lying else None


@dataclass(frozen=True, kw_only=True)
class Tending:
    """Looks after the reflections of one workspace."""

    engine: Engine
    workspace: Workspace

    @property
    def now(self) -> int:
        """Return the time."""
        return self.engine.now()

    # ends of refreshes

    def see_to_end(self, reflection: Reflection) -> None:
        """Record that a refresh has failed; what it made is recorded with its end."""
        made = reflection.refreshing
        if made is None or made.kind != RUNNING:
            return
        if "job" not in made.content:
            self._order(reflection, made)  # the server died between recording and starting it
            return
        run = self._run(made.content["job"])
        if run is None or run.state is State.ENDED:
            message = LOST if run is None or run.outcome is Outcome.SUCCEEDED else run.message or LOST
            self.engine.documents.change(self.workspace, lambda store: self._fail(store, reflection, made, message))

    def _run(self, number: int) -> Run | None:
        try:
            return self.engine.run(self.workspace, number)
        except NotFound:
            return None

    def _fail(self, store: Shelves, reflection: Reflection, made: Document, message: str) -> None:
        seen = store.named(MATERIALIZATIONS, made.name)
        if seen is None or seen.kind != RUNNING:
            return
        now, state = self.now, reflection.state
        failures = int(state.get("failures", 0)) + 1
        since = state.get("failing_since") or now
        shelves.turn(store, seen, FAILED, message=message, finished_at=now)
        shelves.note(
            store, reflection.document, refreshing=None, failures=failures, failing_since=since, failed_at=now,
            message=message, gave_up=policies.is_hopeless(failures, since, now),
        )  # fmt: skip

    # beginnings of refreshes

    def due(self, found: Standing) -> list[Reflection]:
        """Return what must be made anew now, without what is made from something that must be, too."""
        due = [one for one in found.reflections if self._is_due(one, found)]
        busy = [one for one in found.reflections if one.refreshing is not None]
        lineage = Lineage(found.documents)
        return [one for one in due if not any(lineage.comes_before(other, one) for other in (*due, *busy))]

    def _is_due(self, reflection: Reflection, found: Standing) -> bool:
        if not reflection.is_enabled or reflection.refreshing is not None:
            return False
        at = self.due_at(reflection, found)
        return at is not None and at <= self.now

    def due_at(self, reflection: Reflection, found: Standing) -> int | None:
        """Return when a reflection must be made anew; None if nothing asks for that."""
        state, held = reflection.state, reflection.current
        if state.get("wanted"):
            return 0
        failures = int(state.get("failures", 0))
        if state.get("gave_up"):
            return None
        policy = found.policy(reflection)
        if held is None or self._is_another(reflection, held, found):
            at: int | None = 0
        elif policy.on_changes:
            at = 0 if self._has_changed(held) else None
        else:
            at = policies.next_refresh(policy, held.content["facts"]["fetched_at"])
        return at if at is None or not failures else max(at, policies.next_try(failures, state["failed_at"]))

    def _is_another(self, reflection: Reflection, held: Document, found: Standing) -> bool:
        """Tell whether a reflection, or what it is made of, is something else than when it was made."""
        if held.content["fields"] != reflection.fields or _is_replaced(held, found):
            return True
        return Lineage(found.documents).says_else(held)

    def _has_changed(self, held: Document) -> bool:
        for told in held.content["facts"]["bases"]:
            base = Base(path=tuple(told["path"]), kind=told["kind"], place=told["place"], format=told["format"])
            if version_of(base).token != told["token"]:
                return True
        return False

    def begin(self, reflection: Reflection) -> None:
        """Begin to make what a reflection holds from now on."""
        name = str(uuid4())

        def add(store: Shelves) -> Document | None:
            seen = shelves.of_id(store, reflection.id)
            if seen is None or not seen.is_enabled or seen.refreshing is not None:
                return None  # somebody else was first
            folder = home_of(self.engine, self.workspace) / folders.ACCELERATOR / seen.id / name
            content = {"folder": str(folder), "fields": seen.fields}
            made = store.add(MATERIALIZATIONS, RUNNING, name, parent_id=seen.document.id, content=content)
            shelves.note(store, seen.document, refreshing=name, wanted=False)
            return made

        made = self.engine.documents.change(self.workspace, add)
        if made is not None:
            self._order(reflection, made)

    def _order(self, reflection: Reflection, made: Document) -> None:
        """Start the job of a refresh, the same one however often it is asked for."""
        settings: dict[str, Any] = {
            "user": USER,
            "sql": f"REFRESH REFLECTION '{reflection.id}' AS '{made.name}'",
            "queryType": "ACCELERATOR_CREATE",
            "refresh": {"reflection": reflection.id, "materialization": made.name},
        }
        route = self.engine.documents.read(self.workspace, lambda store: _route(store, reflection.dataset))
        run = start(
            self.engine,
            self.workspace,
            settings | ({"routingQueue": route} if route else {}),
            key=f"refresh:{made.name}",
        )

        def note(store: Shelves) -> None:
            seen = store.named(MATERIALIZATIONS, made.name)
            if seen is not None and "job" not in seen.content:
                store.save(seen, {**seen.content, "job": run.id, "job_id": job_id(run.id)})

        self.engine.documents.change(self.workspace, note)

    # what is no longer held

    def clear(self, found: Standing, lying: Sequence[Path]) -> None:
        """Start the jobs that remove what nobody needs, once nobody reads it, and forget it after a day."""
        known = {one.name: one for each in found.reflections for one in each.materializations}
        for folder in lying:
            made = known.get(folder.name)
            if made is None or made.kind in {DEPRECATED, FAILED, DELETED}:
                self._drop(folder)
        old = [one for one in known.values() if one.kind in {FAILED, DELETED} and one.updated_at < self.now - DAY_MS]
        if old:
            self.engine.documents.change(self.workspace, lambda store: _forget(store, old))

    def _drop(self, folder: Path) -> None:
        if folders.is_read(folder):
            return
        told = {"reflection": folder.parent.name, "materialization": folder.name, "folder": str(folder)}
        settings = {
            "user": USER,
            "sql": f'DROP TABLE IF EXISTS "__accelerator"."{folder.parent.name}"."{folder.name}"',
            "queryType": "ACCELERATOR_DROP",
            "drop": told,
        }
        # One job a minute: one that is not yet done is the one that is meant.
        start(self.engine, self.workspace, settings, key=f"drop:{folder.name}:{self.now // AGAIN_MS}")

    def next_at(self, found: Standing) -> int:
        """Return when to come by again at the latest."""
        moments = [self.due_at(one, found) for one in found.reflections if one.is_enabled and one.refreshing is None]
        known = [max(at, self.now + 1) for at in moments if at is not None]
        return min([*known, self.now + LOOK_MS])


def _is_replaced(held: Document, found: Standing) -> bool:
    """Tell whether a table that was made here has been dropped and made again."""
    for base in held.content["facts"]["bases"]:
        table = found.documents.get(catalog.name_of(base["path"]))
        if base["kind"] == TABLE and table is not None and table.content.get("folder") != base["place"]:
            return True
    return False


def _forget(store: Shelves, old: Iterable[Document]) -> None:
    for one in old:
        seen = store.named(MATERIALIZATIONS, one.name)
        if seen is not None and seen.version == one.version:
            store.remove(seen)


ROUTES = "dremio_reflection_route"


def _route(store: Shelves, dataset: Document) -> str:
    """Return the queue to which the refreshes of a dataset are routed; empty: as the rules say."""
    found = store.named(ROUTES, str(dataset.id))
    return str(found.content["queue"] or "") if found is not None else ""


def wake(engine: Engine) -> None:
    """Look after reflections now: somebody has changed them."""
    engine.surroundings.attendant.wake()

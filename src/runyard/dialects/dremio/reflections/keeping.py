"""What jobs have done about reflections, recorded with their end: statements, what was made, and what was used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.core.document import Document
from runyard.core.errors import AlreadyExists, InvalidRequest
from runyard.core.run import Run
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import TABLE
from runyard.dialects.dremio.errors import job_error
from runyard.dialects.dremio.reflections import shelves
from runyard.dialects.dremio.reflections.lineage import Lineage
from runyard.dialects.dremio.reflections.refreshing import ROUTES
from runyard.dialects.dremio.reflections.shelves import DELETED, DEPRECATED, DONE, MATERIALIZATIONS, RUNNING, Reflection
from runyard.dialects.dremio_ids import from_entity_id
from runyard.engine.documents import Shelves

Change = Mapping[str, Any]
STATES = {"CONSIDERED": 1, "MATCHED": 2, "CHOSEN": 3}
"""How many of the counts a relationship adds to: what is chosen was matched and considered."""


def keep(store: Shelves, run: Run, output: Mapping[str, Any]) -> None:
    """Record what a job has made or removed for a reflection, and which ones it looked at."""
    if (made := output.get("materialization")) and "refresh" in run.settings:
        _made(store, run, made)
    if dropped := run.settings.get("drop"):
        _dropped(store, dropped["materialization"])
    for told in output.get("acceleration") or ():
        number = from_entity_id(told["reflectionId"])
        if number is not None and store.get(number) is not None:
            words = shelves.COUNTED[: STATES[told["relationship"]]]
            shelves.count(store, number, words, saved_rows=told.get("savedRows", 0))


def _made(store: Shelves, run: Run, facts: Mapping[str, Any]) -> None:
    """Put what was made in the place of what was held, in one step; of a reflection that is gone nothing is kept."""
    made = store.named(MATERIALIZATIONS, run.settings["refresh"]["materialization"])
    own = shelves.of_id(store, run.settings["refresh"]["reflection"])
    if made is None or own is None or made.kind != RUNNING:
        return
    if not own.is_enabled:
        shelves.turn(store, made, DEPRECATED, facts=facts, finished_at=store.now)
        shelves.note(store, own.document, refreshing=None)
        return
    shelves.turn(store, made, DONE, facts=facts, finished_at=store.now)
    shelves.retire(store, own.document)
    shelves.note(
        store, own.document, current=made.name, refreshing=None, failures=0, failing_since=None, failed_at=None,
        message=None, gave_up=False, method=facts["method"], finished_at=store.now,
        duration_ms=store.now - made.created_at,
    )  # fmt: skip


def _dropped(store: Shelves, name: str) -> None:
    made = store.named(MATERIALIZATIONS, name)
    if made is not None and made.kind != DELETED:
        shelves.turn(store, made, DELETED)


# statements


def check(store: Shelves, change: Change) -> Document | None:
    """Return the dataset that a statement names; refuse what it cannot have."""
    dataset = catalog.at(store, change["path"])
    if dataset is None and "format" not in change:
        raise _invalid(f"Table [{'.'.join(change['path'])}] not found")
    if dataset is not None and not shelves.is_dataset(dataset):
        raise _invalid(f"[{'.'.join(change['path'])}] is no table or view")
    own = shelves.of_dataset(store, dataset) if dataset is not None else []
    if change["op"] == "create_reflection" and _named(own, change["name"]) is not None:
        raise _invalid(f"[{'.'.join(change['path'])}] has a reflection [{change['name']}] already")
    if change["op"] == "drop_reflection" and _named(own, change["name"]) is None:
        raise _invalid(f"[{'.'.join(change['path'])}] has no reflection [{change['name']}]")
    return dataset


def _named(reflections: list[Reflection], name: str) -> Reflection | None:
    """Return a reflection by its name or id."""
    return next((one for one in reflections if name.casefold() in {one.name.casefold(), one.id}), None)


def carry_out(store: Shelves, change: Change, dataset: Document | None) -> None:
    """Do what a statement says of the reflections of its dataset."""
    if dataset is None:
        dataset = _promoted(store, change)
    WAYS[change["op"]](store, change, dataset)


def _promoted(store: Shelves, change: Change) -> Document:
    """Make a table of a file of a source because it gets a reflection."""
    path = list(change["path"])
    root = catalog.root_of(store, path)
    content = {"path": path, "format": change["format"], "folder": change["folder"]}
    parent_id = root.id if root is not None else None
    return store.add(catalog.CATALOG, TABLE, catalog.name_of(path), parent_id=parent_id, content=content)


def _create(store: Shelves, change: Change, dataset: Document) -> None:
    content = {
        "name": change["name"],
        "fields": change["reflection"],
        "enabled": True,
        "arrowCachingEnabled": bool(change.get("arrow_cache")),
    }
    try:
        shelves.add(store, dataset, change["type"], content)
    except AlreadyExists as error:
        raise _invalid(f"[{'.'.join(change['path'])}] has a reflection [{change['name']}] already") from error


def _drop(store: Shelves, change: Change, dataset: Document) -> None:
    found = _named(shelves.of_dataset(store, dataset), change["name"])
    if found is not None:
        store.remove(found.document)


def _toggle(store: Shelves, change: Change, dataset: Document) -> None:
    own = [one for one in shelves.of_dataset(store, dataset) if one.kind == change["type"]]
    for one in own:
        enable(store, one.document, enabled=change["enabled"])
    if not own and change["enabled"]:
        _create(store, change, dataset)


def enable(store: Shelves, reflection: Document, *, enabled: bool) -> Document:
    """Let a reflection be kept and used, or neither."""
    if bool(reflection.content["enabled"]) == enabled:
        return reflection
    if not enabled:
        shelves.retire(store, reflection)
    else:
        begin_anew(store, reflection)
    return store.save(reflection, {**reflection.content, "enabled": enabled})


def begin_anew(store: Shelves, reflection: Document) -> None:
    """Forget that refreshes of a reflection have failed."""
    shelves.note(store, reflection, failures=0, failing_since=None, failed_at=None, gave_up=False, message=None)


def want(store: Shelves, reflection: Document) -> None:
    """Ask for a refresh, whatever the policy says."""
    begin_anew(store, reflection)
    shelves.note(store, reflection, wanted=True)


def want_all(store: Shelves, dataset: Document) -> None:
    """Ask for a refresh of every reflection that is made of a dataset, directly or through views."""
    lineage = Lineage({one.name: one for one in catalog.every(store)})
    for one in shelves.every(store):
        if one.is_enabled and dataset.name in lineage.below(one):
            want(store, one.document)


def _route(store: Shelves, change: Change, dataset: Document) -> None:
    seen = store.named(ROUTES, str(dataset.id))
    content = {"queue": change.get("queue")}
    if seen is None:
        store.add(ROUTES, "route", str(dataset.id), parent_id=dataset.id, content=content)
    else:
        store.save(seen, content)


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(job_error("VALIDATION", message))


WAYS: Mapping[str, Callable[[Shelves, Change, Document], None]] = {
    "create_reflection": _create,
    "drop_reflection": _drop,
    "toggle_reflections": _toggle,
    "refresh_reflections": lambda store, _, dataset: want_all(store, dataset),
    "route_reflections": _route,
}

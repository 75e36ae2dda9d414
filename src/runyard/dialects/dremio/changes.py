"""What a statement has changed of the catalog, recorded with its end: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.core.document import Document
from runyard.core.errors import InvalidRequest
from runyard.core.run import Run
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import DATASETS, TABLE
from runyard.dialects.dremio.errors import Refusal, job_error
from runyard.dialects.dremio.reflections import keeping
from runyard.engine.documents import Shelves

Change = Mapping[str, Any]
GONE = "dremio_gone"  # the shelf of folders whose table was dropped
KEPT = ("path", *catalog.BESIDE)
"""What of a content stays when a statement replaces something."""
NOT_CONTENT = frozenset({"op", "kind", "replace", "if_exists", "if_not_exists"})


def keep(shelves: Shelves, run: Run, output: Mapping[str, Any]) -> None:
    """Record the changes that a process tells, and what it had to do with reflections."""
    changes = output.get("changes") or ()
    found = [_checked(shelves, change) for change in changes]
    for change, known in zip(changes, found, strict=True):
        CHANGES[change["op"]](shelves, change, known)
    keeping.keep(shelves, run, output)


def _checked(shelves: Shelves, change: Change) -> Document | None:
    """Check a change; what the API would refuse with a status is an error of the job."""
    try:
        return CHECKS[change["op"]](shelves, change)
    except Refusal as error:
        raise _invalid(str(error)) from error


def remember_gone(shelves: Shelves, table: Document) -> None:
    """Remember the folder of a table that is dropped, until nobody can be reading it any more."""
    folder = table.content.get("folder")
    if folder and not table.content.get("format") and shelves.named(GONE, folder) is None:
        shelves.add(GONE, TABLE, folder)


def _may_put(shelves: Shelves, change: Change) -> Document | None:
    """Check that a path is free, or holds what may be replaced or stay."""
    path, kind = change["path"], change["kind"]
    known = catalog.at(shelves, path)
    if known is None:
        catalog.parent_of(shelves, path)
    elif known.kind != kind or not (change.get("replace") or change.get("if_not_exists")):
        what = "A table or view" if known.kind in DATASETS else f"A {known.kind}"
        raise _invalid(f"{what} with given name [{'.'.join(path)}] already exists.")
    return known


def _may_drop(shelves: Shelves, change: Change) -> Document | None:
    """Check that something is there, unless it may be absent."""
    path, kind = change["path"], change["kind"]
    known = catalog.at(shelves, path)
    if known is not None and known.kind == kind:
        return known
    if known is None and change.get("if_exists"):
        return None
    raise _invalid(f"{kind.capitalize()} [{'.'.join(path)}] not found")


def _may_alter(shelves: Shelves, change: Change) -> Document | None:
    """Check that a table which was made here is the one whose columns are others now; a file need be no entity."""
    path, folder = change["path"], change.get("folder")
    known = catalog.at(shelves, path)
    if folder is None and (known is None or known.kind == TABLE):
        return known
    if known is None or known.kind != TABLE or known.content.get("folder") != folder:
        raise _invalid(f"Table [{'.'.join(path)}] not found")
    return known


def _put(shelves: Shelves, change: Change, known: Document | None) -> None:
    content = {name: value for name, value in change.items() if name not in NOT_CONTENT}
    if known is None:
        path, kind = list(change["path"]), change["kind"]
        parent = catalog.parent_of(shelves, path)
        parent_id = parent.id if parent is not None else None
        shelves.add(catalog.CATALOG, kind, catalog.name_of(path), parent_id=parent_id, content=content)
    elif change.get("replace"):
        stays = {name: known.content[name] for name in KEPT if name in known.content}
        shelves.save(known, {**content, **stays})


def _alter(shelves: Shelves, change: Change, known: Document | None) -> None:
    """Keep the columns that a table has from now on, and let all be made anew that is made of it."""
    if known is not None:
        fields = {"fields": change["fields"]} if "fields" in change else {}
        keeping.want_all(shelves, shelves.save(known, {**known.content, **fields}))


def _drop(shelves: Shelves, _: Change, known: Document | None) -> None:
    if known is None:
        return
    if known.kind == TABLE:
        remember_gone(shelves, known)
    shelves.remove(known)


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(job_error("VALIDATION", message))


CHECKS: Mapping[str, Callable[[Shelves, Change], Document | None]] = {
    "put": _may_put,
    "drop": _may_drop,
    "alter": _may_alter,
    **dict.fromkeys(keeping.WAYS, keeping.check),
}
CHANGES: Mapping[str, Callable[[Shelves, Change, Document | None], None]] = {
    "put": _put,
    "drop": _drop,
    "alter": _alter,
    **dict.fromkeys(keeping.WAYS, keeping.carry_out),
}
"""How each change is checked, and then done with what the check found."""

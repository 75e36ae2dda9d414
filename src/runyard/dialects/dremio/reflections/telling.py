"""What the process of a job is told of reflections: those that it may answer from, and the one that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.core.document import Document
from runyard.core.errors import NotSupported
from runyard.core.run import Run
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import path_of
from runyard.dialects.dremio.errors import job_error
from runyard.dialects.dremio.reflections import policies, shelves
from runyard.dialects.dremio.reflections.lineage import Lineage
from runyard.dialects.dremio.reflections.policies import Policy
from runyard.dialects.dremio.reflections.shelves import DONE, RUNNING, Reflection
from runyard.dialects.dremio_ids import entity_id
from runyard.engine.documents import Shelves

GONE = "The reflection was changed or removed before its refresh began; there is nothing to make."


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Every reflection of a workspace with the catalog that they stand in."""

    reflections: Sequence[Reflection]
    documents: Mapping[str, Document]  # of the catalog, by name

    def policy(self, reflection: Reflection) -> Policy:
        """Return the policy of what a reflection is made of, as far as that is known."""
        held = reflection.current
        paths = [base["path"] for base in held.content["facts"]["bases"]] if held is not None else []
        return policies.joined(policies.of_table(path, self.documents) for path in paths or self._below(reflection))

    def _below(self, reflection: Reflection) -> list[list[str]]:
        names = Lineage(self.documents).closure(reflection.dataset)
        tables = [self.documents[name] for name in names if self.documents[name].kind == catalog.TABLE]
        return [path_of(one) for one in tables]


def standing(store: Shelves) -> Standing:
    """Return what stands in a workspace."""
    reflections = shelves.every(store)
    documents = {one.name: one for one in catalog.every(store)} if reflections else {}
    return Standing(reflections=reflections, documents=documents)


def usable(found: Standing, now: int) -> list[dict[str, Any]]:
    """Return the reflections that a query may be answered from, as its process is told."""
    told = (_told(one, found.policy(one)) for one in found.reflections if one.is_enabled)
    return [one for one in told if one is not None and (one["expires_at"] is None or one["expires_at"] > now)]


def _told(reflection: Reflection, policy: Policy) -> dict[str, Any] | None:
    held = reflection.current
    if held is None or held.kind != DONE or held.content["fields"] != reflection.fields:
        return None
    facts = held.content["facts"]
    return {
        "reflection": reflection.id,
        "dataset": entity_id(reflection.dataset.id),
        "materialization": held.name,
        "path": path_of(reflection.dataset),
        "folder": held.content["folder"],
        "shares": facts["shares"],
        "strict": policy.on_changes,
        "fetched_at": facts["fetched_at"],
        "expires_at": policies.expiry(policy, facts["fetched_at"], facts["expires_at"]),
    }


def refresh(found: Standing, run: Run, now: int) -> dict[str, Any]:
    """Return what the process of a refresh is told: what it makes, and what it may make that from."""
    asked = run.settings["refresh"]
    own = next((one for one in found.reflections if one.id == asked["reflection"]), None)
    made = own.refreshing if own is not None else None
    if own is None or made is None or made.name != asked["materialization"] or made.kind != RUNNING:
        raise NotSupported(job_error("PLAN", GONE))
    held = own.current
    order = {
        "reflection": own.id,
        "materialization": made.name,
        "kind": own.kind,
        "path": path_of(own.dataset),
        "fields": made.content["fields"],
        "folder": made.content["folder"],
        "previous": held.content["folder"] if held is not None and Path(held.content["folder"]).is_dir() else None,
        "method": found.policy(own).method,
    }
    lineage = Lineage(found.documents)
    below = {one.id for one in found.reflections if lineage.comes_before(one, own)}
    # From what is as old as the last refresh nothing new could come.
    sources = [{**one, "strict": True} for one in usable(found, now) if one["reflection"] in below]
    return {"refresh": order, "reflections": sources}

"""Queries that people keep under names: in the ledger, for all of their workspace."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from runyard.core.document import Document
from runyard.core.errors import NotFound
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Name, Nothing
from runyard.engine.documents import Shelves

Answer = dict[str, Any]

SHELF, KIND = "console queries", "query"


class OneQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query, by name."""

    name: Name


class Keep(OneQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query with how its result is drawn."""

    text: Annotated[str, Meta(min_length=1, max_length=100_000)]
    chart: dict[str, str] = {}


def list_kept(call: Call, _: Nothing) -> Answer:
    """Lists the kept queries of the workspace by name."""
    kept = call.engine.documents.read(call.workspace, lambda shelves: shelves.every(SHELF))
    return {"queries": [_shown(one) for one in sorted(kept, key=lambda one: one.name.lower())]}


def keep_query(call: Call, asked: Keep) -> Answer:
    """Keeps a query, in the place of the one that had its name."""
    content = {"text": asked.text, "chart": asked.chart, "by": call.user}

    def save(shelves: Shelves) -> Document:
        seen = shelves.named(SHELF, asked.name)
        if seen is None:
            return shelves.add(SHELF, KIND, asked.name, content=content)
        return shelves.save(seen, content)

    return _shown(call.engine.documents.change(call.workspace, save))


def forget_query(call: Call, asked: OneQuery) -> Answer:
    """Forgets a query."""

    def remove(shelves: Shelves) -> None:
        seen = shelves.named(SHELF, asked.name)
        if seen is None:
            raise NotFound(KIND, asked.name)
        shelves.remove(seen)

    call.engine.documents.change(call.workspace, remove)
    return {}


def _shown(document: Document) -> Answer:
    return {"name": document.name, **document.content, "updated_at": document.updated_at}

"""A thing of a workspace that is no job: a space, a folder, a view, a queue of a vendor's; a document with a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document that is changed by compare and set, and goes with what it stands in."""

    id: int
    workspace_id: int
    shelf: str  # which documents have their names beside each other: the catalog, the queues
    kind: str  # what it is, in the words of its language
    name: str  # the only one on its shelf, as it is compared
    parent_id: int | None = None  # the document that it stands in
    version: int = 1  # one more with each change
    content: Mapping[str, Any] = field(default_factory=dict)
    created_at: int
    updated_at: int

"""What is described under a name and may carry tags: how its document keeps both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.core.document import Document

Tags = Mapping[str, str]
TAGS = "Tags"  # no database or connection has a member of this name


def content_of(given: Mapping[str, Any], tags: Tags) -> dict[str, Any]:
    """Return what a document keeps: all that was said but the name, which is its own, and the tags if there are any."""
    said = {name: value for name, value in given.items() if name not in ("Name", TAGS)}
    return {**said, TAGS: dict(tags)} if tags else said


def tags_of(one: Document) -> Tags:
    """Return the tags that a document carries."""
    found: Tags = one.content.get(TAGS, {})
    return found

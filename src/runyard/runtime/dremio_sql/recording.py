"""Changes of the catalog in the words of its owner, who records them with the end of the job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What the catalog's owner keeps of a change; rows of a table stand in the table's own manifest.
RECORDED: Mapping[str, tuple[str, str]] = {
    "create_view": ("put", "view"),
    "create_table": ("put", "table"),
    "create_folder": ("put", "folder"),
    "drop_view": ("drop", "view"),
    "drop_table": ("drop", "table"),
    "drop_folder": ("drop", "folder"),
    "create_reflection": ("create_reflection", "reflection"),
    "drop_reflection": ("drop_reflection", "reflection"),
    "toggle_reflections": ("toggle_reflections", "reflection"),
    "refresh_reflections": ("refresh_reflections", "reflection"),
    "route_reflections": ("route_reflections", "reflection"),
}
WORDS = {"columns": "fields", "context": "sqlContext"}


def recorded(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change of the catalog in its owner's words."""
    operation, kind = RECORDED[change["change"]]
    facts = {WORDS.get(name, name): value for name, value in change.items() if name != "change"}
    return {"op": operation, "kind": kind, **facts}

"""Changes of the catalog in the words of its owner, who records them with the end of the job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What the catalog's owner keeps of a change; rows of a table stand in the table's own manifest.
RECORDED: Mapping[str, tuple[str, str]] = {
    "create_view": ("put", "view"),
    "create_table": ("put", "table"),
    "alter_table": ("alter", "table"),
    "create_space": ("put", "space"),
    "create_folder": ("put", "folder"),
    "create_function": ("put", "function"),
    "drop_view": ("drop", "view"),
    "drop_table": ("drop", "table"),
    "drop_space": ("drop", "space"),
    "drop_folder": ("drop", "folder"),
    "drop_function": ("drop", "function"),
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


NO_BRANCHES = "the catalog has no branches and tags; AT BRANCH and AT TAG read those of an Iceberg table of a source"
BY_ROLES = (
    "who may do what follows from roles (`runyard users role NAME viewer|operator|admin`), because whoever may start a "
    "job can read the files of every table"
)
INTO_ONE = "a table is Parquet files: each INSERT adds one, and UPDATE, DELETE and MERGE write all of them into one"
INSTEAD: Mapping[str, str] = {
    **dict.fromkeys(("GRANT", "REVOKE", "ASSIGN", "CREATE_ROLE", "DROP_ROLE", "MASKING_POLICY"), BY_ROLES),
    **dict.fromkeys(
        ("CREATE_USER", "ALTER_USER", "DROP_USER"), "users are made by an administrator: `runyard users add NAME`"
    ),
    **dict.fromkeys(("CREATE_BRANCH", "DROP_BRANCH", "CREATE_TAG", "DROP_TAG"), NO_BRANCHES),
    **dict.fromkeys(("USE_BRANCH", "USE_TAG", "USE_COMMIT", "USE_REFERENCE", "USE_REF"), NO_BRANCHES),
    "OPTIMIZE": INTO_ONE,
    **dict.fromkeys(("VACUUM", "ROLLBACK"), "a table keeps no earlier states"),
    "ANALYZE": "what is known of a table's values stands in its Parquet files",
}
"""Why a command is not there, and what does the same."""


def not_carried_out(kind: str) -> str:
    """Return the refusal of a command that is known and not there."""
    why = INSTEAD.get(kind)
    return f"{kind.replace('_', ' ')} is not carried out by this server{f': {why}' if why else ''}"

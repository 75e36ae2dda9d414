"""Members of documents as SQL: each as the value that a column of its type holds."""

from __future__ import annotations

from runyard.sql.local.tables import literal


def member(document: str, name: str, type_: str) -> str:
    """Return a member of a JSON document: a document's text, or a plain value."""
    path = literal(f'$."{name}"')
    return f"nullif({document} -> {path}, 'null')" if type_ == "json" else f"json_extract({document}, {path})"


def longest_zero(start: str, end: str) -> str:
    """Return how long it is from one moment to another; nothing where the clock went back."""
    return f"CASE WHEN {end} > {start} THEN {end} - {start} ELSE 0 END"

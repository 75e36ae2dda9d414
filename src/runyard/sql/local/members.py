"""Members of documents as SQL: each as the value that a column of its type holds."""

from __future__ import annotations

from runyard.sql.local.tables import literal


def member(document: str, name: str, type_: str) -> str:
    """Return a member of a JSON document: a document's text, or a plain value."""
    path = literal(f'$."{name}"')
    return f"nullif({document} -> {path}, 'null')" if type_ == "json" else f"json_extract({document}, {path})"


def row_of(alias: str, columns: tuple[str, ...]) -> str:
    """Return a row as a JSON array, for a function that reads it as a record."""
    return f"json_array({', '.join(f'{alias}.{name}' for name in columns)})"


def rows_of(table: str, columns: tuple[str, ...], where: str) -> str:
    """Return rows as a JSON array of arrays, in the order of their ids."""
    return f"(SELECT json_group_array({row_of('x', columns)} ORDER BY x.id) FROM {table} AS x WHERE {where})"


def longest_zero(start: str, end: str) -> str:
    """Return how long it is from one moment to another; nothing where the clock went back."""
    return f"CASE WHEN {end} > {start} THEN {end} - {start} ELSE 0 END"

"""What is to be made: whether its path is free, its columns, and how a table is laid out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from .assignments import as_table
from .catalog import LiveCatalog
from .column_types import Column
from .errors import invalid, unsupported
from .functions import type_of
from .sources import located
from .statements import Statement
from .translation.scope import Query, key_of
from .translation.translate import Translation

KEPT_AS = frozenset({"parquet", "iceberg"})
TRANSFORM = re.compile(r"(?:identity|year|month|day|hour|bucket|truncate)\((?:\d+, )?(.+)\)")


def new_path(
    statement: Statement, catalog: LiveCatalog, *, lenient: bool = False, what: str = "table or view"
) -> tuple[str, ...]:
    """Return the whole path of what is to be made; its first name is known, and no table or view has the path."""
    snapshot, context = catalog.snapshot, catalog.session.context
    path = statement.path
    homes = {name.lower() for name in snapshot.spaces} | set(snapshot.sources)
    if path[0].lower() not in homes or len(path) == 1:
        path = (*context, *path)
    if path[0].lower() not in homes or len(path) == 1:
        if path[0].lower() in snapshot.databases:
            raise unsupported(f"The source '{path[0]}' is a database, which is read; no {what} is made in it")
        raise invalid(f"There is no space or source '{path[0]}' to make [{'.'.join(path)}] in")
    if not all(path):
        raise invalid(f"[{'.'.join(path)}] has a part without a name")
    if is_taken(path, catalog) and not lenient:
        raise invalid(f"A table or view with given name [{'.'.join(path)}] already exists.")
    return path


def is_taken(path: Sequence[str], catalog: LiveCatalog) -> bool:
    """Tell whether a table, a view or a file of a source has a path."""
    source = catalog.snapshot.sources.get(path[0].lower())
    key = key_of(path)
    is_file = source is not None and located(source[1], path[1:]) is not None
    return is_file or key in catalog.snapshot.tables or key in catalog.snapshot.views


def layout_of(statement: Statement, columns: Sequence[Column]) -> tuple[dict[str, Any], list[str]]:
    """Return how a table is partitioned and sorted, and the columns that this names."""
    known = {column.name.lower(): column.name for column in columns}
    layout = {name: statement.options[name] for name in ("partition_by", "sort_by") if name in statement.options}
    transforms = layout.get("partition_by", ())
    keys = []
    for name in (name for names in layout.values() for name in names):
        within = TRANSFORM.fullmatch(name) if name in transforms else None
        key = within[1] if within and name.lower() not in known else name
        if key.lower() not in known:
            raise invalid(f"The column '{key}' of PARTITION BY or LOCALSORT BY is not in the table")
        keys.append(known[key.lower()])
    for name in (*statement.options.get("distribute_by", ()), *statement.options.get("cluster_by", ())):
        if name.lower() not in known:
            raise invalid(f"The column '{name}' of DISTRIBUTE BY or CLUSTER BY is not in the table")
    if str(statement.options.get("store_as", {}).get("type", "parquet")).lower() not in KEPT_AS:
        raise unsupported(f"Tables are kept as Parquet, not as {statement.options['store_as']['type']!r}")
    return layout, keys


def refuse_twins(columns: Sequence[str]) -> None:
    """Refuse columns that have one name."""
    for place, name in enumerate(columns):
        if name.lower() in {each.lower() for each in columns[:place]}:
            raise invalid(f"Duplicate column name [{name}]")


def declared(listed: Sequence[Mapping[str, str]], translation: Translation) -> tuple[tuple[Column, ...], str]:
    """Return the columns of a table that a query fills, and the query as its rows, under the names that are listed."""
    if not listed:
        return translation.columns, translation.sql
    if len(listed) != len(translation.columns):
        raise invalid(f"{len(listed)} names are given for {len(translation.columns)} columns")
    refuse_twins([each["name"] for each in listed])
    columns = tuple(
        Column(name=each["name"], type=type_of(each["type"]) if each["type"] else own.type)
        for each, own in zip(listed, translation.columns, strict=True)
    )
    query = Query(sql=translation.sql, columns=translation.columns)
    return columns, as_table(query, columns, columns, exp.Null())

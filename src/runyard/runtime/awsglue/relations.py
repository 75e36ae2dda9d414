"""Relationalize: nested frames as tables that join, as AWS documents it.

Structures become columns `a.b`. An array becomes a table of its own, called like the root and its path; in its place
stands an id, and that table has `id`, `index` and the elements as `a.val`. A map is an array of its entries, with
`a.val.key` and `a.val.value`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyspark.sql import functions as F
from pyspark.sql import types as spark

from .fields import column

ID, INDEX, VALUE = "id", "index", "val"
ROW = "__runyard_row"

Keep = Callable[[Any], Any]


def flattened(dataframe: Any) -> Any:
    """Return a frame without structures: their members are columns whose names are paths."""
    return dataframe.select(*(known.alias(name) for name, known, _ in _leaves(dataframe.schema.fields)))


def relationalized(dataframe: Any, root: str, keep: Keep) -> dict[str, Any]:
    """Return the tables that a frame makes, by name; `keep` writes a frame down and returns it as read."""
    tables: dict[str, Any] = {}
    _add(tables, dataframe, (root, ""), keep)
    return tables


def _add(tables: dict[str, Any], dataframe: Any, place: tuple[str, str], keep: Keep) -> None:
    root, path = place
    name = f"{root}_{path}" if path else root
    flat = _with_entries(flattened(dataframe))
    arrays = [one for one in flat.schema.fields if isinstance(one.dataType, spark.ArrayType)]
    if not arrays:
        tables[name] = flat
        return
    # The ids must be the same in the table that refers and in the one referred to: they are written down.
    kept = keep(flat.withColumn(ROW, F.monotonically_increasing_id() + F.lit(1)))
    has_id = {one.name: F.when(column(one.name).isNotNull(), column(ROW)) for one in arrays}
    shown = [has_id.get(one.name, column(one.name)).alias(one.name) for one in flat.schema.fields]
    tables[name] = kept.select(*shown)
    for one in arrays:
        child = kept.where(column(one.name).isNotNull()).select(
            column(ROW).alias(ID), F.posexplode(column(one.name)).alias(INDEX, f"{one.name}.{VALUE}")
        )
        _add(tables, child, (root, one.name), keep)


def _with_entries(flat: Any) -> Any:
    maps = {one.name for one in flat.schema.fields if isinstance(one.dataType, spark.MapType)}
    if not maps:
        return flat
    names = [one.name for one in flat.schema.fields]
    return flat.select(*((F.map_entries(column(name)) if name in maps else column(name)).alias(name) for name in names))


def _leaves(fields: Any, path: str = "", above: Any = None) -> list[tuple[str, Any, Any]]:
    made: list[tuple[str, Any, Any]] = []
    for one in fields:
        name = f"{path}.{one.name}" if path else one.name
        known = column(one.name) if above is None else above.getField(one.name)
        if isinstance(one.dataType, spark.StructType):
            made += _leaves(one.dataType.fields, name, known)
        else:
            made.append((name, known, one.dataType))
    return made

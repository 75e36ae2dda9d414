"""DynamoDB's JSON made plain: each value stands in a structure whose one member is called like its type."""

from __future__ import annotations

from typing import Any

from pyspark.sql import functions as F
from pyspark.sql import types as spark

from .fields import column

ITEM = "Item"  # what an export of DynamoDB calls the whole row
TEXTS = frozenset({"S", "N"})  # both are texts in this JSON
SCALARS = TEXTS | {"B", "BOOL", "NULL"}
SETS = frozenset({"SS", "NS", "BS"})
WORDS = SCALARS | SETS | {"M", "L"}


def simplified(dataframe: Any) -> Any:
    """Return rows with plain values; the members of an export's `Item` are columns themselves."""
    made: list[Any] = []
    for one in dataframe.schema.fields:
        known = column(one.name)
        if one.name == ITEM and isinstance(one.dataType, spark.StructType):
            made += [_plain(known.getField(each.name), each.dataType).alias(each.name) for each in one.dataType.fields]
        else:
            made.append(_plain(known, one.dataType).alias(one.name))
    return dataframe.select(*made)


def _plain(known: Any, kind: Any) -> Any:
    names = set(kind.fieldNames()) if isinstance(kind, spark.StructType) else set()
    if not names or not names <= WORDS:
        return known
    if names <= TEXTS:
        return F.coalesce(*(known.getField(name) for name in sorted(names, reverse=True)))
    if len(names) > 1:
        return known  # of several types: AWS leaves it, too
    word = names.pop()
    value, inner = known.getField(word), kind[word].dataType
    return {"M": _map, "L": _list}.get(word, lambda found, _: found)(value, inner)


def _map(value: Any, kind: Any) -> Any:
    if not isinstance(kind, spark.StructType):
        return value
    made = [_plain(value.getField(one.name), one.dataType).alias(one.name) for one in kind.fields]
    return F.when(value.isNotNull(), F.struct(*made))


def _list(value: Any, kind: Any) -> Any:
    element = getattr(kind, "elementType", None)
    names = element.fieldNames() if isinstance(element, spark.StructType) else []
    if len(names) != 1 or names[0] not in SCALARS:
        return value
    return F.transform(value, lambda one: one.getField(names[0]))

"""Fields of frames by the paths that scripts name: `a`, `a.b`, `a[].b`, and `` `a.b` `` for a name with a dot in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pyspark.sql import functions as F
from pyspark.sql import types as spark

Edit = Callable[[str, Any, Any], list[tuple[str, Any]]]
"""Given a field's name, column and type, what stands in its place: fields by name; none to drop it."""
ELEMENT = "[]"
TOKEN = re.compile(r"`((?:[^`]|``)+)`|([^.`\[\]]+)|(\[\])")


def column(name: str) -> Any:
    """Return a column of a frame by its name, whatever stands in that."""
    return F.col("`{}`".format(name.replace("`", "``")))


def parts(path: str, schema: Any) -> list[str]:
    """Return the steps of a path; a column that is called like the whole path comes first."""
    if path in schema.fieldNames():
        return [path]
    found = [(quoted or "").replace("``", "`") or plain or element for quoted, plain, element in TOKEN.findall(path)]
    if not found:
        raise ValueError(f"{path!r} is no path to a field; write a.b, a[].b, or `a.b` for a name with a dot.")
    return found


def type_at(schema: Any, steps: Sequence[str]) -> Any | None:
    """Return the type at a path, None if there is no such field."""
    found = schema
    for step in steps:
        if step == ELEMENT and isinstance(found, spark.ArrayType):
            found = found.elementType
        elif isinstance(found, spark.StructType) and step in found.fieldNames():
            found = found[step].dataType
        else:
            return None
    return found


def at(steps: Sequence[str]) -> Any:
    """Return the column at a path through structures."""
    found = column(steps[0])
    for step in steps[1:]:
        found = found.getField(step)
    return found


def edited(dataframe: Any, steps: Sequence[str], edit: Edit) -> Any:
    """Return a frame in which a field is replaced by what `edit` makes of it."""
    fields = [(one.name, column(one.name), one.dataType) for one in dataframe.schema.fields]
    return dataframe.select(*_named(_edited(fields, steps, edit)))


def _edited(fields: Iterable[tuple[str, Any, Any]], steps: Sequence[str], edit: Edit) -> list[tuple[str, Any]]:
    made: list[tuple[str, Any]] = []
    for name, known, kind in fields:
        if name != steps[0]:
            made.append((name, known))
        elif len(steps) == 1:
            made += edit(name, known, kind)
        else:
            made.append((name, _inside(known, kind, steps[1:], edit)))
    return made


def _inside(known: Any, kind: Any, steps: Sequence[str], edit: Edit) -> Any:
    if steps[0] == ELEMENT:
        inner = kind.elementType
        if len(steps) == 1:
            return F.transform(known, lambda each: edit("element", each, inner)[0][1])
        return F.transform(known, lambda each: _inside(each, inner, steps[1:], edit))
    fields = [(one.name, known.getField(one.name), one.dataType) for one in kind.fields]
    made = _edited(fields, steps, edit)
    return F.when(known.isNotNull(), F.struct(*_named(made))) if made else F.lit(None).cast("string")


def _named(made: Iterable[tuple[str, Any]]) -> list[Any]:
    return [known.alias(name) for name, known in made]


def nested(targets: Iterable[tuple[Sequence[str], Any]]) -> list[Any]:
    """Return columns for values with the paths that they are to have; a shared beginning is a shared structure."""
    tree: dict[str, Any] = {}
    for steps, value in targets:
        place = tree
        for step in steps[:-1]:
            below = place.setdefault(step, {})
            place = below if isinstance(below, dict) else place
        place[steps[-1]] = value
    return [_grown(value).alias(name) for name, value in tree.items()]


def _grown(value: Any) -> Any:
    return F.struct(*(_grown(one).alias(name) for name, one in value.items())) if isinstance(value, dict) else value

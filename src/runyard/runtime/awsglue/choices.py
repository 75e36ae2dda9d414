"""Choices of a frame resolved, as AWS documents ResolveChoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import functions as F
from pyspark.sql import types as spark

from .fields import Edit
from .schemas import cast_name, glue_name

ACTIONS = ("cast:TYPE", "make_cols", "make_struct", "project:TYPE", "match_catalog")


def edit_of(action: str, types: Sequence[str] | None) -> Edit:
    """Return what an action makes of a field; `types` are those of its choice, None if it is none."""
    name, _, argument = action.partition(":")
    if name in {"cast", "project"} and argument:
        return (_cast if name == "cast" else _project)(argument, types)
    if name in {"make_cols", "make_struct"} and not argument:
        return _make_cols(types) if name == "make_cols" else _unchanged
    raise ValueError(f"{action!r} resolves no choice; known are {', '.join(ACTIONS)}.")


def _unchanged(name: str, known: Any, _: Any) -> list[tuple[str, Any]]:
    return [(name, known)]


def _cast(argument: str, types: Sequence[str] | None) -> Edit:
    target = cast_name(argument)

    def edit(name: str, known: Any, kind: Any) -> list[tuple[str, Any]]:
        options = [known.getField(one) for one in types] if types else [known]
        kinds = [kind[one].dataType for one in types] if types else [kind]
        made = [_one(option, of, target) for option, of in zip(options, kinds, strict=True)]
        return [(name, F.coalesce(*made) if len(made) > 1 else made[0])]

    return edit


def _one(value: Any, kind: Any, target: str) -> Any:
    if not isinstance(kind, spark.StructType | spark.ArrayType | spark.MapType):
        return value.try_cast(target)
    return F.to_json(value) if target == "string" else F.lit(None).cast(target)


def _project(argument: str, types: Sequence[str] | None) -> Edit:
    if types is None:
        return _cast(argument, None)
    wanted = glue_name(argument)

    def edit(name: str, known: Any, _: Any) -> list[tuple[str, Any]]:
        found = known.getField(wanted) if wanted in types else F.lit(None).cast(cast_name(argument))
        return [(name, found)]

    return edit


def _make_cols(types: Sequence[str] | None) -> Edit:
    def edit(name: str, known: Any, kind: Any) -> list[tuple[str, Any]]:
        return [(f"{name}_{one}", known.getField(one)) for one in types] if types else _unchanged(name, known, kind)

    return edit


def actions(
    specs: Sequence[tuple[str, str]] | None,
    choice: str,
    choices: Mapping[str, Sequence[str]],
    catalog: Mapping[str, str],
) -> list[tuple[str, str]]:
    """Return which action resolves which field; the deepest fields come first."""
    if specs and choice:
        raise ValueError("resolveChoice takes specs or a choice for all, not both.")
    asked = [tuple(one) for one in specs or ()] or [(path, choice) for path in choices]
    made = [(path, _from_catalog(path, action, catalog)) for path, action in asked]
    return sorted(((path, action) for path, action in made if action), key=lambda one: -len(one[0]))


def _from_catalog(path: str, action: str, catalog: Mapping[str, str]) -> str:
    if action != "match_catalog":
        return action
    return f"cast:{catalog[path.lower()]}" if path.lower() in catalog else ""

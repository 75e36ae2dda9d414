# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Statements about reflections: read, checked against their dataset, handed on for the catalog's owner to record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..catalog import LiveCatalog
from ..column_types import Column
from ..errors import DremioError, invalid, unsupported
from ..statements import Statement
from ..translation.scope import Path_, key_of
from .datasets import exists
from .definition import AGGREGATION, DATE_GRANULARITY, RAW, WrongDefinition, checked, recommended

Change = dict[str, Any]
MEASURES = {"APPROXIMATE COUNT DISTINCT": "APPROX_COUNT_DISTINCT"}
GRANULARITIES = {"DAY": DATE_GRANULARITY}
NAMES = {RAW: "Raw Reflection", AGGREGATION: "Aggregation Reflection"}


def change_of(statement: Statement, catalog: LiveCatalog) -> tuple[str, Change]:
    """Return what a statement says when it is done, and what is to be recorded."""
    path = exists(statement.path, catalog)
    change = {"path": list(path), **_promoted(path, catalog)}
    summary, more = WAYS[statement.kind](statement, path, catalog)
    return summary, {**change, **more}


def _promoted(path: Path_, catalog: LiveCatalog) -> Change:
    """Return the format of a file that becomes a table because it gets a reflection."""
    key = key_of(path)
    if key in catalog.snapshot.views or key in catalog.snapshot.tables or key in catalog.snapshot.datasets:
        return {}
    files = catalog.files(path)
    if files is None:
        raise unsupported(f"{'.'.join(path)} is no table or view that can have reflections")
    return {"format": {"type": files.format}, "folder": str(files.place)}


def _types(columns: Sequence[Column]) -> dict[str, str]:
    return {each.name: each.type.name for each in columns}


def _create(kind: str) -> Callable[[Statement, Path_, LiveCatalog], tuple[str, Change]]:
    def create(statement: Statement, path: Path_, catalog: LiveCatalog) -> tuple[str, Change]:
        options = statement.options
        told = {
            "displayFields": options.get("display"),
            "dimensionFields": [_granular(each) for each in options.get("dimensions") or ()],
            "measureFields": [_measured(each) for each in options.get("measures") or ()],
            "distributionFields": options.get("distribute"),
            "partitionFields": options.get("partition"),
            "sortFields": options.get("sort"),
            "partitionDistributionStrategy": options.get("strategy"),
        }
        fields = _checked(kind, told, _types(catalog.columns(path)))
        change = {"change": "create_reflection", "type": kind, "name": options["name"], "reflection": fields}
        return "Layout added.", {**change, "arrow_cache": bool(options.get("arrow_cache"))}

    return create


def _checked(kind: str, told: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    try:
        return checked(kind, told, columns)
    except WrongDefinition as error:
        raise DremioError("VALIDATION", str(error)) from error


def _granular(field: Mapping[str, Any]) -> dict[str, Any]:
    said = str(field.get("granularity") or DATE_GRANULARITY)
    return {"name": field["name"], "granularity": GRANULARITIES.get(said, said)}


def _measured(field: Mapping[str, Any]) -> dict[str, Any]:
    wanted = [MEASURES.get(each, each) for each in field.get("measures") or ()]
    return {"name": field["name"], "measureTypeList": wanted}


def _drop(statement: Statement, _: Path_, __: LiveCatalog) -> tuple[str, Change]:
    return "Layout dropped.", {"change": "drop_reflection", "name": statement.options["name"]}


def _toggle(kind: str, *, enabled: bool) -> Callable[[Statement, Path_, LiveCatalog], tuple[str, Change]]:
    def toggle(_: Statement, path: Path_, catalog: LiveCatalog) -> tuple[str, Change]:
        change: Change = {"change": "toggle_reflections", "type": kind, "enabled": enabled, "name": NAMES[kind]}
        if enabled:
            change["reflection"] = recommended(kind, _types(catalog.columns(path)))
        return f"Acceleration {'enabled' if enabled else 'disabled'}.", change

    return toggle


def _refresh(statement: Statement, path: Path_, _: LiveCatalog) -> tuple[str, Change]:
    if statement.options.get("said"):
        raise invalid(f"REFRESH REFLECTIONS takes nothing behind it, not {' '.join(statement.options['said'])!r}")
    return f"Refreshing reflections of [{'.'.join(path)}].", {"change": "refresh_reflections"}


def _route(statement: Statement, path: Path_, _: LiveCatalog) -> tuple[str, Change]:
    to, name = statement.options["to"], statement.options["name"]
    if to == "engine" and name is not None and name.lower() != "default":
        raise unsupported(f"There is no engine {name!r} to route reflections to; the one of this machine is 'default'")
    queue = name if to == "queue" else None
    return f"Reflections of [{'.'.join(path)}] routed.", {"change": "route_reflections", "queue": queue}


WAYS: Mapping[str, Callable[[Statement, Path_, LiveCatalog], tuple[str, Change]]] = {
    "CREATE_RAW_REFLECTION": _create(RAW),
    "CREATE_AGGREGATE_REFLECTION": _create(AGGREGATION),
    "DROP_REFLECTION": _drop,
    "ENABLE_RAW_ACCELERATION": _toggle(RAW, enabled=True),
    "ENABLE_AGGREGATE_ACCELERATION": _toggle(AGGREGATION, enabled=True),
    "DISABLE_RAW_ACCELERATION": _toggle(RAW, enabled=False),
    "DISABLE_AGGREGATE_ACCELERATION": _toggle(AGGREGATION, enabled=False),
    "REFRESH_REFLECTIONS": _refresh,
    "ROUTE_REFLECTIONS": _route,
}

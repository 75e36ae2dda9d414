# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""The work of reflections as the process of a job does it: to make what one holds, and to remove it again."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from ..catalog import LiveCatalog
from ..plan_cache import Usable
from .materialization import Manifest, Reflected, remove
from .materializing import FULL, INCREMENTAL, Order, Prepared, prepare, write
from .planning import Accelerator
from .versions import definition_token

REMOVAL_S = 30.0  # how long a job waits for those who read what it is to remove


def accelerator_of(usable: Usable, catalog: LiveCatalog, connection: duckdb.DuckDBPyConnection) -> Accelerator:
    """Return what answers queries from the reflections that a server tells of."""
    return Accelerator(
        catalog=catalog,
        connection=connection,
        reflections=tuple(map(Reflected.of, usable.reflections)),
        now_ms=catalog.session.now_ms,
        floats=usable.floats,
    )


def prepared_refresh(told: Mapping[str, Any], accelerator: Accelerator) -> Prepared:
    """Return the refresh that a server orders, planned."""
    return prepare(Order.of(told), accelerator)


def carry_out(
    prepared: Prepared, connection: duckdb.DuckDBPyConnection, threads: int
) -> tuple[Manifest, dict[str, Any]]:
    """Make the materialisation, and return it with what its server is to know of it."""
    manifest = write(prepared, connection, threads)
    order, used = prepared.order, prepared.accelerated.used
    now_ms = int(prepared.now_ms)
    told = {
        "reflection": order.reflection,
        "materialization": order.materialization,
        "rows": manifest.rows,
        "bytes": sum((order.folder / each).stat().st_size for each in manifest.files),
        "shares": [list(each) for each in prepared.found.shares],
        "bases": [
            {"path": list(base.path), "kind": base.kind, "place": base.place, "format": base.format,
             "token": version.token}
            for base, version in prepared.versions
        ],
        "views": [
            {"path": list(view.path), "token": definition_token(view.sql, view.context)}
            for view in prepared.found.views
        ],
        "functions": [
            {"path": list(function.path), "modified_at": function.modified_at} for function in prepared.found.functions
        ],
        "is_tracked": prepared.found.is_tracked,
        "method": FULL if prepared.increment is None else INCREMENTAL,
        "fetched_at": min([now_ms, *(each.fetched_at for each in used)]),
        "expires_at": min((each.expires_at for each in used if each.expires_at is not None), default=None),
        "used": [{"reflection": each.reflection, "materialization": each.materialization} for each in used],
        "partitions": len({str(Path(each).parent) for each in manifest.files}) if manifest.layout else 0,
    }  # fmt: skip
    return manifest, told


def drop(told: Mapping[str, Any]) -> None:
    """Remove what a reflection held once nobody reads it."""
    folder = Path(told["folder"])
    remove(folder, seconds=REMOVAL_S)
    with contextlib.suppress(OSError):  # the reflection holds something else
        folder.parent.rmdir()

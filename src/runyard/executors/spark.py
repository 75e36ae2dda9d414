"""Runs a Spark script in a process of its own, which holds its engine too (see runtime/runyard_spark)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runyard.core.errors import NotSupported
from runyard.executors import spark_extra
from runyard.executors.launcher.order import Order
from runyard.executors.process import process_order
from runyard.executors.python_script import script_of
from runyard.executors.work import Place, Work

SAIL = "sail"
NOT_YET = (
    "The Spark engine {engine!r} is not there yet: this version of runyard runs Spark jobs on {sail!r} alone "
    "(spark.engine of settings.toml, or spark.runyard.engine in --conf). Spark on Java and external masters follow."
)
GIB = 1024**3
LEAST_MEMORY = 2 * GIB  # of a process with the engine and pandas in it


def order(work: Work, place: Place) -> Order:
    """Return the order for a Spark script.

    The spec holds what python_script.py reads, and `spark`: `conf`, `cores` and `memory_gib` that were asked for,
    `catalog` if SQL is to know the Data Catalog, and `refused`, why it cannot run on this engine.
    """
    asked: Mapping[str, Any] = work.spec.get("spark", {})
    _check(asked)
    memory = _memory(asked)
    planned = process_order(
        work,
        place,
        script=script_of(work, place),
        preloaded=True,
        argv=work.spec.get("arguments", ()),
        spark={
            "conf": asked.get("conf", {}),
            "catalog": bool(asked.get("catalog")),
            "cores": _cores(asked),
            "memory": memory,
        },
    )
    return replace(planned, rare=True, limits={"data": memory, **planned.limits})


def check_engine(engine: str) -> None:
    """Refuse an engine that is not there."""
    if engine != SAIL:
        raise NotSupported(NOT_YET.format(engine=engine, sail=SAIL))


def _check(asked: Mapping[str, Any]) -> None:
    check_engine(asked.get("conf", {}).get("spark.runyard.engine", SAIL))
    if asked.get("refused"):
        raise NotSupported(asked["refused"])
    if not spark_extra.is_installed():
        raise NotSupported(spark_extra.INSTALL)


def _cores(asked: Mapping[str, Any]) -> int:
    """Return how many cores the workers of a run have, within those of the machine."""
    here = os.cpu_count() or 1
    return max(1, min(asked.get("cores") or here, here))


def _memory(asked: Mapping[str, Any]) -> int:
    """Return how much memory the workers of a run have, within that of the machine."""
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    wanted = int(asked["memory_gib"] * GIB) if asked.get("memory_gib") else here
    return max(LEAST_MEMORY, min(wanted, here))

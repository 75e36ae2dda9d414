"""Runs a Spark script in a process of its own, which holds its engine too (see runtime/runyard_spark)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runyard.core.errors import NotSupported
from runyard.executors import spark_engine
from runyard.executors.launcher.order import Order
from runyard.executors.process import process_order
from runyard.executors.python_script import script_of
from runyard.executors.spark_engine import Engine
from runyard.executors.work import Place, Work

NEEDS_JAVA = (
    "{what} cannot be used on the engine {engine!r}: {needs} Spark on Java. Run the job on the engine 'spark-jvm' "
    "(--conf spark.runyard.engine=spark-jvm, or spark.engine of settings.toml), or take the argument out if the "
    "script can do without."
)


def order(work: Work, place: Place) -> Order:
    """Return the order for a Spark script.

    The spec holds what python_script.py reads, and `spark`: `conf`, `cores` and `memory_gib` that were asked for,
    `catalog` if SQL is to know the Data Catalog, `jars`, `jars_first`, `events` (where the event log goes), `progress`
    (whether it is told), and `java`: what of it only Spark on Java can do, by argument.
    """
    asked: Mapping[str, Any] = work.spec.get("spark", {})
    engine = spark_engine.engine_of(work.spec, place)
    _check(asked, engine)
    planned = process_order(
        work,
        place,
        script=script_of(work, place),
        preloaded=True,
        argv=work.spec.get("arguments", ()),
        spark=facts_of(asked),
    )
    fitted = spark_engine.equipped(planned, engine, work.spec, place, wanted=True)
    return replace(fitted, limits={"data": spark_engine.memory(asked), **planned.limits})


def facts_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a process is told of its share and its configuration, whatever its engine."""
    return {
        "conf": asked.get("conf", {}),
        "catalog": bool(asked.get("catalog")),
        "cores": spark_engine.cores(asked),
        "memory": spark_engine.memory(asked),
        "progress": bool(asked.get("progress")),
    }


def _check(asked: Mapping[str, Any], engine: Engine) -> None:
    spark_engine.check(engine)
    for what, needs in (asked.get("java") or {}).items():
        if not engine.has_java:
            raise NotSupported(NEEDS_JAVA.format(what=what, engine=engine.name, needs=needs))
    if asked.get("refused"):
        raise NotSupported(asked["refused"])

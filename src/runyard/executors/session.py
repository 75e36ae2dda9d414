"""Runs a session: a warm process that asks the server for one statement after the other."""

from __future__ import annotations

from dataclasses import replace

from runyard.executors import spark_engine
from runyard.executors.launcher.order import Order
from runyard.executors.process import RUNTIME, process_order
from runyard.executors.spark import facts_of
from runyard.executors.work import Place, Work

PLAIN, WITH_SPARK = "plain", "spark"


def order(work: Work, place: Place) -> Order:
    """Return the order for a session.

    The spec holds `idle_s`, after which it ends by itself, `arguments` (argv), optionally what process.py reads, and
    `spark` (see spark.py) if its statements find Spark as a job does.
    """
    asked = work.spec.get("spark")
    kind = PLAIN if asked is None else WITH_SPARK
    planned = process_order(
        work,
        place,
        script=RUNTIME / "session_task.py",
        preloaded=True,
        argv=[str(work.spec["idle_s"]), kind, *work.spec.get("arguments", ())],
        **({} if asked is None else {"spark": facts_of(asked)}),
    )
    if asked is None:
        return planned
    engine = spark_engine.engine_of(work.spec, place)
    fitted = spark_engine.equipped(planned, engine, work.spec, place, wanted=True)
    return replace(fitted, limits={"data": spark_engine.memory(asked), **planned.limits})

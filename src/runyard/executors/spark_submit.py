"""Runs jars and applications by spark-submit, as the driver of this machine's Spark on Java or of a cluster's."""

from __future__ import annotations

import json

from runyard.executors import spark_engine
from runyard.executors.launcher.order import Order
from runyard.executors.process import RUNTIME, process_order
from runyard.executors.work import Place, Work


def order(work: Work, place: Place) -> Order:
    """Return the order for an application.

    The spec holds `submit` (what spark-submit is told), or `main_class` and `jars`, of which the first is run; then
    `arguments`, and optionally `spark_conf` and what process.py reads. On Sail, which runs no JVM, it is on Spark on
    Java of this machine.
    """
    engine = spark_engine.engine_of(work.spec, place)
    spec = dict(work.spec)
    if not engine.has_java:
        conf = {name: text for name, text in spec.get("spark_conf", {}).items() if name != spark_engine.MASTER}
        spec["spark_conf"] = {**conf, spark_engine.ENGINE: spark_engine.JVM}
    first, *others = spec.get("jars") or [""]
    words = spec.get("submit") or ["--class", spec["main_class"], *_jars(others), first]
    return process_order(
        Work(**{**vars(work), "spec": {name: value for name, value in spec.items() if name != "jars"}}),
        place,
        script=RUNTIME / "spark_submit_task.py",
        preloaded=False,
        argv=[json.dumps([*words, *spec.get("arguments", ())])],
    )


def _jars(others: list[str]) -> list[str]:
    return ["--jars", ",".join(others)] if others else []

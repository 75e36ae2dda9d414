"""Runs a session: a warm process that asks the server for one statement after the other."""

from __future__ import annotations

from runyard.executors.launcher.order import Order
from runyard.executors.process import RUNTIME, process_order
from runyard.executors.work import Place, Work


def order(work: Work, place: Place) -> Order:
    """Return the order for a session.

    The spec holds `idle_s`, after which it ends by itself, `arguments` (argv), and optionally what process.py reads.
    """
    return process_order(
        work,
        place,
        script=RUNTIME / "session_task.py",
        preloaded=True,
        argv=[str(work.spec["idle_s"]), *work.spec.get("arguments", ())],
    )

"""Runs a SQL text of Dremio's in DuckDB, in a process that has no other meanwhile and stays for the next one."""

from __future__ import annotations

from dataclasses import replace

from runyard.executors.launcher.order import Order
from runyard.executors.process import RUNTIME, process_order
from runyard.executors.work import Place, Work

QUIET_MS = 200  # a query wants every core for itself, and to record its start takes some of that away
READY = "dremio_sql_task:make_ready:database"
"""What the launcher's children do for a query that is yet to come."""


def order(work: Work, place: Place) -> Order:
    """Return the order for a query.

    The spec holds `context`: `sql`, its `path`, who asks as what, the `catalog`, the `home` of tables and queues, and
    the `workload` that says which queue it takes.
    """
    plain = process_order(work, place, script=RUNTIME / "dremio_sql_task.py", preloaded=True)
    return replace(plain, driver=READY, stays=True, quiet_ms=QUIET_MS, begin=[])  # of Spark it knows nothing

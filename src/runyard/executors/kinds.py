"""Which executor runs a task of which kind, and what to say of kinds that cannot run here."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.core.errors import NotSupported
from runyard.executors import (
    arazzo,
    dbt,
    dremio_sql,
    notebook,
    python_script,
    python_wheel,
    session,
    spark,
    spark_extra,
    spark_submit,
    sql,
)
from runyard.executors.work import Executor

EXECUTORS: Mapping[str, Executor] = {
    "arazzo": arazzo.order,
    "dbt": dbt.order,
    "dremio_sql": dremio_sql.order,
    "notebook": notebook.order,
    "python_script": python_script.order,
    "python_wheel": python_wheel.order,
    "session": session.order,
    "spark": spark.order,
    "spark_jar": spark_submit.order,
    "spark_submit": spark_submit.order,
    "sql": sql.order,
}

PROGRAMS = ("notebook_task", spark_extra.BEGIN)
"""What of the runtime every warm child has imported, as it is light: a notebook's first cell comes 10 ms sooner."""
LOADED_PROGRAMS = ("dremio_sql_task",)
"""What of it only children with other imports have: a query comes 300 ms sooner, but a bare child would cost twice."""

QUERIES = dremio_sql.READY
"""What children make ready in advance for queries, once there was one: to open a database takes a processor 16 ms."""

MISSING: Mapping[str, str] = {
    "ray": "This run needs Ray, and this version of runyard has no Ray executor yet. Install one that has, with "
    "`pip install 'runyard[ray]'`, or make it a Python shell job (Command.Name 'pythonshell'), which runs here.",
}


def executor_of(kind: str) -> Executor:
    """Return the executor of a kind of task; refuse a kind that cannot run here and say what to do."""
    if kind not in EXECUTORS:
        raise NotSupported(MISSING.get(kind, f"Tasks of kind {kind!r} cannot run here."))
    return EXECUTORS[kind]

"""The SQL functions that local tables are made with: ids in a vendor's spelling, and what only a dialect tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from runyard.core.job import Task
from runyard.dialects.native import views
from runyard.sql.local import glue_records, row_functions
from runyard.sql.local.databricks_records import Records
from runyard.sql.local.reading import Reader

Functions = Sequence[tuple[str, Callable[..., Any], int]]
_TASKS = msgspec.json.Decoder(tuple[Task, ...])


@lru_cache(256)
def tasks(text: str | None) -> str | None:
    """Return the tasks of a run or job as our own language shows them: without what may hold secrets."""
    if text is None:
        return None
    return msgspec.json.encode([views.task(one) for one in _TASKS.decode(text)]).decode()


def register(connection: Reader) -> None:
    """Give a connection the functions."""
    row_functions.register(connection)
    records = Records(connection)
    connection.forget = records.forget
    own: Functions = (
        ("runyard_databricks_run", records.run_member, 3),
        ("runyard_databricks_task_run", records.task_run_member, 3),
        ("runyard_databricks_standing", records.standing_member, 2),
    )
    for name, work, arguments in (*FUNCTIONS, *own):
        connection.create_scalar_function(name, work, arguments, deterministic=True)


FUNCTIONS: Functions = (
    ("runyard_tasks", tasks, 1),
    ("runyard_aws_account", glue_records.account, 1),
    ("runyard_glue_default", glue_records.default, 3),
    ("runyard_glue_dpu_seconds", glue_records.dpu_seconds, 3),
    ("runyard_glue_run_id", glue_records.run_id, 2),
    ("runyard_glue_run_number", glue_records.run_number, 1),
)
"""Name, work and number of arguments."""

"""The SQL functions that local tables are made with: ids in a vendor's spelling, and what only a dialect tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import apsw
import msgspec

from runyard.core.job import Task
from runyard.dialects import aws_ids
from runyard.dialects.native import views

_TASKS = msgspec.json.Decoder(tuple[Task, ...])


@lru_cache(256)
def tasks(text: str) -> str:
    """Return the tasks of a run or job as our own language shows them: without what may hold secrets."""
    return msgspec.json.encode([views.task(one) for one in _TASKS.decode(text)]).decode()


def glue_run_number(text: Any) -> int | None:
    """Return the number that Glue's id of a run spells; None if we never wrote it."""
    found = aws_ids.from_run_id(text) if isinstance(text, str) else None
    return found[0] if found else None


def register(connection: apsw.Connection) -> None:
    """Give a connection the functions."""
    for name, work, arguments in FUNCTIONS:
        connection.create_scalar_function(name, work, arguments, deterministic=True)


FUNCTIONS: Sequence[tuple[str, Callable[..., Any], int]] = (
    ("runyard_tasks", tasks, 1),
    ("runyard_glue_run_id", aws_ids.run_id, 2),
    ("runyard_glue_run_number", glue_run_number, 1),
)
"""Name, work and number of arguments."""

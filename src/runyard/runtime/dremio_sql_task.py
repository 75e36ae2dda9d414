"""The script of a Dremio query's process."""

from __future__ import annotations

from dremio_sql import task
from dremio_sql.task import Task, rehearse

FILES = task.FILES


def make_ready(_what: str, _streams: object) -> None:
    """Open a database for the query that this process will get, and carry out another one before."""
    rehearse()


if __name__ == "__main__":
    TASK = Task(globals()["tell_launcher"], globals()["context"])
    rest = TASK.rest
    output = TASK.main()

"""Clean-room `awsglue.job`: the begin and the commit of what a job reads, with Spark or without."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def bookmarks() -> ModuleType:
    """Return the module beside this package on the path of a job's process."""
    return import_module("runyard_bookmarks")


class Job:
    """A job that reads by its bookmark, if `--job-bookmark-option` enables it.

    `glue_context` may be a GlueContext or a SparkSession; a Python shell job has none and needs none. Sources are read
    by `runyard_bookmarks` there.
    """

    def __init__(self, glue_context: Any = None) -> None:
        self.glue_context = glue_context
        self._name: str | None = None

    def init(self, job_name: str, args: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 - AWS's signature
        """Begin: what the job has read so far is looked up now."""
        bookmarks().begin()
        self._name = job_name

    def commit(self) -> None:
        """Keep all that was read since `init`, at once."""
        if self._name is None:
            raise RuntimeError("Job.commit was called before Job.init.")
        bookmarks().commit()
        self._name = None

    def isInitialized(self) -> bool:
        """Tell whether `init` was called and `commit` was not yet."""
        return self._name is not None

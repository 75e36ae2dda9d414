"""The SparkContext that scripts begin with, over a session; RDDs are refused by name."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from .absent import Absent, refuse
from .paths import local

WITHOUT_EFFECT = (
    "addJobTag", "cancelAllJobs", "cancelJobGroup", "clearJobTags", "removeJobTag", "setCheckpointDir",
    "setInterruptOnCancel", "setJobDescription", "setJobGroup", "setLocalProperty", "setLogLevel",
)  # fmt: skip
"""What only changes how a JVM logs, names or groups its work."""


class Broadcast:
    """A value that functions take along."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def unpersist(self, blocking: bool = False) -> None:  # noqa: FBT001, FBT002 - Spark's signature
        """Nothing was copied anywhere."""

    def destroy(self, blocking: bool = False) -> None:  # noqa: FBT001, FBT002 - Spark's signature
        """Nothing was copied anywhere."""


class SparkContext:
    """What a script's first lines want of Spark, as far as there is no JVM in it."""

    _active_spark_context: ClassVar[SparkContext | None] = None

    def __init__(self, master: str | None = None, appName: str | None = None, **more: Any) -> None:
        self._master = master
        self._conf: dict[str, str] = dict(more["conf"].getAll()) if more.get("conf") else {}
        if appName:
            self._conf["spark.app.name"] = appName
        self._started_at = int(time.time() * 1000)
        self._jvm = Absent("SparkContext._jvm")
        self._jsc = Absent("SparkContext._jsc")
        self._gateway = Absent("SparkContext._gateway")
        SparkContext._active_spark_context = self

    @classmethod
    def getOrCreate(cls, conf: Any = None) -> SparkContext:
        """Return the one of this process."""
        known = cls._active_spark_context
        if known is None:
            return cls(conf=conf)
        return known._with(dict(conf.getAll()) if conf else {})  # noqa: SLF001 - its own class

    def _with(self, conf: Mapping[str, str]) -> SparkContext:
        self._conf.update(conf)
        return self

    @classmethod
    def setSystemProperty(cls, key: str, value: str) -> None:
        """Refuse to set what only a JVM has."""
        refuse(f"SparkContext.setSystemProperty({key!r}, {value!r})")

    @property
    def configured(self) -> Mapping[str, str]:
        """What sessions are to be configured with."""
        return self._conf

    @property
    def _session(self) -> Any:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - it imports this module's like

        return SparkSession.builder.getOrCreate()

    @property
    def appName(self) -> str:
        """Return the name of the application."""
        return self._conf.get("spark.app.name", "runyard")

    @property
    def applicationId(self) -> str:
        """Return a name that no other process has."""
        return f"sail-{self._started_at}-{os.getpid()}"

    @property
    def master(self) -> str:
        """Return where the work is done."""
        return "local[*]"

    @property
    def version(self) -> str:
        """Return which version of Spark's API this is."""
        return str(self._session.version)

    @property
    def pythonVer(self) -> str:
        """Return the version of Python that functions run on."""
        return f"{sys.version_info.major}.{sys.version_info.minor}"

    @property
    def startTime(self) -> int:
        """Return when it was made, in ms."""
        return self._started_at

    @property
    def uiWebUrl(self) -> None:
        """There is no page of its own."""

    @property
    def defaultParallelism(self) -> int:
        """Return how many partitions are worked on at once."""
        return int(os.environ.get("SAIL_EXECUTION__DEFAULT_PARALLELISM") or os.cpu_count() or 1)

    defaultMinPartitions = defaultParallelism  # noqa: N815 - Spark's name

    def getConf(self) -> Any:
        """Return the configuration that it was made with."""
        from pyspark import SparkConf  # noqa: PLC0415 - as above

        return SparkConf(loadDefaults=False).setAll([("spark.app.name", self.appName), *self._conf.items()])

    def broadcast(self, value: Any) -> Broadcast:
        """Return the value for functions to take along."""
        return Broadcast(value)

    def addPyFile(self, path: str) -> None:
        """Let this process, which is where functions run, import from a file."""
        found = local(path)
        sys.path.insert(0, os.path.dirname(found) if found.endswith(".py") else found)  # noqa: PTH120 - for sys.path

    def stop(self) -> None:
        """Stop the session."""
        from pyspark.sql import SparkSession  # noqa: PLC0415 - as above

        if session := SparkSession.getActiveSession():
            session.stop()
        SparkContext._active_spark_context = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in WITHOUT_EFFECT:
            refuse(f"SparkContext.{name}")
        return lambda *_, **__: None


class RDD:
    """What scripts name in annotations; there are none."""

    def __init__(self, *_: Any, **__: Any) -> None:
        refuse("RDD")

"""The globals that need Spark: made with their first use where it is installed, telling what is missing elsewhere."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

NEEDED = (
    "{name} needs Spark, which is not installed where this job runs. Install it with `pip install 'runyard[spark]'`; "
    "without it, SQL cells run on DuckDB, and pandas and DuckDB read the same files."
)


class SparkNotInstalled(ImportError):
    """Something of Spark was used where there is none."""


class Late:
    """Stands for an object of Spark until it is used, because a session takes seconds to make."""

    def __init__(self, name: str, make: Callable[[str], Any], kind: str | None = None) -> None:
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_make", make)
        object.__setattr__(self, "_kind", kind)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # whoever looks a stranger over makes no session
        return getattr(_of(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_of(self), name, value)

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call what it stands for."""
        return _of(self)(*given, **named)

    def __repr__(self) -> str:
        return f"<{object.__getattribute__(self, '_name')}, made with its first use>"

    @property  # type: ignore[misc] # so that isinstance() finds the class it stands for, once that is imported
    def __class__(self) -> type:
        """Return the class of what it stands for."""
        found = getattr(sys.modules.get("pyspark.sql"), object.__getattribute__(self, "_kind") or "", Late)
        return found if isinstance(found, type) else Late


def _of(late: Late) -> Any:
    return object.__getattribute__(late, "_make")(object.__getattribute__(late, "_name"))


def spark_globals(*, found: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Return `spark` and what comes with it; `found` is called when one of them is used, for there is Spark then."""

    def make(name: str) -> Any:
        made = MAKERS[name](name)
        found()
        return made

    return {name: Late(name, make, KINDS.get(name)) for name in MAKERS}


def put_into_frames(display: Callable[..., None]) -> None:
    """Give the frames of Spark their `display`, if it is imported."""

    def show(frame: Any, *given: Any, **named: Any) -> None:  # a function, for a class makes no method of a bound one
        display(frame, *given, **named)

    sql = sys.modules.get("pyspark.sql")
    if sql is not None:
        sql.DataFrame.display = show


def put_into_spark(dbutils: Any) -> None:
    """Let `from pyspark.dbutils import DBUtils` find what this process has, where there is a pyspark."""
    module = types.ModuleType("pyspark.dbutils")
    module.__dict__["DBUtils"] = lambda _spark=None: dbutils
    sys.modules["pyspark.dbutils"] = module


def _sql_of_spark(name: str) -> Any:
    try:
        import pyspark.sql  # noqa: PLC0415 - only where it is used: it takes a second
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "pyspark":
            raise SparkNotInstalled(NEEDED.format(name=name)) from None
        raise
    return pyspark.sql


def _session(name: str) -> Any:
    return _sql_of_spark(name).SparkSession.builder.getOrCreate()


def _functions(name: str) -> Any:
    _sql_of_spark(name)
    from pyspark.sql import functions  # noqa: PLC0415 - as above

    return functions


MAKERS: Mapping[str, Callable[[str], Any]] = {
    "spark": _session,
    "sc": lambda name: _session(name).sparkContext,
    "sqlContext": lambda name: _sql_of_spark(name).SQLContext(_session(name).sparkContext),
    "sql": lambda name: _session(name).sql,
    "table": lambda name: _session(name).table,
    "udf": lambda name: _functions(name).udf,
}
KINDS = {"spark": "SparkSession", "sqlContext": "SQLContext"}

"""The globals that need Spark: made with their first use where it is installed, telling what is missing elsewhere."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any, NoReturn

NEEDED = (
    "{name} needs Spark, which is not installed where this job runs. Install it with `pip install 'runyard[spark]'`; "
    "without it, SQL cells run on DuckDB, and pandas and DuckDB read the same files."
)


class SparkNotInstalled(ImportError):
    """Something of Spark was used where there is none."""


class Absent:
    """Stands for an object of Spark; every use of it says what is missing."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __setattr__(self, name: str, value: object) -> None:
        self._refuse()

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Say what is missing."""
        self._refuse()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"<{self._name}: not installed here>"

    def _refuse(self) -> NoReturn:
        raise SparkNotInstalled(NEEDED.format(name=object.__getattribute__(self, "_name")))


class Late:
    """Stands for an object of Spark until it is used, because a session takes seconds to make."""

    def __init__(self, make: Callable[[], Any]) -> None:
        object.__setattr__(self, "_make", make)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_make")(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(object.__getattribute__(self, "_make")(), name, value)

    @property  # type: ignore[misc] # so that isinstance() finds the class it stands for
    def __class__(self) -> type:
        """Return the class of what it stands for."""
        found: type = type(object.__getattribute__(self, "_make")())
        return found


def spark_globals() -> dict[str, Any]:
    """Return `spark` and what comes with it."""
    if importlib.util.find_spec("pyspark") is None:
        return {name: Absent(name) for name in ("spark", "sc", "sqlContext", "sql", "table", "udf")}
    return {
        "spark": Late(_session),
        "sc": Late(lambda: _session().sparkContext),
        "sqlContext": Late(_sql_context),
        "sql": lambda *given, **named: _session().sql(*given, **named),
        "table": lambda name: _session().table(name),
        "udf": _udf,
    }


def _session() -> Any:
    from pyspark.sql import SparkSession  # noqa: PLC0415 - only where it is used: it takes a second

    return SparkSession.builder.getOrCreate()


def _sql_context() -> Any:
    from pyspark.sql import SQLContext  # noqa: PLC0415 - as above

    return SQLContext(_session().sparkContext)


def _udf(*given: Any, **named: Any) -> Any:
    from pyspark.sql.functions import udf  # noqa: PLC0415 - as above

    return udf(*given, **named)

"""What is said of the parts of Spark that this engine lacks."""

from __future__ import annotations

from typing import Any, NoReturn

LACKING = (
    "{what} needs Spark on Java (the engine spark-jvm), which this version of runyard does not run yet. This run is "
    "on Sail, which has DataFrames, SQL and Python functions over them, but no RDDs and no JVM. {advice}"
)
DATAFRAMES = "Say it with DataFrames: spark.createDataFrame, spark.read, df.mapInPandas, or functions of a column."


class NotInThisEngine(NotImplementedError):
    """The engine of this run lacks what a script asks for; the message names the engine that has it."""


def refuse(what: str, advice: str = DATAFRAMES) -> NoReturn:
    """Refuse something by name."""
    raise NotInThisEngine(LACKING.format(what=what, advice=advice).strip())


class Absent:
    """Stands where scripts expect an object of the JVM, and refuses each use by its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse(f"{self._name}.{name}")

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Refuse to be called."""
        refuse(self._name)

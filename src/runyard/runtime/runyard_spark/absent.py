"""What is said of the parts of Spark that this engine lacks."""

from __future__ import annotations

from typing import Any, NoReturn

from .facts import read_facts

LACKING = (
    "{what} needs Spark on Java: run this job on the engine spark-jvm (--conf spark.runyard.engine=spark-jvm, or "
    "spark.engine of settings.toml). This run is on {engine}, which has DataFrames, SQL and Python functions over "
    "them, but no {lacking}. {advice}"
)
RDDS, STREAMS = "RDDs and no JVM", "such streams"
BY_BOOKMARK = "Or read what is new by the bookmark of a glueetl job that a trigger starts often."
NOT_FOUND = "DATA_SOURCE_NOT_FOUND"
DATAFRAMES = "Or say it with DataFrames: spark.createDataFrame, spark.read, df.mapInPandas, or functions of a column."


class NotInThisEngine(NotImplementedError):
    """The engine of this run lacks what a script asks for; the message names the engine that has it."""


OF_SAIL = ("delta", "iceberg")
FORMAT = (
    "{error} Tables of {name} are there on the engine sail (--conf spark.runyard.engine=sail); on {engine} they need "
    "their own jars, given with --extra-jars."
)


def refuse_format(said: str) -> None:
    """Refuse a format of tables that Sail has and a Spark on Java without more jars has not; return if it is none."""
    name = next((one for one in OF_SAIL if f": {one}" in said.lower()), None)
    if name and NOT_FOUND in said:
        engine = read_facts().engine.get("name", "")
        raise NotInThisEngine(FORMAT.format(error=said.splitlines()[0], name=name.capitalize(), engine=engine))


def refuse(what: str, advice: str = DATAFRAMES, *, lacking: str = RDDS) -> NoReturn:
    """Refuse something by name."""
    engine = read_facts().engine.get("name", "sail")
    raise NotInThisEngine(LACKING.format(what=what, advice=advice, engine=engine, lacking=lacking).strip())


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

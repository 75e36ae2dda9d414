"""The Spark Connect client as jobs expect Spark to be; warm processes have imported this before they become one."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from functools import wraps
from typing import Any

import pyspark
import pyspark.sql
from pyspark.errors import PySparkException
from pyspark.sql.connect import dataframe, plan, session
from pyspark.sql.connect.streaming import readwriter as streams

from . import (
    begin,  # noqa: F401 - first: it prepares the import of the client
    context,
    leaving,
    server,
)
from .absent import BY_BOOKMARK, STREAMS, refuse
from .facts import read_facts
from .paths import in_sql, local_files

COMPARED_WITH = "spark.sql.ansi.enabled"
REMOTE = "spark.remote"


class SQLContext:
    """The entry point of Spark 1, over a session."""

    def __init__(self, sparkContext: Any = None, sparkSession: Any = None, *_: Any, **__: Any) -> None:
        self.sparkSession = sparkSession or pyspark.sql.SparkSession.builder.getOrCreate()
        self.sparkContext = self._sc = sparkContext or self.sparkSession.sparkContext

    @classmethod
    def getOrCreate(cls, sc: Any) -> SQLContext:
        """Return one over the session of this process."""
        return cls(sc)

    def __getattr__(self, name: str) -> Any:
        if name == "sparkSession":
            raise AttributeError(name)
        return getattr(self.sparkSession, name)

    def registerDataFrameAsTable(self, df: Any, tableName: str) -> None:
        """Let SQL know a frame by a name."""
        df.createOrReplaceTempView(tableName)

    def setConf(self, key: str, value: Any) -> None:
        """Configure the session."""
        self.sparkSession.conf.set(key, value)

    def getConf(self, key: str, *default: Any) -> Any:
        """Return what the session is configured with."""
        return self.sparkSession.conf.get(key, *default)


def _with_context() -> None:
    """Supply the modules and names that only Spark on Java has."""
    made: dict[str, dict[str, Any]] = {
        "pyspark.context": {"SparkContext": context.SparkContext},
        "pyspark.rdd": {"RDD": context.RDD},
    }
    for name, contents in made.items():
        module = types.ModuleType(name)
        module.__dict__.update(contents)
        sys.modules[name] = module
        setattr(pyspark, name.rpartition(".")[2], module)
    pyspark.SparkContext = context.SparkContext
    pyspark.RDD = context.RDD
    pyspark.Broadcast = context.Broadcast
    for place in (pyspark, pyspark.sql, sys.modules["pyspark.sql.context"]):
        place.__dict__.update(SQLContext=SQLContext, HiveContext=SQLContext)


def _configured(kind: type, name: str) -> None:
    """Have the builder of sessions make them at the engine of this process."""
    original: Callable[..., Any] = getattr(kind, name)
    create: Callable[..., Any] = kind.create  # type: ignore[attr-defined] # each builder has it

    @wraps(original)
    def make(self: Any) -> Any:
        options = self._options
        options.pop("spark.master", None)  # where the engine runs is a setting of the server
        known = session.SparkSession.getActiveSession() or session.SparkSession._get_default_session()  # noqa: SLF001 - as above
        defaults = {} if known else _defaults()
        self._options = {REMOTE: options.get(REMOTE) or server.remote(), **defaults, **options}
        if known is None and kind is session.SparkSession.Builder:
            return leaving.tied(create(self))  # the original makes one and then configures it once more
        return leaving.tied(original(self))

    setattr(kind, name, make)


def _defaults() -> dict[str, str]:
    facts = read_facts()
    started = context.SparkContext._active_spark_context  # noqa: SLF001 - Spark's own name, and the class is ours
    # Scripts for Glue are written for Spark 3, whose casts give null where Spark 4 fails.
    of_its_version = {} if facts.root else {COMPARED_WITH: "false"}
    return {**of_its_version, **(started.configured if started else {}), **facts.conf}


def _of_session(_: Any) -> context.SparkContext:
    return context.SparkContext.getOrCreate()


def _no_rdd(_: Any) -> Any:
    refuse("DataFrame.rdd")


def _before(kind: type, name: str, change: Callable[[Any], None]) -> None:
    """Let something be changed before a plan is written down."""
    original: Callable[..., Any] = getattr(kind, name)

    @wraps(original)
    def changed(self: Any, *given: Any) -> Any:
        change(self)
        return original(self, *given)

    setattr(kind, name, changed)


def _read(source: Any) -> None:
    if source._paths:  # noqa: SLF001 - the one place that every way to read passes
        source._paths = [local_files(each) for each in source._paths]  # noqa: SLF001 - as above
    _localise(source._options)  # noqa: SLF001 - as above


def _write(operation: Any) -> None:
    if operation.path is not None:
        operation.path = local_files(operation.path)
    _localise(operation.options)


def _localise(options: Any) -> None:
    for name in options or ():
        if name.lower() in {"path", "basepath", "checkpointlocation"} and options[name]:
            options[name] = local_files(options[name])


def _create(table: Any) -> None:
    table._path = local_files(table._path) if table._path else None  # noqa: SLF001 - as above


def _query(statement: Any) -> None:
    statement._query = in_sql(statement._query)  # noqa: SLF001 - as above


def _streams() -> None:
    """Have a stream's places found, and what Sail has no streams for refused by name."""
    writer = streams.DataStreamWriter
    for name in ("start", "toTable"):
        setattr(writer, name, _begun(getattr(writer, name)))
    for name in ("foreachBatch", "foreach"):
        setattr(writer, name, _unless_on_sail(getattr(writer, name)))


def _begun(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def begun(self: Any, path: Any = None, *given: Any, **named: Any) -> Any:
        _localise(self._write_proto.options)
        place = local_files(path) if path and original.__name__ == "start" else path
        try:
            return original(self, place, *given, **named)
        except PySparkException as error:
            if not _is_on_sail():
                raise
            what = f"A stream to {self._write_proto.format or 'a table'!r} ({error})"
            refuse(what, BY_BOOKMARK, lacking=STREAMS)

    return begun


def _unless_on_sail(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def called(self: Any, *given: Any, **named: Any) -> Any:
        if _is_on_sail():
            refuse(f"DataStreamWriter.{original.__name__}", BY_BOOKMARK, lacking=STREAMS)
        return original(self, *given, **named)

    return called


def _is_on_sail() -> bool:
    return str(read_facts().engine.get("kind", "sail")) == "sail"


def _make_ready() -> None:
    _with_context()
    _streams()
    for kind in (pyspark.sql.SparkSession.Builder, session.SparkSession.Builder):
        for name in ("getOrCreate", "create"):
            _configured(kind, name)
    session.SparkSession.sparkContext = property(_of_session)
    session.SparkSession._sc = property(_of_session)  # noqa: SLF001 - what awsglue's users reach for
    dataframe.DataFrame.rdd = property(_no_rdd)
    _before(plan.DataSource, "plan", _read)
    _before(plan.WriteOperation, "command", _write)
    _before(plan.CreateTable, "plan", _create)
    _before(plan.SQL, "plan", _query)


_make_ready()

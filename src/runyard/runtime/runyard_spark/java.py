"""Spark on Java as jobs expect it here: a JVM that is ready, the run's configuration, and paths by mounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ClassVar

import pyspark.sql
from py4j.protocol import Py4JJavaError
from pyspark import conf as configuration
from pyspark import context, rdd  # in Spark 3 they lie here, and in Spark 4 by this name too
from pyspark.errors import AnalysisException
from pyspark.sql import readwriter
from pyspark.sql.streaming import readwriter as streams

from . import progress
from .absent import refuse_format
from .data_catalog import make_known
from .driver import SUBMIT, Driver, functions_environment, settle_python
from .facts import read_facts
from .java_start import JavaFailed
from .paths import Local, in_sql, local_files

MASTER = "spark.master"
PATH_OPTIONS = frozenset({"path", "basepath", "checkpointlocation"})
READS = ("load", "json", "parquet", "text", "csv", "orc", "xml")
WRITES = ("save", "json", "parquet", "text", "csv", "orc", "xml")
OF_CONTEXT = (
    "addFile", "addPyFile", "binaryFiles", "binaryRecords", "newAPIHadoopFile", "hadoopFile", "pickleFile",
    "sequenceFile", "setCheckpointDir", "textFile", "wholeTextFiles",
)  # fmt: skip
OF_RDD = ("saveAsTextFile", "saveAsPickleFile", "saveAsSequenceFile")


class Known:
    """What of this run is done once."""

    is_catalog_told: ClassVar[bool] = False


def located(uri: Any) -> Any:
    """Return where a path lies on this machine, or a list of paths; anything else as it is."""
    if isinstance(uri, list | tuple):
        return type(uri)(located(one) for one in uri)
    if not isinstance(uri, str) or isinstance(uri, Local):
        return uri
    if "," in uri and all(part.strip() for part in uri.split(",")) and "://" in uri.partition(",")[2]:
        return Local(",".join(located(part) for part in uri.split(",")))  # as Hadoop takes several
    found = local_files(uri)
    # A cluster's own file system may be another: a path of this machine is one by name.
    is_elsewhere = read_facts().engine.get("kind") == SUBMIT and found.startswith("/") and found != uri
    return Local(f"file://{found}") if is_elsewhere else found


def _paths(kind: type, names: Sequence[str]) -> None:
    """Have methods find the paths that they are given first."""
    for name in names:
        if original := getattr(kind, name, None):
            setattr(kind, name, _with_path(original))


def _with_path(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def called(self: Any, *given: Any, **named: Any) -> Any:
        found = [
            located(one) if place == 0 or original.__name__ == "parquet" else one for place, one in enumerate(given)
        ]
        return original(
            self, *found, **{name: located(one) if name in {"path", "paths"} else one for name, one in named.items()}
        )

    return called


def _options(kind: type) -> None:
    """Have options that are paths found too."""
    single: Callable[..., Any] = kind.option  # type: ignore[attr-defined] # each reader and writer has it
    several: Callable[..., Any] = kind.options  # type: ignore[attr-defined] # as above

    @wraps(single)
    def option(self: Any, key: str, value: Any) -> Any:
        return single(self, key, _found(key, value))

    @wraps(several)
    def options(self: Any, **given: Any) -> Any:
        return several(self, **{key: _found(key, value) for key, value in given.items()})

    setattr(kind, "option", option)  # noqa: B010 - mypy knows no such methods
    setattr(kind, "options", options)  # noqa: B010 - as above


def _found(key: str, value: Any) -> Any:
    return located(value) if key.lower() in PATH_OPTIONS else value


def _formats(kind: type, names: Sequence[str]) -> None:
    """Have formats of tables that are not here refused with the engine that has them."""
    for name in names:
        setattr(kind, name, _with_format(getattr(kind, name)))


def _with_format(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def called(self: Any, *given: Any, **named: Any) -> Any:
        try:
            return original(self, *given, **named)
        except AnalysisException as error:
            refuse_format(str(error))
            raise
        except Py4JJavaError as error:
            refuse_format(str(error.java_exception.getMessage()))
            raise

    return called


def _statement(kind: type) -> None:
    original: Callable[..., Any] = kind.sql  # type: ignore[attr-defined] # a session has it

    @wraps(original)
    def sql(self: Any, sqlQuery: str, *more: Any, **named: Any) -> Any:
        return original(self, in_sql(sqlQuery), *more, **named)

    setattr(kind, "sql", sql)  # noqa: B010 - as above


def _jvm_first() -> None:
    """Have a JVM up, and configured, before anything asks it."""
    launch: Callable[..., Any] = context.launch_gateway

    @wraps(launch)
    def launched(conf: Any = None, popen_kwargs: Any = None) -> Any:
        Driver.ensure()
        gateway = launch(conf, popen_kwargs)
        Driver.configure(gateway.jvm)
        return gateway

    context.launch_gateway = launched


def _configured() -> None:
    """Have every configuration begin with the run's own."""
    make: Callable[..., Any] = configuration.SparkConf.__init__
    begin: Callable[..., Any] = context.SparkContext._do_init  # noqa: SLF001 - the one place that every way passes

    @wraps(make)
    def made(self: Any, *given: Any, **named: Any) -> None:
        spark: Any = context.SparkContext
        if spark._jvm and Driver.has_died():  # noqa: SLF001 - Spark's own name
            spark._gateway = spark._jvm = None  # noqa: SLF001 - as above
        if spark._jvm:  # noqa: SLF001 - as above
            Driver.configure(spark._jvm)  # noqa: SLF001 - a JVM that waited hears now for whom
        make(self, *given, **named)

    @wraps(begin)
    def begun(self: Any, master: Any, *given: Any) -> None:
        del master  # where the work is done is a setting of the server, and of the run
        settle_python()
        asked = _configuration_of(given)
        if asked is not None and read_facts().engine:
            asked.set(MASTER, str(read_facts().engine["master"]))
        try:
            begin(self, None, *given)
        except Py4JJavaError as error:
            raise JavaFailed(_why(error.java_exception)) from error
        self.environment.update(functions_environment())
        progress.tell(self)
        _leave_no_checksums(self)
        self._accumulatorServer.handle_error = _nothing  # its other end goes with the JVM, at the end of the run

    configuration.SparkConf.__init__ = made
    context.SparkContext._do_init = begun  # noqa: SLF001 - as above


def _leave_no_checksums(made: Any) -> None:
    """Have Hadoop write no `.crc` file beside each: in a bucket there are none."""
    files = made._jvm.org.apache.hadoop.fs.FileSystem  # noqa: SLF001 - Spark's own name
    files.getLocal(made._jsc.hadoopConfiguration()).setWriteChecksum(False)  # noqa: SLF001 - as above


def _why(error: Any) -> str:
    """Return what is at the bottom of an error of the JVM, which says it in the middle of a hundred frames."""
    said = [str(error.toString())]
    while (error := error.getCause()) is not None:
        said.append(str(error.toString()))
    master = read_facts().engine.get("master", "")
    return f"Spark cannot begin on {master}: {' Caused by: '.join(dict.fromkeys((said[0], said[-1])))}"


def _nothing(*_: Any) -> None:
    """Say nothing."""


def _configuration_of(given: Sequence[Any]) -> Any:
    return next((one for one in given if isinstance(one, configuration.SparkConf)), None)


def _settled(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != MASTER}


def _sessions() -> None:
    builder = pyspark.sql.SparkSession.Builder
    original: Callable[..., Any] = builder.getOrCreate

    @wraps(original)
    def get_or_create(self: Any) -> Any:
        if read_facts().engine:
            self._options = _settled(self._options)
        session = original(self)
        if read_facts().has_catalog and not Known.is_catalog_told:
            Known.is_catalog_told = True
            make_known(session)
        return session

    builder.getOrCreate = get_or_create


def _make_ready() -> None:
    _jvm_first()
    _configured()
    _sessions()
    for kind in (readwriter.DataFrameReader, streams.DataStreamReader):
        _paths(kind, READS)
    for kind in (readwriter.DataFrameWriter, streams.DataStreamWriter):
        _paths(kind, (*WRITES, "start"))
    for kind in (
        readwriter.DataFrameReader,
        readwriter.DataFrameWriter,
        readwriter.DataFrameWriterV2,
        streams.DataStreamReader,
        streams.DataStreamWriter,
    ):
        _options(kind)
    _formats(readwriter.DataFrameReader, ("load",))
    _formats(readwriter.DataFrameWriter, ("save", "saveAsTable"))
    _formats(pyspark.sql.SparkSession, ("sql",))
    _paths(context.SparkContext, OF_CONTEXT)
    _paths(rdd.RDD, OF_RDD)
    _statement(pyspark.sql.SparkSession)


_make_ready()

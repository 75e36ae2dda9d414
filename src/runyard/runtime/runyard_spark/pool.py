"""What a process does that keeps a JVM ready for one job: starts it, and has it do everything once.

The process becomes the job's when its order comes, with the JVM below it: so no other job ever has it, and whatever
ends the job ends it too.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import begin
from .driver import Driver, settle_python
from .java_start import Gateway, Java, Outputs, java_of, start_own

QUIET, AS_JOBS_WANT_IT = "OFF", "WARN"
ROWS = 100
NICENESS = 10


def wait(told: str, streams: Sequence[int]) -> None:
    """Have a JVM ready that prints to `streams`, which will be the job's."""
    facts: Mapping[str, Any] = json.loads(told)
    begin.Finder.is_waiting_with_java = True
    java = java_of(facts)
    path = [*sys.path]
    folder = Path(tempfile.mkdtemp(prefix="runyard-spark-"))
    try:
        sys.path[:0] = facts["path"]
        os.environ["SPARK_HOME"] = str(java.home)
        settle_python()
        _ensure_archive(java, folder)
        gateway = start_own(java, outputs=Outputs(stdout=streams[1], stderr=streams[2]), folder=folder)
        Driver.keep(gateway)
        _heat(folder)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a session has its own, which is gone
    finally:
        begin.Finder.is_waiting_with_java = False
        sys.path[:] = path
        shutil.rmtree(folder, ignore_errors=True)


def _ensure_archive(java: Java, folder: Path) -> None:
    """Make the archive of classes if there is none: once for all jobs of this home, whoever comes first."""
    failed = java.archive.with_suffix(".none")  # as with a folder of configuration: it is not tried again and again
    if java.archive.exists() or failed.exists():
        return
    java.archives.mkdir(parents=True, exist_ok=True)
    with java.archive.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not java.archive.exists():
            _make_archive(java, folder)
        if not java.archive.exists():
            failed.touch()


def _make_archive(java: Java, folder: Path) -> None:
    """Have another process use Spark once: its JVM writes down at its end what it has loaded."""
    made = java.archive.with_suffix(f".{os.getpid()}")
    maker = os.fork()
    if not maker:
        _dump(java, made, folder)
    _, status = os.waitpid(maker, 0)
    if status == 0 and made.exists():
        made.replace(java.archive)
    made.unlink(missing_ok=True)  # without an archive a JVM starts too, more slowly


def _dump(java: Java, made: Path, folder: Path) -> None:
    code = 1
    os.nice(NICENESS)  # jobs that run meanwhile go first
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a descriptor is wanted
            outputs = Outputs(stdout=nothing.fileno(), stderr=nothing.fileno())
            gateway = start_own(java, archive=[f"-XX:ArchiveClassesAtExit={made}"], outputs=outputs, folder=folder)
        Driver.keep(gateway)
        _heat(folder)
        code = _end(gateway)
    finally:
        os._exit(code)


def _end(gateway: Gateway) -> int:
    if gateway.process.stdin:
        gateway.process.stdin.close()
    return gateway.process.wait()


def _heat(folder: Path) -> None:
    """Use what most jobs use, so that its classes are there and its code is compiled, and leave no session behind."""
    from pyspark.sql import SparkSession, functions  # noqa: PLC0415 - the one of Spark on Java, found just now

    builder = SparkSession.builder.master("local[1]").appName("heat").config("spark.ui.enabled", "false")
    session = builder.config("spark.local.dir", str(folder)).getOrCreate()
    _say(session, QUIET)
    rows = session.range(ROWS).withColumn("word", functions.concat(functions.lit("w"), functions.col("id") % 3))
    written = f"{folder}/rows-{os.getpid()}"
    rows.write.parquet(written)
    rows.createOrReplaceTempView("rows")
    session.read.parquet(written).groupBy("word").count().collect()
    session.sql("select a.word, sum(b.id) from rows a join rows b on a.id = b.id group by 1 order by 2").collect()
    words = session.createDataFrame([(1, "a")], "n int, s string")
    words.select(functions.udf(len, "int")("s")).collect()
    _say(session, AS_JOBS_WANT_IT)
    session.stop()


def _say(session: Any, level: str) -> None:
    session.sparkContext.setLogLevel(level)

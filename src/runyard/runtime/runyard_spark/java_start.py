"""Starts a JVM with Spark in it, and an archive of its classes that makes the next ones start in half the time."""

from __future__ import annotations

import os
import shlex
import struct
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

MAIN = "org.apache.spark.api.python.PythonGatewayServer"
SCALA = "2.13"
TOLD = "_PYSPARK_DRIVER_CONN_INFO_PATH"
PAUSE_S = 0.005
LAST_LINES = 12
HEAP_OF = 3, 4  # the rest is for classes, threads, buffers
KEPT = ("-XX:+IgnoreUnrecognizedVMOptions", "--add-opens", "--add-exports", "--enable-native-access", "-D")
QUIET = ("-Xlog:disable", "-Xlog:all=error:stderr")
LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
logger.conf.name = org.apache.spark.SparkConf
logger.conf.level = error
"""
"""As Spark's own, without what it says at every start."""


class JavaFailed(RuntimeError):
    """Spark's JVM did not come up; says why."""


@dataclass(frozen=True, kw_only=True)
class Java:
    """What a JVM is started with."""

    home: Path
    java: str
    memory: int
    archives: Path
    jars: Sequence[str] = ()
    jars_first: bool = False

    @property
    def classpath(self) -> list[str]:
        """Return where classes are found; an archive serves all who begin with the same."""
        configured = [one for one in (self.home / "conf").glob("*") if one.suffix != ".template"]
        jars = map(str, sorted((self.home / "jars").glob("*.jar")))
        own = [*([str(self.home / "conf")] if configured else []), *jars]  # with a folder on it there is no archive
        return [*self.jars, *own] if self.jars_first else [*own, *self.jars]

    @property
    def heap_mib(self) -> int:
        """Return the limit of its heap."""
        share, of = HEAP_OF
        return self.memory * share // of // 1024**2

    @property
    def archive(self) -> Path:
        """Return the file of classes, whose name changes with what they are made of."""
        files = [Path(one) for one in self.classpath if one not in self.jars and one.endswith(".jar")]
        made_of = [self.java, *(f"{file} {file.stat().st_mtime_ns}" for file in files)]
        return self.archives / f"{sha256(chr(10).join(made_of).encode()).hexdigest()[:16]}.jsa"


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where a JVM prints to: descriptors, or None for where this process does."""

    stdout: int | None = None
    stderr: int | None = None


@dataclass(kw_only=True)
class Gateway:
    """A JVM that is up, and the way in."""

    process: subprocess.Popen[bytes]
    port: int
    secret: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def attach(self) -> None:
        """Let PySpark find it."""
        os.environ["PYSPARK_GATEWAY_PORT"] = str(self.port)
        os.environ["PYSPARK_GATEWAY_SECRET"] = self.secret

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


def start_own(java: Java, *, archive: Sequence[str] = (), outputs: Outputs, folder: Path) -> Gateway:
    """Start a JVM that is driver and executor at once, without spark-submit's own start of another one."""
    share = java.archive
    flags = archive or ([f"-XX:SharedArchiveFile={share}"] if share.exists() else [])
    command = [
        java.java,
        "-cp", os.pathsep.join(java.classpath),
        f"-Xmx{java.heap_mib}m",
        *QUIET,
        *flags,
        f"-Dlog4j2.configurationFile={logging_file(java)}",
        f"-Dderby.system.home={folder}",
        *module_options(java),
        MAIN,
    ]  # fmt: skip
    return _started(command, {"SPARK_LOCAL_IP": "127.0.0.1", **home_variables(java)}, outputs=outputs, folder=folder)


def start_by_submit(java: Java, *, master: str, conf: Mapping[str, str], outputs: Outputs, folder: Path) -> Gateway:
    """Start the driver of a cluster by spark-submit."""
    command = submit_command(java, master=master, conf=conf)
    return _started([*command, "pyspark-shell"], home_variables(java), outputs=outputs, folder=folder)


def submit_command(java: Java, *, master: str, conf: Mapping[str, str]) -> list[str]:
    """Return how spark-submit is called for a master, before what it is to run."""
    share = java.archive
    options = [f"-XX:SharedArchiveFile={share}", *QUIET] if share.exists() else []
    settings = {
        "spark.driver.memory": f"{java.heap_mib}m",
        **conf,
        "spark.driver.extraJavaOptions": " ".join([*options, conf.get("spark.driver.extraJavaOptions", "")]).strip(),
    }
    words = [word for name, text in settings.items() if text for word in ("--conf", f"{name}={text}")]
    jars = ["--jars", ",".join(java.jars)] if java.jars else []
    return [str(java.home / "bin" / "spark-submit"), "--master", master, *words, *jars]


def home_variables(java: Java) -> dict[str, str]:
    """Return what Spark's scripts and JVM find their own parts by."""
    return {
        "SPARK_HOME": str(java.home),
        "SPARK_SCALA_VERSION": SCALA,
        "SPARK_CONNECT_MODE": "0",
        "JAVA_HOME": str(Path(java.java).resolve().parents[1]),
    }


def module_options(java: Java) -> list[str]:
    """Return which modules of Java Spark wants opened, as its own launcher says: each version wants others."""
    kept = java.archive.with_suffix(".options")
    if not kept.exists():
        launcher = [java.java, "-cp", f"{java.home}/jars/*", "org.apache.spark.launcher.Main"]
        done = subprocess.run(
            [*launcher, "org.apache.spark.deploy.SparkSubmit", "x.jar"],
            env={**os.environ, **home_variables(java)},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise JavaFailed(f"Spark's launcher fails: {last_lines(done.stderr.decode(errors='replace'))}")
        words = [word.decode() for word in done.stdout.split(b"\0")]
        _keep(kept, "\n".join(word for word in words if word.startswith(KEPT)))
    return kept.read_text(encoding="utf-8").split("\n")


def logging_file(java: Java) -> Path:
    """Return what Spark is told about its log."""
    file = java.archives / f"log4j2-{sha256(LOGGING.encode()).hexdigest()[:8]}.properties"
    if not file.exists():
        _keep(file, LOGGING)
    return file


def _keep(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_suffix(f".{os.getpid()}")
    made.write_text(text, encoding="utf-8")
    made.replace(file)  # several may make the same at once


def _started(command: Sequence[str], more: Mapping[str, str], *, outputs: Outputs, folder: Path) -> Gateway:
    told = folder / f"gateway-{os.getpid()}"
    environment = {**os.environ, **more, TOLD: str(told)}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,  # it ends by itself when this line does
        stdout=outputs.stdout,
        stderr=outputs.stderr,
        start_new_session=True,  # who interrupts a statement leaves the JVM as it is
    )
    before = _size(outputs.stderr)
    while not told.exists():
        if process.poll() is not None:
            raise JavaFailed(_why(command, process.returncode, outputs.stderr, before))
        time.sleep(PAUSE_S)
    facts = told.read_bytes()
    told.unlink()
    port, length = struct.unpack_from("!ii", facts)
    return Gateway(process=process, port=port, secret=facts[8 : 8 + length].decode(), environment=environment)


def _size(descriptor: int | None) -> int:
    try:
        return os.fstat(2 if descriptor is None else descriptor).st_size
    except OSError:
        return 0


def _why(command: Sequence[str], code: int, descriptor: int | None, before: int) -> str:
    """Say what the JVM said last."""
    link = f"/proc/self/fd/{2 if descriptor is None else descriptor}"
    try:
        with open(link, "rb") as file:  # noqa: PTH123 - a descriptor
            file.seek(before)
            said = file.read(100_000).decode(errors="replace")
    except OSError:
        said = ""
    name = Path(command[0]).name
    return f"Spark's driver did not start: {name} ended with {code}. {last_lines(said) or shlex.join(command)}"


def last_lines(text: str) -> str:
    """Return what a program said last, without the frames of Java."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    return " ".join(lines[-LAST_LINES:])


def java_of(facts: Mapping[str, Any]) -> Java:
    """Return what to start, as the order says."""
    return Java(
        home=Path(facts["home"]),
        java=facts["java"],
        memory=int(facts["memory"]),
        archives=Path(facts["archives"]),
        jars=tuple(facts.get("jars", ())),
        jars_first=bool(facts.get("jars_first")),
    )

"""The JVM of this process: the one that waited with it, or one that is started with the first use of Spark."""

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from .facts import Facts, read_facts
from .java_start import Gateway, Outputs, java_of, start_by_submit, start_own

LOOPBACK = "127.0.0.1"
SUBMIT = "submit"
DERBY = "derby.system.home"  # where Hive's metastore lies, for who asks for one
OWN_NETWORK = ("spark.driver.host", "spark.driver.bindAddress")
OF_SUBMIT = ("spark.driver.", "spark.jars", "spark.plugins", "spark.submit.")
"""Configuration that spark-submit turns into how the JVM is started."""
PY4J = "java_gateway"  # its module that says by the root logger what it cannot send
GATEWAY = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET")


class Driver:
    """The one JVM of this process."""

    _gateway: ClassVar[Gateway | None] = None
    _is_configured: ClassVar[bool] = False

    @classmethod
    def keep(cls, gateway: Gateway) -> None:
        """Use a JVM that is up."""
        cls._gateway = gateway
        gateway.attach()
        atexit.register(cls.end)

    @classmethod
    def ensure(cls) -> None:
        """Have a JVM up."""
        if cls._gateway is None:
            cls.keep(_started(read_facts()))

    @classmethod
    def has_died(cls) -> bool:
        """Tell whether the JVM that waited is gone, as for want of memory; another is started then."""
        if cls._gateway is None or cls._gateway.process.poll() is None:
            return False
        cls._gateway = None
        for name in GATEWAY:
            os.environ.pop(name, None)
        return True

    @classmethod
    def configure(cls, jvm: Any) -> None:
        """Give the JVM what this run's sessions are to be configured with, before any is made."""
        facts = read_facts()
        if cls._is_configured or not facts.engine:
            return
        cls._is_configured = True
        settings = getattr(jvm, "java.lang.System")
        for name, text in {**properties(facts), DERBY: str(facts.temporary())}.items():
            settings.setProperty(name, text)

    @classmethod
    def end(cls) -> None:
        """End the JVM before the folder of this run goes: what it writes there nobody reads."""
        gateway, cls._gateway = cls._gateway, None
        if gateway is None:
            return
        facts = read_facts()
        if facts.engine.get("kind") == SUBMIT or facts.engine.get("events"):
            _stop_context()  # a cluster, or the log of events, is told that it is over
        logging.getLogger().addFilter(_is_news)
        gateway.kill()


def properties(facts: Facts) -> dict[str, str]:
    """Return the configuration of a run's sessions: ours where the run says nothing."""
    engine = facts.engine
    folder = facts.temporary()
    found = {
        "spark.app.name": "runyard",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        **({} if facts.root else {"spark.sql.ansi.enabled": "false"}),
        **_events(engine),
        **_network(str(engine["master"])),
    }
    if engine["kind"] != SUBMIT:
        found["spark.local.dir"] = str(folder)
    return {**found, **facts.conf, "spark.master": str(engine["master"])}


def functions_environment() -> dict[str, str]:
    """Return the variables of the processes in which functions of this run are called."""
    path = {"PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    if read_facts().engine.get("kind") == SUBMIT:
        return path  # the machines of a cluster are none of ours, and secrets are not for them
    return {**{name: text for name, text in os.environ.items() if name not in GATEWAY}, **path}


def settle_python() -> None:
    """Say which Python calls functions: this one, unless the run or the server names another."""
    facts = read_facts()
    if facts.engine:
        os.environ["SPARK_HOME"] = facts.engine["home"]
    python = sys.executable
    if not facts.shares_files:
        python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    os.environ.setdefault("PYSPARK_PYTHON", python)


def _started(facts: Facts) -> Gateway:
    java = java_of(facts.engine)
    folder = facts.temporary()
    settle_python()
    if facts.engine["kind"] == SUBMIT or any(name.startswith(OF_SUBMIT) for name in facts.conf):
        conf = properties(facts)
        return start_by_submit(java, master=conf.pop("spark.master"), conf=conf, outputs=Outputs(), folder=folder)
    return start_own(java, outputs=Outputs(), folder=folder)


def _events(engine: Mapping[str, Any]) -> dict[str, str]:
    if not engine.get("events"):
        return {}
    Path(engine["events"]).mkdir(parents=True, exist_ok=True)
    return {"spark.eventLog.enabled": "true", "spark.eventLog.dir": f"file://{engine['events']}"}


def _network(master: str) -> dict[str, str]:
    """Return the address that the driver listens on: this machine's own where nobody else need reach it."""
    host = urlsplit(master.partition(",")[0]).hostname if master.startswith("spark://") else None
    is_here = master.startswith("local") or host in {LOOPBACK, "localhost"}
    return dict.fromkeys(OWN_NETWORK, LOOPBACK) if is_here else {}


def _is_news(record: logging.LogRecord) -> bool:
    """Tell what py4j complains of from all else: its threads speak to the JVM of what is garbage while we end it."""
    return record.module != PY4J


def _stop_context() -> None:
    from pyspark import SparkContext  # noqa: PLC0415 - it is there already, or nothing is to be stopped

    context = SparkContext._active_spark_context  # noqa: SLF001 - Spark's own name
    if context is not None:
        with suppress(Exception):  # it may have broken, and the run's end is known already
            context.stop()

"""Which engine a run's Spark is on, and what its process has to know of it.

One setting names it for all (`spark.engine` of settings.toml); a run may name another with `spark.runyard.engine`, or
as its `spark.master`, in its configuration.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from runyard.core.errors import NotSupported
from runyard.executors import spark_extra, spark_java
from runyard.executors.launcher.order import Order
from runyard.executors.work import Place, SparkPlace

ENGINE, MASTER = "spark.runyard.engine", "spark.master"
SAIL, JVM, CONNECT = "sail", "spark-jvm", "sc://"
GIB = 1024**3
LEAST_MEMORY = 2 * GIB  # of a process with the engine and pandas in it
OF_A_COLD_JVM = ("spark.driver.", "spark.jars", "spark.plugins", "spark.submit.")
"""What only the start of a JVM can give; one that waits is past that."""
UNKNOWN = (
    "There is no Spark engine {name!r}. Name 'sail' (no Java), 'spark-jvm' or 'local[N]' (Spark on Java, on this "
    "machine), 'spark://HOST:PORT', 'k8s://URL', 'yarn' (by spark-submit), or 'sc://HOST:PORT' (Spark Connect), in "
    "spark.engine of settings.toml, or in the run's configuration: --conf spark.runyard.engine=NAME."
)


NO_JARS = (
    "The jars {jars} cannot be used on the engine {engine!r}: jars need Spark on Java. Run the task on the engine "
    "'spark-jvm' (spark.runyard.engine in the cluster's spark_conf, or spark.engine of settings.toml), or remove them."
)


class Kind(StrEnum):
    """How a process comes to its Spark."""

    SAIL = "sail"  # an engine in the process itself
    CONNECT = "connect"  # an engine elsewhere, by Spark Connect
    LOCAL = "local"  # a JVM of the process's own
    SUBMIT = "submit"  # such a JVM as the driver of a cluster


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine by its name."""

    name: str
    kind: Kind
    master: str = ""

    @property
    def has_java(self) -> bool:
        """Whether the process has a JVM: RDDs, jars, streams."""
        return self.kind in {Kind.LOCAL, Kind.SUBMIT}


ON_SAIL = Engine(name=SAIL, kind=Kind.SAIL)


def engine_named(name: str) -> Engine:
    """Return an engine; refuse one that nobody knows."""
    if name == SAIL:
        return ON_SAIL
    if name in {JVM, "local"} or (name.startswith("local[") and name.endswith("]")):
        return Engine(name=name, kind=Kind.LOCAL, master="" if name == JVM else name)
    if name.startswith(CONNECT):
        return Engine(name=name, kind=Kind.CONNECT, master=name)
    if name == "yarn" or name.startswith(("spark://", "k8s://")):
        return Engine(name=name, kind=Kind.SUBMIT, master=name)
    raise NotSupported(UNKNOWN.format(name=name))


def check_setting(name: str, home: str) -> None:
    """Refuse a setting that no run could follow."""
    engine = engine_named(name)
    if home or engine.has_java:
        spark_java.home(SparkPlace(home=home))
    if engine.has_java:
        spark_java.java()


def engine_of(spec: Mapping[str, Any], place: Place) -> Engine:
    """Return the engine of a task: the run's own word counts before the server's."""
    asked = configured(spec)
    return engine_named(asked.get(ENGINE) or asked.get(MASTER) or place.spark.engine)


def configured(spec: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the configuration that a task asks for."""
    found: Mapping[str, str] = spec.get("spark", {}).get("conf") or spec.get("spark_conf") or {}
    return found


def told(engine: Engine, spec: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return what the process is told: how to reach its engine."""
    asked = spec.get("spark", {})
    facts: dict[str, Any] = {
        "name": engine.name,
        "kind": engine.kind,
        "shares_files": place.spark.shares_files,
        "conf": {name: text for name, text in configured(spec).items() if name not in {ENGINE, MASTER}},
    }
    if engine.kind is Kind.CONNECT:
        facts["url"] = engine.master
    if engine.has_java:
        facts |= {
            "home": str(spark_java.home(place.spark)),
            "java": spark_java.java(),
            "master": engine.master or f"local[{cores(asked)}]",
            "memory": memory(asked),
            "jars": [str(place.mounts.resolve(uri)) for uri in jars_of(spec)],
            "jars_first": bool(asked.get("jars_first")),
            "archives": str(place.environments / "spark-jvm"),
            "events": str(place.mounts.resolve(asked["events"])) if asked.get("events") else "",
        }
    return facts


def jars_of(spec: Mapping[str, Any]) -> list[str]:
    """Return the jars that a task names."""
    return list(spec.get("spark", {}).get("jars") or spec.get("jars") or ())


def python_path(engine: Engine, place: Place) -> list[str]:
    """Return what stands on a process's path so that it imports the Spark of its engine."""
    return spark_java.python_path(place.spark, place.environments) if engine.has_java else []


def equipped(order: Order, engine: Engine, spec: Mapping[str, Any], place: Place, *, wanted: bool) -> Order:
    """Return the order served by what waits for such jobs.

    `wanted`: whether it is likely to use Spark at all.
    """
    if not engine.has_java:
        if jars := jars_of(spec):
            raise NotSupported(NO_JARS.format(jars=", ".join(jars), engine=engine.name))
        return replace(order, rare=wanted)
    is_told = "context" in spec or "spark" in spec  # which engine it has: one that waits with a JVM must be
    return replace(order, driver=_driver(engine, spec, place) if wanted and is_told else "")


def check(engine: Engine) -> None:
    """Refuse an engine whose packages are missing."""
    if not engine.has_java and not spark_extra.is_installed():
        raise NotSupported(spark_extra.INSTALL)


def cores(asked: Mapping[str, Any]) -> int:
    """Return how many cores the workers of a run have, within those of the machine."""
    here = os.cpu_count() or 1
    return max(1, min(asked.get("cores") or here, here))


def memory(asked: Mapping[str, Any]) -> int:
    """Return how much memory the workers of a run have, within that of the machine."""
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    wanted = int(asked["memory_gib"] * GIB) if asked.get("memory_gib") else here
    return max(LEAST_MEMORY, min(wanted, here))


def waiting_driver(place: SparkPlace) -> str:
    """Return what keeps a JVM ready for runs that ask for no share of the machine, or for more than it has."""
    return spark_java.wait_hook(place, memory=memory({}))


def _driver(engine: Engine, spec: Mapping[str, Any], place: Place) -> str:
    asked = spec.get("spark", {})
    is_cold = jars_of(spec) or any(name.startswith(OF_A_COLD_JVM) for name in configured(spec))
    if engine.kind is not Kind.LOCAL or is_cold or spec.get("packages"):
        return ""
    return spark_java.wait_hook(place.spark, memory=memory(asked))

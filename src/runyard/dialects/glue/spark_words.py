"""What a Spark job's arguments and workers come to: configuration, cores and memory, and what no engine here has."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects.glue import capacity
from runyard.dialects.glue.capacity import Settings

CORES_OF_DPU, GIB_OF_DPU = 4, 16
"""A DPU is "4 vCPUs of compute capacity and 16 GB of memory"."""
CORES_OF_SMALLEST, GIB_OF_SMALLEST = 2, 4
SMALLEST = "G.025X"
MEMORY_OPTIMISED = "R."
CONF = "--conf"
DATA_CATALOG = "--enable-glue-datacatalog"
"""Lets SQL know the tables of the Data Catalog; its value may be empty."""
NEEDS_JAVA: Mapping[str, str] = {
    "--extra-jars": "the jars {value!r}",
    "--class": "the class {value!r}",
    "--user-jars-first": "the jars of the job",
}
"""Arguments that only a JVM can follow."""
JAVA_TEXT = (
    "{what} ({name}) cannot be used here: they need Spark on Java (the engine spark-jvm), which this version of "
    "runyard does not run yet. Take the argument out if the script can do without."
)
SCALA = "scala"


def spark(words: Settings) -> dict[str, Any]:
    """Return what the executor of Spark jobs is told (see executors/spark.py)."""
    arguments = words["Arguments"]
    catalog = {"catalog": True} if arguments.get(DATA_CATALOG, "false").lower() != "false" else {}
    return {"conf": configuration(arguments), **catalog, **_share(words), **_refused(arguments)}


def configuration(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the configuration in `--conf`, which names several as `a=1 --conf b=2`."""
    text = arguments.get(CONF, "")
    try:
        words = [word for word in shlex.split(text) if word != CONF]
    except ValueError as error:
        raise InvalidRequest(f"Argument {CONF} {text!r} is no command line: {error}.") from error
    pairs = [word.partition("=") for word in words]
    if wrong := [name for name, sign, _ in pairs if not sign or not name]:
        raise InvalidRequest(f"Argument {CONF} {text!r} must be name=value [--conf name=value …]; {wrong[0]!r} is not.")
    return {name: value for name, _, value in pairs}


def _share(words: Settings) -> dict[str, int | float]:
    """Return the cores and the memory of all workers together."""
    kind, workers = words.get("WorkerType", ""), words.get("NumberOfWorkers", 1)
    if kind == SMALLEST:
        return {"cores": CORES_OF_SMALLEST * workers, "memory_gib": GIB_OF_SMALLEST * workers}
    dpu = capacity.max_capacity(words)
    if dpu is None:
        return {}
    memory = dpu * GIB_OF_DPU * (2 if kind.startswith(MEMORY_OPTIMISED) else 1)
    return {"cores": int(dpu * CORES_OF_DPU), "memory_gib": memory}


def _refused(arguments: Mapping[str, str]) -> dict[str, str]:
    if arguments.get("--job-language") == SCALA:
        what = "Scripts in Scala"
        return {"refused": JAVA_TEXT.format(what=what, name="--job-language scala")}
    for name, what in NEEDS_JAVA.items():
        if arguments.get(name):
            text = JAVA_TEXT.format(what=what.format(value=arguments[name]), name=name)
            return {"refused": text[0].upper() + text[1:]}
    return {}

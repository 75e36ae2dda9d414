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
ENGINE = "--runyard-spark-engine"
"""Our own: the engine of a run, as `spark.runyard.engine` in its configuration."""
ENGINE_WORD = "spark.runyard.engine"
JARS, JARS_FIRST = "--extra-jars", "--user-jars-first"
EVENTS, EVENTS_PATH = "--enable-spark-ui", "--spark-event-logs-path"
"""Spark's log of events, for its history server."""
CONTINUOUS = "--enable-continuous-cloudwatch-log"
NEEDS_JAVA: Mapping[str, str] = {
    JARS: "The jars {value!r}",
    JARS_FIRST: "Its jars first",
}
"""Arguments that only a JVM can follow."""
SCALA_TEXT = (
    "Scripts in Scala ({name}) cannot be used here: no engine of this server compiles them. Make a jar of it and run "
    "that as a spark_jar_task or spark_submit_task of Databricks' Jobs API, or write the script in Python."
)


def spark(words: Settings) -> dict[str, Any]:
    """Return what the executor of Spark jobs is told (see executors/spark.py)."""
    arguments = words["Arguments"]
    flags = {"catalog": is_on(arguments, DATA_CATALOG), "progress": is_on(arguments, CONTINUOUS)}
    events = arguments.get(EVENTS_PATH, "") if is_on(arguments, EVENTS) else ""
    said = {
        **{name: True for name, value in flags.items() if value},
        **({"events": events} if events else {}),
        **_jars(arguments),
    }
    return {"conf": configuration(arguments), **said, **_share(words), **_refused(arguments)}


def is_on(arguments: Mapping[str, str], name: str) -> bool:
    """Tell whether one of AWS's flags is set: `true`, or nothing behind its name."""
    return arguments.get(name, "false").strip().lower() != "false"


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
    engine = {ENGINE_WORD: arguments[ENGINE]} if arguments.get(ENGINE) else {}
    return {**engine, **{name: value for name, _, value in pairs}}


def _jars(arguments: Mapping[str, str]) -> dict[str, Any]:
    """Return the jars, and what of the arguments has to be refused without a JVM."""
    jars = [one.strip() for one in arguments.get(JARS, "").split(",") if one.strip()]
    what = {text.format(value=arguments[name]): name for name, text in NEEDS_JAVA.items() if is_on(arguments, name)}
    return {
        **({"jars": jars} if jars else {}),
        **({"jars_first": True} if is_on(arguments, JARS_FIRST) else {}),
        **({"java": {f"{text} ({name})": "jars need" for text, name in what.items()}} if what else {}),
    }


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
    if arguments.get("--job-language") == "scala":
        return {"refused": SCALA_TEXT.format(name="--job-language scala")}
    if arguments.get("--class"):
        return {"refused": SCALA_TEXT.format(name=f"--class {arguments['--class']}")}
    return {}

"""Where Spark on Java lies on this machine, and how a job's process comes to import it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from runyard.core.errors import NotSupported
from runyard.executors.work import SparkPlace

INSTALL = (
    "This run needs Spark on Java. Install it apart from the server's own packages, `pip install --target DIR "
    "'pyspark>=4.2,<4.3'`, and name it in settings.toml as spark.home = 'DIR/pyspark' (a distribution of Spark 4 will "
    "do, and so does SPARK_HOME); or install 'runyard[spark-jvm]' in the place of 'runyard[spark]'."
)
NO_JAVA = (
    "This run needs Java 17 or newer: there is no `java` on the server's PATH, nor in JAVA_HOME. Install it, such as "
    "openjdk-17-jre-headless, and start the server again."
)
WAIT = "runyard_spark.pool:wait"
"""What a process does that keeps a JVM ready, until a job's order comes."""


def home(place: SparkPlace) -> Path:
    """Return the folder of Spark on Java, which holds its jars; refuse where there is none."""
    found = _home(place.home)
    if found is None:
        raise NotSupported(INSTALL)
    return found


def java() -> str:
    """Return the program that starts a JVM; refuse where there is none."""
    found = _java()
    if not found:
        raise NotSupported(NO_JAVA)
    return found


def python_path(place: SparkPlace, environments: Path) -> list[str]:
    """Return what stands on a job's path, so that its `pyspark` is the one of Spark on Java.

    It is a folder with two links, because the client alone has the same name and lies beside the server's packages.
    """
    found = home(place)
    if found == installed():
        return []
    view = environments / "spark-jvm" / sha256(str(found).encode()).hexdigest()[:16]
    for name, target in _packages(found).items():
        link = view / name
        if not link.is_symlink():
            view.mkdir(parents=True, exist_ok=True)
            _link(link, target)
    return [str(view), *map(str, found.glob("python/lib/py4j-*.zip"))]


def wait_hook(place: SparkPlace, *, memory: int) -> str:
    """Return the order to a process that waits: have a JVM of this size ready; empty where there can be none."""
    if place.drivers < 1 or place.environments is None or not _java() or _home(place.home) is None:
        return ""
    told: Mapping[str, object] = {
        "home": str(home(place)),
        "java": java(),
        "memory": memory,
        "path": python_path(place, place.environments),
        "archives": str(place.environments / "spark-jvm"),
    }
    return f"{WAIT}:{json.dumps(told, sort_keys=True)}"


@cache
def installed() -> Path | None:
    """Return Spark on Java among the server's own packages."""
    found = importlib.util.find_spec("pyspark")
    folder = Path(found.origin).parent if found and found.origin else None
    return folder if folder and (folder / "jars").is_dir() else None


@cache
def _java() -> str | None:
    named = Path(os.environ.get("JAVA_HOME") or "/nowhere") / "bin" / "java"
    return str(named) if named.is_file() else shutil.which("java")


@cache
def _home(named: str) -> Path | None:
    for place in (named, os.environ.get("SPARK_HOME", "")):
        if place and (Path(place).expanduser() / "jars").is_dir():
            return Path(place).expanduser().resolve()
    if named:
        raise NotSupported(f"spark.home is {named!r}, and there is no folder `jars` in it. {INSTALL}")
    return installed()


def _packages(found: Path) -> Mapping[str, Path]:
    inside = found / "python" / "pyspark"
    return {"pyspark": inside if (inside / "__init__.py").is_file() else found}


def _link(link: Path, target: Path) -> None:
    made = link.with_name(f".{link.name}.{os.getpid()}")
    made.unlink(missing_ok=True)
    made.symlink_to(target)
    made.replace(link)  # another server, or thread, may make the same

"""Spark on Java for tests: installed once, beside the tests' own environment, because it cannot live in it.

It is half a gigabyte and takes some twenty seconds to install; a machine that cannot skips its tests, and fails in CI.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from live import Live

SPARK = "pyspark==4.2.1"  # of the extra spark-jvm, whose client is that of the extra spark
PY4J = "py4j>=0.10.9.7,<0.10.9.10"
FOLDER = Path(sys.prefix) / "test-environments" / SPARK.replace("==", "-")
SHORT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
ARCHIVES = FOLDER / "archives"
"""Where the tests' servers share what is made once for all JVMs."""


class NotHere(Exception):
    """There can be no Spark on Java here; says why."""


def spark_home() -> Path:
    """Return the folder of Spark on Java; skip where it cannot be had."""
    try:
        return installed_home()
    except NotHere as error:
        _give_up(str(error))
        raise


@cache
def installed_home() -> Path:
    """Return the folder of Spark on Java, installed if need be."""
    if shutil.which("java") is None:
        raise NotHere("there is no java on the PATH")
    if not (FOLDER / "complete").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with _only_maker(FOLDER / "lock"):
            if not (FOLDER / "complete").exists():
                _install()
    return FOLDER / "packages" / "pyspark"


@contextmanager
def _only_maker(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install() -> None:
    uv = Path(sys.prefix) / "bin" / "uv"
    tool = (
        [str(uv), "pip", "install", "--python", sys.executable]
        if uv.exists()
        else [sys.executable, "-m", "pip", "install"]
    )
    command = [*tool, "--target", str(FOLDER / "packages"), "--no-deps", SPARK, PY4J]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotHere(f"{SPARK} cannot be installed here: {done.stderr[-500:]}")
    (FOLDER / "complete").touch()


def java_home() -> Path:
    """Return the home of a Java for short lives, which does not compile to be fast later.

    A job of a test takes half the time then; what Spark does is the same.
    """
    home = FOLDER / "java"
    wrapper = home / "bin" / "java"
    if not wrapper.exists():
        wrapper.parent.mkdir(parents=True, exist_ok=True)
        made = wrapper.with_suffix(f".{os.getpid()}")
        made.write_text(f'#!/bin/sh\nexec {shlex.quote(os.path.realpath(shutil.which("java") or ""))} {SHORT} "$@"\n')
        made.chmod(0o755)
        made.replace(wrapper)  # several may make the same at once
    return home


@contextmanager
def serving(home: Path, *, grace_s: float = 2.0, **more: object) -> Iterator[Live]:
    """Run a server that knows Spark on Java, lent what others have made for its JVMs; `more` is of its part `spark`."""
    folder = home / "environments" / "spark-jvm"
    folder.mkdir(parents=True)
    for one in _shared_of(ARCHIVES):
        (folder / one.name).symlink_to(one)
    temporary = home / "tmp"
    temporary.mkdir()
    told = {"JAVA_HOME": str(java_home()), "TMPDIR": str(temporary)}
    live = Live(home, settings=_settings(grace_s=grace_s, **more), environment=told)
    try:
        yield live.start()
    finally:
        live.close()
        _keep(folder)


def _shared_of(folder: Path) -> list[Path]:
    """Return the archives of classes, each of which takes a minute to make, and the options of their Java."""
    return [one for kind in ("*.jsa", "*.options") for one in folder.glob(kind)]


def _keep(folder: Path) -> None:
    """Keep what a server has made for the next ones, whichever test's they are."""
    ARCHIVES.mkdir(exist_ok=True)
    for one in _shared_of(folder):
        if not (ARCHIVES / one.name).exists():
            made = ARCHIVES / f"{one.name}.{os.getpid()}"
            shutil.copy2(one, made)
            made.replace(ARCHIVES / one.name)


def put_jar(jar: Path, folder: Path, *, name: str, text: str) -> None:
    """Lay down a jar with one class, compiled here."""
    javac = shutil.which("javac")
    if javac is None:
        _give_up("there is no javac on the PATH")
    source = folder / f"{name}.java"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text)
    classes = str(spark_home() / "jars" / "*")
    quickly = [f"-J{option}" for option in SHORT.split()]
    command = [javac or "", *quickly, "--release", "17", "-cp", classes, source.name]
    subprocess.run(command, cwd=source.parent, check=True)
    jar.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(jar, "w") as archive:
        archive.write(source.with_suffix(".class"), f"{name}.class")


def _give_up(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _settings(*, grace_s: float, **more: object) -> str:
    known = {"home": str(spark_home()), "drivers": 0, **more}
    lines = [
        f"{name} = {value!r}" if isinstance(value, str) else f"{name} = {str(value).lower()}"
        for name, value in known.items()
    ]
    return "\n".join([f"grace_s = {grace_s}", "places = 8", "warm_children = 2", "[spark]", *lines, ""])

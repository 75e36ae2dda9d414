"""The doctor's look at the home folder: what it holds, who may read it, and how fast it is."""

from __future__ import annotations

import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from runyard.cli.finding import Finding, Subject, failure, warning, well
from runyard.client.home import CREDENTIALS_FILE
from runyard.core.errors import InvalidRequest
from runyard.engine.seal import FILE as SEAL_FILE
from runyard.engine.settings import load_settings
from runyard.executors.mounts import default_mounts

OTHERS = 0o077
GIB = 2**30
LEAST_FREE = GIB // 10
LITTLE_FREE = 2 * GIB
SLOW_FSYNC_MS = 20.0
FSYNCS = 9
SETTINGS_FILE = "settings.toml"
LEDGER_FILE = "ledger.db"


def home(subject: Subject) -> Finding:
    """The folder is there, ours, and closed to others."""
    path = subject.home
    if not path.exists():
        return warning("home", f"{path} is not there yet", advice="`runyard serve` makes it.")
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        return failure("home", f"{path} is not a folder that we may write", advice="Name another with --home.")
    if path.stat().st_mode & OTHERS:
        return failure("home", f"{path} is open to others", advice=f"It holds keys: chmod 700 '{path}'")
    return well("home", str(path))


def disk(subject: Subject) -> Finding:
    """There is room for the ledger and for what jobs write."""
    free = shutil.disk_usage(nearest(subject.home)).free
    text = f"{free / GIB:.1f} GiB free"
    if free < LEAST_FREE:
        return failure("disk", text, advice="Free some space: runs are refused when the ledger cannot grow.")
    return well("disk", text) if free >= LITTLE_FREE else warning("disk", text, advice="Free some space soon.")


def credentials(subject: Subject) -> Finding:
    """The keys are there, and nobody else can read them."""
    file = subject.home / CREDENTIALS_FILE
    if not file.exists():
        return warning("credentials", "there are none yet", advice="`runyard serve` makes them.")
    for kept in (file, subject.home / SEAL_FILE):
        if kept.exists() and kept.stat().st_mode & OTHERS:
            advice = f"chmod 600 '{kept}', and delete it if others may have read it; the next start makes new ones."
            return failure("credentials", f"{kept} is open to others", advice=advice)
    return well("credentials", "readable by their owner only")


def ledger(subject: Subject) -> Finding:
    """The ledger opens, is written ahead, and has a schema that we know."""
    file = subject.home / LEDGER_FILE
    if not file.exists():
        return warning("ledger", f"{file} is not there yet", advice="`runyard serve` makes it, unless --store does.")
    try:
        mode, schema = _look_into(file)
    except sqlite3.Error as error:
        return failure("ledger", f"{file} does not open: {error}", advice="Stop the server and put back a backup.")
    known = len(_migrations())
    text = f"schema {schema}, journal mode {mode}, {file.stat().st_size / 2**20:.1f} MiB"
    if schema > known:
        return failure("ledger", f"{text}; this runyard knows schema {known}", advice="Use the newer runyard again.")
    if mode != "wal":
        return failure("ledger", text, advice="Start the server once; it sets journal mode wal.")
    return well("ledger", text)


def settings(subject: Subject) -> Finding:
    """settings.toml says nothing wrong."""
    file = subject.home / SETTINGS_FILE
    try:
        found = load_settings(file)
    except InvalidRequest as error:
        return failure("settings", str(error), advice="Correct the file; the server does not start with it.")
    except OSError as error:
        return failure("settings", f"{file}: {error.strerror}", advice="Make the file readable for the server.")
    return well("settings", f"{found.places} places, {SETTINGS_FILE if file.exists() else 'no file: defaults'}")


def mounts(subject: Subject) -> Finding:
    """Every folder that settings mount is there."""
    try:
        added = load_settings(subject.home / SETTINGS_FILE).mounts
    except (InvalidRequest, OSError):
        return warning("mounts", "not examined", advice="Correct the settings first.")
    missing = [f"{prefix} → {folder}" for prefix, folder in added.items() if not Path(folder).expanduser().is_dir()]
    if missing:
        return failure("mounts", f"no folder at {', '.join(missing)}", advice=f"Make it, or correct {SETTINGS_FILE}.")
    return well("mounts", ", ".join(default_mounts(subject.home, added).folders))


def fsync(subject: Subject) -> Finding:
    """A durable write is quick; every start of a run waits for one."""
    folder = nearest(subject.home)
    try:
        took = statistics.median(_fsync_ms(folder) for _ in range(FSYNCS))
    except OSError as error:
        return failure(
            "fsync", f"{folder} cannot be written: {error.strerror}", advice="Name another home with --home."
        )
    text = f"{took:.1f} ms for a durable write"
    if took > SLOW_FSYNC_MS:
        return warning("fsync", text, advice="Each start of a run waits for one; a home on a faster disk helps.")
    return well("fsync", text)


def nearest(path: Path) -> Path:
    """Return the path, or the part of it that exists."""
    return next(place for place in (path, *path.parents) if place.is_dir())


def _fsync_ms(folder: Path) -> float:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0" * 4096)
        began = time.perf_counter()
        file.flush()
        os.fsync(file.fileno())
        return (time.perf_counter() - began) * 1000


def _look_into(file: Path) -> tuple[str, int]:
    """Return journal mode and schema without changing anything; the store itself would bring the schema up to date."""
    connection = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=2)
    try:
        mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
        schema = int(connection.execute("SELECT coalesce(max(number), 0) FROM migration").fetchone()[0])
    finally:
        connection.close()
    return mode, schema


def _migrations() -> list[str]:
    from importlib import resources  # noqa: PLC0415 - only the doctor asks

    folder = resources.files("runyard.store").joinpath("migrations")
    return [entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")]

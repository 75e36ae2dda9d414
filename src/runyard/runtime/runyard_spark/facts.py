"""What this process was told of its Spark: the configuration, the machine's share, and where paths lie."""

from __future__ import annotations

import atexit
import json
import os
import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = "RUNYARD_ATTEMPT_FOLDER"
DBFS = "dbfs:/"
JAVA = ("local", "submit")
"""Kinds of engines with a JVM of this process's own."""


class Facts:
    """The facts of one run; all of it empty where a process belongs to none."""

    def __init__(self, folder: Path | None, told: Mapping[str, Any]) -> None:
        spark = told.get("spark")
        asked: Mapping[str, Any] = spark or {}
        self.folder = folder
        self.mounts: Mapping[str, str] = told.get("mounts") or {}
        engine: Mapping[str, Any] = told.get("spark_engine") or {}
        self.engine = engine
        self.conf: Mapping[str, str] = engine.get("conf") or asked.get("conf") or {}
        self.tells_progress: bool = bool(asked.get("progress"))
        self.has_catalog: bool = bool(asked.get("catalog"))
        self.cores: int | None = asked.get("cores")
        self.memory: int | None = asked.get("memory")
        # In a Databricks task a plain path belongs to DBFS; in a Glue job it is the machine's own.
        self.root = DBFS if self.mounts and spark is None else ""

    @property
    def has_java(self) -> bool:
        """Whether the run's engine is Spark on Java."""
        return self.engine.get("kind") in JAVA

    @property
    def shares_files(self) -> bool:
        """Whether the engine sees this machine's folders."""
        return bool(self.engine.get("shares_files", True))

    def temporary(self) -> Path:
        """Return a folder for what this run needs for itself until it ends."""
        made = (self.folder or Path.cwd()) / "spark"
        if not made.exists():
            made.mkdir()
            atexit.register(shutil.rmtree, made, ignore_errors=True)
        return made


def read_facts() -> Facts:
    """Return what the file in the attempt's folder says."""
    return _read(os.environ.get(FOLDER))


@lru_cache(maxsize=1)  # a hundred thousand paths are made local by them
def _read(named: str | None) -> Facts:
    file = Path(named) / "context.json" if named else None
    if file is None or not file.is_file():
        return Facts(None, {})
    return Facts(file.parent, json.loads(file.read_text(encoding="utf-8")))

"""Makes `import pyspark` find Spark as jobs know it, when it comes: the client takes a second to import."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

CLIENT = "pyspark"
OF_JAVA = "pyspark.core"
READY = "runyard_spark.ready"
READY_ON_JAVA = "runyard_spark.java"


def is_ours() -> bool:
    """Tell whether `pyspark` is to be the client of Spark Connect, Sail's or another's, and nothing but that.

    Spark on Java holds that client too; a run on another engine uses it as if it were all there is.
    """
    kind = Finder.kind()
    return kind == "connect" or (kind == "sail" and importlib.util.find_spec("pysail") is not None)


def readying() -> str | None:
    """Return the module that adds what jobs expect; none to a Spark on Java that nobody told us of."""
    if Finder.kind() in {"local", "submit"}:
        return READY_ON_JAVA
    return READY if is_ours() else None


def _settle_home(client: str) -> None:
    """Say where Spark is: the client's own modules look for it as they are imported, and end the process if it is not.

    What they find is never used: there is no Spark there but the client.
    """
    os.environ.setdefault("SPARK_HOME", str(Path(client).parent))


class Loader(SourceFileLoader):
    """Loads the client, and adds to it what it lacks."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the client's own code, then ours."""
        if is_ours():
            _settle_home(self.path)
        super().exec_module(module)
        if ready := readying():
            importlib.import_module(ready)


class Finder:
    """Waits on `sys.meta_path` for the first import of the client."""

    is_waiting_with_java = False
    """Whether this process keeps a JVM ready, for a run that nobody has told it of yet."""

    @classmethod
    def kind(cls) -> str:
        """Return which kind of engine this process has (see Kind in executors/spark_engine.py)."""
        from .facts import read_facts  # noqa: PLC0415 - every bare child has this module, and few jobs use Spark

        return "local" if cls.is_waiting_with_java else str(read_facts().engine.get("kind", "sail"))

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return how the client is loaded; all else is for others to find."""
        if name == OF_JAVA and is_ours():
            raise ModuleNotFoundError("This run's engine has no JVM.", name=name)  # so the client takes itself for all
        if name != CLIENT:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


def begin() -> None:
    """Be ready for a job that may import Spark."""
    if CLIENT in sys.modules and is_ours():
        importlib.import_module(READY)
    elif not any(isinstance(one, Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, Finder())


begin()

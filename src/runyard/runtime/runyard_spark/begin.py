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
READY = "runyard_spark.ready"


def is_ours() -> bool:
    """Tell whether it is the client alone, with Sail beside it: Spark on Java needs nothing of us."""
    found = importlib.util.find_spec("pysail") and PathFinder.find_spec(CLIENT)
    return bool(found and found.origin and not (Path(found.origin).parent / "core").is_dir())


def _settle_home(client: str) -> None:
    """Say where Spark is: the client's own modules look for it as they are imported, and end the process if it is not.

    What they find is never used: there is no Spark there but the client.
    """
    os.environ.setdefault("SPARK_HOME", str(Path(client).parent))


class Loader(SourceFileLoader):
    """Loads the client, and adds to it what it lacks."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the client's own code, then ours."""
        ours = is_ours()
        if ours:
            _settle_home(self.path)
        super().exec_module(module)
        if ours:
            importlib.import_module(READY)


class Finder:
    """Waits on `sys.meta_path` for the first import of the client."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return how the client is loaded; all else is for others to find."""
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

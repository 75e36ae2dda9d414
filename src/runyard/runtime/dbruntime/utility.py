from __future__ import annotations

import inspect
import sys


class Utility:
    """A part of `dbutils`, which can tell what it has."""

    def help(self, method: str | None = None) -> None:
        """Print what there is, or all about one of it."""
        names = [method] if method else [name for name in dir(self) if not name.startswith("_") and name != "help"]
        sys.stdout.write("".join(f"{self._told(name)}\n" for name in names))

    def _told(self, name: str) -> str:
        part = getattr(self, name)
        said = (inspect.getdoc(part) or "").splitlines()
        signature = str(inspect.signature(part, eval_str=True)) if callable(part) else ""
        return f"{name}{signature} -> {said[0] if said else ''}"

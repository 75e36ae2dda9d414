"""The script of a Python wheel task's process: calls what an installed package offers under a name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

EXITS = ("console_scripts", "gui_scripts")  # what a command returns is its exit code


def main(package: str, name: str) -> None:
    """Call an entry point of a package as its own command would."""
    known = _entry_points(package)
    for point in known:
        if point.name == name:
            result = point.load()()
            sys.exit(result if point.group in EXITS and isinstance(result, int) else 0)
    _function(package, name, known)()


def _entry_points(package: str) -> list[metadata.EntryPoint]:
    """Return the package's entry points, commands first; none of what is no distribution."""
    try:
        points = metadata.distribution(package).entry_points
    except metadata.PackageNotFoundError:
        return []
    return sorted(points, key=lambda point: point.group not in EXITS)


def _function(package: str, name: str, known: list[metadata.EntryPoint]) -> Callable[[], Any]:
    """Return the function that a name means inside of the package: `func`, `module.func` or `package.module:func`."""
    for module, path in _places(package, name):
        found: Any = _imported(module)
        for part in path.split("."):
            found = getattr(found, part, None)
        if callable(found):
            return found  # type: ignore[no-any-return] # nobody knows what a function of a package returns
    offered = ", ".join(f"{point.name} ({point.group})" for point in known) or "none"
    sys.exit(
        f"The package {package!r} has no entry point {name!r}, and there is no function {package}.{name}. "
        f"Entry points of the package: {offered}.{_advice(package)}"
    )


def _places(package: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the modules in which the function may be, and its name there."""
    if ":" in name:
        module, path = name.split(":", 1)
        yield module, path
        return
    top = package.replace("-", "_")
    parts = name.split(".")
    for split in range(len(parts)):
        yield ".".join([top, *parts[:split]]), ".".join(parts[split:])
    if parts[1:]:
        yield ".".join(parts[:-1]), parts[-1]


def _imported(name: str) -> object:
    """Return the module, or nothing if there is none of this name; what fails inside of it fails the task."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            return None
        raise


def _advice(package: str) -> str:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return f" No package {package!r} is installed; name its wheel among the libraries of the task."
    return ""


if __name__ == "__main__":
    package, name, *parameters = sys.argv[1:]
    sys.argv[:] = [package, *parameters]  # the vendor puts the package's name there, not the entry point's
    main(package, name)

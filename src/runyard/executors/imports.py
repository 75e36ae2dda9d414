"""Whether a script is likely to use the imports that warm processes have done beforehand."""

from __future__ import annotations

import re
import sys

OURS = frozenset({"awsglue", "dbruntime"})  # what jobs import of us is light
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([^#;\n\\]+))", re.MULTILINE)
_UNUSUAL = re.compile(rb"__import__|import_module|runpy|exec\(|;[ \t]*(?:import|from)[ \t]|import[ \t]*\\")


def uses_more_than_the_standard_library(source: bytes) -> bool:
    """Tell whether a script imports packages: a wrong yes costs a slower fork, a wrong no a slower import."""
    if _UNUSUAL.search(source):
        return True
    return any(name not in sys.stdlib_module_names and name not in OURS for name in _imported(source))


def _imported(source: bytes) -> set[str]:
    names: set[str] = set()
    for package, modules in _IMPORT.findall(source):
        parts = [package] if package else modules.split(b",")
        names |= {part.split()[0].split(b".")[0].decode("utf-8", "replace") for part in parts if part.split()}
    return names

"""Which operation a method and a path mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runyard.dialects.databricks.calls import Operation
from runyard.dialects.databricks.errors import Refusal

PREFIX = "/api/"
_NAMED = re.compile(r"\{(\w+)(\*?)\}")
_PART = {"": r"(?P<{0}>[^/]+)", "*": r"(?P<{0}>/.*)"}
"""What stands for a name in a path: one segment, or with a star all that follows."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """An operation that was asked for, in which version, and what its path says."""

    operation: Operation
    version: str
    named: Mapping[str, str]


class Routes:
    """The paths of a table of operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        listed = [(operation, version) for operation in operations for version in operation.versions]
        self._plain = {
            (operation.method, f"{PREFIX}{version}/{operation.path}"): Route(
                operation=operation, version=version, named={}
            )
            for operation, version in listed
        }
        self._patterns = [
            (operation, version, _pattern(f"{PREFIX}{version}/{operation.path}"))
            for operation, version in listed
            if "{" in operation.path
        ]

    def find(self, method: str, path: str) -> Route:
        """Return what a call asks for; refuse what there is not, also by this method."""
        known = self.known(method, path)
        if known is None:
            raise Refusal("ENDPOINT_NOT_FOUND", f"No API found for '{method} {path.removeprefix('/api')}'")
        return known

    def known(self, method: str, path: str) -> Route | None:
        """Return what a call asks for, if there is such a thing."""
        return self._plain.get((method, path)) or self._matching(method, path)

    def _matching(self, method: str, path: str) -> Route | None:
        for operation, version, pattern in self._patterns:
            if operation.method == method and (match := pattern.fullmatch(path)):
                return Route(operation=operation, version=version, named=match.groupdict())
        return None


def _pattern(path: str) -> re.Pattern[str]:
    plain = re.escape(path)
    return re.compile(re.sub(r"\\\{(\w+)(\\\*)?\\\}", _part, plain), re.DOTALL)


def _part(found: re.Match[str]) -> str:
    return _PART["*" if found[2] else ""].format(found[1])

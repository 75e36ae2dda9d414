"""Which operation a method and a path mean; a slash at the end means nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from runyard.dialects.dremio.calls import Operation
from runyard.dialects.dremio.errors import Refusal, missing

_NAMED = re.compile(r"\\\{(\w+)(\\\*)?\\\}")
_PART = {None: r"(?P<{0}>[^/]+)", r"\*": r"(?P<{0}>.+)"}
"""What stands for a name in a path: one segment, or with a star all that follows."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """An operation that was asked for, in which variant, and what its path says."""

    operation: Operation
    base: str
    named: Mapping[str, str]  # as they stand in the path, encoded


class Routes:
    """The paths of a table of operations; of two that fit, the first in the table is meant."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._known = [
            (operation, base, _pattern(base + operation.path)) for operation in operations for base in operation.bases
        ]

    def find(self, method: str, path: str) -> Route:
        """Return what a call asks for; refuse what there is not, also by this method."""
        plain = path.rstrip("/") or "/"
        for operation, base, known in self._known:
            if operation.method == method and (match := known(plain)):
                return Route(operation=operation, base=base, named=match.groupdict())
        if allowed := ", ".join(dict.fromkeys(operation.method for operation, _, known in self._known if known(plain))):
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} cannot be asked for by {method}; use {allowed}.")
        raise missing(f"There is nothing at {path}.")


def _pattern(path: str) -> re.Pattern[str].fullmatch:  # type: ignore[valid-type]
    return re.compile(_NAMED.sub(lambda found: _PART[found[2]].format(found[1]), re.escape(path)), re.DOTALL).fullmatch

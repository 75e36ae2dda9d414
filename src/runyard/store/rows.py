"""How a part of the ledger asks its transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runyard.store.database import Cursor
    from runyard.store.records import Shape

R = TypeVar("R")
Value = str | int | bool | None


class Rows:
    """Named queries as records."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def _one(self, shape: Shape[R], query: str, **parameters: Value) -> R | None:
        records = self._all(shape, query, **parameters)
        return records[0] if records else None

    def _all(self, shape: Shape[R], query: str, **parameters: Value) -> list[R]:
        return shape.read(self._cursor.all(query, parameters))

    def _did(self, query: str, parameters: Mapping[str, Value]) -> bool:
        return bool(self._cursor.all(query, parameters))

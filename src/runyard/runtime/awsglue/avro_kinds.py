"""The types that schemas of Avro declare, as those of records: each file brings its own, and they may differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .records import Kind

SCALARS: Mapping[str, str] = {
    "boolean": "boolean",
    "int": "int",
    "long": "long",
    "float": "float",
    "double": "double",
    "string": "string",
    "enum": "string",
    "bytes": "binary",
    "fixed": "binary",
}
LOGICAL: Mapping[str, str] = {
    "date": "date",
    "timestamp-millis": "timestamp",
    "timestamp-micros": "timestamp",
    "local-timestamp-millis": "timestamp",
    "local-timestamp-micros": "timestamp",
    "time-millis": "string",
    "time-micros": "string",
    "uuid": "string",
}


def see(kind: Kind, schema: Any, *, has_logical: bool) -> None:
    """Take a file's schema into account; without logical types, what values are stored as."""
    _Sight(has_logical=has_logical).see(kind, schema)


class _Sight:
    def __init__(self, *, has_logical: bool) -> None:
        self._has_logical = has_logical
        self._named: dict[str, Any] = {}
        self._open: list[str] = []

    def see(self, kind: Kind, schema: Any) -> None:
        if isinstance(schema, list):
            for one in schema:
                self.see(kind, one)
            return
        if isinstance(schema, str):
            if schema in self._named:
                self.see(kind, self._named[schema])
            else:
                self._scalar(kind, {"type": schema})
            return
        self._whole(kind, schema)

    def _whole(self, kind: Kind, schema: Mapping[str, Any]) -> None:
        what, name = schema["type"], str(schema.get("name", ""))
        if name:
            self._named[name] = schema
        if what in {"record", "error"}:
            self._record(kind, schema, name)
        elif what == "array":
            kind.element = kind.element or Kind()
            self.see(kind.element, schema["items"])
        elif what == "map":
            kind.entry = kind.entry or Kind()
            self.see(kind.entry, schema["values"])
        elif isinstance(what, str):
            self._scalar(kind, schema)
        else:
            self.see(kind, what)

    def _record(self, kind: Kind, schema: Mapping[str, Any], name: str) -> None:
        if name in self._open:
            raise ValueError(f"The Avro record {name!r} holds itself, which a table cannot.")
        self._open.append(name)
        kind.fields = {} if kind.fields is None else kind.fields
        for field in schema["fields"]:
            self.see(kind.fields.setdefault(field["name"], Kind()), field["type"])
        self._open.pop()

    def _scalar(self, kind: Kind, schema: Mapping[str, Any]) -> None:
        what, logical = schema["type"], schema.get("logicalType") if self._has_logical else None
        if what == "null":
            return
        if logical == "decimal":
            precision, scale = int(schema["precision"]), int(schema.get("scale", 0))
            kind.scale, kind.digits = max(kind.scale, scale), max(kind.digits, precision - scale)
            kind.scalars["decimal"] = None
            return
        kind.scalars[LOGICAL.get(str(logical)) or SCALARS[what]] = None

"""What types records have, found by looking at every one of them, as a DynamicFrame does; and frames made of records.

A field whose records differ in type is a choice. In a frame it is a structure with one member for each type, named
like it, of which each record fills one; that is how AWS's `toDF` shows a choice that nobody resolved, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

INT_BITS = 31
STRUCT, ARRAY, MAP = "struct", "array", "map"
SCALARS: Mapping[type, str] = {
    bool: "boolean",
    float: "double",
    str: "string",
    bytes: "binary",
    bytearray: "binary",
    datetime: "timestamp",
    date: "date",
}


ALSO: Mapping[str, tuple[str, ...]] = {"long": ("int",), "float": ("double",)}
"""What a value may look like that is of a type: Python's numbers tell no more."""


class Kind:
    """The types that the values of one field were seen to have."""

    __slots__ = ("digits", "element", "entry", "fields", "scalars", "scale")

    def __init__(self) -> None:
        self.scalars: dict[str, None] = {}  # in the order seen
        self.fields: dict[str, Kind] | None = None
        self.element: Kind | None = None
        self.entry: Kind | None = None  # of a map, which only schemas of a format's own can tell from a structure
        self.digits = self.scale = 0

    def see(self, value: Any) -> None:
        """Take a value's type into account."""
        if value is None:
            return
        exact = SCALARS.get(type(value))  # most values by far: every record passes here
        if exact is not None:
            self.scalars[exact] = None
        elif isinstance(value, Mapping):
            self._see_fields(value)
        elif isinstance(value, list | tuple):
            self.element = self.element or Kind()
            for each in value:
                self.element.see(each)
        else:
            self.scalars[self._scalar(value)] = None

    def _see_fields(self, record: Mapping[Any, Any]) -> None:
        fields = self.fields = {} if self.fields is None else self.fields
        for name, each in record.items():
            known = fields.get(name)
            if known is None:
                known = fields.setdefault(str(name), Kind())
            known.see(each)

    def _scalar(self, value: Any) -> str:
        exact = SCALARS.get(type(value))
        if exact is not None:
            return exact
        if isinstance(value, Decimal):
            shape = value.as_tuple()
            exponent = shape.exponent if isinstance(shape.exponent, int) else 0
            self.scale = max(self.scale, -exponent)
            self.digits = max(self.digits, len(shape.digits) + exponent, 1)
            return "decimal"
        if isinstance(value, int) and not isinstance(value, bool):
            return "int" if value.bit_length() <= INT_BITS else "long"
        return next((name for kind, name in SCALARS.items() if isinstance(value, kind)), "string")

    @property
    def types(self) -> list[str]:
        """The names of the types; none if there was no value."""
        scalars = [name for name in self.scalars if name != "int" or "long" not in self.scalars]
        nested = {STRUCT: self.fields, ARRAY: self.element, MAP: self.entry}
        return [*scalars, *(name for name, one in nested.items() if one is not None)]

    def fits(self, kind: str) -> Callable[[Any], bool]:
        """Return the test whether a value belongs to one of a choice's types."""
        if kind in {STRUCT, MAP}:
            return lambda value: isinstance(value, Mapping)
        if kind == ARRAY:
            return lambda value: isinstance(value, list | tuple)
        of = {kind, *ALSO.get(kind, ())}
        return lambda value: not isinstance(value, Mapping | list | tuple) and self._scalar(value) in of


def seen(records: Iterable[Any]) -> Kind:
    """Return what types records have."""
    kind = Kind()
    for record in records:
        kind.see(record)
    return kind


def shaped(kind: Kind) -> Callable[[Any], Any]:
    """Return what turns a record's value into one of the type that `ddl` spells."""
    types = kind.types
    if len(types) <= 1:
        return _shaped_one(kind, types[0]) if types else lambda _: None
    options = [(one, kind.fits(one), _shaped_one(kind, one)) for one in types]

    def choose(value: Any) -> Any:
        if value is None:
            return None
        return {name: make(value) if fits(value) else None for name, fits, make in options}

    return choose


def _shaped_one(kind: Kind, name: str) -> Callable[[Any], Any]:
    if name == STRUCT:
        makers = {field: shaped(one) for field, one in (kind.fields or {}).items()}
        return lambda value: (
            None if value is None else {field: make(value.get(field)) for field, make in makers.items()}
        )
    if name == ARRAY:
        make = shaped(kind.element or Kind())
        return lambda value: None if value is None else [make(each) for each in value]
    if name == MAP:
        make = shaped(kind.entry or Kind())
        return lambda value: None if value is None else [(key, make(each)) for key, each in value.items()]
    if name == "string":
        return lambda value: value if value is None or isinstance(value, str) else str(value)
    return lambda value: value


def paths(kind: Kind, path: str = "") -> tuple[dict[str, list[str]], set[str]]:
    """Return where there are choices, each with its types, and where there was no value at all."""
    choices: dict[str, list[str]] = {}
    nulls: set[str] = set()
    types = kind.types
    if path and len(types) > 1:
        choices[path] = types
    if path and not types:
        nulls.add(path)
    below = [(f"{path}[]", kind.element)] if kind.element else []
    below += [(f"{path}.{name}".lstrip("."), one) for name, one in (kind.fields or {}).items()]
    for name, one in below if len(types) <= 1 else []:
        more, empty = paths(one, name)
        choices |= more
        nulls |= empty
    return choices, nulls


def without_choices(kind: Kind) -> bool:
    """Tell whether no field has several types."""
    return not paths(kind)[0]

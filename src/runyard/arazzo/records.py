"""Records: keyword-only, frozen dataclasses whose code is only written when the first of a kind is made.

A short workflow makes a few of the seventy kinds that are known here; to write the methods of all of them took longer
than its requests. Nobody changes a frozen record: mypy refuses it, so that nothing has to be asked at each assignment.
"""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Any, ClassVar, Self, dataclass_transform


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Record:
    """What all records are: equal if their fields are, unless the kind says `eq=False`."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __init_subclass__(cls, *, eq: bool = True, frozen: bool = True) -> None:
        """Take the choices that a dataclass has too."""
        if not eq:
            cls.__eq__ = object.__eq__  # type: ignore[method-assign]  # only the same one is equal
            cls.__hash__ = object.__hash__  # type: ignore[method-assign]  # same
        elif not frozen:
            cls.__hash__ = None  # type: ignore[assignment]  # as Python has it of what changes

    def __init__(self, **given: Any) -> None:
        """Make the first record of its kind, and write how the others are made."""
        kind = type(self)
        dataclasses.dataclass(kw_only=True, eq=False, repr=False)(kind)
        kind.__init__(self, **given)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        members = ", ".join(
            f"{name}={value!r}" for name, value in zip(self.__dataclass_fields__, self._values(), strict=True)
        )
        return f"{type(self).__qualname__}({members})"

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self.__dataclass_fields__])

    def but(self, **members: Any) -> Self:
        """Return the record with other values for these fields."""
        return type(self)(**{name: getattr(self, name) for name in self.__dataclass_fields__} | members)

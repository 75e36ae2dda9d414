"""Clean-room `awsglue.gluetypes`: the types of a DynamicFrame's schema, choices among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


class DataType:
    """A type of Glue; two are equal if they are written alike."""

    name = "null"

    @classmethod
    def typeName(cls) -> str:
        """Return the type's name."""
        return cls.name

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield f"{'|    ' * depth}|-- {name}: {self.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DataType) and self.jsonValue() == other.jsonValue()

    def __hash__(self) -> int:
        return hash(repr(self.jsonValue()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({{}})"


def _atomic(name: str, of: str) -> type[DataType]:
    return type(name, (DataType,), {"name": of, "__doc__": f"The type `{of}`.", "__module__": __name__})


NullType = _atomic("NullType", "null")
BinaryType = _atomic("BinaryType", "binary")
BooleanType = _atomic("BooleanType", "boolean")
ByteType = _atomic("ByteType", "byte")
DateType = _atomic("DateType", "date")
DoubleType = _atomic("DoubleType", "double")
FloatType = _atomic("FloatType", "float")
IntegerType = _atomic("IntegerType", "int")
LongType = _atomic("LongType", "long")
ShortType = _atomic("ShortType", "short")
StringType = _atomic("StringType", "string")
TimestampType = _atomic("TimestampType", "timestamp")
UnknownType = _atomic("UnknownType", "unknown")


class DecimalType(DataType):
    """A decimal of some digits, of which some stand behind the point."""

    name = "decimal"

    def __init__(self, precision: int = 10, scale: int = 2) -> None:
        self.precision = precision
        self.scale = scale

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "precision": self.precision, "scale": self.scale}


class Field:
    """A field of a structure."""

    def __init__(self, name: str, dataType: DataType) -> None:
        self.name = name
        self.dataType = dataType

    def jsonValue(self) -> Any:
        """Return the field as JSON holds it."""
        return {"name": self.name, "container": self.dataType.jsonValue()}

    def __repr__(self) -> str:
        return f"Field({self.name}, {self.dataType!r})"


class StructType(DataType):
    """Fields by name."""

    name = "struct"

    def __init__(self, fields: Sequence[Field] = ()) -> None:
        self.fields = list(fields)
        self.field_map = {field.name: field for field in self.fields}

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "fields": [field.jsonValue() for field in self.fields]}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield from super().lines(name, depth)
        for field in self.fields:
            yield from field.dataType.lines(field.name, depth + 1)


class ArrayType(DataType):
    """Any number of elements."""

    name = "array"

    def __init__(self, elementType: DataType) -> None:
        self.elementType = elementType

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "elementType": self.elementType.jsonValue()}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield from super().lines(name, depth)
        yield from self.elementType.lines("element", depth + 1)


class MapType(DataType):
    """Values by key."""

    name = "map"

    def __init__(self, keyType: DataType, valueType: DataType) -> None:
        self.keyType = keyType
        self.valueType = valueType

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        kept = {"keyType": self.keyType.jsonValue(), "valueType": self.valueType.jsonValue()}
        return {"dataType": self.name, **kept}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield from super().lines(name, depth)
        yield from self.keyType.lines("keyType", depth + 1)
        yield from self.valueType.lines("valueType", depth + 1)


class ChoiceType(DataType):
    """One of several types, which the records of a field differ in."""

    name = "choice"

    def __init__(self, choices: Sequence[DataType] = ()) -> None:
        self.choices = {one.typeName(): one for one in choices}

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "choices": [one.jsonValue() for one in self.choices.values()]}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield from super().lines(name, depth)
        for kind, one in self.choices.items():
            first, *more = one.lines(kind, depth + 1)
            yield first.rpartition(":")[0]
            yield from more

"""Clean-room `awsglue.gluetypes`: the types of a DynamicFrame's schema, choices among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Properties = Mapping[str, Any]


class DataType:
    """A type of Glue; two are equal if they are written alike."""

    name = "null"

    def __init__(self, properties: Properties | None = None) -> None:
        self.properties = dict(properties or {})

    @classmethod
    def typeName(cls) -> str:
        """Return the type's name."""
        return cls.name

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, **self._told()}

    def _told(self) -> dict[str, Any]:
        return {"properties": self.properties} if self.properties else {}

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

    def __init__(self, precision: int = 10, scale: int = 2, properties: Properties | None = None) -> None:
        super().__init__(properties)
        self.precision = precision
        self.scale = scale

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "precision": self.precision, "scale": self.scale, **self._told()}


class EnumType(DataType):
    """One of some words."""

    name = "enum"

    def __init__(self, options: Sequence[str], properties: Properties | None = None) -> None:
        super().__init__(properties)
        self.options = list(options)

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "options": self.options, **self._told()}


class Field:
    """A field of a structure."""

    def __init__(self, name: str, dataType: DataType, properties: Properties | None = None) -> None:
        self.name = name
        self.dataType = dataType
        self.properties = dict(properties or {})

    def jsonValue(self) -> Any:
        """Return the field as JSON holds it."""
        told = {"properties": self.properties} if self.properties else {}
        return {"name": self.name, "container": self.dataType.jsonValue(), **told}

    def __repr__(self) -> str:
        return f"Field({self.name}, {self.dataType!r})"


class StructType(DataType):
    """Fields by name."""

    name = "struct"

    def __init__(self, fields: Sequence[Field] = (), properties: Properties | None = None) -> None:
        super().__init__(properties)
        self.fields = list(fields)
        self.field_map = {field.name: field for field in self.fields}

    def add(self, field: Field) -> StructType:
        """Add a field."""
        self.fields.append(field)
        self.field_map[field.name] = field
        return self

    def hasField(self, field: str | Field) -> bool:
        """Tell whether there is a field of a name."""
        return (field.name if isinstance(field, Field) else field) in self.field_map

    def getField(self, field: str | Field) -> Field | None:
        """Return the field of a name, None if there is none."""
        return self.field_map.get(field.name if isinstance(field, Field) else field)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "fields": [field.jsonValue() for field in self.fields], **self._told()}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield from super().lines(name, depth)
        for field in self.fields:
            yield from field.dataType.lines(field.name, depth + 1)


class ArrayType(DataType):
    """Any number of elements."""

    name = "array"

    def __init__(self, elementType: DataType | None = None, properties: Properties | None = None) -> None:
        super().__init__(properties)
        self.elementType = elementType or UnknownType()

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "elementType": self.elementType.jsonValue(), **self._told()}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield from super().lines(name, depth)
        yield from self.elementType.lines("element", depth + 1)


class MapType(DataType):
    """Values by key, which is a text."""

    name = "map"

    def __init__(self, valueType: DataType | None = None, properties: Properties | None = None) -> None:
        super().__init__(properties)
        self.keyType = StringType()
        self.valueType = valueType or UnknownType()

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "valueType": self.valueType.jsonValue(), **self._told()}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield from super().lines(name, depth)
        yield from self.keyType.lines("keyType", depth + 1)
        yield from self.valueType.lines("valueType", depth + 1)


class ChoiceType(DataType):
    """One of several types, which the records of a field differ in."""

    name = "choice"

    def __init__(self, choices: Sequence[DataType] = (), properties: Properties | None = None) -> None:
        super().__init__(properties)
        self.choices = {one.typeName(): one for one in choices}

    def add(self, new_choice: DataType) -> ChoiceType:
        """Add a type."""
        self.choices[new_choice.typeName()] = new_choice
        return self

    def merge(self, new_choices: Sequence[DataType]) -> ChoiceType:
        """Add types."""
        for one in new_choices:
            self.add(one)
        return self

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        return {"dataType": self.name, "choices": [one.jsonValue() for one in self.choices.values()], **self._told()}

    def lines(self, name: str, depth: int) -> Iterator[str]:
        """Yield the lines of a schema's print."""
        yield from super().lines(name, depth)
        for kind, one in self.choices.items():
            first, *more = one.lines(kind, depth + 1)
            yield first.rpartition(":")[0]
            yield from more


class EntityType(DataType):
    """A type with a meaning, for which AWS documents no use."""

    name = "entity"

    def __init__(self, entity: str, base_type: DataType, properties: Properties | None = None) -> None:
        super().__init__(properties)
        self.entity = entity
        self.base_type = base_type

    def jsonValue(self) -> Any:
        """Return the type as JSON holds it."""
        kept = {"entity": self.entity, "baseType": self.base_type.jsonValue()}
        return {"dataType": self.name, **kept, **self._told()}

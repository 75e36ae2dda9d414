"""Types in three languages: those that records were seen to have, Spark's, and Glue's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql import types as spark

from . import gluetypes as glue
from .records import ARRAY, MAP, STRUCT, Kind

LARGEST_PRECISION = 38
SCALARS: Mapping[str, tuple[Any, Any]] = {
    "null": (spark.NullType, glue.NullType),
    "boolean": (spark.BooleanType, glue.BooleanType),
    "byte": (spark.ByteType, glue.ByteType),
    "short": (spark.ShortType, glue.ShortType),
    "int": (spark.IntegerType, glue.IntegerType),
    "long": (spark.LongType, glue.LongType),
    "float": (spark.FloatType, glue.FloatType),
    "double": (spark.DoubleType, glue.DoubleType),
    "string": (spark.StringType, glue.StringType),
    "binary": (spark.BinaryType, glue.BinaryType),
    "date": (spark.DateType, glue.DateType),
    "timestamp": (spark.TimestampType, glue.TimestampType),
}
"""By Glue's name: the type of Spark and the type of Glue."""
SAME: Mapping[str, str] = {
    "bigint": "long",
    "integer": "int",
    "smallint": "short",
    "tinyint": "byte",
    "bool": "boolean",
    "varchar": "string",
    "char": "string",
    "timestamp_ntz": "timestamp",
}
"""What catalogs and Spark call the same types."""
SPARKS: Mapping[str, str] = {"long": "bigint", "short": "smallint", "byte": "tinyint"}


def glue_name(name: str) -> str:
    """Return Glue's name of a type that a catalog or Spark names."""
    plain = name.strip().lower()
    short = plain.partition("(")[0].partition("<")[0]
    return SAME.get(short, plain if short in {"decimal", "array", "struct", "map"} else short)


def cast_name(name: str) -> str:
    """Return what Spark's casts call a type that a script names."""
    found = glue_name(name)
    return SPARKS.get(found, found)


def struct_of(kind: Kind) -> Any:
    """Return the schema of records of these types."""
    return spark.StructType([spark.StructField(name, spark_of(one)) for name, one in (kind.fields or {}).items()])


def spark_of(kind: Kind) -> Any:
    """Return Spark's type; of a choice it is a structure with a member for each type."""
    types = kind.types
    if len(types) > 1:
        return spark.StructType([spark.StructField(name, _one(kind, name)) for name in types])
    return _one(kind, types[0]) if types else spark.StringType()


def _one(kind: Kind, name: str) -> Any:
    if name == STRUCT:  # no format keeps a structure without fields
        return struct_of(kind) if kind.fields else spark.StructType([spark.StructField("_", spark.StringType())])
    if name == ARRAY:
        return spark.ArrayType(spark_of(kind.element or Kind()))
    if name == MAP:
        return spark.MapType(spark.StringType(), spark_of(kind.entry or Kind()))
    if name == "decimal":
        return spark.DecimalType(min(kind.digits + kind.scale, LARGEST_PRECISION), kind.scale)
    return SCALARS[name][0]()


def name_of(kind: Any) -> str:
    """Return Glue's name of one of Spark's types."""
    return glue_name(kind.typeName() if not isinstance(kind, spark.ByteType) else "byte")


Choices = Mapping[str, Sequence[str]]
Nulls = frozenset[str]


def glue_of(kind: Any, path: str, choices: Choices, nulls: Nulls) -> glue.DataType:
    """Return Glue's type of what has one of Spark's at a path."""
    if path in nulls:
        return glue.NullType()
    if path in choices:
        return glue.ChoiceType([glue_of(field.dataType, f"{path}.{field.name}", {}, nulls) for field in kind.fields])
    make = next((make for of, make in NESTED.items() if isinstance(kind, of)), None)
    if make is not None:
        return make(kind, path, choices, nulls)
    found: glue.DataType = SCALARS.get(name_of(kind), (None, glue.UnknownType))[1]()
    return found


def _struct(kind: Any, path: str, choices: Choices, nulls: Nulls) -> glue.DataType:
    below = f"{path}." if path else ""
    return glue.StructType(
        [glue.Field(one.name, glue_of(one.dataType, f"{below}{one.name}", choices, nulls)) for one in kind.fields]
    )


def _array(kind: Any, path: str, choices: Choices, nulls: Nulls) -> glue.DataType:
    return glue.ArrayType(glue_of(kind.elementType, f"{path}[]", choices, nulls))


def _map(kind: Any, path: str, _: Choices, nulls: Nulls) -> glue.DataType:
    return glue.MapType(glue_of(kind.valueType, path, {}, nulls))


def _decimal(kind: Any, *_: Any) -> glue.DataType:
    return glue.DecimalType(kind.precision, kind.scale)


NESTED: Mapping[Any, Callable[[Any, str, Choices, Nulls], glue.DataType]] = {
    spark.StructType: _struct,
    spark.ArrayType: _array,
    spark.MapType: _map,
    spark.DecimalType: _decimal,
}


def remembered(kind: Kind, schema: Any) -> Kind:
    """Let fields that passed through Python keep the types that their values alone do not tell."""
    for field in schema.fields:
        one = (kind.fields or {}).get(field.name)
        if one is None:
            continue
        name = name_of(field.dataType)
        if isinstance(field.dataType, spark.StructType) and one.fields is not None:
            remembered(one, field.dataType)
        elif name == "long" and set(one.scalars) == {"int"}:
            one.scalars = {"long": None}
        elif name in SCALARS and name not in {"null", "string"} and not one.types:
            one.scalars = {name: None}
    return kind


def declared_type(told: Mapping[str, Any]) -> Any:
    """Return Spark's type for one that Glue's `jsonValue` spells, as `withSchema` has it."""
    name = glue_name(str(told.get("dataType", "")))
    if name == STRUCT:
        return spark.StructType(
            [spark.StructField(one["name"], declared_type(one["container"])) for one in told.get("fields", [])]
        )
    if name == ARRAY:
        return spark.ArrayType(declared_type(told["elementType"]))
    if name == MAP:
        key = told.get("keyType") or {"dataType": "string"}
        return spark.MapType(declared_type(key), declared_type(told["valueType"]))
    if name == "decimal":
        return spark.DecimalType(int(told.get("precision", 10)), int(told.get("scale", 2)))
    if name not in SCALARS:
        raise ValueError(
            f"withSchema names the type {name!r}; known are {', '.join(SCALARS)}, decimal, array, map, struct."
        )
    return SCALARS[name][0]()

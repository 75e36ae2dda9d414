"""Records read by a schema that the script declares (`withSchema`), not by the types that they were seen to have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pyspark.sql import types as spark

from .places import Part, with_values
from .reading import Found, together
from .schemas import declared_type
from .staging import staged

YES = {"true": True, "false": False, "1": True, "0": False}


def declared(
    spark_session: Any,
    parts: Sequence[Part],
    options: Mapping[str, Any],
    types: Mapping[str, str],
    records: Callable[[Sequence[str]], Iterable[Any]],
) -> Found:
    """Return records with the types that `withSchema` declares; what does not fit is null."""
    schema = schema_of(options["withSchema"])
    fit = fitting(schema)
    made = [with_values(staged(spark_session, schema, map(fit, records(part.files))), part, types) for part in parts]
    return Found(dataframe=together(made))


def schema_of(told: Any) -> Any:
    """Return the schema of rows that `withSchema` spells: the JSON of a StructType of awsglue.gluetypes."""
    found = declared_type(json.loads(told) if isinstance(told, str) else told)
    if not isinstance(found, spark.StructType):
        raise TypeError("withSchema must be json.dumps(StructType([Field(…), …]).jsonValue()) of awsglue.gluetypes.")
    return found


def fitting(kind: Any) -> Callable[[Any], Any]:
    """Return what makes a value one of a type; of a value that cannot be one it makes null."""
    make = next((make for of, make in NESTED.items() if isinstance(kind, of)), None)
    if make is not None:
        return make(kind)
    return _guarded(SCALARS.get(type(kind), _text))


def _struct(kind: Any) -> Callable[[Any], Any]:
    makers = {one.name: fitting(one.dataType) for one in kind.fields}

    def made(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return None
        return {name: make(value[name]) if value.get(name) is not None else None for name, make in makers.items()}

    return made


def _array(kind: Any) -> Callable[[Any], Any]:
    make = fitting(kind.elementType)
    # An element of XML that stands alone is no list yet.
    return lambda value: (
        None if value is None else [make(one) for one in (value if isinstance(value, list) else [value])]
    )


def _map(kind: Any) -> Callable[[Any], Any]:
    make = fitting(kind.valueType)
    return lambda value: [(key, make(one)) for key, one in value.items()] if isinstance(value, Mapping) else None


NESTED: Mapping[Any, Callable[[Any], Callable[[Any], Any]]] = {
    spark.StructType: _struct,
    spark.ArrayType: _array,
    spark.MapType: _map,
}


def _guarded(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def made(value: Any) -> Any:
        try:
            return None if value is None else make(value)
        except (ValueError, TypeError, ArithmeticError, KeyError):
            return None

    return made


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _boolean(value: Any) -> bool:
    return value if isinstance(value, bool) else YES[str(value).strip().lower()]


SCALARS: Mapping[Any, Callable[[Any], Any]] = {
    spark.BooleanType: _boolean,
    spark.ByteType: int,
    spark.ShortType: int,
    spark.IntegerType: int,
    spark.LongType: int,
    spark.FloatType: float,
    spark.DoubleType: float,
    spark.DecimalType: lambda value: Decimal(str(value)),
    spark.DateType: lambda value: date.fromisoformat(str(value)),
    spark.TimestampType: lambda value: datetime.fromisoformat(str(value)),
}

"""Tables of the Data Catalog, read and written where their files lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import functions as F

from . import formats
from .catalog import Catalog
from .fields import column
from .opening import compression
from .places import Part, files_of, parts_of, pruned
from .reading import Found
from .schemas import cast_name, glue_name

BY_CLASS: Mapping[str, str] = {
    "ParquetHiveSerDe": "parquet",
    "JsonSerDe": "json",
    "OpenCSVSerde": "csv",
    "LazySimpleSerDe": "csv",
    "OrcSerde": "orc",
    "AvroSerDe": "avro",
}
"""By the last part of a serialisation library's name: the format."""
OF_READING = ("exclusions", "groupFiles", "groupSize", "recurse")
OF_DATABASE = ("connectionName", "hashexpression", "hashfield", "hashpartitions")
SIMPLE = {"string", "array", "struct", "map", "binary"}


class Table:
    """A table of the catalog."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told
        self.storage: Mapping[str, Any] = told.get("StorageDescriptor") or {}
        self.database = str(told.get("DatabaseName", ""))
        self.name = str(told["Name"])
        self._parameters: Mapping[str, str] = {
            **(self.storage.get("Parameters") or {}),
            **(told.get("Parameters") or {}),
        }
        self.columns: Sequence[Mapping[str, str]] = self.storage.get("Columns") or []
        self.keys: Sequence[Mapping[str, str]] = told.get("PartitionKeys") or []

    @property
    def location(self) -> str:
        """Where its files lie."""
        found = str(self.storage.get("Location") or "")
        if not found:
            raise ValueError(f"Table {self.database}.{self.name} has no StorageDescriptor.Location; give it one.")
        return found

    @property
    def format(self) -> str:
        """What its files are."""
        if known := self._parameters.get("classification"):
            return str(known).lower()
        library = str(self._serde.get("SerializationLibrary") or "").rpartition(".")[2]
        if library not in BY_CLASS:
            advice = "set the table's parameter 'classification' to csv, json, parquet, orc, avro or xml"
            raise ValueError(f"Table {self.database}.{self.name} does not tell its format; {advice}.")
        return BY_CLASS[library]

    @property
    def options(self) -> dict[str, Any]:
        """How its files are read, in the words of `format_options`."""
        told = {**self._parameters, **(self._serde.get("Parameters") or {})}
        found = {
            "separator": told.get("separatorChar") or told.get("field.delim") or told.get("delimiter"),
            "quoteChar": told.get("quoteChar"),
            "escaper": told.get("escapeChar"),
            "withHeader": str(told.get("skip.header.line.count", "0")).strip() not in {"0", ""},
            "rowTag": told.get("rowTag") or told.get("rowtag"),
            "jsonPath": told.get("jsonPath"),
            "multiLine": told.get("multiLine") or told.get("multiline"),
            **compression(told),
        }
        return {name: value for name, value in found.items() if value is not None}

    @property
    def reading(self) -> dict[str, Any]:
        """Which of its files are read, in the words of `connection_options`: a table may say so itself."""
        return {name: self._parameters[name] for name in OF_READING if name in self._parameters}

    @property
    def is_of_database(self) -> bool:
        """Tell whether it is a table of a database that the catalog describes."""
        return bool(self._parameters.get("connectionName") or self.storage.get("Parameters", {}).get("connectionName"))

    @property
    def of_database(self) -> dict[str, Any]:
        """Where its rows are and how they are read, in the words of `connection_options`."""
        told = {name: self._parameters[name] for name in OF_DATABASE if name in self._parameters}
        *database, schema, table = [*([""] * (1 - self.location.count("."))), *self.location.split(".")]
        return {**told, "database": ".".join(database), "dbtable": f"{schema}.{table}".lstrip(".")}

    @property
    def key_types(self) -> dict[str, str]:
        """The types of its partition columns."""
        return {one["Name"]: cast_name(one.get("Type", "string")) for one in self.keys}

    @property
    def _serde(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.storage.get("SerdeInfo") or {}
        return found


def read(
    spark: Any, catalog: Catalog, table: Table, *, context: str, predicate: str, options: Mapping[str, Any]
) -> Found:
    """Return the rows of a table, or of those of its partitions that a predicate leaves."""
    told = {**table.reading, **options}
    parts = pruned(spark, _parts(catalog, table, context, told), predicate)
    found = formats.read(spark, parts, table.format, table.options, table.key_types)
    return _typed(found, table) if parts and table.format == "csv" else found


def _parts(catalog: Catalog, table: Table, context: str, options: Mapping[str, Any]) -> list[Part]:
    if not table.keys:
        whole = parts_of([table.location], options, context)
        return [Part(files=[file for part in whole for file in part.files])] if whole else []
    names = [one["Name"] for one in table.keys]
    known = catalog.partitions(table.database, table.name)
    values = {str(one["StorageDescriptor"]["Location"]): dict(zip(names, one["Values"], strict=True)) for one in known}
    return files_of(values, options, context)


def _typed(found: Found, table: Table) -> Found:
    """Give the texts of CSV the types of the catalog; a column in which some have another type is a choice."""
    keys = {one["Name"] for one in table.keys}
    texts = [name for name in found.dataframe.columns if name not in keys]
    if len(texts) != len(table.columns):
        raise ValueError(
            f"The files of table {table.database}.{table.name} have {len(texts)} columns and the catalog has "
            f"{len(table.columns)}; update the table."
        )
    named = found.dataframe.toDF(
        *(one["Name"] for one in table.columns), *(name for name in found.dataframe.columns if name in keys)
    )
    wanted = {one["Name"]: cast_name(one.get("Type", "string")) for one in table.columns}
    asked = {name: kind for name, kind in wanted.items() if kind.partition("<")[0] not in SIMPLE}
    odd = _with_other_types(named, asked)
    made = [_cast(name, asked.get(name), is_choice=name in odd).alias(name) for name in named.columns]
    return Found(dataframe=named.select(*made), choices={name: [glue_name(asked[name]), "string"] for name in odd})


def _with_other_types(dataframe: Any, asked: Mapping[str, str]) -> list[str]:
    """Return the columns in which a text is not of the type that it should have."""
    if not asked:
        return []
    wrong = [F.max(_is_other(column(name), kind).cast("int")).alias(name) for name, kind in asked.items()]
    row = dataframe.agg(*wrong).collect()[0]
    return [name for name in asked if row[name]]


def _is_other(known: Any, kind: str) -> Any:
    return known.isNotNull() & (F.trim(known) != F.lit("")) & known.try_cast(kind).isNull()


def _cast(name: str, kind: str | None, *, is_choice: bool) -> Any:
    known = column(name)
    if kind is None:
        return known
    value = known.try_cast(kind)
    if not is_choice:
        return value
    text = F.when(_is_other(known, kind), known)
    whole = F.struct(value.alias(glue_name(kind)), text.alias("string"))
    return F.when(value.isNotNull() | text.isNotNull(), whole)

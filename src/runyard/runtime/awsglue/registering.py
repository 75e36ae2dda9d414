"""What a write tells the Data Catalog: a table that was not there, columns that are new, partitions written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .catalog import Catalog, CatalogError
from .fields import column
from .flags import flag
from .places import DEFAULT_PARTITION
from .tables import Table

UPDATES = "UPDATE_IN_DATABASE"
LOGS = "LOG"
TEXT_IN = "org.apache.hadoop.mapred.TextInputFormat"
TEXT_OUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
HIVE = "org.apache.hadoop.hive.ql.io"
STORED: Mapping[str, tuple[str, str, str]] = {
    "csv": (TEXT_IN, TEXT_OUT, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
    "json": (TEXT_IN, TEXT_OUT, "org.openx.data.jsonserde.JsonSerDe"),
    "parquet": (
        f"{HIVE}.parquet.MapredParquetInputFormat",
        f"{HIVE}.parquet.MapredParquetOutputFormat",
        f"{HIVE}.parquet.serde.ParquetHiveSerDe",
    ),
    "orc": (f"{HIVE}.orc.OrcInputFormat", f"{HIVE}.orc.OrcOutputFormat", f"{HIVE}.orc.OrcSerde"),
    "avro": (
        f"{HIVE}.avro.AvroContainerInputFormat",
        f"{HIVE}.avro.AvroContainerOutputFormat",
        "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
    ),
}
"""By format: what Hive's catalogs call its readers, its writers, and its way to spell rows."""
KEPT = ("Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")


def known(catalog: Catalog, database: str, name: str, catalog_id: str | None = None) -> Table | None:
    """Return a table, or None if there is none of that name."""
    try:
        return Table(catalog.table(database, name, catalog_id))
    except CatalogError as error:
        if error.code != "EntityNotFoundException":
            raise
        return None


def new_table(dataframe: Any, name: str, path: str, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the catalog is told of rows that were written to a place for the first time."""
    form = {"glueparquet": "parquet"}.get(kind, kind)
    reads, writes, spells = STORED[form]
    keys = list(options.get("partitionKeys") or [])
    has_header = form == "csv" and flag(options, "writeHeader", default=True)
    separator = {"field.delim": str(options.get("separator", ","))} if form == "csv" else {}
    columns = _columns(dataframe)
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": form, **({"skip.header.line.count": "1"} if has_header else {})},
        "PartitionKeys": [{"Name": key, "Type": columns[key]} for key in keys],
        "StorageDescriptor": {
            "Columns": [{"Name": one, "Type": kind} for one, kind in columns.items() if one not in keys],
            "Location": path,
            "InputFormat": reads,
            "OutputFormat": writes,
            "SerdeInfo": {"SerializationLibrary": spells, "Parameters": separator},
        },
    }


def _columns(dataframe: Any) -> dict[str, str]:
    return {one.name: one.dataType.simpleString() for one in dataframe.schema.fields}


def register(catalog: Catalog, table: Table, dataframe: Any, options: Mapping[str, Any]) -> None:
    """Tell the catalog what was written to a table: its new columns, unless only to be logged, and partitions."""
    behavior = str(options.get("updateBehavior") or UPDATES)
    if behavior not in {UPDATES, LOGS}:
        raise ValueError(f"updateBehavior must be {UPDATES} or {LOGS}, not {behavior!r}.")
    if behavior == UPDATES:
        _add_columns(catalog, table, dataframe)
    if table.keys:
        _add_partitions(catalog, table, dataframe)


def _add_columns(catalog: Catalog, table: Table, dataframe: Any) -> None:
    there = {one["Name"].lower() for one in [*table.columns, *table.keys]}
    new = [{"Name": name, "Type": kind} for name, kind in _columns(dataframe).items() if name.lower() not in there]
    if new and table.format != "csv":  # the columns of CSV are told apart by their places
        told = {name: value for name, value in table.told.items() if name in KEPT}
        storage = {**table.storage, "Columns": [*table.columns, *new]}
        catalog.update_table(table.database, {**told, "StorageDescriptor": storage})


def _add_partitions(catalog: Catalog, table: Table, dataframe: Any) -> None:
    names = [one["Name"] for one in table.keys]
    there = {tuple(one["Values"]) for one in catalog.partitions(table.database, table.name)}
    rows = dataframe.select(*(column(name).cast("string") for name in names)).distinct().collect()
    made = [tuple(DEFAULT_PARTITION if one is None else one for one in row) for row in rows]
    storage = {name: value for name, value in table.storage.items() if name != "Location"}
    inputs = [
        {"Values": list(values), "StorageDescriptor": {**storage, "Location": _folder(table.location, names, values)}}
        for values in sorted(made)
        if values not in there
    ]
    catalog.add_partitions(table.database, table.name, inputs)


def _folder(location: str, names: Sequence[str], values: Sequence[str]) -> str:
    steps = "/".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
    return f"{location.rstrip('/')}/{steps}/"

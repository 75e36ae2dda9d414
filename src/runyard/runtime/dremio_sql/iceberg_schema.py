"""Other columns for an Iceberg table whose folder is its catalog, as Hadoop's are: one more numbered metadata file."""

from __future__ import annotations

import importlib
import os
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .alterations import Altered
from .column_types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    TIME,
    TIMESTAMP,
    VARBINARY,
    VARCHAR,
    Column,
    ColumnType,
    list_of,
)  # fmt: skip
from .errors import DremioError, invalid, unsupported
from .sources import Files, iceberg_table
from .tables import Successor
from .translation.scope import Path_

VERSIONED = re.compile(r"v(\d+)(\.gz)?\.metadata\.json")
ELSEWHERE = (
    "The columns of [{name}] are kept by an Iceberg catalog, which would not learn of the change: its metadata is "
    "{file}, and not v1.metadata.json or the like, as where the folder is the catalog. Change them in that catalog"
)
MOST_LOGGED = 100  # earlier metadata files that metadata names, as Iceberg's write.metadata.previous-versions-max
# Iceberg's types as they are read, and the classes of those that are made of Dremio's.
KNOWN: Mapping[str, ColumnType] = {
    "int": INTEGER, "long": BIGINT, "float": FLOAT, "double": DOUBLE, "boolean": BOOLEAN, "string": VARCHAR,
    "binary": VARBINARY, "date": DATE, "time": TIME, "timestamp": TIMESTAMP, "timestamptz": TIMESTAMP,
}  # fmt: skip
CLASSES: Mapping[str, str] = {
    "INTEGER": "IntegerType", "BIGINT": "LongType", "FLOAT": "FloatType", "DOUBLE": "DoubleType",
    "BOOLEAN": "BooleanType", "VARCHAR": "StringType", "VARBINARY": "BinaryType", "DATE": "DateType",
    "TIME": "TimeType", "TIMESTAMP": "TimestamptzType",
}  # fmt: skip


def alter_iceberg(path: Path_, files: Files, successors: Callable[[Altered], Sequence[Successor]]) -> None:
    """Give an Iceberg table other columns."""
    table = iceberg_table(files)
    newest = Path(table.metadata_location).name
    version = VERSIONED.fullmatch(newest)
    if version is None:
        raise unsupported(ELSEWHERE.format(name=".".join(path), file=newest))
    fields = table.schema().fields
    names = {field.field_id: field.name.lower() for field in fields}
    old = Altered(
        path=path,
        columns=tuple(Column(name=field.name, type=_type(field.field_type)) for field in fields),
        partitions=frozenset(names.get(each.source_id, "") for each in table.spec().fields),
        sorts=frozenset(names.get(each.source_id, "") for each in table.sort_order().fields),
    )
    try:
        metadata = _evolved(table, old.columns, successors(old))
    except (
        ValueError,
        importlib.import_module("pyiceberg.exceptions").ValidationError,
    ) as error:  # what pyiceberg refuses, as a column that tells rows apart
        raise invalid(str(error)) from error
    if metadata is not None:
        _commit(files.place / "metadata", int(version[1]) + 1, metadata, ".".join(path))


def _type(kind: Any) -> ColumnType:
    """Return a type of Iceberg's as Dremio's; one that Dremio has not keeps its name."""
    said = str(kind)
    if said in KNOWN:
        return KNOWN[said]
    if said.startswith("decimal"):
        return ColumnType(name="DECIMAL", precision=kind.precision, scale=kind.scale)
    if said.startswith("list"):
        return list_of(_type(kind.element_type))
    return ColumnType(name=said.partition("<")[0].upper())


def _made(kind: ColumnType) -> Any:
    """Return a type of Dremio's as Iceberg's, as Dremio writes it."""
    types = importlib.import_module("pyiceberg.types")
    if kind.name == "DECIMAL":
        return types.DecimalType(kind.precision, kind.scale)
    if kind.name == "LIST":
        return types.ListType(element_id=0, element=_made(kind.element), element_required=False)
    return getattr(types, CLASSES[kind.name])()


def _evolved(table: Any, columns: Sequence[Column], coming: Sequence[Successor]) -> str | None:
    """Return the metadata of a table with other columns; None where nothing has changed."""
    transaction = table.transaction()
    update = transaction.update_schema()
    origins = {each.origin for each in coming}
    for place, column in enumerate(columns):
        if place not in origins:
            update.delete_column((column.name,))
    for each in coming:
        if each.origin is None:
            update.add_column((each.column.name,), _made(each.column.type))
        else:
            _change(update, columns[each.origin], each)
    update.commit()
    metadata = transaction.table_metadata
    if metadata.schema() == table.schema():
        return None
    entry = importlib.import_module("pyiceberg.table.snapshots").MetadataLogEntry(
        metadata_file=f"{table.metadata.location}/metadata/{Path(table.metadata_location).name}",
        timestamp_ms=table.metadata.last_updated_ms,
    )
    logged = [*metadata.metadata_log, entry][-MOST_LOGGED:]
    return str(metadata.model_copy(update={"metadata_log": logged}).model_dump_json())


def _change(update: Any, old: Column, new: Successor) -> None:
    if new.column.type != old.type:
        update.update_column((old.name,), field_type=_made(new.column.type))
    if new.optional:
        update.make_column_optional((old.name,))
    if new.column.name != old.name:
        update.rename_column((old.name,), new.column.name)


def _commit(folder: Path, version: int, metadata: str, name: str) -> None:
    """Make a version of a table in one step, unless somebody else has; the hint spares readers a search."""
    try:
        new = _written(folder, metadata)
        try:
            os.link(new, folder / f"v{version}.metadata.json")
        finally:
            new.unlink()
        _written(folder, str(version)).replace(folder / "version-hint.text")
    except FileExistsError as error:
        raise DremioError("CONCURRENT_MODIFICATION", f"[{name}] was changed meanwhile. Try again.") from error
    except OSError as error:
        raise DremioError("DATA_WRITE", f"The metadata of [{name}] cannot be written: {error}") from error


def _written(folder: Path, text: str) -> Path:
    """Return a new file that holds a text and is none of the table yet."""
    file = folder / f".{uuid.uuid4().hex}"
    with file.open("w", encoding="utf-8") as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    return file

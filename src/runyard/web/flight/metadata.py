"""What there is in the catalog, as Flight SQL's clients ask: catalogs, schemas, tables and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa

from runyard.runtime.dremio_sql.column_types import Column, ColumnType
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.information_schema import CATALOG
from runyard.web.flight.arrow_types import schema_of
from runyard.web.flight.planning import Planner
from runyard.web.flight.sql_info import TYPE_INFO, sql_info, type_info

TABLE_TYPES = ("SYSTEM_TABLE", "TABLE", "VIEW")
SCHEMAS: Any = pa.schema([("catalog_name", pa.string()), pa.field("db_schema_name", pa.string(), nullable=False)])
TABLES: Any = pa.schema([
    ("catalog_name", pa.string()), ("db_schema_name", pa.string()), pa.field("table_name", pa.string(), nullable=False),
    pa.field("table_type", pa.string(), nullable=False),
])  # fmt: skip
WITH_SCHEMA: Any = TABLES.append(pa.field("table_schema", pa.binary(), nullable=False))
PRIMARY_KEYS: Any = pa.schema([
    ("catalog_name", pa.string()), ("db_schema_name", pa.string()), pa.field("table_name", pa.string(), nullable=False),
    pa.field("column_name", pa.string(), nullable=False), ("key_name", pa.string()),
    pa.field("key_sequence", pa.int32(), nullable=False),
])  # fmt: skip
FOREIGN_KEYS: Any = pa.schema([
    *((f"{side}_{name}", pa.string()) for side in ("pk", "fk")
      for name in ("catalog_name", "db_schema_name", "table_name", "column_name")),
    pa.field("key_sequence", pa.int32(), nullable=False), ("fk_key_name", pa.string()), ("pk_key_name", pa.string()),
    pa.field("update_rule", pa.uint8(), nullable=False), pa.field("delete_rule", pa.uint8(), nullable=False),
])  # fmt: skip

Fields = Mapping[str, Any]
Told = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a client asks of the catalog, and who can tell: the server is asked only where it is needed."""

    fields: Fields
    told: Told
    planner: Planner


def _catalogs(_: Question) -> Any:
    return pa.table([[CATALOG]], schema=pa.schema([pa.field("catalog_name", pa.string(), nullable=False)]))


def _schemas(question: Question) -> Any:
    fits = _like(question.fields.get("db_schema_filter_pattern"))
    names = [name for name in question.planner.schemas(question.told()) if fits(name)]
    found = names if _is_ours(question.fields) else []
    return pa.table([[CATALOG] * len(found), found], schema=SCHEMAS)


def _tables(question: Question) -> Any:
    fields, told = question.fields, question.told()
    in_schema, named = _like(fields.get("db_schema_filter_pattern")), _like(fields.get("table_name_filter_pattern"))
    kinds = fields.get("table_types") or TABLE_TYPES
    found = [
        (path, kind)
        for path, kind in question.planner.named(told)
        if kind in kinds and named(path[-1]) and in_schema(".".join(path[:-1])) and _is_ours(fields)
    ]
    rows = [
        {
            "catalog_name": CATALOG,
            "db_schema_name": ".".join(path[:-1]),
            "table_name": path[-1],
            "table_type": kind,
        }
        for path, kind in sorted(found)
    ]
    if not fields.get("include_schema"):
        return pa.Table.from_pylist(rows, schema=TABLES)
    for row, (path, _) in zip(rows, sorted(found), strict=True):
        row["table_schema"] = _described(path, question.planner.columns_of(path, told)).serialize().to_pybytes()
    return pa.Table.from_pylist(rows, schema=WITH_SCHEMA)


def _described(path: Sequence[str], columns: Sequence[Column]) -> Any:
    """Return the columns of a table as a schema whose fields say what they are in Dremio; none if one has no type."""
    try:
        schema = schema_of(columns)
    except DremioError:
        return pa.schema([])
    place = {"CATALOG_NAME": CATALOG, "SCHEMA_NAME": ".".join(path[:-1]), "TABLE_NAME": path[-1]}
    fields = zip(schema, columns, strict=True)
    return pa.schema([field.with_metadata(_words(place | _facts(column.type))) for field, column in fields])


def _facts(kind: ColumnType) -> dict[str, str]:
    sizes = {"PRECISION": str(kind.precision), "SCALE": str(kind.scale)} if kind.name == "DECIMAL" else {}
    return {"TYPE_NAME": kind.name, **sizes, "IS_AUTO_INCREMENT": "0", "IS_SEARCHABLE": "1"}


def _words(facts: Mapping[str, str]) -> dict[str, str]:
    return {f"ARROW:FLIGHT:SQL:{name}": value for name, value in facts.items()}


def _table_types(_: Question) -> Any:
    return pa.table([list(TABLE_TYPES)], schema=pa.schema([pa.field("table_type", pa.string(), nullable=False)]))


def _is_ours(fields: Fields) -> bool:
    """Tell whether a filter lets our one catalog through; an empty name is that of what stands in none."""
    return "catalog" not in fields or fields["catalog"] == CATALOG


def _like(pattern: str | None) -> Callable[[str], bool]:
    """Return what tells whether a name fits a pattern of SQL; letters are alike in both cases."""
    if pattern is None:
        return lambda _: True
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    words = "".join(WILD.get(one) or re.escape(one[-1]) for one in pieces)
    form = re.compile(words, re.IGNORECASE | re.DOTALL)
    return lambda name: form.fullmatch(name) is not None


WILD: Mapping[str, str] = {"%": ".*", "_": "."}
QUESTIONS: Mapping[str, tuple[Callable[[Fields], Any], Callable[[Question], Any]]] = {
    "CommandGetCatalogs": (lambda _: _catalogs_schema(), _catalogs),
    "CommandGetDbSchemas": (lambda _: SCHEMAS, _schemas),
    "CommandGetTables": (lambda fields: WITH_SCHEMA if fields.get("include_schema") else TABLES, _tables),
    "CommandGetTableTypes": (lambda _: _table_types_schema(), _table_types),
    "CommandGetPrimaryKeys": (lambda _: PRIMARY_KEYS, lambda _: PRIMARY_KEYS.empty_table()),
    "CommandGetExportedKeys": (lambda _: FOREIGN_KEYS, lambda _: FOREIGN_KEYS.empty_table()),
    "CommandGetImportedKeys": (lambda _: FOREIGN_KEYS, lambda _: FOREIGN_KEYS.empty_table()),
    "CommandGetCrossReference": (lambda _: FOREIGN_KEYS, lambda _: FOREIGN_KEYS.empty_table()),
    "CommandGetSqlInfo": (lambda _: sql_info([]).schema, lambda asked: sql_info([*chain(*asked.fields["info"])])),
    "CommandGetXdbcTypeInfo": (lambda _: TYPE_INFO, lambda asked: type_info(asked.fields.get("data_type"))),
}
"""The schema and the rows of each answer. Tables have no keys here."""


def _catalogs_schema() -> Any:
    return pa.schema([pa.field("catalog_name", pa.string(), nullable=False)])


def _table_types_schema() -> Any:
    return pa.schema([pa.field("table_type", pa.string(), nullable=False)])

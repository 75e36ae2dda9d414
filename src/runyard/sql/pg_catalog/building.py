"""The catalogs as tables of SQLite, made once a process and copied into each connection that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import apsw

from runyard.core.access import ADMINISTRATOR
from runyard.sql.pg_catalog.facts import DATABASE_OID, OWNER_OID, PG_CATALOG_OID, Facts, Table
from runyard.sql.pg_catalog.relations import Relation, Type, relations, types
from runyard.sql.wire.greeting import WORKSPACE
from runyard.sql.wire.parameters import PARAMETERS
from runyard.sql.wire.types import named

SCHEMAS = ("pg_catalog", "information_schema")
LARGEST_OID_OF_TEXT = 100  # the collation that is called default
TEXT_CATEGORY = "S"
UTF8 = 6
HEAP = 2
DEFAULTS: Mapping[str, Any] = {
    "boolean": 0,
    "int2": 0,
    "int4": 0,
    "bigint": 0,
    "float4": 0,
    "double": 0,
    "oid": 0,
    "char": "",
    "xid": 1,
    "regproc": "-",
}
"""What stands in a column of which nothing is known, by its type; NULL in all others."""

Fact = dict[str, Any]


def built(facts: Facts) -> Mapping[str, bytes]:
    """Fill the catalogs; return each as the bytes of its database."""
    connection = apsw.Connection(":memory:")
    for schema in SCHEMAS:
        connection.execute(f"ATTACH ':memory:' AS {schema}")
    with connection:
        for relation in relations().values():
            _make(connection, relation)
            _fill(connection, relation, facts)
        for index in INDEXES:
            connection.execute(index)
    return {schema: bytes(connection.serialize(schema)) for schema in SCHEMAS}


def _make(connection: apsw.Connection, relation: Relation) -> None:
    columns = ", ".join(f'"{name}" "{type_}"' for name, type_ in relation.columns)
    connection.execute(f'CREATE TABLE {relation.schema}."{relation.name}" ({columns})')


def _fill(connection: apsw.Connection, relation: Relation, facts: Facts) -> None:
    filling = ROWS.get(f"{relation.schema}.{relation.name}")
    if filling is None:
        return
    places = ", ".join("?" * len(relation.columns))
    rows = (tuple(row.get(name, DEFAULTS.get(type_)) for name, type_ in relation.columns) for row in filling(facts))
    connection.executemany(f'INSERT INTO {relation.schema}."{relation.name}" VALUES ({places})', rows)  # noqa: S608 - our names


INDEXES = (
    "CREATE INDEX pg_catalog.of_class ON pg_class(oid)",
    "CREATE INDEX pg_catalog.of_attribute ON pg_attribute(attrelid, attnum)",
    "CREATE INDEX pg_catalog.of_type ON pg_type(oid)",
    "CREATE INDEX pg_catalog.of_description ON pg_description(objoid, objsubid)",
)


def _namespaces(facts: Facts) -> Iterator[Fact]:
    for name, oid in facts.schemas.items():
        yield {"oid": oid, "nspname": name, "nspowner": OWNER_OID}


def _classes(facts: Facts) -> Iterator[Fact]:
    for one in facts.tables:
        yield {
            "oid": one.oid,
            "relname": one.name,
            "relnamespace": facts.schemas[one.schema],
            "relowner": OWNER_OID,
            "relam": HEAP if one.kind == "r" else 0,
            "reltuples": -1,
            "relpersistence": "p",
            "relkind": one.kind,
            "relnatts": len(one.columns),
            "relispopulated": 1,
            "relreplident": "n",
            "relhasrules": one.kind != "r",
        }


def _attributes(facts: Facts) -> Iterator[Fact]:
    for table in facts.tables:
        for number, column in enumerate(table.columns, 1):
            type_ = type_of(column.type)
            yield {
                "attrelid": table.oid,
                "attname": column.name,
                "atttypid": type_.oid,
                "attlen": type_.length,
                "attnum": number,
                "atttypmod": -1,
                "attstattarget": -1,
                "attcacheoff": -1,
                "attbyval": type_.by_value,
                "attalign": type_.alignment,
                "attstorage": type_.storage,
                "attislocal": 1,
                "attcollation": LARGEST_OID_OF_TEXT if type_.category == TEXT_CATEGORY else 0,
            }


def type_of(name: str) -> Type:
    """The type of a column of ours, or of PostgreSQL's own."""
    known = types()
    oid = named(name).oid
    return known.get(oid, known[25])


def _types(_: Facts) -> Iterator[Fact]:
    for one in types().values():
        stem = "array_" if one.element and one.category == "A" else one.name
        yield {
            "oid": one.oid,
            "typname": one.name,
            "typnamespace": PG_CATALOG_OID,
            "typowner": OWNER_OID,
            "typlen": one.length,
            "typbyval": one.by_value,
            "typtype": one.type,
            "typcategory": one.category,
            "typispreferred": one.preferred,
            "typisdefined": 1,
            "typdelim": one.delimiter,
            "typelem": one.element,
            "typarray": one.array,
            "typinput": f"{stem}in",
            "typoutput": f"{stem}out",
            "typreceive": f"{stem}recv",
            "typsend": f"{stem}send",
            "typalign": one.alignment,
            "typstorage": one.storage,
            "typtypmod": -1,
            "typcollation": LARGEST_OID_OF_TEXT if one.category == TEXT_CATEGORY else 0,
        }


def _descriptions(facts: Facts) -> Iterator[Fact]:
    of_class = facts.by_name["pg_catalog", "pg_class"].oid
    for table in facts.tables:
        told = [(0, table.description), *((at, one.description) for at, one in enumerate(table.columns, 1))]
        for number, text in told:
            if text:
                yield {"objoid": table.oid, "classoid": of_class, "objsubid": number, "description": text}


def _databases(_: Facts) -> Iterator[Fact]:
    yield {
        "oid": DATABASE_OID,
        "datname": WORKSPACE,
        "datdba": OWNER_OID,
        "encoding": UTF8,
        "datlocprovider": "c",
        "datallowconn": 1,
        "datconnlimit": -1,
        "dattablespace": 1663,
        "datcollate": "C",
        "datctype": "C.UTF-8",
    }


def _roles(_: Facts) -> Iterator[Fact]:
    yield {
        "oid": OWNER_OID,
        "rolname": ADMINISTRATOR,
        "rolinherit": 1,
        "rolcanlogin": 1,
        "rolconnlimit": -1,
        "rolpassword": "********",
        "usename": ADMINISTRATOR,
        "usesysid": OWNER_OID,
        "passwd": "********",
    }


def _settings(_: Facts) -> Iterator[Fact]:
    for one in PARAMETERS:
        shown = {"setting": one.value, "boot_val": one.value, "reset_val": one.value}
        yield {"name": one.name, **shown, "vartype": "string", "context": "user", "source": "default"}


def _ours(facts: Facts, kind: str) -> Iterator[Table]:
    return (one for one in facts.tables if one.kind == kind)


def _tables(facts: Facts) -> Iterator[Fact]:
    for one in _ours(facts, "r"):
        yield {"schemaname": one.schema, "tablename": one.name, "tableowner": ADMINISTRATOR}


def _views(facts: Facts) -> Iterator[Fact]:
    for one in _ours(facts, "v"):
        yield {
            "schemaname": one.schema,
            "viewname": one.name,
            "viewowner": ADMINISTRATOR,
            "definition": one.definition,
        }


def _materialized_views(facts: Facts) -> Iterator[Fact]:
    for one in _ours(facts, "m"):
        named = {"schemaname": one.schema, "matviewname": one.name, "matviewowner": ADMINISTRATOR}
        yield {**named, "ispopulated": 1, "definition": one.definition}


def _schemata(facts: Facts) -> Iterator[Fact]:
    for name in facts.schemas:
        yield {"catalog_name": WORKSPACE, "schema_name": name, "schema_owner": ADMINISTRATOR}


def _of_table(one: Table) -> Fact:
    return {"table_catalog": WORKSPACE, "table_schema": one.schema, "table_name": one.name}


def _information_tables(facts: Facts) -> Iterator[Fact]:
    for one in facts.tables:
        if one.kind == "m":  # the standard knows no such thing, and PostgreSQL tells of none here
            continue
        kind = "BASE TABLE" if one.kind == "r" else "VIEW"
        yield {**_of_table(one), "table_type": kind, "is_insertable_into": "NO", "is_typed": "NO"}


def _information_views(facts: Facts) -> Iterator[Fact]:
    for one in _ours(facts, "v"):
        yield {
            **_of_table(one),
            "view_definition": one.definition,
            "check_option": "NONE",
            **dict.fromkeys(("is_updatable", "is_insertable_into", "is_trigger_updatable"), "NO"),
        }


def _information_columns(facts: Facts) -> Iterator[Fact]:
    for table in facts.tables:
        for number, column in enumerate(table.columns, 1):
            type_ = type_of(column.type)
            yield {
                **_of_table(table),
                "column_name": column.name,
                "ordinal_position": number,
                "is_nullable": "YES",
                "data_type": "ARRAY" if type_.category == "A" else type_.shown,
                "udt_catalog": WORKSPACE,
                "udt_schema": "pg_catalog",
                "udt_name": type_.name,
                "dtd_identifier": str(number),
                "numeric_precision": NUMERIC_BITS.get(type_.name),
                "numeric_precision_radix": 2 if type_.name in NUMERIC_BITS else None,
                "numeric_scale": 0 if type_.name.startswith("int") else None,
                "datetime_precision": 3 if type_.name.startswith("timestamp") else None,
                "is_generated": "NEVER",
                **dict.fromkeys(("is_self_referencing", "is_identity", "is_updatable"), "NO"),
            }


NUMERIC_BITS: Mapping[str, int] = {"int2": 16, "int4": 32, "int8": 64, "float4": 24, "float8": 53}
ROWS: Mapping[str, Callable[[Facts], Iterator[Fact]]] = {
    "pg_catalog.pg_namespace": _namespaces,
    "pg_catalog.pg_class": _classes,
    "pg_catalog.pg_attribute": _attributes,
    "pg_catalog.pg_type": _types,
    "pg_catalog.pg_description": _descriptions,
    "pg_catalog.pg_database": _databases,
    "pg_catalog.pg_roles": _roles,
    "pg_catalog.pg_authid": _roles,
    "pg_catalog.pg_user": _roles,
    "pg_catalog.pg_settings": _settings,
    "pg_catalog.pg_tables": _tables,
    "pg_catalog.pg_views": _views,
    "pg_catalog.pg_matviews": _materialized_views,
    "pg_catalog.pg_am": lambda _: iter(
        [{"oid": HEAP, "amname": "heap", "amhandler": "heap_tableam_handler", "amtype": "t"}]
    ),
    "pg_catalog.pg_tablespace": lambda _: iter([{"oid": 1663, "spcname": "pg_default", "spcowner": OWNER_OID}]),
    "pg_catalog.pg_collation": lambda _: iter(
        [
            {"oid": 100, "collname": "default", "collnamespace": PG_CATALOG_OID, "collprovider": "d"},
            {"oid": 950, "collname": "C", "collnamespace": PG_CATALOG_OID, "collprovider": "c"},
        ]
    ),
    "pg_catalog.pg_language": lambda _: iter([{"oid": 14, "lanname": "sql", "lanowner": OWNER_OID, "lanpltrusted": 1}]),
    "information_schema.schemata": _schemata,
    "information_schema.tables": _information_tables,
    "information_schema.views": _information_views,
    "information_schema.columns": _information_columns,
    "information_schema.information_schema_catalog_name": lambda _: iter([{"catalog_name": WORKSPACE}]),
    "information_schema.enabled_roles": lambda _: iter([{"role_name": ADMINISTRATOR}]),
}
"""The rows of the relations that have some; all others are empty."""

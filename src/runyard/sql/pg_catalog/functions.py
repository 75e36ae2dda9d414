"""PostgreSQL's functions about its catalogs and its session, as functions of SQLite."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import apsw
import apsw.ext

from runyard.core.access import ADMINISTRATOR
from runyard.sql.callables import functions as language
from runyard.sql.callables.arrays import array_text
from runyard.sql.errors import SqlError
from runyard.sql.pg_catalog.arrays import (
    ROWS_OF,
    Gathered,
    array_item,
    array_length,
    array_position,
    array_removed,
    array_to_string,
    differs_from_all,
    is_any,
    string_to_array,
)
from runyard.sql.pg_catalog.facts import DATABASE_OID, OWNER_OID, PATH, Facts
from runyard.sql.pg_catalog.identifying import (
    Asker,
    Known,
    literal,
    namespace_of,
    namespace_out,
    parts_of,
    procedure,
    quoted,
    regclass_of,
    regclass_out,
    regtype_of,
    to_regclass,
    type_oid,
)
from runyard.sql.pg_catalog.matching import concatenated, like, matches, substring
from runyard.sql.pg_catalog.relations import types
from runyard.sql.wire.greeting import WORKSPACE

STARTED_MS = int(time.time() * 1000)
Function = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A function: what it does, and the type of what it gives."""

    make: Callable[[Known], Function]
    type: str = "text"


def register(connection: apsw.Connection, facts: Facts, asker: Callable[[], Asker]) -> None:
    """Give a connection all of them."""
    language.register(connection)
    known = Known(facts=facts, asker=asker)
    for name, spec in FUNCTIONS.items():
        for count in (-1, 0):  # the language has some of the same names without arguments
            connection.create_scalar_function(name, spec.make(known), count)
    connection.create_aggregate_function("array_agg", Gathered)
    for name, rows in ROWS_OF.items():
        apsw.ext.make_virtual_module(connection, name, rows, repr_invalid=True)


def _constant(value: Any) -> Callable[[Known], Function]:
    return lambda _: lambda *_: value


def _plain(function: Function) -> Callable[[Known], Function]:
    return lambda _: function


def _user_by_id(oid: Any) -> str:
    return ADMINISTRATOR if oid == OWNER_OID else f"unknown (OID={oid})"


def _format_type(oid: Any, modifier: Any = None) -> str | None:
    del modifier
    if oid is None:
        return None
    known = types().get(int(oid))
    return known.shown if known else "-" if int(oid) == 0 else "???"


def _is_visible(known: Known) -> Function:
    def visible(oid: Any) -> int | None:
        table = known.facts.by_oid.get(oid)
        return None if table is None else int(known.facts.find("", table.name) is table)

    return visible


def _obj_description(known: Known) -> Function:
    def description(oid: Any, catalog: Any = "pg_class") -> str | None:
        table = known.facts.by_oid.get(oid)
        return (table.description or None) if table and catalog == "pg_class" else None

    return description


def _col_description(known: Known) -> Function:
    def description(oid: Any, number: Any) -> str | None:
        table = known.facts.by_oid.get(oid)
        is_there = table is not None and isinstance(number, int) and 0 < number <= len(table.columns)
        return (table.columns[number - 1].description or None) if table and is_there else None

    return description


def _view_definition(known: Known) -> Function:
    def definition(oid: Any, *_: Any) -> str | None:
        table = known.facts.by_oid.get(oid)
        return table.definition + ";" if table and table.definition else None

    return definition


def _current_setting(known: Known) -> Function:
    def setting(name: Any, missing_ok: Any = 0) -> str | None:
        try:
            return known.asker().parameters.get(str(name))
        except SqlError:
            if missing_ok:
                return None
            raise

    return setting


def _set_config(known: Known) -> Function:
    def set_(name: Any, value: Any, is_local: Any) -> str:
        known.asker().parameters.set(str(name), str(value), is_local=bool(is_local))
        return known.asker().parameters.get(str(name))

    return set_


def _schemas(with_implicit: Any) -> str:
    return array_text(PATH if with_implicit else PATH[1:])


NOTHING = Spec(make=_constant(None))
ZERO = Spec(make=_constant(0), type="bigint")
TRUE = Spec(make=_constant(1), type="boolean")
FALSE = Spec(make=_constant(0), type="boolean")
DONE = Spec(make=_constant(""), type="void")

FUNCTIONS: Mapping[str, Spec] = {
    "pg_get_userbyid": Spec(make=_plain(_user_by_id), type="name"),
    "format_type": Spec(make=_plain(_format_type)),
    "pg_table_is_visible": Spec(make=_is_visible, type="boolean"),
    "obj_description": Spec(make=_obj_description),
    "col_description": Spec(make=_col_description),
    "pg_get_viewdef": Spec(make=_view_definition),
    "to_regclass": Spec(make=to_regclass, type="oid"),
    "to_regtype": Spec(make=_plain(type_oid), type="oid"),
    "to_regnamespace": Spec(make=lambda known: lambda name: known.facts.schemas.get(str(name)), type="oid"),
    "regclass_of": Spec(make=regclass_of, type="oid"),
    "regclass_out": Spec(make=regclass_out),
    "regtype_of": Spec(make=_plain(regtype_of), type="oid"),
    "regtype_out": Spec(make=_plain(_format_type)),
    "regnamespace_of": Spec(make=namespace_of, type="oid"),
    "regnamespace_out": Spec(make=namespace_out),
    "regproc_of": Spec(make=_plain(procedure)),
    "regproc_out": Spec(make=_plain(procedure)),
    "regrole_of": Spec(make=_plain(lambda name: OWNER_OID if name == ADMINISTRATOR else name), type="oid"),
    "regrole_out": Spec(make=_plain(_user_by_id)),
    "quote_ident": Spec(make=_plain(lambda name: None if name is None else quoted(str(name)))),
    "quote_literal": Spec(make=_plain(literal)),
    "quote_nullable": Spec(make=_plain(lambda value: literal(value) or "NULL")),
    "current_setting": Spec(make=_current_setting),
    "set_config": Spec(make=_set_config),
    "current_schemas": Spec(make=_plain(_schemas), type="name[]"),
    "current_schema": Spec(make=_constant("public"), type="name"),
    "current_user": Spec(make=lambda known: lambda: known.asker().user, type="name"),
    "current_role": Spec(make=lambda known: lambda: known.asker().user, type="name"),
    "session_user": Spec(make=lambda known: lambda: known.asker().user, type="name"),
    "current_database": Spec(make=_constant(WORKSPACE), type="name"),
    "current_catalog": Spec(make=_constant(WORKSPACE), type="name"),
    "version": Spec(make=_constant(language.VERSION)),
    "array_to_string": Spec(make=_plain(array_to_string)),
    "string_to_array": Spec(make=_plain(string_to_array), type="text[]"),
    "parse_ident": Spec(make=_plain(lambda name: None if name is None else array_text(parts_of(name))), type="text[]"),
    "array_length": Spec(make=_plain(array_length), type="int4"),
    "array_upper": Spec(make=_plain(array_length), type="int4"),
    "array_lower": Spec(make=_plain(lambda array, _=1: 1 if array_length(array) else None), type="int4"),
    "cardinality": Spec(make=_plain(lambda array: array_length(array) or 0), type="int4"),
    "array_position": Spec(make=_plain(array_position), type="int4"),
    "array_remove": Spec(make=_plain(array_removed), type="text[]"),
    "array_item": Spec(make=_plain(array_item)),
    "array_of": Spec(make=_plain(lambda *items: array_text(items)), type="text[]"),
    "is_any": Spec(make=_plain(is_any), type="boolean"),
    "differs_from_all": Spec(make=_plain(differs_from_all), type="boolean"),
    "pg_matches": Spec(make=_plain(matches(re.RegexFlag(0))), type="boolean"),
    "pg_imatches": Spec(make=_plain(matches(re.IGNORECASE)), type="boolean"),
    "pg_like": Spec(make=_plain(like(re.RegexFlag(0))), type="boolean"),
    "pg_ilike": Spec(make=_plain(like(re.IGNORECASE)), type="boolean"),
    "concat": Spec(make=_plain(concatenated)),
    "pg_substring": Spec(make=_plain(substring)),
    "pg_encoding_to_char": Spec(make=_constant("UTF8"), type="name"),
    "getdatabaseencoding": Spec(make=_constant("UTF8"), type="name"),
    "pg_client_encoding": Spec(make=_constant("UTF8"), type="name"),
    "pg_backend_pid": Spec(make=_constant(os.getpid()), type="int4"),
    "pg_postmaster_start_time": Spec(make=_constant(STARTED_MS), type="timestamp"),
    "pg_conf_load_time": Spec(make=_constant(STARTED_MS), type="timestamp"),
    "txid_current": Spec(make=_constant(1), type="bigint"),
    "pg_current_xact_id": Spec(make=_constant(1), type="bigint"),
    "age": Spec(make=_constant(1), type="int4"),
    "mxid_age": Spec(make=_constant(1), type="int4"),
    "pg_size_pretty": Spec(make=_plain(lambda size: None if size is None else f"{size} bytes")),
    "pg_tablespace_location": Spec(make=_constant("")),
    "pg_my_temp_schema": Spec(make=_constant(0), type="oid"),
    "pg_get_function_arguments": Spec(make=_constant("")),
    "pg_get_function_identity_arguments": Spec(make=_constant("")),
    "pg_char_to_encoding": Spec(make=_constant(6), type="int4"),
    "database_oid": Spec(make=_constant(DATABASE_OID), type="oid"),
    **dict.fromkeys(
        (
            "has_table_privilege",
            "has_any_column_privilege",
            "has_column_privilege",
            "has_schema_privilege",
            "has_database_privilege",
            "has_tablespace_privilege",
            "has_function_privilege",
            "has_type_privilege",
            "has_language_privilege",
            "has_sequence_privilege",
            "pg_has_role",
            "pg_type_is_visible",
            "pg_function_is_visible",
            "pg_operator_is_visible",
            "pg_collation_is_visible",
            "pg_conversion_is_visible",
            "pg_opclass_is_visible",
            "pg_ts_config_is_visible",
            "pg_ts_dict_is_visible",
            "pg_ts_parser_is_visible",
            "pg_ts_template_is_visible",
            "pg_statistics_obj_is_visible",
            "pg_advisory_unlock",
            "pg_indexam_has_property",
        ),
        TRUE,
    ),
    **dict.fromkeys(
        ("pg_is_in_recovery", "pg_is_other_temp_schema", "pg_relation_is_publishable", "pg_is_wal_replay_paused"),
        FALSE,
    ),
    **dict.fromkeys(
        (
            "pg_relation_size",
            "pg_total_relation_size",
            "pg_table_size",
            "pg_indexes_size",
            "pg_database_size",
            "pg_tablespace_size",
            "pg_stat_get_numscans",
            "pg_relation_filenode",
            "pg_sequence_last_value",
        ),
        ZERO,
    ),
    **dict.fromkeys(("pg_advisory_unlock_all", "pg_stat_clear_snapshot", "pg_notify"), DONE),
    **dict.fromkeys(
        (
            "pg_get_expr",
            "pg_get_indexdef",
            "pg_get_constraintdef",
            "pg_get_partkeydef",
            "pg_get_ruledef",
            "pg_get_triggerdef",
            "pg_get_functiondef",
            "pg_get_function_result",
            "pg_get_function_sqlbody",
            "pg_get_statisticsobjdef",
            "pg_get_statisticsobjdef_columns",
            "pg_get_serial_sequence",
            "pg_describe_object",
            "pg_identify_object",
            "shobj_description",
            "pg_relation_filepath",
            "inet_server_addr",
            "inet_server_port",
            "inet_client_addr",
            "inet_client_port",
            "pg_last_wal_receive_lsn",
            "pg_last_wal_replay_lsn",
            "pg_current_wal_lsn",
            "_pg_expandarray",
            "_pg_truetypid",
            "_pg_truetypmod",
            "pg_options_to_table",
            "acldefault",
            "aclexplode",
            "pg_partition_root",
            "pg_blocking_pids",
        ),
        NOTHING,
    ),
}
"""All functions; those about what there is not here give nothing."""

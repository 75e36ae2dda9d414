"""Flight SQL's messages: their fields by number, and the envelope in which they travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.web.flight.protobuf import BrokenMessage, Shape, decode, encode

TYPE_URL = "type.googleapis.com/arrow.flight.protocol.sql."
ENVELOPE: Shape = {1: "type_url:text", 2: "value:bytes"}

_TABLE: Shape = {1: "catalog:text", 2: "db_schema:text", 3: "table:text"}
_STATEMENT: Shape = {1: "query:text", 2: "transaction_id:bytes"}
_PREPARED: Shape = {1: "prepared_statement_handle:bytes"}

MESSAGES: Mapping[str, Shape] = {
    "CommandGetSqlInfo": {1: "info:numbers*"},
    "CommandGetXdbcTypeInfo": {1: "data_type:int"},
    "CommandGetCatalogs": {},
    "CommandGetDbSchemas": {1: "catalog:text", 2: "db_schema_filter_pattern:text"},
    "CommandGetTables": {
        1: "catalog:text",
        2: "db_schema_filter_pattern:text",
        3: "table_name_filter_pattern:text",
        4: "table_types:text*",
        5: "include_schema:bool",
    },
    "CommandGetTableTypes": {},
    "CommandGetPrimaryKeys": _TABLE,
    "CommandGetExportedKeys": _TABLE,
    "CommandGetImportedKeys": _TABLE,
    "CommandGetCrossReference": {},
    "CommandStatementQuery": _STATEMENT,
    "CommandStatementUpdate": _STATEMENT,
    "CommandStatementIngest": {},
    "CommandStatementSubstraitPlan": {},
    "CommandPreparedStatementQuery": _PREPARED,
    "CommandPreparedStatementUpdate": _PREPARED,
    "TicketStatementQuery": {1: "statement_handle:bytes"},
    "ActionCreatePreparedStatementRequest": _STATEMENT,
    "ActionCreatePreparedStatementResult": {
        1: "prepared_statement_handle:bytes",
        2: "dataset_schema:bytes",
        3: "parameter_schema:bytes",
    },
    "ActionClosePreparedStatementRequest": _PREPARED,
    "ActionCancelQueryRequest": {1: "info:bytes"},
    "ActionCancelQueryResult": {1: "result:int"},
    "DoPutUpdateResult": {1: "record_count:int"},
    "DoPutPreparedStatementResult": _PREPARED,
    # Of Flight itself, and therefore without an envelope.
    "CancelFlightInfoRequest": {1: "info:bytes"},
    "CancelFlightInfoResult": {1: "status:int"},
    "SetSessionOptionsRequest": {1: "session_options:bytes*"},
    "SetSessionOptionsResult": {1: "errors:bytes*"},
    "GetSessionOptionsResult": {1: "session_options:bytes*"},
    "CloseSessionResult": {1: "status:int"},
    "SessionOption": {1: "key:text", 2: "value:bytes"},
    "SessionOptionValue": {1: "string_value:text", 2: "bool_value:bool", 3: "int64_value:fixed", 5: "list_value:bytes"},
    "SessionOptionError": {1: "value:int"},
}


def opened(data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return the name and the fields of the Flight SQL message in an envelope; None if it is no such envelope."""
    try:
        envelope = decode(data, ENVELOPE)
    except BrokenMessage:
        return None
    url = str(envelope.get("type_url", ""))
    name = url.removeprefix(TYPE_URL)
    if name == url or name not in MESSAGES:
        return None
    return name, decode(envelope.get("value", b""), MESSAGES[name])


def read(name: str, data: bytes) -> dict[str, Any]:
    """Return the fields of a message that has no envelope, or whose envelope names it."""
    found = opened(data)
    return found[1] if found is not None and found[0] == name else decode(data, MESSAGES[name])


def written(name: str, **values: Any) -> bytes:
    """Return a message without envelope."""
    return encode(values, MESSAGES[name])


def enveloped(name: str, **values: Any) -> bytes:
    """Return a message in its envelope."""
    return encode({"type_url": TYPE_URL + name, "value": written(name, **values)}, ENVELOPE)

"""The ledger's resources, whose methods are our own operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from runyard.dialects.native.operations import OPERATIONS, Operation
from runyard.sql.catalog import Column, Method, Parameter, Resource, Wire
from runyard.sql.local import ledger
from runyard.sql.resources.rows import COLUMN_TYPES, Row, resource, rows

PROVIDER = ledger.PROVIDER
PREFIX = "/runyard/v1"
TOKEN = ("page_token", "next_page_token")

ROWS = rows(
    ("show_run", "ledger.runs", "show", "select"),
    ("list_runs", "ledger.runs", "list", "select"),
    ("submit", "ledger.runs", "submit", "insert"),
    ("stop_run", "ledger.runs", "stop", "exec"),
    ("delete_run", "ledger.runs", "delete", "delete"),
    ("show_job", "ledger.jobs", "show", "select"),
    ("list_jobs", "ledger.jobs", "list", "select"),
    ("start_job", "ledger.jobs", "start", "exec"),
    ("delete_job", "ledger.jobs", "delete", "delete"),
    ("list_attempts", "ledger.attempts", "list", "select"),
    ("list_events", "ledger.events", "list", "select"),
    ("read_logs", "ledger.logs", "read", "select"),
    ("show_server", "ledger.server", "show", "select"),
)
_OF_PEOPLE = "users and tokens are no rows of a workspace, and what makes a token shows it once: use `runyard users`"
_OF_A_PROCESS = "it is between the server and the process of a run, which proves itself by its own token"
NOT_OFFERED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("record", "tell", "begin", "new_files", "new_rows", "commit"),
            *("next_statement", "await_cancel", "finish_statement", "take_proof"),
        ),
        _OF_A_PROCESS,
    ),
    **dict.fromkeys(
        (
            *("who_am_i", "list_users", "add_user", "give_role", "enable_user", "disable_user", "set_password"),
            *("remove_user", "list_tokens", "create_token", "revoke_token"),
        ),
        _OF_PEOPLE,
    ),
}
"""Operations that are not offered in SQL, and why."""
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "ledger.logs": {"stream": "string", "offset": "int", "next_offset": "int", "text": "string"},
    "ledger.server": {
        "version": "string",
        "now": "int",
        "workspace": "string",
        "places": "int",
        "load": "object",
        "home": "string",
    },
}
"""The columns of what is no table of the ledger."""
HELD_BY: Mapping[tuple[str, str], str] = {
    ("ledger.runs", "run"): "id",
    ("ledger.jobs", "job"): "id",
    ("ledger.attempts", "run"): "run_id",
    ("ledger.events", "run"): "run_id",
}
"""Which column holds what a parameter asks for."""
ANSWERS: Mapping[str, str] = {
    "list_runs": "runs",
    "list_jobs": "jobs",
    "list_attempts": "attempts",
    "list_events": "events",
    "read_logs": "pieces",
}
_TYPES: Mapping[type, str] = {
    msgspec.inspect.IntType: "int",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.BoolType: "bool",
    msgspec.inspect.DictType: "object",
    msgspec.inspect.StructType: "object",
    msgspec.inspect.ListType: "array",
}

BY_NAME: Mapping[str, Operation] = {one.handle.__name__: one for one in OPERATIONS}
"""Our operations by the names of their handlers."""


def resources() -> tuple[Resource, ...]:
    """Return the ledger's resources: those with operations, and those that are only read."""
    named = dict.fromkeys([*(row.resource for row in ROWS), *(one.path.partition(".")[2] for one in ledger.TABLES)])
    return tuple(_resource(path) for path in named)


def _resource(path: str) -> Resource:
    columns = [Column(name=name, type=COLUMN_TYPES[type_]) for name, type_ in COLUMNS.get(path, {}).items()]
    methods = [_method(row) for row in ROWS if row.resource == path]
    return resource(f"{PROVIDER}.{path}", methods, columns=columns, connection="")


def _method(row: Row) -> Method:
    one = BY_NAME[row.operation]
    parameters = tuple(_parameters(one.asks, row.resource))
    wire = Wire(
        protocol="runyard",
        operation=row.operation,
        method=one.method,
        path=PREFIX + one.path,
        rows=ANSWERS.get(row.operation, ""),
        token=TOKEN if TOKEN[0] in {parameter.name for parameter in parameters} else None,
    )
    summary = (one.handle.__doc__ or "").strip()
    return Method(name=row.method, verb=row.verb, wire=wire, parameters=parameters, summary=summary)


def _parameters(asks: type[Struct], path: str) -> Iterator[Parameter]:
    for one in msgspec.structs.fields(asks):
        yield Parameter(
            name=one.encode_name,
            type=_type(msgspec.inspect.type_info(one.type)),
            is_required=one.required,
            column=HELD_BY.get((path, one.encode_name), ""),
        )


def _type(info: msgspec.inspect.Type) -> str:
    inner = info.type if isinstance(info, msgspec.inspect.Metadata) else info
    if isinstance(inner, msgspec.inspect.UnionType):
        return next(_type(one) for one in inner.types if not isinstance(one, msgspec.inspect.NoneType))
    return _TYPES.get(type(inner), "string")

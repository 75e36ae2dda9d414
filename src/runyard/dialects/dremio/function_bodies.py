"""Functions of one's own that the API makes and changes: told in parts, and checked as their statement would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.dialects import reading
from runyard.dialects.dremio.calls import Call
from runyard.dialects.dremio.catalog import path_of
from runyard.dialects.dremio.entities import OF_FUNCTION
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.looking import live_catalog


def checked(call: Call, path: Sequence[str], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a function whose parts fit together; refuse it as a job would, with 400."""
    from runyard.runtime.dremio_sql.functions import (  # noqa: PLC0415 - a parser of SQL, of who makes functions
        change_of,
        function_of,
        read_definition,
    )
    from runyard.runtime.dremio_sql.recording import recorded  # noqa: PLC0415 - as above

    for name in ("functionBody", "returnType"):
        if not reading.text(told.get(name, ""), name).strip():
            raise wrong(f"The member {name} is missing; a function is what it returns, and its body.")
    with live_catalog(call.engine, call.workspace) as known:
        definition = read_definition(
            path, arguments=str(told.get("functionArgList", "")), returns=told["returnType"],
            body=told["functionBody"], is_scalar=reading.flag(told.get("isScalar", True), "isScalar"),
        )  # fmt: skip
        function = function_of(definition, known, known.session)
    made = recorded({"change": "create_function", **change_of(function)})
    return {name: value for name, value in made.items() if name not in ("op", "kind", "path")}


def changed(call: Call, seen: Document) -> dict[str, Any]:
    """Return the content of a function after a change; what the body says not stays."""
    told = {name: call.members.get(name, seen.content[name]) for name in OF_FUNCTION}
    return {**seen.content, **checked(call, path_of(seen), told)}

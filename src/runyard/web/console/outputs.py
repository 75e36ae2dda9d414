"""What a task showed beside its log: the cells of its notebook, the rows of its statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.core.errors import NotFound
from runyard.dialects.databricks.outputs import SQL_FILE, read_json
from runyard.dialects.dremio.views import LANGUAGE as DREMIO
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, OneRun
from runyard.web.console.languages import rows_of_dremio
from runyard.web.console.notebook_cells import cells_in

Answer = dict[str, Any]

MOST_ROWS = 1_000  # of one table


class OneAttempt(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which attempt of a run."""

    attempt: Id


def show_cells(call: Call, asked: OneAttempt) -> Answer:
    """Shows the cells of a notebook, or the statements of a SQL task, with what came of each."""
    run, attempt = call.engine.attempt(call.workspace, asked.attempt)
    if run.id != asked.run:
        raise NotFound("attempt", f"{asked.attempt} of run {asked.run}")
    if run.language == DREMIO:
        return {"cells": [_statement({**rows_of_dremio(call, run), "text": run.settings.get("sql", "")})]}
    folder = call.engine.attempt_folder(attempt.id)
    statements = read_json(folder / SQL_FILE).get("statements", ())
    return {"cells": [*map(_cell, cells_in(folder)), *map(_statement, statements)]}


def _cell(told: Mapping[str, Any]) -> Answer:
    return {**told, "results": [_result(one) for one in told.get("results", ())]}


def _statement(told: Mapping[str, Any]) -> Answer:
    table = {**told, "type": "table", "data": told.get("rows", ())}
    results = [_result(table)] if told.get("schema") else []
    return {"language": "sql", "source": told.get("text", ""), "state": told.get("state", ""), "results": results}


def _result(told: Mapping[str, Any]) -> Answer:
    """Return what a cell showed; of a long table its beginning, and of a page of its own only that there is one."""
    if told.get("type") == "html":
        return {"type": "html"}  # it may hold anything: no page of ours shows it
    if told.get("type") != "table":
        return {**told}
    rows = list(told.get("data") or ())
    columns = [str(column.get("name")) for column in told.get("schema") or ()]
    return {
        "type": "table",
        "columns": columns,
        "rows": rows[:MOST_ROWS],
        "count": len(rows),
        "is_cut": bool(told.get("truncated")) or len(rows) > MOST_ROWS,
    }

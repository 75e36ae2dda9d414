"""What a task showed beside its log: the cells of its notebook, the rows of its statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from runyard.core.errors import NotFound
from runyard.core.run import Attempt, Run
from runyard.dialects.databricks.runs.outputs import SQL_FILE, read_json
from runyard.dialects.dremio.views import LANGUAGE as DREMIO
from runyard.dialects.exchange import Reply
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, OneRun
from runyard.web.console.insight.frames import framed
from runyard.web.console.languages import rows_of_dremio
from runyard.web.console.notebook_cells import cells_in

Answer = dict[str, Any]
Cells = Sequence[Mapping[str, Any]]

FIRST_ROWS = 100  # that come with the cells; the others are asked for
MOST_ROWS = 500
LONGEST_TEXT = 200_000  # characters of what a cell printed


class OneAttempt(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which attempt of a run."""

    attempt: Id


class OneResult(OneAttempt, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which result of which cell, both counted from 0."""

    cell: Annotated[int, Meta(ge=0)]
    result: Annotated[int, Meta(ge=0)] = 0


class Rows(OneResult, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows of a result."""

    offset: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = FIRST_ROWS


def show_cells(call: Call, asked: OneAttempt) -> Answer:
    """Shows the cells of a notebook, or the statements of a SQL task, with what came of each."""
    return {"cells": [_cell(one) for one in _cells(call, *_found(call, asked), limit=FIRST_ROWS)]}


def show_rows(call: Call, asked: Rows) -> Answer:
    """Shows some rows of a table that a cell or a statement gave."""
    run, attempt = _found(call, asked)
    if run.language == DREMIO:
        table = rows_of_dremio(call, run, offset=asked.offset, limit=asked.limit)
        return {"rows": table.get("rows", ()), "count": table.get("count", 0)}
    told = _one(_cells(call, run, attempt, limit=0), asked)
    rows = told.get("data") or ()
    return {"rows": rows[asked.offset : asked.offset + asked.limit], "count": len(rows)}


def send_page(call: Call, asked: OneResult) -> Reply:
    """Send a page that a cell showed, for a frame in which it reaches nothing of ours."""
    run, attempt = _found(call, asked)
    return framed(str(_one(_cells(call, run, attempt, limit=0), asked).get("data") or ""))


def _found(call: Call, asked: OneAttempt) -> tuple[Run, Attempt]:
    run, attempt = call.engine.attempt(call.workspace, asked.attempt)
    if run.id != asked.run:
        raise NotFound("attempt", f"{asked.attempt} of run {asked.run}")
    return run, attempt


def _one(cells: Cells, asked: OneResult) -> Mapping[str, Any]:
    results = cells[asked.cell].get("results", ()) if asked.cell < len(cells) else ()
    if asked.result >= len(results):
        raise NotFound("result", f"{asked.result} of cell {asked.cell}")
    told: Mapping[str, Any] = results[asked.result]
    return told


def _cells(call: Call, run: Run, attempt: Attempt, *, limit: int) -> Cells:
    """Return the cells as they are kept; of a query, which keeps its rows elsewhere, with its first rows."""
    if run.language == DREMIO:
        return [_statement({**rows_of_dremio(call, run, limit=limit or 1), "text": run.settings.get("sql", "")})]
    folder = call.engine.attempt_folder(attempt.id)
    statements = read_json(folder / SQL_FILE).get("statements", ())
    return [*cells_in(folder), *map(_statement, statements)]


def _statement(told: Mapping[str, Any]) -> Answer:
    """Return a statement in the words of a cell."""
    table = {**told, "type": "table", "data": told.get("rows", ())}
    results = [table] if told.get("schema") else []
    return {"language": "sql", "source": told.get("text", ""), "state": told.get("state", ""), "results": results}


def _cell(told: Mapping[str, Any]) -> Answer:
    return {**told, "results": list(_results(told.get("results", ())))}


def _results(told: Sequence[Mapping[str, Any]]) -> Iterator[Answer]:
    """Yield what a cell showed; of a table its first rows, and of a page of its own only that there is one."""
    for one in told:
        shown = _SHOWN.get(str(one.get("type")))
        yield shown(one) if shown else {**one, "data": _short(one.get("data"))}


def _table(told: Mapping[str, Any]) -> Answer:
    rows = list(told.get("data") or ())
    schema = told.get("schema") or ()
    return {
        "type": "table",
        "columns": [str(column.get("name")) for column in schema],
        "types": [_type(column.get("type")) for column in schema],
        "rows": rows[:FIRST_ROWS],
        "count": told.get("count", len(rows)),
        "is_cut": bool(told.get("truncated")),
    }


def _type(told: Any) -> str:
    return str(told.get("name", "") if isinstance(told, Mapping) else told or "")


def _short(data: Any) -> Any:
    if isinstance(data, str) and len(data) > LONGEST_TEXT:
        return f"{data[:LONGEST_TEXT]}\n… {len(data) - LONGEST_TEXT:,} more characters are in the export of this run."
    return data


_SHOWN: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = {
    "table": _table,
    "html": lambda _: {"type": "html"},
    "image": dict,
}

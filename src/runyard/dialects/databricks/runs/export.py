"""A notebook's run as one page: readable in a browser by itself, with the model that tools read embedded in it."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import msgspec

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.facts import TaskRun
from runyard.dialects.databricks.runs.cells import CELL_STYLE, cell
from runyard.dialects.databricks.runs.outputs import read_json
from runyard.engine.engine import Engine

CODE, DASHBOARDS, ALL = "CODE", "DASHBOARDS", "ALL"
NOTEBOOK_FILE = "notebook.json"
ONLY_NOTEBOOKS = "Only notebook runs can be exported to HTML; this run is of type {kind}."
NOTHING_YET = "The notebook of this run has shown nothing yet; export it once its first command has run."
STATES: Mapping[str, str] = {
    "finished": "finished",
    "failed": "error",
    "skipped": "input",
    "cancelled": "cancelled",
}
"""The state of a cell in the words of a command."""
MAGICS: Mapping[str, str] = {
    "python": "%python",
    "sql": "%sql",
    "markdown": "%md",
    "md": "%md",
    "shell": "%sh",
    "sh": "%sh",
    "scala": "%scala",
    "r": "%r",
    "run": "%run",
    "pip": "%pip",
    "fs": "%fs",
}
"""What a command begins with whose language is not the notebook's."""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
script-src '{proof}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>{style}</style>
<script>{script}</script>
</head>
<body>
<h1>{name}</h1>
{cells}
{exit}
</body>
</html>
"""


def views(engine: Engine, one: TaskRun, wanted: str) -> list[dict[str, str]]:
    """Return the views of a task run that are wanted; there are no dashboards here."""
    if wanted not in (CODE, DASHBOARDS, ALL):
        raise InvalidRequest(f"Invalid views_to_export {wanted!r}; it must be one of: {CODE}, {DASHBOARDS}, {ALL}.")
    kind = one.task.kind if one.task else "unknown"
    if kind != "notebook":
        raise InvalidRequest(ONLY_NOTEBOOKS.format(kind=kind))
    if wanted == DASHBOARDS:
        return []
    told = read_json(engine.attempt_folder(one.attempt.id) / NOTEBOOK_FILE)
    if not told:
        raise InvalidRequest(NOTHING_YET)
    return [{"content": page(told, one.attempt.id), "name": _name(told), "type": "NOTEBOOK"}]


def page(told: Mapping[str, Any], run_id: int) -> str:
    """Return a notebook and what its cells showed as HTML that asks for nothing from elsewhere."""
    script = f"var __DATABRICKS_NOTEBOOK_MODEL = '{encoded(model(told, run_id))}';"
    exit_text = told.get("exit")
    return _PAGE.format(
        proof="sha256-" + b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        name=escape(_name(told)),
        style=CELL_STYLE,
        script=script,
        cells="\n".join(cell(number, each) for number, each in enumerate(told.get("cells", ()), 1)),
        exit="" if exit_text is None else f"<p>Notebook exited: {escape(str(exit_text))}</p>",
    )


def encoded(value: Mapping[str, Any]) -> str:
    """Return a model as the page holds it: JSON, percent-encoded, in base64."""
    return b64encode(quote(msgspec.json.encode(value).decode()).encode()).decode()


def model(told: Mapping[str, Any], run_id: int) -> dict[str, Any]:
    """Return a notebook in the words that readers of exported pages know."""
    language = told.get("language") or "python"
    return {
        "version": "NotebookV1",
        "origId": run_id,
        "name": _name(told),
        "language": language,
        "commands": [_command(number, each, language) for number, each in enumerate(told.get("cells", ()), 1)],
        "dashboards": [],
        "globalVars": {},
    }


def _name(told: Mapping[str, Any]) -> str:
    return str(told.get("name") or "notebook").rstrip("/").rpartition("/")[2]


def _command(number: int, told: Mapping[str, Any], language: str) -> dict[str, Any]:
    shown: Sequence[Mapping[str, Any]] = told.get("results", ())
    failed: Mapping[str, Any] = next((one for one in shown if one.get("type") == "error"), {})
    return {
        "version": "CommandV1",
        "position": float(number),
        "command": _source(told, language),
        "commandTitle": told.get("title") or "",
        "state": STATES.get(str(told.get("state")), "finished"),
        "results": _results([_result(one) for one in shown], told),
        "errorSummary": failed.get("summary"),
        "error": failed.get("cause"),
        "submitTime": told.get("started_at") or 0,
        "startTime": told.get("started_at") or 0,
        "finishTime": told.get("ended_at") or 0,
    }


def _source(told: Mapping[str, Any], language: str) -> str:
    own, source = told.get("language") or language, str(told.get("source") or "")
    magic = MAGICS.get(own)
    return source if own == language or magic is None or source.startswith("%") else f"{magic}\n{source}"


def _results(results: list[dict[str, Any]], told: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a command showed: the one result, or a list of them."""
    times = {"startTime": told.get("started_at") or 0, "finishTime": told.get("ended_at") or 0}
    if not results:
        return None
    return {**(results[0] if len(results) == 1 else {"type": "listResults", "data": results}), **times}


def _result(told: Mapping[str, Any]) -> dict[str, Any]:
    kind, data = told.get("type"), told.get("data")
    if kind == "table":
        return {
            "type": "table",
            "data": data,
            "schema": [_column(column) for column in told.get("schema", ())],
            "overflow": bool(told.get("truncated")),
        }
    if kind == "error":
        return {"type": "error", "data": data, "summary": told.get("summary"), "cause": told.get("cause")}
    return {"type": "ansi" if kind == "text" else kind, "data": data}


def _column(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": told.get("name"), "type": f'"{told.get("type")}"', "metadata": "{}"}

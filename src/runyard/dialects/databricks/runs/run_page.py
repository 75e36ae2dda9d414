"""A run to look at in a browser: one plain page with its facts, that asks for nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from typing import Any

import msgspec

from runyard.core.errors import NotFound, RunyardError
from runyard.core.run import Run
from runyard.dialects.databricks.errors import wire_error
from runyard.dialects.databricks.facts import JobRun, TaskRun, job_run
from runyard.dialects.databricks.runs.outputs import output_of
from runyard.dialects.databricks.runs.run_reading import facts_of, found, iterations_of, task_run_of
from runyard.dialects.databricks.views import RUN, RUN_TASK, as_run, job_id
from runyard.dialects.exchange import Reply, Request
from runyard.engine.engine import Engine

PREFIX = "/jobs/"
MASK = "[REDACTED]"
LONGEST_LOG = 64 * 1024  # characters of the end of it that the page shows
_PATH = re.compile(r"/jobs/(\d{1,18})/runs/(\d{1,18})/?", re.ASCII)  # no ledger holds longer numbers
_SECRET_NAME = re.compile(r"passw|secret|token|credential|api.?key|access.?key|private.?key", re.IGNORECASE)
_MEMBERS_OF_PARAMETERS = ("job_parameters", "overriding_parameters")

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid #8884; padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
pre { font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; background: #8881;
  padding: .6rem; border-radius: 6px; }
"""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class RunPages:
    """The pages of runs and task runs."""

    def answer(self, engine: Engine, request: Request) -> Reply:
        """Show the run that the path names."""
        match = _PATH.fullmatch(request.path)
        if request.method not in ("GET", "HEAD") or match is None:
            return _problem(HTTPStatus.NOT_FOUND, f"There is no page at {request.path}.")
        try:
            return _reply(_run_page(engine, request, int(match[2])))
        except RunyardError as error:
            return _problem(HTTPStatus(wire_error(error).status), wire_error(error).message)

    def refuse(self, error: Exception, *, status: int) -> Reply:
        """Ask for the password, as browsers do."""
        if isinstance(error, RunyardError):
            return _problem(HTTPStatus(status), str(error))
        asking = {"www-authenticate": 'Basic realm="runyard", charset="UTF-8"'}
        text = "Sign in with the password of this server; `runyard env` prints it for its owner."
        return _problem(HTTPStatus.UNAUTHORIZED, text, asking)


def _run_page(engine: Engine, request: Request, run_id: int) -> str:
    run, attempt = found(engine, request.workspace, run_id)
    if attempt is None:
        one = job_run(facts_of(engine, run, request.url))
        parts = [_caller(engine, run), _facts(RUN.show(one)), _tasks("Tasks", one.task_runs), _more(one)]
        return _page(f"Run of {run.job_name}", parts)
    task = task_run_of(engine, run, attempt, request.url)
    up = f'<p><a href="{_path(task.whole.id, task)}">Run {task.whole.id} of {escape(task.whole.job_name)}</a></p>'
    parts = [up, _facts(as_run(task)), _tasks("Iterations", iterations_of(engine, task)), _output(engine, task)]
    return _page(f"Task {attempt.task_key}", parts)


def _caller(engine: Engine, run: Run) -> str:
    """Lead to the task run that asked for a run, if one did and is still there."""
    caller_id = run.parent_attempt_id or run.started_by.get("attempt_id")
    if caller_id is None:
        return ""
    try:
        caller, attempt = engine.attempt(engine.workspace_of(run), caller_id)
    except NotFound:  # deleted since
        return ""
    path = f"{PREFIX}{job_id(caller)}/runs/{attempt.id}"
    return f'<p>Started by <a href="{path}">task {escape(attempt.task_key)} of {escape(caller.job_name)}</a></p>'


def _page(title: str, parts: Iterable[str]) -> str:
    body = "\n".join([f"<h1>{escape(title)}</h1>", *(part for part in parts if part)])
    return _PAGE.format(title=escape(title), style=_STYLE, body=body)


def _facts(shown: Mapping[str, Any]) -> str:
    state, details = shown["state"], shown["status"].get("termination_details", {})
    known = {
        "Run id": shown["run_id"],
        "Job id": shown["job_id"],
        "State": state["life_cycle_state"],
        "Result": state.get("result_state"),
        "Code": details.get("code"),
        "Message": state["state_message"] or state.get("queue_reason"),
        "Launched": shown.get("trigger"),
        "By": shown.get("creator_user_name"),
        "Attempt": shown.get("attempt_number"),
        "Started": _moment(shown["start_time"]),
        "Ended": _moment(shown["end_time"]),
        "Duration": _length(shown.get("run_duration")),
        "Waited": _length(shown.get("queue_duration")),
        **{name.replace("_", " ").capitalize(): _parameters(shown.get(name)) for name in _MEMBERS_OF_PARAMETERS},
    }
    return _table((f"<th>{name}</th>", f"<td>{escape(str(text))}</td>") for name, text in known.items() if text)


def _tasks(title: str, task_runs: Iterable[TaskRun]) -> str:
    rows = [
        (
            f'<td><a href="{_path(one.attempt.id, one)}">{escape(str(shown["task_key"]))}</a></td>',
            f"<td>{escape(shown['state'].get('result_state') or shown['state']['life_cycle_state'])}</td>",
            f"<td>{shown['attempt_number']}</td>",
            f"<td>{_moment(shown['start_time'])}</td>",
            f"<td>{_length(shown.get('run_duration'))}</td>",
            f"<td>{escape(shown['state']['state_message'])}</td>",
        )
        for one in task_runs
        for shown in [RUN_TASK.show(one)]
    ]
    head = tuple(f"<th>{name}</th>" for name in ("Task", "Result", "Attempt", "Started", "Duration", "Message"))
    return f"<h2>{title}</h2>\n{_table([head, *rows])}" if rows else ""


def _more(one: JobRun) -> str:
    repairs = one.run.repairs
    return f"<p>Tasks of it were run again {repairs} time{'s' if repairs > 1 else ''}.</p>" if repairs else ""


def _output(engine: Engine, task: TaskRun) -> str:
    output = output_of(engine, task)
    texts = {
        "Error": output.get("error"),
        "Trace": output.get("error_trace"),
        "Result": output.get("notebook_output", {}).get("result"),
        "Log": (output.get("logs") or "")[-LONGEST_LOG:],
    }
    return "\n".join(f"<h2>{name}</h2>\n<pre>{escape(text)}</pre>" for name, text in texts.items() if text)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    return "<table>\n" + "\n".join(f"<tr>{''.join(cells)}</tr>" for cells in rows) + "\n</table>"


def _path(run_id: int, one: TaskRun) -> str:
    return f"{PREFIX}{job_id(one.whole)}/runs/{run_id}"


def _parameters(value: Any) -> str:
    """Return parameters as text; values of names that speak of secrets stay secret."""
    if isinstance(value, list):
        value = {one.get("name"): one.get("value") for one in value}
    return msgspec.json.encode(_masked(value)).decode() if value else ""


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: MASK if _SECRET_NAME.search(str(name)) else _masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return value


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def _length(length_ms: int | None) -> str:
    return f"{length_ms / 1000:.3f} s" if length_ms else ""


def _problem(status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> Reply:
    page = _page(status.phrase, [f"<p>{escape(text)}</p>"])
    return _reply(page, status=status, headers=headers)


def _reply(page: str, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Reply:
    known = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": _POLICY,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    return Reply(status=status, headers={**known, **(headers or {})}, body=page.encode(errors="replace"))

"""`dbutils.notebook`: ends a notebook with a value, and runs another one as a run of its own."""

from __future__ import annotations

import contextlib
import os
import posixpath
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from . import service
from .identity import Context, EntryPoint
from .session import NotebookExit, Session
from .utility import Utility

GET_RUN = "/api/2.2/jobs/runs/get"
CALLER = "X-Runyard-Task-Run"
ENDED = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 1.0
PATIENCE_S = 300.0  # how long a server may be away


class NotebookRunFailed(Exception):
    """The other notebook did not succeed; says how it ended."""


class Notebook(Utility):
    """The control flow of notebooks."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.entry_point = EntryPoint(session.facts)

    def exit(self, value: Any = "") -> None:
        """End this notebook as finished, with a value for who started it."""
        text = self._session.redactor.redact(str(value))  # the ledger keeps it, and pages show it
        self._session.output.set_result(text)
        raise NotebookExit(text)

    def run(self, path: str, timeout_seconds: int = 0, arguments: Mapping[str, Any] | None = None) -> str:
        """Run another notebook and return the value with which it exits; 0 seconds wait for ever."""
        name = self._absolute(path)
        given = {key: str(value) for key, value in (arguments or {}).items()}
        task = {"task_key": "notebook", "notebook_task": {"notebook_path": name, "base_parameters": given}}
        wish = {"run_name": name, "tasks": [task], "timeout_seconds": int(timeout_seconds)}
        once = {**wish, "idempotency_token": os.urandom(16).hex()}
        run_id = _patiently(lambda: service.post("/api/2.2/jobs/runs/submit", once, **self._caller()))["run_id"]
        with _cancelled_with_us(run_id):
            self._lead_to(run_id)
            run = _ended(run_id)
        return _result(run, name)

    def _caller(self) -> dict[str, str]:
        """Say whose code asks, so that the run is known as one that a notebook called."""
        known = self._session.facts.task_run_id
        return {} if known is None else {CALLER: str(known)}

    def _lead_to(self, run_id: int) -> None:
        """Show where the other run can be looked at."""
        if self._session.is_notebook:
            url = _read(GET_RUN, run_id=run_id).get("run_page_url", "")
            self._session.show({"type": "html", "data": f'<a href="{escape(url)}">Notebook job #{run_id}</a>'})

    def getContext(self) -> Context:
        """Return what is known of this run."""
        return self.entry_point.getContext()

    def _absolute(self, path: str) -> str:
        if path.startswith("/"):
            return path
        here = posixpath.dirname(self._session.facts.notebook_path or "/")
        return posixpath.normpath(posixpath.join(here, path))


def _ended(run_id: int) -> dict[str, Any]:
    pause = FIRST_PAUSE_S
    while True:
        run = _read(GET_RUN, run_id=run_id)
        if run["state"]["life_cycle_state"] in ENDED:
            return run
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


def _read(path: str, **query: Any) -> dict[str, Any]:
    return _patiently(lambda: service.get(path, **query))


def _patiently(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Ask again while the server is away: it may be on its way back, and what it started goes on meanwhile."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except service.ServiceError as error:
            if error.code != service.UNREACHABLE or time.monotonic() > until:
                raise
        time.sleep(LONGEST_PAUSE_S)


def _result(run: Mapping[str, Any], name: str) -> str:
    state = run["state"]
    task_run_id = run["tasks"][-1]["run_id"] if run.get("tasks") else run["run_id"]
    output = _read("/api/2.2/jobs/runs/get-output", run_id=task_run_id)
    if state.get("result_state") != "SUCCESS":
        reason = output.get("error") or state.get("state_message") or state["life_cycle_state"]
        ended = state.get("result_state", state["life_cycle_state"])
        raise NotebookRunFailed(f"The notebook {name} ended {ended}: {reason} (run {run['run_id']})")
    return str(output.get("notebook_output", {}).get("result", ""))


@contextlib.contextmanager
def _cancelled_with_us(run_id: int) -> Iterator[None]:
    """Cancel the other run when this process is told to end, or stops waiting for it."""

    def end(number: int, _: object) -> None:
        _cancel(run_id)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # a thread of the job waits, and only the main one may listen to signals
        before = None
    try:
        yield
    except BaseException:
        _cancel(run_id)
        raise
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _cancel(run_id: int) -> None:
    with contextlib.suppress(service.ServiceError):
        service.post("/api/2.2/jobs/runs/cancel", {"run_id": run_id})

"""Waiting for a run in front of a person (a spinner with state and time) or of a log (a line a change)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from runyard.cli.output import is_terminal, run_length

if TYPE_CHECKING:
    from runyard.client.native import NativeClient

Show = Callable[[Mapping[str, Any]], None]


@contextmanager
def progress() -> Iterator[Show]:
    """Give a function that shows how a run stands, on standard error."""
    if not is_terminal(stderr=True):
        yield _lines()
        return
    from rich.console import Console  # noqa: PLC0415 - see main.py
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - see main.py

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking the server", total=None)
        yield lambda run: bar.update(task, description=standing(run))


def _lines() -> Show:
    last = ""

    def show(run: Mapping[str, Any]) -> None:
        nonlocal last
        if standing(run) != last:
            last = standing(run)
            click.echo(last, err=True)

    return show


def standing(run: Mapping[str, Any]) -> str:
    """Say in one line where a run stands, and why if it waits."""
    attempt = f", attempt {run['attempt']}" if run["attempt"] else ""
    reason = f": {run['reason']}" if run.get("reason") else ""
    return f"run {run['id']} of {run['job_name']} is {run['phase']}{attempt}{reason}"


def ending(run: Mapping[str, Any]) -> str:
    """Say in one line how a run ended."""
    took = run_length(run, now=run["updated_at"])
    message = f": {run['message']}" if run.get("message") else ""
    return f"run {run['id']} of {run['job_name']} {run['phase']}{f' after {took}' if took else ''}{message}"


def wait(client: NativeClient, run_id: int, *, timeout_s: float | None) -> Mapping[str, Any]:
    """Show a run until it has ended or the time is up, and return how it stands then."""
    deadline = time.monotonic() + (math.inf if timeout_s is None else timeout_s)
    with progress() as show:
        run = client.run(run_id)
        while run["state"] != "ended" and (left := deadline - time.monotonic()) > 0:
            show(run)
            run = client.wait_run(run_id, since=run["updated_at"], wait_s=left)
    return run

"""Records for people (rich tables on a terminal, aligned plain lines in a pipe) and for programs (JSON)."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

Record = Mapping[str, Any]

STYLES: Mapping[str, str] = {
    "blocked": "yellow",
    "queued": "yellow",
    "starting": "cyan",
    "running": "cyan",
    "stopping": "magenta",
    "retrying": "yellow",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "magenta",
    "timed_out": "red",
    "skipped": "dim",
    "upstream_failed": "red",
    "excluded": "dim",
    "crashed": "red",
}
"""The colour of each phase."""
FINDING_STYLES: Mapping[str, str] = {"ok": "green", "warn": "yellow", "fail": "red"}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What would steer a terminal; what it says may have come from anywhere."""
SECOND_MS = 1000
MINUTE_S = 60
HOUR_S = 3600


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table: what it is called and what it says of a record."""

    title: str
    show: Callable[[Record], str]
    wraps: bool = False  # ids and times are never broken


def print_records(records: Iterable[Record], columns: Sequence[Column], *, as_json: bool) -> None:
    """Print a list."""
    if as_json:
        print_json(list(records))
        return
    rows = [[column.show(record) for column in columns] for record in records]
    if is_terminal():
        _print_table(rows, columns)
    else:
        click.echo("\n".join(aligned([[column.title for column in columns], *rows])))


def print_record(facts: Mapping[str, str]) -> None:
    """Print the facts of one thing, one a line; what is empty is left out."""
    rows = [[name, value] for name, value in facts.items() if value]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        said = CONTROL.sub("\N{REPLACEMENT CHARACTER}", value) if is_terminal() else value
        text = said.replace("\n", "\n" + " " * (width + 2))
        click.echo(f"{click.style(name.ljust(width), dim=True)}  {text}")


def print_json(value: Any) -> None:
    """Print for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def is_terminal(*, stderr: bool = False) -> bool:
    """Tell whether a person reads along."""
    return (sys.stderr if stderr else sys.stdout).isatty()


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines whose columns stand below each other, with nothing cut off."""
    flat = [[" ".join(cell.split()) or "-" for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*flat, strict=True)]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in flat]
    return ["  ".join(line).rstrip() for line in lines]


def _print_table(rows: Sequence[Sequence[str]], columns: Sequence[Column]) -> None:
    from rich.console import Console  # noqa: PLC0415 - see main.py
    from rich.table import Table  # noqa: PLC0415 - see main.py
    from rich.text import Text  # noqa: PLC0415 - see main.py

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.title, no_wrap=not column.wraps, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, FINDING_STYLES.get(cell, ""))) for cell in row))
    Console().print(table)


def moment(at: int | None) -> str:
    """Return a time in the reader's own time zone."""
    return "" if at is None else datetime.fromtimestamp(at / SECOND_MS).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def length(milliseconds: int | None) -> str:
    """Return how long something took, as a person would say it."""
    if milliseconds is None:
        return ""
    seconds = milliseconds / SECOND_MS
    if seconds < MINUTE_S:
        return f"{seconds:.1f} s" if seconds >= 1 else f"{milliseconds} ms"
    minutes, rest = divmod(int(seconds), MINUTE_S)
    if seconds < HOUR_S:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // MINUTE_S} h {minutes % MINUTE_S:02} min"


def run_length(run: Record, *, now: int) -> str:
    """Return how long a run has been running, or ran: of one task its newest attempt, of many from the first on."""
    if run.get("running_at") is None:
        return ""
    return length(max(run.get("ended_at", now) - run["running_at"], 0))

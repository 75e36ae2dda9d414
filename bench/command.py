"""The bench's command: which figures, how many samples, and how they are told."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench import (
    accepted_runs,
    arazzo_flows,
    bookmark_files,
    console_pages,
    dremio_flight,
    dremio_queries,
    finished_runs,
    first_line,
    listed_pages,
    memory,
    reflections,
    spark_job,
    sql_engine,
    sql_wire,
    task_graphs,
)
from bench.figures import Row, percentile, to_record
from bench.machine import describe_machine
from bench.size import FULL, QUICK, Size

FIGURES: Mapping[str, Callable[[Size], Iterator[Row]]] = {
    module.FIGURE: module.measure
    for module in (
        first_line,
        finished_runs,
        accepted_runs,
        listed_pages,
        memory,
        task_graphs,
        arazzo_flows,
        sql_engine,
        sql_wire,
        bookmark_files,
        spark_job,
        console_pages,
        reflections,
        dremio_queries,
        dremio_flight,
    )
}
COLUMNS = ("", "what", "ours", "against", "theirs", "ratio", "goal", "met")
MARKS: Mapping[bool | None, str] = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}
LOADED = "The machine is busy with other things (load {load} on {cores} cores): trust the ratios, not the figures."
WIDE = 140  # characters of a line in a pipe
ENOUGH_FOR_P99 = 50  # samples
WHOLE = 100  # figures above are told without decimals


def main() -> None:
    """Measure what was asked for and print it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before all was measured"))  # so that no server is left
    options = _options()
    machine = describe_machine()
    measured = (row for name in options.only for row in FIGURES[name](QUICK if options.quick else FULL))
    # Whoever reads may leave. A server that was ended only as Python ends would need a thread, which then cannot begin.
    with contextlib.closing(measured) as rows:
        if options.json:
            _tell_json(machine, rows)
        else:
            _tell_table(machine, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.py",
        description="Measure what the README claims, against what anybody has at hand.",
        epilog="Example: bench/bench.py --only a,b",
    )
    parser.add_argument(
        "--json", action="store_true", help="one object a line: the machine, then each row with its samples"
    )
    parser.add_argument("--only", type=_names, default=list(FIGURES), metavar="a,b,…", help="figures to measure")
    parser.add_argument("--quick", action="store_true", help="few samples: shows that the bench works, proves nothing")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    return names


def _tell_json(machine: Mapping[str, Any], rows: Iterator[Row]) -> None:
    print(json.dumps({"machine": machine}), flush=True)
    for row in rows:
        print(json.dumps(to_record(row), ensure_ascii=False), flush=True)


def _tell_table(machine: Mapping[str, Any], rows: Iterator[Row]) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    table = Table(
        *COLUMNS, title="runyard bench", caption=", ".join(f"{name} {value}" for name, value in machine.items())
    )
    with console.status("measuring …") as status:
        for row in rows:
            status.update(f"measured {row.what}; measuring on …")
            table.add_row(*_cells(row))
    console.print(table)
    if machine["load"] > (os.cpu_count() or 1) / 2:
        console.print(LOADED.format_map(machine))


def _cells(row: Row) -> Sequence[str]:
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}x"
    goal = "" if row.goal is None else str(row.goal)
    ours, theirs = (_figure(samples, row.unit) for samples in (row.ours, row.peer))
    return (row.figure, row.what, ours, escape(row.against), theirs, ratio, goal, MARKS[row.is_met])


def _figure(samples: Sequence[float], unit: str) -> str:
    if not samples:
        return ""
    text = f"{_short(statistics.median(samples))} {unit}"
    return f"{text} (p99 {_short(percentile(samples, 99))})" if len(samples) >= ENOUGH_FOR_P99 else text


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= WHOLE else f"{value:.3g}"

"""A workflow's run in front of a person (a tree that lives) or of a log (a line a step), on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from runyard.arazzo.running.progress import StepPlace, StepReport
from runyard.arazzo.told.lines import Lines, failure_lines
from runyard.arazzo.told.rows import DONE, FAILED, WAITING, Row, Rows
from runyard.arazzo.told.telling import ended_it
from runyard.cli.output import is_terminal

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.spinner import Spinner

MARKS = {DONE: ("✓", "green"), FAILED: ("✗", "red")}
REFRESHES = 8  # a second
LEFT_FREE = 4  # lines of the terminal


@contextmanager
def watching(workflow: str) -> Iterator[Rows]:
    """Give an observer that shows the run as it goes on."""
    if is_terminal(stderr=True):
        with _Tree(workflow).shown() as rows:
            yield rows
    else:
        yield Lines(_write).rows


def _write(line: str) -> None:
    """Write a line of a log, without what would colour a terminal: it may have come from a server."""
    sys.stderr.write(f"{click.unstyle(line)}\n")


class _Tree:
    """The steps as a tree on a terminal; a row changes in place."""

    def __init__(self, workflow: str) -> None:
        self._workflow = workflow
        self._spinners: dict[StepPlace, Spinner] = {}
        self._failures: list[StepReport] = []
        self._over = False
        self.rows = Rows(changed=self._changed)

    @contextmanager
    def shown(self) -> Iterator[Rows]:
        """Show the tree while the run goes on, and leave it there with the failures below it."""
        from rich.console import Console  # noqa: PLC0415 - see main.py
        from rich.live import Live  # noqa: PLC0415 - see main.py

        console = Console(stderr=True, highlight=False)
        live = Live(console=console, refresh_per_second=REFRESHES, get_renderable=lambda: self._drawn(console.height))
        try:
            with live:
                yield self.rows
                self._finish(live)
        finally:
            for report in self._failures:
                click.echo("\n".join(failure_lines(report)), err=True)

    def _finish(self, live: Live) -> None:
        self._over = True
        live.vertical_overflow = "visible"

    def _changed(self, _: Row, report: StepReport | None) -> None:
        if report is not None and ended_it(report):
            self._failures.append(report)

    def _drawn(self, height: int) -> RenderableType:
        from rich.text import Text  # noqa: PLC0415 - see main.py
        from rich.tree import Tree  # noqa: PLC0415 - see main.py

        rows = list(self.rows)
        first = 0 if self._over else max(len(rows) - height + LEFT_FREE, 0)
        before = f" … {first} steps before" if first else ""
        tree = Tree(Text(self._workflow + before), guide_style="dim")
        branches: dict[tuple[str, ...], Any] = {}
        newest: dict[tuple[str, ...], Any] = {}  # by workflows: the branch of their latest step
        for row in rows[first:]:
            workflows = row.place.workflows
            if workflows not in branches:
                branches[workflows] = newest.get(workflows[:-1], tree)
            newest[workflows] = branches[workflows].add(self._label(row))
        return tree

    def _label(self, row: Row) -> RenderableType:
        from rich.spinner import Spinner  # noqa: PLC0415 - see main.py
        from rich.text import Text  # noqa: PLC0415 - see main.py

        text = row.text(self.rows.clock())
        if row.state in MARKS:
            mark, style = MARKS[row.state]
            return Text.assemble((f"{mark} ", style), text)
        spinner = self._spinners.setdefault(row.place, Spinner("dots", style="cyan"))
        spinner.update(text=Text(text, style="yellow" if row.state == WAITING and row.tries else ""))
        return spinner

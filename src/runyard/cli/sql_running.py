"""Running the statements of a text one after the other, and telling what went wrong and where."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import click

from runyard.sql.errors import SqlError
from runyard.sql.grammar.text import pieces
from runyard.sql.results import Result

if TYPE_CHECKING:
    from runyard.sql.session import Session

T = TypeVar("T")
POLL_S = 0.1  # how soon a signal is heard while a statement runs


class Failed(Exception):
    """A statement failed; it is told with the text it stands in."""

    def __init__(self, *, error: SqlError, text: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.text = text


def statements(text: str) -> Iterator[str]:
    """Yield the statements of a text, each on the line and in the column where it stands."""
    try:
        found = pieces(text)
    except SqlError as error:
        raise Failed(error=error, text=text) from error
    for piece in found:
        line = text.count("\n", 0, piece.start)
        column = piece.start - (text.rfind("\n", 0, piece.start) + 1)
        yield "\n" * line + " " * column + piece.text


def run(session: Session, text: str, write: Callable[[Result], int], *, explains: bool = False) -> None:
    """Run one statement; Ctrl-C ends it."""
    try:
        attended(session, lambda: _run(session, text, write, explains=explains))
    except SqlError as error:
        raise Failed(error=error, text=text) from error


def _run(session: Session, text: str, write: Callable[[Result], int], *, explains: bool) -> None:
    if explains:
        text = _explaining(text)
    result = session.prepare(text).run()
    count = write(result) if result.headings else sum(1 for _ in result.rows)
    for notice in result.notices:
        click.echo(notice, err=True)
    if not result.headings and not result.notices and (tag := result.tag(count)):
        click.echo(tag, err=True)


def _explaining(text: str) -> str:
    """Ask for the plan, in the place of the statement."""
    from runyard.sql.grammar.parsing import parse  # noqa: PLC0415 - see main.py
    from runyard.sql.statements import Explain  # noqa: PLC0415 - see main.py

    return text if isinstance(parse(text), Explain) else f"EXPLAIN {text}"


def attended(session: Session, work: Callable[[], T]) -> T:
    """Do work in a thread of its own, so that Ctrl-C is heard and can end it."""
    done: list[T] = []
    problems: list[BaseException] = []
    ended = threading.Event()

    def act() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            problems.append(error)
        finally:
            ended.set()

    threading.Thread(target=act, name="statement", daemon=True).start()
    interrupted = False
    while not ended.is_set():
        try:
            if not ended.wait(POLL_S) and interrupted:
                session.interrupt()  # again: the first may have come before there was anything to end
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            session.interrupt()
    if problems:
        raise problems[0]
    if interrupted:  # too late for this statement: those behind it are not run
        raise KeyboardInterrupt
    return done[0]


def tell(failed: Failed, *, advice: str = "") -> None:
    """Say what went wrong on standard error, with the line where it did."""
    error = failed.error
    click.echo(f"{click.style('Error', fg='red', bold=True)}: {error} [{error.code}]", err=True)
    if error.hint and error.hint not in str(error):
        click.echo(error.hint, err=True)
    with suppress(IndexError):
        if error.position is not None:
            _point(failed.text, error.position - 1)
    if advice:
        click.echo(advice, err=True)


def _point(text: str, at: int) -> None:
    start = text.rfind("\n", 0, at) + 1
    line = text[start:].split("\n", 1)[0]
    number = text.count("\n", 0, at) + 1
    before = f"line {number}: "
    column = at - start
    shown_from = max(column - LONGEST_LINE // 2, 0)
    click.echo(f"{before}{line[shown_from : shown_from + LONGEST_LINE]}", err=True)
    click.echo(" " * (len(before) + column - shown_from) + "^", err=True)


LONGEST_LINE = 160

"""Carries out the cells of a notebook, one after the other, in one namespace."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import results
from ..dbutils import DBUtils
from ..session import Session
from .python_cells import run_python
from .source import Cell, read_notebook

if TYPE_CHECKING:
    from .sql_cells import Database

REFUSED = (
    "Cells of {language} cannot run here: this server runs Python, SQL and the shell. Write the cell in one of them."
)
SPELLED = {"scala": "Scala", "r": "R"}
ARGUMENT = r"\$([\w.-]+)=(.*)"


class CannotRun(Exception):
    """A cell asks for what this server does not have."""


class Here:
    """The notebook whose cells run: itself, or one that it includes."""

    def __init__(self, file: Path, endings: Sequence[str], including: tuple[Path, ...] = ()) -> None:
        self.file = file
        self.endings = endings
        self.including = including

    def find(self, named: str, resolve: Callable[[str], Path]) -> Path:
        """Return the file of another notebook, by its path from here or from the workspace's root."""
        base = self._base(named, resolve)
        for ending in self.endings:
            file = base.with_name(base.name + ending)
            if file.is_file():
                return file
        raise FileNotFoundError(f"There is no notebook {named}: no file {base}, with or without an ending.")

    def _base(self, named: str, resolve: Callable[[str], Path]) -> Path:
        if not named.startswith("/"):
            return Path(os.path.normpath(self.file.parent / named))
        inside = named if named.startswith("/Workspace/") else f"/Workspace{named}"
        return resolve(inside)


class Runner:
    """One notebook in one process."""

    def __init__(self, session: Session, dbutils: DBUtils, namespace: dict[str, Any], here: Here) -> None:
        self.session = session
        self.dbutils = dbutils
        self._namespace = namespace
        self._here = here

    @cached_property
    def _database(self) -> Database:
        from .sql_cells import Database  # noqa: PLC0415 - what most notebooks do not use is loaded late

        facts = self.session.facts
        file = facts.notebook.get("database")
        return Database(Path(file) if file else None, facts.mounts)

    def run(self, cell: Cell, name: str) -> None:
        """Carry out one cell."""
        if cell.language not in CELLS:
            raise CannotRun(REFUSED.format(language=SPELLED.get(cell.language, cell.language)))
        CELLS[cell.language](self, cell.code, name)
        for drawn in results.open_figures():
            self.session.show(drawn)

    def echo(self, code: str, name: str) -> None:
        """Carry out Python and show the value of its last expression."""
        value = self.run_python(code, name)
        if value is not None:
            self.session.show(results.echoed(value))

    def run_python(self, code: str, name: str) -> Any:
        """Carry out Python and return the value of its last expression."""
        return run_python(code, self._namespace, name, magic=self._run_magic)

    def _run_magic(self, word: str, rest: str) -> Any:
        from .magics import run_magic  # noqa: PLC0415 - as above

        return run_magic(self, word, rest)

    def run_sql(self, code: str) -> None:
        """Carry out SQL and show what the last statement returns."""
        shown = self._database.run(code, self._namespace, self.dbutils.widgets.getAll())
        if shown is not None:
            self.session.show(shown)

    def run_files(self, code: str) -> None:
        """Carry out lines of `%fs`: a verb of dbutils.fs and its arguments."""
        import shlex  # noqa: PLC0415 - as above

        for line in code.strip().splitlines():
            verb, *given = shlex.split(line)
            if verb.startswith("_") or not hasattr(self.dbutils.fs, verb):
                raise CannotRun(f"%fs knows no {verb!r}; dbutils.fs.help() tells what it knows.")
            value = getattr(self.dbutils.fs, verb)(*_flags_read(given))
            self.session.show(results.displayed(value) if isinstance(value, list) else results.echoed(value))

    def include(self, code: str) -> None:
        """Carry out the cells of another notebook as if they stood here (`%run`)."""
        import shlex  # noqa: PLC0415 - as above

        named, *given = shlex.split(code, comments=True)
        file = self._here.find(named, self.dbutils.fs.places.resolve)
        if file in (*self._here.including, self._here.file):
            raise CannotRun(f"The notebook {named} includes itself, directly or through others.")
        self.dbutils.widgets.give(_arguments(given))
        notebook = read_notebook(file, name=posixpath.basename(named))
        before = self._here
        self._here = Here(file, before.endings, (*before.including, before.file))
        try:
            for number, cell in enumerate(notebook.cells, start=1):
                self.run(cell, f"<{named} cell {number}>")
        finally:
            self._here = before


def _shell(_: Runner, code: str, __: str) -> None:
    from .shell import run_shell  # noqa: PLC0415 - as above

    run_shell(code)


CELLS: Mapping[str, Callable[[Runner, str, str], None]] = {
    "python": Runner.echo,
    "sql": lambda runner, code, _: runner.run_sql(code),
    "md": lambda _, __, ___: None,
    "sh": _shell,
    "fs": lambda runner, code, _: runner.run_files(code),
    "run": lambda runner, code, _: runner.include(code),
    "html": lambda runner, code, _: runner.session.show(results.html(code)),
}
"""How the cells of each language are carried out."""

FLAGS = {"-r": True, "-R": True, "--recurse": True, "--recursive": True, "--overwrite": True}


def _flags_read(given: Sequence[str]) -> list[Any]:
    """Put flags where the verbs of dbutils.fs take them: behind the paths."""
    words = [each for each in given if each not in FLAGS]
    return [*words, *(FLAGS[each] for each in given if each in FLAGS)]


def _arguments(given: Sequence[str]) -> dict[str, str]:
    found = [re.fullmatch(ARGUMENT, each, re.DOTALL) for each in given]
    wrong = [each for each, match in zip(given, found, strict=True) if match is None]
    if wrong:
        raise CannotRun(f'%run cannot read {wrong[0]!r}; arguments are given as $name="value".')
    return {match[1]: match[2] for match in found if match is not None}

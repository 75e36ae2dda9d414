"""The interactive shell of `runyard sql`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from runyard.cli.sql_completion import Words
from runyard.cli.sql_opening import Opened
from runyard.cli.sql_running import Failed, run, statements, tell
from runyard.sql.errors import SqlError
from runyard.sql.forms.values import Style
from runyard.sql.forms.writing import FORMS
from runyard.sql.grammar.text import pieces
from runyard.sql.results import Result

HISTORY = "sql_history"
SIGNS = {"I": ">", "T": "*>", "E": "!>"}
"""What the prompt says of the transaction: none, one, one that failed."""
HELP = r"""A statement ends with ; and may have many lines. Tab completes, the arrows go through what you typed before.
  \d          the resources there are          \d NAME     the columns of one
  \dm NAME    the methods of one               \dp         the providers
  \dc         the connections there are        \dv         the views that you made
  \o FORM     table, json, jsonl, csv or text  \i FILE     run a file
  \?          this                             \q          leave
Ctrl-C ends the statement that runs, Ctrl-D leaves."""


@dataclass(kw_only=True)
class Shell:
    """A conversation at a terminal."""

    opened: Opened
    form: str
    style: Style
    left: bool = False

    def take(self, text: str) -> None:
        """Do what a line says: a shortcut, or statements."""
        line = text.strip()
        if line.startswith("\\"):
            self._shortcut(line[1:].rstrip(";").strip())
        else:
            self.statements(text)

    def prompt(self) -> str:
        """What stands before what is typed."""
        return f"runyard{SIGNS.get(self.opened.session.transaction, '>')} "

    def statements(self, text: str) -> None:
        """Run the statements of a text, up to the first that fails."""
        try:
            for one in statements(text):
                run(self.opened.session, one, self._write)
        except Failed as failed:
            tell(failed, advice=self.opened.advice)
        except KeyboardInterrupt:  # between two statements
            click.echo("The statement was cancelled; those behind it are not run.", err=True)

    def _write(self, result: Result) -> int:
        out = sys.stdout
        write = FORMS[self.form]
        count = write(result, out, replace(self.style, width=shutil.get_terminal_size().columns))
        out.flush()
        click.echo(click.style(f"({count} {'row' if count == 1 else 'rows'})", dim=True), err=True)
        return count

    def _shortcut(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        act = SHORTCUTS.get(name)
        if act is None:
            click.echo(f"There is no \\{name}; \\? lists what there is.", err=True)
        else:
            act(self, rest.strip())

    def leave(self, _: str) -> None:
        """End the conversation."""
        self.left = True

    def help(self, _: str) -> None:
        """Say what may be typed."""
        click.echo(HELP)

    def describe(self, name: str) -> None:
        """List resources, or the columns of one."""
        self.statements(f"DESCRIBE EXTENDED {name}" if name else "SHOW RESOURCES")

    def output(self, form: str) -> None:
        """Change the form of results."""
        if form not in FORMS:
            click.echo(f"There is no form {form!r}; there are {', '.join(FORMS)}.", err=True)
        else:
            self.form = form

    def run_file(self, name: str) -> None:
        """Run the statements of a file."""
        try:
            self.statements(Path(name).expanduser().read_text())
        except (OSError, UnicodeDecodeError) as error:
            click.echo(f"{name} cannot be read: {error}.", err=True)


def _showing(what: str) -> Callable[[Shell, str], None]:
    return lambda shell, name: shell.statements(f"SHOW {what} {name}".strip())


SHORTCUTS: Mapping[str, Callable[[Shell, str], None]] = {
    "q": Shell.leave,
    "quit": Shell.leave,
    "?": Shell.help,
    "h": Shell.help,
    "d": Shell.describe,
    "dt": Shell.describe,
    "dm": _showing("EXTENDED METHODS IN"),
    "dp": _showing("PROVIDERS"),
    "dc": _showing("CONNECTIONS"),
    "dv": _showing("VIEWS"),
    "o": Shell.output,
    "i": Shell.run_file,
}


def talk(opened: Opened, *, form: str, style: Style) -> None:
    """Read and answer until somebody leaves."""
    shell = Shell(opened=opened, form=form, style=style)
    reading: PromptSession[str] = PromptSession(
        history=FileHistory(str(_history(opened.home))),
        auto_suggest=AutoSuggestFromHistory(),
        completer=Words(opened.catalog),
        complete_while_typing=False,
        multiline=True,
        key_bindings=_keys(),
        prompt_continuation=lambda width, *_: ".> ".rjust(width),
    )
    click.echo("Statements end with ;  \\? tells what else there is, \\q leaves.")
    if opened.advice:
        click.echo(opened.advice, err=True)
    while not shell.left:
        try:
            shell.take(reading.prompt(shell.prompt))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _history(home: Path) -> Path:
    """A file that nobody else reads: statements may hold secrets."""
    file = home / HISTORY
    home.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_APPEND, 0o600))
    return file


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys


NEXT = "NEXT"  # what stands alone behind a statement that has ended


def is_whole(text: str) -> bool:
    """Whether what was typed can be run: a shortcut, nothing, or statements up to a semicolon outside of a string."""
    line = text.strip()
    if not line or line.startswith("\\"):
        return True
    if not line.endswith(";"):
        return False
    try:
        return pieces(f"{line}\n{NEXT}")[-1].text == NEXT
    except SqlError as error:
        return "does not end" not in str(error)

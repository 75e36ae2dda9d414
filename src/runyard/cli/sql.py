"""`runyard sql`: statements over this server's runs and those of real clouds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from runyard.cli.arguments import Pair
from runyard.cli.exits import INTERRUPTED
from runyard.cli.target import Target, target_options

if TYPE_CHECKING:
    from runyard.sql.forms.values import Style
    from runyard.sql.results import Result

FORMS = ("table", "json", "jsonl", "csv", "text", "parquet")
STDIN = "-"
CANCELLED = "57014"
EXAMPLE = 'Example: runyard sql "SELECT phase, count(*) FROM runyard.ledger.runs GROUP BY phase" -o csv'


@click.command(epilog=EXAMPLE)
@click.argument("statement", required=False)
@target_options
@click.option("--store", metavar="URL", help="Read this ledger instead of the home's.")
@click.option(
    "-i",
    "--file",
    "infile",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Run this file's text; - is standard input.",
)
@click.option(
    "-o", "--output", "form", type=click.Choice(FORMS), default="table", show_default=True, help="The form of results."
)
@click.option(
    "-f", "--output-file", "outfile", type=click.Path(path_type=Path, dir_okay=False), help="Write results here."
)
@click.option("--var", "variables", type=Pair(), multiple=True, help="A value of the text's template; may be repeated.")
@click.option(
    "--data", type=click.Path(path_type=Path, dir_okay=False), help="Values of the template: JSON or jsonnet."
)
@click.option("-H", "--no-headers", is_flag=True, help="Leave out the names of columns.")
@click.option("-d", "--delimiter", default=",", show_default=True, help="Between the values of csv and text.")
@click.option("--strings", is_flag=True, help="As StackQL: every value a string, NULL the string null.")
@click.option("--dry-run", is_flag=True, help="Check the statements and print them, with their values put in.")
@click.option("--explain", is_flag=True, help="Tell what would be asked of which service, and do nothing.")
@click.pass_context
def sql(context: click.Context, /, *, target: Target, statement: str | None, **more: Any) -> None:
    """Run STATEMENT, the statements of a file, or those that you type.

    Without STATEMENT and -i an interactive shell begins; from a pipe, standard input is run. Several statements are run
    in turn, up to the first that fails. Results come to standard output, everything else to standard error.
    """
    _check(statement, more)
    from runyard.cli.sql_opening import opened  # noqa: PLC0415 - see main.py
    from runyard.cli.sql_running import Failed, statements, tell  # noqa: PLC0415 - see main.py

    try:
        text = _text(statement, more)
        if text is not None and more["dry_run"]:
            _print(list(statements(text)))
            return
    except Failed as failed:
        tell(failed)
        context.exit(1)
    with opened(target, store=more["store"]) as session:
        if text is None:
            from runyard.cli.sql_shell import talk  # noqa: PLC0415 - see main.py

            talk(session, form=more["form"], style=_style(more, sys.stdout))
            return
        try:
            _run(session.session, text, more)
        except Failed as failed:
            tell(failed, advice=session.advice)
            context.exit(INTERRUPTED if failed.error.code == CANCELLED else 1)
        except KeyboardInterrupt:  # between two statements, or as one ended
            click.echo("Cancelled between two statements; those behind it are not run.", err=True)
            context.exit(INTERRUPTED)


def _check(statement: str | None, more: dict[str, Any]) -> None:
    if statement is not None and more["infile"] is not None:
        raise click.UsageError("STATEMENT and -i both say what to run; give one.")
    if len(more["delimiter"]) != 1:
        raise click.UsageError(f"-d takes one character, and {more['delimiter']!r} is not one.")
    if more["form"] == "parquet" and more["outfile"] is None:
        raise click.UsageError("Parquet is no text for a terminal or a pipe: name a file with -f.")


def _text(statement: str | None, more: dict[str, Any]) -> str | None:
    """What is to be run, its values put in; None: whatever somebody types."""
    source = _source(statement, more["infile"])
    variables = dict(more["variables"])
    if source is None or (more["infile"] is None and not variables and more["data"] is None):
        return source
    from runyard.cli.sql_running import Failed  # noqa: PLC0415 - see main.py
    from runyard.sql.errors import SqlError  # noqa: PLC0415 - see main.py
    from runyard.sql.templating.templates import filled, read_data  # noqa: PLC0415 - see main.py

    try:
        data = read_data(more["data"], variables) if more["data"] is not None else {}
        return filled(source, variables=variables, data=data)
    except SqlError as error:
        raise Failed(error=error, text=source) from error


def _source(statement: str | None, file: Path | None) -> str | None:
    if statement is not None:
        return statement
    if file is None and sys.stdin.isatty():
        return None
    try:
        return sys.stdin.read() if file is None or str(file) == STDIN else file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file or 'standard input'} cannot be read: {error}.") from error


def _print(found: Sequence[str]) -> None:
    """Show the statements, once each of them is understood."""
    from runyard.cli.sql_running import Failed  # noqa: PLC0415 - see main.py
    from runyard.sql.errors import SqlError  # noqa: PLC0415 - see main.py
    from runyard.sql.grammar.parsing import parse  # noqa: PLC0415 - see main.py

    for text in found:
        try:
            parse(text)
        except SqlError as error:
            raise Failed(error=error, text=text) from error
    for text in found:
        click.echo(text.strip() + ";")


def _run(session: Any, text: str, more: dict[str, Any]) -> None:
    from runyard.cli.sql_running import run, statements  # noqa: PLC0415 - see main.py

    with _writing(more) as write:
        for one in statements(text):
            run(session, one, write, explains=more["explain"])


def _style(more: dict[str, Any], out: TextIO) -> Style:
    from runyard.sql.forms.values import Style  # noqa: PLC0415 - see main.py

    return Style(
        headers=not more["no_headers"],
        delimiter=more["delimiter"],
        strings=more["strings"],
        on_terminal=out.isatty(),
    )


@contextmanager
def _writing(more: dict[str, Any]) -> Iterator[Callable[[Result], int]]:
    """Give what writes a result. A file is there once everything is in it, or not at all."""
    if more["outfile"] is None:
        yield _writer(more, sys.stdout)
        sys.stdout.flush()
        return
    file: Path = more["outfile"]
    partial = file.with_name(f".{file.name}.partial")
    try:
        if more["form"] == "parquet":
            yield _parquet(more, partial)
        else:
            with partial.open("w", newline="", encoding="utf-8") as out:
                yield _writer(more, out)
        if partial.exists():
            partial.replace(file)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)


def _writer(more: dict[str, Any], out: TextIO) -> Callable[[Result], int]:
    from runyard.sql.forms.writing import FORMS as WRITERS  # noqa: PLC0415 - see main.py

    style = _style(more, out)
    return lambda result: WRITERS[more["form"]](result, out, style)


def _parquet(more: dict[str, Any], file: Path) -> Callable[[Result], int]:
    from runyard.sql.forms.parquet import write_parquet  # noqa: PLC0415 - see main.py

    style = _style(more, sys.stdout)

    def write(result: Result) -> int:
        if file.exists():
            raise click.ClickException("A file of Parquet holds one result, and here is a second one: give one query.")
        return write_parquet(result, file, style)

    return write

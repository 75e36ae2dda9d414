"""`runyard run`: a script of this machine, run by the server, as if it ran here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from runyard.cli.arguments import Pair, Seconds, argv
from runyard.cli.output import print_json
from runyard.cli.target import Target, target_options


@click.command(epilog="Example: runyard run report.py --arg day=2024-05-01 --package duckdb")
@click.argument("script")
@click.argument("words", nargs=-1)
@target_options
@click.option("--arg", "pairs", type=Pair(), multiple=True, help="Give the script --NAME VALUE; may be repeated.")
@click.option("--name", help="Name of the run.  [default: the file's]")
@click.option("--timeout", type=Seconds(min=0, min_open=True), metavar="SECONDS", help="End it after this time.")
@click.option("--retries", type=click.IntRange(0, 100), default=0, show_default=True, help="Tries after a failed one.")
@click.option("--package", "packages", multiple=True, help="What it needs from the package index; may be repeated.")
@click.option("--env", "environment", type=Pair(), multiple=True, help="Set a variable for it; may be repeated.")
@click.option("--detach", is_flag=True, help="Print the run's id and leave.")
@click.option("--json", "as_json", is_flag=True, help="With --detach: print the run as JSON.")
@click.pass_context
def run(  # noqa: PLR0913 - one argument for each option
    context: click.Context,
    /,
    *,
    target: Target,
    script: str,
    words: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    environment: Sequence[tuple[str, str]],
    detach: bool,
    as_json: bool,
    **more: Any,
) -> None:
    """Run SCRIPT (a file, - for standard input, or a URI the server knows) and follow its output.

    Its output comes to standard output and standard error, and its exit status becomes this command's.
    Ctrl-C stops the run; a second one leaves it. WORDS behind -- are given to the script as they are.
    """
    if as_json and not detach:
        raise click.UsageError("--json goes with --detach; without it the output is the script's own.")
    from runyard.cli.attending import attend  # noqa: PLC0415 - see main.py

    asked = {
        "arguments": argv(pairs, words),
        "environment": dict(environment),
        "name": more["name"],
        "timeout_s": more["timeout"],
        "max_retries": more["retries"],
        "packages": list(more["packages"]),
    }
    submitted = target.client().submit(read_script(script), **asked)
    if not detach:
        context.exit(attend(target, submitted["id"]))
    if as_json:
        print_json(submitted)
    else:
        click.echo(submitted["id"])


def read_script(named: str) -> dict[str, str]:
    """Return a script as the server takes it: its text and name, or its URI."""
    if "://" in named or named.startswith("dbfs:/"):
        return {"uri": named}
    try:
        raw = sys.stdin.buffer.read() if named == "-" else Path(named).read_bytes()
        return {"name": "stdin.py" if named == "-" else Path(named).name, "source": raw.decode("utf-8-sig")}
    except OSError as error:
        raise click.BadParameter(f"cannot read {named!r}: {error.strerror}.", param_hint="SCRIPT") from error
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{named!r} is not UTF-8 ({error}).", param_hint="SCRIPT") from error

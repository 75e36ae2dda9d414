"""The `runyard` command. What is heavy is imported where it is needed, so that `--help` and `env` come at once."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper

import click

from runyard.cli.exits import INTERRUPTED
from runyard.client.errors import ClientError

COMMANDS = ("serve", "env", "doctor", "jobs", "runs", "run", "sql", "arazzo", "users", "tokens", "completion")
"""Each is a module beside this one, and what it calls the same inside."""


class Commands(click.Group):
    """Imports only the command that is named, and tells what a client has to tell in one line."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Name every command, in the order in which a newcomer meets them."""
        del context
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command by name."""
        del context
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"runyard.cli.{name}"), name)
        return command

    def invoke(self, context: click.Context) -> object:
        """Run the command that was named; exit 1 with what went wrong, and as shells expect it after Ctrl-C."""
        try:
            return super().invoke(context)
        except ClientError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo(err=True)  # behind the terminal's ^C
            raise click.exceptions.Exit(INTERRUPTED) from None


def _show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click calls it so
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked

        click.echo(f"runyard {version('runyard')}")
        context.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Example: runyard serve & eval "$(runyard env)"; runyard run hello.py --arg name=world',
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def commands() -> None:
    """Really run jobs, for unmodified AWS Glue clients, and see, stop and query every run in one place."""


def main() -> None:
    """Run the command line; what an output cannot spell (half a surrogate pair, say) is escaped and ends nothing."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error has it
    commands(prog_name="runyard")


if __name__ == "__main__":
    main()

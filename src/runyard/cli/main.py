"""The `runyard` command. What is heavy is imported inside the commands, so that `--help` and `env` come at once."""

from __future__ import annotations

import click

from runyard.cli.completion import completion
from runyard.cli.doctor import doctor
from runyard.cli.env import env
from runyard.cli.jobs import jobs
from runyard.cli.run import run
from runyard.cli.runs import runs
from runyard.cli.serve import serve
from runyard.client.errors import ClientError


class Commands(click.Group):
    """Tells what a client has to tell in one line, and exits 1."""

    def invoke(self, context: click.Context) -> object:
        """Run the command that was named."""
        try:
            return super().invoke(context)
        except ClientError as error:
            raise click.ClickException(str(error)) from error


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


for command in (serve, env, doctor, jobs, runs, run, completion):
    commands.add_command(command)


def main() -> None:
    """Run the command line."""
    commands(prog_name="runyard")


if __name__ == "__main__":
    main()

"""`runyard env`: what clients must find in the environment to speak to the server."""

from __future__ import annotations

import json

import click

from runyard.cli.target import Target, target_options

SHELLS = ("bash", "zsh", "fish", "powershell")


@click.command(epilog='Example: eval "$(runyard env)" && aws glue get-jobs')
@target_options
@click.option("--shell", type=click.Choice(SHELLS), default="bash", show_default=True, help="Whose words to print.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def env(*, target: Target, shell: str, as_json: bool) -> None:
    """Print the variables that make boto3, the aws cli and other clients use this server.

    This is the one command that prints secrets. With --url alone the keys are taken from RUNYARD_TOKEN,
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    """
    from runyard.cli.variables import assignment, variables  # noqa: PLC0415 - see main.py

    found = variables(target)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            click.echo(assignment(name, value, for_shell=shell))

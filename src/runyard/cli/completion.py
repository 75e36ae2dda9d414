"""`runyard completion`: the script that teaches a shell our words."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_RUNYARD_COMPLETE"  # in which click is told to complete


@click.command(epilog='Example: eval "$(runyard completion bash)"')
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, /, *, shell: str) -> None:
    """Print the completion script of SHELL; with it, jobs and runs are completed from the server too."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - see main.py

    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"There is no completion for {shell}.")
    click.echo(kind(context.find_root().command, {}, "runyard", VARIABLE).source())

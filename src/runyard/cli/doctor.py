"""`runyard doctor`: what is well here, what is not, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

import click

from runyard.cli.output import FINDING_STYLES, print_json
from runyard.cli.target import Target, target_options


@click.command(epilog="Example: runyard doctor --home /srv/runyard")
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(context: click.Context, /, *, target: Target, as_json: bool) -> None:
    """Look at this machine, the home and the server; exit 1 if something fails."""
    from runyard.cli.checks import examine  # noqa: PLC0415 - see main.py

    findings = list(examine(target))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            mark = click.style(finding.status.ljust(4), fg=FINDING_STYLES[finding.status])
            click.echo(f"{mark}  {finding.name.ljust(width)}  {finding.text}")
            if finding.advice:
                click.echo(f"      {' ' * width}  → {finding.advice}")
    context.exit(1 if any(finding.status == "fail" for finding in findings) else 0)

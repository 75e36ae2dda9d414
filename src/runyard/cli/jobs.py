"""`runyard jobs …`: the jobs of the server, in whatever language they were made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from runyard.cli.arguments import JobName, Pair
from runyard.cli.output import Column, moment, print_json, print_record, print_records
from runyard.cli.target import Target, target_options

COLUMNS = (
    Column(title="NAME", show=lambda job: job["name"], wraps=True),
    Column(title="LANGUAGE", show=lambda job: job["language"]),
    Column(title="LIMIT", show=lambda job: str(job.get("max_concurrent_runs", "none"))),
    Column(title="CREATED", show=lambda job: moment(job["created_at"])),
    Column(title="UPDATED", show=lambda job: moment(job["updated_at"])),
    Column(title="ID", show=lambda job: str(job["id"])),
)

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most."
)


@click.group(epilog="Example: runyard jobs start nightly --arg day=2024-05-01 --follow")
def jobs() -> None:
    """List, show, start and delete jobs."""


@jobs.command("list", epilog="Example: runyard jobs list --json")
@target_options
@limit_option
@as_json_option
def list_jobs(*, target: Target, limit: int, as_json: bool) -> None:
    """List jobs, the newest first."""
    print_records(target.client().jobs(limit=limit), COLUMNS, as_json=as_json)


@jobs.command("show", epilog="Example: runyard jobs show nightly")
@click.argument("job", type=JobName())
@target_options
@as_json_option
def show_job(*, target: Target, job: str, as_json: bool) -> None:
    """Show a job, by name or id."""
    found = target.client().job(job)
    if as_json:
        print_json(found)
    else:
        print_record(facts(found))


@jobs.command("start", epilog="Example: runyard jobs start nightly --arg day=2024-05-01 --follow")
@click.argument("job", type=JobName())
@target_options
@click.option("--arg", "pairs", type=Pair(), multiple=True, help="Give the script --NAME VALUE; may be repeated.")
@click.option("--follow", "-f", is_flag=True, help="Follow its output; exit with its result.")
@as_json_option
@click.pass_context
def start_job(
    context: click.Context,
    /,
    *,
    target: Target,
    job: str,
    pairs: Sequence[tuple[str, str]],
    follow: bool,
    as_json: bool,
) -> None:
    """Start a run of a job, and print the run's id."""
    if follow and as_json:
        raise click.UsageError("--follow prints what the run prints; leave out --json.")
    from runyard.cli.attending import attend  # noqa: PLC0415 - see main.py

    arguments = {name.removeprefix("--"): value for name, value in pairs}
    run = target.client().start_job(job, arguments)
    if follow:
        context.exit(attend(target, run["id"]))
    if as_json:
        print_json(run)
    else:
        click.echo(run["id"])


@jobs.command("delete", epilog="Example: runyard jobs delete nightly hourly")
@click.argument("names", metavar="JOB...", type=JobName(), nargs=-1, required=True)
@target_options
def delete_jobs(*, target: Target, names: Sequence[str]) -> None:
    """Delete jobs; their runs stay."""
    client = target.client()
    for name in names:
        client.delete_job(name)
        click.echo(f"deleted job {name}")


def facts(job: Mapping[str, Any]) -> dict[str, str]:
    """Return what a person wants to know of a job."""
    return {
        "name": job["name"],
        "id": str(job["id"]),
        "language": job["language"],
        "limit": f"{job['max_concurrent_runs']} concurrent runs" if "max_concurrent_runs" in job else "",
        "created": moment(job["created_at"]),
        "updated": moment(job["updated_at"]),
        "tags": ", ".join(f"{key}={value}" for key, value in job["tags"].items()),
        "settings": json.dumps(job["settings"], indent=2, ensure_ascii=False),
    }

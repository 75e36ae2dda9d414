"""`runyard runs …`: every run of the server, in whatever language it was started."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from runyard.cli.arguments import JobName, RunId, Seconds
from runyard.cli.jobs import as_json_option, limit_option
from runyard.cli.output import STYLES, Column, length, moment, print_json, print_record, print_records, run_length
from runyard.cli.target import Target, target_options


def _now() -> int:
    return time.time_ns() // 1_000_000


COLUMNS = (
    Column(title="ID", show=lambda run: str(run["id"])),
    Column(title="JOB", show=lambda run: run["job_name"], wraps=True),
    Column(title="LANGUAGE", show=lambda run: run["language"]),
    Column(title="PHASE", show=lambda run: run["phase"]),
    Column(title="CREATED", show=lambda run: moment(run["created_at"])),
    Column(title="TOOK", show=lambda run: run_length(run, now=_now())),
    Column(title="MESSAGE", show=lambda run: run.get("message") or run.get("reason") or "", wraps=True),
)
ATTEMPT_COLUMNS = (
    Column(title="ATTEMPT", show=lambda attempt: str(attempt["number"])),
    Column(title="TASK", show=lambda attempt: attempt["task_key"], wraps=True),
    Column(title="PHASE", show=lambda attempt: attempt["phase"]),
    Column(title="BEGAN", show=lambda attempt: moment(attempt.get("running_at"))),
    Column(title="TOOK", show=lambda attempt: run_length(attempt, now=_now())),
    Column(title="EXIT", show=lambda attempt: str(attempt.get("exit_code", ""))),
    Column(title="MESSAGE", show=lambda attempt: attempt.get("message", ""), wraps=True),
)
PHASES = tuple(STYLES)  # the core's, which is heavy to import; a test compares them

run_argument = click.argument("run_id", metavar="RUN", type=RunId())
runs_argument = click.argument("run_ids", metavar="RUN...", type=RunId(), nargs=-1, required=True)


@click.group(epilog="Example: runyard runs list --active; runyard runs logs -f 7812345678901")
def runs() -> None:
    """List, show, await, stop, read and delete runs.

    A RUN is named by the number that `runs list` shows, or by the jr_… id that Glue's clients show.
    """


@runs.command("list", epilog="Example: runyard runs list --job nightly --phase failed --limit 5")
@target_options
@click.option("--job", type=JobName(), help="Only runs of this job.")
@click.option("--phase", type=click.Choice(PHASES), help="Only runs in this phase.")
@click.option("--active", is_flag=True, help="Only runs that have not ended.")
@limit_option
@as_json_option
def list_runs(*, target: Target, job: str | None, phase: str | None, active: bool, limit: int, as_json: bool) -> None:
    """List runs, the newest first."""
    if active and phase:
        raise click.UsageError("--active and --phase both say which runs; give one.")
    found = target.client().runs(limit=limit, job=job, phase=phase, active=active or None)
    print_records(found, COLUMNS, as_json=as_json)


@runs.command("show", epilog="Example: runyard runs show 7812345678901")
@run_argument
@target_options
@as_json_option
def show_run(*, target: Target, run_id: int, as_json: bool) -> None:
    """Show a run with its attempts."""
    client = target.client()
    run, attempts = client.run(run_id), client.attempts(run_id)
    if as_json:
        print_json({**run, "attempts": attempts})
        return
    print_record(facts(run))
    if attempts:
        click.echo()
        print_records(attempts, ATTEMPT_COLUMNS, as_json=False)


@runs.command("wait", epilog="Example: runyard runs wait 7812345678901 --timeout 600")
@run_argument
@target_options
@click.option("--timeout", type=Seconds(min=0), metavar="SECONDS", help="Give up after this time.")
@as_json_option
@click.pass_context
def wait_run(context: click.Context, /, *, target: Target, run_id: int, timeout: float | None, as_json: bool) -> None:
    """Wait until a run has ended; exit 0 if it succeeded, 1 if not or if the time is up."""
    from runyard.cli.attending import PATIENCE_S  # noqa: PLC0415 - see main.py
    from runyard.cli.watching import ending, standing, wait  # noqa: PLC0415 - see main.py

    run = wait(target.client(patience_s=PATIENCE_S), run_id, timeout_s=timeout)
    has_ended = run["state"] == "ended"
    if as_json:
        print_json(run)
    elif has_ended:
        click.echo(ending(run))
    if not has_ended:
        raise click.ClickException(f"{standing(run)}; it did not end within {timeout:g} s. It goes on.")
    context.exit(0 if run["phase"] == "succeeded" else 1)


@runs.command("stop", epilog="Example: runyard runs stop 7812345678901")
@runs_argument
@target_options
def stop_runs(*, target: Target, run_ids: Sequence[int]) -> None:
    """Ask runs to stop: SIGTERM to all their processes, and after the grace SIGKILL."""
    client = target.client()
    for run_id in run_ids:
        click.echo(f"run {run_id} is {client.stop_run(run_id)['phase']}")


@runs.command("logs", epilog="Example: runyard runs logs -f 7812345678901")
@run_argument
@target_options
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended, over all its attempts.")
@click.option(
    "--stream", type=click.Choice(["stdout", "stderr", "both"]), default="both", show_default=True, help="Which."
)
@click.option("--attempt", type=click.IntRange(min=0), help="This attempt only.  [default: the newest]")
def show_logs(*, target: Target, run_id: int, follow: bool, stream: str, attempt: int | None) -> None:
    """Print what a run printed, each stream to its own."""
    from runyard.cli.attending import PATIENCE_S, write  # noqa: PLC0415 - see main.py
    from runyard.client.following import follow_log, read_log  # noqa: PLC0415 - see main.py

    read = follow_log if follow else read_log
    for printed in read(target.client(patience_s=PATIENCE_S), run_id, stream=stream, attempt=attempt):
        write(printed)


@runs.command("delete", epilog="Example: runyard runs delete 7812345678901")
@runs_argument
@target_options
def delete_runs(*, target: Target, run_ids: Sequence[int]) -> None:
    """Forget runs that have ended, with their logs."""
    client = target.client()
    for run_id in run_ids:
        client.delete_run(run_id)
        click.echo(f"deleted run {run_id}")


def facts(run: Mapping[str, Any]) -> dict[str, str]:
    """Return what a person wants to know of a run."""
    previous = run.get("previous_run_id")
    return {
        "run": str(run["id"]),
        "job": run["job_name"],
        "language": run["language"],
        "phase": run["phase"],
        "why": run.get("reason", ""),
        "message": run.get("message", ""),
        "created": moment(run["created_at"]),
        "began": moment(run.get("running_at")),
        "waited": length(run["running_at"] - run["created_at"]) if "running_at" in run else "",
        "took": run_length(run, now=_now()),
        "ended": moment(run.get("ended_at")),
        "attempts": str(run["attempt"] + 1),
        "repairs": str(run.get("repairs") or ""),
        "started by": _started_by(run.get("started_by", {})),
        "previous": str(previous) if previous else "",
    }


def _started_by(told: Mapping[str, Any]) -> str:
    """Say what started a run by itself, and which run it belongs to."""
    kind = str(told.get("kind", "")).replace("_", " ")
    return f"{kind} of run {told['run_id']}" if kind and "run_id" in told else kind

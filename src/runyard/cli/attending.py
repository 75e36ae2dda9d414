"""Following a run to its end: its output is ours, its result is ours, and Ctrl-C stops it."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from runyard.cli.exits import INTERRUPTED
from runyard.cli.target import Target
from runyard.cli.watching import Show, ending, progress
from runyard.client.errors import ClientError

if TYPE_CHECKING:
    from runyard.client.following import Printed
    from runyard.client.native import NativeClient

PATIENCE_S = 30.0  # a server that is started again meanwhile is waited for
WAITING = frozenset({"blocked", "queued", "starting", "retrying"})
LARGEST_EXIT_CODE = 255


def attend(target: Target, run_id: int) -> int:
    """Follow a run to its end and return the exit status that stands for its result."""
    from runyard.client.following import follow_log  # noqa: PLC0415 - see main.py

    client = target.client(patience_s=PATIENCE_S)
    with _stopped_by_interrupt(target, run_id):
        printed = follow_log(client, run_id, stream="both", attempt=None)
        with progress() as show:
            _wait_for_its_turn(client, run_id, show)
            first = next(printed, None)
        _pass_on(printed if first is None else itertools.chain([first], printed), run_id)
        run = client.wait_run(run_id)
    click.echo(ending(run), err=True)
    return result(run, client.attempts(run_id))


def _wait_for_its_turn(client: NativeClient, run_id: int, show: Show) -> None:
    run = client.run(run_id)
    show(run)
    while run["phase"] in WAITING:
        run = client.wait_run(run_id, since=run["updated_at"])
        show(run)


def _pass_on(printed: Iterable[Printed], run_id: int) -> None:
    attempt = 0
    for one in printed:
        if one.attempt != attempt:
            attempt = one.attempt
            click.echo(f"run {run_id}: attempt {attempt} follows", err=True)
        write(one)


def write(printed: Printed) -> None:
    """Pass on what a run printed, to the stream it printed to."""
    stream = sys.stdout if printed.stream == "stdout" else sys.stderr
    stream.flush()
    stream.buffer.write(printed.text.encode())
    stream.buffer.flush()


def result(run: Mapping[str, Any], attempts: list[dict[str, Any]]) -> int:
    """Return 0 for a success, the exit code of the last attempt if it has one, 1 otherwise."""
    if run["phase"] == "succeeded":
        return 0
    code = attempts[-1].get("exit_code") if attempts else None
    return code if code and 0 < code <= LARGEST_EXIT_CODE else 1


@contextmanager
def _stopped_by_interrupt(target: Target, run_id: int) -> Iterator[None]:
    """Let the first Ctrl-C stop the run, and the second leave it."""

    def interrupted(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.signal(signal.SIGINT, left)
        # In a thread, so that the reading of the log, which was interrupted, just goes on.
        threading.Thread(target=_stop, args=(target, run_id), daemon=True).start()

    def left(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise SystemExit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop(target: Target, run_id: int) -> None:
    click.echo(f"\nstopping run {run_id}; press Ctrl-C again to leave it", err=True)
    try:
        target.client().stop_run(run_id)
    except ClientError as error:
        click.echo(f"run {run_id} could not be stopped: {error}", err=True)

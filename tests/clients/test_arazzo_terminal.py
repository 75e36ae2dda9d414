"""`runyard arazzo run` on a terminal: a tree that lives, and one line for a poll loop."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Iterator

import pytest
from arazzo_command import RUNYARD, SETTINGS, Yard
from live import Live

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    live = Live(tmp_path_factory.mktemp("arazzo-terminal") / "home", settings=SETTINGS).start()
    yield Yard(live)
    live.close()


def on_a_terminal(yard: Yard, *words: str) -> tuple[int, str]:
    """Return the exit status and everything that came to the screen."""
    ours, theirs = pty.openpty()
    environment = yard.environment(THE_TOKEN=yard.token, COLUMNS="120", LINES="40", TERM="xterm-256color")
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [RUNYARD, "arazzo", *words],
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        shown = b"".join(iter(lambda: _read(screen.fileno()), b"")).decode()
    assert yard.token not in shown
    return process.wait(60), shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def test_a_poll_loop_is_one_line_that_changes(yard: Yard) -> None:
    status, shown = on_a_terminal(yard, *yard.with_source(yard.job("slow", "import time; time.sleep(2)")))
    plain = CODES.sub("", shown)
    final = plain[plain.rindex("run-existing-job-and-wait\r\n") :]

    assert status == 0
    assert re.search(r"pollRun: RUNNING, \d+ polls, \d", plain)
    assert "⠋" in plain
    assert re.search(r"├── ✓ getJob: 200 OK, ", final)
    assert re.search(r"└── ✓ pollRun: TERMINATED, \d+ polls, [2-9]\.\ds", final)
    assert final.count("pollRun") == 1
    assert "resultState  SUCCESS" in final


def test_a_failure_is_marked_and_explained_below_the_tree(yard: Yard) -> None:
    status, shown = on_a_terminal(yard, *yard.with_source(1))
    plain = CODES.sub("", shown)

    assert status == 1
    assert "└── ✗ getJob: 404 Not Found" in plain
    assert plain.rindex("✗ getJob") < plain.rindex("saw        $statusCode = 404")

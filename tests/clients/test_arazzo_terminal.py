"""`runyard arazzo run` on a terminal: a tree that lives, and one line for a poll loop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arazzo_command import RUNYARD, SETTINGS, Yard
from live import Live
from terminal import plain, watched
from waiting import held_by


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    live = Live(tmp_path_factory.mktemp("arazzo-terminal") / "home", settings=SETTINGS).start()
    yield Yard(live)
    live.close()


def on_a_terminal(yard: Yard, *words: str, **more: Any) -> tuple[int, str]:
    """Return the exit status and everything that came to the screen."""
    environment = yard.environment(THE_TOKEN=yard.token, COLUMNS="120", LINES="40", TERM="xterm-256color")
    environment.pop("NO_COLOR", None)
    status, shown = watched([RUNYARD, "arazzo", *words], environment, **more)
    assert yard.token not in shown
    return status, shown


def test_a_poll_loop_is_one_line_that_changes(yard: Yard, tmp_path: Path) -> None:
    gate = tmp_path / "polled"
    command = yard.with_source(yard.job("slow", held_by(gate)))
    # The pauses before the sixth poll are more than two seconds.
    status, shown = on_a_terminal(yard, *command, once=r"pollRun: RUNNING, ([6-9]|\d\d) polls, \d", then=gate.touch)
    text = plain(shown)
    final = text[text.rindex("run-existing-job-and-wait\r\n") :]

    assert status == 0
    assert re.search(r"pollRun: RUNNING, \d+ polls, \d", text)
    assert "⠋" in text
    assert re.search(r"├── ✓ getJob: 200 OK, ", final)
    assert re.search(r"└── ✓ pollRun: TERMINATED, \d+ polls, (([2-9]|\d\d)\.\d|\dm\d\d)s", final)
    assert final.count("pollRun") == 1
    assert "resultState  SUCCESS" in final


def test_a_failure_is_marked_and_explained_below_the_tree(yard: Yard) -> None:
    status, shown = on_a_terminal(yard, *yard.with_source(1))
    text = plain(shown)

    assert status == 1
    assert "└── ✗ getJob: 404 Not Found" in text
    assert text.rindex("✗ getJob") < text.rindex("saw        $statusCode = 404")

"""The real `runyard` on a terminal: what a person sees."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live
from terminal import plain, watched
from waiting import held_by

RUNYARD = str(Path(sys.executable).parent / "runyard")
RED = "\x1b[31m"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("terminal") / "home", settings="warm_children = 1\npreload = []\n").start()
    yield server
    server.close()


def on_a_terminal(live: Live, *arguments: str, columns: int = 120, **more: Any) -> tuple[int, str]:
    """Return the exit status and everything that came to the screen."""
    environment = {**os.environ, "RUNYARD_HOME": str(live.home), "COLUMNS": str(columns), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    return watched([RUNYARD, *arguments], environment, **more)


def script(tmp_path: Path, text: str, name: str = "script.py") -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


def test_a_run_shows_its_state_then_its_output_then_its_result(live: Live, tmp_path: Path) -> None:
    gate = tmp_path / "seen"
    text = f"{held_by(gate)}print('hello')\nraise SystemExit(4)\n"
    run = ("run", script(tmp_path, text, "shown.py"))
    status, shown = on_a_terminal(live, *run, once="of shown.py is running", then=gate.touch)
    text = plain(shown)

    assert status == 4
    assert "of shown.py is running" in text
    assert re.search(r"0:00:0\d", text)
    assert text.index("hello") < text.index("of shown.py failed after")


def test_waiting_shows_a_spinner_and_leaves_one_line(live: Live, tmp_path: Path) -> None:
    gate = tmp_path / "seen"
    _, started = on_a_terminal(live, "run", script(tmp_path, held_by(gate), "awaited.py"), "--detach")
    status, shown = on_a_terminal(live, "runs", "wait", started.strip(), once="⠋", then=gate.touch)

    assert status == 0
    assert "⠋" in shown
    assert "of awaited.py succeeded after" in plain(shown).splitlines()[-1]


def test_a_table_is_coloured_and_breaks_no_id(live: Live, tmp_path: Path) -> None:
    name = "name-" + "x" * 100
    _, shown = on_a_terminal(live, "run", script(tmp_path, "raise SystemExit(1)"), "--name", name)
    found = re.search(r"run (\d+) of", plain(shown))
    assert found is not None
    _, table = on_a_terminal(live, "runs", "list", columns=100)

    assert found[1] in table
    assert f"{RED}failed" in table
    assert max(len(line) for line in plain(table).splitlines()) <= 100


def test_the_doctor_marks_what_fails_in_red(live: Live) -> None:
    live.home.chmod(0o755)
    status, shown = on_a_terminal(live, "doctor")

    assert status == 1
    assert f"{RED}fail" in shown
    assert "chmod 700" in shown

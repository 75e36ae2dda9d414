"""The real `runyard` on a terminal: what a person sees."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live

RUNYARD = str(Path(sys.executable).parent / "runyard")
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
RED = "\x1b[31m"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("terminal") / "home", settings="warm_children = 1\npreload = []\n").start()
    yield server
    server.close()


def on_a_terminal(live: Live, *arguments: str, columns: int = 120) -> tuple[int, str]:
    """Return the exit status and everything that came to the screen."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "RUNYARD_HOME": str(live.home), "COLUMNS": str(columns), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [RUNYARD, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        shown = b"".join(iter(lambda: _read(screen.fileno()), b""))
    return process.wait(60), shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def script(tmp_path: Path, text: str, name: str = "script.py") -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


def test_a_run_shows_its_state_then_its_output_then_its_result(live: Live, tmp_path: Path) -> None:
    text = "import time\ntime.sleep(0.5)\nprint('hello')\nraise SystemExit(4)\n"
    status, shown = on_a_terminal(live, "run", script(tmp_path, text, "shown.py"))
    plain = CODES.sub("", shown)

    assert status == 4
    assert "of shown.py is running" in plain
    assert re.search(r"0:00:0\d", plain)
    assert plain.index("hello") < plain.index("of shown.py failed after")


def test_waiting_shows_a_spinner_and_leaves_one_line(live: Live, tmp_path: Path) -> None:
    _, started = on_a_terminal(live, "run", script(tmp_path, "import time; time.sleep(1)", "awaited.py"), "--detach")
    status, shown = on_a_terminal(live, "runs", "wait", started.strip())

    assert status == 0
    assert "⠋" in shown
    assert "of awaited.py succeeded after" in CODES.sub("", shown).splitlines()[-1]


def test_a_table_is_coloured_and_breaks_no_id(live: Live, tmp_path: Path) -> None:
    name = "name-" + "x" * 100
    _, shown = on_a_terminal(live, "run", script(tmp_path, "raise SystemExit(1)"), "--name", name)
    found = re.search(r"run (\d+) of", CODES.sub("", shown))
    assert found is not None
    _, table = on_a_terminal(live, "runs", "list", columns=100)

    assert found[1] in table
    assert f"{RED}failed" in table
    assert max(len(line) for line in CODES.sub("", table).splitlines()) <= 100


def test_the_doctor_marks_what_fails_in_red(live: Live) -> None:
    live.home.chmod(0o755)
    status, shown = on_a_terminal(live, "doctor")

    assert status == 1
    assert f"{RED}fail" in shown
    assert "chmod 700" in shown

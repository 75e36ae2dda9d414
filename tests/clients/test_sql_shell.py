"""The shell of `runyard sql` on a terminal: what a person sees."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live
from terminal import plain

from runyard.cli.sql_completion import Words
from runyard.cli.sql_shell import is_whole
from runyard.sql.resources.catalog import catalog

RUNYARD = str(Path(sys.executable).parent / "runyard")
WHERE_IS_THE_CURSOR = b"\x1b[6n"
PATIENCE_S = 60  # a machine under load


class Screen:
    """A shell, and what it has shown since somebody typed last."""

    def __init__(self, home: Path) -> None:
        self._ours, theirs = pty.openpty()
        environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
        self.process = subprocess.Popen(
            [RUNYARD, "sql", "--home", str(home)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**environment, "TERM": "xterm-256color"},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads yet
        )
        os.close(theirs)
        self._shown = b""
        self._unanswered = b""

    def type(self, text: str) -> None:
        self._shown = b""
        os.write(self._ours, text.replace("\n", "\r").encode())

    def until(self, pattern: str) -> str:
        """What was shown up to something, without its colours."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, text := plain(self._shown.decode(errors="replace"))):
            assert time.monotonic() < deadline, text
            if select.select([self._ours], [], [], 0.2)[0]:
                came = os.read(self._ours, 65536)  # which may end in the middle of a letter, or of a question
                self._shown += came
                self._answer(came)
        return text

    def _answer(self, came: bytes) -> None:
        *asked, rest = (self._unanswered + came).split(WHERE_IS_THE_CURSOR)
        self._unanswered = rest[-len(WHERE_IS_THE_CURSOR) :]
        for _ in asked:
            os.write(self._ours, b"\x1b[1;1R")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("shell") / "home", settings="warm_children = 1\npreload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def screen(live: Live) -> Iterator[Screen]:
    screen = Screen(live.home)
    screen.until("runyard>")
    yield screen
    screen.close()


def test_a_statement_of_many_lines_is_answered_and_remembered(screen: Screen, live: Live) -> None:
    screen.type("SELECT 1 + 1 AS two,\nNULL AS none;\n")
    shown = screen.until(r"\(1 row\)[\s\S]*runyard>\s*$")

    assert re.search(r"two\s+none", shown)
    assert re.search(r"2\s+null", shown)
    history = live.home / "sql_history"
    assert "NULL AS none;" in history.read_text()
    assert history.stat().st_mode & 0o777 == 0o600


def test_what_goes_wrong_is_told_and_the_shell_goes_on(screen: Screen) -> None:
    screen.type("SELECT nope FROM runyard.ledger.runs;\n")
    assert "There is no column nope." in screen.until(r"\^[\s\S]*runyard>\s*$")
    screen.type("SELECT 'still ' || 'here';\n")
    assert "still here" in screen.until(r"\(1 row\)")


def test_shortcuts_show_what_there_is(screen: Screen) -> None:
    screen.type("\\d\n")
    assert "databricks_workspace.jobs.job_runs" in screen.until(r"\(\d+ rows\)")
    screen.type("\\d runyard.ledger.queues\n")
    assert "max_concurrent_runs" in screen.until(r"\(\d+ rows\)")
    screen.type("\\dm databricks_workspace.jobs.job_runs\n")
    assert "cancel_all" in screen.until(r"\(\d+ rows\)")
    screen.type("\\o jsonl\n")
    screen.until(r"runyard>\s*$")
    screen.type("SELECT 7 AS seven;\n")
    assert '{"seven":7}' in screen.until(r"\(1 row\)")
    screen.type("\\what\n")
    assert "There is no \\what" in screen.until("lists what there is")
    screen.type("\\?\n")
    assert "Ctrl-D leaves" in screen.until("Ctrl-D leaves")
    screen.type("\\q\n")
    assert screen.process.wait(PATIENCE_S) == 0


def test_the_prompt_tells_of_a_transaction(screen: Screen) -> None:
    screen.type("BEGIN;\n")
    screen.until(r"runyard\*>\s*$")
    screen.type("SELECT nope;\n")
    screen.until(r"runyard!>\s*$")
    screen.type("ROLLBACK;\n")
    screen.until(r"runyard>\s*$")


def test_ctrl_c_ends_the_statement_and_not_the_shell(screen: Screen) -> None:
    screen.type("SELECT 'begun' AS now; SLEEP 600000;\n")
    screen.until(r"\(1 row\)")
    screen.process.send_signal(signal.SIGINT)
    screen.until("The statement was cancelled")
    screen.until(r"cancelled[\s\S]*runyard>\s*$")
    screen.type("\x04")
    assert screen.process.wait(PATIENCE_S) == 0


def test_tab_completes_a_resource(screen: Screen) -> None:
    screen.type("SELECT count(*) AS n FROM runyard.ledger.ser\t")
    screen.until("ver")  # only what is new is drawn
    screen.type(";\n")

    assert re.search(r"n\s+", screen.until(r"\(1 row\)"))


@pytest.mark.parametrize(
    ("word", "text", "before", "offered"),
    [
        ("sel", "sel", "", "select"),
        ("SEL", "SEL", "", "SELECT"),
        ("datab", "SELECT * FROM datab", "SELECT * FROM ", "databricks_workspace"),
        ("aws.gl", "SELECT * FROM aws.gl", "SELECT * FROM ", "aws.glue"),
        ("databricks_workspace.jobs.job_r", "", "FROM ", "databricks_workspace.jobs.job_run_output"),
        ("max_c", "SELECT max_c FROM runyard.ledger.queues", "SELECT ", "max_concurrent_runs"),
        ("runyard.ledger.queues.max", "", "SELECT ", "runyard.ledger.queues.max_concurrent_runs"),
        ("databricks_workspace.jobs.job_runs.can", "", "EXEC ", "databricks_workspace.jobs.job_runs.cancel_all"),
        ("aws_glue_j", "", "FROM ", "aws_glue_job_run"),
        ("split", "", "SELECT ", "split_part"),
    ],
)
def test_what_may_stand_there_is_offered(word: str, text: str, before: str, offered: str) -> None:
    found = [one for one, _ in Words(catalog()).offered(word, text, before)]

    assert offered in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", True),
        ("\\d runs", True),
        ("SELECT 1", False),
        ("SELECT 1;", True),
        ("SELECT ';", False),
        ("SELECT 'a;\nb';", True),
        ("SELECT 1; SELECT 2", False),
        ("SELECT 1; SELECT 2;", True),
        ("SELECT 1 -- ;", False),
        ("SELECT /* ;", False),
        ("SELECT a\\b;", True),
    ],
)
def test_enter_runs_what_is_whole(text: str, *, whole: bool) -> None:
    assert is_whole(text) is whole

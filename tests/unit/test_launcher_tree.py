from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from waiting import until

from runyard.executors.launcher import tree
from runyard.executors.launcher.leftovers import end_session


def test_ps_tells_the_same_as_proc() -> None:
    own = os.getpid()
    told = {each.pid: each for each in tree.everybody_by_ps()}[own]
    known = tree.look_up(own)

    assert known is not None
    assert (told.parent, told.group, told.session) == (known.parent, known.group, known.session)
    assert not told.is_zombie


def test_a_name_with_parentheses_and_spaces_is_read_past() -> None:
    rename = "import ctypes, time; ctypes.CDLL(None).prctl(15, b') Z 1 (', 0, 0, 0); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", rename], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = tree.look_up(process.pid)
        process.kill()

    assert found is not None
    assert (found.parent, found.is_zombie) == (os.getpid(), False)


def test_a_process_that_is_not_there_is_nobody() -> None:
    assert tree.look_up(2**22 + 1) is None


def test_a_family_is_ended_whole() -> None:
    begets = (
        "import subprocess, time; child = subprocess.Popen(['sleep', '60'], start_new_session=True); "
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", begets], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        tree.end_all(lambda each: each.pid == process.pid)

    assert process.returncode == -signal.SIGKILL
    until(lambda: (found := tree.look_up(child)) is None or found.is_zombie)


@pytest.mark.parametrize(("birth", "boot"), [(1, None), (None, "another boot")])
def test_a_session_whose_number_is_anothers_today_is_left_alone(birth: int | None, boot: str | None) -> None:
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as process:
        known = tree.look_up(process.pid)
        assert known is not None
        given = {"pid": process.pid, "birth": birth or known.birth, "boot": boot or tree.boot()}
        end_session(given, folder="/")
        is_running = process.poll() is None
        end_session({"pid": process.pid, "birth": known.birth, "boot": tree.boot()}, folder="/nowhere")

    assert is_running
    assert process.returncode == -signal.SIGKILL

"""Stop, timeout and leftovers: when an attempt has ended, nothing of it is left."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from launching import Yard, is_alive, running_yard
from waiting import until

from runyard.executors.launcher import tree

FAMILY = """
    import os, signal, subprocess, sys, time
    {before}
    ignoring = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    plain = subprocess.Popen(["sleep", "600"])
    apart = subprocess.Popen(["sleep", "600"], start_new_session=True)
    stubborn = subprocess.Popen([sys.executable, "-c", ignoring], start_new_session=True)
    orphan = subprocess.run(["sh", "-c", "setsid sleep 600 >/dev/null & echo $!"], stdout=subprocess.PIPE)
    print(os.getpid(), plain.pid, apart.pid, stubborn.pid, orphan.stdout.decode(), flush=True)
    {after}
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with running_yard(tmp_path_factory.mktemp("kills")) as yard:
        yield yard


def family(before: str = "", after: str = "time.sleep(600)") -> str:
    return FAMILY.format(before=before, after=after)


def pids(yard: Yard, attempt_id: int) -> list[int]:
    until(lambda: yard.read(attempt_id).endswith("\n"))
    return [int(each) for each in yard.read(attempt_id).split()]


def test_a_stopped_run_leaves_no_process(yard: Yard) -> None:
    yard.start(1, family())
    members = pids(yard, 1)
    assert all(is_alive(pid) for pid in members)
    yard.launcher.stop(1, grace_ms=60_000, cause="cancelled")
    end = yard.end(1)

    assert (end.signal, end.cause, end.message) == (signal.SIGTERM, "cancelled", "The run was cancelled.")
    assert len(members) == 5
    until(lambda: not any(is_alive(pid) for pid in members))


def test_a_run_that_ignores_sigterm_is_killed_after_the_grace(yard: Yard) -> None:
    yard.start(2, family(before="signal.signal(signal.SIGTERM, signal.SIG_IGN)"))
    members = pids(yard, 2)
    yard.launcher.stop(2, grace_ms=300, cause="cancelled")
    end = yard.end(2)

    assert (end.signal, end.cause) == (signal.SIGKILL, "cancelled")
    until(lambda: not any(is_alive(pid) for pid in members))


def test_a_run_may_clean_up_within_the_grace_and_is_asked_once(yard: Yard) -> None:
    script = """
        import signal, sys, time
        def leave(*_):
            print("cleaning up")
            time.sleep(0.2)
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        print("ready")
        time.sleep(600)
    """
    yard.start(3, script)
    until(lambda: yard.read(3))
    yard.launcher.stop(3, grace_ms=20_000, cause="cancelled")
    end = yard.end(3)

    assert (end.exit_code, end.cause) == (0, "cancelled")
    assert yard.read(3) == "ready\ncleaning up\n"


def test_a_second_stop_can_shorten_the_grace(yard: Yard) -> None:
    yard.start(4, "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint(1)\ntime.sleep(600)")
    until(lambda: yard.read(4))
    yard.launcher.stop(4, grace_ms=600_000, cause="cancelled")
    yard.launcher.stop(4, grace_ms=0, cause="cancelled")

    assert yard.end(4).signal == signal.SIGKILL


def test_a_run_past_its_timeout_is_ended_and_says_so(yard: Yard) -> None:
    end = yard.run(5, "import time\ntime.sleep(600)", timeout_ms=300, grace_ms=60_000)

    assert (end.signal, end.cause) == (signal.SIGTERM, "timed_out")
    assert end.message == "The run did not finish within its timeout of 0.3 s."
    assert end.started_at is not None
    assert 300 <= end.at - end.started_at < 30_000


def test_a_run_that_ends_by_itself_leaves_no_process(yard: Yard) -> None:
    end = yard.run(6, family(after=""))
    members = pids(yard, 6)

    assert end.exit_code == 0
    until(lambda: not any(is_alive(pid) for pid in members))


def test_the_orphans_of_a_living_run_live(yard: Yard) -> None:
    yard.start(7, family())
    members = pids(yard, 7)
    yard.run(8, "print('another run comes and goes')")

    assert all(is_alive(pid) for pid in members)
    yard.launcher.stop(7, grace_ms=0, cause="cancelled")
    yard.end(7)


@pytest.mark.parametrize(("attempt_id", "ends"), [(9, "yes"), (10, "no")])
def test_a_fork_bomb_is_ended(yard: Yard, attempt_id: int, ends: str) -> None:
    # Thirty lines of descent, each in ever new sessions, of which nobody lives longer than a moment;
    # left alone it would die out after a minute.
    script = """
        import os, time
        for _ in range(30):
            if not os.fork():
                for _ in range(300):
                    os.setsid()
                    time.sleep(0.2)
                    if os.fork():
                        os._exit(0)
                os._exit(0)
        print("bred", flush=True)
        if os.environ["ENDS"] == "no":
            time.sleep(600)
        os._exit(0)
    """
    yard.start(attempt_id, script, environment={"ENDS": ends})
    until(lambda: yard.read(attempt_id))
    yard.launcher.stop(attempt_id, grace_ms=0, cause="cancelled")
    yard.end(attempt_id)

    work = yard.folder(attempt_id) / "work"
    until(lambda: not [each for each in tree.everybody() if works_in(each.pid, str(work))])


def works_in(pid: int, folder: str) -> bool:
    try:
        return str((tree.PROC / str(pid) / "cwd").readlink()) == folder
    except OSError:
        return False


def test_a_large_output_is_kept_whole(yard: Yard) -> None:
    script = """
        import os
        line = b"x" * 1023 + b"\\n"
        for _ in range(200):
            os.write(1, line * 1024)
    """
    end = yard.run(11, script)

    assert end.exit_code == 0
    assert (yard.folder(11) / "stdout").stat().st_size == 200 * 1024 * 1024
    (yard.folder(11) / "stdout").unlink()


def test_a_stop_before_the_start_ends_the_attempt_unborn(yard: Yard) -> None:
    for each in range(20, 40):
        yard.start(each, "import time\ntime.sleep(600)")
        yard.launcher.stop(each, grace_ms=0, cause="cancelled")

    assert {yard.end(each).cause for each in range(20, 40)} == {"cancelled"}


def test_a_stop_of_an_unknown_attempt_does_nothing(yard: Yard) -> None:
    yard.launcher.stop(999, grace_ms=0, cause="cancelled")

    assert yard.run(50, "pass").exit_code == 0

"""Servers come and go, launchers die: no attempt runs twice, and every end is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from launching import is_alive, new_yard, running_yard
from waiting import until

from runyard.executors.launcher import client, tree
from runyard.executors.launcher.client import LauncherUnavailable
from runyard.executors.launcher.events import ConnectionTaken, Event, LauncherLost
from runyard.executors.launcher.places import Places
from runyard.executors.launcher.wire import PROTOCOL

WAIT_FOR_GO = """
    import pathlib, time
    print("begun", flush=True)
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
"""

SERVER = """
import sys
import threading
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from launching import new_yard
yard = new_yard(Path(sys.argv[1]))
yard.launcher.connect()
yard.start(1, sys.argv[3])
yard.start(2, "print('quick')")
yard.started(1)
yard.end(2)
print("running", flush=True)
yard.hear()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    new_yard(tmp_path).launcher.shut_down()


def test_jobs_outlive_a_server_that_is_killed_and_their_ends_are_told_to_the_next(home: Path) -> None:
    command = [sys.executable, "-c", SERVER, str(home), str(Path(__file__).parents[1]), WAIT_FOR_GO]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"running\n"
        server.kill()
    yard = new_yard(home)
    (yard.folder(1) / "work" / "go").touch()
    snapshot = yard.launcher.connect()

    assert 2 not in snapshot.active
    assert (yard.end(1).exit_code, yard.end(2).exit_code) == (0, 0)


def test_an_end_is_told_again_until_it_is_acknowledged(home: Path) -> None:
    yard = new_yard(home)
    yard.launcher.connect()
    yard.run(1, "print(1)")
    yard.run(2, "print(2)")
    yard.launcher.acknowledge(1)
    yard.launcher.close()
    again = new_yard(home)
    again.launcher.connect()
    again.run(3, "print(3)")

    assert set(again.ends) == {2, 3}


def test_an_attempt_is_never_run_twice(home: Path) -> None:
    script = "open('../ran', 'a').write('x')"
    yard = new_yard(home)
    yard.launcher.connect()
    order = yard.order(1, script)
    for _ in range(3):
        yard.launcher.start(order)
    yard.end(1)
    yard.launcher.start(order)
    yard.launcher.close()
    again = new_yard(home)
    again.launcher.connect()
    again.launcher.start(order)
    again.launcher.acknowledge(1)
    again.launcher.start(order)
    again.run(2, "print('after')")

    assert yard.read(1, "ran") == "x"


def test_a_killed_launcher_takes_its_jobs_along_and_the_next_tells_their_ends(home: Path) -> None:
    yard = new_yard(home)
    first = yard.launcher.connect()
    script = """
        import os, subprocess, time
        apart = subprocess.Popen(["sleep", "600"], start_new_session=True)
        print(os.getpid(), apart.pid, flush=True)
        time.sleep(600)
    """
    yard.start(1, script)
    members = [int(each) for each in until(lambda: yard.read(1)).split()]
    yard.started(1)
    os.kill(first.pid, signal.SIGKILL)
    while not yard.others:
        yard.hear()

    assert yard.others == [LauncherLost(active=(1,))]
    until(lambda: not any(is_alive(pid) for pid in members))
    with pytest.raises(LauncherUnavailable):
        yard.launcher.start(yard.order(2, "print(2)"))
    second = yard.launcher.connect()
    assert second.pid != first.pid
    end = yard.end(1)
    assert (end.cause, end.exit_code, end.signal) == ("launcher_lost", None, None)
    assert end.started_at == yard.started(1).at
    assert yard.run(3, "print(3)").exit_code == 0


def test_a_new_launcher_ends_what_a_dead_one_and_its_guard_left(home: Path) -> None:
    yard = new_yard(home)
    snapshot = yard.launcher.connect()
    script = """
        import subprocess, time
        child = subprocess.Popen(["sleep", "600"])
        print(child.pid, flush=True)
        time.sleep(600)
    """
    yard.start(1, script)
    child = int(until(lambda: yard.read(1)))
    guard = int(Path(f"/proc/{snapshot.pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(guard, signal.SIGKILL)
    os.kill(snapshot.pid, signal.SIGKILL)
    while not yard.others:
        yard.hear()
    assert is_alive(child)
    yard.launcher.connect()

    assert yard.end(1).cause == "launcher_lost"
    until(lambda: not is_alive(child))


def test_a_launcher_whose_zygote_dies_goes_on(home: Path) -> None:
    yard = new_yard(home)
    pid = yard.launcher.connect().pid
    yard.run(1, "print(1)")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    zygote = next(each for each in children if "zygote" in Path(f"/proc/{each}/comm").read_text())
    os.kill(int(zygote), signal.SIGKILL)

    assert [yard.run(each, "pass").exit_code for each in range(2, 9)] == [0] * 7


def _idle_children(launcher: int) -> set[int]:
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    return {int(each) for each in children if _name(each) == "runyard-child"}


def _name(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""  # it has just gone


def test_idle_children_that_die_harm_no_order(home: Path) -> None:
    yard = new_yard(home)
    pid = yard.launcher.connect().pid
    yard.run(1, "print(1)")
    idle = until(lambda: _idle_children(pid))
    for each in idle:
        os.kill(each, signal.SIGKILL)
    until(lambda: not idle & _idle_children(pid))  # an order given to one that is dying ends as killed

    assert [yard.run(each, "pass").exit_code for each in range(2, 9)] == [0] * 7


def test_a_child_that_waits_has_made_the_folder_of_its_attempt(home: Path) -> None:
    yard = new_yard(home)
    yard.launcher.connect()
    until(lambda: len(_ready(home)) == 2)
    made = {each.stat().st_ino for each in _cradles(home)}

    yard.run(1, "print(1)")

    assert yard.folder(1).stat().st_ino in made
    assert sorted(each.name for each in yard.folder(1).iterdir()) == ["stderr", "stdout", "times", "work"]
    assert [each.name for each in (yard.folder(1) / "work").iterdir()] == ["script1.py"]


def test_what_a_server_has_put_into_the_folder_of_an_attempt_stays(home: Path) -> None:
    yard = new_yard(home)
    yard.launcher.connect()
    yard.folder(1).mkdir()
    (yard.folder(1) / "context.json").write_text("{}")

    yard.run(1, "print(open('../context.json').read())")

    assert yard.read(1) == "{}\n"


def test_what_an_order_tells_its_process_lies_in_the_folder_for_its_owner_alone(home: Path) -> None:
    yard = new_yard(home)
    yard.launcher.connect()

    yard.run(1, "print(open('../context.json').read())", context='{"secret": "12"}')

    assert yard.read(1) == '{"secret": "12"}\n'
    assert (yard.folder(1) / "context.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no second disk at hand")
def test_the_folder_of_an_attempt_may_lie_on_another_disk(home: Path) -> None:
    yard = new_yard(home)
    yard.launcher.connect()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        order = replace(yard.order(1, "print(1)"), folder=f"{elsewhere}/runs/1")
        yard.launcher.start(order)

        assert yard.end(1).exit_code == 0
        assert (Path(elsewhere) / "runs" / "1" / "stdout").read_text() == "1\n"


def test_children_that_can_make_no_folder_beforehand_make_it_when_the_order_comes(home: Path) -> None:
    (home / "launcher").mkdir()
    (home / "launcher" / "cradles").write_text("in the way of a folder")
    yard = new_yard(home)
    yard.launcher.connect()

    yard.run(1, "print(1)")

    assert yard.read(1) == "1\n"


def test_what_the_children_of_a_dead_launcher_had_made_is_cleared_away(home: Path) -> None:
    yard = new_yard(home)
    killed = yard.launcher.connect().pid
    until(lambda: len(_cradles(home)) == 2)
    left = _cradles(home)
    os.kill(killed, signal.SIGKILL)
    while not yard.others:
        yard.hear()

    pid = yard.launcher.connect().pid

    until(lambda: len(_idle_children(pid)) == 2)
    assert not any(each.exists() for each in left)


def _cradles(home: Path) -> list[Path]:
    return list((home / "launcher" / "cradles").iterdir())


def _ready(home: Path) -> list[Path]:
    """Return the cradles of children that have said that they are ready: those lead sessions of their own."""
    processes = [(each, tree.look_up(int(each.name))) for each in _cradles(home)]
    return [each for each, process in processes if process and process.session == process.pid]


def test_the_last_server_to_come_has_the_launcher(home: Path) -> None:
    first, second = new_yard(home), new_yard(home)
    pid = first.launcher.connect().pid
    assert second.launcher.connect().pid == pid

    assert isinstance(first.hear(), ConnectionTaken)
    with pytest.raises(LauncherUnavailable):
        first.start(1, "print(1)")
    assert second.run(2, "print(2)").exit_code == 0


def test_garbage_on_the_socket_harms_nobody(home: Path) -> None:
    yard = new_yard(home)
    yard.launcher.connect()
    for garbage in (b"\xff\xfe\n", b"[1]\n", b'{"do": "fly"}\n', b'{"do": "start", "order": {}}\n', b"{", b""):
        channel = Places(home).connect(timeout=60)
        assert channel is not None
        channel.sendall(garbage)
        channel.close()

    assert yard.run(1, "print(1)").exit_code == 0


def test_a_home_with_a_very_long_path_works(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    home.mkdir()
    with running_yard(home) as yard:
        assert yard.run(1, "print(1)").exit_code == 0


def test_two_servers_that_start_at_once_share_one_launcher(home: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; from launching import new_yard; "
        "print(new_yard(Path(sys.argv[1])).launcher.connect().pid)"
    )
    command = [sys.executable, "-c", program, str(home), str(Path(__file__).parents[1])]
    servers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    told = {server.communicate()[0] for server in servers}

    assert len(told) == 1


def test_a_launcher_of_another_version_is_replaced_only_when_it_is_idle(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = new_yard(home)
    pid = old.launcher.connect().pid
    old.start(1, "import time\ntime.sleep(600)")
    old.started(1)
    old.launcher.close()
    monkeypatch.setattr(client, "PROTOCOL", 99)
    with pytest.raises(LauncherUnavailable, match=f"speaks version {PROTOCOL}, this server 99, and 1 attempts run"):
        new_yard(home).launcher.connect()

    assert is_alive(pid)


def test_a_home_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")

    with pytest.raises(LauncherUnavailable, match="cannot be made: Not a directory"):
        new_yard(tmp_path / "home").launcher.connect()


def test_new_settings_reach_a_running_launcher(home: Path) -> None:
    new_yard(home).launcher.connect()
    yard = new_yard(home, preload=["wave"])
    yard.launcher.connect()

    yard.run(1, "import sys\nprint('wave' in sys.modules)")
    assert yard.read(1) == "True\n"


def test_a_shut_down_leaves_nothing(home: Path) -> None:
    yard = new_yard(home)
    pid = yard.launcher.connect().pid
    yard.start(1, "import time\ntime.sleep(600)")
    job = yard.started(1).pid
    yard.launcher.shut_down()

    assert not is_alive(pid)
    assert not is_alive(job)
    yard.launcher.connect()
    assert yard.end(1).cause == "launcher_lost"


@pytest.mark.parametrize("mode", ["spawn", "fork"])
def test_both_modes_run_stop_and_time_out(tmp_path: Path, mode: str) -> None:
    with running_yard(tmp_path, mode=mode) as yard:
        assert yard.run(1, "print(1)").exit_code == 0
        assert yard.run(2, "raise ValueError('x')").message == "ValueError: x"
        yard.start(3, "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid)\nimport time; time.sleep(600)")
        child = int(until(lambda: yard.read(3)))
        yard.launcher.stop(3, grace_ms=100, cause="cancelled")
        end = yard.run(4, "import time\ntime.sleep(600)", timeout_ms=100)

        assert end.cause == "timed_out"
        assert yard.end(3).cause == "cancelled"
        until(lambda: not is_alive(child))


def test_an_interpreter_that_does_not_start_fails_the_attempt(home: Path) -> None:
    yard = new_yard(home, python="/no/such/python")
    yard.launcher.connect()
    end = yard.run(1, "print(1)")

    assert end.category == "preparation"
    assert end.message == f"No process could be started; {home}/launcher/log tells why."
    assert "/no/such/python cannot be started" in (home / "launcher" / "log").read_text()


def test_a_server_that_does_not_listen_for_long_misses_nothing(home: Path) -> None:
    gate = threading.Event()
    yard = new_yard(home)

    def hear_late(event: Event) -> None:
        gate.wait()
        yard.heard.put(event)

    yard.launcher = client.Launcher(home, on_event=hear_late, warm=4)
    yard.launcher.connect()
    attempts = range(1, 41)  # each of whose ends tells 110 kB: far more than a socket holds
    for each in attempts:
        yard.start(each, "raise ValueError('x' * 200_000)")
    journal = home / "launcher" / "journal"
    until(lambda: journal.read_bytes().count(b'"kind":"ended"') == len(attempts), seconds=100)
    gate.set()

    assert {yard.end(each).exit_code for each in attempts} == {1}
    assert yard.others == []

"""The ledger under what happens to machines: a kill, a full disk, a folder that cannot be written."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from records import a_run, a_workspace

from runyard.core.errors import LedgerUnavailable
from runyard.store.ledger import Page
from runyard.store.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

WRITE_AND_TELL = """
import sys, threading
from itertools import count
from records import a_run
from runyard.store.store import open_store

store = open_store(sys.argv[1])
numbers = count(int(sys.argv[2]))

def write():
    while True:
        number = next(numbers)
        store.write(lambda ledger: ledger.add_run(a_run(number)))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()

for _ in range(8):
    threading.Thread(target=write).start()
"""
FILL_THE_DISK = """
import json, sys
from itertools import count
from pathlib import Path
from records import a_run, a_workspace
from runyard.core.errors import LedgerUnavailable
from runyard.store.ledger import Page
from runyard.store.store import open_store

folder = Path(sys.argv[1])
ballast = folder / "ballast"
ballast.write_bytes(bytes(1_000_000))
store = open_store(f"sqlite:///{folder}/ledger.db")
store.write(lambda ledger: ledger.add_workspace(a_workspace()))
told, errors = [], []

def write(number):
    try:
        store.write(lambda ledger: ledger.add_run(a_run(number, message="x" * 10_000)))
    except LedgerUnavailable as error:
        errors.append(str(error))
    else:
        told.append(number)

for number in count(1):
    write(number)
    if len(errors) == 3:
        break
ballast.unlink()
write(number + 1)
store.close()
again = open_store(f"sqlite:///{folder}/ledger.db")
page = Page(limit=10_000, where={}, newest_first=False)
recorded = [run.id for run in again.read(lambda ledger: ledger.runs(1, page))]
print(json.dumps({"told": told, "errors": errors, "recorded": recorded, "last": number + 1}))
"""
OPEN_AND_WRITE = """
import sys
from records import a_run
from runyard.core.errors import LedgerUnavailable
from runyard.store.store import open_store

try:
    open_store(sys.argv[1]).write(lambda ledger: ledger.add_run(a_run(2)))
except LedgerUnavailable as error:
    print(error)
"""


def run_ids(url: str) -> list[int]:
    store = open_store(url)
    page = Page(limit=100_000, where={}, newest_first=False)
    ids = [run.id for run in store.read(lambda ledger: ledger.runs(1, page))]
    store.close()
    return ids


def python(program: str, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start a program that may import the tests' records."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [*before, sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def made_ledger(path: Path) -> str:
    url = f"sqlite:///{path}"
    store = open_store(url)
    store.write(lambda ledger: ledger.add_workspace(a_workspace()))
    store.write(lambda ledger: ledger.add_run(a_run(1)))
    store.close()
    return url


def killed_while_writing(url: str, *, first: int) -> list[int]:
    """Kill a writing process outright; return what it had been told is recorded."""
    with python(WRITE_AND_TELL, url, str(first)) as process:
        assert process.stdout is not None
        try:
            told = [int(process.stdout.readline()) for _ in range(300)]
        finally:
            process.kill()
        rest = process.stdout.read().split("\n")
        told += [int(line) for line in rest[:-1]]  # the last line may be half a number
    assert process.returncode == -signal.SIGKILL
    return told


def test_kill_9_in_the_middle_of_writes_loses_nothing_that_was_acknowledged(ledger_path: Path) -> None:
    url = made_ledger(ledger_path)
    told = []

    for round_ in (1, 2, 3):
        told += killed_while_writing(url, first=round_ * 1_000_000)

    assert len(told) >= 900
    assert set(told) - set(run_ids(url)) == set()
    with closing(sqlite3.connect(ledger_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def on_a_small_disk(program: str, folder: Path) -> dict[str, Any]:
    """Run a program with a disk of 3 MB of its own, and return what it printed."""
    mount = f'mount -t tmpfs -o size=3m tmpfs "{folder}" && exec "$@"'
    own_disk = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    if subprocess.run([*own_disk, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("A disk of one's own cannot be mounted here.")
        pytest.skip("A disk of one's own cannot be mounted here.")
    with python(program, str(folder), before=own_disk) as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    said: dict[str, Any] = json.loads(out)
    return said


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of one's own is mounted as Linux does it")
def test_a_full_disk_fails_the_call_and_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    said = on_a_small_disk(FILL_THE_DISK, tmp_path)

    assert len(said["errors"]) == 3
    assert all("database or disk is full. Nothing was recorded. Free some space" in text for text in said["errors"])
    assert len(said["told"]) > 10
    assert said["recorded"] == said["told"]
    assert said["recorded"][-1] == said["last"]  # it goes on once there is space again


def test_a_folder_that_cannot_be_written_fails_the_call_and_records_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    url = made_ledger(home / "ledger.db")
    # Root may write everywhere unless it gives that right away.
    as_anybody = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()
    (home / "ledger.db").chmod(0o444)
    home.chmod(0o555)

    with python(OPEN_AND_WRITE, url, before=as_anybody) as process:
        out, err = process.communicate()

    home.chmod(0o755)
    (home / "ledger.db").chmod(0o644)
    assert process.returncode == 0, err
    assert "Nothing was recorded. Make the home folder writable for the server" in out
    assert run_ids(url) == [1]


def test_a_damaged_file_is_not_called_a_full_disk(ledger_path: Path) -> None:
    url = made_ledger(ledger_path)
    with ledger_path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (ledger_path.stat().st_size - 4096))

    with pytest.raises(LedgerUnavailable, match=r"malformed.*put back a backup"):
        open_store(url).read(lambda ledger: ledger.runs(1, Page(limit=9, where={})))

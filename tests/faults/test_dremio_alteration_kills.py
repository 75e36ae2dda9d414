"""A process that is killed while it changes the columns of a table: the table is the old one or the new one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard

CHILD = """
import json, os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from dremio_engine import Yard

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def swap_and_die(self, target, swap=Path.replace):
    swap(self, target)
    kill()

yard = Yard(Path({folder!r}), told=json.loads({told!r}), count=100)
if {moment!r} == "written":
    os.fsync = kill
elif {moment!r} == "flushed":
    Path.replace = kill
else:
    Path.replace = swap_and_die
yard.run({sql!r})
"""
OLD: list[dict[str, Any]] = [{"id": 1, "name": "a"}]


@pytest.mark.parametrize(
    ("sql", "new"),
    [
        ("ALTER TABLE lake.t ADD COLUMNS (x INT)", {"id": 1, "name": "a", "x": None}),
        ("ALTER TABLE lake.t DROP COLUMN name", {"id": 1}),
        ("ALTER TABLE lake.t CHANGE COLUMN id key BIGINT", {"key": 1, "name": "a"}),
    ],
)
@pytest.mark.parametrize("moment", ["written", "flushed", "swapped"])
def test_a_killed_change_is_whole_or_not_there(tmp_path: Path, moment: str, sql: str, new: dict[str, Any]) -> None:
    yard = Yard(tmp_path)
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS id, 'a' AS name")
    tests = str(Path(__file__).parents[1])
    script = CHILD.format(tests=tests, folder=str(tmp_path), told=json.dumps(yard.told), moment=moment, sql=sql)
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, timeout=120)

    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert yard.run("SELECT * FROM lake.t").rows == ([new] if moment == "swapped" else OLD)
    if moment != "swapped":
        assert yard.run(sql).rows[0]["ok"]
    assert yard.run("SELECT * FROM lake.t").rows == [new]

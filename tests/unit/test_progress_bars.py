"""No bar of progress comes into the output of a job, however long its queries take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import sys
del sys.modules["__main__"].__file__  # as in a process that waits for work
from runyard.runtime.{package}.database import new_connection
print(new_connection().execute("SELECT current_setting('enable_progress_bar')").fetchall())
"""


@pytest.mark.parametrize("package", ["dremio_sql", "sql_tasks"])
def test_a_process_that_waits_for_work_is_no_shell(package: str, tmp_path: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text(ASK.format(package=package))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[(False,)]"

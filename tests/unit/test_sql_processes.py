"""The SQL has a SQLite of its own, which must not share a process with the ledger's: two undo each other's locks."""

from __future__ import annotations

import subprocess
import sys


def test_the_server_loads_neither_the_sql_nor_its_sqlite() -> None:
    text = (
        "import sys, runyard.web.app, runyard.web.server; print(sorted({'apsw', 'runyard.sql.yard'} & {*sys.modules}))"
    )

    loaded = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"

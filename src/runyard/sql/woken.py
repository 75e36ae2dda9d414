"""How a process begins that the server has started for a client who knocked, and what it owes to the server."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from runyard.executors.launcher.system import die_with_parent, name_process


def begun(name: str) -> Mapping[str, Any]:
    """Return what the server tells on standard input; the process ends here if the server is gone already."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it tells of every turn of phrase that it changes
    told: Mapping[str, Any] = json.loads(sys.stdin.buffer.readline())
    die_with_parent(signal.SIGKILL)
    if os.getppid() != told["parent"]:
        os._exit(0)
    name_process(name)
    return told


def tell_that_we_serve() -> None:
    """Say to the server that from now on clients are taken in; what is printed later goes where the log goes."""
    os.write(sys.stdout.fileno(), b"serving\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

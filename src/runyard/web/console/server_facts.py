"""What an administrator sees of the server: its processes and their signs of life, its places, its settings."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Nothing
from runyard.engine.engine import now_ms
from runyard.executors.launcher.pulse import pulse

Answer = dict[str, Any]

PATIENCE_S = 2.0
HIDDEN = "********"
SERVER = "runyard"
SECRET_PARTS = ("password", "secret", "token", "header", "environment", "connections", "url", "key")
"""What the names of settings have in them whose values nobody may see."""
PLAIN = frozenset({"key"})  # of a certificate: a file's name


def show_server(call: Call, _: Nothing) -> Answer:
    """Shows the server's processes with their signs of life, its queue, and the settings in force."""
    launcher = pulse(call.engine.home.path, timeout_s=PATIENCE_S)
    attempts, holders = call.engine.attempts_at_work()
    own = processes(os.getpid())
    return {
        "now": now_ms(),
        "server": {
            "version": version("runyard"),
            "pid": os.getpid(),
            "since": own[0]["since"] if own else None,
            "home": str(call.engine.home.path),
            "url": call.url,
        },
        "launcher": None if launcher is None else msgspec.to_builtins(launcher),
        "processes": [*own, *(processes(launcher.pid) if launcher else ())],
        "queue": {"places": call.engine.places, "load": call.engine.load()},
        "work": [
            {
                "run": one.run_id,
                "task": one.task_key,
                "phase": one.phase,
                "since": one.running_at or one.taken_at or one.created_at,
                "holds_place": one in holders,
                "waits_since": one.waits_since,
            }
            for one in attempts
        ],
        "settings": settings(call),
    }


def settings(call: Call) -> list[Answer]:
    """Return the settings in force; of what may hold a secret only that it is set."""
    known = call.engine.settings
    fresh = type(known)()
    rows = []
    for name in known.__dataclass_fields__:
        value = getattr(known, name)
        shown = veiled(name, msgspec.to_builtins(value, str_keys=True))
        rows.append({"name": name, "value": shown, "is_set": value != getattr(fresh, name)})
    return rows


def veiled(name: str, value: Any) -> Any:
    """Return a value without what its names say is secret."""
    if value and name not in PLAIN and any(part in name.lower() for part in SECRET_PARTS):
        return dict.fromkeys(value, HIDDEN) if isinstance(value, Mapping) else HIDDEN
    if isinstance(value, Mapping):
        return {key: veiled(str(key), one) for key, one in value.items()}
    return value


def processes(root: int) -> Sequence[Answer]:
    """Return a process and those beneath it, where the system tells of them as Linux does."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop(0)
        told = _process(pid)
        if told is not None:
            found.append(told)
            waiting += _children(pid)
    return found


def _process(pid: int) -> Answer | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    name, _, rest = stat.partition("(")[2].rpartition(")")
    words = rest.split()
    return {
        "pid": pid,
        "name": SERVER if pid == os.getpid() else name,  # however it was begun
        "parent": int(words[1]),
        "state": words[0],
        "since": _boot_ms() + int(words[19]) * 1000 // os.sysconf("SC_CLK_TCK"),
        "memory": pages * os.sysconf("SC_PAGE_SIZE"),
    }


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, file.read_text().split())
        except OSError:
            continue
    return found


def _boot_ms() -> int:
    return int((time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)) * 1000)

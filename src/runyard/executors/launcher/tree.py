"""Which processes there are and who begot whom, and how to end a family so that nobody forks away."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROC = Path("/proc")
PATIENCE_S = 1.0  # with one family, while all others wait
PS = ("/bin/ps", "-A", "-o", "pid=,ppid=,pgid=,state=,lstart=")
PS_TIME = "%a %b %d %H:%M:%S %Y"


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the kernel's process table."""

    pid: int
    parent: int
    group: int
    session: int
    is_zombie: bool
    birth: int  # when, in the kernel's own count: with the pid a name that nobody else ever has


def look_up(pid: int) -> Process | None:
    """Return what the kernel knows of this process."""
    if not _has_proc():
        return next((each for each in everybody() if each.pid == pid), None)
    try:
        stat = _read(f"{PROC}/{pid}/stat")
    except OSError:
        return None
    # The command's name stands in parentheses and may itself hold spaces and parentheses.
    values = stat[stat.rindex(b")") + 2 :].split()
    parent, group, session = map(int, values[1:4])
    return Process(pid, parent, group, session, is_zombie=values[0] in b"ZX", birth=int(values[19]))


@functools.cache
def _has_proc() -> bool:
    return os.path.exists(f"{PROC}/self/stat")


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()


def boot() -> str:
    """Name this start of the machine: pids and births of another one mean nothing."""
    try:
        return _read(f"{PROC}/sys/kernel/random/boot_id").decode().strip()
    except OSError:
        return ""


def everybody() -> Iterator[Process]:
    """Go through all processes that can be seen, each as it is when its turn comes."""
    if not _has_proc():
        yield from everybody_by_ps()
        return
    with os.scandir(PROC) as entries:
        for entry in entries:
            if entry.name.isdecimal() and (process := look_up(int(entry.name))):
                yield process


def everybody_by_ps() -> list[Process]:
    """Return all processes where there is no /proc."""
    lines = subprocess.run(PS, env={"LC_ALL": "C"}, capture_output=True, check=False).stdout.decode()
    found = []
    for line in lines.splitlines():
        pid, parent, group, state, born = line.split(maxsplit=4)
        birth = int(time.mktime(time.strptime(born.strip(), PS_TIME)))
        with contextlib.suppress(OSError):  # it has gone since
            session = os.getsid(int(pid))
            found.append(Process(int(pid), int(parent), int(group), session, is_zombie=state[0] == "Z", birth=birth))
    return found


def family(is_root: Callable[[Process], bool]) -> Iterator[Process]:
    """Go through the processes that are roots and their descendants."""
    members: set[int] = set()
    for process in everybody():  # as a rule in the order of birth, parents before their children
        if process.parent in members or is_root(process):
            members.add(process.pid)
            yield process


def own_children() -> list[int]:
    """Return the pids of this process's direct children, single-threaded as it is."""
    own = os.getpid()
    try:
        return [int(pid) for pid in _read(f"{PROC}/{own}/task/{own}/children").split()]
    except OSError:
        return [each.pid for each in everybody() if each.parent == own]


def send(pid: int, number: int, *, group: bool = False) -> None:
    """Signal a process, or the group it leads; that it is gone already is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(pid, number)


def end_all(is_root: Callable[[Process], bool]) -> None:
    """Kill roots and descendants, first stopping each at sight until nobody new appears: who is stopped cannot fork.

    A family that grows faster than that is left, decimated, for the next call.
    """
    stopped: set[int] = set()
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        before = len(stopped)
        for process in family(is_root):
            if not process.is_zombie and process.pid not in stopped:
                send(process.pid, signal.SIGSTOP)
                stopped.add(process.pid)
        if len(stopped) == before:
            break
    for pid in stopped:
        send(pid, signal.SIGKILL)


def ask_to_end(pid: int) -> None:
    """Send SIGTERM once to a job's group and to each descendant that left the group."""
    processes = list(family(lambda process: process.pid == pid))
    leads = any(each.group == pid for each in processes)
    outside = [each.pid for each in processes if each.group != pid]
    for number in (signal.SIGTERM, signal.SIGCONT):  # who was stopped could not act on the first
        if leads:
            send(pid, number, group=True)
        for each in outside:
            send(each, number)

"""The doctor's look at what runs: the server and its launcher."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from importlib.metadata import version
from pathlib import Path

from runyard.cli.finding import Finding, Subject, failure, warning, well
from runyard.cli.serve import PORT
from runyard.cli.target import Target
from runyard.client.errors import CallFailed, ClientError
from runyard.client.native import Record
from runyard.executors.launcher import tree
from runyard.executors.launcher.places import Places

ADDRESS = "127.0.0.1"
PATIENCE_S = 1.0
TIMEOUT_S = 5.0
LARGEST_SKEW_S = 60.0
MODULE = b"runyard.executors.launcher.process"


def server(target: Target) -> Finding:
    """The server answers, is as old as we are, and has our time."""
    try:
        client = target.client(patience_s=PATIENCE_S, timeout_s=TIMEOUT_S)
        found, url = client.server(), client.url
    except CallFailed as error:
        return failure("server", str(error), advice="Look at the server's log, or at RUNYARD_TOKEN beside --url.")
    except ClientError as error:
        return warning("server", "none answers", advice=str(error))
    return _judged(found, url)


def launcher(subject: Subject) -> Finding:
    """The launcher lives if a server does: jobs stand and fall with it."""
    if not _is_held(Places(subject.home)):
        if subject.place is None:
            return well("launcher", "none, and no server needs it")
        return failure("launcher", "the server runs without one", advice="Start the server again.")
    pids = _pids(subject.home)
    below = [one for one in tree.family(lambda one: one.pid in pids) if not one.is_zombie and one.pid not in pids]
    return well("launcher", f"alive{_named(pids)}, {len(below)} processes below it")


def port(subject: Subject) -> Finding:
    """The port that `runyard serve` takes is free, or ours."""
    if subject.place is not None:
        return well("port", f"the server has {subject.place.url}")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, PORT))
        except OSError:
            return warning("port", f"{PORT} is taken by another program", advice="Use `runyard serve --port 0`.")
    return well("port", f"{PORT} is free")


def _judged(found: Record, url: str) -> Finding:
    skew = abs(found["now"] / 1000 - time.time())
    text = f"{url}, version {found['version']}, {found['load'].get('on_process', 0)} of {found['places']} places taken"
    if found["version"] != version("runyard"):
        advice = f"This is version {version('runyard')}; start the server again to have it there too."
        return warning("server", text, advice=advice)
    if skew > LARGEST_SKEW_S:
        return failure("server", f"{text}, clock {skew:.0f} s off", advice="AWS's signatures fail so; set the clocks.")
    return well("server", f"{text}, clock {skew:.1f} s off")


def _is_held(places: Places) -> bool:
    """Tell whether a launcher holds its lock; to speak to it would take it away from its server."""
    try:
        descriptor = os.open(places.folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _pids(home: Path) -> list[int]:
    """Return the launcher's own processes: those that were started as one for this home."""
    own = {str(home).encode(), str(home.resolve()).encode()}
    return [process.pid for process in tree.everybody() if own & set(_is_launcher(process.pid))]


def _is_launcher(pid: int) -> list[bytes]:
    """Return the arguments of a launcher's process, and none of another's."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
    return words if any(MODULE in word for word in words) else []


def _named(pids: list[int]) -> str:
    return f" (pid {', '.join(map(str, sorted(pids)))})" if pids else ""

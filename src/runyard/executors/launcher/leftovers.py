"""What a launcher that died left behind, where nobody else could end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runyard.executors.launcher import tree

if TYPE_CHECKING:
    from runyard.executors.launcher.wire import Message

WORKING_LINKS = ("cwd", "fd/1", "fd/2")


def end_session(given: Message, *, folder: str) -> None:
    """Kill the session an attempt was given to, and never one that only has the same number today."""
    pid = given["pid"]
    if given["boot"] != tree.boot():
        return
    leader = tree.look_up(pid)
    if leader and leader.birth != given["birth"]:
        return
    # A session whose leader is gone may be another's of the same number: there the folder must speak for it.
    tree.end_all(lambda each: each.session == pid and (leader is not None or _works_in(each.pid, folder)))


def _works_in(pid: int, folder: str) -> bool:
    """Tell whether a process stands in, or writes to, the attempt's own folder."""
    for link in WORKING_LINKS:
        try:
            target = (tree.PROC / str(pid) / link).readlink()
        except OSError:
            continue
        if target.is_relative_to(folder):
            return True
    return False

"""The line between server and launcher breaks while both live on: they speak again, and the server learns of it."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from launching import running_yard

from runyard.executors.launcher.events import Reconnected
from runyard.executors.launcher.places import Places


def cut_line(home: Path) -> None:
    """Shut down the one line of this process to the launcher of a home."""
    address = str(Places(home).address())
    descriptors = [int(one.name) for one in Path("/proc/self/fd").iterdir()]
    found = [each for each in descriptors if _leads_to(each, address)]
    assert len(found) == 1, found
    with socket.socket(fileno=os.dup(found[0])) as line:
        line.shutdown(socket.SHUT_RDWR)


def _leads_to(number: int, address: str) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return False
        with socket.socket(fileno=os.dup(number)) as line:
            return bool(line.getpeername() == address)
    except OSError:  # it is connected to nobody, or closed already
        return False


def test_a_line_that_broke_is_told_before_what_is_heard_on_the_next(tmp_path: Path) -> None:
    with running_yard(tmp_path) as yard:
        assert yard.run(1, "print(1)").exit_code == 0
        cut_line(tmp_path)
        again = [yard.hear(), yard.hear()]
        end = yard.run(2, "print(2)")

    assert again == [Reconnected(), yard.ends[1]]  # which nobody has acknowledged
    assert yard.others == [Reconnected()]
    assert end.exit_code == 0

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT = 100  # the kernel's is 108 bytes on Linux, 104 on macOS
PAUSE_S = 0.01


@dataclass(frozen=True)
class Places:
    """Where the launcher of a home keeps its things."""

    home: Path

    @property
    def folder(self) -> Path:
        """Return the launcher's own folder, which only its user can enter."""
        return self.home / "launcher"

    @property
    def journal(self) -> Path:
        """Return the file that tells what was ordered and how it ended."""
        return self.folder / "journal"

    @property
    def log(self) -> Path:
        """Return the file that takes what the launcher itself has to complain of."""
        return self.folder / "log"

    @property
    def cradles(self) -> Path:
        """Return where children that wait keep what they have made already."""
        return self.folder / "cradles"

    def clear_cradles(self) -> None:
        """Make the place for them anew: what an earlier launcher's children left is nobody's."""
        shutil.rmtree(self.cradles, ignore_errors=True)
        with contextlib.suppress(OSError):  # on a full disk children do without
            self.cradles.mkdir()

    def clear_cradle(self, pid: int) -> None:
        """Remove what a child that is dead had made for an order which never came."""
        shutil.rmtree(self.cradles / str(pid), ignore_errors=True)

    def make(self) -> None:
        """Make the folder, and shut it to others also where it was open."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    @property
    def _short_address(self) -> Path:
        return self.folder / "address"

    def address(self) -> Path | None:
        """Return where the launcher listens, None if that is not said anywhere."""
        path = self.folder / "socket"
        if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
            return path
        try:
            return Path(self._short_address.read_text(encoding="utf-8"))
        except OSError:
            return None

    def listen(self) -> socket.socket:
        """Listen beside the journal, or in a short-named folder of our own when that path is too long."""
        path = self.address()
        if path is None or not path.parent.is_dir():
            path = self._new_short_address()
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        return listener

    def _new_short_address(self) -> Path:
        path = Path(tempfile.mkdtemp(prefix="runyard-")) / "socket"  # mode 0700, made by nobody before us
        self._short_address.write_text(str(path), encoding="utf-8")
        return path

    def leave(self) -> None:
        """Remove what a launcher that ends leaves where nobody would look for it."""
        if path := self.address():
            path.unlink(missing_ok=True)
            if path.parent != self.folder:
                path.parent.rmdir()
                self._short_address.unlink(missing_ok=True)

    def connect(self, *, timeout: float) -> socket.socket | None:
        """Return a connection to the launcher, None when none listens."""
        address = self.address()
        if address is None:
            return None
        channel = socket.socket(socket.AF_UNIX)
        channel.settimeout(timeout)
        try:
            channel.connect(str(address))
        except (ConnectionRefusedError, FileNotFoundError, NotADirectoryError):
            channel.close()
            return None
        return channel

    def lock(self, *, timeout: float) -> int | None:
        """Return a descriptor that makes its holder the only launcher here, None if another stays it."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    return None
                time.sleep(PAUSE_S)
            else:
                return descriptor

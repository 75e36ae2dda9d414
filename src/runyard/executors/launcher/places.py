from __future__ import annotations

import fcntl
import os
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
    def _address_file(self) -> Path:
        return self.folder / "address"

    def make(self) -> None:
        """Make the folder, and shut it to others also where it was open."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def address(self) -> Path:
        """Return where the launcher listens."""
        try:
            return Path(self._address_file.read_text(encoding="utf-8"))
        except OSError:
            return self.folder / "socket"

    def listen(self) -> socket.socket:
        """Listen beside the journal, or in a short-named folder of our own when that path is too long."""
        self.address().unlink(missing_ok=True)
        path = self.folder / "socket"
        if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
            path = self._short_folder() / "socket"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        return listener

    def _short_folder(self) -> Path:
        if self._address_file.exists() and self.address().parent.is_dir():
            return self.address().parent
        folder = Path(tempfile.mkdtemp(prefix="runyard-"))  # mode 0700, and nobody can have made it before us
        self._address_file.write_text(str(folder / "socket"), encoding="utf-8")
        return folder

    def connect(self, *, timeout: float) -> socket.socket | None:
        """Return a connection to the launcher, None when none listens."""
        channel = socket.socket(socket.AF_UNIX)
        channel.settimeout(timeout)
        try:
            channel.connect(str(self.address()))
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

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runyard.executors.launcher.wire import Garbage, Message, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

COMPACT_FROM = 4 * 1024 * 1024
FORGOTTEN_LIMIT = 10_000


class Journal:
    """What was ordered and how it ended, in a file that outlives the launcher.

    The kinds of entry are ordered, given, started, ended and acknowledged; an acknowledged attempt is forgotten.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[int, dict[str, Message]] = {}
        self._forgotten: dict[int, None] = {}  # lately; in the order they were acknowledged
        self._unwritten = bytearray()
        self._load()
        self._file = self._open()
        if not self._compact():
            self._unwritten += b"\n"  # the old file stays, and its last line may be torn

    def __contains__(self, attempt_id: int) -> bool:
        return attempt_id in self._entries or attempt_id in self._forgotten

    def write(self, kind: str, attempt_id: int, **fields: object) -> None:
        """Append an entry; a full disk delays it but never loses it while this process lives."""
        entry = {"kind": kind, "attempt_id": attempt_id, **fields}
        self._take(entry)
        self._unwritten += pack(entry)
        self.flush()

    def flush(self) -> None:
        """Write what a full disk has kept back, as much as now fits."""
        try:
            while self._unwritten:
                written = os.write(self._file, self._unwritten)
                self._size += written
                del self._unwritten[:written]
        except OSError:
            return  # the loop comes again every second
        if self._size > self._compact_at:
            self._compact()

    def active(self) -> list[int]:
        """Return the attempts whose end is not known."""
        return [attempt_id for attempt_id, kinds in self._entries.items() if "ended" not in kinds]

    def ended(self) -> list[int]:
        """Return the attempts whose end is known and not acknowledged."""
        return [attempt_id for attempt_id, kinds in self._entries.items() if "ended" in kinds]

    def entry(self, attempt_id: int, kind: str) -> Message | None:
        """Return what was written of this kind about the attempt."""
        return self._entries.get(attempt_id, {}).get(kind)

    def told(self) -> list[Message]:
        """Return what a server that missed everything has to hear: starts of the living, ends not acknowledged."""
        last = [kinds.get("ended") or kinds.get("started") for kinds in self._entries.values()]
        return [entry for entry in last if entry]

    def _take(self, entry: Message) -> None:
        attempt_id = entry["attempt_id"]
        if entry["kind"] != "acknowledged":
            self._entries.setdefault(attempt_id, {})[entry["kind"]] = entry
        elif self._entries.pop(attempt_id, None):
            self._forgotten[attempt_id] = None
            if len(self._forgotten) > FORGOTTEN_LIMIT:
                del self._forgotten[next(iter(self._forgotten))]

    def _load(self) -> None:
        if not self._path.exists():
            return
        for line in self._path.read_bytes().splitlines():
            try:
                self._take(unpack(line))
            except (Garbage, KeyError):
                continue  # torn by a crash or a full disk; the entries around it stand by themselves

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        self._size = os.fstat(descriptor).st_size
        self._compact_at = max(COMPACT_FROM, 2 * self._size)
        return descriptor

    def _compact(self) -> bool:
        """Replace the file by one of what still counts; when that fails go on with the old one."""
        kept = b"".join(pack(entry) for kinds in self._entries.values() for entry in kinds.values())
        fresh = self._path.with_suffix(".new")
        self._compact_at = 2 * self._size  # should it fail, not again at once
        try:
            with fresh.open("wb") as file:
                file.write(kept)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError:
            return False
        os.close(self._file)
        self._file = self._open()
        return True

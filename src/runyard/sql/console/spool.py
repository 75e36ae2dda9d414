"""The rows of a result as far as they have come: in a file that has no name, read again from any row on."""

from __future__ import annotations

import tempfile
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from runyard.sql.errors import SqlError
from runyard.sql.results import Row

CHUNK = 256  # rows that are written, and read again, at once
IN_MEMORY = 256 * 1024  # bytes; a smaller result makes no file
LARGEST = 4 << 30  # bytes of one result
TOO_LARGE = "54000"

_encode = msgspec.msgpack.Encoder().encode
_decode: Callable[[bytes], list[Row]] = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode


class Spool:
    """Rows that were put here, in their order; one puts, any number of threads read."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(folder))  # noqa: SIM115 - it is closed by `close`
        self._lock = threading.Lock()
        self._firsts: list[int] = []  # the number of the first row of each chunk
        self._places: list[tuple[int, int]] = []  # where a chunk begins, and how long it is
        self._size = 0
        self.count = 0

    def put(self, rows: Sequence[Row]) -> None:
        """Keep some more rows."""
        data = _encode(rows)
        if self._size + len(data) > LARGEST:
            told = (
                f"The result is larger than the {LARGEST >> 30} GB that are kept of one; ask for fewer columns or rows."
            )
            raise SqlError(TOO_LARGE, told)
        with self._lock:
            self._file.seek(self._size)
            self._file.write(data)
            self._firsts.append(self.count)
            self._places.append((self._size, len(data)))
            self._size += len(data)
            self.count += len(rows)

    def read(self, start: int, limit: int) -> list[Row]:
        """Return rows from one on, at most so many."""
        found: list[Row] = []
        chunk = max(bisect_right(self._firsts, start) - 1, 0)
        while len(found) < limit and chunk < len(self._firsts):
            skipped = max(start - self._firsts[chunk], 0)
            found += self._chunk(chunk)[skipped : skipped + limit - len(found)]
            chunk += 1
        return found

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._file.close()

    def _chunk(self, number: int) -> list[Row]:
        offset, length = self._places[number]
        with self._lock:
            self._file.seek(offset)
            return _decode(self._file.read(length))

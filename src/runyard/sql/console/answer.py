"""One statement of a run: how it stands, and its rows, which are read from the cursor only as far as somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from runyard.sql.console.spool import CHUNK, Spool
from runyard.sql.errors import SqlError
from runyard.sql.grammar.text import Piece
from runyard.sql.results import Heading, Result, Row

LET_GO = "55000"
GONE = (
    "Only its first {count:,} rows are still here: nobody read on for a while, and an open cursor keeps the ledger "
    "from tidying up. Run the statement again to see the others."
)


@dataclass(kw_only=True)
class Trouble:
    """Why a statement failed, and where in the text of the run: characters from 0."""

    code: str
    message: str
    hint: str = ""
    position: int | None = None


@dataclass(kw_only=True)
class Answer:
    """A statement with what came of it."""

    piece: Piece
    folder: Path
    state: str = "waiting"  # waiting, running, done, failed or cancelled
    headings: tuple[Heading, ...] = ()
    tag: str = ""
    took_ms: float = 0.0
    trouble: Trouble | None = None
    is_through: bool = False  # no row is left in the cursor
    notices: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)  # of whoever draws rows
    _result: Result | None = None
    _rows: Iterator[Row] = field(default_factory=lambda: iter(()))
    _spool: Spool | None = None
    _drawn: int = 0
    _is_let_go: bool = False

    @property
    def count(self) -> int:
        """How many rows have come."""
        return self._spool.count if self._spool is not None else 0

    def give(self, result: Result) -> None:
        """Take what the statement gives back."""
        self._result = result
        self._rows = iter(result.rows)
        self.headings = tuple(result.headings)

    def draw(self, until: int | None) -> None:
        """Read rows from the cursor until there are so many, or no more; None: to the end. One thread at a time."""
        while not self.is_through and (until is None or self.count < until):
            if self._is_let_go:
                raise SqlError(LET_GO, GONE.format(count=self.count))
            self._draw_some()

    def _draw_some(self) -> None:
        rows = list(islice(self._rows, CHUNK))
        if self.headings and rows:
            if self._spool is None:
                self._spool = Spool(self.folder)
            self._spool.put(rows)
        self._drawn += len(rows)
        if len(rows) < CHUNK:
            self.is_through = True
            if self._result is not None:
                self.notices = list(self._result.notices)
                self.tag = self._result.tag(self._drawn)

    def read(self, start: int, limit: int) -> list[Row]:
        """Return rows that have come, from one on."""
        return self._spool.read(start, limit) if self._spool is not None else []

    def every(self, draw: Callable[[int], None]) -> Iterator[Row]:
        """Yield all rows, from the first one to the last of the cursor; `draw` reads on until there are so many."""
        start = 0
        while True:
            if not self.is_through and start >= self.count:
                draw(start + CHUNK)
            rows = self.read(start, CHUNK)
            if not rows:
                return
            yield from rows
            start += len(rows)

    def let_go(self) -> None:
        """Close the cursor; the rows that have come stay."""
        if not self.is_through:
            self._is_let_go = True
            close = getattr(self._rows, "close", None)
            if close is not None:
                close()

    def close(self) -> None:
        """Forget everything."""
        self.let_go()
        if self._spool is not None:
            self._spool.close()

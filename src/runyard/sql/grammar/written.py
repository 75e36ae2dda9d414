"""The text given to the parser beside the one that people wrote."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


class Written:
    """A text of plain words, and where each of them came from."""

    def __init__(self, source: str, text: str, places: Sequence[tuple[int, int, int]]) -> None:
        self.source = source
        self.text = text
        self._starts = [place[0] for place in places]
        self._places = places  # its start here, its start there, its end there

    @property
    def end(self) -> int:
        """Where the last word ends in the source."""
        return self._places[-1][2] if self._places else 0

    def start(self, offset: int) -> int:
        """Where the word at an offset begins in the source."""
        return self._place(offset)[1]

    def between(self, first: int, last: int) -> str:
        """What was written from one word to another, in one line."""
        return " ".join(self.source[self._place(first)[1] : self._place(last)[2]].split())

    def _place(self, offset: int) -> tuple[int, int, int]:
        return self._places[max(bisect_right(self._starts, offset) - 1, 0)]

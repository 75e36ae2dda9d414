"""`notebook.json`: the cells of a notebook and what they showed, so far."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..facts import write_whole
from ..redaction import Redactor
from ..results import text
from ..session import Result
from .source import Notebook

LARGEST_TEXT = 1024 * 1024  # characters that a cell keeps of what it prints; the log has all
LARGEST_RESULTS = 20 * 1024 * 1024  # characters that a notebook keeps in all, as the vendor does
CUT = "\n… the rest is in the log: a cell keeps its first megabyte …\n"
TOO_MUCH = "This notebook shows more than twenty megabytes; what came after them is not kept."
SMALL = 1024 * 1024
PAUSE_S = 1.0


class Record:
    """What is known of each cell, written so that the file is right whenever this process dies.

    A cell that has begun stands there as cancelled until it ends, and one that has not as skipped.
    """

    def __init__(self, file: Path | None, notebook: Notebook, redactor: Redactor) -> None:
        self._file = file
        self._redactor = redactor
        self._owner = os.getpid()  # a fork that a cell makes writes nothing
        self._head: dict[str, Any] = {
            "name": notebook.name,
            "language": notebook.language,
            "started_at": _now(),
            "ended_at": None,
        }
        self._cells: list[dict[str, Any]] = [
            {"language": cell.language, "source": cell.source, "title": cell.title, "state": "skipped", "results": []}
            for cell in notebook.cells
        ]
        self._exit: str | None = None
        self._at = 0
        self._size = 0
        self._texts = 0
        self._written_at = 0.0

    def take_up(self, told: Mapping[str, Any], next_cell: int) -> None:
        """Go on with what an interpreter before this one has written."""
        self._head["started_at"] = told["started_at"]
        self._cells[:next_cell] = told["cells"][:next_cell]

    def begin(self, number: int) -> None:
        """Note that a cell begins."""
        self._at = number
        self._texts = 0
        self._cells[number].update(state="cancelled", started_at=_now())
        self._write(whole=number == 0)

    def add(self, result: Result) -> None:
        """Note what the cell shows; pieces of text become one."""
        results = self._cells[self._at]["results"]
        if self._size > LARGEST_RESULTS:
            if not results or results[-1]["data"] != TOO_MUCH:
                results.append(text(TOO_MUCH))
            return
        self._size += _size_of(result)
        results.append(result)

    def add_text(self, piece: str) -> None:
        """Note what the cell prints."""
        if not self._cells or os.getpid() != self._owner or self._texts > LARGEST_TEXT:
            return
        self._texts += len(piece)
        if self._texts > LARGEST_TEXT:
            piece = piece[: LARGEST_TEXT - self._texts] + CUT
        results: list[Result] = self._cells[self._at]["results"]
        if results and results[-1]["type"] in {"text", "ansi"} and "pieces" in results[-1]:
            results[-1]["pieces"].append(piece)
        else:
            results.append({"type": "text", "data": "", "pieces": [piece]})
        self._size += len(piece)

    def end(self, state: str, *, exit_text: str | None = None) -> None:
        """Note how the cell ended."""
        cell = self._cells[self._at]
        cell.update(state=state, ended_at=_now(), results=[self._settled(each) for each in cell["results"]])
        self._exit = exit_text

    def finish(self) -> None:
        """Note that the notebook has ended."""
        self._head["ended_at"] = _now()
        self._write(whole=True)

    def flush(self) -> None:
        """Write what is known, for an interpreter that comes after this one."""
        self._write(whole=True)

    def _settled(self, result: Result) -> Result:
        if "pieces" in result:
            return text(self._redactor.redact("".join(result["pieces"])))
        return self._without_secrets(result)

    def _without_secrets(self, value: Result) -> Result:
        if not self._redactor.has_any:
            return value
        told = json.dumps(value)
        shown = self._redactor.redact(told)
        return value if shown == told else dict(json.loads(shown))

    def _write(self, *, whole: bool) -> None:
        """Write all; a large record not more than once a second, unless it is the last time."""
        if self._file is None or os.getpid() != self._owner:
            return
        if not whole and self._size > SMALL and time.monotonic() - self._written_at < PAUSE_S:
            return
        exit_text = None if self._exit is None else self._redactor.redact(self._exit)
        cells = [_shown(cell) for cell in self._cells]
        write_whole(self._file, json.dumps({**self._head, "cells": cells, "exit": exit_text}))
        self._written_at = time.monotonic()


def _shown(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cell as its readers know it; one that is under way has not joined its texts yet."""
    return {"started_at": None, "ended_at": None, **cell, "results": [_joined(each) for each in cell["results"]]}


def _joined(result: Result) -> Result:
    return text("".join(result["pieces"])) if "pieces" in result else result


def _size_of(result: Result) -> int:
    data = result["data"]
    return len(data) if isinstance(data, str) else sum(_length(row) for row in data)


def _length(row: Sequence[Any]) -> int:
    return sum(len(str(value)) + 4 for value in row)


def _now() -> int:
    return time.time_ns() // 1_000_000

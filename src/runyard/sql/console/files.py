"""A result as a file to keep, streamed as it is read: CSV and JSON at once, Parquet once DuckDB has written it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runyard.sql.forms.parquet import write_parquet
from runyard.sql.forms.values import Style
from runyard.sql.forms.writing import write_csv, write_json, write_jsonl
from runyard.sql.results import Result

Write = Callable[[bytes], object]
PIECE = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Form:
    """One kind of file."""

    content_type: str
    write: Callable[[Result, Write, Path], None]


class _Pieces(io.RawIOBase):
    """A file for whoever writes into it: each piece goes where it belongs."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        given = bytes(data)  # type: ignore[call-overload]  # a buffer, as the io module has it
        self._write(given)
        return len(given)


def _as_text(form: Callable[[Result, io.TextIOWrapper, Style], int]) -> Callable[[Result, Write, Path], None]:
    def write(result: Result, out: Write, _: Path) -> None:
        buffered = io.BufferedWriter(_Pieces(out), PIECE)
        with io.TextIOWrapper(buffered, encoding="utf-8", newline="") as text:
            form(result, text, Style())

    return write


def _as_parquet(result: Result, out: Write, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        file = Path(place) / "rows.parquet"
        write_parquet(result, file, Style())
        for piece in _read(file):
            out(piece)


def _read(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield piece


FORMS: Mapping[str, Form] = {
    "csv": Form(content_type="text/csv; charset=utf-8", write=_as_text(write_csv)),
    "json": Form(content_type="application/json", write=_as_text(write_json)),
    "jsonl": Form(content_type="application/x-ndjson", write=_as_text(write_jsonl)),
    "parquet": Form(content_type="application/vnd.apache.parquet", write=_as_parquet),
}

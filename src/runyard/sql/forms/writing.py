"""The forms in which results are written, as their rows come."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import TextIO

from runyard.sql.forms.values import NULL, Style, documents, texts, visible
from runyard.sql.results import Result

MEASURED = 1_000  # rows that tell how wide the columns of a table are


def write_jsonl(result: Result, out: TextIO, style: Style) -> int:
    """One object a line."""
    write, count = documents(result.headings, strings=style.strings), 0
    for count, row in enumerate(result.rows, 1):  # noqa: B007 - it is what is returned
        out.write(write(row).decode() + "\n")
    return count


def write_json(result: Result, out: TextIO, style: Style) -> int:
    """One list of objects."""
    write, count = documents(result.headings, strings=style.strings), 0
    out.write("[")
    separator = "," if style.strings else ",\n "
    for count, row in enumerate(result.rows, 1):
        out.write((separator if count > 1 else "") + write(row).decode())
    out.write("]\n")
    return count


def write_csv(result: Result, out: TextIO, style: Style) -> int:
    """Values with quotes where they need them, and nothing for NULL."""
    writer = csv.writer(out, delimiter=style.delimiter, lineterminator="\n")
    if style.headers:
        writer.writerow(heading.name for heading in result.headings)
    return _each(result, style, writer.writerow)


def write_text(result: Result, out: TextIO, style: Style) -> int:
    """Values as they are, without quotes."""
    if style.headers:
        out.write(style.delimiter.join(heading.name for heading in result.headings) + "\n")
    return _each(result, style, lambda row: out.write(style.delimiter.join(row) + "\n"))


def _each(result: Result, style: Style, write: Callable[[list[str]], object]) -> int:
    of, count = texts(result.headings, null=NULL if style.strings else ""), 0
    for count, row in enumerate(result.rows, 1):  # noqa: B007 - it is what is returned
        write(of(row))
    return count


def write_table(result: Result, out: TextIO, style: Style) -> int:
    """A table for people: drawn on a terminal, in StackQL's frame elsewhere."""
    if style.on_terminal and not style.strings:
        return _on_terminal(result, out, style)
    of = texts(result.headings, null=NULL)
    rows = map(of, result.rows)
    first = list(islice(rows, MEASURED))
    names = [heading.name for heading in result.headings]
    widths = [_width(column) for column in zip(*([names] if style.headers else []), *first, strict=True)] or [0] * len(
        names
    )
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|\n"
    out.write(rule)
    if style.headers:
        out.write(_framed([_centred(name, width) for name, width in zip(names, widths, strict=True)]) + rule)
    count = 0
    for count, row in enumerate(chain(first, rows), 1):  # noqa: B007 - it is what is returned
        out.write(_lines(row, widths) + rule)
    return count


def _width(column: tuple[str, ...]) -> int:
    return max(len(line) for cell in column for line in cell.split("\n"))


def _lines(row: list[str], widths: list[int]) -> str:
    cells = [cell.split("\n") for cell in row]
    height = max(map(len, cells), default=1)
    numeric = [is_number(cell) for cell in row]
    found = ""
    for line in range(height):
        parts = [cell[line] if line < len(cell) else "" for cell in cells]
        found += _framed(
            [
                part.rjust(width) if right else part.ljust(width)
                for part, width, right in zip(parts, widths, numeric, strict=True)
            ]
        )
    return found


def _framed(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _centred(text: str, width: int) -> str:
    before = max(width - len(text), 0) // 2
    return (" " * before + text).ljust(width)


def is_number(text: str) -> bool:
    """Whether a text stands to the right of its column."""
    return (
        text.removeprefix("-").replace(".", "", 1).isdecimal() and not text.startswith(".") and not text.endswith(".")
    )


def _on_terminal(result: Result, out: TextIO, style: Style) -> int:
    of = texts(result.headings, null="\0")
    rows: Iterator[list[str]] = map(of, result.rows)
    first = list(islice(rows, MEASURED))
    _drawn(result, first, out, style)
    count = len(first)
    for row in rows:  # a longer result is no table for people
        out.write("  ".join(NULL if cell == "\0" else visible(cell) for cell in row) + "\n")
        count += 1
    return count


def _drawn(result: Result, rows: list[list[str]], out: TextIO, style: Style) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - see cli/main.py
    from rich.console import Console  # noqa: PLC0415 - see cli/main.py
    from rich.table import Table  # noqa: PLC0415 - see cli/main.py
    from rich.text import Text  # noqa: PLC0415 - see cli/main.py

    table = Table(box=SIMPLE_HEAD, show_header=style.headers, header_style="bold", pad_edge=False, show_edge=False)
    for heading in result.headings:
        justify = "right" if heading.type in {"bigint", "double"} else "left"
        table.add_column(Text(visible(heading.name)), overflow="fold", justify=justify)  # type: ignore[arg-type]  # rich's own words
    for row in rows:
        table.add_row(*(Text(NULL, style="dim") if cell == "\0" else Text(visible(cell)) for cell in row))
    Console(file=out, width=style.width or None, highlight=False).print(table)


FORMS: Mapping[str, Callable[[Result, TextIO, Style], int]] = {
    "table": write_table,
    "json": write_json,
    "jsonl": write_jsonl,
    "csv": write_csv,
    "text": write_text,
}
"""Each writes a result and returns how many rows came. Parquet is in parquet.py."""

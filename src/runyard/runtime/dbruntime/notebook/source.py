"""Notebooks as files: the vendor's source format, Jupyter's, and what the cells of both say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# The first line of a file in source format: how its comments begin, and its language.
FORMATS = {
    "# Databricks notebook source": ("#", "python"),
    "-- Databricks notebook source": ("--", "sql"),
    "// Databricks notebook source": ("//", "scala"),
}
SUFFIXES = {".sql": "sql", ".scala": "scala", ".r": "r"}

# What the first line of a cell may say, with one % or two as in Jupyter: how the cell is carried out.
LANGUAGES = {
    "python": "python",
    "sql": "sql",
    "scala": "scala",
    "r": "r",
    "md": "md",
    "md-sandbox": "md",
    "markdown": "md",
    "sh": "sh",
    "bash": "sh",
    "fs": "fs",
    "run": "run",
    "html": "html",
}
MAGIC = r"\s*%{1,2}([a-z][\w-]*)[ \t]*(.*)"


class Cell:
    """One cell: what people see of it, and what of it is carried out."""

    def __init__(self, *, language: str, source: str, code: str, title: str | None = None) -> None:
        self.language = language
        self.source = source
        self.code = code  # without the word that names its language
        self.title = title


class Notebook:
    """The cells of one file."""

    def __init__(self, *, name: str, language: str, cells: Sequence[Cell]) -> None:
        self.name = name
        self.language = language
        self.cells = cells


class NotANotebook(Exception):
    """A file that cannot be read as a notebook; says why."""


def read_notebook(file: Path, *, name: str) -> Notebook:
    """Return the notebook in a file, in the format that its first line tells."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotANotebook(f"The notebook {name} is no text in UTF-8: {error}.") from error
    if file.suffix == ".ipynb" or text.lstrip().startswith("{"):
        return _from_jupyter(text, name)
    return _from_source(text, name, suffix=file.suffix.lower())


def _from_source(text: str, name: str, *, suffix: str) -> Notebook:
    first, _, rest = text.partition("\n")
    comment, language = FORMATS.get(first.strip(), ("#", SUFFIXES.get(suffix, "python")))
    if first.strip() not in FORMATS:
        return Notebook(name=name, language=language, cells=[cell_of(text, language)])
    language = SUFFIXES.get(suffix, language) if comment == "#" else language
    cells = [_cell_of_block(block, comment, language) for block in _blocks(rest, f"{comment} COMMAND ----------")]
    return Notebook(name=name, language=language, cells=[cell for cell in cells if cell.source.strip()])


def _blocks(text: str, separator: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in text.splitlines():
        if line.rstrip() == separator:
            yield block
            block = []
        else:
            block.append(line)
    yield block


def _cell_of_block(lines: list[str], comment: str, language: str) -> Cell:
    mark, title = f"{comment} DBTITLE ", None
    kept = []
    for line in lines:
        if title is None and line.startswith(mark) and "," in line:
            title = line.partition(",")[2].strip()
        else:
            kept.append(_without_mark(line, comment))
    return cell_of("\n".join(kept).strip("\n"), language, title=title)


def _without_mark(line: str, comment: str) -> str:
    mark = f"{comment} MAGIC"
    return line.removeprefix(mark).removeprefix(" ") if line.startswith(mark) else line


def cell_of(source: str, language: str, *, title: str | None = None) -> Cell:
    """Return the cell of a text, in the language that its first line names or in that of its notebook."""
    named = re.match(MAGIC, source, re.DOTALL) if source.lstrip().startswith("%") else None
    if named and named[1] in LANGUAGES:
        return Cell(language=LANGUAGES[named[1]], source=source, code=named[2], title=title)
    return Cell(language=language, source=source, code=source, title=title)


def _from_jupyter(text: str, name: str) -> Notebook:
    try:
        told = json.loads(text)
        cells = told["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotANotebook(f"The notebook {name} is not in Jupyter's format: {error!r}.") from error
    language = _language_of(told.get("metadata", {}))
    return Notebook(name=name, language=language, cells=[_from_jupyter_cell(each, language) for each in cells])


def _language_of(metadata: Mapping[str, Any]) -> str:
    own = metadata.get("application/vnd.databricks.v1+notebook", {}).get("language")
    found = own or metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language")
    return str(found or "python").lower().removeprefix("i")


def _from_jupyter_cell(told: Mapping[str, Any], language: str) -> Cell:
    source = told.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    title = told.get("metadata", {}).get("application/vnd.databricks.v1+cell", {}).get("title") or None
    if told.get("cell_type") != "code":
        return Cell(language="md", source=text, code=text, title=title)
    return cell_of(text, language, title=title)

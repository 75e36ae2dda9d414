"""A notebook as text: source with marks between its cells, Jupyter's JSON, and the model in an exported page."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from runyard.core.errors import InvalidRequest

COMMENTS: Mapping[str, str] = {"PYTHON": "#", "SQL": "--", "SCALA": "//", "R": "#"}
"""How a comment begins in each language of notebooks."""
ENDINGS: Mapping[str, str] = {".py": "PYTHON", ".sql": "SQL", ".scala": "SCALA", ".r": "R"}
"""What files with the source of a notebook are called."""
_TITLE = "Databricks notebook source"
_CUT = "COMMAND ----------"
_OWN = "application/vnd.databricks.v1+"
_MODEL = re.compile(rb"__DATABRICKS_NOTEBOOK_MODEL\s*=\s*'([^']*)'")
_MARKDOWN = re.compile(r"\s*%md(?:-sandbox)?[ \t]*\n?")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What stands in a cell, with the `%word` that says that it is in another language."""

    text: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """The cells of a notebook, and the language of those that do not name theirs."""

    language: str
    cells: Sequence[Cell]


def source_language(content: bytes) -> str | None:
    """Return the language that the first line of a notebook's source tells; None if it is no such source."""
    first = content[:200].removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace").strip()
    told = (language for language, comment in COMMENTS.items() if first == f"{comment} {_TITLE}")
    return next(told, None)


def is_jupyter(content: bytes) -> bool:
    """Tell whether this is a notebook in Jupyter's format."""
    return content.lstrip()[:1] == b"{" and b'"nbformat"' in content


def headed(content: bytes, language: str) -> bytes:
    """Return a notebook's source with the first line that says that it is one."""
    mark = f"{COMMENTS[language]} {_TITLE}".encode()
    return content if content.removeprefix(b"\xef\xbb\xbf").startswith(mark) else mark + b"\n" + content


def from_source(content: bytes, language: str) -> Notebook:
    """Read the source format."""
    comment = re.escape(COMMENTS[language])
    _, _, rest = content.decode("utf-8-sig", "replace").partition("\n")
    blocks = re.split(rf"^{comment} {_CUT}[ \t]*$", rest, flags=re.MULTILINE)
    return Notebook(language=language, cells=[_cell(block.strip("\n"), comment) for block in blocks])


def to_source(notebook: Notebook) -> bytes:
    """Write the source format."""
    comment = COMMENTS[notebook.language]
    blocks = [_block(cell, comment) for cell in notebook.cells]
    return f"{comment} {_TITLE}\n{f'{chr(10)}{chr(10)}{comment} {_CUT}{chr(10)}{chr(10)}'.join(blocks)}\n".encode()


def from_jupyter(content: bytes) -> Notebook:
    """Read Jupyter's format."""
    try:
        told = msgspec.json.decode(content)
        cells = [_from_jupyter(cell) for cell in told["cells"]]
        return Notebook(language=_language_of(told.get("metadata") or {}), cells=cells)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidRequest(f"The content is no notebook in Jupyter's format: {error!r}.") from error


def to_jupyter(notebook: Notebook, name: str) -> bytes:
    """Write Jupyter's format."""
    language = notebook.language.lower()
    metadata = {
        f"{_OWN}notebook": {"language": language, "notebookName": name},
        "language_info": {"name": language},
    }
    cells = [_to_jupyter(cell) for cell in notebook.cells]
    return msgspec.json.encode({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 0})


def from_page(content: bytes) -> Notebook:
    """Read the model in an exported page."""
    found = _MODEL.search(content)
    try:
        model = msgspec.json.decode(unquote(b64decode(found[1]).decode())) if found else {}
        commands = sorted(model["commands"], key=lambda each: each.get("position", 0))
        cells = [Cell(text=str(each["command"]), title=str(each.get("commandTitle") or "")) for each in commands]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidRequest("The page holds no notebook; import one that was exported as HTML.") from error
    return Notebook(language=_known(model.get("language")), cells=cells)


def _cell(block: str, comment: str) -> Cell:
    title = re.search(rf"^{comment} DBTITLE \d+,(.*)\n?", block, flags=re.MULTILINE)
    text = block[: title.start()] + block[title.end() :] if title else block
    plain = re.sub(rf"^{comment} ?MAGIC ?", "", text, flags=re.MULTILINE)
    return Cell(text=plain.strip("\n"), title=title[1].strip() if title else "")


def _block(cell: Cell, comment: str) -> str:
    title = f"{comment} DBTITLE 1,{cell.title}\n" if cell.title else ""
    if not cell.text.lstrip().startswith("%"):
        return title + cell.text
    return title + "\n".join(f"{comment} MAGIC {line}".rstrip() for line in cell.text.split("\n"))


def _from_jupyter(told: Mapping[str, Any]) -> Cell:
    source = told.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    title = ((told.get("metadata") or {}).get(f"{_OWN}cell") or {}).get("title") or ""
    return Cell(text=text if told.get("cell_type") == "code" else f"%md\n{text}", title=str(title))


def _to_jupyter(cell: Cell) -> dict[str, Any]:
    metadata = {f"{_OWN}cell": {"title": cell.title}} if cell.title else {}
    if said := _MARKDOWN.match(cell.text):
        return {"cell_type": "markdown", "metadata": metadata, "source": _lines(cell.text[said.end() :])}
    code = {"cell_type": "code", "execution_count": 0, "outputs": []}
    return {**code, "metadata": metadata, "source": _lines(cell.text)}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _language_of(metadata: Mapping[str, Any]) -> str:
    own, kernel = metadata.get(f"{_OWN}notebook") or {}, metadata.get("kernelspec") or {}
    return _known(own.get("language") or (metadata.get("language_info") or {}).get("name") or kernel.get("language"))


def _known(language: object) -> str:
    plain = str(language or "python").upper().removeprefix("I")
    return plain if plain in COMMENTS else "PYTHON"

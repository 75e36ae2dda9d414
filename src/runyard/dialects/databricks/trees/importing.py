"""What an imported notebook or file becomes: where it lies, and as which bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from runyard.core.errors import InvalidRequest, NotSupported
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.trees import notebook_text
from runyard.dialects.databricks.trees.notebook_text import COMMENTS, ENDINGS

LARGEST_NOTEBOOK = 10 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the caller says of the content."""

    path: str
    format: str
    language: str | None = None

    @property
    def ending(self) -> str:
        """How the name ends, in lower case."""
        return PurePosixPath(self.path).suffix.lower()


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What is kept, and where."""

    path: str
    content: bytes
    language: str | None = None  # of a notebook; None: of no matter, or told by the content


def asked(members: Mapping[str, Any]) -> Asked:
    """Read what the caller says of the content."""
    language = str(members.get("language", "")).upper() or None
    if language is not None and language not in COMMENTS:
        raise InvalidRequest(f"Invalid language {language!r}; it must be one of: {', '.join(COMMENTS)}.")
    return Asked(path=members["path"], format=str(members.get("format", "SOURCE")).upper(), language=language)


def stored(asked: Asked, content: bytes) -> Stored:
    """Return what is kept of an import."""
    if asked.format not in FORMATS:
        raise InvalidRequest(f"Invalid format {asked.format!r}; it must be one of: {', '.join(FORMATS)}.")
    become = FORMATS[asked.format](asked, content)
    if become.language is not None and len(content) > LARGEST_NOTEBOOK:
        size = f"The notebook has {len(content)} bytes; the most is {LARGEST_NOTEBOOK} (10 MB)."
        raise Refusal("MAX_NOTEBOOK_SIZE_EXCEEDED", size)
    return become


def _source(asked: Asked, content: bytes) -> Stored:
    language = asked.language or ENDINGS.get(asked.ending)
    if language is None:
        raise InvalidRequest(
            f"The language of {asked.path} is not known: set `language`, or use the format AUTO for a file."
        )
    return Stored(path=asked.path, content=notebook_text.headed(content, language), language=language)


def _jupyter(asked: Asked, content: bytes) -> Stored:
    return Stored(path=asked.path, content=content, language=notebook_text.from_jupyter(content).language)


def _page(asked: Asked, content: bytes) -> Stored:
    notebook = notebook_text.from_page(content)
    return Stored(path=asked.path, content=notebook_text.to_source(notebook), language=notebook.language)


def _raw(asked: Asked, content: bytes) -> Stored:
    return Stored(path=asked.path, content=content)


def _auto(asked: Asked, content: bytes) -> Stored:
    """Return a notebook, without the ending of its name, if the name and the content say that it is one."""
    bare = asked.path[: len(asked.path) - len(asked.ending)]
    if asked.ending == ".ipynb" and notebook_text.is_jupyter(content):
        return Stored(path=bare, content=content, language=notebook_text.from_jupyter(content).language)
    told, named = notebook_text.source_language(content), ENDINGS.get(asked.ending)
    if told is not None and named is not None and COMMENTS[told] == COMMENTS[named]:
        return Stored(path=bare, content=content, language=named)
    return _raw(asked, content)


def _unknown(asked: Asked, _: bytes) -> Stored:
    raise NotSupported(f"The format {asked.format} cannot be read here; use SOURCE, JUPYTER, HTML, AUTO or RAW.")


FORMATS: Mapping[str, Callable[[Asked, bytes], Stored]] = {
    "SOURCE": _source,
    "JUPYTER": _jupyter,
    "HTML": _page,
    "AUTO": _auto,
    "RAW": _raw,
    "DBC": _unknown,
    "R_MARKDOWN": _unknown,
}
"""How content of each format is taken in."""

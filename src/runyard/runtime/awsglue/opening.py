"""Files of text opened whatever they are compressed by, and made plain where the engine wants them so."""

from __future__ import annotations

import bz2
import gzip
import io
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, TextIO, cast

OPENERS: Mapping[str, Callable[[str], IO[bytes]]] = {
    "gzip": lambda name: cast("IO[bytes]", gzip.open(name, "rb")),  # noqa: SIM115 - whoever asked closes it
    "bzip2": lambda name: cast("IO[bytes]", bz2.open(name, "rb")),  # noqa: SIM115 - as above
    "": lambda name: open(name, "rb"),  # noqa: PTH123, SIM115 - as above
}
"""By the words of `compressionType`; without any the file is plain."""
SAME: Mapping[str, str] = {"gz": "gzip", "bz2": "bzip2", "bzip": "bzip2", "none": "", "uncompressed": ""}
BY_ENDING: Mapping[str, str] = {".gz": "gzip", ".bz2": "bzip2"}


def compression(options: Mapping[str, Any]) -> dict[str, str]:
    """Return what the options of a connection say of compression, to stand among those of a format."""
    told = options.get("compressionType") or options.get("compression")
    return {"compressionType": str(told)} if told else {}


def compression_of(name: str, options: Mapping[str, Any]) -> str:
    """Return what a file is compressed by: what the options of its connection say, else what its name does."""
    told = str(options.get("compressionType") or "").lower()
    if told:
        return _known(SAME.get(told, told))
    return next((kind for ending, kind in BY_ENDING.items() if name.endswith(ending)), "")


def _known(kind: str) -> str:
    if kind not in OPENERS:
        raise ValueError(f"compressionType {kind!r} of files of text is not known; say gzip or bzip2.")
    return kind


def alike(files: Sequence[str]) -> list[list[str]]:
    """Return files in groups of one compression each, by their names: the engine reads no others together."""
    made: dict[str, list[str]] = {}
    for name in files:
        made.setdefault(compression_of(name, {}), []).append(name)
    return list(made.values())


def opened(name: str, options: Mapping[str, Any]) -> IO[bytes]:
    """Open a file for its bytes."""
    return OPENERS[compression_of(name, options)](name)


def opened_text(name: str, options: Mapping[str, Any]) -> TextIO:
    """Open a file for its text."""
    encoding = str(options.get("encoding") or "utf-8")
    return io.TextIOWrapper(opened(name, options), encoding=encoding)

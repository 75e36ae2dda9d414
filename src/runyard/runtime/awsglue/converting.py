"""Frames written in formats that the engine cannot write: it writes Parquet, whose files are converted one by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from runyard_spark.paths import local

from .staging import folder

Convert = Callable[[str, str, Mapping[str, Any]], None]
"""Given a Parquet file, the file to write, and the options."""


def write_converted(
    dataframe: Any, target: str, convert: Convert, options: Mapping[str, Any], *, ending: str, partitions: Sequence[str]
) -> None:
    """Add the rows of a frame to a folder, as files of another format in the same partitions."""
    place = local(target)
    if "://" in place:
        raise ValueError(f"{target} lies in no mount of this server, and {ending} can be written to mounts alone.")
    kept = folder()
    writer = dataframe.write.mode("append")
    (writer.partitionBy(*partitions) if partitions else writer).parquet(str(kept / "rows"))
    for source in sorted((kept / "rows").rglob("*.parquet")):
        into = Path(place) / source.parent.relative_to(kept / "rows")
        into.mkdir(parents=True, exist_ok=True)
        _replaced(source, into / f"part-{uuid4().hex}.{ending}", convert, options)


def _replaced(source: Path, target: Path, convert: Convert, options: Mapping[str, Any]) -> None:
    """Let a file appear when it is whole: who reads the folder meanwhile passes over what begins with a dot."""
    hidden = target.with_name(f".{target.name}")
    try:
        convert(str(source), str(hidden), options)
        os.replace(hidden, target)  # noqa: PTH105 - the text of its own
    finally:
        hidden.unlink(missing_ok=True)
        source.unlink()

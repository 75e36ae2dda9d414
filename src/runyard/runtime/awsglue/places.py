"""The files that a source reads: below its paths, in their partitions, new by the bookmark, but for exclusions."""

from __future__ import annotations

import fnmatch
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import runyard_bookmarks
from pyspark.sql import functions as F
from runyard_spark.facts import read_facts
from runyard_spark.paths import local

from .fields import column
from .flags import flag
from .utils import DISABLED, getResolvedOptions

HIDDEN = (".", "_")
DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"
REFUSED = ("bulkRead", "maxFilesInBand", "startingTimestamp")
"""Options of connections to S3 that would change what is read, and are not followed here."""
SAMPLE = "runyard.sample"
"""Among the options of a connection: how much of it is wanted, if not all."""
BOUNDS = {"boundedFiles": "most_files", "boundedSize": "most_bytes"}
"""How much a run reads at most, and what that is called of a bookmark."""
BAND = "maxBand"
BAND_MS = 900_000
GROUPINGS = ("inPartition", "none")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Files whose rows share the values of the partition columns."""

    files: list[str] = field(default_factory=list)  # where they lie on this machine
    values: Mapping[str, str | None] = field(default_factory=dict)


def parts_of(paths: Sequence[str], options: Mapping[str, Any], context: str) -> list[Part]:
    """Return what there is to read below some paths."""
    found = _parted(_wanted(paths, options, context), [local(path).rstrip("/") for path in paths])
    return sampled(found, options)


def sampled(parts: list[Part], options: Mapping[str, Any]) -> list[Part]:
    """Return some files of some parts if the options ask for a sample."""
    asked = options.get(SAMPLE)
    if asked is None:
        return parts
    some, files = (int(asked[name]) for name in ("maxSamplePartitions", "maxSampleFilesPerPartition"))
    return [Part(files=part.files[:files], values=part.values) for part in parts[:some]]


def files_of(partitions: Mapping[str, Mapping[str, str]], options: Mapping[str, Any], context: str) -> list[Part]:
    """Return what there is to read in partitions: the catalog's values of them by their places."""
    made = {f"{local(place).rstrip('/')}/": Part(values=values) for place, values in partitions.items()}
    for file in _wanted(list(partitions), options, context):
        folder = f"{os.path.dirname(file)}/"  # noqa: PTH120 - as below
        while folder not in made and folder.strip("/"):
            folder = f"{os.path.dirname(folder.rstrip('/'))}/".replace("//", "/")  # noqa: PTH120 - as below
        made[folder].files.append(file)
    return sampled([part for part in made.values() if part.files], options)


def _wanted(paths: Sequence[str], options: Mapping[str, Any], context: str) -> list[str]:
    _check(options)
    excluded = _excluded(options)
    found = [
        file
        for file in _files(paths, context, _bound(options))
        if not any(fnmatch.fnmatch(file, one) for one in excluded)
    ]
    return found if flag(options, "recurse", default=True) else _beside(found, paths)


def _check(options: Mapping[str, Any]) -> None:
    """Refuse options that would be passed over, and those that make no sense."""
    for name in REFUSED:
        if options.get(name):
            raise NotImplementedError(f"The connection option {name!r} is not followed in this awsglue; leave it out.")
    if int(options.get(BAND) or BAND_MS) != BAND_MS:
        raise NotImplementedError(f"{BAND} is {BAND_MS} ms here, as it is by default on AWS; leave it out.")
    grouping = options.get("groupFiles") or GROUPINGS[0]
    if grouping not in GROUPINGS:
        raise ValueError(f"groupFiles must be {' or '.join(GROUPINGS)}, not {grouping!r}.")
    if not str(options.get("groupSize") or 1).strip().isdigit():
        raise ValueError(f"groupSize must be a number of bytes, not {options['groupSize']!r}.")


def _beside(files: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Return the files that lie in the paths themselves, or in partitions of them, but in no other folder below."""
    roots = [local(path).rstrip("/") for path in paths]
    return [file for file in files if all("=" in step for step in _steps(file, roots))]


def _steps(file: str, roots: Sequence[str]) -> list[str]:
    """Return the folders between a file and the root that it lies below."""
    root = next((one for one in roots if file.startswith(f"{one}/")), "")
    return file[len(root) + 1 :].split("/")[:-1] if root else []


def _excluded(options: Mapping[str, Any]) -> list[str]:
    asked = options.get("exclusions") or []
    patterns = json.loads(asked) if isinstance(asked, str) else list(asked)
    return [str(one) if str(one).startswith("/") else local(str(one)) for one in patterns]


def _bound(options: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    for option, name in BOUNDS.items():
        if options.get(option):
            if not str(options[option]).strip().isdigit():
                raise ValueError(f"{option} must be a whole number, not {options[option]!r}.")
            found[name] = int(options[option])
    return found


def _files(paths: Sequence[str], context: str, bound: Mapping[str, int]) -> Iterator[str]:
    if bound or (context and getResolvedOptions(sys.argv, [])["job_bookmark_option"] != DISABLED):
        yield from (local(uri) for uri in runyard_bookmarks.new_files(paths, context, **bound))
        return
    for path in map(local, paths):
        if os.path.isfile(path):  # noqa: PTH113 - a hundred thousand of them, by their texts
            yield path
        else:
            yield from _below(path)


def _below(path: str) -> Iterator[str]:
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(one for one in folders if not one.startswith(HIDDEN))
        yield from (os.path.join(folder, one) for one in sorted(names) if not one.startswith(HIDDEN))  # noqa: PTH118 - as above


def _parted(files: Iterable[str], roots: Sequence[str]) -> list[Part]:
    made: dict[tuple[tuple[str, str | None], ...], Part] = {}
    for file in files:
        values = tuple(_value(step) for step in _steps(file, roots) if "=" in step)
        made.setdefault(values, Part(values=dict(values))).files.append(file)
    return list(made.values())


def _value(step: str) -> tuple[str, str | None]:
    name, _, text = step.partition("=")
    return name, None if text == DEFAULT_PARTITION else unquote(text)


def pruned(spark: Any, parts: list[Part], predicate: str) -> list[Part]:
    """Return the partitions that a predicate over their columns leaves."""
    if not predicate or not parts:
        return parts
    names = list(dict.fromkeys(name for part in parts for name in part.values))
    if not names:
        raise ValueError(f"push_down_predicate {predicate!r} asks for partition columns, and the files lie in none.")
    rows = [(number, *(part.values.get(name) for name in names)) for number, part in enumerate(parts)]
    schema = ", ".join(["`#` int", *(f"`{name}` string" for name in names)])
    kept = {row[0] for row in spark.createDataFrame(rows, schema).where(predicate).select("#").collect()}
    return [part for number, part in enumerate(parts) if number in kept]


def with_values(dataframe: Any, part: Part, types: Mapping[str, str]) -> Any:
    """Return the rows of a part with its partition columns."""
    known = [column(name) for name in dataframe.columns if name not in part.values]
    made = [F.lit(text).cast(types.get(name, "string")).alias(name) for name, text in part.values.items()]
    return dataframe.select(*known, *made)


def per_file(parts: Iterable[Part], *, name: str, moment: str) -> list[Part]:
    """Return each file as a part of its own, with its path and the time it was changed as columns of these names."""
    made = []
    for part in parts:
        for file in part.files:
            changed = datetime.fromtimestamp(os.path.getmtime(file), UTC).isoformat()  # noqa: PTH204 - as above
            told = {**({name: uri_of(file)} if name else {}), **({moment: changed} if moment else {})}
            made.append(Part(files=[file], values={**part.values, **told}))
    return made


def uri_of(file: str) -> str:
    """Return the name by which jobs call a file of this machine."""
    mounts = read_facts().mounts
    found = [
        (len(folder), prefix + file[len(folder) :]) for prefix, folder in _folders(mounts) if file.startswith(folder)
    ]
    return max(found)[1] if found else file


def _folders(mounts: Mapping[str, str]) -> list[tuple[str, str]]:
    named = [(prefix, folder) for prefix, folder in mounts.items() if prefix.startswith("s3://")]
    return [(prefix if prefix.endswith("/") else f"{prefix}/", f"{folder.rstrip('/')}/") for prefix, folder in named]


def roots_of(options: Mapping[str, Any]) -> list[str]:
    """Return the places that the options of a connection name."""
    named = options.get("paths") or options.get("path")
    if not named:
        raise ValueError("connection_options needs the paths to read from.")
    return [named] if isinstance(named, str) else [str(one) for one in named]

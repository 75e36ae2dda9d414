"""Files of a place deleted when they are old enough, and the partitions that are empty then."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard_spark.paths import local

from .catalog import Catalog
from .places import Part, pruned, uri_of
from .tables import Table

DEFAULT_RETENTION_H = 168
HOUR_S = 3600
STANDARD = "STANDARD"  # the class of storage that every file here has
MANIFESTS = {True: "Success.csv", False: "Failed.csv"}


def purge(s3_path: str, options: Mapping[str, Any]) -> None:
    """Delete the files below a path that are older than the retention period, seven days unless it is given."""
    if STANDARD in {str(one).upper() for one in options.get("excludeStorageClasses") or ()}:
        return
    before = time.time() - float(options.get("retentionPeriod", DEFAULT_RETENTION_H)) * HOUR_S
    gone: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for folder, _, names in os.walk(local(s3_path)):
        for file in (Path(folder, name) for name in names):
            if file.stat().st_mtime <= before:
                is_gone, reason = _deleted(file)
                gone[is_gone].append((uri_of(str(file)), reason))
    _tell(gone, str(options.get("manifestFilePath") or ""))


def _deleted(file: Path) -> tuple[bool, str]:
    try:
        file.unlink()
    except OSError as error:
        return False, str(error)
    return True, ""


def _tell(gone: Mapping[bool, list[tuple[str, str]]], manifest: str) -> None:
    if not manifest:
        return
    folder = Path(local(manifest))
    folder.mkdir(parents=True, exist_ok=True)
    for is_gone, rows in gone.items():
        with (folder / MANIFESTS[is_gone]).open("w", encoding="utf-8", newline="") as written:
            csv.writer(written).writerows(rows)


def purge_table(spark: Any, catalog: Catalog, table: Table, options: Mapping[str, Any]) -> None:
    """Delete the files of a table, or of some of its partitions; a partition that is empty then goes, too."""
    predicate = str(options.get("partitionPredicate") or "")
    if not table.keys:
        if predicate:
            raise ValueError(f"partitionPredicate {predicate!r} asks for partitions, and table {table.name} has none.")
        purge(table.location, options)
        return
    names = [one["Name"] for one in table.keys]
    for told in catalog.partitions(table.database, table.name):
        place = str(told["StorageDescriptor"]["Location"])
        part = Part(files=[place], values=dict(zip(names, told["Values"], strict=True)))
        if pruned(spark, [part], predicate):
            purge(place, options)
            if not any(names for _, _, names in os.walk(local(place))):
                catalog.delete_partition(table.database, table.name, told["Values"])

"""Sources that are databases: where they are, and their tables, which are asked of them for a bounded time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from runyard.core.document import Document
from runyard.dialects.dremio.catalog import SOURCE, path_of
from runyard.dialects.dremio.entities import DIRECT, REFRESH_POLICY, outside, state_of
from runyard.dialects.dremio.source_files import id_of

POSTGRES, PORT = "POSTGRES", 5432
PROGRAM = "runyard.runtime.dremio_sql.database_tables"
LOOK_S = 30.0  # for a program that gives its databases five seconds, on a machine that is busy
SILENT = "The source {name} has not told its tables in time"

Shown = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables of a database by schema and name, with their fields; or a note that says why they are not known."""

    name: str
    tables: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
    note: str

    def children(self) -> list[Shown]:
        """Return the lines of the schemas."""
        schemas = dict.fromkeys(schema for schema, _ in self.tables)
        return [_line([self.name, schema], type="CONTAINER", containerType="FOLDER") for schema in schemas]

    def shown(self, path: Sequence[str]) -> Shown | None:
        """Show the schema or the table at a path; None where there is none. Letters are alike in both cases."""
        below = [part.casefold() for part in path[1:]]
        found = [place for place in self.tables if [part.casefold() for part in place][: len(below)] == below]
        if not found:
            return None
        place = [self.name, *found[0][: len(below)]]
        if len(below) == 1:
            lines = [_line([self.name, *table], type="DATASET", datasetType=DIRECT) for table in found]
            return outside("folder", id_of(place), place) | {"children": lines}
        return outside("dataset", id_of(place), place) | {
            "type": "PHYSICAL_DATASET",
            "fields": list(self.tables[found[0]]),
            "accelerationRefreshPolicy": dict(REFRESH_POLICY),
        }

    def told(self) -> Shown:
        """Return the tables as a process reads them that has no key to the database."""
        tables = [{"path": list(place), "fields": list(fields)} for place, fields in self.tables.items()]
        return {"name": self.name, "uri": "", "tables": tables}

    def state(self) -> Shown:
        """Return how the source is."""
        return state_of(self.note)


def is_database(document: Document | None) -> bool:
    """Tell whether something in the catalog is a source of tables that a database holds."""
    return document is not None and document.kind == SOURCE and document.content.get("type") == POSTGRES


def told(source: Document) -> dict[str, str]:
    """Return a database with the password to it: it is told to the processes that ask it alone."""
    config = source.content.get("config") or {}
    user, password = (quote(str(config.get(name) or ""), safe="") for name in ("username", "password"))
    keys = f"{user}:{password}@" if user else ""
    database = quote(str(config.get("databaseName") or "postgres"), safe="")
    place = f"{config.get('hostname') or 'localhost'}:{config.get('port') or PORT}/{database}"
    return {
        "name": path_of(source)[0],
        "uri": f"postgresql://{keys}{place}{'?sslmode=require' if config.get('useSsl') else ''}",
    }


def tables_of(sources: Sequence[Document]) -> list[Tables]:
    """Ask databases for their tables, in a process that is ended if it waits too long."""
    asked = [told(each) for each in sources]
    if not asked:
        return []
    words = [sys.executable, "-P", "-m", PROGRAM]
    try:
        done = subprocess.run(
            words, input=json.dumps(asked), capture_output=True, text=True, timeout=LOOK_S, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return [Tables(name=each["name"], tables={}, note=SILENT.format(name=each["name"])) for each in asked]
    return list(_read(json.loads(done.stdout)))


def _read(listings: Mapping[str, Any]) -> Iterator[Tables]:
    for name, listing in listings.items():
        tables = {(schema, table): each["fields"] for each in listing["tables"] for schema, table in [each["path"]]}
        yield Tables(name=name, tables=tables, note=listing["note"])


def _line(path: list[str], **kind: str) -> Shown:
    return {"id": id_of(path), "path": path, **kind}

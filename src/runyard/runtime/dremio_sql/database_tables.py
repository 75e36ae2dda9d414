"""All tables of databases with their columns, asked of every database at once and for a bounded time.

What does not answer in that time is left out with a note, so that one source never holds up what is told of the others.
As a program it reads databases as JSON (`[{"name": …, "uri": …}]`) and writes what they tell: a server asks so, because
a process can be ended that waits in a call of the driver's.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .column_types import Column, columns_document
from .databases import DRIVER, OF_TABLES, Database, column_of, module
from .errors import DremioError

PATIENCE_S = 5.0
SILENT = "The source {name} has not told its tables within {seconds:g} seconds"
LISTED = f"""{OF_TABLES}
AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname, a.attnum
"""

Place = tuple[str, str]  # a schema and a name, as the database writes them


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The tables of one database, or a note that says why they are not known."""

    tables: Mapping[Place, tuple[Column, ...]] = field(default_factory=dict)
    note: str = ""

    @property
    def schemas(self) -> list[str]:
        """Return the schemas in which there are tables."""
        return list(dict.fromkeys(schema for schema, _ in self.tables))


def listed(databases: Sequence[Database]) -> dict[str, Listing]:
    """Return what each database tells of its tables, by its name, after five seconds at the latest."""
    try:
        for name in (DRIVER, "pyarrow"):
            module(name)  # before anybody's time runs
    except DremioError as error:
        return {each.name: Listing(note=error.message) for each in databases}
    asked = [_Asking(each) for each in databases]
    until = time.monotonic() + PATIENCE_S
    for one in asked:
        one.join(max(0.0, until - time.monotonic()))
    return {one.database.name: one.found for one in asked}


class _Asking(threading.Thread):
    """One database that is asked; a process ends without waiting for its answer."""

    def __init__(self, database: Database) -> None:
        super().__init__(daemon=True)
        self.database = database
        self.found = Listing(note=SILENT.format(name=database.name, seconds=PATIENCE_S))
        self.start()

    def run(self) -> None:
        try:
            self.found = _tables(self.database)
        except DremioError as error:
            self.found = Listing(note=error.message)


def _tables(database: Database) -> Listing:
    tables: dict[Place, list[Column]] = {}
    for batch in _patient(database).rows(LISTED):
        for row in batch.to_pylist():
            tables.setdefault((row["nspname"], row["relname"]), []).append(column_of(row).column)
    return Listing(tables={place: tuple(columns) for place, columns in tables.items()})


def _patient(database: Database) -> Database:
    """Return a database whose own ends give up too, so that no session of ours stays behind."""
    seconds = int(PATIENCE_S)
    limits = f"connect_timeout={seconds}&options=-c%20statement_timeout%3D{seconds}s"
    return replace(database, uri=f"{database.uri}{'&' if '?' in database.uri else '?'}{limits}")


def _told(listing: Listing) -> dict[str, Any]:
    tables = [{"path": place, "fields": columns_document(columns)} for place, columns in listing.tables.items()]
    return {"tables": tables, "note": listing.note}


def main() -> None:
    """Tell what the databases on standard input have."""
    asked = [Database(name=each["name"], uri=each["uri"]) for each in json.load(sys.stdin)]
    json.dump({name: _told(listing) for name, listing in listed(asked).items()}, sys.stdout)


if __name__ == "__main__":
    main()

"""The catalog as it was when a statement began: spaces, views, tables, sources, and the system's own tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from .column_types import Column, from_document
from .database_tables import Listing, listed
from .databases import Database, table_of
from .errors import DremioError, invalid, unsupported
from .file_options import check_options
from .information_schema import CATALOG, COLUMNS, column_row, rows_query
from .marks import CHANGING, Mark, mark_of
from .sources import PACKAGES, Files, format_of, inspected, located, read
from .tables import SNAPSHOT, Manifest, newest_snapshot, read_manifest, table_query
from .translation.scope import Function, Path_, Query, View, key_of
from .translation.translate import Session, translate


@dataclass(frozen=True, kw_only=True)
class SystemTable:
    """Rows of the system, as the caller knows them: `sys.project.jobs`, and the like."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]] | None  # None of one that the statement does not name


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A file or folder of a source with the settings to read it by."""

    path: Path_
    format: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All that names of a statement can mean, as plain data."""

    spaces: tuple[str, ...] = ()
    folders: tuple[Path_, ...] = ()
    views: Mapping[Path_, View] = field(default_factory=dict)
    tables: Mapping[Path_, tuple[Path_, Path]] = field(default_factory=dict)  # by key: the path as written, the folder
    sources: Mapping[str, tuple[str, Path]] = field(default_factory=dict)  # by key: the name as written, the root
    databases: Mapping[str, Database] = field(default_factory=dict)  # sources of another kind, by key
    listings: Mapping[str, Listing] = field(default_factory=dict)  # what databases hold, where that is told with them
    datasets: Mapping[Path_, Dataset] = field(default_factory=dict)
    functions: Mapping[Path_, Function] = field(default_factory=dict)
    system: Mapping[Path_, SystemTable] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Snapshot:
        """Return the catalog that a document tells; see `Snapshot` for what its parts are."""
        views = [
            View(path=tuple(each["path"]), sql=each["sql"], context=tuple(each.get("context") or ()))
            for each in told.get("views", ())
        ]
        datasets = [
            Dataset(path=tuple(each["path"]), format=each["format"], settings=each.get("settings", {}))
            for each in told.get("datasets", ())
        ]
        return cls(
            spaces=tuple(told.get("spaces", ())),
            folders=tuple(tuple(each) for each in told.get("folders", ())),
            views={key_of(each.path): each for each in views},
            tables={
                key_of(each["path"]): (tuple(each["path"]), Path(each["folder"])) for each in told.get("tables", ())
            },
            sources={each["name"].lower(): (each["name"], Path(each["root"])) for each in told.get("sources", ())},
            databases={
                each["name"].lower(): Database(name=each["name"], uri=each["uri"]) for each in told.get("databases", ())
            },
            listings={each["name"]: _listing(each) for each in told.get("databases", ()) if "tables" in each},
            datasets={key_of(each.path): each for each in datasets},
            functions={key_of(each["path"]): _function(each) for each in told.get("functions", ())},
            system={key_of(each["path"]): _system_table(each) for each in told.get("system", ())},
        )


def _system_table(told: Mapping[str, Any]) -> SystemTable:
    return SystemTable(columns=_columns(told["columns"]), rows=told["rows"])


def _function(told: Mapping[str, Any]) -> Function:
    parameters, returns = (_columns(told[name]) for name in ("parameters", "returns"))
    return Function(
        path=tuple(told["path"]), parameters=parameters, returns=returns, is_scalar=told["isScalar"],
        body=told["functionBody"], context=tuple(told.get("context") or ()), created_at=told.get("created_at"),
        modified_at=told.get("modified_at"),
    )  # fmt: skip


def _listing(told: Mapping[str, Any]) -> Listing:
    return Listing(tables={(*each["path"],): _columns(each["fields"]) for each in told["tables"]})


def _columns(told: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
    return tuple(Column(name=each["name"], type=from_document(each["type"])) for each in told)


@dataclass(frozen=True, kw_only=True)
class LiveCatalog:
    """A snapshot with the database that reads what it names."""

    snapshot: Snapshot
    connection: duckdb.DuckDBPyConnection
    session: Session
    looked_up: dict[Path_, None] = field(default_factory=dict)  # tables and files that the statement read
    marks: dict[Path_, Mark] = field(default_factory=dict)  # of all that was looked for, found or not
    described: dict[Path, Query] = field(default_factory=dict)  # a file is opened once a statement, however often named
    manifests: dict[Path, Manifest] = field(default_factory=dict)  # a table is one and the same in all of a statement
    listings: dict[str, Listing] = field(default_factory=dict)  # a database is asked for its tables once a statement

    def find(self, path: Sequence[str], context: Sequence[str]) -> Query | View | None:
        """Return a table or view, by its path within the context first."""
        for candidate in self._candidates(path, context):
            found = self._at(candidate)
            if found is not None:
                self.looked_up[candidate] = None
                return found
        return None

    def resolved(self, path: Sequence[str], context: Sequence[str]) -> tuple[Path_, Query | View] | None:
        """Return the whole path of a table or view, and what it is; nobody counts as having read it."""
        for candidate in self._candidates(path, context):
            found = self._at(candidate)
            if found is not None:
                return candidate, found
        return None

    def _candidates(self, path: Sequence[str], context: Sequence[str]) -> list[Path_]:
        within = [(*context, *path)] if context else []
        return [*within, tuple(path)]

    def _at(self, path: Path_) -> Query | View | None:
        if path not in self.marks:  # what is planned with may have been read when this was its mark
            self.marks[path] = mark_of(self, path)
        key = key_of(path)
        if key[0] == "information_schema" and len(key) == 2:  # noqa: PLR2004 the schema and a table of it
            return self._information(key[1].upper())
        table = self.snapshot.system.get(key)
        if table is not None and table.rows is not None:
            return rows_query(table.columns, table.rows)
        if key in self.snapshot.views:
            return self.snapshot.views[key]
        if key in self.snapshot.tables:
            folder = self.snapshot.tables[key][1]
            return table_query(folder, self.manifest(folder))
        if key[0] in self.snapshot.databases:
            return table_of(self.snapshot.databases[key[0]], path[1:], self.connection)
        return self._file(path)

    def manifest(self, folder: Path) -> Manifest:
        """Return what a table that was made here holds."""
        if folder not in self.manifests:
            self.manifests[folder] = read_manifest(folder)
        return self.manifests[folder]

    def _file(self, path: Path_) -> Query | None:
        files = self.files(path)
        if files is None:
            return None
        if files.place not in self.described:
            self.described[files.place] = read(files, self.connection)
        return self.described[files.place]

    def files(self, path: Path_, *, version: tuple[str, str] | None = None) -> Files | None:
        """Return the file or folder of a source at a path, with the settings that it was promoted with."""
        source = self.snapshot.sources.get(path[0].lower())
        place = located(source[1], path[1:]) if source and len(path) > 1 else None
        if place is None:
            return None
        promoted = self.snapshot.datasets.get(key_of(path))
        form = promoted.format if promoted else format_of(place)
        if form is None:
            known = "Parquet, CSV, JSON, Arrow, Iceberg or Delta"
            raise invalid(
                f"'{'.'.join(path)}' holds no files of one known format ({known}); say one: TABLE(…(type => …))"
            )
        settings = promoted.settings if promoted else {}
        return Files(
            place=place, format=form, settings=settings, version=version, root=source[1] if source else None,
            is_said=promoted is not None,
        )  # fmt: skip

    def function(self, path: Sequence[str], context: Sequence[str]) -> Function | None:
        """Return the function of one's own at a path, by its path within the context first."""
        known = (self.snapshot.functions.get(key_of(each)) for each in self._candidates(path, context))
        return next((each for each in known if each is not None), None)

    def of_options(self, path: Sequence[str], context: Sequence[str], options: Mapping[str, str]) -> Query:
        """Return a file read as the options of TABLE(...) say."""
        self.marks[tuple(path)] = CHANGING
        check_options(options)
        for candidate in self._candidates(path, context):
            source = self.snapshot.sources.get(candidate[0].lower())
            place = located(source[1], candidate[1:]) if source and len(candidate) > 1 else None
            if place is not None:
                form = str(options.get("type", format_of(place))).lower()
                form = {"csv": "text"}.get(form, form)
                if form not in {"text", "json", "parquet", *PACKAGES}:
                    raise unsupported(
                        f"The type {form!r} of a file is not known: text, json, parquet, arrow, iceberg, delta"
                    )
                root = source[1] if source else None
                said = "type" in options
                return read(Files(place=place, format=form, settings=options, root=root, is_said=said), self.connection)
        raise invalid(f"Object '{'.'.join(path)}' not found")

    def at_version(self, path: Sequence[str], context: Sequence[str], kind: str, version: str) -> Query:
        """Return an Iceberg table as it was at a snapshot or a moment, or is on a branch or at a tag of its own."""
        self.marks[tuple(path)] = CHANGING
        for candidate in self._candidates(path, context):
            files = self.files(candidate, version=(kind, version))
            if files is not None and files.format == "iceberg":
                return read(files, self.connection)
        raise unsupported(f"AT {kind} needs an Iceberg table of a source, and '{'.'.join(path)}' is none")

    def inspected(self, path: Sequence[str], context: Sequence[str], what: str) -> Query:
        """Return what an Iceberg table tells of itself, or the one snapshot of a table that was made here."""
        self.marks[tuple(path)] = CHANGING
        for candidate in self._candidates(path, context):
            kept = self.snapshot.tables.get(key_of(candidate))
            if kept is not None and what == "snapshot":
                return rows_query(SNAPSHOT, [newest_snapshot(kept[1])])
            files = self.files(candidate)
            if files is not None and files.format == "iceberg":
                return inspected(files, what, self.connection)
        raise unsupported(f"TABLE(table_{what}(…)) needs an Iceberg table of a source, and '{'.'.join(path)}' is none")

    def _information(self, name: str) -> Query | None:
        rows = {
            "CATALOGS": lambda: [(CATALOG, "The internal metadata used by Dremio", "")],
            "SCHEMATA": self._schemata,
            "TABLES": self._tables,
            "VIEWS": self._views,
            "COLUMNS": self._columns,
        }.get(name)
        return rows_query(COLUMNS[name], rows()) if rows else None

    def schemas(self) -> list[str]:
        """Return the paths of all that holds tables, joined by points."""
        found = dict.fromkeys(("INFORMATION_SCHEMA", "sys"))
        found |= dict.fromkeys(self.snapshot.spaces) | {name: None for name, _ in self.snapshot.sources.values()}
        found |= {".".join(each): None for each in self.snapshot.folders}
        found |= {".".join(path[:-1]): None for path in self.snapshot.system}
        found |= dict.fromkeys(each.name for each in self.snapshot.databases.values())
        for name, listing in self.databases().items():
            found |= dict.fromkeys(f"{name}.{schema}" for schema in listing.schemas)
        return sorted(found)

    def databases(self) -> Mapping[str, Listing]:
        """Return the tables of each database that may be asked; why one tells none is noted in the log of the job."""
        asked = [each for each in self.snapshot.databases.values() if each.uri]
        if not self.listings:
            self.listings.update({**self.snapshot.listings, **(listed(asked) if asked else {})})
            for listing in self.listings.values():
                sys.stderr.write(f"{listing.note}\n" if listing.note else "")
        return self.listings

    def _schemata(self) -> list[tuple[Any, ...]]:
        return [(CATALOG, name, "<owner>", "SIMPLE", "NO") for name in self.schemas()]

    def named(self) -> Iterator[tuple[Path_, str]]:
        """Yield the path and the type of every table."""
        for name in COLUMNS:
            yield ("INFORMATION_SCHEMA", name), "SYSTEM_TABLE"
        for path in self.snapshot.system:
            yield path, "SYSTEM_TABLE"
        for view in self.snapshot.views.values():
            yield view.path, "VIEW"
        for path, _ in self.snapshot.tables.values():
            yield path, "TABLE"
        for dataset in self.snapshot.datasets.values():
            yield dataset.path, "TABLE"
        for name, listing in self.databases().items():
            for place in listing.tables:
                yield (name, *place), "TABLE"

    def _tables(self) -> list[tuple[Any, ...]]:
        return [(CATALOG, ".".join(path[:-1]), path[-1], kind) for path, kind in self.named()]

    def _views(self) -> list[tuple[Any, ...]]:
        views = self.snapshot.views.values()
        return [(CATALOG, ".".join(view.path[:-1]), view.path[-1], view.sql) for view in views]

    def _columns(self) -> list[tuple[Any, ...]]:
        return [
            column_row(".".join(path[:-1]), path[-1], place, column)
            for path, _ in self.named()
            for place, column in enumerate(self.columns(path, lenient=True), 1)
        ]

    def columns(self, path: Path_, *, lenient: bool = False) -> tuple[Column, ...]:
        """Return the columns of a table or view; one that cannot be read has none if that is no matter."""
        if path[0] == "INFORMATION_SCHEMA":
            return COLUMNS.get(path[1].upper(), ())
        if (table := self.snapshot.system.get(key_of(path))) is not None:
            return table.columns
        listing = self.listings.get(path[0]) or self.snapshot.listings.get(path[0])
        if listing is not None and path[1:] in listing.tables:
            return listing.tables[path[1], path[2]]
        try:
            found = self._at(path)
            if isinstance(found, View):
                session = Session(user=self.session.user, now_ms=self.session.now_ms, context=found.context)
                return translate(found.sql, self, session).columns
        except DremioError:
            if lenient:
                return ()
            raise
        if found is None:
            raise invalid(f"Object '{'.'.join(path)}' not found")
        return found.columns

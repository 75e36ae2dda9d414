# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""What a statement changes: tables as new parts and a new manifest, and what the catalog's owner must record."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from .catalog import LiveCatalog
from .column_types import BIGINT, INTERVALS, VARCHAR, Column, columns_document, literal, quoted, spelling
from .errors import DremioError, invalid, unsupported
from .information_schema import rows_query
from .sources import Files, format_of, located, read
from .statements import Statement
from .tables import Manifest, Part, clear, new_part, read_manifest, table_query, turn, write_manifest
from .translation.conversions import converted
from .translation.expressions import compiled
from .translation.operators import condition
from .translation.parsing import parsed
from .translation.queries import translated
from .translation.relations import path_of, relation_words
from .translation.scope import Query, Relation, Scope, Typed, key_of
from .translation.translate import exact, scope_of, translate

TARGET = "target"  # the table while it is changed
FRAGMENT = (Column(name="Fragment", type=VARCHAR), Column(name="Records", type=BIGINT))
COPIED = (Column(name="Rows Inserted", type=BIGINT), Column(name="Rejected Records", type=BIGINT))


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What a command brought: its one row, how many records it wrote, and what its caller must record."""

    answer: Query
    records: int
    changes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A change that is understood: the query whose cost is its plan, and the step that carries it out."""

    query: str
    carry_out: Callable[[], Changed]


@dataclass(frozen=True, kw_only=True)
class Changer:
    """Carries out changes on a catalog's tables."""

    catalog: LiveCatalog
    connection: duckdb.DuckDBPyConnection
    folder: Path  # under which new tables lie

    def prepare(self, statement: Statement) -> Prepared:
        """Return a change with its names resolved and its types checked, before anything is written."""
        return {
            "CREATE_TABLE_AS": self._create_as,
            "INSERT": self._insert,
            "UPDATE": self._update,
            "DELETE": self._delete,
            "MERGE": self._merge,
            "COPY_INTO": self._copy_into,
        }[statement.kind](statement)

    def _create_as(self, statement: Statement) -> Prepared:
        path = new_path(statement, self.catalog, lenient=bool(statement.options["if_not_exists"]))
        if key_of(path) in {**self.catalog.snapshot.tables, **self.catalog.snapshot.views}:
            return Prepared(query="SELECT 1", carry_out=lambda: Changed(answer=rows_query(FRAGMENT, []), records=0))
        translation = translate(statement.query, self.catalog, self.catalog.session)
        for column in translation.columns:
            if column.type.name in INTERVALS:
                raise unsupported(
                    f"The column {column.name!r} of the type {column.type.name} cannot be stored in a table"
                )
        known = {column.name.lower(): column.name for column in translation.columns}
        layout = {name: statement.options[name] for name in ("partition_by", "sort_by") if name in statement.options}
        keys = [_key(name, known) for names in layout.values() for name in names]
        sql = translation.sql + (f" ORDER BY {', '.join(keys)}" if keys else "")

        def carry_out() -> Changed:
            folder = self.folder / uuid.uuid4().hex
            manifest = Manifest(columns=translation.columns, layout=layout)
            try:
                part = self._written(folder, sql)
                write_manifest(folder, manifest.following([part] if part.rows else [], self.catalog.session.now_ms))
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            return _changed(part.rows, _table_change("create_table", path, folder, translation.columns, part.rows))

        return Prepared(query=sql, carry_out=carry_out)

    def _written(self, folder: Path, sql: str) -> Part:
        file = new_part(folder)
        words = f"COPY ({sql}) TO {literal(str(file))} (FORMAT parquet)"
        try:
            count = self.connection.execute(words).fetchall()[0][0]
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        with file.open("rb") as written:
            os.fsync(written.fileno())
        return Part(file=file.name, rows=int(count))

    def _target(self, path: Sequence[str]) -> tuple[tuple[str, ...], Path, Manifest]:
        context = self.catalog.session.context
        for candidate in ((*context, *path), tuple(path)):
            found = self.catalog.snapshot.tables.get(key_of(candidate))
            if found is not None:
                return found[0], found[1], read_manifest(found[1])
        raise invalid(f"Table [{'.'.join(path)}] not found, or it is none that was made here and can be changed")

    def _insert(self, statement: Statement) -> Prepared:
        tree = parsed(statement.query)
        path, folder, manifest = self._target(statement.path)
        listed = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
        query = translated(tree.expression, scope_of(self.catalog, self.catalog.session))
        wanted = [_column(each.name, manifest.columns) for each in listed] or list(manifest.columns)
        if len(wanted) != len(query.columns):
            raise invalid(f"The table takes {len(wanted)} columns, and the query brings {len(query.columns)}", tree)
        sql = _as_table(query, wanted, manifest.columns, tree)
        return Prepared(query=sql, carry_out=lambda: self._append(path, folder, manifest, sql))

    def _append(
        self, path: Sequence[str], folder: Path, known: Manifest, sql: str, answer: Sequence[Column] = FRAGMENT
    ) -> Changed:
        part = self._written(folder, sql)
        with turn(folder):
            # Read again: what another statement appended in the meantime stays.
            manifest = read_manifest(folder)
            if manifest.shape != known.shape:
                raise _changed_meanwhile(path, folder / part.file)
            manifest = self._swapped(folder, manifest, [*manifest.parts, *([part] if part.rows else [])])
        return _changed(part.rows, _table_change("change_table", path, folder, manifest.columns, manifest.rows), answer)

    def _swapped(self, folder: Path, manifest: Manifest, parts: Sequence[Part]) -> Manifest:
        now_ms = self.catalog.session.now_ms
        following = manifest.following(parts, now_ms)
        write_manifest(folder, following)
        clear(folder, following, now_ms)
        return following

    def _relation(self, node: exp.Expression, path: Sequence[str], manifest: Manifest) -> Relation:
        alias = node.args.get("alias")
        called = alias.name if alias else path[-1]
        return Relation(name=TARGET, alias=called, path=() if alias else tuple(path), columns=manifest.columns)

    def _update(self, statement: Statement) -> Prepared:
        tree = parsed(statement.query)
        path, folder, manifest = self._target(statement.path)
        if tree.args.get("from_") or tree.this.args.get("joins"):
            raise unsupported("UPDATE … FROM has no faithful translation; use MERGE", tree)
        scope = scope_of(self.catalog, self.catalog.session)
        scope.relations.append(self._relation(tree.this, path, manifest))
        values = _assignments(tree.expressions, manifest.columns, scope)
        words = f"UPDATE {TARGET} SET {values}{_where(tree, scope)}"
        return self._rewritten(path, folder, manifest, words)

    def _delete(self, statement: Statement) -> Prepared:
        tree = parsed(statement.query)
        path, folder, manifest = self._target(statement.path)
        if tree.args.get("using"):
            raise unsupported("DELETE … USING has no faithful translation; use MERGE", tree)
        scope = scope_of(self.catalog, self.catalog.session)
        scope.relations.append(self._relation(tree.this, path, manifest))
        return self._rewritten(path, folder, manifest, f"DELETE FROM {TARGET}{_where(tree, scope)}")

    def _merge(self, statement: Statement) -> Prepared:
        tree = parsed(statement.query)
        path, folder, manifest = self._target(path_of(tree.this))
        scope = scope_of(self.catalog, self.catalog.session)
        source = relation_words(tree.args["using"], scope, translated)
        scope.relations.insert(0, self._relation(tree.this, path, manifest))
        test = condition(compiled(tree.args["on"], scope), tree)
        whens = [_when(each, manifest.columns, scope) for each in tree.args["whens"].expressions]
        words = f"MERGE INTO {TARGET} USING {source} ON {test} {' '.join(whens)}"
        twice = f"SELECT 1 FROM {TARGET} JOIN {source} ON {test} GROUP BY {TARGET}.rowid HAVING count(*) > 1 LIMIT 1"
        changes = any(each.args.get("matched") for each in tree.args["whens"].expressions)
        return self._rewritten(path, folder, manifest, words, unless=twice if changes else "")

    def _rewritten(
        self, path: Sequence[str], folder: Path, manifest: Manifest, words: str, unless: str = ""
    ) -> Prepared:
        """Return a change that writes the whole table anew, if anything in it changes."""
        table = exact(table_query(folder, manifest))

        def carry_out() -> Changed:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {TARGET} AS {table}")
            if unless and self.connection.execute(unless).fetchall():
                raise DremioError(
                    "UNSUPPORTED_OPERATION", "A target row matched more than once. Please update your query."
                )
            count = int(self.connection.execute(words).fetchall()[0][0])
            return self._replaced(path, folder, manifest, count)

        return Prepared(query=table, carry_out=carry_out)

    def _replaced(self, path: Sequence[str], folder: Path, manifest: Manifest, count: int) -> Changed:
        if count:
            part = self._written(folder, f"SELECT * FROM {TARGET}")
            with turn(folder):
                if read_manifest(folder).version != manifest.version:
                    raise _changed_meanwhile(path, folder / part.file)
                manifest = self._swapped(folder, manifest, [part] if part.rows else [])
        self.connection.execute(f"DROP TABLE {TARGET}")
        return _changed(count, _table_change("change_table", path, folder, manifest.columns, manifest.rows))

    def _copy_into(self, statement: Statement) -> Prepared:
        path, folder, manifest = self._target(statement.path)
        queries = [read(files, self.connection) for files in _files_of(statement, self.catalog)]
        lines = [_copied(query, manifest.columns) for query in queries]
        sql = " UNION ALL ".join(lines)
        return Prepared(query=sql, carry_out=lambda: self._append(path, folder, manifest, sql, COPIED))


def new_path(
    statement: Statement, catalog: LiveCatalog, *, lenient: bool = False, what: str = "table or view"
) -> tuple[str, ...]:
    """Return the whole path of what is to be made; its first name is known, and no table or view has the path."""
    snapshot, context = catalog.snapshot, catalog.session.context
    path = statement.path
    homes = {name.lower() for name in snapshot.spaces} | set(snapshot.sources)
    if path[0].lower() not in homes or len(path) == 1:
        path = (*context, *path)
    if path[0].lower() not in homes or len(path) == 1:
        if path[0].lower() in snapshot.databases:
            raise unsupported(f"The source '{path[0]}' is a database, which is read; no {what} is made in it")
        raise invalid(f"There is no space or source '{path[0]}' to make [{'.'.join(path)}] in")
    if key_of(path) in {**snapshot.tables, **snapshot.views} and not lenient:
        raise invalid(f"A table or view with given name [{'.'.join(path)}] already exists.")
    return path


def _changed_meanwhile(path: Sequence[str], part: Path) -> DremioError:
    """Return the refusal of rows that were made for the table as it was, whose file goes."""
    part.unlink()
    return DremioError("CONCURRENT_MODIFICATION", f"[{'.'.join(path)}] was changed meanwhile. Try again.")


def _key(name: str, known: Mapping[str, str]) -> str:
    if name.lower() not in known:
        raise invalid(f"The column '{name}' of PARTITION BY or LOCALSORT BY is not in the query")
    return quoted(known[name.lower()])


def _column(name: str, columns: Sequence[Column]) -> Column:
    found = next((each for each in columns if each.name.lower() == name.lower()), None)
    if found is None:
        raise invalid(f"Column '{name}' not found in the table")
    return found


def _as_table(query: Query, wanted: Sequence[Column], columns: Sequence[Column], node: exp.Expression) -> str:
    """Return a query as rows of a table: what is not given is NULL."""
    given = {
        column.name: converted(Typed(sql=f"rows.{quoted(own.name)}", type=own.type), column.type, node).sql
        for own, column in zip(query.columns, wanted, strict=True)
    }
    values = ", ".join(
        f"CAST({given.get(each.name, 'NULL')} AS {spelling(each.type)}) AS {quoted(each.name)}" for each in columns
    )
    return f"SELECT {values} FROM ({query.sql}) AS rows"


def _where(tree: exp.Expression, scope: Scope) -> str:
    where = tree.args.get("where")
    return f" WHERE {condition(compiled(where.this, scope), where)}" if where else ""


def _assignments(nodes: Sequence[exp.Expression], columns: Sequence[Column], scope: Scope) -> str:
    pieces = []
    for node in nodes:
        column = _column(node.this.name, columns)
        value = converted(compiled(node.expression, scope), column.type, node)
        pieces.append(f"{quoted(column.name)} = {value.sql}")
    return ", ".join(pieces)


def _when(node: exp.Expression, columns: Sequence[Column], scope: Scope) -> str:
    test = node.args.get("condition")
    extra = f" AND {condition(compiled(test, scope), node)}" if test else ""
    matched, then = node.args.get("matched"), node.args["then"]
    if node.args.get("source"):
        raise unsupported("WHEN NOT MATCHED BY SOURCE is not known to Dremio", node)
    word = f"WHEN {'' if matched else 'NOT '}MATCHED{extra} THEN"
    if isinstance(then, exp.Update) and then.expressions:
        return f"{word} UPDATE SET {_assignments(then.expressions, columns, scope)}"
    if isinstance(then, exp.Insert) and isinstance(then.expression, exp.Tuple):
        return f"{word} INSERT {_inserted(then, columns, scope)}"
    if isinstance(then, exp.Var) and then.name.upper() == "DELETE":
        return f"{word} DELETE"
    raise unsupported("MERGE is translated with UPDATE SET, DELETE and INSERT … VALUES", node)


def _inserted(then: exp.Expression, columns: Sequence[Column], scope: Scope) -> str:
    listed = [_column(each.name, columns) for each in then.this.expressions] if then.this else list(columns)
    values = [
        converted(compiled(value, scope), column.type, then).sql
        for value, column in zip(then.expression.expressions, listed, strict=True)
    ]
    return f"({', '.join(quoted(each.name) for each in listed)}) VALUES ({', '.join(values)})"


def _files_of(statement: Statement, catalog: LiveCatalog) -> list[Files]:
    options = statement.options
    settings = _settings(options["settings"])
    name, *rest = options["location"].lstrip("@/").split("/")
    source = catalog.snapshot.sources.get(name.lower())
    place = located(source[1], [part for part in rest if part]) if source else None
    if place is None:
        raise invalid(f"The location '{options['location']}' of COPY INTO leads to no file of a source")
    if options["regex"]:
        raise unsupported("COPY INTO with REGEX has no translation here; name the files in FILES (…)")
    places = [located(place, each.split("/")) for each in options["files"]] or [place]
    if None in places:
        raise invalid(f"A file of {list(options['files'])} is not at '{options['location']}'")
    form = options["format"]
    return [
        Files(place=each, format=str({"csv": "text"}.get(form, form) or format_of(each)), settings=settings)
        for each in places
        if each
    ]


SETTINGS = frozenset(
    {"field_delimiter", "quote_char", "escape_char", "extract_header", "skip_lines", "record_delimiter", "on_error",
     "empty_as_null", "trim_space"}
)  # fmt: skip
FIXED = {"record_delimiter": {"\n", "\\n"}, "on_error": {"abort"}, "empty_as_null": {"true"}, "trim_space": {"false"}}


def _settings(given: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, value in given.items():
        if name not in SETTINGS or (name in FIXED and str(value).lower() not in FIXED[name]):
            raise unsupported(f"COPY INTO with {name} = {value!r} has no faithful translation")
    return given


def _copied(query: Query, columns: Sequence[Column]) -> str:
    known = {each.name.lower(): each for each in columns}
    strange = [each.name for each in query.columns if each.name.lower() not in known]
    if strange:
        raise invalid(
            f"The columns {strange} of a file are not in the table, which has {[each.name for each in columns]}"
        )
    wanted = [known[each.name.lower()] for each in query.columns]
    return _as_table(query, wanted, columns, exp.Null())


def _changed(records: int, change: Mapping[str, Any], answer: Sequence[Column] = FRAGMENT) -> Changed:
    row = ("0_0", records) if answer is FRAGMENT else (records, 0)
    return Changed(answer=rows_query(answer, [row]), records=records, changes=(change,))


def _table_change(
    change: str, path: Sequence[str], folder: Path, columns: Sequence[Column], rows: int
) -> dict[str, Any]:
    return {
        "change": change, "path": list(path), "folder": str(folder), "columns": columns_document(columns), "rows": rows,
    }  # fmt: skip

# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""What a statement changes: tables as new parts and a new manifest, and what the catalog's owner must record."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from .assignments import (
    TARGET,
    as_table,
    assignments,
    column_of,
    refuse_others,
    refuse_twice,
    several,
    sources,
    when,
    where_words,
)
from .catalog import LiveCatalog
from .column_types import BIGINT, INTERVALS, VARCHAR, Column, columns_document, literal, quoted
from .copying import Copying
from .errors import DremioError, invalid, unsupported
from .information_schema import rows_query
from .making import declared, is_taken, layout_of, new_path
from .statements import Statement
from .tables import Manifest, Part, clear, new_part, read_manifest, table_query, turn, unwritten, write_manifest
from .translation.expressions import compiled
from .translation.operators import condition
from .translation.parsing import parsed
from .translation.queries import translated
from .translation.relations import TABLE_PARTS, path_of, relation_words
from .translation.scope import Query, Relation, key_of
from .translation.translate import exact, scope_of, translate

FULL = os.strerror(errno.ENOSPC)
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
        if is_taken(path, self.catalog):
            return Prepared(query="SELECT 1", carry_out=lambda: Changed(answer=rows_query(FRAGMENT, []), records=0))
        translation = translate(statement.query, self.catalog, self.catalog.session)
        columns, query = declared(statement.options["columns"], translation)
        for column in columns:
            if column.type.name in INTERVALS:
                raise unsupported(
                    f"The column {column.name!r} of the type {column.type.name} cannot be stored in a table"
                )
        layout, keys = layout_of(statement, columns)
        sql = query + (f" ORDER BY {', '.join(map(quoted, keys))}" if keys else "")

        def carry_out() -> Changed:
            folder = self.folder / uuid.uuid4().hex
            manifest = Manifest(columns=columns, layout=layout)
            try:
                part = self._written(folder, sql)
                write_manifest(folder, manifest.following([part] if part.rows else [], self.catalog.session.now_ms))
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            return _changed(part.rows, _table_change("create_table", path, folder, columns, part.rows))

        return Prepared(query=sql, carry_out=carry_out)

    def _written(self, folder: Path, sql: str) -> Part:
        file = new_part(folder)
        words = f"COPY ({sql}) TO {literal(str(file))} (FORMAT parquet)"
        try:
            count = self.connection.execute(words).fetchall()[0][0]
        except BaseException as error:
            file.unlink(missing_ok=True)
            if isinstance(error, duckdb.IOException) and FULL in str(error):
                raise unwritten(FULL) from error
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
        refuse_others(tree, frozenset({"this", "expression"}))
        refuse_others(tree.find(exp.Table) or tree, TABLE_PARTS - {"alias"})
        path, folder, manifest = self._target(statement.path)
        listed = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
        wanted = [column_of(each, manifest.columns) for each in listed] or list(manifest.columns)
        refuse_twice([each.name for each in wanted], tree)
        if tree.expression is None:
            raise DremioError("PARSE", "Failure parsing the query: INSERT brings no VALUES and no query.")
        query = translated(tree.expression, scope_of(self.catalog, self.catalog.session))
        if len(wanted) != len(query.columns):
            raise invalid(f"The table takes {len(wanted)} columns, and the query brings {len(query.columns)}", tree)
        sql = as_table(query, wanted, manifest.columns, tree)
        return Prepared(query=sql, carry_out=lambda: self._append(path, folder, manifest, [self._written(folder, sql)]))

    def _append(self, path: Sequence[str], folder: Path, known: Manifest, parts: Sequence[Part]) -> Changed:
        with turn(folder):
            # Read again: what another statement appended in the meantime stays.
            manifest = read_manifest(folder)
            if manifest.shape != known.shape:
                raise _changed_meanwhile(path, [folder / each.file for each in parts])
            manifest = self._swapped(folder, manifest, [*manifest.parts, *(each for each in parts if each.rows)])
        change = _table_change("change_table", path, folder, manifest.columns, manifest.rows)
        return _changed(sum(each.rows for each in parts), change)

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
        refuse_others(tree, frozenset({"this", "expressions", "from_", "where"}))
        scope = scope_of(self.catalog, self.catalog.session)
        source = sources([tree.args["from_"].this] if tree.args.get("from_") else [], scope)
        scope.relations.insert(0, self._relation(tree.this, path, manifest))
        values = assignments(tree.expressions, manifest.columns, scope)
        where = where_words(tree, scope)
        words = f"UPDATE {TARGET} SET {values}{f' FROM {source}' if source else ''}{where}"
        unless = several(source, where, manifest.columns) if source else ""
        return self._rewritten(path, folder, manifest, words, unless=unless)

    def _delete(self, statement: Statement) -> Prepared:
        tree = parsed(statement.query)
        refuse_others(tree, frozenset({"this", "using", "where"}))
        path, folder, manifest = self._target(statement.path)
        scope = scope_of(self.catalog, self.catalog.session)
        source = sources(tree.args.get("using") or [], scope)
        scope.relations.insert(0, self._relation(tree.this, path, manifest))
        where = where_words(tree, scope)
        test = f" WHERE EXISTS (SELECT 1 FROM {source}{where})" if source else where
        return self._rewritten(path, folder, manifest, f"DELETE FROM {TARGET}{test}")

    def _merge(self, statement: Statement) -> Prepared:
        tree = parsed(statement.query)
        refuse_others(tree, frozenset({"this", "using", "on", "whens"}))
        path, folder, manifest = self._target(path_of(tree.this))
        scope = scope_of(self.catalog, self.catalog.session)
        source = relation_words(tree.args["using"], scope, translated)
        alone = replace(scope, relations=[*scope.relations])
        scope.relations.insert(0, self._relation(tree.this, path, manifest))
        test = condition(compiled(tree.args["on"], scope), tree)
        whens = [when(each, manifest.columns, scope, alone) for each in tree.args["whens"].expressions]
        words = f"MERGE INTO {TARGET} USING {source} ON {test} {' '.join(whens)}"
        twice = several(source, f" WHERE {test}", manifest.columns)
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
                    raise _changed_meanwhile(path, [folder / part.file])
                manifest = self._swapped(folder, manifest, [part] if part.rows else [])
        self.connection.execute(f"DROP TABLE {TARGET}")
        return _changed(count, _table_change("change_table", path, folder, manifest.columns, manifest.rows))

    def _copy_into(self, statement: Statement) -> Prepared:
        path, folder, manifest = self._target(statement.path)
        copying = Copying.of(statement, self.catalog, manifest.columns)

        def carry_out() -> Changed:
            parts, rejected = copying.written(lambda sql: self._written(folder, sql), self.connection)
            changed = self._append(path, folder, manifest, parts)
            return replace(changed, answer=rows_query(COPIED, [(changed.records, rejected)]))

        return Prepared(query=copying.query, carry_out=carry_out)


def _changed_meanwhile(path: Sequence[str], parts: Sequence[Path]) -> DremioError:
    """Return the refusal of rows that were made for the table as it was, whose files go."""
    for part in parts:
        part.unlink()
    return DremioError("CONCURRENT_MODIFICATION", f"[{'.'.join(path)}] was changed meanwhile. Try again.")


def _changed(records: int, change: Mapping[str, Any]) -> Changed:
    return Changed(answer=rows_query(FRAGMENT, [("0_0", records)]), records=records, changes=(change,))


def _table_change(
    change: str, path: Sequence[str], folder: Path, columns: Sequence[Column], rows: int
) -> dict[str, Any]:
    return {
        "change": change, "path": list(path), "folder": str(folder), "columns": columns_document(columns), "rows": rows,
    }  # fmt: skip

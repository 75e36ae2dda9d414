"""Synchronous commands: what they show, and what their caller must record."""

from __future__ import annotations

import fnmatch
import re
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from .catalog import LiveCatalog
from .column_types import BOOLEAN, INTEGER, VARCHAR, Column, columns_document, quoted
from .errors import DremioError, invalid, unsupported
from .functions import DESCRIBED, FUNCTION_NAMES, Definition, arguments_of, change_of, function_of, type_of
from .information_schema import DATA_TYPES, number_of, rows_query
from .making import is_taken, layout_of, new_path, refuse_twins
from .sources import located
from .statements import Statement
from .statements import statement as read_statement
from .tables import Manifest, write_manifest
from .translation.scope import Query, View, key_of
from .translation.translate import Translation, translate

DONE = (Column(name="ok", type=BOOLEAN), Column(name="summary", type=VARCHAR))
DEFINITION = (Column(name="path", type=VARCHAR), Column(name="sql_definition", type=VARCHAR))
EXPLAINED = (Column(name="text", type=VARCHAR), Column(name="json", type=VARCHAR))


@dataclass(frozen=True, kw_only=True)
class Done:
    """The answer of a command as a query, and what its caller must record."""

    answer: Query
    changes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Commander:
    """Carries out commands that wait in no queue."""

    catalog: LiveCatalog
    connection: duckdb.DuckDBPyConnection
    folder: Path  # under which new tables lie
    translate: Callable[[str], Translation] | None = None  # how queries are put into the engine's words

    def translated(self, sql: str) -> Translation:
        """Return a query in the engine's words, as it would be run."""
        return (self.translate or (lambda text: translate(text, self.catalog, self.catalog.session)))(sql)

    def carry_out(self, statement: Statement) -> Done:
        """Carry a command out; one that changes the catalog says what is to be recorded."""
        command = COMMANDS.get(statement.kind)
        if command is None:
            raise unsupported(
                f"{statement.kind.replace('_', ' ')} is no command that runyard's Dremio engine carries out"
            )
        return command(self, statement)

    def view(self, statement: Statement) -> Done:
        """Make or replace a view whose query can be read."""
        snapshot = self.catalog.snapshot
        path = new_path(statement, self.catalog, lenient=True)
        known = key_of(path)
        if is_taken(path, self.catalog) and not (known in snapshot.views and statement.options["replace"]):
            raise invalid(f"A table or view with given name [{'.'.join(path)}] already exists.")
        sql = statement.query.strip()
        translation = translate(statement.query, self.catalog, self.catalog.session)
        if known in {key_of(each) for each in translation.views}:
            raise invalid(f"The view [{'.'.join(path)}] would refer to itself")
        names = statement.options["columns"]
        refuse_twins(names)
        if names:
            sql, translation = _named(sql, names), translate(_named(sql, names), self.catalog, self.catalog.session)
        change = {
            "change": "create_view", "path": list(path), "sql": sql, "context": list(self.catalog.session.context),
            "replace": statement.options["replace"], "columns": columns_document(translation.columns),
            "parents": [list(each) for each in self.catalog.looked_up],
        }  # fmt: skip
        word = "replaced" if known in snapshot.views else "created"
        return _done(f"View '{'.'.join(path)}' {word} successfully", change)

    def drop(self, statement: Statement) -> Done:
        """Drop a view or a table."""
        what, kind = ("views", "view") if statement.kind == "DROP_VIEW" else ("tables", "table")
        path = self._existing(statement.path, what)
        if path is None and statement.options["if_exists"]:
            return _done(f"{kind.capitalize()} [{'.'.join(statement.path)}] does not exist")
        if path is None:
            raise invalid(f"{kind.capitalize()} [{'.'.join(statement.path)}] not found")
        change: dict[str, Any] = {"change": f"drop_{kind}", "path": list(path), **statement.options}
        if kind == "table":
            change["folder"] = str(self.catalog.snapshot.tables[key_of(path)][1])
        return _done(f"{kind.capitalize()} [{'.'.join(path)}] dropped", change)

    def _existing(self, path: Sequence[str], what: str) -> tuple[str, ...] | None:
        known = getattr(self.catalog.snapshot, what)
        for candidate in ((*self.catalog.session.context, *path), tuple(path)):
            if key_of(candidate) in known:
                found = known[key_of(candidate)]
                return tuple(found.path if isinstance(found, View) else found[0])
        return None

    def create_table(self, statement: Statement) -> Done:
        """Make an empty table."""
        options = statement.options
        path = new_path(statement, self.catalog, lenient=bool(options["if_not_exists"]))
        if is_taken(path, self.catalog):
            return _done(f"Table [{'.'.join(path)}] already exists.")
        refuse_twins([each["name"] for each in options["columns"]])
        columns = tuple(Column(name=each["name"], type=type_of(each["type"])) for each in options["columns"])
        layout, _ = layout_of(statement, columns)
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir(parents=True)
        write_manifest(folder, Manifest(columns=columns, layout=layout))
        change = {
            "change": "create_table", "path": list(path), "folder": str(folder), "rows": 0,
            "columns": columns_document(columns), "if_not_exists": options["if_not_exists"],
        }  # fmt: skip
        return _done("Table created", change)

    def truncate(self, statement: Statement) -> Done:
        """Empty a table."""
        from .tables import read_manifest, turn  # noqa: PLC0415 the one use of them here

        path = self._existing(statement.path, "tables")
        if path is None:
            raise invalid(f"Table [{'.'.join(statement.path)}] not found")
        folder = self.catalog.snapshot.tables[key_of(path)][1]
        with turn(folder):
            manifest = read_manifest(folder).following([], self.catalog.session.now_ms)
            write_manifest(folder, manifest)
        change = {
            "change": "change_table", "path": list(path), "folder": str(folder), "rows": 0,
            "columns": columns_document(manifest.columns),
        }  # fmt: skip
        return _done(f"Table truncated [{'.'.join(path)}] successfully", change)

    def alter(self, statement: Statement) -> Done:
        """Change the columns of a table."""
        from .alterations import altered  # noqa: PLC0415 of statements about columns alone

        summary, change = altered(statement, self.catalog)
        return _done(summary, change)

    def refresh(self, statement: Statement) -> Done:
        """Look at a table's files again."""
        path = statement.path
        _check_refresh(statement.options["said"])
        self.catalog.columns(path)
        return _done(
            f"Metadata for table '{'.'.join(path)}' refreshed.", {"change": "refresh_metadata", "path": list(path)}
        )

    def explain(self, statement: Statement) -> Done:
        """Show the plan of a query, which is the plan of the embedded engine."""
        inner = read_statement(statement.query)
        if inner.kind != "SELECT":
            raise unsupported(f"EXPLAIN PLAN FOR {inner.kind.replace('_', ' ')} has no translation here")
        sql = self.translated(inner.query).sql
        text = self.connection.execute(f"EXPLAIN {sql}").fetchall()[-1][1]
        plan = self.connection.execute(f"EXPLAIN (FORMAT JSON) {sql}").fetchall()[-1][1]
        return Done(answer=rows_query(EXPLAINED, [(text, plan)]))

    def show(self, statement: Statement) -> Done:
        """Show schemas, tables, views or functions."""
        within = ".".join(statement.path).lower()
        what, shown = statement.options["what"], _like(statement.options["like"])
        if what == "COLUMNS":
            return self.describe(statement)
        if what == "FUNCTIONS":
            names = sorted(".".join(each.path) for each in self.catalog.snapshot.functions.values())
            fitting = [
                (name,) for name in names if shown(name) and name.lower().startswith(f"{within}." if within else "")
            ]
            return Done(answer=rows_query(FUNCTION_NAMES, fitting))
        if what == "SCHEMAS":
            rows: list[tuple[str, ...]] = [(name,) for name in self.catalog.schemas() if shown(name)]
            return Done(answer=rows_query((Column(name="SCHEMA_NAME", type=VARCHAR),), rows))
        schema = statement.path or self.catalog.session.context
        if schema and not self._is_container(schema):
            raise invalid(f"Invalid schema {'.'.join(schema)}.")
        kinds = {"VIEW"} if what == "VIEWS" else {"TABLE", "VIEW", "SYSTEM_TABLE"}
        rows = [
            (".".join(path[:-1]), path[-1])
            for path, kind in self.catalog.named()
            if kind in kinds and shown(path[-1]) and (not schema or _name(path[:-1]) == _name(schema))
        ]
        columns = tuple(Column(name=name, type=VARCHAR) for name in ("TABLE_SCHEMA", "TABLE_NAME"))
        return Done(answer=rows_query(columns, rows))

    def _is_container(self, path: tuple[str, ...]) -> bool:
        source = self.catalog.snapshot.sources.get(path[0].lower())
        place = located(source[1], path[1:]) if source is not None else None
        known = {name.lower() for name in self.catalog.schemas()}
        known |= {".".join(each[:-1]).lower() for each, _ in self.catalog.named()}
        return _name(path) in known or (place is not None and place.is_dir())

    def show_create(self, statement: Statement) -> Done:
        """Show what a view says, or the columns that a table was made with."""
        kind = "view" if statement.options["is_view"] else "table"
        found = self.catalog.resolved(statement.path, self.catalog.session.context)
        if found is None:
            raise invalid(f"Unknown {kind} [{'.'.join(statement.path)}]")
        path, meaning = found
        if isinstance(meaning, View) is not (kind == "view"):
            raise invalid(f"[{'.'.join(path)}] is not a {kind}")
        text = meaning.sql if isinstance(meaning, View) else self._table_text(path)
        return Done(answer=rows_query(DEFINITION, [(f"[{'.'.join(path)}]", text)]))

    def _table_text(self, path: Sequence[str]) -> str:
        """Return the statement that makes a table which was made here; of files and databases, one that reads them."""
        named = ".".join(quoted(part) for part in path)
        if key_of(path) not in self.catalog.snapshot.tables:
            return f"SELECT * FROM {named}"  # noqa: S608 shown, not asked
        return f"CREATE TABLE {named} ({arguments_of(self.catalog.columns(tuple(path)))})"

    def describe(self, statement: Statement) -> Done:
        """Show the columns of a table."""
        path, wanted = self._described(statement.path), statement.options.get("column")
        rows = [
            (column.name, DATA_TYPES.get(column.type.name, column.type.name), "YES", *number_of(column.type)[::2])
            for column in self.catalog.columns(path)
            if wanted is None or column.name.lower() == wanted.lower()
        ]
        names = (("COLUMN_NAME", VARCHAR), ("DATA_TYPE", VARCHAR), ("IS_NULLABLE", VARCHAR),
                 ("NUMERIC_PRECISION", INTEGER), ("NUMERIC_SCALE", INTEGER))  # fmt: skip
        return Done(answer=rows_query(tuple(Column(name=name, type=kind) for name, kind in names), rows))

    def _described(self, path: tuple[str, ...]) -> tuple[str, ...]:
        if self.catalog.find(path, self.catalog.session.context) is None:
            raise invalid(f"Unknown table [{'.'.join(path)}]")
        return list(self.catalog.looked_up)[-1]

    def create_function(self, statement: Statement) -> Done:
        """Make or replace a function whose body brings what it says."""
        options = statement.options
        if options["replace"] and options["if_not_exists"]:
            raise invalid("Cannot create a user-defined function with both IF NOT EXISTS and OR REPLACE")
        path = new_path(statement, self.catalog, what="function")
        known, name = key_of(path) in self.catalog.snapshot.functions, ".".join(path)
        if known and options["if_not_exists"]:
            return _done(f"Function, {name}, is not created as it already exists")
        if known and not options["replace"]:
            raise invalid(f"The function with a key, {name}, already exists")
        function = function_of(Definition.of(statement, path), self.catalog, self.catalog.session)
        change = {"change": "create_function", **change_of(function)}
        change |= {name: options[name] for name in ("replace", "if_not_exists")}
        return _done(f"Function, {name}, is {'updated' if known else 'created'}.", change)

    def drop_function(self, statement: Statement) -> Done:
        """Drop a function."""
        function = self.catalog.function(statement.path, self.catalog.session.context)
        absent = f"Function, {'.'.join(statement.path)}, does not exists."
        if function is None and statement.options["if_exists"]:
            return _done(absent)
        if function is None:
            raise invalid(absent)
        change = {"change": "drop_function", "path": list(function.path), **statement.options}
        return _done(f"Function, {'.'.join(function.path)}, is dropped.", change)

    def describe_function(self, statement: Statement) -> Done:
        """Show what a function takes, returns and does."""
        function = self.catalog.function(statement.path, self.catalog.session.context)
        if function is None:
            raise invalid(f"Unknown function [{'.'.join(statement.path)}]")
        row = [value(function) for _, value in DESCRIBED]
        return Done(answer=rows_query(tuple(column for column, _ in DESCRIBED), [row]))

    def set_properties(self, statement: Statement) -> Done:
        """Take what a view says of its default reflection: a query is put over that as over any other."""
        name = ".".join(statement.path)
        if self._existing(statement.path, "views") is None:
            raise unsupported(f"SET properties are carried out of views alone, and [{name}] is none")
        for option, value in statement.options["properties"].items():
            if option != "enable_default_reflection" or not isinstance(value, bool):
                raise invalid(f"A view can SET enable_default_reflection to TRUE or FALSE, not {option} to {value}")
        return _done(f"Table [{name}] options updated")

    def reflect(self, statement: Statement) -> Done:
        """Change what reflections a dataset has."""
        from .acceleration.statements import change_of  # noqa: PLC0415 of statements about reflections alone

        summary, change = change_of(statement, self.catalog)
        return _done(summary, change)

    def contain(self, statement: Statement) -> Done:
        """Make or remove a space or folder; a folder that stands in nothing is a space."""
        verb, _, what = statement.kind.lower().partition("_")
        path = statement.path if what == "space" else self._within(statement.path)
        if what == "space" and len(path) > 1:
            raise invalid(f"A space has one name; [{'.'.join(path)}] is the path of a folder")
        kind = "folder" if len(path) > 1 else "space"
        change = {"change": f"{verb}_{kind}", "path": list(path), **statement.options}
        word = "created" if verb == "create" else "deleted"
        return _done(f"{what.capitalize()} [{'.'.join(path)}] has been {word}.", change)

    def _within(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return the whole path of a folder, which is in the session's schema if it begins with nothing known."""
        is_whole = len(path) > 1 and path[0].lower() in _roots(self.catalog)
        return path if is_whole else (*self.catalog.session.context, *path)

    def use(self, statement: Statement) -> Done:
        """Set the session's schema; refuse one that begins with nothing known."""
        if statement.path[0].lower() not in {*_roots(self.catalog), "sys", "information_schema"}:
            name = ".".join(statement.path)
            raise invalid(f"Schema [{name}] is not valid with respect to either root schema or current default schema.")
        return self.recorded(statement)

    def recorded(self, statement: Statement) -> Done:
        """Hand a command on that only its caller can carry out, with its parts."""
        change = {"change": statement.kind.lower(), "path": list(statement.path), **statement.options}
        return _done(SUMMARIES[statement.kind].format(path=".".join(statement.path), **statement.options), change)


SUMMARIES = {
    "USE": "Default schema changed to [{path}]",
    "SET": "{name} updated.",
    "RESET": "{name} reset.",
}
# What may follow, in this order; all of it is so in any case, as files are looked at again by each query.
REFRESH = (
    r"FOR (ALL (FILES|PARTITIONS)|(FILES|PARTITIONS) \( .*? \))", "(AVOID|AUTO) PROMOTION", "(FORCE|LAZY) UPDATE",
    "(MAINTAIN|DELETE) WHEN MISSING",
)  # fmt: skip
REFLECTING = (
    "CREATE_RAW_REFLECTION", "CREATE_AGGREGATE_REFLECTION", "DROP_REFLECTION", "ENABLE_RAW_ACCELERATION",
    "ENABLE_AGGREGATE_ACCELERATION", "DISABLE_RAW_ACCELERATION", "DISABLE_AGGREGATE_ACCELERATION",
    "REFRESH_REFLECTIONS", "ROUTE_REFLECTIONS",
)  # fmt: skip
COMMANDS: dict[str, Callable[[Commander, Statement], Done]] = {
    "CREATE_VIEW": Commander.view,
    "DROP_VIEW": Commander.drop,
    "DROP_TABLE": Commander.drop,
    "CREATE_TABLE": Commander.create_table,
    "TRUNCATE_TABLE": Commander.truncate,
    "REFRESH_METADATA": Commander.refresh,
    "CREATE_FUNCTION": Commander.create_function,
    "DROP_FUNCTION": Commander.drop_function,
    "DESCRIBE_FUNCTION": Commander.describe_function,
    "EXPLAIN": Commander.explain,
    "SHOW": Commander.show,
    "SHOW_CREATE": Commander.show_create,
    "DESCRIBE": Commander.describe,
    **dict.fromkeys(("ADD_COLUMNS", "DROP_COLUMN", "CHANGE_COLUMN"), Commander.alter),
    **dict.fromkeys(("CREATE_SPACE", "DROP_SPACE", "CREATE_FOLDER", "DROP_FOLDER"), Commander.contain),
    **dict.fromkeys(SUMMARIES, Commander.recorded),
    "USE": Commander.use,
    "SET_PROPERTIES": Commander.set_properties,
    **dict.fromkeys(REFLECTING, Commander.reflect),
}


def _roots(catalog: LiveCatalog) -> set[str]:
    snapshot = catalog.snapshot
    return {name.lower() for name in (*snapshot.spaces, *snapshot.sources, *snapshot.databases)}


def _done(summary: str, *changes: Mapping[str, Any]) -> Done:
    return Done(answer=rows_query(DONE, [(True, summary)]), changes=changes)


def _named(sql: str, names: Sequence[str]) -> str:
    listed = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    return f"SELECT * FROM ({sql}\n) AS named({listed})"  # noqa: S608 a view's own text, as its owner wrote it


def _check_refresh(words: Sequence[str]) -> None:
    """Refuse words of REFRESH METADATA that mean nothing."""
    left = " ".join(words).upper()
    for pattern in REFRESH:
        left = re.sub(rf"^{pattern} ?", "", left)
    if left:
        raise DremioError("PARSE", f'Failure parsing the query: Encountered "{left}" after REFRESH METADATA.')


def _name(path: Sequence[str]) -> str:
    """Return a schema as it is compared; who writes all of its path as one name means the same."""
    return ".".join(path).lower()


def _like(pattern: str | None) -> Callable[[str], bool]:
    if pattern is None:
        return lambda _: True
    form = re.compile(
        fnmatch.translate(pattern.replace("*", "[*]").replace("?", "[?]").replace("%", "*").replace("_", "?")),
        re.IGNORECASE,
    )
    return lambda name: form.match(name) is not None


def delete_folder(folder: Path) -> None:
    """Delete the folder of a table that was dropped, once that is recorded."""
    shutil.rmtree(folder, ignore_errors=True)

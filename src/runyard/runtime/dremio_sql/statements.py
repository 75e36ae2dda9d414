"""What a text of Dremio's SQL asks for: its kind, its path and its parts, read by a parser of our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import DremioError
from .words import Words

CREATE_FUNCTION = "CREATE_FUNCTION"
# Synchronous commands go from PLANNING to RUNNING, without queue: the others wait for a slot.
ASYNCHRONOUS = frozenset(
    {"SELECT", "CREATE_TABLE_AS", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY_INTO", "REFRESH_REFLECTION", "OPTIMIZE"}
)
# What this library carries out; the rest is told to the caller, who owns the catalog.
EXECUTED = frozenset(
    {"SELECT", "CREATE_TABLE_AS", "CREATE_TABLE", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY_INTO", "EXPLAIN", "SHOW",
     "DESCRIBE", "CREATE_VIEW", "DROP_VIEW", "DROP_TABLE", "TRUNCATE_TABLE", "REFRESH_METADATA", "USE", "SET", "RESET",
     "CREATE_SPACE", "DROP_SPACE", "CREATE_FOLDER", "DROP_FOLDER",
     CREATE_FUNCTION, "DROP_FUNCTION", "DESCRIBE_FUNCTION", "SHOW_CREATE",
     "CREATE_RAW_REFLECTION", "CREATE_AGGREGATE_REFLECTION", "DROP_REFLECTION",
     "ENABLE_RAW_ACCELERATION", "ENABLE_AGGREGATE_ACCELERATION", "DISABLE_RAW_ACCELERATION",
     "DISABLE_AGGREGATE_ACCELERATION", "REFRESH_REFLECTIONS", "ROUTE_REFLECTIONS",
     "ADD_COLUMNS", "DROP_COLUMN", "CHANGE_COLUMN", "SET_PROPERTIES"}
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement; `query` is the query within it, blank before where it begins so that places stay true."""

    kind: str
    sql: str
    path: tuple[str, ...] = ()
    query: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asynchronous(self) -> bool:
        """Tell whether the command waits in a queue for a slot."""
        return self.kind in ASYNCHRONOUS

    @property
    def executed(self) -> bool:
        """Tell whether this library carries the command out, or hands it to its caller."""
        return self.kind in EXECUTED


def statement(sql: str) -> Statement:
    """Return what a text asks for; what no rule knows is a parse error with its place."""
    words = Words.of(sql)
    if words.at_end:
        raise DremioError("PARSE", "The text has no statement.")
    for phrase, rule in RULES:
        if words.take(*phrase.split()):
            return _ended(rule(words), words)
    raise words.unexpected()


def _ended(found: Statement, words: Words) -> Statement:
    if not words.at_end:
        raise words.unexpected()
    return found


def _made(kind: str, words: Words, *, path: tuple[str, ...] = (), query: str = "", **options: Any) -> Statement:
    return Statement(kind=kind, sql=words.sql, path=path, query=query, options=options)


def _query(kind: str) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        return _made(kind, words, query=words.all())

    return read


def _create_view(*, replace: bool) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        path = words.path()
        columns = words.names() if words.see("(") else []
        words.need("AS")
        return _made("CREATE_VIEW", words, path=path, query=words.rest(), replace=replace, columns=columns)

    return read


def _drop(kind: str) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        lenient = words.take("IF", "EXISTS")
        return _made(kind, words, path=words.path(), if_exists=lenient)

    return read


def _create_function(*, replace: bool) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        lenient = words.take("IF", "NOT", "EXISTS")
        path = words.path()
        parameters = [] if words.take("(", ")") else words.columns()
        words.need("RETURNS")
        is_scalar = not words.take("TABLE")
        kind = " ".join(words.remaining_until("RETURN")) if is_scalar else ""
        returns = [{"name": "EXPR$0", "type": kind}] if is_scalar else words.columns()
        words.need("RETURN")
        return _made(
            CREATE_FUNCTION, words, path=path, query=words.rest(), replace=replace, if_not_exists=lenient,
            parameters=parameters, returns=returns, is_scalar=is_scalar,
        )  # fmt: skip

    return read


PARTITIONS = ("HASH PARTITION BY", "STRIPED PARTITION BY", "ROUNDROBIN PARTITION BY", "PARTITION BY")
FLAGS = ("WITH SINGLE WRITER",)
NULLABILITY = re.compile(r"\s+(NOT )?NULL$", re.IGNORECASE)
"""What may follow a column's type where a table is made, as dbt's contracts write it; nobody obeys it."""


def _create_table(words: Words) -> Statement:
    lenient = words.take("IF", "NOT", "EXISTS")
    path = words.path()
    listed = words.columns() if words.see("(") else []
    columns = [{**each, "type": NULLABILITY.sub("", each["type"])} for each in listed]
    options: dict[str, Any] = {"if_not_exists": lenient, "columns": columns}
    while _table_option(words, options):
        pass
    if words.take("AS"):
        return _made("CREATE_TABLE_AS", words, path=path, query=words.rest(), **options)
    if not options["columns"]:
        raise words.unexpected()
    return _made("CREATE_TABLE", words, path=path, **options)


def _table_option(words: Words, options: dict[str, Any]) -> bool:
    for phrase in PARTITIONS:
        if words.take(*phrase.split()):
            options["partition_by"] = words.names()
            return True
    for phrase, name in (("LOCALSORT BY", "sort_by"), ("DISTRIBUTE BY", "distribute_by"), ("CLUSTER BY", "cluster_by")):
        if words.take(*phrase.split()):
            options[name] = words.names()
            return True
    for phrase, name in (("STORE AS", "store_as"), ("TBLPROPERTIES", "properties")):
        if words.take(*phrase.split()):
            options[name] = words.pairs()
            return True
    return any(words.take(*phrase.split()) for phrase in FLAGS)


def _change(kind: str) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        return _made(kind, words, path=words.path(), query=words.all())

    return read


def _copy(words: Words) -> Statement:
    path = words.path()
    words.need("FROM")
    options: dict[str, Any] = {"location": words.text(), "files": [], "regex": None, "format": None, "settings": {}}
    if words.take("FILES"):
        options["files"] = words.texts()
    elif words.take("REGEX"):
        options["regex"] = words.text()
    if words.take("FILE_FORMAT"):
        options["format"] = words.text().lower()
    if words.see("("):
        options["settings"] = words.pairs()
    return _made("COPY_INTO", words, path=path, **options)


ALTERED = ("PDS", "VDS", "TABLE", "VIEW", "DATASET")
HINTS = {
    "ADD COLUMN": "Columns are added by ADD COLUMNS (name data_type, …).",
    "RENAME COLUMN": "A column gets another name by CHANGE COLUMN old_name new_name data_type.",
}
TOGGLES = ("ENABLE RAW", "ENABLE AGGREGATE", "DISABLE RAW", "DISABLE AGGREGATE")
CHANGES: tuple[tuple[str, str], ...] = (
    ("REFRESH METADATA", "REFRESH_METADATA"),
    ("FORGET METADATA", "FORGET_METADATA"),
    ("CREATE RAW REFLECTION", "CREATE_RAW_REFLECTION"),
    ("CREATE AGGREGATE REFLECTION", "CREATE_AGGREGATE_REFLECTION"),
    ("CREATE EXTERNAL REFLECTION", "CREATE_EXTERNAL_REFLECTION"),
    ("DROP REFLECTION", "DROP_REFLECTION"),
    ("REFRESH REFLECTIONS", "REFRESH_REFLECTIONS"),
    ("ROUTE REFLECTIONS TO", "ROUTE_REFLECTIONS"),
    ("ROUTE ALL REFLECTIONS TO", "ROUTE_REFLECTIONS"),
    *((f"{word} ACCELERATION", f"{word.replace(' ', '_')}_ACCELERATION") for word in TOGGLES),
    ("ADD COLUMNS", "ADD_COLUMNS"),
    ("DROP COLUMN", "DROP_COLUMN"),
    ("DROP", "DROP_COLUMN"),
    *((f"{word}{column}", "CHANGE_COLUMN") for word in ("CHANGE", "ALTER", "MODIFY") for column in (" COLUMN", "")),
    ("SET", "SET_PROPERTIES"),
)
DISPLAYS: tuple[tuple[str, str], ...] = (
    ("DISPLAY", "display"), ("DIMENSIONS", "dimensions"), ("MEASURES", "measures"), ("DISTRIBUTE BY", "distribute"),
    ("STRIPED PARTITION BY", "partition"), ("CONSOLIDATED PARTITION BY", "partition"), ("PARTITION BY", "partition"),
    ("LOCALSORT BY", "sort"),
)  # fmt: skip


def _alter(word: str) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        path = words.path()
        for phrase, kind in CHANGES:
            if words.take(*phrase.split()):
                read_rest = REST.get(kind, _words)
                return _made(kind, words, path=path, of=word, **read_rest(words))
        raise words.unexpected(next((hint for phrase, hint in HINTS.items() if words.see(*phrase.split())), ""))

    return read


def _words(words: Words) -> dict[str, Any]:
    return {"said": words.remaining()}


def _reflection(words: Words) -> dict[str, Any]:
    options: dict[str, Any] = {"name": words.name()}
    words.need("USING")
    while not words.at_end:
        for phrase, name in DISPLAYS:
            if words.take(*phrase.split()):
                options[name] = words.partitions() if name == "partition" else words.fields()
                options |= {"strategy": "STRIPED"} if phrase.startswith("STRIPED") else {}
                break
        else:
            if not words.take("ARROW", "CACHE"):
                raise words.unexpected()
            options["arrow_cache"] = True
    return options


def _route(words: Words) -> dict[str, Any]:
    default = words.take("DEFAULT")
    kind = "queue" if words.take("QUEUE") else "engine" if words.take("ENGINE") else ""
    if not kind:
        raise words.unexpected()
    return {"to": kind, "name": None if default else words.name()}


def _changed_column(words: Words) -> dict[str, Any]:
    name = words.name()
    if words.see("SET", "MASKING") or words.see("UNSET", "MASKING"):
        return {"name": name, "policy": words.remaining()}
    return {"name": name, "to": words.declaration()}


REST: dict[str, Callable[[Words], dict[str, Any]]] = {
    "CREATE_RAW_REFLECTION": _reflection,
    "CREATE_AGGREGATE_REFLECTION": _reflection,
    "DROP_REFLECTION": lambda words: {"name": words.name()},
    "ROUTE_REFLECTIONS": _route,
    "ADD_COLUMNS": lambda words: {"columns": words.declarations()},
    "DROP_COLUMN": lambda words: {"name": words.name()},
    "CHANGE_COLUMN": _changed_column,
    "SET_PROPERTIES": lambda words: {"properties": words.assignments()},
}


def _refresh_reflection(words: Words) -> Statement:
    reflection = words.text()
    words.need("AS")
    return _made("REFRESH_REFLECTION", words, reflection=reflection, materialization=words.text())


def _explain(words: Words) -> Statement:
    detail = words.remaining_until("FOR")
    words.need("FOR")
    inner = words.rest()
    return _made("EXPLAIN", words, query=inner, detail=detail)


def _show(what: str) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        path = words.path() if words.take("IN") or words.take("FROM") else ()
        pattern = words.text() if words.take("LIKE") else None
        return _made("SHOW", words, path=path, what=what, like=pattern)

    return read


def _show_create(words: Words) -> Statement:
    is_view = words.take("VIEW")
    if not is_view:
        words.need("TABLE")
    return _made("SHOW_CREATE", words, path=words.path(), is_view=is_view)


def _show_other(words: Words) -> Statement:
    """Return what is asked to be shown and is not there, under its own name."""
    said = words.remaining()
    return _made("_".join(["SHOW", *said[:1]]).upper(), words, said=said)


def _describe(words: Words) -> Statement:
    words.take("TABLE")
    path = words.path()
    column = None if words.at_end else words.name()
    return _made("DESCRIBE", words, path=path, column=column)


def _set(scope: str) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        name = ".".join(words.path())
        words.take("=") or words.take("TO")
        return _made("SET", words, scope=scope, name=name, value=words.value())

    return read


def _reset(scope: str) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        return _made("RESET", words, scope=scope, name=".".join(words.path()))

    return read


def _container(kind: str) -> Callable[[Words], Statement]:
    def read(words: Words) -> Statement:
        lenient = words.take("IF", "NOT", "EXISTS")
        return _made(kind, words, path=words.path(), if_not_exists=lenient)

    return read


def _path(kind: str) -> Callable[[Words], Statement]:
    return lambda words: _made(kind, words, path=words.path())


def _told(kind: str) -> Callable[[Words], Statement]:
    """Return the rule of a command that is told to the caller as its words."""
    return lambda words: _made(kind, words, said=words.remaining())


# The first words of a statement and what reads the rest; the longer of two that begin alike stands first.
RULES: tuple[tuple[str, Callable[[Words], Statement]], ...] = (
    *((first, _query("SELECT")) for first in ("SELECT", "WITH", "VALUES", "(")),
    ("CREATE OR REPLACE VIEW", _create_view(replace=True)),
    ("CREATE OR REPLACE VDS", _create_view(replace=True)),
    ("CREATE VIEW", _create_view(replace=False)),
    ("CREATE VDS", _create_view(replace=False)),
    ("CREATE TABLE", _create_table),
    ("CREATE SPACE", _container("CREATE_SPACE")),
    ("CREATE FOLDER", _container("CREATE_FOLDER")),
    *((f"CREATE {word}", _told(f"CREATE_{word}")) for word in ("BRANCH", "TAG", "ROLE", "USER")),
    ("CREATE OR REPLACE FUNCTION", _create_function(replace=True)),
    ("CREATE FUNCTION", _create_function(replace=False)),
    ("DROP VIEW", _drop("DROP_VIEW")),
    ("DROP VDS", _drop("DROP_VIEW")),
    ("DROP TABLE", _drop("DROP_TABLE")),
    ("DROP SPACE", _drop("DROP_SPACE")),
    ("DROP FOLDER", _drop("DROP_FOLDER")),
    ("DROP FUNCTION", _drop("DROP_FUNCTION")),
    *((f"DROP {word}", _told(f"DROP_{word}")) for word in ("BRANCH", "TAG", "ROLE", "USER")),
    ("TRUNCATE TABLE", _drop("TRUNCATE_TABLE")),
    ("INSERT INTO", _change("INSERT")),
    ("UPDATE", _change("UPDATE")),
    ("DELETE FROM", _change("DELETE")),
    ("MERGE INTO", _change("MERGE")),
    ("COPY INTO", _copy),
    ("ALTER SESSION SET", _set("SESSION")),
    ("ALTER SYSTEM SET", _set("SYSTEM")),
    ("ALTER SESSION RESET", _reset("SESSION")),
    ("ALTER SYSTEM RESET", _reset("SYSTEM")),
    ("ALTER USER", _told("ALTER_USER")),
    *((f"ALTER {word}", _alter(word)) for word in ALTERED),
    ("REFRESH REFLECTION", _refresh_reflection),
    ("EXPLAIN PLAN", _explain),
    ("SHOW SCHEMAS", _show("SCHEMAS")),
    ("SHOW DATABASES", _show("SCHEMAS")),
    ("SHOW TABLES", _show("TABLES")),
    ("SHOW VIEWS", _show("VIEWS")),
    ("SHOW COLUMNS", _show("COLUMNS")),
    ("SHOW FUNCTIONS", _show("FUNCTIONS")),
    ("SHOW CREATE", _show_create),
    ("SHOW", _show_other),
    ("DESCRIBE FUNCTION", _path("DESCRIBE_FUNCTION")),
    ("DESC FUNCTION", _path("DESCRIBE_FUNCTION")),
    ("DESCRIBE", _describe),
    ("DESC", _describe),
    *((f"USE {word}", _told(f"USE_{word}")) for word in ("BRANCH", "TAG", "COMMIT", "REFERENCE", "REF")),
    ("USE", _path("USE")),
    ("SET", _set("SESSION")),
    ("RESET", _reset("SESSION")),
    *((word, _told(word)) for word in ("GRANT", "REVOKE", "ANALYZE", "VACUUM", "ROLLBACK", "ASSIGN")),
    ("OPTIMIZE TABLE", _told("OPTIMIZE")),
)

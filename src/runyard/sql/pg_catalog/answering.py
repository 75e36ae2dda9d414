"""Answers to questions about tables and types, in a SQLite that holds PostgreSQL's catalogs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import apsw
import apsw.ext
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from runyard.sql.catalog import Catalog
from runyard.sql.errors import CANCELLED, NOT_SUPPORTED, UNDEFINED_COLUMN, UNDEFINED_FUNCTION, UNDEFINED_TABLE, SqlError
from runyard.sql.pg_catalog.building import SCHEMAS, built
from runyard.sql.pg_catalog.casting import NUMBERED, target_of
from runyard.sql.pg_catalog.facts import Facts, View, facts_of
from runyard.sql.pg_catalog.functions import FUNCTIONS, register
from runyard.sql.pg_catalog.identifying import Asker
from runyard.sql.pg_catalog.relations import FUNCTIONS_AS_RELATIONS
from runyard.sql.pg_catalog.translating import Node, is_known, translated
from runyard.sql.pg_catalog.typing import parameter_types, result_types
from runyard.sql.results import Heading, Result, Row, Value
from runyard.sql.wire.greeting import Speaker
from runyard.sql.wire.parameters import Parameters

MENTIONS = re.compile(
    r"\b(?:pg_\w+|_pg_\w+|information_schema|current_\w+|session_user|user|version|to_reg\w+|format_type|quote_\w+"
    r"|\w+_description|has_\w+_privilege|set_config|txid_current|inet_\w+|reg\w+|array_\w+|getdatabaseencoding)\b",
    re.IGNORECASE,
)
"""What a text must mention to be worth a closer look."""
READS = re.compile(r"\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*)*(?:SELECT|WITH|VALUES|TABLE|\()", re.IGNORECASE | re.DOTALL)
ARRAY_CASTS = re.compile(r"'(?:[^']|'')*'|::\s*(?:pg_catalog\.)?(?P<type>oid|reg[a-z]+)\[\]", re.IGNORECASE)
"""Casts to arrays that sqlglot does not read, and strings, in which there are none."""
TYPED = (
    exp.CurrentUser,
    exp.SessionUser,
    exp.CurrentSchema,
    exp.CurrentSchemas,
    exp.CurrentDatabase,
    exp.CurrentCatalog,
    exp.CurrentVersion,
)
CODES: Mapping[str, str] = {
    "no such table": UNDEFINED_TABLE,
    "no such column": UNDEFINED_COLUMN,
    "no such function": UNDEFINED_FUNCTION,
}


class Desk:
    """An open copy of the catalogs; one question at a time is asked of it."""

    def __init__(self, facts: Facts, databases: Mapping[str, bytes]) -> None:
        self.asker: Asker | None = None
        self.connection = apsw.Connection(":memory:")
        for schema in SCHEMAS:
            self.connection.execute(f"ATTACH ':memory:' AS {schema}")
            self.connection.deserialize(schema, databases[schema])
        self.connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        register(self.connection, facts, self._asking)
        self.connection.execute("PRAGMA query_only = ON")

    def _asking(self) -> Asker:
        if self.asker is None:
            raise RuntimeError("a function is called outside of a question")
        return self.asker


@dataclass(frozen=True, kw_only=True)
class Made:
    """The catalogs of a workspace as of one version of its views, with the desks that are free."""

    version: int
    facts: Facts
    databases: Mapping[str, bytes]
    idle: list[Desk] = field(default_factory=list)


class Views(Protocol):
    """The views that people of a workspace have made."""

    @property
    def version(self) -> int:
        """Another number once anything has changed; 0 while there are none."""
        ...

    def all(self) -> Sequence[View]:
        """Every view."""
        ...


class NoViews:
    """No views."""

    version = 0

    def all(self) -> Sequence[View]:
        """None."""
        return ()


class Answers:
    """The catalogs of one server, made when they are first asked for, with as many desks as are asked at once."""

    def __init__(self, catalog: Catalog, views: Callable[[Speaker], Views] = lambda _: NoViews()) -> None:
        self._catalog = catalog
        self._views = views
        self._lock = threading.Lock()
        self._made: dict[str, Made] = {}  # by workspace; where there are no views, all have the same

    def open(self, speaker: Speaker, parameters: Parameters) -> Answering:
        """Answer one client."""
        asker = Asker(user=speaker.user, parameters=parameters)
        return Answering(self, asker, workspace=speaker.workspace, views=self._views(speaker))

    @contextmanager
    def desk(self, asker: Asker, workspace: str, views: Views) -> Iterator[Desk]:
        """Lend a desk."""
        made = self._catalogs(workspace, views)
        desk = made.idle.pop() if made.idle else Desk(made.facts, made.databases)
        desk.asker = asker
        try:
            yield desk
        finally:
            desk.asker = None
            made.idle.append(desk)

    def _catalogs(self, workspace: str, views: Views) -> Made:
        version = views.version
        key = workspace if version else ""
        with self._lock:
            made = self._made.get(key)
            if made is None or made.version != version:
                facts = facts_of(self._catalog, views.all() if version else ())
                made = self._made[key] = Made(version=version, facts=facts, databases=built(facts))
            return made


class Answering:
    """One client's questions."""

    def __init__(self, answers: Answers, asker: Asker, *, workspace: str, views: Views) -> None:
        self._desk = partial(answers.desk, asker, workspace, views)
        self._at_work: Desk | None = None

    def understand(self, text: str) -> Question | None:
        """Understand a question; None if it is none about PostgreSQL's catalogs."""
        if not MENTIONS.search(text) or not READS.match(text):
            return None
        try:
            tree = sqlglot.parse_one(_readable(text), read="postgres")
        except (SqlglotError, RecursionError):
            return None
        return self._question(tree) if is_question(tree) else None

    def interrupt(self) -> None:
        """End what runs now."""
        desk = self._at_work
        if desk is not None:
            desk.connection.interrupt()

    def close(self) -> None:
        """Nothing is held between questions."""

    def _question(self, tree: Node) -> Question:
        sql = translated(tree)
        with self._desk() as desk:
            try:
                told = apsw.ext.query_info(desk.connection, sql)
            except apsw.Error as error:
                raise _refused(error) from error
        types = result_types(tree, told.description)
        names = [name for name, _ in told.description]
        headings = tuple(Heading(name=name, type=type_) for name, type_ in zip(names, types, strict=True))
        return Question(
            asked_of=self, sql=sql, headings=headings, parameters=parameter_types(tree, told.bindings_count)
        )

    def rows(self, sql: str, arguments: Sequence[Value]) -> Iterator[Row]:
        """Answer, row by row."""
        with self._desk() as desk:
            self._at_work = desk
            cursor = desk.connection.cursor()
            try:
                yield from cursor.execute(sql, tuple(arguments))
            except apsw.InterruptError as error:
                raise SqlError(CANCELLED, "canceling statement due to user request") from error
            except apsw.Error as error:
                raise _refused(error) from error
            finally:
                self._at_work = None
                cursor.close(force=True)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that is understood."""

    asked_of: Answering
    sql: str
    headings: tuple[Heading, ...]
    parameters: tuple[str, ...]

    def run(self, arguments: Sequence[Value] = ()) -> Result:
        """Answer it."""
        rows = self.asked_of.rows(self.sql, arguments)
        return Result(headings=self.headings, rows=rows, tag=lambda count: f"SELECT {count}")


def _readable(text: str) -> str:
    """The text with casts to arrays by the names that PostgreSQL itself has for these types."""
    return ARRAY_CASTS.sub(lambda found: f"::_{found['type'].lower()}" if found["type"] else found[0], text)


def is_question(tree: Node) -> bool:
    """Tell whether a query is about PostgreSQL's catalogs, or calls functions about them and reads nothing else."""
    if any(one.this.name.lower() in FUNCTIONS_AS_RELATIONS for one in tree.find_all(exp.Table) if _is_call(one)):
        return True
    within = {one.alias_or_name for one in tree.find_all(exp.CTE)}
    tables = [one for one in tree.find_all(exp.Table) if not _is_call(one) and (one.name not in within or one.db)]
    if any(is_known(one.name.lower(), one.db.lower()) for one in tables):
        return True
    return not tables and any(map(_is_ours, tree.find_all(exp.Func, exp.Column, exp.Cast)))


def _is_call(table: exp.Table) -> bool:
    return isinstance(table.this, exp.Func)


def _is_ours(node: Node) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in FUNCTIONS
    if isinstance(node, exp.Cast):
        return target_of(node) in NUMBERED
    if isinstance(node, exp.Column):
        return node.sql().lower() == "user"
    return isinstance(node, TYPED)


def _refused(error: apsw.Error) -> SqlError:
    if isinstance(error.__cause__, SqlError):
        return error.__cause__
    text = str(error)
    code = next((code for words, code in CODES.items() if words in text), NOT_SUPPORTED)
    return SqlError(code, f"PostgreSQL's catalogs cannot be asked so here: {text}.")

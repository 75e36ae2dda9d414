"""The ledger's tables in PostgreSQL as SQLite's virtual tables: what is wanted of them is asked there, and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import count
from typing import Any

import apsw
import psycopg

from runyard.core.job import Job, Workspace
from runyard.core.notice import Notice
from runyard.core.run import Attempt, Event, Repair, Run
from runyard.core.trigger import Trigger
from runyard.sql.errors import CANCELLED, CONNECTION_FAILED, SqlError
from runyard.sql.results import Value
from runyard.store import records
from runyard.store.records import Shape

Connection = psycopg.Connection[tuple[Any, ...]]

OPERATORS: Mapping[int, str] = {
    apsw.SQLITE_INDEX_CONSTRAINT_EQ: "=",
    apsw.SQLITE_INDEX_CONSTRAINT_GT: ">",
    apsw.SQLITE_INDEX_CONSTRAINT_GE: ">=",
    apsw.SQLITE_INDEX_CONSTRAINT_LT: "<",
    apsw.SQLITE_INDEX_CONSTRAINT_LE: "<=",
    apsw.SQLITE_INDEX_CONSTRAINT_NE: "<>",
    apsw.SQLITE_INDEX_CONSTRAINT_ISNULL: "IS NULL",
    apsw.SQLITE_INDEX_CONSTRAINT_ISNOTNULL: "IS NOT NULL",
}
WITHOUT_VALUE = frozenset({"IS NULL", "IS NOT NULL"})
OF_TEXTS = frozenset({"=", "<>", "IS NULL", "IS NOT NULL"})
"""What is asked of texts: their order is another one in every database."""
SELECTIVE: Mapping[str, float] = {"id": 1, "run_id": 20, "parent_attempt_id": 1, "job_id": 1_000, "job_name": 1_000}
"""How many rows an equality leaves, of columns that have an index."""
ID = "id"  # which every table has
WHOLE = 1_000_000.0  # rows that SQLite should think a table has
FEW = 2_000  # rows that are read at once
AT_ONCE = 2_000  # and of a longer answer, in one go


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the ledger, with the columns that are whole numbers."""

    name: str
    columns: tuple[str, ...]
    numbers: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A column compared with a value that SQLite tells."""

    column: str
    operator: str
    is_number: bool
    is_many: bool = False  # one of the values of IN: SQLite asks for each by itself


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a scan is asked for: the conditions that are told, the order, and the columns that are wanted."""

    conditions: tuple[Condition, ...]
    order: str
    columns: tuple[str, ...]
    is_few: bool
    has_limit: bool = False


@lru_cache(1)
def tables() -> tuple[Table, ...]:
    """Return the tables that local tables are made of."""
    kinds: Sequence[tuple[Shape[Any], type]] = (
        (records.WORKSPACE, Workspace),
        (records.JOB, Job),
        (records.RUN, Run),
        (records.ATTEMPT, Attempt),
        (records.REPAIR, Repair),
        (records.EVENT, Event),
        (records.TRIGGER, Trigger),
        (records.NOTICE, Notice),
    )
    return tuple(
        Table(
            name=shape.table,
            columns=shape.columns,
            numbers=frozenset(one.name for one in fields(kind) if str(one.type).startswith(("int", "bool"))),
        )
        for shape, kind in kinds
    )


class Module:
    """What SQLite makes a table of; the names of its methods are SQLite's."""

    def __init__(self, table: Table, ledger: Connection) -> None:
        self._table = table
        self._ledger = ledger

    def Connect(self, *_: Any) -> tuple[str, Source]:  # noqa: N802 - see above
        """Return the table with its columns."""
        numbers = self._table.numbers
        columns = ", ".join(f'"{name}" {"INTEGER" if name in numbers else "TEXT"}' for name in self._table.columns)
        return f"CREATE TABLE ledger ({columns})", Source(self._table, self._ledger)


class Source:
    """A table of the ledger as SQLite plans with it."""

    def __init__(self, table: Table, ledger: Connection) -> None:
        self.table = table
        self.ledger = ledger
        self.asked: list[Asked] = []

    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:  # noqa: N802 - SQLite's name
        """Take every condition that PostgreSQL understands as SQLite does."""
        conditions, rows, exact = [], WHOLE, True
        limit = None
        for place in range(info.nConstraint):
            operator = info.get_aConstraint_op(place)
            usable = info.get_aConstraint_usable(place)
            if operator == apsw.SQLITE_INDEX_CONSTRAINT_LIMIT and usable:
                limit = place
                continue
            condition = self._condition(info, place) if usable else None
            if condition is None:
                exact = False
                continue
            conditions.append(condition)
            info.set_aConstraintUsage_argvIndex(place, len(conditions))
            if condition.operator == "=":
                rows = min(rows, SELECTIVE.get(condition.column, rows / 5) * (5 if condition.is_many else 1))
            else:
                rows = min(rows, rows / 3)
        order = self._order(info)
        exact = exact and not any(one.is_many for one in conditions)
        has_limit = limit is not None and exact and (bool(order) or info.nOrderBy == 0)
        if limit is not None and has_limit:
            info.set_aConstraintUsage_argvIndex(limit, len(conditions) + 1)
        info.orderByConsumed = bool(order)
        info.estimatedRows = max(int(rows), 1)
        info.estimatedCost = max(rows, 1.0) + 50
        info.idxNum = len(self.asked)
        self.asked.append(
            Asked(
                conditions=tuple(conditions),
                order=order,
                columns=self._used(info),
                is_few=rows <= FEW,
                has_limit=has_limit,
            )
        )
        return True

    def _condition(self, info: apsw.IndexInfo, place: int) -> Condition | None:
        operator = OPERATORS.get(info.get_aConstraint_op(place))
        number = info.get_aConstraint_iColumn(place)
        if operator is None or number < 0 or info.get_aConstraint_collation(place).upper() != "BINARY":
            return None
        column = self.table.columns[number]
        is_number = column in self.table.numbers
        if not is_number and operator not in OF_TEXTS:
            return None
        is_many = operator == "=" and info.get_aConstraintUsage_in(place)
        return Condition(column=column, operator=operator, is_number=is_number, is_many=is_many)

    def _order(self, info: apsw.IndexInfo) -> str:
        terms = []
        for place in range(info.nOrderBy):
            number = info.get_aOrderBy_iColumn(place)
            if number < 0 or self.table.columns[number] not in self.table.numbers:
                return ""
            is_down = info.get_aOrderBy_desc(place)
            terms.append(f'"{self.table.columns[number]}" {"DESC NULLS LAST" if is_down else "ASC NULLS FIRST"}')
        return ", ".join(terms)

    def _used(self, info: apsw.IndexInfo) -> tuple[str, ...]:
        """Return the wanted columns, and first of all the id: SQLite knows by it which rows it has seen."""
        used = info.colUsed
        return (ID, *(name for place, name in enumerate(self.table.columns) if place in used and name != ID))

    def Open(self) -> Cursor:  # noqa: N802 - SQLite's name
        """Begin to read."""
        return Cursor(self)

    def Disconnect(self) -> None:  # noqa: N802 - SQLite's name
        """Nothing is held."""

    Destroy = Disconnect


_NAMES = count(1)


class Cursor:
    """Reads rows; the names of its methods are SQLite's."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._cursor: Any = None
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self._row: tuple[Any, ...] | None = None
        self._places: dict[int, int] = {}

    def Filter(self, number: int, _: str | None, values: Sequence[Any] | None) -> None:  # noqa: N802 - SQLite's name
        """Begin a scan."""
        self.Close()
        asked = self._source.asked[number]
        table = self._source.table
        self._places = {table.columns.index(name): place for place, name in enumerate(asked.columns)}
        text, given = _query(table, asked, values or ())
        try:
            if asked.is_few or asked.has_limit:
                self._cursor = self._source.ledger.execute(text.encode(), given)
            else:
                self._cursor = self._source.ledger.cursor(name=f"scan_{next(_NAMES)}")
                self._cursor.itersize = AT_ONCE
                self._cursor.execute(text.encode(), given)
            self._rows = iter(self._cursor)
            self.Next()
        except psycopg.Error as error:
            raise as_sql_error(error) from error

    def Next(self) -> None:  # noqa: N802 - SQLite's name
        """Go to the next row."""
        try:
            self._row = next(self._rows, None)
        except psycopg.Error as error:
            raise as_sql_error(error) from error

    def Eof(self) -> bool:  # noqa: N802 - SQLite's name
        """Whether there is none any more."""
        return self._row is None

    def Column(self, number: int) -> Value:  # noqa: N802 - SQLite's name
        """Return a value of the row."""
        assert self._row is not None  # noqa: S101 - SQLite has asked Eof
        place = self._places.get(number)
        value: Value = None if place is None else self._row[place]
        return value

    def Rowid(self) -> int:  # noqa: N802 - SQLite's name
        """Return the id of the row."""
        assert self._row is not None  # noqa: S101 - SQLite has asked Eof
        number: int = self._row[0]
        return number

    def Close(self) -> None:  # noqa: N802 - SQLite's name
        """Let go of what PostgreSQL still holds."""
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None


def as_sql_error(error: psycopg.Error) -> SqlError:
    """Return what PostgreSQL's error is for whoever asked."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return SqlError(CANCELLED, "The statement was cancelled.")
    return SqlError(CONNECTION_FAILED, f"The ledger could not be read: {error}.")


def _query(table: Table, asked: Asked, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the text and the arguments of a scan; a value of another type than its column is left to SQLite."""
    terms: list[str] = []
    given: list[Any] = []
    is_exact = True
    for condition, value in zip(asked.conditions, values, strict=False):
        term = _term(condition, value, given)
        is_exact = is_exact and term is not None
        terms += [term] if term is not None else []
    text = f'SELECT {", ".join(map(_quoted, asked.columns))} FROM "{table.name}"'
    text += f" WHERE {' AND '.join(terms)}" if terms else ""
    text += f" ORDER BY {asked.order}" if asked.order else ""
    if asked.has_limit and is_exact and isinstance(values[-1], int) and values[-1] >= 0:
        text += f" LIMIT {values[-1]}"
    return text, given


def _term(condition: Condition, value: Any, given: list[Any]) -> str | None:
    column = _quoted(condition.column)
    if condition.operator in WITHOUT_VALUE:
        return f"{column} {condition.operator}"
    fits = int if condition.is_number else str
    if not _fits(value, fits):
        return None
    given.append(value)
    return f"{column} {condition.operator} %s"


def _fits(value: Any, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and "\0" not in value
    return isinstance(value, int)


def _quoted(name: str) -> str:
    return f'"{name}"'

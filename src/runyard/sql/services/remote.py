"""Tables of services: SQLite asks for rows, tells what it wants of them, and checks every row itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from runyard.client.connection import Connection
from runyard.client.errors import ClientError
from runyard.sql.catalog import Catalog, Resource
from runyard.sql.errors import CANCELLED, SqlError
from runyard.sql.results import Value
from runyard.sql.services.asking import Asking, Record
from runyard.sql.services.converting import Unfit, as_type, cell
from runyard.sql.services.fetching import Scan
from runyard.sql.services.pushing import Choice, Condition, Shape, choose, key_of, shape_of
from runyard.sql.services.wishes import is_connection

SQL_TYPES: Mapping[str, str] = {
    "text": "TEXT",
    "bigint": "INTEGER",
    "double": "REAL",
    "boolean": "INTEGER",
    "json": "TEXT",
    "timestamp": "INTEGER",
    "bytes": "BLOB",
}
"""The affinity by which SQLite compares a column: that of the same column over the ledger."""
OF_PARAMETERS: Mapping[str, str] = {"int": "INTEGER", "number": "REAL", "bool": "INTEGER"}
LAST_BIT = 63  # of the columns that are used: it stands for all that follow too


def remote_source(
    database: apsw.Connection,
    name: str,
    *,
    resource: Resource,
    connection: Connection,
    shown: str,
    surroundings: Surroundings,
) -> None:
    """Let a database read a resource of a connection as a table; `shown` is what its column calls the connection.

    The table is there until `forget` is called with its name.
    """
    table = Table(shape=shape_of(resource), connection=connection, shown=shown, surroundings=surroundings)
    module: Any = Module(table)  # without the methods of tables that are created, and of tables behind a table
    database.create_module(name, module, use_bestindex_object=True, eponymous_only=True, read_only=True)


def forget(database: apsw.Connection, name: str) -> None:
    """Take a table away again."""
    database.create_module(name, None)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a statement's tables of services share."""

    catalog: Catalog
    asking: Asking


class Module:
    """What SQLite makes a table of; the names of its methods are SQLite's."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def Connect(self, *_: Any) -> tuple[str, Table]:  # noqa: N802 - see above
        """Return the table with its columns."""
        return self._table.declaration(), self._table


class Table:
    """One resource on one connection."""

    def __init__(self, *, shape: Shape, connection: Connection, shown: str, surroundings: Surroundings) -> None:
        self.shape = shape
        self.connection = connection
        self.shown = shown
        self.surroundings = surroundings
        self._choices: list[Choice] = []

    def declaration(self) -> str:
        """Return its columns as SQLite wants to hear of them."""
        resource = self.shape.resource
        types = {one.name: OF_PARAMETERS.get(one.type, "TEXT") for each in resource.methods for one in each.parameters}
        plain = [f"{_quoted(one.name)} {SQL_TYPES[one.type]}" for one in resource.columns]
        hidden = [f"{_quoted(one)} {types.get(one, 'TEXT')} HIDDEN" for one in self.shape.hidden]
        return f"CREATE TABLE remote ({', '.join([*plain, *hidden])})"

    def BestIndexObject(self, asked: apsw.IndexInfo) -> bool:  # noqa: N802 - SQLite's name
        """Choose how a scan is answered."""
        names = self.shape.names
        choice = choose(
            self.shape,
            [_condition(asked, place, names) for place in range(asked.nConstraint)],
            order=_order(asked, names),
            used=_used(asked, names),
        )
        if choice is None:
            return False
        for number, push in enumerate(choice.pushes, 1):
            asked.set_aConstraintUsage_argvIndex(push.place, number)
            if asked.get_aConstraintUsage_in(push.place):
                asked.set_aConstraintUsage_in(push.place, True)
            # An option is no column of a row: it holds because it was told.
            asked.set_aConstraintUsage_omit(push.place, push.is_option)
        asked.idxNum = len(self._choices)
        asked.idxStr = str(choice)
        asked.estimatedCost = choice.cost
        asked.estimatedRows = 1 if choice.is_by_key else max(int(choice.cost / 10), 1)
        asked.orderByConsumed = choice.is_ordered
        self._choices.append(choice)
        return True

    def Open(self) -> Cursor:  # noqa: N802 - SQLite's name
        """Begin to read."""
        return Cursor(self)

    def choice(self, number: int) -> Choice:
        """Return what was chosen."""
        return self._choices[number]

    def Disconnect(self) -> None:  # noqa: N802 - SQLite's name
        """Nothing is held."""

    Destroy = Disconnect


class Cursor:
    """Reads a table row by row; the names of its methods are SQLite's."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows: Iterator[tuple[Mapping[str, Any], Record]] = iter(())
        self._getters: list[Callable[[Mapping[str, Any], Record], Value]] = _getters(table)
        self._members: Mapping[str, Any] = {}
        self._record: Record | None = None
        self._key = [table.shape.names.index(name) for name in key_of(table.shape.resource)]
        self._equals: dict[int, int] = {}  # of rows without a key: how often one like it has come

    def Filter(self, number: int, _: str | None, values: Sequence[Any] | None) -> None:  # noqa: N802 - SQLite's name
        """Begin a scan."""
        self.Close()
        self._equals.clear()
        scan = Scan(
            resource=self._table.shape.resource,
            connection=self._table.connection,
            catalog=self._table.surroundings.catalog,
            asking=self._table.surroundings.asking,
            choice=self._table.choice(number),
        )
        try:
            self._rows = scan.rows(values or ())
        except ClientError as error:
            raise self._table.surroundings.asking.error(error) from error
        self.Next()

    def Next(self) -> None:  # noqa: N802 - SQLite's name
        """Go on to the next row."""
        asking = self._table.surroundings.asking
        if asking.stop.is_set:
            raise SqlError(CANCELLED, asking.reason)
        try:
            found = next(self._rows, None)
        except ClientError as error:
            raise self._table.surroundings.asking.error(error) from error
        self._members, self._record = found if found is not None else ({}, None)
        self._rowid: int | None = None

    def Eof(self) -> bool:  # noqa: N802 - SQLite's name
        """Whether no row is left."""
        return self._record is None

    def Column(self, number: int) -> Value:  # noqa: N802 - SQLite's name
        """Return a column of the row."""
        if number < 0 or self._record is None:
            return self.Rowid()
        return self._getters[number](self._members, self._record)

    def Rowid(self) -> int:  # noqa: N802 - SQLite's name
        """Return the number of the row: the same in every scan, by which SQLite knows it again when it reads OR."""
        if self._rowid is None:
            self._rowid = self._identity()
        return self._rowid

    def _identity(self) -> int:
        key = [self.Column(number) for number in self._key]
        if key and None not in key:
            return key[0] if len(key) == 1 and isinstance(key[0], int) else _number(key)
        number = _number([self._members, self._record])
        count = self._equals[number] = self._equals.get(number, -1) + 1
        return number if count == 0 else _number([number, count])

    def Close(self) -> None:  # noqa: N802 - SQLite's name
        """End reading."""
        close = getattr(self._rows, "close", None)
        if close is not None:
            close()
        self._rows = iter(())


def _getters(table: Table) -> list[Callable[[Mapping[str, Any], Record], Value]]:
    shape = table.shape
    parameters = {one.name: one.type for each in shape.resource.methods for one in each.parameters}
    getters: list[Callable[[Mapping[str, Any], Record], Value]] = []
    for name in shape.names:
        column = shape.column(name)
        if is_connection(shape.resource, name):
            getters.append(_constant(table.shown))
        elif column is not None:
            getters.append(_member(column.name, column.type))
        else:
            getters.append(_told(name, parameters.get(name, "string")))
    return getters


def _constant(value: str) -> Callable[[Mapping[str, Any], Record], Value]:
    return lambda _, __: value


def _member(name: str, kind: str) -> Callable[[Mapping[str, Any], Record], Value]:
    """A column is what the record tells; what it was asked by, a service often leaves out."""
    return lambda members, record: cell(kind, record[name] if name in record else members.get(name))


def _told(name: str, kind: str) -> Callable[[Mapping[str, Any], Record], Value]:
    """A parameter is what it was told."""

    def get(members: Mapping[str, Any], _: Record) -> Value:
        value = members.get(name)
        try:
            return int(value) if isinstance(value, bool) else as_type(kind, value)
        except Unfit:
            return None

    return get


def _condition(asked: apsw.IndexInfo, place: int, names: Sequence[str]) -> Condition:
    column = asked.get_aConstraint_iColumn(place)
    operator = asked.get_aConstraint_op(place)
    return Condition(
        place=place,
        name=names[column] if 0 <= column < len(names) else "",
        operator=operator,
        is_usable=asked.get_aConstraint_usable(place),
        is_exact=asked.get_aConstraint_collation(place) == "BINARY",
        is_many=asked.get_aConstraintUsage_in(place),
    )


def _order(asked: apsw.IndexInfo, names: Sequence[str]) -> tuple[str, bool] | None:
    if asked.nOrderBy != 1 or not 0 <= asked.get_aOrderBy_iColumn(0) < len(names):
        return None
    return names[asked.get_aOrderBy_iColumn(0)], asked.get_aOrderBy_desc(0)


def _used(asked: apsw.IndexInfo, names: Sequence[str]) -> frozenset[str]:
    numbers = asked.colUsed
    return frozenset(name.lower() for number, name in enumerate(names) if min(number, LAST_BIT) in numbers)


def _number(value: Any) -> int:
    """Return a number of 63 bits that stands for a value, and in practice for no other."""
    text = json.dumps(value, sort_keys=True, default=str).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) >> 1


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

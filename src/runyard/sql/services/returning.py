"""The rows of what was carried out: answers as they are, or as RETURNING wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import apsw
from sqlglot import exp

from runyard.sql.callables.functions import register
from runyard.sql.catalog import Resource
from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.results import Heading, Result, Row
from runyard.sql.services.converting import cell, kind_of

Record = Mapping[str, Any]
Tag = Callable[[int], str]


def answered(records: Sequence[Record], *, resource: Resource, tag: Tag, notices: list[str]) -> Result:
    """Return answers as rows, with a column for each member that one of them has."""
    headings = _headings(records, resource)
    return Result(headings=headings, rows=iter(_rows(records, headings)), tag=tag, notices=notices)


def returned(
    records: Sequence[Record], wanted: Sequence[exp.Expression], *, resource: Resource, tag: Tag, notices: list[str]
) -> Result:
    """Return what RETURNING says of each answer; a member that no answer has is NULL, for the calls were made."""
    headings = list(_headings(records, resource))
    known = {one.name.lower() for one in headings}
    for name in _asked(wanted):
        if name.lower() not in known:
            column = resource.column(name)
            headings.append(Heading(name=name, type=column.type if column else "text"))
            known.add(name.lower())
    rows = _evaluated(wanted, headings, _rows(records, headings))
    types = {one.name.lower(): one.type for one in headings}
    shown = [_heading(one, types) for one in _spread(wanted, headings)]
    return Result(headings=shown, rows=iter(rows), tag=tag, notices=notices)


def check_returning(wanted: Sequence[exp.Expression]) -> None:
    """Refuse what could not be told, before anything is carried out."""
    _evaluated(wanted, [Heading(name=name) for name in dict.fromkeys(map(str.lower, _asked(wanted)))], [])


def _evaluated(wanted: Sequence[exp.Expression], headings: Sequence[Heading], rows: Sequence[Row]) -> list[Row]:
    database = apsw.Connection(":memory:")
    register(database)
    columns = ", ".join(exp.to_identifier(one.name, quoted=True).sql() for one in headings) or '"nothing"'
    database.execute(f"CREATE TABLE answer ({columns})")
    places = ", ".join("?" for _ in headings) or "NULL"
    database.executemany(f"INSERT INTO answer VALUES ({places})", rows)  # noqa: S608 - marks
    tree = exp.Select(expressions=[one.copy() for one in wanted]).from_("answer")
    for one in tree.find_all(exp.Column):
        one.set("table", None)
        if isinstance(one.this, exp.Identifier):
            one.this.set("quoted", True)
    try:
        return database.execute(LANGUAGE.generate(tree)).fetchall()
    except apsw.Error as error:
        raise SqlError(SYNTAX_ERROR, f"What RETURNING asks cannot be told: {error}.") from error


def _spread(wanted: Iterable[exp.Expression], headings: Iterable[Heading]) -> Iterable[exp.Expression]:
    for one in wanted:
        if isinstance(one, exp.Star):
            yield from (exp.column(heading.name) for heading in headings)
        else:
            yield one


def _heading(one: exp.Expression, types: Mapping[str, str]) -> Heading:
    inner = one.unalias()
    kind = types.get(inner.name.lower(), "text") if isinstance(inner, exp.Column) else "text"
    return Heading(name=one.alias_or_name or one.sql(), type=kind)


def _asked(wanted: Iterable[exp.Expression]) -> Iterable[str]:
    return (
        column.name for one in wanted for column in one.find_all(exp.Column) if not isinstance(column.this, exp.Star)
    )


def _headings(records: Iterable[Record], resource: Resource) -> list[Heading]:
    kinds: dict[str, str] = {}
    for record in records:
        for name, value in record.items():
            column = resource.column(name)
            kind = column.type if column else kind_of(value)
            if kinds.setdefault(name, kind) != kind:
                kinds[name] = "json" if "json" in (kind, kinds[name]) else "text"
    places = {one.name: place for place, one in enumerate(resource.columns)}
    known = sorted((name for name in kinds if name), key=lambda name: places.get(name, len(places)))
    return [Heading(name=name, type=kinds[name]) for name in known]


def _rows(records: Iterable[Record], headings: Sequence[Heading]) -> list[Row]:
    return [tuple(cell(one.type, record.get(one.name)) for one in headings) for record in records]

"""What a statement that changes something asks for: which method, and what each call of it is told."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from runyard.sql.catalog import Method, Parameter, Resource
from runyard.sql.errors import INVALID_PARAMETER, SYNTAX_ERROR, SqlError
from runyard.sql.results import Result, Row
from runyard.sql.services.converting import argument

Query = Callable[[exp.Expression], Result]
Given = Mapping[str, Any]

PREFIX = "data__"  # what StackQL's older provider writes before the members of a body
SCALARS = frozenset({"int", "number", "bool", "string"})
"""Types of parameters that a column's value may be given to."""
ALSO_CONNECTIONS: Mapping[str, tuple[str, ...]] = {"aws": ("account",)}
"""What else than its column names a connection, by the protocol of a resource."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One call that is to be made."""

    method: Method
    connection: str | None  # its name; None: the default
    members: Mapping[str, Any]  # typed, by the names that the service knows

    @property
    def key(self) -> str:
        """What tells it from its siblings, for messages."""
        named = [f"{name}={self.members[name]!r}" for name in self.method.required if name in self.members]
        return ", ".join(named) or self.method.name


def wish(resource: Resource, methods: Sequence[Method], given: Given, *, verb: str) -> Wish:
    """Return the call for what is given: of the first method whose required parameters are all there."""
    connection, rest = _split(resource, given)
    method = _chosen(resource, methods, rest, verb=verb)
    members: dict[str, Any] = {}
    for name, value in rest.items():
        parameter = meant(method, name)
        if parameter is None:
            raise SqlError(
                INVALID_PARAMETER,
                f"{resource.path}.{method.name} has no parameter {name!r}; "
                f"it has {', '.join(one.name for one in method.parameters) or 'none'}.",
            )
        typed = argument(parameter, value, place=f"{resource.path}.{method.name}")
        if typed is not None:
            members[parameter.name] = typed
    _check_required(resource, method, members)
    return Wish(method=method, connection=connection, members=members)


def check_verb(resource: Resource, methods: Sequence[Method], verb: str) -> None:
    """Refuse a verb that a resource has no method for."""
    if not methods:
        verbs = ", ".join(dict.fromkeys(one.verb for one in resource.methods)) or "nothing"
        raise SqlError(
            INVALID_PARAMETER, f"{resource.path} has no method for {verb.upper()}; it has methods for {verbs}."
        )


def is_connection(resource: Resource, name: str) -> bool:
    """Whether a name stands for a connection."""
    protocol = resource.methods[0].wire.protocol if resource.methods else ""
    return name.lower() in {resource.connection.lower(), *ALSO_CONNECTIONS.get(protocol, ())} - {""}


def _split(resource: Resource, given: Given) -> tuple[str | None, Given]:
    named = [value for name, value in given.items() if is_connection(resource, name) and value is not None]
    rest = {name: value for name, value in given.items() if not is_connection(resource, name)}
    if len({str(one) for one in named}) > 1:
        raise SqlError(INVALID_PARAMETER, f"{resource.path}: {named[0]!r} and {named[1]!r} name two connections.")
    return (str(named[0]) if named else None), rest


def _chosen(resource: Resource, methods: Sequence[Method], given: Given, *, verb: str) -> Method:
    check_verb(resource, methods, verb)
    able = [one for one in methods if not _missing(one, given)]
    fitting = [one for one in able if not _unknown(one, given)]
    if fitting or able:
        return (fitting or able)[0]
    needs = "; ".join(f"{one.name} needs {', '.join(_missing(one, given))}" for one in methods)
    raise SqlError(
        INVALID_PARAMETER,
        f"{resource.path}: required parameters are missing: {needs}. SHOW METHODS IN {resource.path} lists them all.",
    )


def _missing(method: Method, given: Given) -> list[str]:
    named = {found.name for name in given if (found := meant(method, name)) is not None}
    return [name for name in method.required if name not in named]


def _unknown(method: Method, given: Given) -> list[str]:
    return [name for name in given if meant(method, name) is None]


def meant(method: Method, name: str) -> Parameter | None:
    """Return the parameter that a name means: its own, the same behind `data__`, or that of the column it asks for."""
    lower = name.lower()
    known = {one.column.lower(): one for one in method.parameters if one.column and one.type in SCALARS}
    known |= {one.name.lower(): one for one in method.parameters}
    return known.get(lower) or known.get(lower.removeprefix(PREFIX))


def _check_required(resource: Resource, method: Method, members: Given) -> None:
    absent = [name for name in method.required if name not in members]
    if absent:
        place = f"{resource.path}.{method.name}"
        raise SqlError(INVALID_PARAMETER, f"{place}: {', '.join(absent)} must not be NULL.")


# what WHERE says


def conditions(
    resource: Resource, methods: Sequence[Method], where: exp.Expression | None, query: Query
) -> Iterable[Given] | None:
    """Return what WHERE gives each call, if it only names values of parameters; None if rows must be looked for."""
    values: dict[str, list[Any]] = {}
    for part in where.flatten() if isinstance(where, exp.And) else filter(None, [where]):
        found = _equality(part.unnest())
        if found is None or not _is_parameter(resource, methods, found[0]):
            return None
        name, trees = found
        got = [row[0] for tree in trees for row in query(tree).rows]
        known = next((one for one in values if one.lower() == name.lower()), name)
        values[known] = [one for one in values[known] if one in got] if known in values else list(dict.fromkeys(got))
    return (dict(zip(values, one, strict=True)) for one in itertools.product(*values.values()))


def _is_parameter(resource: Resource, methods: Sequence[Method], name: str) -> bool:
    return is_connection(resource, name) or any(meant(one, name) is not None for one in methods)


def _equality(part: exp.Expr) -> tuple[str, list[exp.Expression]] | None:
    """Return a column and the queries of its values, of `c = v`, `v = c` or `c IN (…)`."""
    if isinstance(part, exp.EQ):
        for one, other in ((part.left, part.right), (part.right, part.left)):
            if isinstance(one, exp.Column) and not list(other.find_all(exp.Column)):
                return one.name, [exp.Select(expressions=[other.copy()])]
    if isinstance(part, exp.In) and isinstance(part.this, exp.Column):
        if part.args.get("query") is not None:
            return part.this.name, [part.args["query"].unnest().copy()]
        values = part.expressions
        if not any(list(one.find_all(exp.Column)) for one in values):
            return part.this.name, [exp.Select(expressions=[one.copy()]) for one in values]
    return None


def keys_of(resource: Resource, written: Sequence[str], where: exp.Expression, methods: Sequence[Method]) -> exp.Select:
    """Return the query of the rows that WHERE means, by what a method must be told of each."""
    for method in methods:
        columns = [column_of(resource, one) for one in method.parameters if one.is_required]
        if columns and all(columns):
            named = [*(one for one in columns if one), *filter(None, [resource.connection])]
            selected = [exp.column(exp.to_identifier(one, quoted=True)) for one in dict.fromkeys(named)]
            return exp.Select(expressions=selected, distinct=exp.Distinct()).from_(_table(written)).where(where.copy())
    raise SqlError(
        SYNTAX_ERROR, f"{resource.path} is changed by parameters only; name them in WHERE by = or IN, joined by AND."
    )


def column_of(resource: Resource, parameter: Parameter) -> str | None:
    """Return the column that holds what a parameter asks for."""
    found = resource.column(parameter.column or parameter.name) if parameter.type in SCALARS else None
    return found.name if found is not None else None


def _table(written: Sequence[str]) -> exp.Table:
    parts = [exp.to_identifier(one, quoted=True) for one in written]
    *above, last = parts
    table = exp.Table(this=last)
    for place, part in zip(("db", "catalog"), reversed(above), strict=False):
        table.set(place, part)
    return table


def rows_given(names: Sequence[str], rows: Iterable[Row]) -> Iterator[Given]:
    """Return what each row gives by the names of its columns."""
    for row in rows:
        if len(row) != len(names):
            raise SqlError(SYNTAX_ERROR, f"{len(names)} columns are named, and a row has {len(row)} values.")
        yield dict(zip(names, row, strict=True))

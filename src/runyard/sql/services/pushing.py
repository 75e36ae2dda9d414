"""Which method of a resource answers a scan, and what of the conditions and the order it can be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runyard.sql.catalog import Column, Method, Parameter, Resource
from runyard.sql.errors import INVALID_PARAMETER, SqlError
from runyard.sql.services.wishes import SCALARS, is_connection

EQUAL, ABOVE, AT_MOST, BELOW, AT_LEAST = 2, 4, 8, 16, 32  # SQLITE_INDEX_CONSTRAINT_EQ, GT, LE, LT, GE
LIMITS = frozenset({73, 74})  # SQLITE_INDEX_CONSTRAINT_LIMIT, OFFSET
BOUNDS: Mapping[int, str] = {ABOVE: "_from", AT_LEAST: "_from", BELOW: "_to", AT_MOST: "_to"}
"""What a parameter for a bound of a column is called behind the column's name; services take both as included."""
OF_PAGES = frozenset({"limit", "offset", "page_token", "nexttoken", "maxresults", "page_size"})
"""Parameters that would cut a list: paging is ours."""
NEWEST_FIRST: Mapping[str, str] = {"listJobRuns": "start_time"}
"""Operation to the column by which it lists, the largest first."""
PARENTS: Mapping[str, tuple[str, str]] = {
    "JobName": ("jobs", "Name"),
    "job_id": ("jobs", "job_id"),
    "run_id": ("job_runs", "run_id"),
    "cluster_id": ("clusters", "cluster_id"),
    "scope": ("secret_scopes", "name"),
}
"""A required parameter that nobody names to the resource beside it whose rows have its values, and their column."""
BY_KEY, LISTED, BY_PARENTS = 100.0, 100_000.0, 1_000_000.0  # what SQLite should think a scan costs


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What SQLite offers: a column compared with a value that it will tell."""

    place: int  # of its constraint
    name: str
    operator: int
    is_usable: bool = True
    is_exact: bool = True  # compared byte by byte
    is_many: bool = False  # IN


@dataclass(frozen=True, kw_only=True)
class Push:
    """A parameter that gets the value, or one after the other all values, of a condition."""

    place: int
    parameter: Parameter
    is_option: bool = False  # no column of the rows: only the service knows what it means


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a scan is answered."""

    method: Method
    pushes: tuple[Push, ...]
    parents: tuple[Parameter, ...] = ()  # required, and to be looked up in the resources that have them
    is_ordered: bool = False
    used: frozenset[str] = frozenset()  # columns that are looked at, in lower case

    @property
    def is_by_key(self) -> bool:
        """Whether it asks for what has a certain name."""
        return bool(self.method.required) and not self.parents

    @property
    def cost(self) -> float:
        """What SQLite should think it costs."""
        if self.is_by_key:
            return BY_KEY
        most = BY_PARENTS if self.parents else LISTED
        return float(most / 4 ** len(self.pushes))

    def __str__(self) -> str:
        """What EXPLAIN QUERY PLAN shows."""
        told = [one.parameter.name for one in self.pushes]
        of = [f"{one.name} of each of {PARENTS[one.name][0]}" for one in self.parents]
        order = ", newest first" if self.is_ordered else ""
        return f"{self.method.wire.operation}({', '.join([*told, *of])}){order}"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The columns of a table of a service: those of the resource, then hidden the connection and the parameters."""

    resource: Resource
    hidden: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in their order."""
        return (*(one.name for one in self.resource.columns), *self.hidden)

    def column(self, name: str) -> Column | None:
        """A column that a record has."""
        return self.resource.column(name)


def key_of(resource: Resource) -> tuple[str, ...]:
    """Return the columns that tell rows apart: those of what the most exact method must be told; none if none is."""
    names: tuple[str, ...] = ()
    for method in resource.of_verb("select"):
        needed = [one for one in method.parameters if one.is_required]
        columns = [found.name for one in needed if (found := resource.column(one.column or one.name)) is not None]
        if _gives_one(method) and len(columns) == len(needed) > len(names):
            names = tuple(columns)
    return names


def _gives_one(method: Method) -> bool:
    wire = method.wire
    of_aws = wire.protocol == "aws" and wire.token is None and wire.operation.startswith("Get")
    return not wire.rows or of_aws


def shape_of(resource: Resource) -> Shape:
    """Return the columns of a resource's table."""
    known = {one.name.lower() for one in resource.columns}
    hidden: dict[str, str] = {}
    if resource.connection and resource.connection.lower() not in known:
        hidden[resource.connection.lower()] = resource.connection
    for method in resource.of_verb("select"):
        for one in method.parameters:
            lower = one.name.lower()
            if lower not in known and lower not in OF_PAGES and not _is_bound(one.name, known):
                hidden.setdefault(lower, one.name)
    return Shape(resource=resource, hidden=tuple(hidden.values()))


def choose(
    shape: Shape, conditions: Sequence[Condition], *, order: tuple[str, bool] | None, used: frozenset[str]
) -> Choice | None:
    """Return how a scan is best answered; None if it cannot be, because other tables must come first."""
    resource = shape.resource
    options = {one.lower() for one in shape.hidden if not is_connection(resource, one)}
    asked = [one for one in conditions if one.name.lower() in options and one.operator not in LIMITS]
    for one in asked:
        if one.operator != EQUAL:
            raise SqlError(INVALID_PARAMETER, f"{one.name} is a parameter of {resource.path}: compare it by = or IN.")
        if not one.is_usable:
            return None
    able = [
        choice
        for method in resource.of_verb("select")
        if {one.name.lower() for one in asked} <= {one.name.lower() for one in method.parameters}
        and (choice := _choice(shape, method, conditions, order=order, used=used))
    ]
    if able:
        return min(able, key=lambda one: one.cost)
    named = ", ".join(sorted({one.name for one in asked})) or "nothing"
    raise SqlError(
        INVALID_PARAMETER,
        f"No method of {resource.path} can be asked with {named} alone; SHOW METHODS IN {resource.path} lists what "
        f"each needs.",
    )


def _choice(
    shape: Shape,
    method: Method,
    conditions: Sequence[Condition],
    *,
    order: tuple[str, bool] | None,
    used: frozenset[str],
) -> Choice | None:
    pushes = tuple(_pushes(shape, method, conditions))
    named = {one.parameter.name for one in pushes}
    missing = [one for one in method.parameters if one.is_required and one.name not in named]
    if any(one.name not in PARENTS or PARENTS[one.name][0] == shape.resource.name for one in missing):
        return None
    by = NEWEST_FIRST.get(method.wire.operation)
    return Choice(
        method=method,
        pushes=pushes,
        parents=tuple(missing),
        is_ordered=by is not None and order is not None and order == (by, True) and not missing,
        used=used,
    )


def _pushes(shape: Shape, method: Method, conditions: Sequence[Condition]) -> Iterator[Push]:
    plain, behind = _askable(method)
    taken: set[str] = set()
    for one in conditions:
        lower = one.name.lower()
        if not one.is_usable or one.operator not in (EQUAL, *BOUNDS) or is_connection(shape.resource, lower):
            continue
        is_bound = one.operator != EQUAL
        parameter = plain.get(lower + BOUNDS[one.operator]) if is_bound else behind.get(lower) or plain.get(lower)
        if parameter is None or parameter.name in taken or not (one.is_exact or parameter.type != "string"):
            continue
        taken.add(parameter.name)
        is_option = not is_bound and shape.column(one.name) is None
        yield Push(place=one.place, parameter=parameter, is_option=is_option)


def _askable(method: Method) -> tuple[Mapping[str, Parameter], Mapping[str, Parameter]]:
    """Return the parameters that a value may be given to, by their names and by the columns that hold their values."""
    known = [one for one in method.parameters if one.type in SCALARS and one.name.lower() not in OF_PAGES]
    return {one.name.lower(): one for one in known}, {one.column.lower(): one for one in known if one.column}


def _is_bound(name: str, columns: set[str]) -> bool:
    return any(name.lower().removesuffix(end) in columns for end in BOUNDS.values() if name.lower().endswith(end))

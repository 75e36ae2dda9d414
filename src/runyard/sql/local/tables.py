"""What a local table is: columns as SQL over the ledger's own rows, and what the planner may know of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from runyard.core.run import Outcome, State
from runyard.sql.local.words import Words

AFFINITIES: Mapping[str, str] = {
    "text": "TEXT",
    "bigint": "INTEGER",
    "double": "REAL",
    "boolean": "INTEGER",
    "json": "TEXT",
    "timestamp": "INTEGER",
    "bytes": "BLOB",
}
"""What SQLite calls the types of columns."""
_BARE = re.compile(r'\w+\.(?:\w+|"(?:[^"]|"")*")')  # a column of a table already is of its type
HALVES = frozenset({"state", "outcome"})  # of a phase, as the ledger calls them
COUNT = "#count"
"""The column that says how many rows of the ledger a row stands for, where rows are counted beneath."""
HERE = ":here"
"""Where a table's SQL says by which name this server was asked for."""


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """Which hidden column holds the number that a spelled id stands for, and the SQL function that reads it back."""

    number: str
    function: str


@dataclass(frozen=True, kw_only=True)
class LocalColumn:
    """One column of a local table; a hidden one is there for who names it, and never in `*`."""

    name: str
    type: str = "text"  # one of results.TYPES
    is_hidden: bool = False
    members: Mapping[str, str] = field(default_factory=dict)  # of a document: JSON path to the column that holds it
    words: Words | None = None  # the column tells a phase in these
    spelling: Spelling | None = None
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a table's rows are read for."""

    is_summed: bool = False  # equal ones come once, with their count
    is_cut: bool = False  # only the first ones are wanted, in some order
    counts_phases: bool = False  # the database counts ranges of an index faster than it groups them


@dataclass(frozen=True, kw_only=True)
class Branch:
    """Where rows come from, and what each column is of them; a table is the union of its branches."""

    source: str  # FROM … WHERE …
    values: Mapping[str, str]  # name of a column in lower case to SQL
    covered: frozenset[str] = frozenset()  # columns that an index holds …
    covered_source: str = ""  # … and the source that lets the database use it
    by_phase: frozenset[str] = frozenset()  # columns of conditions on phases, for which that index finds the rows …
    phased: str = ""  # … if the source says so too
    of_index: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the index's own, by columns made of them

    def scan(self, columns: Sequence[LocalColumn], *, is_cut: bool = False) -> str:
        """Return the query that gives these columns; where only the first rows are wanted, in an order of theirs."""
        names = {one.name.lower() for one in columns}
        source = self.source
        if self.covered_source and names <= self.covered:
            source = self.covered_source
        elif self.phased and names & self.by_phase and not is_cut:
            source += self.phased
        shown = ", ".join(f"{_typed(self.values[one.name.lower()], one)} AS {quoted(one.name)}" for one in columns)
        return f"SELECT {shown or '1'} {source}"

    def summed(self, columns: Sequence[LocalColumn], *, counts_phases: bool = False) -> str:
        """Return the query that gives every combination of these columns' values with how often it comes.

        Where phases may be counted one by one, that is done if no condition leaves but some of them: a range of an
        index is counted in two thirds of the time in which it is grouped.
        """
        if not self.of_index:  # few rows: each counts for itself
            alone = replace(self, values={**self.values, COUNT: "1"})
            return alone.scan(columns)
        own = dict.fromkeys(part for one in columns for part in self.of_index.get(one.name.lower(), ()))
        if counts_phases and set(own) == HALVES and not self.by_phase & {one.name.lower() for one in columns}:
            source = f"FROM {_each_phase(self.covered_source)} AS r"
            return Branch(source=source, values={**self.values, COUNT: "r.n"}).scan(columns)
        group = f" GROUP BY {', '.join(f'r.{name}' for name in own)}" if own else ""
        counted = ", ".join([*(f"r.{name}" for name in own), "count(*) AS n"])
        source = f"FROM (SELECT {counted} {self.covered_source}{group}) AS r"
        return Branch(source=source, values={**self.values, COUNT: "r.n"}).scan(columns)


@dataclass(frozen=True, kw_only=True)
class LocalTable:
    """A table over the ledger. `:workspace` and `:url` in its SQL are the session's."""

    path: str  # provider.service.resource
    columns: tuple[LocalColumn, ...]
    branches: tuple[Branch, ...]
    variants: Mapping[str, LocalTable] = field(default_factory=dict)  # what serves `column = …` instead, by column
    ended: str = ""  # the hidden column that tells whether a run has ended, for AWAIT
    description: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, LocalColumn]:
        """Its columns by their names in lower case."""
        return {one.name.lower(): one for one in self.columns}

    @property
    def shown(self) -> tuple[LocalColumn, ...]:
        """The columns of `*`."""
        return tuple(one for one in self.columns if not one.is_hidden)

    @cached_property
    def summed(self) -> frozenset[str]:
        """The columns by which its rows may be counted beneath, in lower case; none if that gains nothing."""
        return frozenset(self.branches[0].of_index)

    def scan(self, names: Collection[str], *, here: str = "local", reading: Reading | None = None) -> str:
        """Return a query that gives the columns of these names (in lower case), and computes no other.

        `here` is the name by which this server was asked for.
        """
        how = reading or Reading()
        columns = [one for one in self.columns if one.name.lower() in names]
        columns += [LocalColumn(name=COUNT, type="bigint")] if how.is_summed else []
        scans = (
            branch.summed(columns, counts_phases=how.counts_phases)
            if how.is_summed
            else branch.scan(columns, is_cut=how.is_cut)
            for branch in self.branches
        )
        return " UNION ALL ".join(scans).replace(HERE, literal(here))


def _each_phase(source: str) -> str:
    """Return a query that counts the runs of a source in every phase; phases without any are left out."""
    alive = ", ".join(f"('{one}', NULL)" for one in State if one is not State.ENDED)
    ended = ", ".join(f"('{State.ENDED}', '{one}')" for one in Outcome)
    return (
        f"(WITH phase (state, outcome) AS (VALUES {alive}, {ended}), counted AS MATERIALIZED ("
        f"SELECT phase.state, phase.outcome, CASE WHEN phase.outcome IS NULL "
        f"THEN (SELECT count(*) {source} AND r.state = phase.state) "
        f"ELSE (SELECT count(*) {source} AND r.state = phase.state AND r.outcome = phase.outcome) END AS n FROM phase) "
        "SELECT state, outcome, n FROM counted WHERE n > 0)"
    )


def _typed(sql: str, column: LocalColumn) -> str:
    """Return a column's SQL so that it compares as a column of its type does: `job_id = '11'` finds job 11."""
    return sql if _BARE.fullmatch(sql) else f"CAST({sql} AS {AFFINITIES[column.type]})"


def quoted(name: str) -> str:
    """Write an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write a string."""
    return "'" + text.replace("'", "''") + "'"

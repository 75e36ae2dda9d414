"""Tables, views of every kind and reflections of them by chance.

Floating-point numbers are multiples of a quarter, so that their sums are the same in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from dremio_reflections import Mirrors

from runyard.runtime.dremio_sql.errors import DremioError

Columns = dict[str, str]
TYPES: Columns = {
    "i": "INTEGER", "n": "BIGINT", "m": "DECIMAL(12,2)", "g": "VARCHAR", '"Odd Name"': "VARCHAR", "b": "BOOLEAN",
    "d": "DATE", "ts": "TIMESTAMP", "f": "DOUBLE", "held0": "INTEGER",
}  # fmt: skip
"""The columns of the table `lake.t`; the last has the name that a careless rewriting gives its own."""
CONSTANTS = {
    "VARCHAR": ["'x'", "'X'", "'x '", "''", "'é'", "'xy'"],
    "BOOLEAN": ["TRUE", "FALSE"],
    "DATE": ["DATE '2024-01-31'", "DATE '2024-02-01'", "DATE '2024-02-29'", "DATE '2023-12-31'"],
    "TIMESTAMP": [
        f"TIMESTAMP '{day} {time}'"
        for day in ("2024-01-31", "2024-02-01")
        for time in ("00:00:00", "00:00:00.001", "12:30:00", "23:59:59.999")
    ],
    "DOUBLE": ["0e0", "-0e0", "0.25e0", "-1.5e0", "3e0"],
    "INTEGER": ["0", "1", "2", "3", "-1", "7"],
    "BIGINT": ["0", "1", "2", "4611686018427387904", "-5"],
    "DECIMAL": ["0.00", "1.25", "-2.50", "99999.99"],
}
NUMBERS = ("INTEGER", "BIGINT", "DECIMAL", "DOUBLE")
OPERATORS = ("=", "<>", "<", "<=", ">", ">=")
WAYS: dict[str, list[tuple[str, str]]] = {
    "VARCHAR": [
        ("UPPER({0})", "VARCHAR"), ("CHAR_LENGTH({0})", "INTEGER"), ("COALESCE({0}, 'none')", "VARCHAR"),
        ("{0} || '!'", "VARCHAR"), ("TRIM({0})", "VARCHAR"), ("NULLIF({0}, 'x')", "VARCHAR"),
    ],
    "INTEGER": [
        ("{0} + 1", "INTEGER"), ("{0} % 2", "INTEGER"), ("CASE WHEN {0} > 1 THEN 'many' ELSE 'few' END", "VARCHAR"),
        ("CAST({0} AS VARCHAR)", "VARCHAR"), ("CAST({0} AS BIGINT)", "BIGINT"), ("CAST({0} AS DOUBLE)", "DOUBLE"),
        ("{0} / 2", "INTEGER"), ("-{0}", "INTEGER"),
    ],
    "BIGINT": [("{0} % 3", "BIGINT"), ("CAST({0} AS VARCHAR)", "VARCHAR")],
    "DECIMAL": [("CAST({0} AS INTEGER)", "INTEGER"), ("ROUND({0})", "DECIMAL"), ("ABS({0})", "DECIMAL")],
    "DOUBLE": [("CAST({0} AS VARCHAR)", "VARCHAR"), ("{0} * 2", "DOUBLE"), ("SIGN({0})", "DOUBLE")],
    "BOOLEAN": [("NOT {0}", "BOOLEAN"), ("COALESCE({0}, FALSE)", "BOOLEAN"), ("{0} IS TRUE", "BOOLEAN")],
    "DATE": [
        ("DATE_TRUNC('MONTH', {0})", "DATE"), ("EXTRACT(DAY FROM {0})", "BIGINT"), ("YEAR({0})", "BIGINT"),
        ("CAST({0} AS TIMESTAMP)", "TIMESTAMP"), ("LAST_DAY({0})", "DATE"), ("DATE_ADD({0}, 1)", "DATE"),
    ],
    "TIMESTAMP": [
        ("CAST({0} AS DATE)", "DATE"), ("DATE_TRUNC('MONTH', {0})", "TIMESTAMP"), ("EXTRACT(YEAR FROM {0})", "BIGINT"),
        ("DATE_TRUNC('DAY', {0})", "TIMESTAMP"), ("EXTRACT(HOUR FROM {0})", "BIGINT"), ("MONTH({0})", "BIGINT"),
        ("DATE_TRUNC('HOUR', {0})", "TIMESTAMP"), ("DAYOFWEEK({0})", "BIGINT"), ("QUARTER({0})", "BIGINT"),
        ("EXTRACT(DOY FROM {0})", "BIGINT"), ("TO_CHAR({0}, 'YYYY-MM-DD')", "VARCHAR"),
        ("DATE_PART('WEEK', {0})", "BIGINT"), ("LAST_DAY({0})", "DATE"),
        ("CAST(CAST({0} AS DATE) AS VARCHAR)", "VARCHAR"),
    ],
}  # fmt: skip
FIXED = {
    "flat": "SELECT i, g, FLATTEN(parts) AS part FROM lake.l",
    "several": "SELECT l.i, p.part FROM lake.l AS l, LATERAL (SELECT FLATTEN(l.parts) AS part) AS p",
    "outer_one": "SELECT t.*, u.w, u.k FROM lake.t AS t LEFT JOIN lake.u AS u ON t.i = u.k",
    "full_one": "SELECT t.i, g, m, w, k FROM lake.t AS t FULL JOIN lake.u AS u ON t.i = u.k AND w IS NOT NULL",
    "twice": "SELECT a.i, a.g, b.m, b.d FROM lake.t AS a JOIN lake.t AS b ON a.i = b.i",
    "united": "SELECT i, g, m FROM lake.t WHERE i > 1 UNION ALL SELECT i, g, m FROM lake.t WHERE g = 'x'",
    "united_once": "SELECT i, g FROM lake.t UNION SELECT k, w FROM lake.u",
    "top": "SELECT * FROM lake.t ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, CAST(f AS VARCHAR), 9, 10 LIMIT 5",
    "ordered": "SELECT i, g, d, ts, m FROM lake.t ORDER BY g",
    "grouped": "SELECT g, d, SUM(m) AS m, COUNT(*) AS n, MAX(ts) AS ts FROM lake.t GROUP BY g, d",
    "having": "SELECT g, COUNT(*) AS n FROM lake.t GROUP BY g HAVING COUNT(*) > 1",
    "once": "SELECT DISTINCT g, i, CAST(ts AS DATE) AS d FROM lake.t",
    "with_one": "WITH w AS (SELECT i, g, m FROM lake.t WHERE i > 0) SELECT g, i, m FROM w",
    "beside": "SELECT i, g, (SELECT MAX(k) FROM lake.u) AS k, EXISTS (SELECT 1 FROM lake.t AS o WHERE o.i > a.i) AS b "
    "FROM lake.t AS a",
    "within": "SELECT i, g, m FROM lake.t WHERE i IN (SELECT k FROM lake.u)",
    "ranked": "SELECT i, g, m, RANK() OVER (PARTITION BY g ORDER BY m) AS n FROM lake.t",
    "swapped": 'SELECT i AS held0, held0 AS i, g AS "Odd Name", "Odd Name" AS g, m, d AS ts, ts AS d FROM lake.t',
    "renamed": "SELECT q.a AS g, b AS i, c AS m FROM (SELECT g, i, m FROM lake.t WHERE m IS NOT NULL) AS q(a, b, c)",
    "called": "SELECT lake.marked(g) AS g, i, m, d, ts FROM lake.t WHERE lake.marked(g) <> 'x!'",
    "never": "SELECT i, g, m, d, ts FROM lake.t WHERE i > 1 AND i < 1",
}  # fmt: skip


@dataclass
class World:
    """Tables and views, and which of them have reflections."""

    yard: Mirrors
    random: Random
    datasets: dict[str, Columns] = field(default_factory=dict)
    made: dict[str, tuple[str, dict[str, list[Any]]]] = field(default_factory=dict)

    # the world

    def build(self) -> None:
        """Make tables, the views that are always there, and some by chance."""
        self._table("t", self.random.choice([0, 1, 10, 40, 40]))
        self._table("e", 0)
        self.yard.run(
            "CREATE TABLE lake.u AS SELECT * "
            "FROM (VALUES (1, 'x'), (2, 'X'), (2, ''), (5, NULL), (NULL, 'x')) AS r(k, w)"
        )
        self.yard.run(
            "CREATE TABLE lake.l AS SELECT i, g, REGEXP_SPLIT(s, ',', 'ALL', -1) AS parts "
            "FROM (VALUES (1, 'x', 'a,b'), (2, 'y', 'c'), (2, 'y', 'd,d,e')) AS r(i, g, s)"
        )
        self.yard.run("CREATE FUNCTION lake.marked (x VARCHAR) RETURNS VARCHAR RETURN COALESCE(x, '-') || '!'")
        self.datasets |= {
            "t": dict(TYPES),
            "e": dict(TYPES),
            "u": {"k": "INTEGER", "w": "VARCHAR"},
            "l": {"i": "INTEGER", "g": "VARCHAR"},
        }
        for name in self.some(list(FIXED), least=6):
            self._view(name, FIXED[name])
        for number in range(4):
            self._view(f"c{number}", self._by_row())

    def _table(self, name: str, count: int) -> None:
        rows = [self._row() for _ in range(count)]
        rows += [self.random.choice(rows) for _ in range(len(rows) // 3)]
        listed = ", ".join(f"CAST(c{place} AS {kind}) AS {name}" for place, (name, kind) in enumerate(TYPES.items()))
        names = ", ".join(f"c{place}" for place in range(len(TYPES)))
        values = ", ".join(rows or [self._row()])
        empty = "" if rows else " WHERE 1 = 0"
        self.yard.run(f"CREATE TABLE lake.{name} AS SELECT {listed} FROM (VALUES {values}) AS r({names}){empty}")

    def _row(self) -> str:
        nulls = self.random.choice([0, 0.1, 0.3])
        cells = [
            f"CAST({self.constant(kind) if self.random.random() >= nulls else 'NULL'} AS {kind})"
            for kind in TYPES.values()
        ]
        return f"({', '.join(cells)})"

    def _view(self, name: str, sql: str) -> None:
        try:
            self.yard.run(f"CREATE VIEW lake.{name} AS {sql}")
            columns = self.yard.run(f"SELECT * FROM lake.{name} LIMIT 0").outcome.columns
        except DremioError:
            return
        self.datasets[name] = {quoted(each.name): each.type.name for each in columns if each.type.name in CONSTANTS}

    def _by_row(self) -> str:
        """Return a view that chooses, computes and filters."""
        dataset = self.random.choice([name for name in self.datasets if name not in {"e", "u", "l"}])
        types = self.datasets[dataset]
        names = self.some(list(types), least=max(1, len(types) - 3))
        items = [
            name if self.random.random() < 0.75 else f"{self.value(name, types[name])[0]} AS {name}" for name in names
        ]
        listed = "*" if self.random.random() < 0.15 else ", ".join(items)
        return f"SELECT {listed} FROM lake.{dataset}{self.where(types, 0.6, conjunctive=True)}"

    def constant(self, kind: str) -> str:
        """Return a literal of a type, of few values so that they meet."""
        return self.random.choice(CONSTANTS[kind.partition("(")[0]])

    def add(self) -> None:
        """Add rows to the table, and bring what is held up to date with them alone where that can be."""
        listed = ", ".join(f"c{place}" for place in range(len(TYPES)))
        values = ", ".join(self._row() for _ in range(self.random.choice([1, 5])))
        self.yard.run(f"INSERT INTO lake.t SELECT {listed} FROM (VALUES {values}) AS r({listed})")
        for name, (dataset, fields) in self.made.items():
            self.yard.reflect(dataset, fields, name=name, previous=name, method="INCREMENTAL")

    # reflections

    def reflect(self) -> None:
        """Make a reflection of one of the datasets, if it can have one."""
        dataset, types = self.random.choice(list(self.datasets.items()))
        fields = self._display(types) if self.random.random() < 0.4 else self._cube(types)
        name = f"r{len(self.made)}"
        try:
            self.yard.reflect(f"lake.{dataset}", fields, name=name)
        except DremioError:
            return
        self.made[name] = (f"lake.{dataset}", fields)

    def _display(self, types: Columns) -> dict[str, list[Any]]:
        fields = [bare(each) for each in self.some(list(types), least=max(1, len(types) - 3))]
        sort = self.some(fields, least=0)[:2]
        rest = [each for each in fields if each not in sort]
        return {"display": fields, "sort": sort, "partition": self.some(rest, least=0)[:1]}

    def _cube(self, types: Columns) -> dict[str, list[Any]]:
        names = self.some(list(types), least=0)
        dimensions = [{"name": bare(each), "granularity": self.random.choice(["DATE", "NORMAL"])} for each in names]
        measures = [
            (bare(name), *self.some(["COUNT", "MIN", "MAX", *(["SUM"] if kind.startswith(NUMBERS) else [])], least=2))
            for name, kind in types.items()
            if self.random.random() < 0.8
        ]
        return {"dimension": dimensions, "measure": measures or [(bare(next(iter(types))), "COUNT")]}

    # expressions

    def value(self, name: str, kind: str) -> tuple[str, str]:
        """Return an expression of one column, and its type."""
        kind = kind.partition("(")[0]
        if self.random.random() < 0.5:
            return name, kind
        words, made = self.random.choice(WAYS.get(kind, [("{0}", kind)]))
        return words.format(name), made

    def test(self, types: Columns, depth: int = 1) -> str:
        """Return a condition."""
        if depth and self.random.random() < 0.25:
            word = self.random.choice([" AND ", " OR "])
            joined = f"({self.test(types, depth - 1)}{word}{self.test(types, depth - 1)})"
            return f"NOT {joined}" if self.random.random() < 0.3 else joined
        name, kind = self.random.choice(list(types.items()))
        if self.random.random() < 0.25:
            name, kind = self.value(name, kind)
        one, other, sign = self.constant(kind), self.constant(kind), self.random.choice(OPERATORS)
        ways = [f"{name} {sign} {one}"] * 4 + [
            f"{one} {sign} {name}", f"{name} BETWEEN {one} AND {other}", f"{name} IN ({one}, {other})",
            f"{name} NOT IN ({one}, {other})", f"{name} IS NULL", f"{name} IS NOT NULL", f"NOT ({name} = {one})",
            f"{name} IN ({one}, NULL)", f"{name} IS DISTINCT FROM {one}", f"{name} IS NOT DISTINCT FROM {one}",
        ]  # fmt: skip
        ways += {
            "VARCHAR": [f"{name} LIKE '{like}'" for like in ("x%", "%y", "_", "%")] + [f"{name} NOT LIKE 'x%'"],
            "TIMESTAMP": [
                f"CAST({name} AS DATE) {sign} {self.constant('DATE')}", f"{name} {sign} {self.constant('DATE')}",
                f"{name} {sign} CAST({self.constant('DATE')} AS TIMESTAMP)", f"{name} >= '2024-02-01'",
            ],
            "DATE": [f"{name} {sign} {self.constant('TIMESTAMP')}", f"{name} {sign} '2024-02-01'"],
            "INTEGER": [f"{name} {sign} 1.5", f"{name} {sign} CAST('2' AS INTEGER)"],
            "BOOLEAN": [name, f"{name} IS NOT TRUE"],
        }.get(kind, [])  # fmt: skip
        return self.random.choice(ways)

    def where(self, types: Columns, chance: float, *, conjunctive: bool = False) -> str:
        """Return a WHERE, or nothing."""
        if not types or self.random.random() > chance:
            return ""
        tests = [self.test(types) for _ in range(self.random.choice([1, 1, 2, 3]))]
        return " WHERE " + (" AND " if conjunctive else self.random.choice([" AND ", " AND ", " OR "])).join(tests)

    def some(self, names: Sequence[str], *, least: int) -> list[str]:
        """Return some of several, in any order."""
        count = self.random.randint(min(least, len(names)), len(names))
        return self.random.sample(list(names), count)


def bare(name: str) -> str:
    return name.strip('"')


def quoted(name: str) -> str:
    return f'"{name}"' if not name.isidentifier() else name

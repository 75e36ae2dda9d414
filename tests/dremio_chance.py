"""Tables, views, reflections and queries by chance: what a reflection answers must be what the tables would."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from dremio_reflections import Mirrors

TYPES = {
    "i": "INTEGER", "n": "BIGINT", "m": "DECIMAL(12,2)", "g": "VARCHAR", "h": "VARCHAR", "b": "BOOLEAN",
    "d": "DATE", "ts": "TIMESTAMP", "f": "DOUBLE",
}  # fmt: skip
"""The columns of the table `lake.t`."""
VIEWS = {
    "v1": ("SELECT * FROM lake.t WHERE i > 2 AND d IS NOT NULL", TYPES),
    "v2": (
        "SELECT i, m, m * 2 AS mm, UPPER(g) AS ug, g, h, d, ts, n FROM lake.v1 WHERE h IN ('x', 'y')",
        {"i": "INTEGER", "m": "DECIMAL(12,2)", "ug": "VARCHAR", "g": "VARCHAR", "h": "VARCHAR", "d": "DATE",
         "ts": "TIMESTAMP", "n": "BIGINT"},
    ),
    "v3": (
        "SELECT t.i, t.m, t.g, t.d, t.ts, u.w, u.k FROM lake.t AS t LEFT JOIN lake.u AS u ON t.i = u.k",
        {"i": "INTEGER", "m": "DECIMAL(12,2)", "g": "VARCHAR", "d": "DATE", "ts": "TIMESTAMP", "w": "VARCHAR",
         "k": "INTEGER"},
    ),
    "v4": (
        "SELECT g, d, SUM(m) AS total, COUNT(*) AS c FROM lake.t GROUP BY g, d",
        {"g": "VARCHAR", "d": "DATE", "total": "DECIMAL(38,2)", "c": "BIGINT"},
    ),
    "v6": (
        "SELECT q.a, q.b, q.c, q.e AS d FROM (SELECT i, m, g, d FROM lake.t WHERE m >= 1) AS q(a, b, c, e)",
        {"a": "INTEGER", "b": "DECIMAL(12,2)", "c": "VARCHAR", "d": "DATE"},
    ),
    "v5": ("SELECT ug, mm, d, i FROM lake.v2", {"ug": "VARCHAR", "mm": "DECIMAL(14,2)", "d": "DATE", "i": "INTEGER"}),
}  # fmt: skip
NUMBERS = ("INTEGER", "BIGINT", "DECIMAL", "DOUBLE")
CONSTANTS = {
    "VARCHAR": ["'x'", "'y'", "'Y'", "''"],
    "BOOLEAN": ["true", "false"],
    "DATE": [f"DATE '2024-0{month}-0{day}'" for month in (1, 2, 3) for day in (1, 2)],
    "DOUBLE": ["0.5e0", "1.1e0", "-2.25e0"],
}
OPERATORS = ("=", "<>", "<", "<=", ">", ">=")


def _is_number(kind: str) -> bool:
    return kind.startswith(NUMBERS)


@dataclass
class Chance:
    """One world of data, and what is asked of it."""

    yard: Mirrors
    random: Random
    made: dict[str, tuple[str, dict[str, list[Any]]]] = field(default_factory=dict)

    def build(self) -> None:
        """Make tables and views."""
        rows = [self._row() for _ in range(self.random.choice([0, 1, 12, 60]))]
        rows += [self.random.choice(rows) for _ in range(len(rows) // 4)]
        listed = ", ".join(f"CAST(c{place} AS {kind}) AS {name}" for place, (name, kind) in enumerate(TYPES.items()))
        names = ", ".join(f"c{place}" for place in range(len(TYPES)))
        values = ", ".join(f"({', '.join(row)})" for row in rows) or f"({', '.join(self._row())})"
        empty = "" if rows else " WHERE 1 = 0"
        self.yard.run(f"CREATE TABLE lake.t AS SELECT {listed} FROM (VALUES {values}) AS r({names}){empty}")
        self.yard.run(
            "CREATE TABLE lake.u AS SELECT * FROM (VALUES (1, 'p'), (2, 'q'), (2, 'r'), (5, NULL)) AS r(k, w)"
        )
        for name, (sql, _) in VIEWS.items():
            self.yard.run(f"CREATE VIEW lake.{name} AS {sql}")

    def _row(self) -> list[str]:
        return [self._value(kind) for kind in TYPES.values()]

    def _value(self, kind: str) -> str:
        if self.random.random() < 0.15:
            return "NULL"
        return self.constant(kind)

    def constant(self, kind: str) -> str:
        """Return a literal of a type, of few values so that they meet."""
        pick = self.random.choice
        if kind in CONSTANTS:
            return pick(CONSTANTS[kind])
        if kind == "TIMESTAMP":
            return (
                f"TIMESTAMP '2024-0{pick([1, 2])}-0{pick([1, 2])} {pick(['00:00:00', '00:00:00.000', '13:30:05.250'])}'"
            )
        if kind.startswith("DECIMAL"):
            return f"{pick([0, 1, 12, 99999])}.{pick(['00', '25', '10'])}"
        return str(pick([0, 1, 2, 3, 5, 7]))

    # reflections

    def datasets(self) -> dict[str, dict[str, str]]:
        """Return what may be asked and reflected, with the types of its columns."""
        return {"t": dict(TYPES), **{name: dict(types) for name, (_, types) in VIEWS.items()}}

    def add(self) -> None:
        """Add rows to the table, and bring what is held up to date with them alone where that can be."""
        values = ", ".join(f"({', '.join(self._row())})" for _ in range(self.random.choice([1, 7])))
        listed = ", ".join(f"CAST(c{place} AS {kind})" for place, kind in enumerate(TYPES.values()))
        names = ", ".join(f"c{place}" for place in range(len(TYPES)))
        self.yard.run(f"INSERT INTO lake.t SELECT {listed} FROM (VALUES {values}) AS r({names})")
        for name, (dataset, fields) in self.made.items():
            self.yard.reflect(dataset, fields, name=name, previous=name, method="INCREMENTAL")

    def reflect(self) -> None:
        """Make a reflection of one of the datasets."""
        dataset, types = self.random.choice(list(self.datasets().items()))
        if self.random.random() < 0.35:
            fields = self._some(list(types), least=max(1, len(types) - 2))
            sort = self._some(fields, least=0)[:2]
            rest = [each for each in fields if each not in sort]
            self._reflect(dataset, display=fields, sort=sort, partition=self._some(rest, least=0)[:1])
            return
        plain = [name for name, kind in types.items() if kind != "DOUBLE"]
        dimensions = self._some(plain, least=1)
        granular = [{"name": each, "granularity": self.random.choice(["DATE", "NORMAL"])} for each in dimensions]
        measures = [(name, *self._measures(kind)) for name, kind in types.items() if self.random.random() < 0.8]
        self._reflect(dataset, dimension=granular, measure=measures, sort=self._some(dimensions, least=0)[:1])

    def _reflect(self, dataset: str, **fields: list[Any]) -> None:
        name = f"r{len(self.made)}"
        self.yard.reflect(f"lake.{dataset}", fields, name=name)
        self.made[name] = (f"lake.{dataset}", fields)

    def _measures(self, kind: str) -> list[str]:
        known = ["COUNT", "MIN", "MAX", *(["SUM"] * 3 if _is_number(kind) else [])]
        return sorted({"COUNT", *self._some(known, least=1)})

    def _some(self, names: list[str], *, least: int) -> list[str]:
        count = self.random.randint(min(least, len(names)), len(names))
        return self.random.sample(names, count)

    # queries

    def query(self) -> str:
        """Return a query; mostly of what has a reflection, and often of what that holds alone."""
        dataset, types, values = self._subject()
        source = f"lake.{dataset}"
        if self.random.random() < 0.2:
            source = f"(SELECT * FROM lake.{dataset}{self._where(types, 0.5)}) AS q"
        kind = self.random.random()
        if kind < 0.6:
            return self._grouped(source, types, values)
        if kind < 0.7:
            return self._distinct(source, types)
        if kind < 0.8:
            return self._joined(dataset, types)
        return self._plain(source, types)

    def _subject(self) -> tuple[str, dict[str, str], dict[str, str]]:
        """Return a dataset, the columns to group and filter by, and those to add up."""
        if self.random.random() < 0.3:
            dataset, types = self.random.choice(list(self.datasets().items()))
            return dataset, types, types
        path, fields = self.random.choice(list(self.made.values()))
        types = self.datasets()[path.removeprefix("lake.")]
        if self.random.random() < 0.2:
            return path.removeprefix("lake."), types, types
        groups = [each["name"] if isinstance(each, dict) else each for each in fields.get("dimension", ())]
        held = groups or fields.get("display", [])
        values = [name for name, *_ in fields.get("measure", ())] or held
        return path.removeprefix("lake."), {name: types[name] for name in held}, {name: types[name] for name in values}

    def _where(self, types: dict[str, str], chance: float) -> str:
        if self.random.random() > chance:
            return ""
        tests = [self._test(types) for _ in range(self.random.choice([1, 1, 2, 3]))]
        return " WHERE " + self.random.choice([" AND ", " AND ", " OR "]).join(tests)

    def _test(self, types: dict[str, str]) -> str:
        name, kind = self.random.choice(list(types.items()))
        one, other, sign = self.constant(kind), self.constant(kind), self.random.choice(OPERATORS)
        if kind == "BOOLEAN":
            return f"{name} = {one}"
        ways = [f"{name} {sign} {one}"] * 5
        ways += [
            f"{name} IS NULL", f"{name} IS NOT NULL", f"{name} BETWEEN {one} AND {other}",
            f"{name} IN ({one}, {other})", f"NOT ({name} = {one})", f"{one} {sign} {name}",
        ]  # fmt: skip
        if kind == "TIMESTAMP":
            ways += [f"CAST({name} AS DATE) {sign} {self.constant('DATE')}"] * 2
        return self.random.choice(ways)

    def _key(self, name: str, kind: str) -> str:
        ways = {
            "TIMESTAMP": [
                "CAST({0} AS DATE)",
                "DATE_TRUNC('MONTH', {0})",
                "EXTRACT(YEAR FROM {0})",
                "{0}",
                "MONTH({0})",
            ],
            "DATE": ["{0}", "{0}", "DATE_TRUNC('MONTH', {0})", "EXTRACT(DAY FROM {0})"],
            "VARCHAR": ["{0}", "{0}", "UPPER({0})", "CHAR_LENGTH({0})", "COALESCE({0}, 'none')"],
            "INTEGER": ["{0}", "{0} % 2", "CASE WHEN {0} > 2 THEN 'many' ELSE 'few' END"],
        }
        return self.random.choice(ways.get(kind, ["{0}"])).format(name)

    def _aggregate(self, types: dict[str, str]) -> str:
        name, kind = self.random.choice([one for one in types.items() if one[1] != "DOUBLE"] or [("1", "INTEGER")])
        ways = ["COUNT(*)", "COUNT({0})", "MIN({0})", "MAX({0})", "COUNT(DISTINCT {0})", "COUNT(1)", "NDV({0})"]
        if _is_number(kind):
            ways += [
                "SUM({0})",
                "SUM({0})",
                "AVG({0})",
                "AVG({0})",
                "SUM({0}) + COUNT(*)",
                "SUM({0} + 1)",
                "SUM(DISTINCT {0})",
            ]
        words = self.random.choice(ways).format(name)
        if self.random.random() < 0.1 and "NDV" not in words and "+" not in words:
            words += f" FILTER (WHERE {self._test(types)})"
        return words

    def _grouped(self, source: str, types: dict[str, str], measured: dict[str, str]) -> str:
        keys = [self._key(*self.random.choice(list(types.items()))) for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
        values = [self._aggregate(measured) for _ in range(self.random.choice([1, 1, 2, 3]))]
        listed = [f"{words} AS a{place}" for place, words in enumerate([*keys, *values])]
        sql = f"SELECT {', '.join(listed)} FROM {source}{self._where(types, 0.5)}"
        if keys:
            sql += f" GROUP BY {self._group(keys)}"
        if self.random.random() < 0.2:
            sql += f" HAVING {self._aggregate({'i': 'INTEGER'})} >= {self.constant('INTEGER')}" if "i" in types else ""
        return self._ended(sql, len(listed))

    def _group(self, keys: list[str]) -> str:
        way = self.random.random()
        if way < 0.15:
            return f"ROLLUP ({', '.join(keys)})"
        if way < 0.25:
            return f"CUBE ({', '.join(keys)})"
        if way < 0.5:
            return ", ".join(str(place + 1) for place in range(len(keys)))
        return ", ".join(keys)

    def _distinct(self, source: str, types: dict[str, str]) -> str:
        keys = [self._key(*self.random.choice(list(types.items()))) for _ in range(self.random.choice([1, 2]))]
        listed = ", ".join(f"{words} AS a{place}" for place, words in enumerate(keys))
        return self._ended(f"SELECT DISTINCT {listed} FROM {source}{self._where(types, 0.5)}", len(keys))

    def _plain(self, source: str, types: dict[str, str]) -> str:
        if self.random.random() < 0.2:
            return f"SELECT * FROM {source}{self._where(types, 0.8)}"
        names = self._some(list(types), least=1)
        listed = ", ".join(f"{self._key(name, types[name])} AS a{place}" for place, name in enumerate(names))
        return self._ended(f"SELECT {listed} FROM {source}{self._where(types, 0.7)}", len(names))

    def _joined(self, dataset: str, types: dict[str, str]) -> str:
        if "i" not in types:
            return f"SELECT COUNT(*) AS n FROM lake.{dataset}"
        side = self.random.choice(["JOIN", "LEFT JOIN", "FULL JOIN"])
        names = ", ".join(f"a.{name}" for name in self._some(list(types), least=1)[:3])
        return f"SELECT {names}, u.w FROM lake.{dataset} AS a {side} lake.u AS u ON a.i = u.k"

    def _ended(self, sql: str, columns: int) -> str:
        """End a query; a LIMIT has an order in which no two rows are alike that differ."""
        if self.random.random() > 0.3:
            return sql
        order = ", ".join(f"{place + 1}{self.random.choice(['', ' DESC'])}" for place in range(columns))
        limit = self.random.choice(["", " LIMIT 3", " LIMIT 2 OFFSET 1"])
        return f"{sql} ORDER BY {order}{limit}"

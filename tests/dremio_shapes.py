"""Queries of every shape by chance: the second half of the proof that reflections change no answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dremio_worlds import NUMBERS, OPERATORS, Columns, World, bare

OF_ANY = (
    "COUNT(*)", "COUNT(1)", "COUNT({0})", "MIN({0})", "MAX({0})", "COUNT(DISTINCT {0})", "NDV({0})", "MIN(2)",
    "CAST(COUNT({0}) AS DOUBLE) / 2", "COUNT(CASE WHEN {0} IS NULL THEN 1 END)",
)  # fmt: skip
OF_NUMBERS = (
    "SUM({0})", "SUM({0})", "AVG({0})", "AVG({0})", "SUM({0}) + COUNT(*)", "SUM(DISTINCT {0})", "SUM(-{0})",
    "ROUND(STDDEV({0}), 6)", "SUM(CAST({0} AS DECIMAL(38,0)))",
)  # fmt: skip


@dataclass
class Shapes(World):
    """What is asked of a world."""

    aliases: int = 0

    def aggregate(self, types: Columns) -> str:
        """Return an aggregate of some column."""
        name, kind = self.random.choice(list(types.items()))
        if self.random.random() < 0.15:
            name, kind = self.value(name, kind)
        ways = [*OF_ANY]
        if kind.startswith(NUMBERS):
            ways += OF_NUMBERS
        if kind == "BOOLEAN":
            ways += ["BOOL_AND({0})", "SUM(CASE WHEN {0} THEN 1 ELSE 0 END)"]
        words = self.random.choice(ways).format(name)
        is_one = words.endswith(")") and not words.startswith(("ROUND", "CAST")) and "+" not in words
        return f"{words} FILTER (WHERE {self.test(types)})" if is_one and self.random.random() < 0.15 else words

    def query(self) -> str:
        """Return a query; half of them have a hint by which whatever can answer does."""
        sql, _ = self.select(2, ends=True)
        if self.random.random() < 0.6:
            chosen = ", ".join(f"'{name}'" for name in self.made)
            return f"SELECT /*+ choose_reflections({chosen}) */ * FROM ({sql}) AS asked"
        return sql

    def alias(self) -> str:
        self.aliases += 1
        return f"q{self.aliases}"

    def select(self, depth: int, *, ends: bool = False) -> tuple[str, Columns]:
        """Return a query and its columns."""
        ways: list[tuple[int, Callable[[int], tuple[str, Columns]]]] = [
            (5, self._grouped), (2, self._plain), (1, self._distinct), (1, self._windowed),
        ]  # fmt: skip
        if depth:
            ways += [(1, self._united), (1, self._with)]
        way = self.random.choices([each for _, each in ways], [weight for weight, _ in ways])[0]
        sql, columns = way(depth)
        return (self._ended(sql, len(columns)), columns) if ends or self.random.random() < 0.15 else (sql, columns)

    def _dataset(self) -> tuple[str, Columns]:
        if self.made and self.random.random() < 0.8:
            path, fields = self.random.choice(list(self.made.values()))
            types = self.datasets[path.removeprefix("lake.")]
            if self.random.random() < 0.6:
                held = {each["name"] if isinstance(each, dict) else each if isinstance(each, str) else each[0]
                        for name in ("display", "dimension", "measure") for each in fields.get(name, ())}  # fmt: skip
                types = {name: kind for name, kind in types.items() if bare(name) in held} or types
            return path, types
        name = self.random.choice(list(self.datasets))
        return f"lake.{name}", self.datasets[name]

    def _source(self, depth: int) -> tuple[str, Columns]:
        way = self.random.random()
        if depth and way < 0.15:
            sql, columns = self.select(depth - 1)
            if columns:
                return f"({sql}) AS {self.alias()}", columns
        if depth and way < 0.3:
            return self._joined()
        path, types = self._dataset()
        if way < 0.4:
            return f"(SELECT * FROM {path}{self.where(types, 0.5)}) AS {self.alias()}", types
        if way < 0.5:
            names = self.some(list(types), least=1)
            called = [f"z{place}" for place in range(len(names))]
            inner = f"(SELECT {', '.join(names)} FROM {path}{self.where(types, 0.5)})"
            return f"{inner} AS {self.alias()}({', '.join(called)})", dict(
                zip(called, (types[name] for name in names), strict=True)
            )
        return (f"{path} AS {self.alias()}" if way < 0.6 else path), types

    def _joined(self) -> tuple[str, Columns]:
        (left, mine), (right, theirs) = self._part(), self._part()
        one, other = self.alias(), self.alias()
        pairs = [(a, b) for a, first in mine.items() for b, second in theirs.items() if first == second]
        side = self.random.choice(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        columns = {f"{one}.{name}": kind for name, kind in mine.items()} | {
            f"{other}.{name}": kind for name, kind in theirs.items()
        }
        if not pairs:
            return f"{left} AS {one} CROSS JOIN {right} AS {other}", columns
        if self.random.random() < 0.15:
            return f"({left} AS {one} NATURAL JOIN {right} AS {other})", columns
        a, b = self.random.choice(pairs)
        more = (
            f" AND {self.test({f'{one}.{name}': kind for name, kind in mine.items()})}"
            if self.random.random() < 0.2
            else ""
        )
        return f"{left} AS {one} {side} {right} AS {other} ON {one}.{a} = {other}.{b}{more}", columns

    def _part(self) -> tuple[str, Columns]:
        path, types = self._dataset()
        if self.random.random() < 0.6:
            return path, types
        return f"(SELECT {self.random.choice(['*', ', '.join(types)])} FROM {path}{self.where(types, 0.6)})", types

    def _filter(self, types: Columns, depth: int) -> str:
        where = self.where(types, 0.55)
        if not depth or self.random.random() > 0.2:
            return where
        return f"{where}{' AND ' if where else ' WHERE '}{self._asking(types)}"

    def _asking(self, types: Columns) -> str:
        """Return a condition that asks another query, which may look back."""
        path, theirs = self._dataset()
        other = self.alias()
        pairs = [(a, b) for a, first in types.items() for b, second in theirs.items() if first == second and "." in a]
        back = ""
        if pairs and self.random.random() < 0.5:
            a, b = self.random.choice(pairs)
            back = f" WHERE {other}.{b} {self.random.choice(OPERATORS)} {a}"
        inner = back or self.where(theirs, 0.5)
        word = self.random.choice(["EXISTS", "NOT EXISTS"])
        if self.random.random() < 0.5 or not types:
            return f"{word} (SELECT {self.random.choice(['1', '*'])} FROM {path} AS {other}{inner})"
        name, kind = self.random.choice(list(types.items()))
        same = [each for each, one in theirs.items() if one == kind]
        if not same:
            return f"(SELECT COUNT(*) FROM {path} AS {other}{inner}) > 1"
        picked = self.random.choice(same)
        if self.random.random() < 0.5:
            return f"{name} IN (SELECT {picked} FROM {path} AS {other}{inner})"
        return f"{name} = (SELECT MAX({picked}) FROM {path} AS {other}{inner})"

    def _grouped(self, depth: int) -> tuple[str, Columns]:
        source, types = self._source(depth)
        keys = [
            self.value(*self.random.choice(list(types.items()))) for _ in range(self.random.choice([0, 1, 1, 2, 3]))
        ]
        names = self._names(len(keys), types)
        values = [self.aggregate(types) for _ in range(self.random.choice([1, 1, 2]))]
        kinds: Columns = {name: kind for name, (_, kind) in zip(names, keys, strict=True)}
        listed = [f"{words} AS {name}" for name, (words, _) in zip(names, keys, strict=True)]
        for words in values:
            name = self._names(1, types, listed)[0]
            listed.append(f"{words} AS {name}")
            if words.startswith("COUNT"):
                kinds[name] = "BIGINT"
        if keys and self.random.random() < 0.15:
            listed.append(f"RANK() OVER (ORDER BY {self.random.choice([*values, keys[0][0]])}) AS place")
            kinds["place"] = "BIGINT"
        sql = f"SELECT {', '.join(listed)} FROM {source}{self._filter(types, depth)}"
        if keys:
            sql += f" GROUP BY {self._group([words for words, _ in keys])}"
        if self.random.random() < 0.2:
            known = f"MIN({next(iter(types))}) IS NOT NULL"
            sql += f" HAVING {self.random.choice(['COUNT(*) > 1', 'COUNT(*) >= 0', known])}"
        return sql, kinds

    def _names(self, count: int, types: Columns, taken: Sequence[str] = ()) -> list[str]:
        """Return names of a list: some shadow columns."""
        names: list[str] = []
        while len(names) < count:
            name = self.random.choice(list(types)).rpartition(".")[2]
            known = name in names or any(each.endswith(f" AS {name}") for each in taken)
            names.append(f"n{self.alias()}" if known or self.random.random() < 0.85 else name)
        return names

    def _group(self, keys: list[str]) -> str:
        way = self.random.random()
        if way < 0.12:
            return f"ROLLUP ({', '.join(keys)})"
        if way < 0.2:
            return f"CUBE ({', '.join(keys)})"
        if way < 0.3:
            return f"GROUPING SETS ({', '.join(f'({key})' for key in keys)}, ({', '.join(keys)}), ())"
        if way < 0.45:
            return ", ".join(str(place + 1) for place in range(len(keys)))
        return ", ".join(keys)

    def _plain(self, depth: int) -> tuple[str, Columns]:
        source, types = self._source(depth)
        if self.random.random() < 0.25 and " JOIN " not in source:
            return f"SELECT * FROM {source}{self._filter(types, depth)}", types
        items = [self.value(*self.random.choice(list(types.items()))) for _ in range(self.random.choice([1, 2, 3]))]
        names = self._names(len(items), types)
        listed = ", ".join(f"{words} AS {name}" for name, (words, _) in zip(names, items, strict=True))
        columns = {name: kind for name, (_, kind) in zip(names, items, strict=True)}
        return f"SELECT {listed} FROM {source}{self._filter(types, depth)}", columns

    def _distinct(self, depth: int) -> tuple[str, Columns]:
        sql, columns = self._plain(depth)
        return f"SELECT DISTINCT {sql.removeprefix('SELECT ')}", columns

    def _windowed(self, depth: int) -> tuple[str, Columns]:
        source, types = self._source(depth)
        key, over, by = (self.random.choice(list(types)) for _ in range(3))
        words = self.random.choice(["COUNT(*)", f"MIN({key})", f"COUNT({key})", "RANK()", "DENSE_RANK()"])
        part = f"PARTITION BY {over} " if self.random.random() < 0.6 else ""
        call = f"{words} OVER ({part}ORDER BY {by})"
        sql = f"SELECT {key} AS a0, {call} AS a1 FROM {source}{self._filter(types, depth)}"
        if self.random.random() < 0.3:
            sql += f" QUALIFY RANK() OVER ({part}ORDER BY {by}) <= 2"
        return sql, {"a0": types[key]}

    def _united(self, depth: int) -> tuple[str, Columns]:
        (source, types), (other, theirs) = self._part(), self._part()
        pairs = [(a, b) for a, first in types.items() for b, second in theirs.items() if first == second]
        if not pairs:
            return self._plain(depth)
        a, b = self.random.choice(pairs)
        word = self.random.choice(["UNION ALL", "UNION", "INTERSECT", "EXCEPT"])
        left = f"SELECT {a} AS a0 FROM {source} AS {self.alias()}{self.where(types, 0.5)}"
        right = f"SELECT {b} AS a0 FROM {other} AS {self.alias()}{self.where(theirs, 0.5)}"
        return f"{left} {word} {right}", {"a0": types[a]}

    def _with(self, depth: int) -> tuple[str, Columns]:
        name = self.random.choice(["w", "t", "v"])
        sql, columns = self.select(depth - 1)
        if not columns:
            return self._plain(depth)
        key = self.random.choice(list(columns))
        body = f"SELECT {key} AS a0, COUNT(*) AS a1 FROM {name} GROUP BY {key}"
        return f"WITH {name} AS ({sql}) {body}", {"a0": columns[key], "a1": "BIGINT"}

    def _ended(self, sql: str, columns: int) -> str:
        """End a query; a LIMIT has an order in which no two rows are alike that differ."""
        if not columns or self.random.random() > 0.3 or "SELECT *" in sql or " place" in sql:
            return sql
        return f"{sql} ORDER BY {', '.join(f'{place + 1}' for place in range(columns))}"

"""Random calls of random functions bring what the expression brings that is written out by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import pytest
from dremio_engine import Yard

from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.translation import arguments

Both = tuple[str, str]  # a text with calls, and the same without
QUERIES, FUNCTIONS, LEAST = 16, 6, 0.6
LONGEST = 1_000  # letters of what is written out by hand
TABLES = """
CREATE TABLE lake.rows_ AS SELECT * FROM (VALUES
  (1, 3, 5, 1), (2, 3, 5, 1), (3, NULL, 2, 1), (4, -2, NULL, 2), (5, 7, 0, 2), (6, 0, 0, NULL)) AS t(id, a, b, k);
CREATE TABLE lake.other AS SELECT * FROM (VALUES (0), (2), (3), (3), (9), (NULL)) AS t(v)
"""
PLACES: tuple[str, ...] = (
    "SELECT id, {0}, {1} FROM lake.rows_ AS r ORDER BY id",
    "SELECT COUNT(*), SUM(a) FROM lake.rows_ AS r WHERE {0} > 3 OR {1} IS NULL",
    "SELECT {0} AS g, COUNT(*) FROM lake.rows_ AS r GROUP BY {group} ORDER BY g",
    "SELECT id FROM lake.rows_ AS r ORDER BY {0}, id",
    "SELECT id, SUM({0}) OVER (PARTITION BY {1} ORDER BY id) FROM lake.rows_ AS r ORDER BY id",
    "SELECT SUM({0}), COUNT(DISTINCT {1}), MIN({0}) FILTER (WHERE {1} > 0) FROM lake.rows_ AS r",
    "SELECT COUNT(*), SUM(r.id) FROM lake.rows_ AS r JOIN lake.rows_ AS s ON {0} = s.id OR s.k = {1}",
    "SELECT id, CASE WHEN a > 0 THEN {0} ELSE {1} END FROM lake.rows_ AS r WHERE {0} < 100 ORDER BY id",
    "SELECT id, (SELECT SUM(t.w) FROM {table} AS t) FROM lake.rows_ AS r ORDER BY id",
    "SELECT w, COUNT(*) FROM {fixed} AS t GROUP BY w ORDER BY w",
)
GROUPED = "SELECT k, {0} FROM lake.rows_ AS r GROUP BY k HAVING {1} IS NOT NULL OR k = 1 ORDER BY k"


@dataclass
class Chance:
    """A catalog whose functions are known with what they stand for."""

    yard: Yard
    random: Random
    scalars: list[tuple[str, int, str]] = field(default_factory=list)
    tables: list[tuple[str, str]] = field(default_factory=list)

    def build(self) -> None:
        for sql in TABLES.split(";"):
            self.yard.run(sql)
        for number in range(FUNCTIONS):
            names = ["x", "y"][: self.random.randint(1, 2)]
            body, hand = self.value(2, partial(self.parameter, names))
            taken = ", ".join(f"{name} BIGINT" for name in names)
            self.yard.run(f"CREATE FUNCTION lake.f{number} ({taken}) RETURNS BIGINT RETURN {body}")
            self.scalars.append((f"lake.f{number}", len(names), hand))
        for number in range(2):
            body, hand = self.value(2, partial(self.parameter, ["x"]))
            listed = "SELECT o.v + {0} AS w FROM lake.other AS o WHERE o.v <> {1} OR {1} IS NULL"
            self.yard.run(
                f"CREATE FUNCTION lake.t{number} (x BIGINT) RETURNS TABLE (w BIGINT) RETURN {listed.format(body, 'x')}"
            )
            self.tables.append((f"lake.t{number}", listed.format(hand, "<x>")))

    def parameter(self, names: list[str]) -> Both:
        name = self.random.choice(names)
        return name, f"<{name}>"

    def column(self) -> Both:
        name = self.random.choice(["r.a", "r.b", "r.id", "r.k"])
        return name, name

    def group(self) -> Both:
        name = self.random.choice(["SUM(r.a)", "COUNT(r.b)", "MAX(r.id - 2)", "r.k"])
        return name, name

    def constant(self) -> Both:
        name = self.random.choice(["4", "NULL", "(2 + 1)", "(SELECT MIN(o.v) FROM lake.other AS o)"])
        return f"CAST({name} AS BIGINT)", f"CAST({name} AS BIGINT)"

    def value(self, depth: int, leaf: Callable[[], Both]) -> Both:
        """Return an expression over what `leaf` names, with calls and without."""
        if depth == 0 or self.random.random() < 0.1:
            return leaf() if self.random.random() < 0.8 else (str(depth), str(depth))
        if self.scalars and self.random.random() < 0.4:
            return self.call(depth, leaf)
        template = self.random.choice(
            ["({0} + {1})", "({0} - {1})", "COALESCE({0}, {1})", "NULLIF({0}, {1})", "MOD({0}, 3)", "ABS({0} - 2)",
             "CASE WHEN {0} > {1} THEN {1} ELSE {2} END", "CASE WHEN {0} BETWEEN 0 AND {1} THEN 1 END",
             "(SELECT COUNT(*) FROM lake.other AS o WHERE o.v < {0} OR o.v = {0})",
             "(SELECT MAX(o.v - {0}) FROM lake.other AS o WHERE o.v < 5)"]
        )  # fmt: skip
        parts = [self.value(depth - 1, leaf) for _ in range(3)]
        return template.format(*[each[0] for each in parts]), template.format(*[each[1] for each in parts])

    def call(self, depth: int, leaf: Callable[[], Both]) -> Both:
        name, count, hand = self.random.choice(self.scalars)
        given = [self.value(depth - 1, leaf) for _ in range(count)]
        for parameter, (_, each) in zip("xy", given, strict=False):
            hand = hand.replace(f"<{parameter}>", f"CAST({each} AS BIGINT)")
        return f"{name}({', '.join(each[0] for each in given)})", f"CAST({hand} AS BIGINT)"

    def table(self, leaf: Callable[[], Both]) -> Both:
        name, hand = self.random.choice(self.tables)
        call, given = self.value(2, leaf)
        return f"TABLE({name}({call}))", f"({hand.replace('<x>', f'CAST({given} AS BIGINT)')})"

    def queries(self) -> Both:
        """Return a query with calls, and the one that it stands for, of a length that can be read."""
        while len((found := self.any_queries())[1]) > LONGEST:
            pass
        return found

    def any_queries(self) -> Both:
        place = self.random.choice([*PLACES, GROUPED])
        leaf = self.group if place == GROUPED else self.column
        (one, hand), (two, other) = self.call(2, leaf), self.call(2, leaf)
        (table, rows), (fixed, lines) = self.table(leaf), self.table(self.constant)
        by_place = "SELECT" in hand  # a query within GROUP BY is no expression of the list's
        return (
            place.format(one, two, group="1" if by_place else one, table=table, fixed=fixed),
            place.format(hand, other, group="1" if by_place else hand, table=rows, fixed=lines),
        )


def play(folder: Path, seed: int) -> Counter[str]:
    """Ask one world, and count what became of its queries."""
    chance = Chance(Yard(folder), Random(seed))  # noqa: S311 chance for a test
    chance.build()
    seen: Counter[str] = Counter()
    for _ in range(QUERIES):
        called, by_hand = chance.queries()
        try:
            found = chance.yard.rows(called)
        except DremioError as error:
            seen[error.kind] += 1
            continue
        assert found == chance.yard.rows(by_hand), (seed, called, by_hand)
        seen["same"] += 1
    return seen


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("seed", "short"), [(1, 1_000), (2, 0), (4, 0)])
def test_a_call_brings_what_its_body_brings_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, short: int
) -> None:
    monkeypatch.setattr(arguments, "SHORT", short)  # 0: every value that is used twice is computed beside the body
    seen = play(tmp_path, seed)

    assert seen["same"] > LEAST * QUERIES, seen
    assert {*seen} <= {"same", "UNSUPPORTED_OPERATION"}, seen

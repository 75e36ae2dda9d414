"""Random queries with and without reflections have the same rows, whatever the reflections are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from dremio_chance import Chance
from dremio_reflections import Mirrors, bag

from runyard.runtime.dremio_sql.errors import DremioError

WORLDS, REFLECTIONS, QUERIES = 6, 5, 24
LEAST = 0.35  # of the queries: how many at least a reflection must answer for the test to prove anything


def play(folder: Path, seed: int, *, queries: int = QUERIES) -> Counter[str]:
    """Ask one world, and count what became of its queries."""
    chance = Chance(Mirrors(folder), Random(seed))  # noqa: S311 chance for a test
    chance.build()
    for _ in range(REFLECTIONS):
        chance.reflect()
    seen: Counter[str] = Counter()
    asked: list[str] = []
    for number in range(queries):
        if number == queries // 2:
            chance.add()
        sql = chance.query()
        try:
            chance.yard.run(sql)
        except DremioError:
            seen["refused"] += 1
            continue
        seen["asked"] += 1
        seen.update(compare(chance.yard, sql, seed))
        asked.append(sql)
    for sql in asked[::2]:  # half of them were planned for what there was before
        compare(chance.yard, sql, seed)
    return seen


def compare(yard: Mirrors, sql: str, seed: int) -> set[str]:
    """Ask a query with reflections, also if a plan was kept that may be old, and without, and keep a plan with them."""
    ran, plain, again = yard.ask(sql), yard.run(sql), yard.ask(sql)
    told = {each["relationship"] for each in ran.outcome.acceleration}
    assert ran.outcome.columns == plain.outcome.columns, (seed, sql)
    assert bag(ran) == bag(plain), (seed, sql, told)
    assert bag(again) == bag(plain), (seed, sql, told)
    return told


@pytest.mark.timeout(600)
def test_no_reflection_changes_an_answer(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(WORLDS):
        seen += play(tmp_path / str(seed), seed)

    assert seen["asked"] > seen["refused"]
    assert seen["CHOSEN"] > LEAST * seen["asked"], seen

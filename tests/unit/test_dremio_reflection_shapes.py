"""Queries of every shape have the same rows with and without reflections, whatever views and reflections there are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from dremio_engine import Ran
from dremio_reflections import Mirrors
from dremio_shapes import Shapes

from runyard.runtime.dremio_sql.errors import DremioError

WORLDS, REFLECTIONS, QUERIES = 3, 8, 30
SHOWN = 500  # rows of an answer, of which the first are no certain ones
LEAST = 0.4  # of the queries: how many at least a reflection must answer for the test to prove anything


def play(folder: Path, seed: int) -> Counter[str]:
    """Ask one world, and count what became of its queries."""
    shapes = Shapes(Mirrors(folder), Random(seed))  # noqa: S311 chance for a test
    shapes.build()
    for _ in range(REFLECTIONS):
        shapes.reflect()
    seen: Counter[str] = Counter()
    for number in range(QUERIES):
        if number == QUERIES // 2:
            shapes.add()
        sql = shapes.query()
        try:
            plain = shapes.yard.run(sql)
        except DremioError:
            seen["refused"] += 1
            continue
        if plain.page["rowCount"] <= SHOWN:
            seen.update(["asked", *compared(shapes.yard, sql, plain, seed)])
    return seen


def compared(yard: Mirrors, sql: str, plain: Ran, seed: int) -> set[str]:
    """Ask with reflections, and return what those had to do with it."""
    ran = yard.ask(sql)
    told = {each["relationship"] for each in ran.outcome.acceleration}
    assert ran.outcome.columns == plain.outcome.columns, (seed, sql)
    assert rows(ran) == rows(plain), (seed, sql, told)
    return told


def rows(ran: Ran) -> Counter[tuple[Any, ...]]:
    """Return rows without their order; which of the zeros stands for a group of both is open."""
    return Counter(tuple(repr(0 if each == 0 else each) for each in row.values()) for row in ran.rows)


@pytest.mark.timeout(600)
def test_no_reflection_changes_an_answer_of_any_shape(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(WORLDS):
        seen += play(tmp_path / str(seed), seed)

    assert seen["asked"] > 5 * seen["refused"]
    assert seen["CHOSEN"] > LEAST * seen["asked"], seen

"""What a reflection saves: the rows that a query's plan would have read without it."""

from __future__ import annotations

from pathlib import Path

from dremio_live import DIGITS
from dremio_reflections import Mirrors

NUMBERS = " CROSS JOIN ".join(f"(VALUES {DIGITS}) AS d{place}(n)" for place in range(4))
TABLE = (
    f"CREATE TABLE lake.visits AS SELECT MOD(n, 5) AS shop, n AS money FROM "
    f"(SELECT d0.n * 1000 + d1.n * 100 + d2.n * 10 + d3.n AS n FROM {NUMBERS}) AS numbers"
)


def test_a_query_that_a_reflection_answers_tells_how_many_rows_it_did_not_read(tmp_path: Path) -> None:
    yard = Mirrors(tmp_path)
    yard.run(TABLE)
    yard.reflect("lake.visits", name="sums", dimension=["shop"], measure=[("money", "SUM")])

    (told,) = yard.ask("SELECT shop, SUM(money) AS s FROM lake.visits GROUP BY shop").outcome.acceleration
    (other,) = yard.ask("SELECT MAX(money) AS m FROM lake.visits").outcome.acceleration

    assert (told["relationship"], told["savedRows"]) == ("CHOSEN", 9_995)
    assert (other["relationship"], "savedRows" in other) == ("CONSIDERED", False)


def test_two_reflections_that_answer_one_query_share_what_they_saved(tmp_path: Path) -> None:
    yard = Mirrors(tmp_path)
    yard.run(TABLE)
    yard.run(TABLE.replace("lake.visits", "lake.others"))
    for table in ("visits", "others"):
        yard.reflect(f"lake.{table}", name=table, dimension=["shop"], measure=[("money", "SUM")])
    sums = "(SELECT shop, SUM(money) AS s FROM lake.{table} GROUP BY shop) AS {table}"

    told = yard.ask(
        f"SELECT visits.s FROM {sums.format(table='visits')} JOIN {sums.format(table='others')} "
        "ON visits.shop = others.shop"
    ).outcome.acceleration

    assert [(each["relationship"], each["savedRows"]) for each in told] == [("CHOSEN", 9_995), ("CHOSEN", 9_995)]

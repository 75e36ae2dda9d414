"""A plan over reflections serves a text again only while they, too, are as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import NOW_MS, Ran
from dremio_reflections import SALES, Mirrors, bag

from runyard.runtime.dremio_sql.acceleration.materialization import remove
from runyard.runtime.dremio_sql.catalog import LiveCatalog
from runyard.runtime.dremio_sql.database import new_connection
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.execution import Listener
from runyard.runtime.dremio_sql.plan_cache import PLANS, Kept, Usable
from runyard.runtime.dremio_sql.translation.translate import Session

SUMS = "SELECT place, SUM(i) AS s FROM lake.sales GROUP BY place"
CHOSEN = ["CHOSEN"]


@pytest.fixture
def mirrors(tmp_path: Path) -> Mirrors:
    yard = Mirrors(tmp_path)
    yard.run(SALES)
    yard.reflect("lake.sales", name="sums", dimension=["place"], measure=[("i", "SUM", "COUNT")])
    return yard


def planned(yard: Mirrors) -> Kept | None:
    """Return the plan that serves the query at this moment."""
    session = Session(user="ada", now_ms=NOW_MS)
    catalog = LiveCatalog(snapshot=yard.snapshot(), connection=new_connection(), session=session)
    return PLANS.plan(SUMS, catalog, Usable(reflections=list(yard.reflections.values())))


def relationships(ran: Ran) -> list[str]:
    return [each["relationship"] for each in ran.outcome.acceleration]


def test_a_query_over_a_reflection_is_planned_once_too(mirrors: Mirrors) -> None:
    assert planned(mirrors) is None
    first = mirrors.ask(SUMS)
    assert planned(mirrors) is not None
    again = mirrors.ask(SUMS)

    assert relationships(first) == CHOSEN
    assert again.outcome == first.outcome
    assert again.page == first.page
    assert again.plans == first.plans


REFLECTIONS_CHANGE: dict[str, tuple[Callable[[Mirrors], Any], list[str]]] = {
    "one is made again": (
        lambda yard: yard.reflect("lake.sales", name="sums", dimension=["place"], measure=[("i", "SUM")]),
        CHOSEN,
    ),
    "there is another": (
        lambda yard: yard.reflect("lake.sales", name="more", dimension=["place", "d"], measure=[("i", "SUM")]),
        [*CHOSEN, "MATCHED"],
    ),
    "there is none": (lambda yard: yard.reflections.clear(), []),
    "it may be too old": (lambda yard: yard.stale("sums", expires_at=NOW_MS), []),
    "its table has more rows": (lambda yard: yard.run("INSERT INTO lake.sales SELECT * FROM lake.sales"), CHOSEN),
    "it has to be of now": (lambda yard: yard.stale("sums", strict=True), CHOSEN),
}


@pytest.mark.parametrize("change", REFLECTIONS_CHANGE)
def test_where_reflections_have_changed_a_query_is_planned_again(mirrors: Mirrors, change: str) -> None:
    carry_out, then = REFLECTIONS_CHANGE[change]
    mirrors.ask(SUMS)
    carry_out(mirrors)

    assert planned(mirrors) is None
    assert relationships(mirrors.ask(SUMS)) == then


def test_a_plan_ends_with_the_time_of_what_it_reads(mirrors: Mirrors) -> None:
    mirrors.stale("sums", expires_at=NOW_MS + 1)
    mirrors.ask(SUMS)
    kept = planned(mirrors)
    assert kept is not None
    later = LiveCatalog(
        snapshot=mirrors.snapshot(), connection=new_connection(), session=Session(user="ada", now_ms=NOW_MS + 1)
    )

    assert not kept.holds(later, kept.usable)


def test_what_a_reflection_held_may_be_gone(mirrors: Mirrors) -> None:
    before = mirrors.ask(SUMS)
    remove(Path(mirrors.reflections["sums"]["folder"]), seconds=1)
    after = mirrors.ask(SUMS)

    assert relationships(after) == []
    assert bag(after) == bag(before)


def test_a_plan_that_is_kept_keeps_what_it_reads_from_being_removed(mirrors: Mirrors) -> None:
    mirrors.ask(SUMS)
    folder = Path(mirrors.reflections["sums"]["folder"])
    refused: list[DremioError] = []

    def remove_meanwhile(name: str, _: int) -> None:
        if name == "RUNNING":
            with pytest.raises(DremioError, match="still read") as error:
                remove(folder, seconds=0)
            refused.append(error.value)

    reflections = list(mirrors.reflections.values())
    mirrors.execution(SUMS, Listener(step=remove_meanwhile), reflections=reflections).run()

    assert len(refused) == 1
    remove(folder, seconds=0)
    assert not folder.exists()

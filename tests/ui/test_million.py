"""The console on a ledger with a million runs: it opens, is filtered and scrolled as one with twenty is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import Live
from playwright.sync_api import Locator, Page, expect
from waiting import until

ROOT = Path(__file__).parents[2]
RUNS = 1_000_000
DEEP = 1_000  # runs to scroll through
ROW = 44  # pixels
PLACED = "rows => rows.map(row => [Number(row.querySelector('.id').textContent), parseInt(row.style.top)])"
MAKE = f"from bench.large_ledger import large_ledger; print(large_ledger({RUNS}))"
SOON_S = 5.0  # on a machine that does other things too; alone a tenth of it
pytestmark = pytest.mark.timeout(1_200)  # the first of all times makes the ledger, which the bench then finds too


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])])
    made = subprocess.run(
        [sys.executable, "-c", MAKE],
        env={**os.environ, "PYTHONPATH": path},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    server = Live(tmp_path_factory.mktemp("million") / "home")
    server.home.mkdir()
    shutil.copyfile(made.stdout.split()[-1], server.home / "ledger.db")
    yield server.start()
    server.close()
    shutil.rmtree(server.home)


def number_of(row: Locator) -> int:
    """Return the id that a row shows."""
    return int(row.locator(".id").inner_text())


def test_the_newest_of_a_million_runs_are_there_at_once_and_older_ones_come_as_one_scrolls(
    page: Page, live: Live
) -> None:
    page.add_init_script("setInterval(() => dispatchEvent(new Event('scroll')), 0)")  # as by an eager hand
    began = time.perf_counter()
    page.goto(f"{live.url}/runs", wait_until="commit")
    rows = page.locator(".window").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    opened = time.perf_counter() - began
    newest, next_ = (number_of(rows.nth(place)) for place in (0, 1))
    step = newest - next_  # from each run of this ledger to the one before

    def depth() -> int:
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        return (newest - number_of(rows.last)) // step

    until(lambda: depth() >= DEEP, seconds=90)
    expect(page.get_by_text("More comes as you scroll.")).to_be_attached()
    seen = rows.evaluate_all(PLACED)

    assert opened < SOON_S
    assert [(newest - number) // step for number, _ in seen] == [top // ROW for _, top in seen]  # none twice
    assert page.locator(".window .row").count() < 100  # however many there are, only those in sight are drawn


def test_a_million_runs_are_filtered_by_job_state_time_and_text(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/runs")
    rows = page.locator(".window").get_by_role("listitem")
    page.get_by_label("Job", exact=True).fill("listed-7")
    page.get_by_label("Job", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("job=listed-7"))
    expect(rows.first).to_contain_text("listed-7")
    expect(rows.filter(has_text="listed-8")).to_have_count(0)
    page.get_by_label("Any state").select_option("failed")
    expect(page.get_by_text("No run fits")).to_be_visible()
    page.get_by_role("button", name="Show all runs").click()
    page.get_by_label("Search by name or run id").fill("LISTED-1")
    expect(rows.filter(has_text="listed-1").first).to_be_visible()
    expect(rows.filter(has_text="listed-2")).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Any language").select_option("dremio")

    expect(page.get_by_text(re.compile("Looked back to|No run fits"))).to_be_visible()


def test_a_run_and_a_job_of_a_million_runs_open_at_once(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/runs")
    page.locator(".window").get_by_role("link").first.click()
    expect(page.locator(".heading .phase")).to_have_text("succeeded")
    page.locator(".over a").first.click()
    expect(page.get_by_text("last 40 runs")).to_be_visible()
    began = time.perf_counter()
    page.goto(f"{live.url}/jobs", wait_until="commit")

    expect(page.locator(".jobs tbody tr")).to_have_count(20)
    assert time.perf_counter() - began < SOON_S
    expect(page.locator(".jobs tbody tr").first.locator(".cell")).to_have_count(12)

"""A query that waits in its queue has a process, but does not run: every page says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from console_yard import Visitor
from live import Live
from playwright.sync_api import Page, expect
from ui_yard import SETTINGS, crowd, disperse, run_number


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("waiting") / "home", settings=SETTINGS).start()
    yield server
    server.close()


def test_runs_and_the_page_of_a_run_say_that_a_query_waits_and_hear_that_it_no_longer_does(
    page: Page, live: Live, visitor: Visitor
) -> None:
    page.goto(f"{live.url}/runs")
    expect(page.locator(".signal")).to_have_text("live")
    asked = crowd(live, count=3)
    queues = visitor.told("GET", "/console/v1/dremio/queues")["queues"]
    [waiting] = next(one for one in queues if one["name"] == "LARGE")["waiting"]
    rows = page.get_by_role("list", name="Runs").get_by_role("listitem")
    row = rows.filter(has=page.locator(f'a[href="/runs/{waiting["id"]}"]'))
    expect(row).to_contain_text("waiting")  # as it was told while the page was open
    expect(row).to_contain_text("It waits for a place in its queue.")
    expect(rows.filter(has_text="running")).to_have_count(2)
    page.reload()
    expect(row).to_contain_text("waiting")  # as it is listed
    row.get_by_role("link").click()
    heading = page.locator(".heading")
    expect(heading.locator(".phase")).to_have_text("waiting")
    expect(page).to_have_title(f"waiting · {waiting['job_name']} · runyard")
    expect(page.get_by_role("note", name="What it waits for")).to_contain_text("a place in its queue LARGE")
    own = next(one for one in asked if run_number(visitor, one) == waiting["id"])
    disperse(live, [one for one in asked if one != own])

    expect(heading.locator(".phase")).to_have_text("running")
    page.goto(f"{live.url}/runs")
    expect(row).to_contain_text("running")
    expect(row).not_to_contain_text("It waits")
    disperse(live, [own])

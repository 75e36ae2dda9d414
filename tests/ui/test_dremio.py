"""The console's page for Dremio: queues with their slots and waiters, jobs, reflections."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from console_yard import Visitor
from dremio_live import Http
from live import Live
from playwright.sync_api import Locator, Page, expect
from ui_pages import sideways, violations
from ui_yard import SALES, SETTINGS, crowd, disperse, queries, reflected, run_number
from waiting import until


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("dremio-page") / "home", settings=SETTINGS).start()
    yield server
    server.close()


def test_before_the_first_query_the_page_tells_how_to_ask_one(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/dremio")

    expect(page.get_by_text("No query yet")).to_be_visible()
    expect(page.get_by_text("curl -H")).to_be_visible()
    expect(page.get_by_text("No reflection yet")).to_be_visible()
    expect(page.get_by_role("region", name="Queue SMALL")).to_contain_text("0 of 100 slots")


def test_a_queue_shows_who_holds_its_slots_and_who_waits_in_which_order(
    page: Page, live: Live, visitor: Visitor
) -> None:
    asked = crowd(live, count=4)
    page.goto(f"{live.url}/dremio")
    large = page.get_by_role("region", name="Queue LARGE")
    expect(large).to_contain_text("2 of 2 slots · 2 waiting")
    expect(large.get_by_role("meter")).to_have_attribute("aria-valuenow", "2")
    expect(large.get_by_role("listitem")).to_have_count(4)
    expect(large.get_by_role("listitem").nth(2)).to_contain_text(re.compile(r"^1\. waits \d"))
    waiting = next(one for one in visitor.told("GET", "/console/v1/dremio/queues")["queues"] if one["name"] == "LARGE")
    page.goto(f"{live.url}/runs/{waiting['waiting'][-1]['id']}")
    expect(page.get_by_role("note", name="What it waits for")).to_contain_text(
        "It waits for a place in its queue LARGE"
    )
    page.get_by_role("link", name="LARGE").first.click()
    expect(page).to_have_url(re.compile("/dremio"))
    disperse(live, asked)

    expect(large).to_contain_text("0 of 2 slots")
    expect(large.get_by_role("listitem")).to_have_count(0)


def test_rules_say_which_query_goes_where(page: Page, live: Live) -> None:
    Http(live)("POST", "/api/v3/wlm/queue", {"name": "night", "maxAllowedRunningJobs": 3, "cpuTier": "LOW"})
    page.goto(f"{live.url}/dremio")
    page.get_by_text("Which query goes where").click()

    expect(page.locator(".rules li")).to_have_count(4)
    expect(page.locator(".rules li").last).to_have_text("else → SMALL")
    expect(page.get_by_role("region", name="Queue night")).to_contain_text("0 of 3 slots")
    expect(page.get_by_role("region", name="Queue night")).to_contain_text("low priority")


def test_jobs_appear_as_they_are_asked_are_filtered_and_open_their_run(
    page: Page, live: Live, visitor: Visitor
) -> None:
    page.goto(f"{live.url}/dremio")
    expect(page.locator(".signal")).to_have_text("live")
    made = queries(live)
    rows = page.get_by_role("region", name="Table of jobs").locator("tbody tr")
    expect(rows.filter(has_text="SELECT n AS sale").first).to_contain_text("600")
    expect(rows.filter(has_text="sales.orders").first).to_contain_text("not found")
    page.get_by_label("State").select_option("failed")
    expect(rows.filter(has_text="SELECT n AS sale")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"phase=failed"))
    page.get_by_label("State").select_option("")
    rows.filter(has_text="SELECT n AS sale").get_by_role("link").first.click()

    expect(page).to_have_url(f"{live.url}/runs/{run_number(visitor, made['done'])}")


def test_a_query_shows_its_way_its_rows_page_by_page_and_as_a_chart(page: Page, live: Live, visitor: Visitor) -> None:
    dremio = Http(live)
    asked = dremio.submit(SALES)
    dremio.when(asked, "COMPLETED")
    page.goto(f"{live.url}/runs/{run_number(visitor, asked)}")
    query = page.get_by_role("region", name="Query", exact=True)
    expect(query.locator(".steps-taken li").first).to_contain_text("metadata retrieval")
    expect(query).to_contain_text(asked)
    expect(query).to_contain_text("SMALL")
    rows = page.get_by_role("region", name="Rows")
    expect(page.get_by_text(re.compile("1.20 of 600 rows"))).to_be_visible()
    page.get_by_role("button", name="Last").click()
    expect(page.get_by_text(re.compile("581.600 of 600 rows"))).to_be_visible()
    expect(rows.get_by_role("row").last).to_contain_text("599")
    page.get_by_role("button", name="Chart").click()

    chart = page.get_by_role("img", name="Chart of orders by sale, 600 rows")
    expect(chart.locator("canvas")).to_be_visible()
    page.get_by_role("button", name="revenue").click()
    chart = page.get_by_role("img", name="Chart of orders, revenue by sale, 600 rows")
    expect(chart.locator(".u-legend")).to_contain_text("revenue")  # its name is there before it is drawn anew
    until(lambda: drawn(chart.locator("canvas")) > 200)


def test_a_reflection_shows_its_state_what_it_holds_and_what_it_saved(page: Page, live: Live, visitor: Visitor) -> None:
    page.goto(f"{live.url}/dremio")
    expect(page.locator(".signal")).to_have_text("live")
    made = reflected(live)
    row = page.get_by_role("region", name="Table of reflections").locator("tbody tr")
    expect(row).to_contain_text("by_day")
    expect(row).to_contain_text("answers queries")
    expect(row).to_contain_text("shops.visits")
    expect(row).to_contain_text("shop, day, money")
    cells = row.get_by_role("cell")
    expect(cells.nth(3)).to_have_text("70")
    expect(cells.nth(6)).to_have_text("1 query")
    expect(cells.nth(7)).to_have_text("99,930 rows")
    expect(page.get_by_text("1 reflection · 99,930 rows not read")).to_be_visible()
    page.goto(f"{live.url}/runs/{run_number(visitor, made['asked'])}")

    query = page.get_by_role("region", name="Query", exact=True)
    expect(query).to_contain_text("Accelerated")
    expect(query.get_by_role("listitem").last).to_contain_text("chosen")
    relations = Http(live)("GET", f"job/{made['asked']}")["acceleration"]["reflectionRelationships"]
    assert [set(one) for one in relations] == [{"datasetId", "reflectionId", "relationship"}]


def drawn(canvas: Locator) -> int:
    """Return how many pixels of a chart have a colour."""
    count: int = canvas.evaluate(
        """canvas => { const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        let count = 0; for (let at = 3; at < all.length; at += 4) if (all[at]) count += 1; return count; }"""
    )
    return count


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_telephone(page: Page, live: Live, scheme: str) -> None:
    queries(live)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.goto(f"{live.url}/dremio")
    page.wait_for_selector(".queries tbody tr")
    found = violations(page)
    page.set_viewport_size({"width": 360, "height": 740})
    page.reload()
    page.wait_for_selector(".queries tbody tr")

    assert (found, sideways(page)) == ([], 0)

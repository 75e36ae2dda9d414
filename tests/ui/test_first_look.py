"""What a page costs before there is something to read: everything is asked for at once, and only once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from console_yard import Visitor
from live import Live
from playwright.sync_api import APIResponse, Page, Route, expect
from ui_pages import run_of, tree

FIRST_MODULES = 14  # that the list of runs is made of


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("first") / "home").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def job_id(live: Live) -> int:
    return tree(live, "looked-at", tasks=3)


@pytest.fixture(scope="module")
def run_id(live: Live, job_id: int) -> int:
    return run_of(Visitor(live).enter(), job_id)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/", ["/console/v1/runs?limit=100"]),
        ("/runs/{run}", ["/console/v1/runs/{run}"]),
        ("/jobs", ["/console/v1/jobs"]),
        ("/jobs/{job}", ["/console/v1/jobs/{job}", "/console/v1/jobs/{job}/matrix"]),
    ],
)
def test_what_a_page_shows_first_is_asked_for_ahead_and_once(
    page: Page, live: Live, job_id: int, run_id: int, path: str, asked: list[str]
) -> None:
    paths: Counter[str] = Counter()
    page.on("request", lambda request: paths.update([request.url.removeprefix(live.url)]))
    page.goto(live.url + path.format(run=run_id, job=job_id))
    expect(page.locator(".signal")).to_have_text("live")
    expect(page.get_by_text("looked-at").first).to_be_visible()

    names = [one.format(run=run_id, job=job_id) for one in asked]
    assert [paths[name] for name in names] == [1] * len(names)
    assert paths["/console/v1/session"] == 0
    assert len(page.locator("link[as=fetch]").all()) == len(names)


@pytest.mark.usefixtures("run_id")
def test_the_list_of_runs_needs_few_modules(page: Page, live: Live) -> None:
    page.goto(live.url)
    expect(page.get_by_role("link", name="looked-at")).to_be_visible()

    assert page.locator("link[rel=modulepreload]").count() <= FIRST_MODULES


@pytest.mark.usefixtures("run_id")
def test_what_changes_while_a_page_comes_is_seen_without_another_look(page: Page, live: Live, visitor: Visitor) -> None:
    fetched = []

    def between(route: Route) -> None:
        reply = route.fetch()
        visitor.ended(visitor.submit("print(1)", name="in-between.py"))
        fetched.append(reply.json()["runs"][0]["job_name"])
        route.fulfill(response=reply)

    page.route("**/console/v1/runs?limit=100", between)
    page.goto(live.url)

    expect(page.get_by_role("link", name="in-between.py")).to_be_visible()
    assert fetched == ["looked-at"]  # what was asked for ahead did not have it yet


@pytest.mark.usefixtures("run_id")
def test_what_is_heard_while_a_list_is_on_its_way_stays_in_it(page: Page, live: Live, visitor: Visitor) -> None:
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/console/v1/runs?limit=100", lambda route: held.append((route, route.fetch())))
    page.goto(live.url, wait_until="commit")
    expect(page.locator(".signal")).to_have_text("live")
    visitor.ended(visitor.submit("print(1)", name="meanwhile.py"))
    expect(page.get_by_role("link", name="meanwhile.py")).to_be_visible()
    ((route, reply),) = held
    route.fulfill(response=reply)
    expect(page.get_by_role("link", name="looked-at")).to_be_visible()

    expect(page.get_by_role("link", name="meanwhile.py")).to_be_visible()


def test_the_navigation_of_a_telephone_shows_where_one_is(page: Page, live: Live) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live.url}/admin")
    links = page.get_by_role("navigation", name="Pages")
    expect(links.get_by_role("link", name="Admin")).to_be_in_viewport(ratio=0.9)
    page.keyboard.press("r")

    expect(links.get_by_role("link", name="Runs")).to_be_in_viewport(ratio=0.9)
    expect(links.get_by_role("link", name="Admin")).not_to_be_in_viewport()


@pytest.mark.usefixtures("run_id")
def test_the_exact_instant_shows_where_the_pointer_rests(page: Page, live: Live) -> None:
    page.goto(live.url)
    moment = page.locator(".window time").first
    moment.hover()

    expect(moment).to_have_attribute("title", re.compile(r"\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"))
    moment.click()
    expect(page).to_have_url(re.compile(r"/runs/\d+$"))

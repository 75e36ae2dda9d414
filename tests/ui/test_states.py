"""States that people really meet: a thousand tasks, names without end, text from right to left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from console_yard import Visitor
from live import Live
from playwright.sync_api import Browser, Locator, Page, expect
from ui_pages import run_of, sideways, sign_in, tree, violations
from waiting import until

from runyard.executors.launcher.pulse import pulse

TASKS = 1_000
SOON_S = 15.0  # on a machine that does much else too; alone less than half a second
LONG = "a-job-with-a-name-that-somebody-generated-" + "x" * 190
RIGHT_TO_LEFT = "عمل ليلي: تحميل الطلبات"


@pytest.fixture(scope="module")
def large_id(live: Live) -> int:
    visitor, job_id = Visitor(live).enter(), tree(live, "large", tasks=TASKS)
    started = visitor.told("POST", f"/runyard/v1/jobs/{job_id}/runs", {"arguments": {}})
    path = f"/runyard/v1/runs/{started['id']}?wait_s=20"
    return int(until(lambda: (one := visitor.told("GET", path))["state"] == "ended" and one["id"], seconds=180))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def wide(box: Locator) -> int:
    """Return how wide a graph is drawn."""
    width: int = box.locator("svg").evaluate("svg => svg.clientWidth")
    return width


# a thousand tasks


def test_a_graph_of_a_thousand_tasks_opens_is_moved_in_and_stays_quick(page: Page, live: Live, large_id: int) -> None:
    page.goto(f"{live.url}/runs/{large_id}")
    expect(page.locator(".graph .node")).to_have_count(TASKS)
    box = page.get_by_role("region", name="Graph of tasks")
    width = wide(box)
    larger = seconds(lambda: page.get_by_role("button", name="Larger").click())
    until(lambda: wide(box) > width)
    place = box.bounding_box()
    assert place is not None
    box.evaluate("box => box.scrollTo(0, 400)")

    def drag() -> None:
        page.mouse.move(place["x"] + 3, place["y"] + 300)
        page.mouse.down()
        page.mouse.move(place["x"] + 3, place["y"] + 100, steps=8)
        page.mouse.up()

    dragged = seconds(drag)
    until(lambda: box.evaluate("box => box.scrollTop") == 600)
    page.get_by_label("Find a task").fill("t777")
    found = seconds(lambda: page.get_by_label("Find a task").press("Enter"))
    expect(page.get_by_role("heading", name="t777", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="t777: succeeded")).to_be_in_viewport()
    page.get_by_role("button", name="Fit").click()

    until(lambda: wide(box) == width)
    assert max(larger, dragged, found) < SOON_S


def test_a_thousand_tasks_are_a_timeline_and_a_list_too(page: Page, live: Live, large_id: int) -> None:
    page.goto(f"{live.url}/runs/{large_id}?view=list")
    expect(page.get_by_role("region", name="Tasks").locator("tbody tr")).to_have_count(TASKS)
    took = seconds(lambda: page.get_by_role("button", name="Timeline").click())

    expect(page.locator(".timeline .line")).to_have_count(TASKS)
    assert took < SOON_S


def test_the_keyboard_moves_in_a_large_graph(page: Page, live: Live, large_id: int) -> None:
    page.goto(f"{live.url}/runs/{large_id}")
    box = page.get_by_role("region", name="Graph of tasks")
    expect(box.locator(".node")).to_have_count(TASKS)
    width = wide(box)
    box.focus()
    page.keyboard.press("+")
    until(lambda: wide(box) > width)
    page.keyboard.press("0")
    until(lambda: wide(box) == width)
    page.get_by_role("button", name="t1: succeeded").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="t1", exact=True)).to_be_visible()


# names and text


def test_a_very_long_name_breaks_no_page(page: Page, live: Live, visitor: Visitor) -> None:
    job_id = tree(live, LONG, tasks=3)
    run_id = run_of(visitor, job_id)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("/runs", "/jobs", f"/jobs/{job_id}", f"/runs/{run_id}"):
            page.goto(live.url + path)
            expect(page.get_by_text(LONG[:40]).first).to_be_visible()
            assert (path, width, sideways(page)) == (path, width, 0)
    assert violations(page) == []


def test_text_from_right_to_left_is_written_so_in_every_place(page: Page, live: Live, visitor: Visitor) -> None:
    run = visitor.ended(
        visitor.submit(f"print({RIGHT_TO_LEFT!r})\nraise ValueError({RIGHT_TO_LEFT!r})", name=RIGHT_TO_LEFT)
    )
    page.goto(f"{live.url}/runs")
    expect(page.locator(".window").get_by_role("link", name=RIGHT_TO_LEFT)).to_have_css("direction", "rtl")
    page.goto(f"{live.url}/runs/{run['id']}")

    expect(page.get_by_role("heading", name=RIGHT_TO_LEFT, exact=True)).to_have_css("direction", "rtl")
    trouble = page.get_by_role("region", name="What went wrong").get_by_role("heading")
    expect(trouble).to_have_text(f"ValueError: {RIGHT_TO_LEFT}")
    expect(page.get_by_role("log")).to_contain_text(RIGHT_TO_LEFT)
    expect(page.get_by_role("row", name="Message")).to_contain_text(RIGHT_TO_LEFT)


# no place is free


@dataclass(frozen=True, kw_only=True)
class Narrow:
    """A server with one place, and a page of somebody who waits there."""

    live: Live
    visitor: Visitor
    page: Page
    gates: Path

    def hold(self, name: str) -> None:
        """Run a script that ends when its gate is opened."""
        gate = self.gates / name
        source = f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)"
        self.visitor.submit(source, name=name)

    def open_gate(self, name: str) -> None:
        (self.gates / name).touch()

    def look_at_a_waiter(self) -> Locator:
        """Run one that gets no place yet, open its page, and return the note that says why."""
        waiter = self.visitor.submit("print(1)", name="waiter.py")
        self.page.goto(f"{self.live.url}/runs/{waiter['id']}")
        return self.page.get_by_role("note", name="What it waits for")


@pytest.fixture
def narrow(browser: Browser, tmp_path: Path) -> Iterator[Narrow]:
    live = Live(tmp_path / "home", settings="places = 1\npreload = []\n").start()
    context = browser.new_context()
    sign_in(context, live)
    yield Narrow(live=live, visitor=Visitor(live).enter(), page=context.new_page(), gates=tmp_path)
    context.close()
    live.close()


def test_a_run_that_waits_for_a_place_says_who_holds_it(narrow: Narrow) -> None:
    narrow.hold("holder.py")
    note = narrow.look_at_a_waiter()
    expect(note).to_contain_text("It waits for a free place of this server. 1 task holds the 1 place")
    expect(note.get_by_role("link", name="holder.py")).to_be_visible()
    narrow.open_gate("holder.py")

    expect(narrow.page.locator(".heading .phase")).to_have_text("succeeded")
    expect(note).to_have_count(0)


def test_who_has_got_a_place_and_has_not_begun_is_named_as_who_holds_it(narrow: Narrow) -> None:
    narrow.visitor.ended(narrow.visitor.submit("print(1)", name="first.py"))  # the launcher is there
    launcher = pulse(narrow.live.home, timeout_s=20)
    assert launcher is not None
    os.kill(launcher.pid, signal.SIGSTOP)  # it begins nothing
    try:
        narrow.visitor.submit("print(2)", name="starter.py")
        note = narrow.look_at_a_waiter()
        expect(note).to_contain_text("1 task holds the 1 place")
        expect(note.get_by_role("link", name="starter.py")).to_be_visible()
    finally:
        os.kill(launcher.pid, signal.SIGCONT)

    expect(narrow.page.locator(".heading .phase")).to_have_text("succeeded")


def test_who_holds_the_place_is_named_anew_when_another_run_gets_it(narrow: Narrow) -> None:
    narrow.hold("one.py")
    narrow.hold("two.py")  # waits before the waiter
    note = narrow.look_at_a_waiter()
    expect(note.get_by_role("link", name="one.py")).to_be_visible()
    narrow.open_gate("one.py")

    expect(note.get_by_role("link", name="two.py")).to_be_visible()
    expect(note.get_by_role("link", name="one.py")).to_have_count(0)
    expect(note).to_contain_text("1 task waits in all")
    narrow.open_gate("two.py")
    expect(narrow.page.locator(".heading .phase")).to_have_text("succeeded")


# who may only look


def test_who_may_only_look_sees_everything_and_learns_why_nothing_can_be_pressed(
    browser: Browser, live: Live, visitor: Visitor
) -> None:
    run = visitor.ended(visitor.submit("print('seen by all')\n1 / 0", name="for all.py"))
    told = visitor.told("POST", "/runyard/v1/users", {"name": "vera", "role": "viewer"})
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{live.url}/runs/{run['id']}")
    page.get_by_label("User").fill("vera")
    page.get_by_label("Password").fill(told["password"])
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("log")).to_contain_text("seen by all")
    for name in ("Repair", "Run again", "Delete"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
        expect(page.get_by_role("button", name=name)).to_have_attribute(
            "title", "This needs the role operator; vera is viewer."
        )
    assert violations(page) == []
    page.goto(f"{live.url}/runs")
    expect(page.get_by_role("link", name="for all.py").first).to_be_visible()
    context.close()

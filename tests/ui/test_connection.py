"""What a page does when its server goes and comes back, and when its session ends."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_yard import Visitor
from live import Live
from playwright.sync_api import Browser, Page, expect
from ports import free_port

MORE_THAN_CONNECTIONS = 8  # that a browser opens to one server
UNSEEN = """
let isUnseen = true;
Object.defineProperty(Document.prototype, "hidden", { get: () => isUnseen });
window.show = () => { isUnseen = false; document.dispatchEvent(new Event("visibilitychange")); };
"""
"""Makes pages that lie behind others, which Playwright's never do."""
SHOW = "window.show()"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Live]:
    """A server that the test may end, and that has the same port when it is back."""
    live = Live(tmp_path / "home", ("--port", str(free_port())), settings="preload = []\n").start()
    yield live
    live.close()


@pytest.fixture
def watching(browser: Browser, own: Live) -> Iterator[Page]:
    context = browser.new_context()
    name, _, value = Visitor(own).enter().cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": own.url}])
    yield context.new_page()
    context.close()


def test_an_empty_ledger_shows_the_three_commands_that_make_the_first_run(watching: Page, own: Live) -> None:
    watching.goto(own.url)
    expect(watching.get_by_text("No run yet")).to_be_visible()
    expect(watching.locator(".steps code")).to_have_count(3)
    expect(watching.locator(".signal")).to_have_text("live")
    Visitor(own).enter().submit("print(1)", name="first.py")

    expect(watching.get_by_role("link", name="first.py")).to_be_visible()


def test_a_page_whose_server_was_killed_says_so_comes_back_and_catches_up(watching: Page, own: Live) -> None:
    visitor = Visitor(own).enter()
    gate = own.home / "gate"
    run = visitor.submit(
        f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)", name="survivor.py"
    )
    watching.goto(f"{own.url}/runs")
    row = watching.locator(".window").get_by_role("listitem").filter(has_text="survivor.py")
    expect(row).to_contain_text("running")
    own.kill()
    expect(watching.get_by_role("alert")).to_contain_text("The connection to the server is lost")
    gate.touch()
    own.start()
    Visitor(own).enter().ended(run)

    expect(row).to_contain_text("succeeded")
    expect(watching.get_by_role("alert")).to_have_count(0)


def test_a_page_that_is_opened_while_the_server_is_away_shows_itself_when_it_is_back(watching: Page, own: Live) -> None:
    visitor = Visitor(own).enter()
    visitor.ended(visitor.submit("print('patience')", name="opened-late.py"))
    watching.goto(f"{own.url}/runs")
    link = watching.locator(".window").get_by_role("link", name="opened-late.py")
    expect(link).to_be_visible()
    own.kill()
    expect(watching.get_by_role("alert")).to_contain_text("The connection to the server is lost")
    link.click()
    expect(watching.get_by_role("heading", name="The server does not answer")).to_be_visible()
    expect(watching.get_by_text("jobs keep running meanwhile. This page shows itself")).to_be_visible()
    own.start()

    expect(watching.locator(".heading .phase")).to_have_text("succeeded")
    expect(watching.get_by_role("log")).to_contain_text("patience")


def test_what_could_not_be_done_while_the_server_was_away_is_said(watching: Page, own: Live) -> None:
    visitor = Visitor(own).enter()
    run = visitor.submit("import time\nprint('it began', flush=True)\ntime.sleep(600)", name="goes-on.py")
    watching.goto(f"{own.url}/runs/{run['id']}")
    expect(watching.get_by_role("log")).to_contain_text("it began")
    own.kill()
    watching.get_by_role("button", name="Stop").click()
    expect(watching.get_by_text("It may be restarting; try again when it is back.")).to_have_count(1)
    watching.get_by_role("button", name="Sign out").click()
    expect(watching.get_by_text("It may be restarting; try again when it is back.")).to_have_count(2)
    watching.get_by_label("Search the log").fill("began")
    watching.get_by_label("Search the log").press("Enter")

    expect(watching.locator(".finder").get_by_role("alert")).to_contain_text("The server does not answer.")


def test_the_link_that_serve_prints_signs_in_once(browser: Browser, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "runyard.cli.main", "serve", "--port", "0", "--pg-port", "0"]
    live = Live(tmp_path / "linked")
    with subprocess.Popen([*command, "--home", str(live.home)], stdout=subprocess.PIPE, text=True) as process:
        live.process = process
        try:
            assert process.stdout is not None
            told = "".join(process.stdout.readline() for _ in range(3))
            found = re.search(r"http://\S+/login#\S+", told)
            assert found is not None
            first, second = browser.new_context().new_page(), browser.new_context().new_page()
            first.goto(found[0])
            expect(first.get_by_text("No run yet")).to_be_visible()
            second.goto(found[0])

            expect(second.get_by_role("alert")).to_contain_text("This link was used already")
            assert "#" not in first.url
            first.context.close()
            second.context.close()
        finally:
            live.close()


def test_pages_that_nobody_sees_hold_no_connection_and_catch_up_when_somebody_does(watching: Page, own: Live) -> None:
    visitor = Visitor(own).enter()
    visitor.ended(visitor.submit("print(1)", name="first.py"))
    watching.context.add_init_script(UNSEEN)
    pages = [watching.context.new_page() for _ in range(MORE_THAN_CONNECTIONS)]
    for page in pages:
        page.goto(f"{own.url}/runs")
        expect(page.get_by_role("link", name="first.py")).to_be_visible()
        expect(page.locator(".signal")).to_have_text("connecting")
    visitor.ended(visitor.submit("print(2)", name="second.py"))
    pages[0].evaluate(SHOW)

    expect(pages[0].get_by_role("link", name="second.py")).to_be_visible()
    expect(pages[0].locator(".signal")).to_have_text("live")
    expect(pages[1].get_by_role("link", name="second.py")).to_have_count(0)


def test_a_session_that_ends_asks_for_the_password_and_loses_no_place(watching: Page, own: Live) -> None:
    watching.goto(f"{own.url}/jobs")
    expect(watching.get_by_text("No job yet")).to_be_visible()
    watching.context.clear_cookies()
    watching.get_by_role("link", name="Runs").click()
    expect(watching.locator("input[type=password]")).to_be_visible()
    watching.fill("input[type=password]", own.credentials["password"])
    watching.get_by_role("button", name="Sign in").click()

    expect(watching.get_by_text("No run yet")).to_be_visible()
    assert watching.url == f"{own.url}/runs"

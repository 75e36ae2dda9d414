"""A browser for the console's pages, and a server whose jobs really run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from console_yard import Visitor
from live import Live
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from ui_pages import sign_in

CHROMIUMS = os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell:/usr/bin/chromium").split(os.pathsep)
"""Debian's: the one without windows draws the same, for half the work."""
REMEDY = "install one (apt-get install chromium-headless-shell), or say where yours is in $CHROMIUM"
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It runs as root on machines of tests, and asks nobody for updates."""
PATIENCE_MS = 60_000
"""How long a page may take to show what is expected, on a machine that does other things too."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; in CI a machine that has none fails. It leaves with the file, for others' tests have loops."""
    program = next(filter(os.path.exists, CHROMIUMS), None)
    if program is None:
        reason = f"There is no {' and no '.join(CHROMIUMS)}; {REMEDY}."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=[*QUIETLY])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server for the tests of a file."""
    server = Live(tmp_path_factory.mktemp("ui") / "home", settings="preload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def visitor(live: Live) -> Visitor:
    """Somebody who starts runs while a page is open."""
    return Visitor(live).enter()


@pytest.fixture
def context(browser: Browser, live: Live) -> Iterator[BrowserContext]:
    """A browser of its own that is signed in, and that fails the test for any error of a page."""
    with_errors: list[str] = []
    opened = browser.new_context(
        viewport={"width": 1280, "height": 860},
        timezone_id="Europe/Berlin",
        locale="en-GB",
        reduced_motion="reduce",  # a dot that pulses is drawn anew all the time that a test waits
    )
    opened.set_default_timeout(PATIENCE_MS)
    opened.on("weberror", lambda error: with_errors.append(str(error.error)))
    opened.on("console", lambda told: with_errors.append(told.text) if told.type == "error" else None)
    opened.on("request", lambda asked: with_errors.append(asked.url) if not _is_own(asked.url, live) else None)
    sign_in(opened, live)
    yield opened
    opened.close()
    assert with_errors == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page of a browser that is signed in."""
    return context.new_page()


def _is_own(url: str, live: Live) -> bool:
    return bool(re.match(rf"{re.escape(live.url)}/|data:|blob:", url))

"""(m) The console in Debian's Chromium: until there is something to read, until it obeys, a log that grows, bytes.

Each sample is a browser context of its own with an empty cache, on a server with 1,000,000 runs in its ledger and on
one with none, in turn. "To something to read" ends with the frame in which the first rows, or the words of an empty
ledger, are drawn; "to … drawn" goes from a key or a choice to the frame that shows what it asked for. A growing log is
printed as fast as Python can while the page follows it: from asking for the run to its last line on the screen, against
the same run's end with nobody watching.

It needs Chromium and the package playwright of the group dev; where one is missing it says so and measures nothing.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from console_yard import Visitor
from live import Live

from bench.figures import Goal, Row
from bench.large_ledger import large_ledger
from bench.servers import running_server
from bench.size import Size

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FIGURE = "m"
CHROMIUMS = os.environ.get("CHROMIUM", "/usr/bin/chromium:/usr/bin/chromium-headless-shell").split(os.pathsep)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
MISSING = "Figure {figure} is left out: {what}."
PATIENCE_MS = 120_000
THIRD_OF_A_SECOND = 333
JOB = "listed-7"  # one of those that share the large ledger
MB = 1_000_000
LINE = 100  # bytes
SEEN = """
window.seen = new Promise((done) => {
  const drawn = () => requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  const look = () => (document.querySelector(".window .row, .empty") ? drawn() : requestAnimationFrame(look));
  look();
});
"""
"""Tells, in every page, how long after the address was asked for there was something to read on the screen."""
UNTIL = """
async (told) => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const began = performance.now();
  if (told.key) document.body.dispatchEvent(new KeyboardEvent("keydown", { key: told.key, bubbles: true }));
  if (told.field) {
    const field = document.querySelector(told.field);
    field.value = told.value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const is = new Function(`return ${told.until}`);
  while (!is()) {
    if (performance.now() - began > told.patience) throw new Error(`It never came to: ${told.until}`);
    await drawn();
  }
  await drawn();
  return performance.now() - began;
}
"""
PRINTING = """
import sys
line = "x" * {length} + "\\n"
for _ in range({count}):
    sys.stdout.write(line)
print("that was the last line", flush=True)
"""
LAST = "that was the last line"


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    what = _missing()
    if what is not None:
        print(MISSING.format(figure=FIGURE, what=what), file=sys.stderr)
        return
    with (
        running_server(ledger=large_ledger(size.ledger_runs)) as large,
        running_server() as empty,
        _browser() as browser,
    ):
        yield from _opened(browser, large, empty, size)
        yield from _obeyed(browser, large, empty, size)
        yield from _sent(browser, large, empty)
    with running_server() as live, _browser() as browser:
        yield _growing(browser, live, size)


def _missing() -> str | None:
    if _chromium() is None:
        places = " or ".join(CHROMIUMS)
        return f"there is no Chromium at {places}; install it (apt-get install chromium) or say where in $CHROMIUM"
    if importlib.util.find_spec("playwright") is None:
        return "the package playwright is not installed; the group dev has it"
    return None


def _chromium() -> str | None:
    return next(filter(os.path.exists, CHROMIUMS), None)


def _opened(browser: Browser, large: Live, empty: Live, size: Size) -> Iterator[Row]:
    rounds = [[_first_sight(browser, live, "/runs") for live in (large, empty)] for _ in range(size.page_views)]
    ours, peer = zip(*rounds, strict=True)
    goal = Goal(word="at most", limit=THIRD_OF_A_SECOND, of_ratio=False)
    what = f"console: Runs, to something to read, {size.ledger_runs:,} runs"
    yield Row(figure=FIGURE, what=what, unit="ms", against="an empty ledger", ours=ours, peer=peer, goal=goal)


def _obeyed(browser: Browser, large: Live, empty: Live, size: Size) -> Iterator[Row]:
    is_there = "location.pathname === '/jobs' && document.querySelector('.jobs tbody tr, .empty')"
    jobs = {"key": "o", "until": is_there}
    rounds = [[_obeying(browser, live, jobs) for live in (large, empty)] for _ in range(size.page_views)]
    ours, peer = zip(*rounds, strict=True)
    what = f"console: a key to the Jobs drawn, {size.ledger_runs:,} runs"
    yield Row(figure=FIGURE, what=what, unit="ms", against="an empty ledger", ours=ours, peer=peer)
    names = "[...document.querySelectorAll('.window .row .job')]"
    is_only = f"{names}.length && {names}.every((one) => one.textContent === '{JOB}')"
    chosen = {"field": ".jobname", "value": JOB, "until": is_only}
    samples = [_obeying(browser, large, chosen) for _ in range(size.page_views)]
    what = f"console: a job chosen to its runs drawn, {size.ledger_runs:,} runs"
    yield Row(figure=FIGURE, what=what, unit="ms", against="", ours=samples)


def _sent(browser: Browser, large: Live, empty: Live) -> Iterator[Row]:
    pairs = [_bytes_of_two_visits(browser, live) for live in (large, empty)]
    for name, place in (("first visit", 0), ("next visit", 1)):
        ours, peer = ([pair[place] / 1000] for pair in pairs)
        what = f"console: bytes of Runs, {name}"
        yield Row(figure=FIGURE, what=what, unit="kB", against="an empty ledger", ours=ours, peer=peer)


def _growing(browser: Browser, live: Live, size: Size) -> Row:
    visitor, ours, peer = Visitor(live).enter(), [], []
    source = PRINTING.format(length=LINE - 1, count=size.log_bytes // LINE)
    with _context(browser, live) as context:
        for _ in range(size.rounds):
            ours.append(size.log_bytes / MB / _seconds_to_last_line(context.new_page(), visitor, source))
            began = time.perf_counter()
            visitor.ended(visitor.submit(source))
            peer.append(size.log_bytes / MB / (time.perf_counter() - began))
    what = f"console: {size.log_bytes // MB} MB printed, to the last line on the page that follows"
    return Row(figure=FIGURE, what=what, unit="MB/s", against="its end, nobody watching", ours=ours, peer=peer)


def _seconds_to_last_line(page: Page, visitor: Visitor, source: str) -> float:
    """Return how long it takes from asking for a run to the last line of its log, on a page that is opened at once."""
    began = time.perf_counter()
    run = visitor.submit(source)
    page.goto(f"{visitor.live.url}/runs/{run['id']}", wait_until="commit")
    page.locator(".lines").get_by_text(LAST).wait_for(timeout=PATIENCE_MS)
    took = time.perf_counter() - began
    page.close()
    return took


def _first_sight(browser: Browser, live: Live, path: str) -> float:
    with _context(browser, live) as context:
        page = context.new_page()
        page.goto(live.url + path, wait_until="commit")
        return float(page.evaluate("window.seen"))


def _obeying(browser: Browser, live: Live, told: dict[str, str]) -> float:
    with _context(browser, live) as context:
        page = context.new_page()
        page.goto(f"{live.url}/runs", wait_until="commit")
        page.evaluate("window.seen")
        return float(page.evaluate(UNTIL, {**told, "patience": PATIENCE_MS}))


def _bytes_of_two_visits(browser: Browser, live: Live) -> tuple[float, float]:
    """Return what came over the line for the page: with an empty cache, and again."""
    with _context(browser, live) as context:
        page = context.new_page()
        wire: list[float] = []
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda told: wire.append(float(told["encodedDataLength"])))
        sums = []
        for _ in range(2):
            wire.clear()
            page.goto(f"{live.url}/runs", wait_until="commit")
            page.evaluate("window.seen")
            page.wait_for_timeout(1_000)  # what comes after the first rows belongs to the visit too
            sums.append(sum(wire))
    return sums[0], sums[1]


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - where it is missing, the bench has other figures

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=_chromium(), args=[*ARGUMENTS])
        yield opened
        opened.close()


@contextmanager
def _context(browser: Browser, live: Live) -> Iterator[BrowserContext]:
    made: Any = browser.new_context(viewport={"width": 1280, "height": 860})
    made.set_default_timeout(PATIENCE_MS)
    made.add_init_script(SEEN)
    name, _, value = Visitor(live).enter().cookie.partition("=")
    made.add_cookies([{"name": name, "value": value, "url": live.url}])
    yield made
    made.close()

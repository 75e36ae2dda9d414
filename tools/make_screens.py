"""Make docs/screens anew: a picture of each page of the console, over jobs that have really run.

For maintainers, with Debian's Chromium: `tools/make_screens.py [NAME …]`. A row of SHOTS is a picture.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the servers and the work of the tests

from console_yard import Visitor  # noqa: E402 - found only by the path above
from live import Live  # noqa: E402 - same
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402 - same
from ui_yard import (  # noqa: E402 - same
    SETTINGS,
    cells_shown,
    chained,
    crowd,
    disperse,
    followed,
    nightly,
    nights,
    queries,
    reflected,
    run_number,
)

TARGET = ROOT / "docs" / "screens"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDE, PHONE = (1440, 900), (390, 844)
NIGHTS = 32
GROWING = """
import time
for number in range(100_000):
    print(f"stage {number} processed {1000 * number:,} rows", flush=True)
    time.sleep(0.05)
"""


SLOWEST = """SELECT r.id AS run_id, r.job_name, r.phase, r.created_at, t.task_key AS slowest_task,
       max(t.ended_at - t.running_at) / 1000.0 AS took_s
FROM runyard.ledger.runs AS r JOIN runyard.ledger.task_runs AS t ON t.run_id = r.id
GROUP BY r.id
ORDER BY took_s DESC"""
STEPS = """SELECT task_key, round(avg(ended_at - running_at)) AS avg_ms, max(ended_at - running_at) AS max_ms
FROM runyard.ledger.task_runs
WHERE running_at IS NOT NULL AND task_key <> 'main'
GROUP BY task_key
ORDER BY avg_ms DESC
LIMIT 8"""


def _nothing(_: Page) -> None:
    """Show the page as it comes."""


def _press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def _picture_of_rows(page: Page) -> None:
    _press("Chart")(page)
    page.wait_for_selector(".chart canvas")


def _frame_of_a_cell(page: Page) -> None:
    page.locator(".framed").scroll_into_view_if_needed()
    page.frame_locator(".framed").get_by_text("All 17 shops are in").wait_for()
    page.evaluate("scrollTo(0, 0)")


def _asked(text: str, *, chart: str = "") -> Callable[[Page], None]:
    """Run a text on the page of SQL, and wait for what is seen of it."""

    def prepare(page: Page) -> None:
        page.locator(".cm-content").fill(text)
        page.locator(".cm-content").press("Control+Enter")
        page.wait_for_selector(".chart canvas" if chart else ".body .datarow")

    return prepare


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture: which page, what is there once it is whole, and how it is looked at."""

    path: str  # with the names of what the yard made
    ready: str
    scheme: str = "dark"
    size: tuple[int, int] = WIDE
    prepare: Callable[[Page], None] = _nothing
    is_whole: bool = True  # all of the page, not only what a window shows


SHOTS: Mapping[str, Shot] = {
    "runs": Shot(path="/runs", ready=".window .row", is_whole=False),
    "jobs": Shot(path="/jobs", ready=".jobs tbody tr", scheme="light"),
    "job": Shot(path="/jobs/{job}", ready=".matrix td"),
    "run": Shot(path="/runs/{failed}", ready=".lines .all > div"),
    "timeline": Shot(path="/runs/{failed}?view=timeline", ready=".timeline .line", scheme="light", is_whole=False),
    "live": Shot(path="/runs/{growing}", ready=".lines .all > div:nth-child(20)", is_whole=False),
    "notebook": Shot(path="/runs/{cells}", ready=".framed", scheme="light", prepare=_frame_of_a_cell),
    "chart": Shot(path="/runs/{query}", ready=".grid tbody tr", prepare=_picture_of_rows),
    "bookmark": Shot(path="/runs/{bookmarked}", ready=".chain", scheme="light"),
    "dremio": Shot(path="/dremio", ready=".queue .items li"),
    "sql": Shot(path="/sql", ready=".cm-content", prepare=_asked(SLOWEST), is_whole=False),
    "sql-chart": Shot(
        path="/sql?view=chart", ready=".cm-content", scheme="light", prepare=_asked(STEPS, chart="bars"), is_whole=False
    ),
    "workflows": Shot(path="/workflows/{workflow}", ready=".flow .node"),
    "phone": Shot(path="/runs/{failed}", ready=".lines .all > div", size=PHONE, is_whole=False),
}


def main() -> int:
    """Furnish a server, and look at it."""
    wanted = sys.argv[1:] or list(SHOTS)
    if unknown := set(wanted) - set(SHOTS):
        print(f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(SHOTS)}.")
        return 2
    if not Path(CHROMIUM).exists():
        print(f"There is no Chromium at {CHROMIUM}; install it (apt-get install chromium) or say where in $CHROMIUM.")
        return 1
    TARGET.mkdir(exist_ok=True)
    with _furnished() as (live, made), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name in wanted:
            _take(browser, live, SHOTS[name], {"made": made, "file": TARGET / f"{name}.png"})
            print(f"docs/screens/{name}.png", flush=True)
        browser.close()
    return 0


@contextmanager
def _furnished() -> Iterator[tuple[Live, Mapping[str, Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        live = Live(Path(folder) / "home", settings=SETTINGS).start()
        try:
            visitor = Visitor(live).enter()
            job = nightly(live)
            asked: Sequence[str] = ()
            made = {"job": job, "failed": nights(visitor, job, count=NIGHTS)[-1], "bookmarked": chained(live)}
            made |= {"cells": cells_shown(live), "query": run_number(visitor, queries(live)["done"])}
            visitor.ended({"id": made["cells"]})
            reflected(live)
            made |= {"workflow": followed(live)}
            made |= {"growing": visitor.submit(GROWING, name="backfill.py")["id"]}
            asked = crowd(live)
            yield live, made
            disperse(live, list(asked))
        finally:
            live.close()


def _take(browser: Browser, live: Live, shot: Shot, told: Mapping[str, Any]) -> None:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if shot.scheme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    name, _, value = Visitor(live).enter().cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": live.url}])
    page = context.new_page()
    page.goto(live.url + shot.path.format_map(told["made"]))
    page.wait_for_selector(shot.ready)
    shot.prepare(page)
    page.wait_for_load_state("load")
    if shot.is_whole:
        page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
    page.evaluate("new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))")
    page.screenshot(path=told["file"])
    context.close()


if __name__ == "__main__":
    sys.exit(main())

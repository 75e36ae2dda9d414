"""Logs in a real browser: how they grow, how long they may be, and how one finds something in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from console_yard import Visitor
from live import Live
from playwright.sync_api import Page, expect
from waiting import until

LINES = 2_500_000
LONG = f"""
import sys
out = sys.stdout
for first in range(0, {LINES}, 50_000):
    out.write("".join(f"{{number:08d}} the quick brown fox jumps over the lazy dog and comes back, again and again\\n"
                      for number in range(first, first + 50_000)))
    if first == 1_000_000:
        out.write("a NEEDLE in the middle\\n")
out.write("the last line\\n")
"""
LARGE = 200_000_000  # bytes


@pytest.fixture(scope="module")
def long_run(live: Live) -> int:
    visitor = Visitor(live).enter()
    return int(visitor.ended(visitor.submit(LONG, name="long.py"))["id"])


def test_a_log_of_200_megabytes_is_read_searched_and_never_loaded(page: Page, live: Live, long_run: int) -> None:
    sizes: list[int] = []
    page.on("response", lambda reply: sizes.append(int(reply.headers.get("content-length", 0))))
    page.goto(f"{live.url}/runs/{long_run}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("the last line")
    expect(page.locator(".status")).to_contain_text(re.compile(r"2\d\d\.\d MB"))
    page.get_by_role("button", name="Start", exact=True).click()
    expect(log).to_contain_text("00000000 the quick brown fox")
    page.get_by_label("Search the log").fill("needle")
    page.get_by_label("Search the log").press("Enter")
    expect(page.locator(".match")).to_have_text("a NEEDLE in the middle", timeout=60_000)
    page.get_by_role("button", name="End", exact=True).click()
    expect(log).to_contain_text("the last line")

    assert max(file.stat().st_size for file in live.home.glob("runs/*/*/stdout")) > LARGE
    assert sum(sizes) < 4_000_000
    assert log.locator(".all > div").count() < 200


def test_a_log_grows_while_one_follows_it_and_stays_where_one_reads(page: Page, live: Live, visitor: Visitor) -> None:
    gate = live.home / "more"
    source = f"""
import pathlib, time
for number in range(3000):
    print("early", number)
print("now wait", end=" for it", flush=True)
while not pathlib.Path({str(gate)!r}).exists():
    time.sleep(0.01)
print(" - and go", flush=True)
for number in range(3000):
    print("late", number)
"""
    run = visitor.submit(source, name="growing.py")
    page.goto(f"{live.url}/runs/{run['id']}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("now wait for it")
    gate.touch()
    expect(log).to_contain_text("late 2999")
    page.get_by_role("button", name="Start", exact=True).click()

    expect(log).to_contain_text("early 0")
    found = page.locator("a[download]").evaluate("link => fetch(link.href).then((reply) => reply.text())")
    assert "now wait for it - and go\nlate 0\n" in found
    page.get_by_label("Search the log").fill("and go")
    page.get_by_label("Search the log").press("Enter")
    expect(page.locator(".match")).to_have_text("now wait for it - and go")


def test_a_page_keeps_up_with_a_log_that_grows_faster_than_it_can_be_read(
    page: Page, live: Live, visitor: Visitor
) -> None:
    gate = live.home / "flood"
    source = f"""
import pathlib, sys, time
print("it begins", flush=True)
while not pathlib.Path({str(gate)!r}).exists():
    time.sleep(0.01)
flood = "one of very many lines that nobody can read as fast as they are printed\\n" * 100_000
for _ in range(20):
    sys.stdout.write(flood)
print("the very last line", flush=True)
"""
    run = visitor.submit(source, name="flood.py")
    sizes: list[int] = []
    page.on("response", lambda reply: sizes.append(int(reply.headers.get("content-length", 0))))
    page.goto(f"{live.url}/runs/{run['id']}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("it begins")
    gate.touch()

    expect(log).to_contain_text("the very last line", timeout=60_000)
    (attempt,) = visitor.told("GET", f"/runyard/v1/runs/{run['id']}/attempts")["attempts"]
    (stdout,) = live.home.glob(f"runs/*/{attempt['id']:x}/stdout")
    assert stdout.stat().st_size > 140_000_000
    assert sum(sizes) < stdout.stat().st_size / 2  # what scrolls past unseen is not fetched


def test_what_a_job_prints_never_becomes_part_of_the_page(page: Page, live: Live, visitor: Visitor) -> None:
    evil = "<img src=x onerror=alert(1)><script>document.title='owned'</script>"
    source = f"print({evil!r})\nprint('\\x1b[31m' + {evil!r} + '\\x1b[0m')\nraise ValueError({evil!r})\n"
    run = visitor.ended(visitor.submit(source, name=evil.replace("/", "")))
    page.goto(f"{live.url}/runs/{run['id']}")

    expect(page.get_by_role("log")).to_contain_text(evil)
    expect(page.get_by_role("region", name="What went wrong").get_by_role("heading")).to_contain_text(evil)
    assert page.locator("main img").count() == 0
    expect(page).to_have_title(re.compile("^failed"))


def test_long_lines_wrap_when_asked_to(page: Page, live: Live, visitor: Visitor, tmp_path: Path) -> None:
    run = visitor.ended(visitor.submit("print('word ' * 2000)", name=f"{tmp_path.name[:10]} wide.py"))
    page.goto(f"{live.url}/runs/{run['id']}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("word word")
    until(lambda: log.evaluate("box => box.scrollWidth > box.clientWidth"))
    page.get_by_role("button", name="Wrap").click()

    until(lambda: log.evaluate("box => box.scrollWidth <= box.clientWidth"))


COLOURS = """
print("\\x1b[1mbold\\x1b[0m \\x1b[38;5;208morange\\x1b[0m \\x1b[48;2;1;2;3mdark\\x1b[0m")
print("\\x1b[31mthe first red line\\nthe second\\x1b[0m")
"""


def looks(page: Page, text: str, looked_at: str) -> str:
    """Return how the part of the page that is this text is drawn."""
    found: str = page.get_by_text(text, exact=True).evaluate(f"part => getComputedStyle(part).{looked_at}")
    return found


def test_a_log_is_drawn_in_a_terminals_colours_and_weights(page: Page, live: Live, visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit(COLOURS, name="colours.py"))
    page.goto(f"{live.url}/runs/{run['id']}")
    expect(page.get_by_role("log")).to_contain_text("the second")

    assert looks(page, "bold", "fontWeight") == "700"
    assert looks(page, "orange", "color") == "rgb(255, 135, 0)"
    assert looks(page, "dark", "backgroundColor") == "rgb(1, 2, 3)"
    assert page.locator("[data-log] .ansi-red-fg").all_inner_texts() == ["the first red line", "the second"]


def test_a_line_that_was_seen_half_goes_on_where_it_was_in_its_colour(page: Page, live: Live, visitor: Visitor) -> None:
    gate = live.home / "half"
    source = f"""
import pathlib, time
print("\\x1b[32mcopying", end="", flush=True)
while not pathlib.Path({str(gate)!r}).exists():
    time.sleep(0.01)
print(" done\\x1b[0m")
"""
    run = visitor.submit(source, name="half.py")
    stdout = f"/runyard/v1/runs/{run['id']}/logs?stream=stdout"
    until(lambda: "copying" in str(visitor.told("GET", stdout)), seconds=60)
    page.goto(f"{live.url}/runs/{run['id']}")
    expect(page.get_by_role("log")).to_contain_text("copying")
    gate.touch()
    expect(page.get_by_role("log")).to_contain_text("done")

    assert page.locator("[data-log] .ansi-green-fg").all_inner_texts() == ["copying done"]

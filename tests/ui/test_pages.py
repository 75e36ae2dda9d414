"""Each page of the console in a real browser, over jobs that really run."""

from __future__ import annotations

import re

import pytest
from console_yard import FAILING, Visitor
from live import Live
from playwright.sync_api import Browser, Page, expect
from ui_pages import pipeline, run_of, sideways, sign_in, statements, tree, violations
from waiting import until

SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def job_id(live: Live) -> int:
    return pipeline(live, "nightly-etl", failing="clean")


@pytest.fixture(scope="module")
def failed_id(live: Live, job_id: int) -> int:
    visitor = Visitor(live).enter()
    return [run_of(visitor, job_id) for _ in range(3)][-1]


# getting in


def test_a_stranger_signs_in_with_the_password_and_out_again(browser: Browser, live: Live) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{live.url}/jobs")
    page.fill("input[type=password]", "wrong")
    page.click("text=Sign in")
    expect(page.get_by_role("alert")).to_contain_text("that is not the password")
    page.fill("input[type=password]", live.credentials["password"])
    page.click("text=Sign in")

    expect(page.get_by_role("link", name="Jobs", exact=True)).to_be_visible()
    assert page.url == f"{live.url}/jobs"
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("input[type=password]")).to_be_visible()
    page.context.close()


# runs


def test_runs_appear_change_and_fail_while_one_watches(page: Page, live: Live, visitor: Visitor) -> None:
    visitor.ended(visitor.submit("print(1)", name="earlier.py"))
    page.goto(f"{live.url}/runs")
    expect(page.get_by_role("link", name="earlier.py").first).to_be_visible()
    expect(page.locator(".signal")).to_have_text("live")

    gate = live.home / "gate"
    visitor.submit(
        f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)\n1 / 0",
        name="watched.py",
    )
    row = page.locator(".window").get_by_role("listitem").filter(has=page.get_by_role("link", name="watched.py"))
    expect(row).to_contain_text("running")
    gate.touch()
    expect(row).to_contain_text("failed")
    expect(row).to_contain_text("ZeroDivisionError: division by zero")


def test_who_comes_back_to_a_long_list_is_where_it_was_left_and_sees_what_came(
    page: Page, live: Live, visitor: Visitor
) -> None:
    for number in range(60):  # more than are drawn at once, and fewer than a page of them
        visitor.submit("print(1)", name=f"deep-{number}.py")
    page.goto(f"{live.url}/runs?text=deep-")
    rows = page.locator(".window").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    deep = page.get_by_role("link", name="deep-3.py", exact=True)
    until(lambda: page.evaluate("scrollTo(0, document.documentElement.scrollHeight)") or deep.count(), seconds=60)
    deep.click()
    expect(page.get_by_role("heading", name="deep-3.py")).to_be_visible()
    visitor.ended(visitor.submit("print(1)", name="deep-and-new.py"))
    page.locator(".signal.live").wait_for()
    page.go_back()

    expect(deep).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    expect(page.get_by_role("link", name="deep-and-new.py")).to_be_visible()
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(rows.first).to_be_in_viewport()


def test_what_is_typed_stays_while_names_are_offered(page: Page, live: Live, visitor: Visitor) -> None:
    visitor.ended(visitor.submit("print(1)", name="offered.py"))
    page.goto(f"{live.url}/runs")
    field = page.get_by_label("Job", exact=True)
    field.press_sequentially("offered")
    expect(page.locator("datalist option[value='offered.py']")).to_be_attached()
    expect(field).to_have_value("offered")
    field.press_sequentially(".py")
    field.press("Enter")

    expect(page).to_have_url(re.compile(r"/runs\?job=offered\.py$"))


def test_filters_stand_in_the_address_and_come_back_with_it(page: Page, live: Live, visitor: Visitor) -> None:
    visitor.ended(visitor.submit(FAILING, name="filtered bad.py"))
    visitor.ended(visitor.submit("print(1)", name="filtered good.py"))
    page.goto(f"{live.url}/runs")
    page.get_by_label("Search by name or run id").fill("FILTERED")
    page.get_by_label("Any state").select_option("failed")
    expect(page.locator(".window").get_by_role("listitem")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/runs\?(phase=failed&text=FILTERED|text=FILTERED&phase=failed)$"))
    page.reload()

    expect(page.locator(".window").get_by_role("link")).to_have_text(["filtered bad.py"])
    expect(page.get_by_label("Search by name or run id")).to_have_value("FILTERED")


def test_the_keyboard_searches_moves_and_opens(page: Page, live: Live, visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit("print(1)", name="by key.py"))
    page.goto(f"{live.url}/runs?text=by+key")
    expect(page.get_by_role("link", name="by key.py")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Search by name or run id")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{live.url}/runs/{run['id']}")


def test_an_address_of_nobodys_is_a_page_that_says_so(browser: Browser, live: Live) -> None:
    context = browser.new_context()
    sign_in(context, live)
    page = context.new_page()
    reply = page.goto(f"{live.url}/runs/")

    assert reply is not None
    assert reply.status == 404
    expect(page.get_by_text("There is no such page")).to_be_visible()
    page.get_by_role("link", name="All runs").click()
    expect(page).to_have_url(f"{live.url}/runs")
    assert page.goto(f"{live.url}/metrics").status == 401  # type: ignore[union-attr]  # an answer came before
    context.close()


def test_what_is_not_there_is_said_so(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/runs?text=nobody+is+called+so")
    expect(page.get_by_text("No run fits")).to_be_visible()
    page.get_by_role("button", name="Show all runs").click()
    expect(page).to_have_url(f"{live.url}/runs")


# a job


def test_a_job_shows_its_matrix_its_next_times_and_its_parameters(
    page: Page, live: Live, job_id: int, failed_id: int
) -> None:
    page.goto(f"{live.url}/jobs")
    page.get_by_role("link", name="nightly-etl").click()

    expect(page.get_by_role("heading", name="nightly-etl")).to_be_visible()
    expect(page.locator(".matrix tbody tr")).to_have_count(5)
    expect(page.get_by_label(f"clean in run {failed_id}: failed")).to_be_visible()
    expect(page.get_by_label(f"publish in run {failed_id}: upstream failed")).to_be_visible()
    expect(page.locator(".times li")).to_have_count(5)
    expect(page.locator(".times li").first).to_contain_text("03:30")
    expect(page.get_by_role("row", name="day monday")).to_be_visible()
    assert page.url.endswith(f"/jobs/{job_id}")


def test_a_job_is_paused_and_run_with_parameters(page: Page, live: Live, job_id: int) -> None:
    page.goto(f"{live.url}/jobs/{job_id}")
    page.get_by_role("button", name="Pause triggers").click()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Resume triggers").click()
    expect(page.locator(".times li")).to_have_count(5)
    page.get_by_role("button", name="Run now").click()
    page.get_by_label("day").fill("tuesday")
    page.get_by_role("button", name="Start", exact=True).click()

    expect(page).to_have_url(re.compile(r"/runs/\d+$"))
    expect(page.get_by_role("row", name="day tuesday")).to_be_visible()


# a run


def test_a_link_of_databricks_leads_to_the_run_and_its_error_comes_first(
    page: Page, live: Live, failed_id: int, job_id: int
) -> None:
    page.goto(f"{live.url}/?o=1#job/{job_id}/run/{failed_id}")

    expect(page).to_have_url(f"{live.url}/runs/{failed_id}")
    trouble = page.get_by_role("region", name="What went wrong")
    expect(trouble.get_by_role("heading")).to_have_text("KeyError: 'clean of today'")
    expect(trouble.locator(".here")).to_contain_text("print(rows['clean of today'])")
    expect(page.get_by_role("button", name="clean: failed")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".cells li.failed .source")).to_have_text("print(rows['clean of today'])")


def test_tasks_are_a_graph_a_timeline_and_a_list(page: Page, live: Live, failed_id: int) -> None:
    page.goto(f"{live.url}/runs/{failed_id}")
    page.get_by_role("button", name="orders: succeeded").click()
    expect(page.get_by_role("heading", name="orders", exact=True)).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("INFO orders began")
    expect(page.locator(".lines .ansi-green-fg")).to_have_text("INFO")
    page.get_by_role("button", name="Timeline").click()
    expect(page.locator(".timeline .line")).to_have_count(5)
    page.get_by_role("button", name="List").click()

    expect(page.get_by_role("table").first.get_by_role("row")).to_have_count(6)
    expect(page).to_have_url(re.compile(r"task=orders&view=list$"))


def test_a_graph_of_hundreds_of_tasks_is_drawn_at_once(page: Page, live: Live, visitor: Visitor) -> None:
    job_id = tree(live, "wide", tasks=300)
    run_id = run_of(visitor, job_id)
    page.goto(f"{live.url}/runs/{run_id}")

    expect(page.locator(".graph .node")).to_have_count(300)
    expect(page.locator(".graph .edge")).to_have_count(299)
    page.get_by_role("button", name="t299: succeeded").click()
    expect(page.get_by_role("heading", name="t299", exact=True)).to_be_visible()


def test_the_statements_of_a_task_show_their_rows_page_by_page(page: Page, live: Live, visitor: Visitor) -> None:
    run_id = statements(live, "SELECT 1 AS one; SELECT n, 'row ' || n AS name FROM range(1, 46) AS numbers(n)")
    visitor.ended({"id": run_id})
    page.goto(f"{live.url}/runs/{run_id}")

    expect(page.locator(".cells li")).to_have_count(2)
    rows = page.get_by_role("region", name="Rows").last
    expect(rows.get_by_role("row").nth(1)).to_have_text("1row 1")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    expect(rows.get_by_role("row").last).to_have_text("45row 45")
    expect(page.get_by_text(re.compile("41.45 of 45 rows"))).to_be_visible()


def test_a_run_is_told_in_each_language_ready_to_copy(page: Page, live: Live, failed_id: int) -> None:
    page.goto(f"{live.url}/runs/{failed_id}")
    page.get_by_text("The exact record").click()
    expect(page.get_by_text(f"databricks jobs get-run {failed_id}")).to_be_visible()
    page.get_by_role("button", name="runyard", exact=True).click()

    expect(page.get_by_text(f"runyard runs show {failed_id} --json")).to_be_visible()
    expect(page.locator(".records pre")).to_contain_text('"outcome": "failed"')


def test_a_run_is_stopped_run_again_and_deleted(page: Page, live: Live, visitor: Visitor) -> None:
    run = visitor.submit("import time\nprint('up', flush=True)\ntime.sleep(600)", name="endless.py")
    page.goto(f"{live.url}/runs/{run['id']}")
    expect(page.get_by_role("log")).to_contain_text("up")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".heading .phase")).to_have_text("cancelled")
    page.get_by_role("button", name="Run again").click()
    expect(page.locator(".heading .phase")).to_have_text("running")
    assert page.url != f"{live.url}/runs/{run['id']}"
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".heading .phase")).to_have_text("cancelled")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it and its logs").click()

    expect(page).to_have_url(f"{live.url}/runs")


def test_a_double_click_starts_one_run(page: Page, live: Live, visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit("print(1)", name="once.py"))
    page.goto(f"{live.url}/runs/{run['id']}")
    again = page.get_by_role("button", name="Run again")
    expect(again).to_be_visible()
    again.evaluate("button => { button.click(); button.click(); }")
    expect(page).not_to_have_url(f"{live.url}/runs/{run['id']}")
    expect(page.locator(".heading .phase")).to_have_text("succeeded")

    assert len(visitor.told("GET", "/console/v1/runs?job=once.py")["runs"]) == 2
    page.go_back()
    expect(page).to_have_url(f"{live.url}/runs/{run['id']}")


def test_tasks_of_a_run_are_chosen_and_repaired(page: Page, live: Live, visitor: Visitor, failed_id: int) -> None:
    page.goto(f"{live.url}/runs/{failed_id}")
    page.get_by_role("button", name="Repair").click()
    dialog = page.get_by_role("dialog", name="Repair this run")
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(3)
    dialog.get_by_label("orders").check()
    dialog.get_by_role("button", name="Run 4 again").click()
    expect(page.get_by_text("1 repair").first).to_be_visible()

    repaired = visitor.ended({"id": failed_id})
    attempts = visitor.told("GET", f"/runyard/v1/runs/{failed_id}/attempts")["attempts"]
    tries = [one["task_key"] for one in attempts if one["number"] == 1]
    assert (repaired["repairs"], sorted(tries)) == (1, ["clean", "orders", "publish", "report"])


def test_an_unknown_run_is_said_so(browser: Browser, live: Live, visitor: Visitor) -> None:
    page = browser.new_context().new_page()
    name, _, value = visitor.cookie.partition("=")
    page.context.add_cookies([{"name": name, "value": value, "url": live.url}])
    page.goto(f"{live.url}/runs/5")

    expect(page.get_by_text("No such run")).to_be_visible()
    expect(page.get_by_text("Run 5 not found.")).to_be_visible()
    page.context.close()


# for everybody


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_is_accessible_by_light_and_in_the_dark(
    page: Page, live: Live, visitor: Visitor, scheme: str, job_id: int, failed_id: int
) -> None:
    for _ in range(10):  # axe passes over what has one digit
        visitor.ended(visitor.submit("print(1)", name="well.py"))
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    found = {}
    for path, ready in PAGES:
        page.goto(live.url + path.format(job=job_id, run=failed_id))
        page.wait_for_selector(ready)
        found[path] = violations(page)

    assert found == {path: [] for path, _ in PAGES}


def test_every_page_fits_a_telephone(page: Page, live: Live, job_id: int, failed_id: int) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    found = {}
    for path, ready in PAGES:
        page.goto(live.url + path.format(job=job_id, run=failed_id))
        page.wait_for_selector(ready)
        found[path] = sideways(page)

    assert found == {path: 0 for path, _ in PAGES}


def test_dark_is_dark_and_a_choice_is_kept(page: Page, live: Live) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{live.url}/jobs")
    expect(page.locator("html")).to_have_css("background-color", "rgb(14, 19, 24)")
    page.get_by_role("button", name="Theme: system").click()
    page.reload()

    expect(page.locator("html")).to_have_css("background-color", "rgb(245, 246, 248)")


def test_a_page_is_shown_whose_code_comes_just_after_it_was_drawn_without(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/runs")
    page.wait_for_selector("header.top")
    shown = page.evaluate(DRAWN_THEN_THERE)

    assert shown.startswith("Dremio")


DRAWN_THEN_THERE = """
async () => {
  const root = document.querySelector("script[src$='ui/main.js']").src.replace("ui/main.js", "");
  const { bring, Lazy } = await import(`${root}ui/lazy.js`), { html, render } = await import(`${root}ui/h.js`);
  await import(`${root}ui/dremio.js`); // so that to bring it takes no frame
  const box = document.body.appendChild(document.createElement("div"));
  const frames = window.requestAnimationFrame;
  window.requestAnimationFrame = () => 0; // until the code is there, a page that was drawn has no effects
  render(html`<${Lazy} module="ui/dremio.js" part="Dremio" />`, box);
  await bring("ui/dremio.js");
  window.requestAnimationFrame = frames;
  for (let frame = 0; frame < 30 && !box.innerText; frame += 1) await new Promise(requestAnimationFrame);
  return box.innerText;
}
"""
"""Draws a page whose code is not there, lets the code come at once, and tells what is seen after half a second."""
PAGES = (
    ("/runs", ".legend .succeeded"),
    ("/jobs", ".jobs tbody tr"),
    ("/jobs/{job}", ".matrix td"),
    ("/runs/{run}", ".graph .node"),
    ("/runs/{run}?view=timeline", ".timeline .line"),
    ("/runs/{run}?view=list", "table.list"),
)

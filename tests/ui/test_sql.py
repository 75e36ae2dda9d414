"""The SQL page in a real browser: typed, completed, run, read to its end, drawn, explained, kept and taken along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from access_live import People
from console_yard import FAILING, Visitor
from live import Live
from playwright.sync_api import Browser, Locator, Page, Route, expect
from ports import free_port
from ui_pages import sideways, violations

MANY = 300_000
NUMBERS = (
    f"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT {MANY}) SELECT n, 'row ' || n AS name FROM t"
)
ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
BY_JOB = "SELECT job_name, count(*) AS runs, max(id) AS newest FROM runyard.ledger.runs GROUP BY job_name ORDER BY 1"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server with some runs."""
    server = Live(tmp_path_factory.mktemp("ui-sql") / "home").start()
    visitor = Visitor(server).enter()
    for name in ("alpha.py", "beta.py", "beta.py"):
        visitor.ended(visitor.submit("print(1)", name=name))
    visitor.ended(visitor.submit(FAILING, name="gamma.py"))
    yield server
    server.close()


@pytest.fixture
def sql(page: Page, live: Live) -> Page:
    """The page with its editor."""
    page.goto(f"{live.url}/sql")
    expect(editor(page)).to_be_visible()
    expect(page.locator(".cm-content")).to_be_visible()
    return page


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="SQL")


def write(page: Page, text: str) -> None:
    """Write a text in the place of what is there; an editor that has only now got the focus selects its own place."""
    page.locator(".cm-content").focus()
    expect(page.locator(".cm-editor.cm-focused")).to_be_visible()
    page.locator(".cm-content").fill(text)


def run(page: Page, text: str) -> None:
    """Write a text in the place of what is there, and run it by keyboard."""
    write(page, text)
    page.locator(".cm-content").press("Control+Enter")


def cells(page: Page, row: int) -> list[str]:
    return page.locator(".body .datarow").nth(row).get_by_role("cell").all_inner_texts()


# typing


def test_an_empty_page_says_what_there_is_to_ask_and_how_else(sql: Page) -> None:
    expect(sql.get_by_role("heading", name="Ask your runs")).to_be_visible()
    expect(sql.get_by_text("runyard sql")).to_be_visible()
    sql.get_by_role("button", name="How runs ended").click()
    sql.keyboard.press("Control+Enter")

    expect(sql.get_by_role("table", name="Rows")).to_contain_text("succeeded")
    assert cells(sql, 0) == ["succeeded", "3"]


def test_resources_columns_and_functions_are_offered_while_one_types(sql: Page) -> None:
    sql.locator(".cm-content").click()
    offered = sql.locator(".cm-tooltip-autocomplete")
    sql.keyboard.type("SELECT spli")
    expect(offered).to_contain_text("split_part")
    sql.keyboard.press("Escape")
    write(sql, "SELECT * FROM runyard.ledger.")
    sql.locator(".cm-content").press("End")
    sql.keyboard.type("att")
    expect(offered).to_contain_text("attempts")
    offered.get_by_role("option", name=re.compile("^attempts")).click()
    expect(sql.locator(".cm-content")).to_have_text("SELECT * FROM runyard.ledger.attempts")
    sql.keyboard.type(" AS tries WHERE tries.task_")

    offered.get_by_role("option", name=re.compile("^task_key")).click()
    expect(sql.locator(".cm-content")).to_contain_text("tries.task_key")


def test_what_is_typed_over_a_selection_keeps_to_the_policy_of_the_page(sql: Page) -> None:
    write(sql, "SELECT 1")
    sql.locator(".cm-content").press("Control+a")
    sql.keyboard.type("SELECT 'another' AS text")  # the browser's own way would be a style, and an error of the page
    sql.keyboard.press("Control+Enter")

    expect(sql.locator(".body .datarow")).to_have_text("another")
    policy = sql.evaluate("fetch(location.href).then((reply) => reply.headers.get('content-security-policy'))")
    assert "unsafe" not in policy


def test_an_error_is_marked_where_it_stands(sql: Page) -> None:
    run(sql, "SELECT 1 AS one;\nSELECT nope\nFROM runyard.ledger.runs")
    trouble = sql.get_by_role("alert").filter(has_text="42703")
    expect(trouble).to_contain_text("nope")
    expect(sql.locator(".cm-lintRange-error")).to_have_text("nope")
    trouble.get_by_role("button", name="Go to line 2, column 8").click()
    sql.keyboard.type("7 AS ")

    expect(sql.locator(".cm-content")).to_contain_text("SELECT 7 AS nope")
    sql.keyboard.press("Control+Enter")
    expect(sql.get_by_role("alert").filter(has_text="42703")).to_have_count(0)


# results


def test_statements_are_tabs_and_the_last_rows_are_shown_first(sql: Page) -> None:
    run(sql, "SELECT 1 AS one; SELECT 2 AS two; SELECT 3 AS three WHERE 1 = 0")
    expect(sql.get_by_text("No rows. The column is three.")).to_be_visible()
    sql.get_by_role("button", name=re.compile("^2 SELECT 2")).click()

    expect(sql.locator(".body .datarow")).to_have_text("2")
    expect(sql).to_have_url(re.compile("[?&]s=1"))


def test_types_show_in_cells_and_moments_stand_in_the_readers_zone(sql: Page) -> None:
    run(sql, "SELECT TIMESTAMP '2026-01-31 10:00:00' AS at, NULL AS empty, 1.5 AS half, 1 = 1 AS yes")

    expect(sql.locator(".body .datarow time")).to_contain_text("31 Jan 2026, 11:00:00.000")
    expect(sql.locator(".body .datarow time")).to_have_attribute("title", re.compile("2026-01-31T10:00:00.000Z"))
    assert cells(sql, 0)[1:] == ["null", "1.5", "true"]


def test_a_large_result_is_read_to_its_end_and_never_stands_whole_in_the_page(sql: Page) -> None:
    sizes: list[int] = []
    sql.on("response", lambda reply: sizes.append(int(reply.headers.get("content-length", 0) or 0)))
    run(sql, NUMBERS)
    box = sql.get_by_role("table", name="Rows")
    status = sql.locator(".result .status")
    expect(status).to_contain_text("more come as you scroll")
    expect(box).to_contain_text("row 12")
    while "more come" in (told := status.inner_text()):
        box.evaluate("box => { box.scrollTop = box.scrollHeight; }")
        expect(status).not_to_have_text(told)
    box.evaluate("box => { box.scrollTop = box.scrollHeight; }")
    expect(box.locator(".body .datarow").last).to_contain_text(f"row {MANY}")
    expect(status).to_contain_text("300,000 rows")
    drawn = box.locator(".body .datarow").count()
    box.evaluate("box => { box.scrollTop = 0; }")
    expect(box.locator(".body .datarow").first).to_contain_text("row 1")

    assert drawn < 60
    assert sum(sizes) < 3_000_000  # of the 9 MB that the rows are


def test_a_row_opens_with_its_values_in_full_by_keyboard(sql: Page, live: Live) -> None:
    run(
        sql,
        "SELECT id AS run_id, job_name, hex(zeroblob(600)) AS long FROM runyard.ledger.runs ORDER BY id",
    )
    expect(sql.locator(".body .datarow")).to_have_count(4)
    sql.keyboard.press("Escape")
    sql.keyboard.press("j")
    sql.keyboard.press("j")
    expect(sql.locator(".datarow.marked")).to_contain_text("beta.py")
    sql.keyboard.press("Enter")
    dialog = sql.get_by_role("dialog", name="Row 2")

    expect(dialog.get_by_label("Value of long")).to_have_text("0" * 1200)
    dialog.get_by_role("link", name=re.compile("Open run")).click()
    expect(sql).to_have_url(re.compile(rf"^{live.url}/runs/\d+$"))


def test_the_keyboard_finds_tables_and_comes_back_to_the_editor(sql: Page) -> None:
    sql.locator(".cm-content").click()
    sql.keyboard.press("Escape")
    sql.keyboard.press("/")
    expect(sql.get_by_label("Find a table or column")).to_be_focused()
    sql.keyboard.type("job_bookmarks")
    expect(sql.locator(".tables > li")).to_have_count(1)
    sql.keyboard.press("Escape")
    sql.keyboard.press("e")
    sql.keyboard.type("jk/?")

    expect(sql.locator(".cm-content")).to_have_text("jk/?")
    expect(sql.get_by_role("dialog")).to_have_count(0)


def test_a_table_is_found_and_selected_from_beside_the_editor(sql: Page) -> None:
    sql.get_by_label("Find a table or column").fill("ledger.queues")
    sql.locator(".tables summary").first.click()
    sql.get_by_role("button", name="Select 100").first.click()

    expect(sql.locator(".cm-content")).to_contain_text("FROM runyard.ledger.queues")


# ends


def test_a_statement_that_runs_is_cancelled(sql: Page) -> None:
    run(sql, ENDLESS)
    sql.locator(".tools.under").get_by_role("button", name="Cancel").click()

    expect(sql.get_by_role("alert")).to_contain_text("The statement was cancelled.")
    expect(sql.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_a_statement_that_is_cancelled_before_the_server_has_answered_is_cancelled_there(sql: Page) -> None:
    held: list[Route] = []
    sql.route("**/console/v1/sql/runs", lambda route: held.append(route))  # noqa: PLW0108 - it takes functions alone
    with sql.expect_request("**/console/v1/sql/runs"):
        run(sql, ENDLESS)
    sql.locator(".tools.under").get_by_role("button", name="Cancel").click()
    (asked,) = held
    asked.continue_()

    expect(sql.get_by_role("alert")).to_contain_text("The statement was cancelled.")
    expect(sql.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_a_statement_ends_when_its_time_is_over(sql: Page) -> None:
    sql.evaluate("history.replaceState(null, '', '/sql?limit=10')")
    sql.reload()
    expect(sql.get_by_label("Time limit")).to_have_value("10")
    run(sql, ENDLESS)

    expect(sql.get_by_role("alert")).to_contain_text("longer than the 10 s", timeout=60_000)


# charts, explanations, files


def test_a_chart_is_chosen_stands_in_the_address_and_is_there_again(sql: Page) -> None:
    run(sql, BY_JOB)
    sql.get_by_role("button", name="Chart", exact=True).click()
    expect(sql.locator(".chart canvas")).to_be_visible()
    sql.get_by_label("along").select_option(label="job_name")
    sql.get_by_role("group", name="Upward").get_by_role("button", name="newest").click()
    sql.get_by_role("group", name="Upward").get_by_role("button", name="runs").click()
    sql.get_by_role("group", name="Upward").get_by_role("button", name="runs").click()
    sql.get_by_role("button", name="Points").click()
    expect(sql).to_have_url(re.compile("view=chart.*kind=points"))
    sql.reload()

    expect(sql.get_by_role("img", name=re.compile(r"^Chart of .*by job_name, 3 rows"))).to_be_visible()
    expect(sql.get_by_role("button", name="Points")).to_have_attribute("aria-pressed", "true")
    expect(sql.locator(".cm-content")).to_contain_text("GROUP BY job_name")


def test_an_explanation_tells_what_would_be_asked(sql: Page) -> None:
    write(sql, "SELECT count(*) FROM aws.glue.job_runs")
    sql.get_by_role("button", name="Explain").click()

    expect(sql.get_by_role("heading", name="What would be asked")).to_be_visible()
    expect(sql.locator(".plan li").first).to_contain_text("read aws.glue.job_runs")
    expect(sql.locator(".plan")).to_contain_text("no service is asked")


def test_a_result_is_taken_along_as_a_file(sql: Page, tmp_path: Path) -> None:
    run(sql, BY_JOB)
    found = {}
    for form in ("CSV", "JSON", "Parquet"):
        with sql.expect_download() as kept:
            sql.get_by_role("link", name=f"Download as {form}").click()
        file = tmp_path / kept.value.suggested_filename
        kept.value.save_as(file)
        found[form] = file.read_bytes()

    assert found["CSV"].startswith(b"job_name,runs,newest\nalpha.py,1,")
    assert b'"job_name":"beta.py","runs":2' in found["JSON"]
    assert found["Parquet"].startswith(b"PAR1")


# what is kept


def test_a_query_is_saved_for_everybody_and_what_was_run_stays_in_the_browser(sql: Page) -> None:
    run(sql, "SELECT 42 AS answer")
    expect(sql.locator(".body .datarow")).to_have_text("42")
    sql.get_by_role("button", name="Save", exact=True).click()
    sql.get_by_label("Name").fill("The answer")
    sql.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(sql.get_by_role("dialog")).to_have_count(0)
    write(sql, "SELECT 1")
    sql.reload()
    sql.get_by_role("button", name="Saved").click()
    sql.get_by_role("button", name="The answer", exact=True).click()
    expect(sql.locator(".cm-content")).to_have_text("SELECT 42 AS answer")
    sql.get_by_role("button", name="Forget The answer").click()
    expect(sql.get_by_text("Nothing is saved yet")).to_be_visible()
    sql.get_by_role("button", name="History").click()

    expect(sql.locator(".texts")).to_contain_text("SELECT 42 AS answer")
    sql.get_by_role("button", name="Forget the history").click()
    expect(sql.get_by_text("What you run is listed here")).to_be_visible()


def test_a_link_fills_the_editor_and_runs_nothing(page: Page, live: Live, visitor: Visitor) -> None:
    page.goto(f"{live.url}/sql?q=DELETE+FROM+runyard.ledger.runs")
    expect(page.locator(".cm-content")).to_have_text("DELETE FROM runyard.ledger.runs")
    expect(page.get_by_role("heading", name="Ask your runs")).to_be_visible()

    assert len(visitor.told("GET", "/console/v1/runs")["runs"]) == 4


# who may, and when nobody answers


def test_a_viewer_asks_and_is_told_why_not_more(browser: Browser, live: Live) -> None:
    password = People(live).add("vera", "viewer")
    page = browser.new_context().new_page()
    page.goto(f"{live.url}/sql")
    page.get_by_label("User").fill("vera")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".cm-content")).to_be_visible()
    run(page, "INSERT INTO databricks_workspace.jobs.jobs (name) VALUES ('no')")
    expect(page.get_by_role("alert")).to_contain_text("operator")
    run(page, "SELECT count(*) AS n FROM runyard.ledger.runs")
    expect(page.locator(".body .datarow")).to_have_text("4")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("dialog").get_by_role("button", name="Save")).to_be_disabled()
    page.context.close()


def test_a_server_that_goes_while_a_statement_runs_is_waited_for_and_asked_again(
    browser: Browser, tmp_path: Path
) -> None:
    own = Live(tmp_path / "home", ("--port", str(free_port()))).start()  # it has the same one when it is back
    try:
        context = browser.new_context()
        name, _, value = Visitor(own).enter().cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": own.url}])
        page = context.new_page()
        page.goto(f"{own.url}/sql")
        expect(page.locator(".cm-content")).to_be_visible()
        run(page, ENDLESS)
        expect(page.get_by_text("It runs …")).to_be_visible()
        own.kill()
        expect(page.get_by_role("alert")).to_contain_text("The connection to the server is lost")
        own.start()
        expect(page.get_by_text("its results are gone")).to_be_visible(timeout=60_000)
        run(page, "SELECT 'back' AS word")

        expect(page.locator(".body .datarow")).to_have_text("back", timeout=60_000)
        context.close()
    finally:
        own.close()


# for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_by_light_and_in_the_dark(sql: Page, scheme: str) -> None:
    sql.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    found = {"empty": violations(sql)}
    run(sql, BY_JOB)
    expect(sql.locator(".body .datarow")).to_have_count(3)
    found["rows"] = violations(sql)
    sql.get_by_role("button", name="Chart", exact=True).click()
    expect(sql.locator(".chart canvas")).to_be_visible()
    found["chart"] = violations(sql)
    run(sql, "SELECT nope")
    expect(sql.locator(".sqlproblem")).to_be_visible()
    found["error"] = violations(sql)
    sql.get_by_role("button", name="History").click()
    write(sql, BY_JOB)
    sql.get_by_role("button", name="Explain").click()
    expect(sql.locator(".plan li").first).to_be_visible()
    found["plan"] = violations(sql)

    assert [one for each in found.values() for one in each] == []


def test_the_page_fits_a_telephone(sql: Page) -> None:
    sql.set_viewport_size({"width": 360, "height": 740})
    found = [sideways(sql)]
    run(sql, "SELECT * FROM runyard.ledger.runs")
    expect(sql.locator(".body .datarow")).to_have_count(4)
    found.append(sideways(sql))
    sql.locator(".body .datarow").first.click()
    expect(sql.get_by_role("dialog")).to_be_visible()
    found.append(sideways(sql))

    assert found == [0, 0, 0]

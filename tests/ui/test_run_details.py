"""What a run's page explains: why it waits, what came before, what it read, showed and was told."""

from __future__ import annotations

import re

import pytest
from console_yard import Visitor
from databricks.sdk.service import jobs
from databricks_live import notebook, put_notebook, workspace_client
from live import Live
from playwright.sync_api import Browser, Page, expect
from ui_pages import sideways, sign_in, violations
from ui_yard import cells_shown, chained, nightly
from waiting import held_by, until

SECRET = "hunter2"


@pytest.fixture(scope="module")
def chained_id(live: Live) -> int:
    return chained(live)


@pytest.fixture(scope="module")
def cells_id(live: Live) -> int:
    number = cells_shown(live)
    Visitor(live).enter().ended({"id": number})
    return number


# while it happens


def test_a_run_that_fails_while_one_watches_shows_its_error_with_the_line(
    page: Page, live: Live, visitor: Visitor
) -> None:
    gate = live.home / "fail now"
    run = visitor.submit(f"print('up', flush=True)\n{held_by(gate)}rows = []\nprint(rows[7])", name="watched.py")
    page.goto(f"{live.url}/runs/{run['id']}")
    expect(page.get_by_role("log")).to_contain_text("up")
    expect(page.locator(".heading .phase")).to_have_text("running")
    expect(page.get_by_role("region", name="What went wrong")).to_have_count(0)
    gate.touch()

    trouble = page.get_by_role("region", name="What went wrong")
    expect(trouble.get_by_role("heading")).to_have_text("IndexError: list index out of range")
    expect(trouble.locator(".here")).to_contain_text("print(rows[7])")
    expect(page.locator(".heading .phase")).to_have_text("failed")
    expect(page).to_have_title(re.compile("^failed"))


def test_a_run_that_waits_for_another_run_of_its_job_says_for_which(page: Page, live: Live, visitor: Visitor) -> None:
    client, gate = workspace_client(live), live.home / "let go"
    path = put_notebook(client, "one at a time", held_by(gate))
    job = client.jobs.create(
        name="one-at-a-time",
        tasks=[notebook("main", path)],
        max_concurrent_runs=1,
        queue=jobs.QueueSettings(enabled=True),
    )
    first, second, third = (
        visitor.told("POST", f"/runyard/v1/jobs/{job.job_id}/runs", {"arguments": {}})["id"] for _ in range(3)
    )
    page.goto(f"{live.url}/runs/{third}")

    note = page.get_by_role("note", name="What it waits for")
    expect(note).to_contain_text("It waits for other runs of its job")
    expect(note).to_contain_text("1 run waits before this one")
    expect(note.get_by_role("link")).to_have_attribute("href", f"/runs/{first}")
    page.goto(f"{live.url}/runs/{second}")
    expect(note).to_contain_text("this one is next")
    gate.touch()
    expect(page.locator(".heading .phase")).to_have_text("succeeded")
    expect(note).to_have_count(0)


def test_a_task_that_waits_names_those_before_it_and_one_that_never_ran_says_why(
    page: Page, live: Live, visitor: Visitor
) -> None:
    client, gate = workspace_client(live), live.home / "go on"
    slow = put_notebook(client, "slow", held_by(gate), "raise SystemError('burst')")
    fast = put_notebook(client, "fast", "print(1)")
    job = client.jobs.create(name="two-steps", tasks=[notebook("slow", slow), notebook("after", fast, "slow")])
    run = visitor.told("POST", f"/runyard/v1/jobs/{job.job_id}/runs", {"arguments": {}})
    page.goto(f"{live.url}/runs/{run['id']}?task=after")
    expect(page.locator("div.chosen")).to_contain_text("It waits for slow (running).")
    gate.touch()

    expect(page.locator("div.chosen")).to_contain_text("It did not run. It depends on slow (failed)")
    page.locator("div.chosen").get_by_role("button", name="slow").click()
    expect(page.get_by_role("heading", name="slow", exact=True)).to_be_visible()


def test_a_run_that_was_skipped_says_why(page: Page, live: Live) -> None:
    client, gate = workspace_client(live), live.home / "skipping"
    path = put_notebook(client, "only one", held_by(gate))
    job = client.jobs.create(
        name="only-one",
        tasks=[notebook("main", path)],
        max_concurrent_runs=1,
        queue=jobs.QueueSettings(enabled=False),
    )
    _, skipped = (client.jobs.run_now(job_id=job.job_id or 0).bind()["run_id"] for _ in range(2))
    page.goto(f"{live.url}/runs/{skipped}")

    expect(page.locator(".heading .phase")).to_have_text("skipped")
    trouble = page.get_by_role("region", name="What went wrong")
    expect(trouble.get_by_role("heading")).to_have_text("Job only-one has reached its limit of 1 concurrent runs.")
    gate.touch()


def test_a_repair_runs_the_chosen_task_again_with_other_parameters(page: Page, live: Live, visitor: Visitor) -> None:
    job_id = nightly(live, "mended")
    run = visitor.ended(visitor.told("POST", f"/runyard/v1/jobs/{job_id}/runs", {"arguments": {"fail": "clean"}}))
    page.goto(f"{live.url}/runs/{run['id']}")
    page.get_by_role("button", name="Repair").click()
    dialog = page.get_by_role("dialog", name="Repair this run")
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(6)
    assert SECRET not in dialog.inner_html()
    dialog.get_by_role("textbox", name="fail").fill("nothing")
    dialog.get_by_role("button", name="Run 6 again").click()

    expect(page.locator(".heading .phase")).to_have_text("succeeded", timeout=60_000)
    expect(page.get_by_role("row", name="fail nothing").first).to_be_visible()
    history = page.get_by_role("region", name="History")
    expect(history.get_by_role("listitem").first).to_contain_text("Original")
    expect(history.get_by_role("listitem").nth(1)).to_contain_text("Repair 1")
    page.get_by_role("button", name="clean: succeeded").click()
    expect(page.get_by_role("button", name="try 1")).to_be_visible()


def test_a_task_shows_the_values_that_its_references_stood_for(page: Page, live: Live, visitor: Visitor) -> None:
    client = workspace_client(live)
    path = put_notebook(client, "told", "print(dbutils.widgets.get('who'))")
    task = notebook("main", path)
    assert task.notebook_task is not None
    task.notebook_task.base_parameters = {"who": "run {{job.run_id}} of {{job.name}}"}
    job = client.jobs.create(name="told-what", tasks=[task])
    run = visitor.ended(visitor.told("POST", f"/runyard/v1/jobs/{job.job_id}/runs", {"arguments": {}}))
    page.goto(f"{live.url}/runs/{run['id']}")

    expect(page.get_by_role("row", name=f"who run {run['id']} of told-what")).to_be_visible()


# before and after


def test_a_glue_run_shows_its_bookmark_its_trigger_and_the_run_that_followed(
    page: Page, live: Live, chained_id: int
) -> None:
    page.goto(f"{live.url}/runs/{chained_id}")
    mark = page.get_by_role("region", name="Bookmark")
    expect(mark).to_contain_text("This run committed what it read")
    expect(mark.locator("code")).to_have_text("orders")
    expect(mark.get_by_role("link")).to_have_text(re.compile(r"^Run \d+$"))
    chain = page.get_by_role("region", name="Before and after")
    expect(chain).to_contain_text("Started by the trigger orders came in")
    chain.get_by_role("link", name="orders-report").click()

    expect(page.get_by_role("heading", name="orders-report")).to_be_visible()
    before = page.get_by_role("region", name="Before and after")
    expect(before).to_contain_text("Started by the trigger after orders-in")
    expect(before.get_by_role("link", name="orders-in")).to_have_attribute("href", f"/runs/{chained_id}")


def test_a_glue_job_shows_every_version_of_its_bookmark_and_pauses_its_trigger(
    page: Page, live: Live, chained_id: int
) -> None:
    page.goto(f"{live.url}/jobs")
    page.get_by_role("link", name="orders-in").click()
    versions = page.get_by_role("region", name="Versions of the bookmark").locator("tbody tr")
    expect(versions.first).to_contain_text("committed")
    expect(versions.first.get_by_role("link")).to_have_text(str(chained_id))
    page.goto(f"{live.url}/jobs")
    page.get_by_role("link", name="orders-report").click()
    page.get_by_role("button", name="Pause triggers").click()

    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    assert live.client("glue").get_trigger(Name="after orders-in")["Trigger"]["State"] == "DEACTIVATED"
    page.get_by_role("button", name="Resume triggers").click()
    expect(page.get_by_text("paused", exact=True)).to_have_count(0)
    assert live.client("glue").get_trigger(Name="after orders-in")["Trigger"]["State"] == "ACTIVATED"


# what it showed


def test_a_page_that_a_cell_shows_is_framed_so_that_it_reaches_nothing(
    browser: Browser, live: Live, cells_id: int
) -> None:
    context = browser.new_context()  # of its own: what the policy forbids is an error in its console
    sign_in(context, live)
    page = context.new_page()
    page.goto(f"{live.url}/runs/{cells_id}")
    frame = page.frame_locator(".framed")
    page.locator(".framed").scroll_into_view_if_needed()
    expect(frame.get_by_role("heading")).to_have_text("All 17 shops are in")
    expect(frame.get_by_role("heading")).to_have_css("color", "rgb(28, 138, 85)")

    expect(frame.locator("#who")).to_have_text("SecurityError")
    expect(page.locator(".framed")).to_have_attribute("sandbox", "allow-scripts")
    inside = next(one for one in page.frames if one != page.main_frame)
    assert inside.evaluate("fetch('/console/v1/runs').then(() => 'answered', (error) => error.name)") == "TypeError"
    assert inside.evaluate("(() => { try { return parent.document.title } catch (e) { return e.name } })()") == (
        "SecurityError"
    )
    inside.evaluate("location.href = 'http://127.0.0.1:9/stolen'")
    expect(page.get_by_role("heading", name="what-came-in")).to_be_visible()
    assert page.url == f"{live.url}/runs/{cells_id}"
    context.close()


def test_rows_of_a_cell_are_a_table_and_a_chart(page: Page, live: Live, cells_id: int) -> None:
    page.goto(f"{live.url}/runs/{cells_id}")
    expect(page.get_by_role("region", name="Rows").get_by_role("row").last).to_contain_text("Bonn958")
    page.get_by_role("button", name="Chart").click()

    expect(page.get_by_role("img", name="Chart of orders by shop, 3 rows").locator("canvas")).to_be_visible()
    expect(page.get_by_role("button", name="Bars")).to_have_attribute("aria-pressed", "true")


# secrets


def test_secrets_are_covered_wherever_a_definition_or_a_record_is_shown(
    page: Page, live: Live, visitor: Visitor
) -> None:
    job_id = nightly(live, "covered")
    run = visitor.ended(visitor.told("POST", f"/runyard/v1/jobs/{job_id}/runs", {"arguments": {"fail": "clean"}}))
    page.goto(f"{live.url}/jobs/{job_id}")
    page.get_by_text("Show the definition").click()
    expect(page.locator("pre.json")).to_contain_text("warehouse_password")
    assert SECRET not in page.content()
    page.goto(f"{live.url}/runs/{run['id']}")
    page.get_by_text("The exact record").click()
    expect(page.locator(".records pre")).to_contain_text("warehouse_password")
    assert SECRET not in page.content()
    page.get_by_role("button", name="Show them").click()

    expect(page.locator(".records pre")).to_contain_text(SECRET)
    page.get_by_role("button", name="Cover them").click()
    expect(page.locator(".records pre")).not_to_contain_text(SECRET)


# for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_these_pages_are_accessible_and_fit_a_telephone(
    page: Page, live: Live, scheme: str, *, chained_id: int, cells_id: int
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    found = {}
    for number, ready in ((chained_id, ".chain"), (cells_id, ".framed")):
        page.set_viewport_size({"width": 1280, "height": 860})
        page.goto(f"{live.url}/runs/{number}")
        page.wait_for_selector(ready)
        found[number] = violations(page)
        page.set_viewport_size({"width": 360, "height": 740})
        until(lambda: sideways(page) == 0)

    assert found == {chained_id: [], cells_id: []}

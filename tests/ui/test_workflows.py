"""Workflows in a real browser: their list, the way one took, what was sent and judged, and the runs it started."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arazzo_command import DOCUMENT, SETTINGS, Yard
from console_yard import Visitor
from databricks_live import FOLDER, workspace_client
from live import Live
from playwright.sync_api import Browser, Page, expect
from ui_pages import sideways, violations
from waiting import held_by

WORKFLOW = "run-existing-job-and-wait"
RETRYING = """
arazzo: 1.0.1
info: {title: Nested flows, version: "1"}
sourceDescriptions: [{name: api, url: "%s/openapi/databricks.json", type: openapi}]
workflows:
- workflowId: outer
  inputs: {type: object, properties: {token: {type: string, format: password}}}
  steps:
  - stepId: first
    workflowId: inner
    parameters: [{name: token, value: $inputs.token}]
  - stepId: never
    operationId: getJob
    parameters:
    - {name: job_id, in: query, value: 1}
    - {name: Authorization, in: header, value: "Bearer {$inputs.token}"}
    successCriteria: [{condition: $statusCode == 200}]
    onFailure:
    - {name: again, type: retry, retryAfter: 0.01, retryLimit: 2, criteria: [{condition: $statusCode == 404}]}
- workflowId: inner
  inputs: {type: object, properties: {token: {type: string, format: password}}}
  steps:
  - stepId: list
    operationId: listJobs
    parameters: [{name: Authorization, in: header, value: "Bearer {$inputs.token}"}]
    successCriteria: [{condition: $statusCode == 200}]
    outputs: {more: $response.body#/has_more}
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server on which documents can run."""
    server = Live(tmp_path_factory.mktemp("ui-workflows") / "home", settings=SETTINGS).start()
    place = server.home / "workspace" / "tests"
    place.mkdir(parents=True)
    place.joinpath("flow.yml").write_bytes(Path(DOCUMENT).read_bytes())
    yield server
    server.close()


@pytest.fixture(scope="module")
def yard(live: Live) -> Yard:
    return Yard(live)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the job waits for that a workflow starts."""
    return tmp_path_factory.mktemp("gates") / "seen"


@pytest.fixture(scope="module")
def job_id(yard: Yard, gate: Path) -> int:
    return yard.job("called", held_by(gate))


def number_of(told: str) -> int:
    """Return the run that a command said it was recorded as."""
    line = next(line for line in told.splitlines() if line.startswith("recorded as run "))
    return int(line.split()[3].strip(";"))


@pytest.fixture(scope="module")
def recorded(yard: Yard, job_id: int, gate: Path) -> int:
    """A workflow that was recorded from its beginning to its end, and saw its job run."""
    done = yard.polled(gate, *yard.with_source(job_id, "--record"))
    assert done.returncode == 0, done.stderr
    return number_of(done.stderr)


@pytest.fixture(scope="module")
def nested(yard: Yard, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A workflow that leads to another one, tries again, and fails."""
    file = tmp_path_factory.mktemp("flows") / "nested.yml"
    file.write_text(RETRYING % yard.live.url)
    done = yard.command("run", str(file), "--workflow", "outer", "-i", "token=@env:THE_TOKEN", "--record")
    assert done.returncode == 1, done.stderr
    return number_of(done.stderr)


def submitted(live: Live, job_id: int, *keys: str) -> int:
    """Run the document as tasks of a job."""
    tasks = [
        {"task_key": key, "arazzo_task": {"document": f"{FOLDER}/flow.yml", "inputs": {"jobId": job_id}}}
        for key in keys
    ]
    body: dict[str, Any] = {"run_name": "flow as tasks", "tasks": tasks}
    answer = workspace_client(live).api_client.do("POST", "/api/2.2/jobs/runs/submit", body=body)
    assert isinstance(answer, dict)
    return int(answer["run_id"])


def step(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=re.compile(f"^Step {name}: "))


# the list


def test_without_any_workflow_the_page_says_how_one_comes_here(browser: Browser, live: Live) -> None:
    context = browser.new_context()
    name, _, value = Visitor(live).enter().cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": live.url}])
    page = context.new_page()
    page.goto(f"{live.url}/workflows")
    expect(page.get_by_role("heading", name="No workflow yet")).to_be_visible()
    expect(page.get_by_text("runyard arazzo run flow.arazzo.yaml -i jobId=1 --record")).to_be_visible()

    assert violations(page) == []
    context.close()


def test_workflows_of_both_kinds_are_listed_found_and_opened_by_keyboard(
    page: Page, live: Live, visitor: Visitor, recorded: int, nested: int, job_id: int
) -> None:
    task = submitted(live, job_id, "flow")
    visitor.ended({"id": task})
    visitor.ended(visitor.submit("print(1)", name="no workflow.py"))
    page.goto(f"{live.url}/workflows")
    lines = page.locator(".flows tbody tr")
    expect(lines).to_have_count(3)
    expect(lines.nth(0)).to_contain_text("task of a job")
    expect(lines.nth(1)).to_contain_text("failed")
    expect(lines.nth(2)).to_contain_text("Azure Databricks Run an Existing Job and Wait")
    page.keyboard.press("/")
    page.keyboard.type("existing")
    expect(lines).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{live.url}/workflows/{recorded}")
    assert nested


# one


def test_the_way_that_was_taken_stands_over_what_the_document_allows(page: Page, live: Live, recorded: int) -> None:
    page.goto(f"{live.url}/workflows/{recorded}")

    expect(page.get_by_role("heading", name=WORKFLOW, exact=True)).to_be_visible()
    expect(step(page, "getJob")).to_have_attribute("aria-label", "Step getJob: succeeded, executed once")
    expect(step(page, "pollRun")).to_have_attribute("aria-label", re.compile(r"succeeded, executed (\d+ times|once)"))
    taken = page.locator(".flow .edge.taken title")
    expect(taken.filter(has_text=re.compile("^next; finished: end"))).not_to_have_count(0)
    expect(taken.filter(has_text=re.compile("^stillRunning: goto"))).not_to_have_count(0)
    expect(taken.filter(has_text=re.compile("^fails"))).to_have_count(0)


def test_a_step_shows_what_was_sent_answered_judged_and_given_on_and_no_secret(
    page: Page, live: Live, recorded: int, job_id: int
) -> None:
    page.goto(f"{live.url}/workflows/{recorded}")
    step(page, "runJobNow").click()
    shown = page.get_by_role("region", name="Execution of runJobNow")
    expect(shown).to_contain_text("POST")
    expect(shown.get_by_label("Body of the request")).to_contain_text(f'"job_id": {job_id}')
    shown.locator("summary").first.click()
    expect(shown.get_by_role("row", name="Authorization Bearer ***")).to_be_visible()
    expect(shown.get_by_label("Body of the response")).to_contain_text('"run_id"')
    expect(shown.locator(".criteria li.succeeded")).to_contain_text("$statusCode == 200")
    expect(shown).to_contain_text("runId")
    expect(page).to_have_url(re.compile(r"\?e=1$"))

    assert live.credentials["token"] not in page.content()
    shown.get_by_role("link", name=re.compile("called")).click()
    expect(page).to_have_url(re.compile(r"/runs/\d+$"))
    expect(page.get_by_role("heading", name="called")).to_be_visible()


def test_the_executions_are_walked_through_by_keyboard(page: Page, live: Live, recorded: int) -> None:
    page.goto(f"{live.url}/workflows/{recorded}?e=0")
    expect(page.get_by_role("region", name="Execution of getJob")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("region", name="Execution of runJobNow")).to_be_visible()
    page.keyboard.press("k")

    expect(page.get_by_role("region", name="Execution of getJob")).to_be_visible()


def test_retries_and_workflows_within_are_shown_and_the_failure_first(page: Page, live: Live, nested: int) -> None:
    page.goto(f"{live.url}/workflows/{nested}")

    expect(page.get_by_role("alert")).to_contain_text("The step never failed")
    expect(page.get_by_role("region", name="Diagram of outer")).to_be_visible()
    expect(page.get_by_role("region", name="Diagram of inner")).to_be_visible()
    expect(step(page, "never")).to_have_attribute("aria-label", "Step never: failed, executed 3 times")
    expect(page.locator(".flow .edge.taken title").filter(has_text="again: retry")).to_have_count(1)
    expect(page.locator(".way .tag", has_text="retry never")).to_have_count(2)
    expect(page.locator(".criteria li.failed").first).to_contain_text("$statusCode was 404")
    step(page, "list").click()
    expect(page.get_by_role("region", name="Execution of list")).to_contain_text("created_time")


def test_a_task_of_a_job_is_seen_while_it_goes_on_and_each_task_by_itself(page: Page, live: Live, yard: Yard) -> None:
    gate = live.home / "workflow-gate"
    waiting = yard.job(
        "waits", f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.02)", at_once=2
    )
    run = submitted(live, waiting, "one", "two")
    page.goto(f"{live.url}/workflows/{run}?task=two")
    expect(page.locator(".heading .phase")).to_contain_text("running")
    expect(step(page, "runJobNow")).to_have_attribute("aria-label", re.compile("succeeded"))
    gate.touch()
    expect(page.locator(".heading .phase")).to_contain_text("succeeded")
    page.get_by_role("button", name="one", exact=True).click()
    expect(page).to_have_url(re.compile(r"task=one"))
    expect(step(page, "pollRun")).to_have_attribute("aria-label", re.compile("succeeded"))
    page.get_by_role("link", name="The run").click()
    page.get_by_role("link", name="its diagram, requests and responses").click()

    expect(page).to_have_url(f"{live.url}/workflows/{run}")


def test_a_run_that_is_no_workflow_is_said_so(browser: Browser, live: Live, visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit("print(1)", name="plain.py"))
    context = browser.new_context()
    name, _, value = visitor.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": live.url}])
    page = context.new_page()
    page.goto(f"{live.url}/workflows/{run['id']}")

    expect(page.get_by_role("heading", name="No such workflow")).to_be_visible()
    context.close()


# for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_page_is_accessible_by_light_and_in_the_dark(
    page: Page, live: Live, scheme: str, recorded: int, nested: int
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    found = []
    for path, ready in (
        (f"/workflows/{recorded}", ".flow .node"),
        (f"/workflows/{nested}", ".flow .node"),
        ("/workflows", ".flows tr"),
    ):
        page.goto(live.url + path)
        page.wait_for_selector(ready)
        found += violations(page)

    assert found == []


def test_each_page_fits_a_telephone(page: Page, live: Live, recorded: int) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    found = []
    for path, ready in (("/workflows", ".flows tr"), (f"/workflows/{recorded}", ".flow .node")):
        page.goto(live.url + path)
        page.wait_for_selector(ready)
        found.append(sideways(page))

    assert found == [0, 0]

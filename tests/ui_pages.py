"""What tests of the pages look at: their accessibility, and a job with many tasks."""

from __future__ import annotations

import io

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from console_yard import Visitor
from databricks.sdk.service import jobs
from databricks.sdk.service.workspace import ImportFormat
from databricks_live import notebook, put_notebook, workspace_client
from live import Live
from playwright.sync_api import BrowserContext, Page

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],  # it need not describe all that is well
}
TASKS: dict[str, list[str]] = {
    "orders": [],
    "users": [],
    "clean": ["orders", "users"],
    "report": ["clean"],
    "publish": ["report"],
}


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page as it is now."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


def sign_in(context: BrowserContext, live: Live) -> None:
    """Give a browser the cookie of a session."""
    name, _, value = Visitor(live).enter().cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": live.url, "httpOnly": True, "sameSite": "Strict"}])


def sideways(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def pipeline(live: Live, name: str, *, failing: str = "") -> int:
    """Make a job of five notebooks, one of which fails, and return its id."""
    client = workspace_client(live)
    paths = {}
    for key in TASKS:
        cells = [f"print('\\x1b[32mINFO\\x1b[0m {key} began')", f"rows = {{'{key}': 4211}}"]
        cells += [f"print(rows['{key} of today'])"] if key == failing else ["dbutils.notebook.exit(str(rows))"]
        paths[key] = put_notebook(client, f"{name}-{key}", *cells)
    made = client.jobs.create(
        name=name,
        tasks=[notebook(key, paths[key], *before) for key, before in TASKS.items()],
        parameters=[jobs.JobParameterDefinition(name="day", default="monday")],
        schedule=jobs.CronSchedule(quartz_cron_expression="0 30 3 * * ?", timezone_id="Europe/Berlin"),
        max_concurrent_runs=20,
    )
    assert made.job_id is not None
    return made.job_id


def tree(live: Live, name: str, *, tasks: int) -> int:
    """Make a job of so many tasks without a process, each behind another one, and return its id."""
    made = workspace_client(live).jobs.create(
        name=name,
        tasks=[
            jobs.Task(
                task_key=f"t{number}",
                condition_task=jobs.ConditionTask(left="1", right="1", op=jobs.ConditionTaskOp.EQUAL_TO),
                depends_on=[jobs.TaskDependency(task_key=f"t{number // 3}")] if number else [],
            )
            for number in range(tasks)
        ],
    )
    assert made.job_id is not None
    return made.job_id


def statements(live: Live, text: str) -> int:
    """Run a file of SQL, and return its run."""
    client = workspace_client(live)
    client.workspace.mkdirs("/Workspace/tests")
    content = io.BytesIO(text.encode())
    client.workspace.upload("/Workspace/tests/rows.sql", content, format=ImportFormat.AUTO, overwrite=True)
    file = jobs.SqlTaskFile(path="/Workspace/tests/rows.sql", source=jobs.Source.WORKSPACE)
    task = jobs.SubmitTask(task_key="main", sql_task=jobs.SqlTask(warehouse_id="any", file=file))
    return int(client.jobs.submit(run_name="rows", tasks=[task]).bind()["run_id"])


def run_of(visitor: Visitor, job_id: int) -> int:
    """Run a job, and return its run once it has ended."""
    started = visitor.told("POST", f"/runyard/v1/jobs/{job_id}/runs", {"arguments": {}})
    return int(visitor.ended(started)["id"])

"""Work for the console's pages to show, really done: a nightly pipeline, a chain with bookmarks, notebooks, queries."""

from __future__ import annotations

import random
from http import HTTPStatus
from typing import Any

from arazzo_command import Yard
from console_yard import Visitor
from databricks.sdk.service import jobs
from databricks_live import notebook, put_notebook, workspace_client
from dremio_live import DIGITS, LONG, Http
from live import Live
from waiting import until

SETTINGS = """
[dremio.queues.SMALL]
slots = 100
[dremio.queues.LARGE]
slots = 2
"""
TASKS: dict[str, list[str]] = {
    "ingest_orders": [],
    "ingest_users": [],
    "ingest_events": [],
    "clean": ["ingest_orders", "ingest_users", "ingest_events"],
    "join": ["clean"],
    "features": ["join"],
    "report": ["join"],
    "train": ["features"],
    "publish": ["report", "train"],
}
TROUBLES = {
    "ingest_events": "raise ConnectionError('https://events.example/v2 answered 503 three times')",
    "clean": "rows['clean of today']",
    "train": "raise ValueError(f'loss is NaN after epoch {len(rows) + 11}')",
}
READ_NEW_FILES = """
import sys
import runyard_bookmarks as bookmarks
from awsglue.job import Job
from awsglue.utils import getResolvedOptions

told = getResolvedOptions(sys.argv, ["JOB_NAME"])
job = Job()
job.init(told["JOB_NAME"], told)
for uri in bookmarks.new_files("s3://raw/orders/", transformation_ctx="orders"):
    print("read", uri)
job.commit()
"""
ENABLED = {"--job-bookmark-option": "job-bookmark-enable"}
WHO = "try { who.textContent = document.cookie || 'no cookie' } catch (e) { who.textContent = e.name }"
OWN_PAGE = f"<h2 style='color:#1c8a55'>All 17 shops are in</h2><p id=who></p><script>{WHO}</script>"
SHOWN_CELLS = (
    "# MAGIC %md ## What came in today",
    "print('\\x1b[32mINFO\\x1b[0m 4,211 orders of 17 shops')",
    "display([{'shop': name, 'orders': count} for name, count in (('Kiel', 412), ('Ulm', 377), ('Bonn', 958))])",
    f"displayHTML({OWN_PAGE!r})",
    "raise ValueError('the shop in Gera has sent nothing since Tuesday')",
)
NUMBERS = " CROSS JOIN ".join(f"(VALUES {DIGITS}) AS d{place}(n)" for place in range(3))
SALES = (
    "SELECT n AS sale, 300 + MOD(n * 7919, 400) AS orders, ROUND((300 + MOD(n * 7919, 400)) * 12.4, 1) AS revenue "
    f"FROM (SELECT d0.n * 100 + d1.n * 10 + d2.n AS n FROM {NUMBERS}) AS numbers WHERE n < 600 ORDER BY sale"
)


def nightly(live: Live, name: str = "nightly-etl") -> int:
    """Make a job of nine notebooks, each of which fails if it is told so, and return its id."""
    client = workspace_client(live)
    paths = {}
    for key in TASKS:
        paths[key] = put_notebook(
            client,
            f"{name}-{key}",
            f"import time\nprint('\\x1b[32mINFO\\x1b[0m {key} began')\nrows = {{'{key}': 4211}}",
            f"time.sleep(float(dbutils.widgets.get('pace')))\nif '{key}' in dbutils.widgets.get('fail').split():\n"
            f"    {TROUBLES.get(key, 'raise SystemError(1)')}",
            f"print('{key} wrote', rows['{key}'], 'rows')\ndbutils.notebook.exit(str(rows))",
        )
    parameters = {"day": "monday", "fail": "", "pace": "0", "warehouse_password": "hunter2"}
    made = client.jobs.create(
        name=name,
        tasks=[notebook(key, paths[key], *before) for key, before in TASKS.items()],
        parameters=[jobs.JobParameterDefinition(name=key, default=value) for key, value in parameters.items()],
        schedule=jobs.CronSchedule(quartz_cron_expression="0 30 3 * * ?", timezone_id="Europe/Berlin"),
        max_concurrent_runs=4,
        queue=jobs.QueueSettings(enabled=True),
    )
    assert made.job_id is not None
    return made.job_id


def nights(visitor: Visitor, job_id: int, *, count: int) -> list[int]:
    """Run the job so often, mostly well, and return its runs once they have ended; the last one failed."""
    chance = random.Random(7)  # noqa: S311 - the same nights every time
    troubles = [chance.choice(["", "", "", *TROUBLES]) for _ in range(count - 1)]
    runs = []
    for fail in [*troubles, "clean"]:
        given = {"arguments": {"fail": fail, "pace": str(round(chance.uniform(0, 0.4), 2))}}
        runs.append(visitor.told("POST", f"/runyard/v1/jobs/{job_id}/runs", given))
    return [int(visitor.ended(run)["id"]) for run in runs]


def chained(live: Live) -> int:
    """Let a Glue job read by its bookmark twice, after one trigger and before another; return the second run."""
    glue, visitor = live.client("glue"), Visitor(live).enter()
    live.make_job("orders-in", READ_NEW_FILES, DefaultArguments={**ENABLED, "--db_password": "hunter2"})
    live.make_job("orders-report", "print('reported')\n")
    condition = {"LogicalOperator": "EQUALS", "JobName": "orders-in", "State": "SUCCEEDED"}
    glue.create_trigger(
        Name="after orders-in",
        Type="CONDITIONAL",
        StartOnCreation=True,
        Predicate={"Conditions": [condition]},
        Actions=[{"JobName": "orders-report"}],
    )
    glue.create_trigger(Name="orders came in", Type="ON_DEMAND", Actions=[{"JobName": "orders-in"}])
    for count, name in enumerate(("monday.csv", "tuesday.csv"), 1):
        file = live.home / "s3" / "raw" / "orders" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("id,amount\n1,2\n")
        glue.start_trigger(Name="orders came in")
        _ended_of(visitor, "orders-in", count)
        _ended_of(visitor, "orders-report", count)
    return int(_ended_of(visitor, "orders-in", 2)["id"])


def _ended_of(visitor: Visitor, job: str, count: int) -> dict[str, Any]:
    """Return the newest of so many runs of a job once it has ended."""

    def runs() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = visitor.told("GET", f"/console/v1/runs?job={job}")["runs"]
        return found if len(found) == count else []

    return visitor.ended(until(runs, seconds=60)[0])


def cells_shown(live: Live) -> int:
    """Run a notebook that shows text, rows and a page of its own, and return its run."""
    client = workspace_client(live)
    path = put_notebook(client, "what-came-in", *SHOWN_CELLS)
    task = jobs.SubmitTask(task_key="main", notebook_task=jobs.NotebookTask(notebook_path=path))
    return int(client.jobs.submit(run_name="what-came-in", tasks=[task]).bind()["run_id"])


def queries(live: Live) -> dict[str, Any]:
    """Ask Dremio's language for something small, something wrong, and more large things than its queue lets run."""
    dremio = Http(live)
    done = dremio.submit(SALES)
    wrong = dremio.submit("SELECT revenue FROM sales.orders")
    dremio.when(done, "COMPLETED")
    dremio.when(wrong, "FAILED")
    return {"done": done, "wrong": wrong}


def reflected(live: Live) -> dict[str, Any]:
    """Make a table with a reflection, ask once what it answers, and return that query and the reflection."""
    dremio = Http(live)
    if dremio.send("GET", "catalog/by-path/shops")[0] != HTTPStatus.OK:
        dremio("POST", "catalog", {"entityType": "space", "name": "shops"})
    numbers = " CROSS JOIN ".join(f"(VALUES {DIGITS}) AS d{place}(n)" for place in range(5))
    columns = "MOD(d0.n, 7) AS shop, d1.n AS day, d2.n * 100 + d3.n * 10 + d4.n AS money"
    _done(dremio, f"CREATE TABLE shops.visits AS SELECT {columns} FROM {numbers}")
    fields = "USING DIMENSIONS (shop, day) MEASURES (money (SUM, COUNT))"
    _done(dremio, f"ALTER TABLE shops.visits CREATE AGGREGATE REFLECTION by_day {fields}")

    def usable() -> dict[str, Any] | None:
        (found,) = dremio("GET", "reflection")["data"]
        return found if found["status"]["combinedStatus"] == "CAN_ACCELERATE" else None

    made = until(usable, seconds=120)
    asked = _done(dremio, "SELECT shop, SUM(money) AS money FROM shops.visits GROUP BY shop ORDER BY shop")
    return {"reflection": made, "asked": asked}


def followed(live: Live) -> int:
    """Run a workflow of a document that starts a job and waits for it, recorded; return its run."""
    yard = Yard(live)
    done = yard.command(*yard.with_source(yard.job("orders-of-the-day", "import time; time.sleep(1.5)"), "--record"))
    line = next(line for line in done.stderr.splitlines() if line.startswith("recorded as run "))
    return int(line.split()[3].strip(";"))


def _done(dremio: Http, sql: str) -> str:
    """Run a statement that must succeed, and return its job."""
    asked = dremio.submit(sql)
    dremio.when(asked, "COMPLETED")
    return asked


def crowd(live: Live, *, count: int = 4) -> list[str]:
    """Fill the queue of the large with queries that end only when they are stopped; return them once two run."""
    dremio = Http(live)
    asked = [dremio.submit(LONG) for _ in range(count)]
    visitor = Visitor(live).enter()

    def large() -> bool:
        told = visitor.told("GET", "/console/v1/dremio/queues")["queues"]
        (lane,) = [one for one in told if one["name"] == "LARGE"]
        return len(lane["running"]) == 2 and len(lane["waiting"]) == count - 2

    until(large, seconds=90)
    return asked


def disperse(live: Live, asked: list[str]) -> None:
    """Stop the queries of a crowd."""
    dremio = Http(live)
    for one in asked:
        dremio("POST", f"job/{one}/cancel")


def run_number(visitor: Visitor, named: str) -> int:
    """Return the run that an id of any language means."""
    (run,) = visitor.told("GET", f"/console/v1/runs?text={named}")["runs"]
    return int(run["id"])

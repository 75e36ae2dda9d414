"""Wheels and SQL as tasks of one run, as an unmodified databricks-sdk asks for them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service import compute, jobs
from databricks_live import results, workspace_client
from live import Live

ORDERS_SQL = """
-- one row a region
CREATE OR REPLACE TABLE orders AS SELECT * FROM read_csv(:source) WHERE amount >= CAST(:least AS INT);
SELECT region, sum(amount)::INT AS total FROM orders GROUP BY region ORDER BY total DESC;
"""
WHEEL = "dbfs:/wheels/tiny_report-1.0-py3-none-any.whl"
MODULE = """
import sys

def main():
    print("report", sys.argv[1:])
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("tasks") / "home")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def client(live: Live) -> WorkspaceClient:
    put(live, "s3/shop/orders.csv", "region,amount\nnorth,10\nsouth,5\nnorth,20\nsouth,1\n")
    put(live, "workspace/orders.sql", ORDERS_SQL)
    put(live, "workspace/show.py", "import sys\nprint('seen', sys.argv[1:])\n")
    wheel = live.home / "dbfs" / "wheels" / "tiny_report-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    information = "tiny_report-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_report.py", MODULE)
        archive.writestr(f"{information}/METADATA", "Metadata-Version: 2.1\nName: tiny-report\nVersion: 1.0\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/entry_points.txt", "[console_scripts]\nreport = tiny_report:main\n")
        archive.writestr(f"{information}/RECORD", "")
    return workspace_client(live)


def put(live: Live, name: str, text: str) -> None:
    file = live.home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def query(**parameters: str) -> jobs.SubmitTask:
    given = {"source": "s3://shop/orders.csv", "least": "2", **parameters}
    file = jobs.SqlTaskFile(path="/Workspace/orders.sql")
    sql = jobs.SqlTask(warehouse_id="local", file=file, parameters=given)
    return jobs.SubmitTask(task_key="orders", sql_task=sql)


def after_orders(key: str, **more: object) -> jobs.SubmitTask:
    return jobs.SubmitTask(task_key=key, depends_on=[jobs.TaskDependency(task_key="orders")], **more)  # type: ignore[arg-type] # one of the SDK's many kinds of tasks


def logs(client: WorkspaceClient, run: jobs.Run, key: str) -> str:
    (task,) = (each for each in run.tasks or () if each.task_key == key)
    return client.jobs.get_run_output(task.run_id or 0).logs or ""


def test_what_a_query_found_goes_to_a_wheel_and_to_a_condition(client: WorkspaceClient) -> None:
    named = {"best": "{{tasks.orders.output.first_row.region}}", "total": "{{tasks.orders.output.first_row.total}}"}
    wheel = jobs.PythonWheelTask(package_name="tiny_report", entry_point="report", named_parameters=named)
    condition = jobs.ConditionTask(
        op=jobs.ConditionTaskOp.GREATER_THAN, left="{{tasks.orders.output.first_row.total}}", right="29"
    )
    run = client.jobs.submit_and_wait(
        tasks=[
            query(),
            after_orders("report", python_wheel_task=wheel, libraries=[compute.Library(whl=WHEEL)]),
            after_orders("much", condition_task=condition),
        ]
    )

    assert results(run) == {"orders": "SUCCESS", "report": "SUCCESS", "much": "SUCCESS"}
    assert logs(client, run, "report").splitlines()[-1] == "report ['--best=north', '--total=30']"
    (much,) = (each for each in run.tasks or () if each.task_key == "much")
    assert much.condition_task is not None
    assert much.condition_task.outcome == "true"


def test_a_failing_statement_is_told_with_its_place(client: WorkspaceClient) -> None:
    started = client.jobs.submit(tasks=[query(source="s3://shop/missing.csv")])
    with pytest.raises(OperationFailed):
        started.result()

    run = client.jobs.get_run(started.run_id)
    output = client.jobs.get_run_output((run.tasks or [])[0].run_id or 0)
    assert output.error is not None
    assert output.error.startswith("orders.sql, statement 1 of 2, line 3: IO Error: No files found that match")

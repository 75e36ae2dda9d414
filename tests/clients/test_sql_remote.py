"""Two servers on this machine: one is asked in SQL, the other is its cloud, as a workspace and an account of Glue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from live import Live
from waiting import until

from runyard.client.home import read_place

FAST = {"MaxConcurrentRuns": 1000}
SETTINGS = """
[connections.prod]
service = "databricks"
url = "{url}"
token = "{token}"

[connections.lake]
service = "glue"
url = "{url}"
region = "eu-west-1"
access_key = "{access_key}"
secret_key = "{secret_key}"
"""
Connection = psycopg.Connection[Any]
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("cloud") / "home", settings="preload = []\n").start()
    for name, script, count in (("load", "print(1)", 60), ("bad", "raise SystemExit(1)", 7)):
        server.make_job(name, script, ExecutionProperty=FAST)
        for number in range(count):
            server.client("glue").start_job_run(JobName=name, Arguments={"--number": str(number)})
    until(lambda: all(has_ended(server, name) for name in ("load", "bad")), seconds=60)
    yield server
    server.close()


@pytest.fixture(scope="module")
def here(cloud: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = SETTINGS.format(url=cloud.url, **cloud.credentials)
    server = Live(tmp_path_factory.mktemp("here") / "home", settings=settings).start()
    server.make_job("load", "print(1)", ExecutionProperty=FAST)
    for _ in range(3):
        server.client("glue").start_job_run(JobName="load")
    until(lambda: has_ended(server, "load"), seconds=60)
    yield server
    server.close()


def has_ended(server: Live, name: str) -> bool:
    runs = server.client("glue").get_job_runs(JobName=name, MaxResults=200)["JobRuns"]
    return all(one["JobRunState"] in ("SUCCEEDED", "FAILED") for one in runs)


def connect(server: Live) -> Connection:
    place = urlsplit(read_place(server.home).pg or "")
    password = server.credentials["password"]
    return psycopg.connect(
        host=place.hostname, port=place.port, user="admin", password=password, dbname="default", autocommit=True
    )


@pytest.fixture(scope="module")
def sql(here: Live) -> Iterator[Connection]:
    made = connect(here)
    yield made
    made.close()


@pytest.fixture(scope="module")
def there(cloud: Live) -> Iterator[Connection]:
    """Open a session on the cloud itself, where its tables are local."""
    made = connect(cloud)
    yield made
    made.close()


TABLES = {
    "databricks_workspace.jobs.job_runs": ("deployment_name", "prod", "run_id", frozenset({"repair_history"})),
    "databricks_workspace.workflows.job_runs": ("deployment_name", "prod", "run_id", frozenset({"repair_history"})),
    "databricks_workspace.jobs.jobs": ("deployment_name", "prod", "job_id", frozenset[str]()),
    "aws.glue.job_runs": ("region", "lake", '"Id"', frozenset[str]()),
    "aws.glue.jobs": ("region", "lake", '"Name"', frozenset[str]()),
}
"""Path to the column of its connection, the name, its key, and columns that a list of the service does not tell."""


@pytest.mark.parametrize("path", TABLES)
def test_a_table_of_the_cloud_is_the_one_that_the_cloud_has(sql: Connection, there: Connection, path: str) -> None:
    column, name, key, untold = TABLES[path]
    there.execute("SELECT 1")
    found = sql.execute(f"SELECT * FROM {path} WHERE {column} = '{name}' ORDER BY {key}")
    own = there.execute(f"SELECT * FROM {path} ORDER BY {key}")
    names = [one.name for one in found.description or ()]

    assert names == [one.name for one in own.description or ()]
    assert [one.type_code for one in found.description or ()] == [one.type_code for one in own.description or ()]
    kept = [number for number, one in enumerate(names) if one not in untold and one != column]
    remote, local = found.fetchall(), own.fetchall()
    assert [[row[number] for number in kept] for row in remote] == [[row[number] for number in kept] for row in local]
    assert {row[names.index(column)] for row in remote} <= {name}


QUERIES = [
    "SELECT count(*) FROM {runs}",
    "SELECT run_name, count(*), max(start_time) FROM {runs} GROUP BY 1 ORDER BY 1",
    "SELECT run_id FROM {runs} ORDER BY start_time DESC, run_id DESC LIMIT 5",
    "SELECT state ->> '$.result_state' AS result, count(*) FROM {runs} GROUP BY 1 ORDER BY 1",
    "SELECT DISTINCT run_type FROM {runs}",
    "SELECT t.value ->> '$.task_key', count(*) FROM {runs} AS r, json_each(r.tasks) AS t GROUP BY 1",
    "SELECT count(*) FROM {runs} WHERE NOT (run_name = 'load') OR end_time IS NULL",
    "SELECT run_id, row_number() OVER (ORDER BY run_id) FROM {runs} WHERE run_name = 'bad' ORDER BY 1",
    "SELECT count(*) FROM {runs} WHERE job_id IN (SELECT job_id FROM {runs} WHERE run_name = 'bad')",
    "SELECT count(*) FROM {runs} WHERE job_id BETWEEN 0 AND 5",
    "WITH r AS (SELECT * FROM {runs}) SELECT a.run_id FROM r AS a LEFT JOIN r AS b ON a.run_id < b.run_id ORDER BY 1",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_gives_what_it_gives_there(sql: Connection, there: Connection, query: str) -> None:
    path = "databricks_workspace.jobs.job_runs"
    found = sql.execute(query.format(runs=f"(SELECT * FROM {path} WHERE deployment_name = 'prod')")).fetchall()

    assert found == there.execute(query.format(runs=path)).fetchall()
    assert found


def test_a_run_is_looked_up_with_its_history(sql: Connection, there: Connection) -> None:
    path = "databricks_workspace.jobs.job_runs"
    run_id = there.execute(f"SELECT max(run_id) FROM {path}").fetchall()[0][0]
    asked = f"SELECT run_id, run_name, tasks, repair_history FROM {path} WHERE run_id = {run_id}"

    assert sql.execute(f"{asked} AND deployment_name = 'prod'").fetchall() == there.execute(asked).fetchall()
    assert sql.execute(f"SELECT * FROM {path} WHERE deployment_name = 'prod' AND run_id = 5").fetchall() == []


def test_one_query_joins_this_server_a_workspace_and_an_account(sql: Connection) -> None:
    rows = sql.execute(
        """
        SELECT mine."JobName", count(DISTINCT mine."Id"), count(DISTINCT theirs."Id"), count(DISTINCT runs.run_id)
        FROM aws.glue.job_runs AS mine
        JOIN aws.glue.job_runs AS theirs ON theirs."JobName" = mine."JobName" AND theirs.region = 'lake'
        JOIN databricks_workspace.jobs.job_runs AS runs
          ON runs.run_name = mine."JobName" AND runs.deployment_name = 'prod'
        WHERE mine.region = 'local'
        GROUP BY 1
        """
    ).fetchall()

    assert rows == [("load", 3, 60, 60)]


def test_several_connections_stand_in_one_list(sql: Connection) -> None:
    rows = sql.execute(
        "SELECT deployment_name, count(*) FROM databricks_workspace.jobs.job_runs "
        "WHERE deployment_name IN ('prod', 'local') GROUP BY 1 ORDER BY 1"
    ).fetchall()

    assert rows == [("local", 3), ("prod", 67)]


def test_a_connection_that_nobody_knows_is_refused_with_those_there_are(sql: Connection) -> None:
    with pytest.raises(psycopg.Error, match="Known are: local, prod"):
        sql.execute("SELECT * FROM databricks_workspace.jobs.job_runs WHERE deployment_name = 'nope'")


def test_a_run_is_started_on_the_account_and_waited_for(sql: Connection, cloud: Live) -> None:
    asked = "EXEC /*+ AWAIT */ aws.glue.jobs.start_job_run @region='lake', @JobName='bad'"
    found = sql.execute(asked)
    names = [one.name for one in found.description or ()]
    record = dict(zip(names, found.fetchall()[0], strict=True))

    assert (record["JobName"], record["JobRunState"]) == ("bad", "FAILED")
    told = cloud.client("glue").get_job_run(JobName="bad", RunId=record["Id"])["JobRun"]
    assert told["JobRunState"] == "FAILED"


def test_a_run_of_this_server_is_started_and_waited_for_in_its_own_words(sql: Connection) -> None:
    found = sql.execute("EXEC /*+ AWAIT */ runyard.ledger.jobs.start @job='load'")
    names = [one.name for one in found.description or ()]
    record = dict(zip(names, found.fetchall()[0], strict=True))

    assert (record["job_name"], record["phase"]) == ("load", "succeeded")


def test_what_a_call_in_from_starts_is_joined_with_what_is_here_by_the_extended_protocol_too(
    sql: Connection, cloud: Live
) -> None:
    name = cloud.make_job("called", "raise SystemExit(3)", ExecutionProperty=FAST)
    rows = sql.execute(
        "SELECT x.JobName, x.JobRunState, r.Id = x.Id FROM (EXEC /*+ AWAIT */ aws.glue.jobs.start_job_run "
        "@region='lake', @JobName=%s) AS x JOIN aws.glue.job_runs AS r ON r.region = 'lake' AND r.JobName = x.JobName",
        (name,),
    ).fetchall()

    assert rows == [(name, "FAILED", True)]
    assert len(cloud.client("glue").get_job_runs(JobName=name)["JobRuns"]) == 1


def test_a_call_in_from_is_refused_where_only_reading_is_allowed(sql: Connection, cloud: Live) -> None:
    name = cloud.make_job("never called", "print(1)", ExecutionProperty=FAST)
    sql.execute("SET default_transaction_read_only = on")
    try:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            sql.execute(f"SELECT * FROM (EXEC aws.glue.jobs.start_job_run @region='lake', @JobName='{name}') x")
    finally:
        sql.execute("RESET default_transaction_read_only")

    assert cloud.client("glue").get_job_runs(JobName=name)["JobRuns"] == []


RUNS, JOBS = "databricks_workspace.workflows.job_runs", "databricks_workspace.workflows.jobs"


@pytest.fixture(scope="module")
def failed(sql: Connection, cloud: Live) -> tuple[int, int]:
    """Make a job of the workspace and a run of it that failed; return the ids of both."""
    script = cloud.put_script("page.py", "raise SystemExit(1)")
    tasks = json.dumps([{"task_key": "t", "spark_python_task": {"python_file": script}}])
    job_id = sql.execute(
        f"INSERT INTO {JOBS} (name, data__tasks, deployment_name) VALUES ('page', '{tasks}', 'prod') RETURNING job_id"
    ).fetchall()[0][0]
    started = sql.execute(
        f"EXEC /*+ AWAIT */ {JOBS}.runnow @deployment_name='prod' @@json='{{\"job_id\": \"{job_id}\"}}'"
    )
    names = [one.name for one in started.description or ()]
    return job_id, dict(zip(names, started.fetchall()[0], strict=True))["run_id"]


def told(sql: Connection, what: str, table: str, condition: str) -> list[Row]:
    return sql.execute(f"SELECT {what} FROM {table} WHERE deployment_name = 'prod' AND {condition}").fetchall()


def test_the_lifecycle_methods_of_the_reference_page_work(sql: Connection, failed: tuple[int, int]) -> None:
    job_id, run_id = failed
    sql.execute(
        f"""EXEC {RUNS}.cancelallruns
        @deployment_name='prod' --required
        @@json='{{"job_id": {job_id}, "all_queued_runs": true}}';"""
    )
    sql.execute(f"EXEC {RUNS}.cancelrun\n@deployment_name='prod' --required\n@@json='{{\"run_id\": \"{run_id}\"}}';")
    before = told(sql, "json_array_length(repair_history)", RUNS, f"run_id = {run_id}")
    repaired = sql.execute(
        f"""EXEC /*+ AWAIT */ {RUNS}.repairrun
        @deployment_name='prod' --required
        @@json='{{
        "run_id": "{run_id}",
        "rerun_tasks": ["t"],
        "rerun_all_failed_tasks": "false",
        "rerun_dependent_tasks": false
        }}';"""
    ).fetchall()

    assert (before, len(repaired)) == ([(1,)], 1)
    assert told(sql, "json_array_length(repair_history)", RUNS, f"run_id = {run_id}") == [(2,)]


def test_a_job_is_changed_and_its_run_deleted_as_on_the_reference_page(
    sql: Connection, failed: tuple[int, int]
) -> None:
    job_id, run_id = failed
    sql.execute(
        f"UPDATE {JOBS} SET new_settings = '{{\"max_concurrent_runs\": 5}}' "
        f"WHERE job_id = {job_id} AND deployment_name = 'prod'"
    )
    there = told(sql, "count(*)", RUNS, f"run_id = {run_id}")
    sql.execute(f"DELETE FROM {RUNS} WHERE deployment_name = 'prod' --required\n AND run_id = {run_id};")

    assert (there, told(sql, "count(*)", RUNS, f"run_id = {run_id}")) == ([(1,)], [(0,)])
    settings = told(sql, "settings ->> '$.max_concurrent_runs'", JOBS, f"job_id = {job_id}")
    assert [str(row[0]) for row in settings] == ["5"]


def test_a_notebook_run_is_exported(sql: Connection, cloud: Live) -> None:
    from databricks_live import notebook, put_notebook, workspace_client  # noqa: PLC0415 - it takes long to import

    client = workspace_client(cloud)
    path = put_notebook(client, "exported", "print('hello from a cell')")
    run = client.jobs.submit(run_name="book", tasks=[notebook("book", path)]).result()  # type: ignore[list-item]  # of another class
    task_run = (run.tasks or [])[0].run_id
    rows = sql.execute(
        "EXEC /*+ SHOWRESULTS */ databricks_workspace.workflows.job_runs.exportrun "
        f"@deployment_name='prod', @run_id={task_run};"
    ).fetchall()

    assert any("html" in str(row) for row in rows)


def test_what_waits_in_a_transaction_is_sent_when_it_is_committed(sql: Connection, cloud: Live) -> None:
    name = cloud.make_job("waiting", "print(1)", ExecutionProperty=FAST)
    sql.execute("BEGIN")
    sql.execute(f"EXEC aws.glue.jobs.start_job_run @region='lake', @JobName='{name}'")
    before = cloud.client("glue").get_job_runs(JobName=name)["JobRuns"]
    sql.execute("COMMIT")
    sql.execute("BEGIN")
    sql.execute(f"EXEC aws.glue.jobs.start_job_run @region='lake', @JobName='{name}'")
    sql.execute("ROLLBACK")

    assert before == []
    assert len(cloud.client("glue").get_job_runs(JobName=name)["JobRuns"]) == 1

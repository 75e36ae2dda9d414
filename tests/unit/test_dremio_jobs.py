"""SQL texts as jobs of Dremio's: submitted, shown, cancelled, read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dremio_yard import Yard, open_yard
from moving import START

from runyard.core.job import Task
from runyard.core.run import PHASES, Outcome
from runyard.dialects.dremio.retention import AT_ONCE
from runyard.dialects.dremio.states import PHASES as WORDS
from runyard.dialects.dremio.states import STATES, STEPS, job_state
from runyard.dialects.dremio.views import moment
from runyard.dialects.dremio_ids import job_id
from runyard.engine.lanes import Dremio
from runyard.engine.requests import Request
from runyard.engine.settings import DAY_MS
from runyard.runtime.dremio_sql.results import ROWS
from runyard.runtime.dremio_sql.results import SCHEMA as SCHEMA_FILE

DOCUMENTED = {
    "NOT_SUBMITTED", "STARTING", "RUNNING", "COMPLETED", "CANCELED", "FAILED", "CANCELLATION_REQUESTED", "PLANNING",
    "PENDING", "METADATA_RETRIEVAL", "QUEUED", "ENGINE_START", "EXECUTION_PLANNING", "INVALID_STATE",
}  # fmt: skip
HOUR = 3_600_000
STRANGER = "6f6c34cf-9dbf-407a-9ab7-abea69a66d00"
SCHEMA = [
    {"name": "n", "type": {"name": "INTEGER"}},
    {"name": "d", "type": {"name": "DECIMAL", "precision": 38, "scale": 2}},
]


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        yield yard


# states


def test_every_phase_has_a_word_and_every_word_a_phase() -> None:
    assert set(STATES) == set(PHASES)
    assert set(STATES.values()) | set(STEPS) <= DOCUMENTED
    assert set(WORDS) == DOCUMENTED | {"ENQUEUED"}
    assert set(WORDS.values()) <= set(PHASES)


def test_a_process_at_work_says_itself_how_far_it_is() -> None:
    assert job_state("running", None) == "PENDING"
    assert job_state("running", "PLANNING") == "PLANNING"
    assert job_state("stopping", "RUNNING") == "CANCELLATION_REQUESTED"
    assert job_state("failed", "RUNNING") == "FAILED"


def test_a_moment_is_told_in_utc_to_the_millisecond() -> None:
    assert moment(1_670_956_454_069) == "2022-12-13T18:34:14.069Z"
    assert moment(1_670_956_454_000) == "2022-12-13T18:34:14.000Z"
    assert moment(None) is None


# submitting


@pytest.mark.parametrize("place", ["sql", "sql/", "{cloud}/sql", "{cloud}/sql/"])
def test_a_text_becomes_a_run_of_the_ledger(yard: Yard, place: str) -> None:
    body = {"sql": "SELECT  1\nFROM t", "context": ["a", "b"]}

    answer = yard("POST", place.format(cloud=yard.cloud), body)

    run = yard.run(answer["id"])
    assert list(answer) == ["id"]
    assert (run.language, run.job_id, run.job_name) == ("dremio", None, "SELECT 1 FROM t")
    assert run.settings == {"user": "ada", **body, "queryType": "REST"}


def test_names_of_a_context_are_texts(yard: Yard) -> None:
    assert yard.run(yard.submit(context=[1, "b"])).settings["context"] == ["1", "b"]


def test_dbts_null_context_is_none(yard: Yard) -> None:
    assert "context" not in yard.run(yard.submit(context=None)).settings


@pytest.mark.parametrize("body", [{}, {"sql": ""}, {"sql": " \n"}, {"sql": 5.5, "context": "a"}, {"sql": None}])
def test_what_is_no_text_is_refused(yard: Yard, body: dict[str, Any]) -> None:
    status, text = yard.refusal("POST", "sql", body)

    assert status == 400
    assert "sql" in text or "context" in text


def test_a_job_is_first_pending(yard: Yard) -> None:
    assert yard.job(yard.submit()) == {
        "jobState": "PENDING",
        "rowCount": 0,
        "errorMessage": "",
        "startedAt": moment(START),
        "queryType": "REST",
        "cancellationReason": "",
    }


# what its process tells


def test_a_running_job_tells_its_step_queue_and_rows(yard: Yard) -> None:
    job = yard.submit()
    yard.begin(job, steps=[["PLANNING", START], ["QUEUED", START + 5]], queue="LARGE", queued_at=START + 5)
    queued = yard.job(job)
    told = {"queue": "LARGE", "queued_at": START + 5, "granted_at": START + 7, "row_count": 1_014_881_162}
    yard.tell(job, steps=[["RUNNING", START + 9]], **told)

    running = yard.job(job)

    assert (queued["jobState"], queued["queueName"], queued["queueId"]) == ("QUEUED", "LARGE", "LARGE")
    assert queued["resourceSchedulingStartedAt"] == moment(START + 5)
    assert "resourceSchedulingEndedAt" not in queued
    assert "endedAt" not in running
    assert (running["jobState"], running["rowCount"]) == ("RUNNING", 1_014_881_162)
    assert running["resourceSchedulingEndedAt"] == moment(START + 7)


def test_a_completed_job_is_told_by_the_ledger(yard: Yard) -> None:
    job = yard.submit()
    yard.begin(job)
    relation = {"datasetId": "d", "reflectionId": "r", "relationship": "CHOSEN"}
    yard.time[0] += 1000

    ended = yard.end(job, output={"row_count": 7, "queue": "SMALL", "acceleration": [relation]})

    assert ended == {
        "jobState": "COMPLETED",
        "rowCount": 7,
        "errorMessage": "",
        "startedAt": moment(START),
        "endedAt": moment(START + 1000),
        "acceleration": {"reflectionRelationships": [relation]},
        "queryType": "REST",
        "queueName": "SMALL",
        "queueId": "SMALL",
        "cancellationReason": "",
    }


def test_a_failed_job_tells_why_and_no_rows(yard: Yard) -> None:
    job = yard.submit("SELECT nonsense")
    yard.begin(job)

    ended = yard.end(job, Outcome.FAILED, message="VALIDATION ERROR: no", output={"row_count": 7})

    assert (ended["jobState"], ended["errorMessage"], ended["rowCount"]) == ("FAILED", "VALIDATION ERROR: no", 0)
    assert ended["cancellationReason"] == ""
    assert "acceleration" not in ended


def test_a_job_whose_process_was_lost_was_abandoned(yard: Yard) -> None:
    job = yard.submit()
    yard.begin(job)

    ended = yard.end(job, Outcome.CRASHED, message="lost")

    assert ended["jobState"] == "FAILED"
    assert ended["errorMessage"].startswith("Query failed due to kvstore or network errors.")


# cancelling


def test_a_job_is_cancelled_while_it_runs(yard: Yard) -> None:
    job = yard.submit()
    yard.begin(job, steps=[["RUNNING", START]], row_count=9)
    assert yard("POST", f"{yard.cloud}/job/{job}/cancel") is None
    assert yard.job(job)["jobState"] == "CANCELLATION_REQUESTED"
    assert yard("POST", f"job/{job}/cancel", {}) is None  # again

    ended = yard.end(job, Outcome.CANCELLED, message="The run was stopped by a request.", output={"row_count": 9})

    assert (ended["jobState"], ended["cancellationReason"]) == ("CANCELED", "Query cancelled by user 'ada'")
    assert (ended["errorMessage"], ended["rowCount"]) == ("", 0)


def test_a_job_that_waits_is_cancelled_at_once(yard: Yard) -> None:
    job = yard.submit()

    assert yard("POST", f"job/{job}/cancel") is None
    assert yard.job(job)["jobState"] == "CANCELED"
    assert yard.job(job)["cancellationReason"] == "Query cancelled by user 'ada'"
    assert yard.refusal("POST", f"job/{job}/cancel") == (404, f"Could not find a job with id [{job}]")


def test_who_waited_too_long_for_a_queue_was_cancelled(yard: Yard) -> None:
    text = "Query cancelled by Workload Manager. Query enqueued time of 300.00 seconds exceeded for 'small' queue."
    job = yard.submit()
    yard.begin(job)

    ended = yard.end(job, Outcome.CANCELLED, message=text, category="withdrawn")

    assert (ended["jobState"], ended["cancellationReason"]) == ("CANCELED", text)


@pytest.mark.parametrize("call", [("GET", ""), ("POST", "/cancel"), ("GET", "/results")])
def test_what_is_no_job_of_dremios_is_none(yard: Yard, call: tuple[str, str]) -> None:
    wish = Request(language="native", job_name="a script", tasks=[Task(key="main", kind="python_script")])
    script = job_id(yard.engine.start_run(yard.workspace, wish).id)

    for other in (STRANGER, script, "1", "x"):
        text = f"Could not find a job with id [{other}]"
        assert yard.refusal(call[0], f"job/{other}{call[1]}") == (404, text)


@pytest.mark.parametrize(("sql", "state"), [('/* {"app": "dbt"} */ SELECT 1', "FAILED"), ("SELECT 1", "CANCELED")])
def test_dbt_is_spared_to_wait_for_ever_if_the_settings_say_so(tmp_path: Path, sql: str, state: str) -> None:
    with open_yard(tmp_path, dremio=Dremio(spares_dbt=True)) as yard:
        job = yard.submit(sql)
        yard("POST", f"job/{job}/cancel")

        told = yard.job(job)

    text = "Query cancelled by user 'ada'"
    assert (told["jobState"], told["errorMessage"] or told["cancellationReason"]) == (state, text)


# results


@pytest.fixture
def done(yard: Yard) -> str:
    job = yard.submit()
    yard.begin(job)
    folder = yard.engine.attempt_folder(yard.attempt(job).id)
    query = "SELECT i::INTEGER AS n, (i / 4)::DECIMAL(38, 2) AS d FROM range(1200) AS t(i)"
    duckdb.execute(f"COPY ({query}) TO '{folder / ROWS}' (FORMAT parquet)")
    (folder / SCHEMA_FILE).write_text(json.dumps({"rowCount": 1200, "schema": SCHEMA}))
    yard.end(job, output={"row_count": 1200})
    return job


def test_every_page_tells_all_rows_and_columns(yard: Yard, done: str) -> None:
    first = yard("GET", f"job/{done}/results")
    last = yard("GET", f"{yard.cloud}/job/{done}/results?offset=1199&limit=500")
    behind = yard("GET", f"job/{done}/results?offset=5000")

    assert len(first["rows"]) == 100
    assert last == {"rowCount": 1200, "schema": SCHEMA, "rows": [{"n": 1199, "d": 299.75}]}
    assert behind == {"rowCount": 1200, "schema": SCHEMA, "rows": []}
    assert len(yard("GET", f"job/{done}/results?limit=500")["rows"]) == 500
    assert yard("GET", f"job/{done}/results?limit=0")["rows"] == []


def test_many_read_at_once(yard: Yard, done: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        pages = list(pool.map(lambda place: yard("GET", f"job/{done}/results?offset={place}&limit=1"), range(400)))

    assert [page["rows"][0]["n"] for page in pages] == list(range(400))


def test_numbers_are_texts_for_those_who_wish(yard: Yard, done: str) -> None:
    wish = {"x_dremio_job_data_number_format": "number-as-string"}

    page = yard("GET", f"job/{done}/results?offset=3&limit=1", **wish)

    assert page["rows"] == [{"n": "3", "d": "0.75"}]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("limit=501", "limit can not exceed 500 rows"),
        ("limit=-1", "Invalid value for limit: -1 is less than zero."),
        ("offset=-2", "Invalid value for offset: -2 is less than zero."),
        ("offset=x", "Invalid value for offset: expected a whole number, got 'x'."),
    ],
)
def test_a_page_that_cannot_be_is_refused(yard: Yard, done: str, query: str, text: str) -> None:
    assert yard.refusal("GET", f"job/{done}/results?{query}") == (400, text)


def test_a_job_that_has_not_completed_has_no_results(yard: Yard) -> None:
    job = yard.submit()
    yard.begin(job, steps=[["RUNNING", START]])

    text = "Can not fetch details for a job that is in [{}] state."
    assert yard.refusal("GET", f"job/{job}/results") == (400, text.format("RUNNING"))
    yard.end(job, Outcome.FAILED)
    assert yard.refusal("GET", f"job/{job}/results") == (400, text.format("FAILED"))


def test_rows_that_are_gone_are_said_to_be(yard: Yard, done: str) -> None:
    (yard.engine.attempt_folder(yard.attempt(done).id) / SCHEMA_FILE).unlink()

    status, text = yard.refusal("GET", f"job/{done}/results")

    assert (status, "no longer kept" in text) == (400, True)


def test_rows_are_removed_after_a_day_and_the_job_stays(yard: Yard, done: str) -> None:
    yard.context(yard.submit())
    yard.time[0] += 23 * HOUR
    yard.context(yard.submit())
    assert len(yard("GET", f"job/{done}/results")["rows"]) == 100

    yard.time[0] += 2 * HOUR
    yard.context(yard.submit())

    assert yard.refusal("GET", f"job/{done}/results")[0] == 400
    assert yard.job(done)["jobState"] == "COMPLETED"


def test_what_a_sweep_has_left_over_the_next_job_removes(yard: Yard) -> None:
    jobs = [yard.submit() for _ in range(AT_ONCE + 1)]
    for job in jobs:
        yard.begin(job)
        (yard.engine.attempt_folder(yard.attempt(job).id) / ROWS).touch()
        yard.end(job)

    def left(*, days: int) -> int:
        yard.time[0] += days * DAY_MS
        yard.context(yard.submit())
        return sum((yard.engine.attempt_folder(yard.attempt(job).id) / ROWS).exists() for job in jobs)

    assert [left(days=2), left(days=0)] == [1, 0]
    yard.time[0] += 31 * DAY_MS
    yard.context(yard.submit())
    assert [yard.send("GET", f"job/{job}").status for job in (jobs[0], jobs[-1])] == [404, 200]
    yard.context(yard.submit())
    assert yard.send("GET", f"job/{jobs[-1]}").status == 404


# what the process of a job is told


def test_a_job_is_known_for_thirty_days(yard: Yard, done: str) -> None:
    yard.time[0] += 29 * DAY_MS
    yard.context(yard.submit())
    before = yard.job(done)["jobState"]
    yard.time[0] += 2 * DAY_MS
    yard.context(yard.submit())

    assert before == "COMPLETED"
    assert yard.refusal("GET", f"job/{done}") == (404, f"Could not find a job with id [{done}]")


def test_a_process_is_told_who_asks_what(yard: Yard) -> None:
    job = yard.submit("SELECT 1", context=["Sales"])

    context = yard.context(job)

    assert (context["sql"], context["path"], context["user"], context["job_id"]) == ("SELECT 1", ["Sales"], "ada", job)
    assert context["catalog"]["spaces"] == ["@admin"]
    assert context["catalog"]["system"] == []


@pytest.mark.parametrize(
    "name",
    ["sys.project.jobs", 'SYS."project".jobs', "sys.jobs_recent", '"sys"."jobs_recent"', "sys.project.jobs_recent"],
)
def test_the_jobs_are_rows_for_a_text_that_names_their_table(yard: Yard, name: str) -> None:
    first = yard.submit("SELECT 7")
    yard.begin(first)
    steps = [["PLANNING", START + 1], ["RUNNING", START + 2]]
    yard.end(first, output={"steps": steps, "row_count": 3, "queue": "SMALL", "datasets": [["a", "b"]]})

    tables = yard.context(yard.submit(f"SELECT * FROM {name}"))["catalog"]["system"]

    jobs = next(one for one in tables if one["path"] == ["sys", "project", "jobs_recent"])
    assert [one for one in tables if one["path"] == ["sys", "jobs_recent"]] == [
        {**jobs, "path": ["sys", "jobs_recent"]}
    ]
    columns = [one["name"] for one in jobs["columns"]]
    row = dict(zip(columns, jobs["rows"][1], strict=True))
    assert len(jobs["rows"]) == 2
    assert (row["job_id"], row["status"], row["query"]) == (first, "COMPLETED", "SELECT 7")
    assert (row["planning_start_ts"], row["execution_start_ts"]) == (START + 1, START + 2)
    assert (row["rows_returned"], row["queue_name"], row["queried_datasets"]) == (3, "SMALL", "a.b")
    assert (row["engine"], row["rows_scanned"], row["bytes_scanned"]) == ("default", None, None)
    assert (row["planning_start_epoch_millis"], row["engine_start_epoch_millis"]) == (START + 1, None)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"references": {"a": {"type": "BRANCH", "value": "dev"}}}, "UNSUPPORTED_OPERATION ERROR: "),
        ({"engineName": "large"}, "RESOURCE ERROR: There is no engine 'large' here"),
    ],
)
def test_what_cannot_be_had_here_fails_the_job(yard: Yard, more: dict[str, Any], text: str) -> None:
    job = yard.submit(**more)

    with pytest.raises(Exception, match=text.replace("'", ".")):
        yard.context(job)

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from upstream import Asked, Told, answering

from runyard.client.dremio import Dremio
from runyard.client.errors import BrokenAnswer, CallFailed
from runyard.client.retrying import Patience
from runyard.core.run import Outcome

PROJECT = "994508c4-5041-536b-ba63-09f98727a3c4"
JOB = "6f6c34cf-9daf-b07a-5ab7-abea69a66d00"
QUICK = Patience(try_s=2, total_s=4, tries=3, first_pause_s=0.001)
# The examples of the service's reference page.
COMPLETED = {
    "jobState": "COMPLETED",
    "rowCount": 1003904,
    "errorMessage": "",
    "startedAt": "2022-12-13T18:34:14.069Z",
    "endedAt": "2022-12-13T18:35:09.963Z",
    "queryType": "UI_RUN",
    "cancellationReason": "",
}
CANCELED = {
    "jobState": "CANCELED",
    "rowCount": 0,
    "errorMessage": "",
    "startedAt": "2023-01-05T21:04:40.743Z",
    "endedAt": "2023-01-05T21:06:35.257Z",
    "cancellationReason": "Query cancelled by user 'USERNAME'",
}


class Project:
    """A project of Dremio's cloud with one job, which ends when it is asked for the third time."""

    def __init__(self, rows: int = 3, total: int | None = None) -> None:
        self.rows = rows
        self.total = rows if total is None else total
        self.asked_for = 0
        self.cancelled = False
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != "Bearer secret-token":
            return Told(status=401, body={"errorMessage": "Unauthorized", "moreInfo": ""})
        path = asked.path.removeprefix(f"/v0/projects/{PROJECT}")
        if (asked.method, path) == ("POST", "/sql"):
            return Told(body={"id": JOB})
        if (asked.method, path) == ("POST", f"/job/{JOB}/cancel"):
            self.cancelled = True
            return Told(status=204, body=b"")
        if path == f"/job/{JOB}":
            return Told(body=self._job())
        if path == f"/job/{JOB}/results":
            return Told(body=self._page(int(asked.query["offset"]), int(asked.query["limit"])))
        return Told(status=404, body={"errorMessage": f"Could not find a job with id [{path}]", "moreInfo": ""})

    def _job(self) -> dict[str, Any]:
        with self._lock:
            self.asked_for += 1
        if self.cancelled:
            return CANCELED
        return COMPLETED if self.asked_for > 2 else {"jobState": "RUNNING", "startedAt": "2022-12-13T18:34:14.069Z"}

    def _page(self, offset: int, limit: int) -> dict[str, Any]:
        rows = [{"n": number} for number in range(self.rows)][offset : offset + limit]
        return {"rowCount": self.total, "schema": [{"name": "n", "type": {"name": "BIGINT"}}], "rows": rows}


def opened(url: str) -> Dremio:
    return Dremio.connect(url=url, token="secret-token", project_id=PROJECT, patience=QUICK)


@pytest.fixture
def project() -> Iterator[tuple[Project, Dremio]]:
    service = Project()
    with answering(service) as cloud, opened(cloud.url) as dremio:
        yield service, dremio


def test_a_statement_is_submitted_and_waited_for(project: tuple[Project, Dremio]) -> None:
    told: list[str] = []
    _, dremio = project
    run = dremio.wait(dremio.start("SELECT 1", context=["a"]), on_progress=lambda one: told.append(one.state))

    assert (run.id, run.phase, run.succeeded) == (JOB, Outcome.SUCCEEDED, True)
    assert (run.started_at, run.ended_at) == (1670956454069, 1670956509963)
    assert told == ["RUNNING", "COMPLETED"]


def test_a_run_is_cancelled_and_says_why(project: tuple[Project, Dremio]) -> None:
    _, dremio = project
    run = dremio.start("SELECT 1")
    dremio.cancel(run)

    ended = dremio.wait(run)
    assert (ended.phase, ended.message) == (Outcome.CANCELLED, "Query cancelled by user 'USERNAME'")


def test_an_unknown_job_is_refused_in_the_words_of_the_service(project: tuple[Project, Dremio]) -> None:
    with pytest.raises(CallFailed, match=r"404: Could not find a job with id"):
        project[1].get("nope")


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1000, 12_345])
def test_every_row_of_a_result_comes_in_its_order(count: int) -> None:
    with answering(Project(rows=count)) as cloud, opened(cloud.url) as dremio:
        rows = [row["n"] for row in dremio.rows(JOB)]

    assert rows == list(range(count))


def test_what_writes_counts_what_it_wrote_and_answers_one_row() -> None:
    with answering(Project(rows=1, total=4711)) as cloud, opened(cloud.url) as dremio:
        assert list(dremio.rows(JOB)) == [{"n": 0}]


@pytest.mark.parametrize(("rows", "total"), [(30, 40), (500, 600), (900, 1200)])
def test_a_result_that_lacks_rows_is_an_error(rows: int, total: int) -> None:
    text = f"should have {total} rows, and {rows} came"
    with answering(Project(rows=rows, total=total)) as cloud, opened(cloud.url) as dremio:
        found = dremio.rows(JOB)
        with pytest.raises(BrokenAnswer, match=text):
            list(found)


def test_recent_runs_are_listed_by_a_query() -> None:
    recent = [
        {"id": "a", "jobState": "FAILED", "errorMessage": "no", "startedAt": "2022-12-13 18:34:14.069", "endedAt": None}
    ]
    service = Project()

    def answer(asked: Asked) -> Told:
        return Told(body={"rowCount": 1, "rows": recent}) if asked.path.endswith("/results") else service(asked)

    with answering(answer) as cloud, opened(cloud.url) as dremio:
        runs = list(dremio.list(limit=10))

    assert [(one.id, one.phase, one.message, one.started_at) for one in runs] == [
        ("a", Outcome.FAILED, "no", 1670956454069)
    ]
    assert "sys.project.jobs ORDER BY submitted_ts DESC LIMIT 10" in cloud.asked[0].members["sql"]


def test_a_server_of_ones_own_has_no_project() -> None:
    def answer(asked: Asked) -> Told:
        return Told(body={"id": JOB} if asked.path == "/api/v3/sql" else COMPLETED)

    with answering(answer) as cloud, Dremio.connect(url=cloud.url, token="t") as dremio:
        assert dremio.start("SELECT 1").succeeded

    assert [asked.path for asked in cloud.asked] == ["/api/v3/sql", f"/api/v3/job/{JOB}"]


def test_a_submission_without_an_answer_is_not_sent_again() -> None:
    with answering(lambda _: Told(status=503)) as cloud, opened(cloud.url) as dremio, pytest.raises(CallFailed):
        dremio.start("INSERT INTO t VALUES (1)")

    assert len(cloud.asked) == 1

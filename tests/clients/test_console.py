"""The console's calls against a live server: who gets in, what is told, what may be done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from console_yard import FAILING, Visitor
from databricks.sdk.service import jobs
from databricks_live import notebook, put_notebook, workspace_client
from live import Live


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("console") / "home", settings="preload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def visitor(live: Live) -> Visitor:
    return Visitor(live).enter()


# getting in


def test_a_password_opens_a_session_whose_cookie_no_script_and_no_other_site_can_use(live: Live) -> None:
    reply = Visitor(live).ask("POST", "/console/v1/session", {"password": live.credentials["password"]})

    kept = reply.headers["set-cookie"] or ""
    assert re.match(r"runyard_\w+=session\.[^;]+; Path=/; HttpOnly; SameSite=Strict; Max-Age=\d+$", kept)


def test_a_wrong_password_opens_nothing(live: Live) -> None:
    reply = Visitor(live).ask("POST", "/console/v1/session", {"password": "wrong"})

    assert reply.status == 401
    assert reply.headers["set-cookie"] is None


def test_a_cookie_is_a_credential_of_our_own_language_and_of_no_vendors(visitor: Visitor) -> None:
    assert visitor.ask("GET", "/runyard/v1/runs").status == 200
    assert visitor.ask("GET", "/console/v1/runs").status == 200
    assert visitor.ask("GET", "/api/2.2/jobs/list").status in (401, 403)
    assert visitor.ask("GET", "/metrics").status == 401


def test_without_a_session_nothing_is_told(live: Live) -> None:
    for path in ("/console/v1/runs", "/console/v1/events", "/console/v1/picture", "/runyard/v1/runs"):
        assert Visitor(live).ask("GET", path).status == 401
    assert Visitor(live).told("GET", "/console/v1/session") == {"user": None}


@pytest.mark.parametrize("other", ['{"theme": "dark"}', "flag", "a@b=1", "path=/", 'open="', "größe=1", "=x"])
def test_a_cookie_of_another_program_on_this_machine_keeps_nobody_out(visitor: Visitor, other: str) -> None:
    beside = f"{other}; {visitor.cookie}"

    assert visitor.told("GET", "/console/v1/session", cookie=beside)["user"] == "admin"


def test_signing_out_ends_the_session_itself_and_not_only_the_cookie(visitor: Visitor) -> None:
    visitor.told("DELETE", "/console/v1/session")

    assert visitor.ask("GET", "/console/v1/runs").status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"x-runyard-console": "1", "origin": "http://evil.example"},
        {"x-runyard-console": "1", "origin": "http://127.0.0.1:1"},
        {"x-runyard-console": "1", "sec-fetch-site": "same-site"},
        {"x-runyard-console": "1", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-origin"},
    ],
)
def test_a_page_from_elsewhere_changes_nothing_with_our_cookie(visitor: Visitor, headers: dict[str, str]) -> None:
    run = visitor.ended(visitor.submit("print('here')"))
    visitor.headers = headers

    again = visitor.ask("POST", f"/console/v1/runs/{run['id']}/again")
    deleted = visitor.ask("DELETE", f"/runyard/v1/runs/{run['id']}")

    assert (again.status, deleted.status) == (401, 401)
    assert Visitor(visitor.live, visitor.cookie).ask("GET", f"/runyard/v1/runs/{run['id']}").status == 200


# what is told


def test_runs_are_filtered_and_paged_by_what_they_are(visitor: Visitor) -> None:
    made = [visitor.submit("print(1)", name=f"page {number}.py") for number in range(5)]
    failed = visitor.ended(visitor.submit(FAILING, name="page failing.py"))
    for run in made:
        visitor.ended(run)

    first = visitor.told("GET", "/console/v1/runs?text=PAGE&limit=4")
    rest = visitor.told("GET", f"/console/v1/runs?text=PAGE&limit=4&before={first['next']}")

    ids = [run["id"] for run in [*first["runs"], *rest["runs"]]]
    assert ids == [failed["id"], *(run["id"] for run in reversed(made))]
    assert "next" not in rest
    assert _ids(visitor, "text=page&phase=failed") == [failed["id"]]
    assert _ids(visitor, "text=page&phase=succeeded&language=native&trigger=request") == ids[1:]
    assert _ids(visitor, "text=page&trigger=schedule") == []
    assert _ids(visitor, f"text=page&since={made[3]['created_at']}&until={failed['created_at']}") == [
        made[4]["id"],
        made[3]["id"],
    ]
    assert _ids(visitor, f"text={failed['id']}") == [failed["id"]]


def test_a_failed_run_tells_the_line_of_the_script(visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit(FAILING))

    told = visitor.told("GET", f"/console/v1/runs/{run['id']}")

    trouble = told["trouble"]
    assert trouble["message"] == "ZeroDivisionError: division by zero"
    assert (trouble["place"]["file"], trouble["place"]["line"]) == ("etl.py", 4)
    assert [4, "    print(10 / row)"] in trouble["place"]["lines"]
    assert told["waiting"] is None
    assert told["may"] == {"stop": False, "repair": True, "again": True, "delete": True}


def test_what_went_wrong_most_is_counted_whatever_numbers_it_names(visitor: Visitor) -> None:
    for number in (3, 41):
        visitor.ended(visitor.submit(f"raise SystemError('disk {number} is full')", name="counting.py"))

    picture = visitor.told("GET", "/console/v1/picture")

    (error,) = [one for one in picture["errors"] if one["job_name"] == "counting.py"]
    assert (error["count"], error["message"]) == (2, "SystemError: disk 41 is full")
    assert len(picture["hours"]) == 48
    assert picture["hours"][-1]["failed"] + picture["hours"][-2]["failed"] >= 2


@pytest.mark.parametrize("wanted", ["Ärger", "ÄRGER", "ärger mit (Ошибка)", "ошибка", "STRASSE.*", "straße"])
def test_a_log_is_searched_whatever_the_case_of_its_letters(visitor: Visitor, wanted: str) -> None:
    lines = ["Ärger mit (Ошибка)", "Strasse.*", "STRAßE"]
    run = visitor.ended(visitor.submit(f"print(*{lines!r}, sep='\\n')", name="any-case.py"))
    attempt = visitor.told("GET", f"/runyard/v1/runs/{run['id']}/attempts")["attempts"][0]
    asked = urlencode({"attempt": attempt["id"], "text": wanted})

    found = visitor.told("GET", f"/console/v1/runs/{run['id']}/log/matches?{asked}")["matches"]
    assert [match["text"] for match in found] == [line for line in lines if wanted.lower() in line.lower()]


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("jobs/99999999999999999999", 404, "Job 99999999999999999999 not found."),
        (f"jobs/{'9' * 5000}/matrix", 404, "not found"),
        ("runs?since=99999999999999999999", 400, "Parameter since"),
        ("runs/{run}/log?attempt={attempt}&start=99999999999999999999", 400, "Parameter start"),
        ("runs/{run}/log?attempt={attempt}&start=9007199254740991", 200, '"text":""'),
        ("runs/{run}/log/matches?attempt={attempt}&text=x&start=9007199254740991", 200, '"matches":[]'),
    ],
)
def test_a_number_that_is_too_large_is_no_defect(visitor: Visitor, asked: str, status: int, told: str) -> None:
    run = visitor.ended(visitor.submit("print('x')", name="numbers.py"))
    attempt = visitor.told("GET", f"/runyard/v1/runs/{run['id']}/attempts")["attempts"][0]
    reply = visitor.ask("GET", f"/console/v1/{asked.format(run=run['id'], attempt=attempt['id'])}")

    assert reply.status == status
    assert told in reply.read().decode()


def test_a_log_is_read_from_either_end_and_searched_without_being_loaded(visitor: Visitor) -> None:
    source = "for number in range(200_000):\n    print(f'line {number} of many')\nprint('NEEDLE at the end')\n"
    run = visitor.ended(visitor.submit(source))
    attempt = visitor.told("GET", f"/runyard/v1/runs/{run['id']}/attempts")["attempts"][0]
    log = f"/console/v1/runs/{run['id']}/log?attempt={attempt['id']}&limit=4096"

    end = visitor.told("GET", log)
    before = visitor.told("GET", f"{log}&end={end['start']}")
    beginning = visitor.told("GET", f"{log}&start=0")
    found = visitor.told("GET", f"/console/v1/runs/{run['id']}/log/matches?attempt={attempt['id']}&text=needle")
    file = visitor.ask("GET", f"/console/v1/runs/{run['id']}/log/file?attempt={attempt['id']}")

    assert end["text"].endswith("line 199999 of many\nNEEDLE at the end\n")
    assert (end["end"], before["end"], beginning["start"]) == (end["size"], end["start"], 0)
    assert beginning["text"].startswith("line 0 of many\nline 1 of many\n")
    assert beginning["text"].endswith(" of many\n")
    assert [match["text"] for match in found["matches"]] == ["NEEDLE at the end"]
    assert found["searched_to"] == found["size"] == end["size"]
    assert len(file.read()) == end["size"]
    assert "attachment" in (file.headers["content-disposition"] or "")


def test_a_run_is_told_in_the_words_of_each_language_with_the_call_that_fetches_it(visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit("print(1)"))

    records = {one["title"]: one for one in visitor.told("GET", f"/console/v1/runs/{run['id']}/records")["records"]}

    assert list(records) == ["runyard", "AWS Glue", "Databricks"]
    assert records["AWS Glue"]["record"]["JobRun"]["JobRunState"] == "SUCCEEDED"
    assert records["Databricks"]["record"]["run_id"] == run["id"]
    assert records["Databricks"]["record"]["state"]["result_state"] == "SUCCESS"
    assert f"databricks jobs get-run {run['id']}" in records["Databricks"]["calls"]
    assert records["runyard"]["record"] == run


def test_a_query_of_dremio_shows_its_rows_its_record_and_is_found_by_its_id(visitor: Visitor) -> None:
    dremio = Visitor(visitor.live, headers={"authorization": f"Bearer {visitor.live.credentials['token']}"})
    job = dremio.told("POST", "/api/v3/sql", {"sql": "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y)"})

    (run,) = visitor.told("GET", f"/console/v1/runs?text={job['id']}")["runs"]
    visitor.ended(run)
    attempt = visitor.told("GET", f"/runyard/v1/runs/{run['id']}/attempts")["attempts"][0]
    (cell,) = visitor.told("GET", f"/console/v1/runs/{run['id']}/cells?attempt={attempt['id']}")["cells"]
    records = {one["title"]: one for one in visitor.told("GET", f"/console/v1/runs/{run['id']}/records")["records"]}

    assert cell["source"].startswith("SELECT * FROM (VALUES")
    assert cell["results"] == [
        {
            "type": "table",
            "columns": ["x", "y"],
            "types": ["INTEGER", "VARCHAR"],
            "rows": [[1, "a"], [2, "b"]],
            "count": 2,
            "is_cut": False,
        }
    ]
    assert records["Dremio"]["record"]["jobState"] == "COMPLETED"


# what may be done


def test_a_run_is_run_again_as_it_was(visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit("import sys\nprint(sys.argv[1:])", arguments=["monday"]))

    again = visitor.ended(visitor.told("POST", f"/console/v1/runs/{run['id']}/again"))

    assert again["id"] > run["id"]
    assert again["settings"] == run["settings"]
    assert _printed(visitor, again) == "['monday']\n"


def test_a_failed_run_is_repaired_in_place(visitor: Visitor, tmp_path: Path) -> None:
    mark = tmp_path / "there"
    run = visitor.ended(visitor.submit(f"import pathlib\npathlib.Path({str(mark)!r}).read_text()"))
    mark.write_text("now")

    visitor.told("POST", f"/console/v1/runs/{run['id']}/repair", {})
    repaired = visitor.ended(run)

    assert (run["outcome"], repaired["outcome"], repaired["repairs"]) == ("failed", "succeeded", 1)


def test_a_job_tells_when_it_runs_next_and_rests_when_told_so(visitor: Visitor) -> None:
    client = workspace_client(visitor.live)
    path = put_notebook(client, "nightly", "print('good night')")
    schedule = jobs.CronSchedule(quartz_cron_expression="0 0 3 * * ?", timezone_id="UTC")
    job = client.jobs.create(name="nightly", tasks=[notebook("main", path)], schedule=schedule)

    told = visitor.told("GET", f"/console/v1/jobs/{job.job_id}")
    rests = visitor.told("POST", f"/console/v1/jobs/{job.job_id}/pause", {"paused": True})
    run = visitor.ended(visitor.told("POST", f"/runyard/v1/jobs/{job.job_id}/runs", {"arguments": {}}))
    matrix = visitor.told("GET", f"/console/v1/jobs/{job.job_id}/matrix")
    (line,) = [one for one in visitor.told("GET", "/console/v1/jobs")["jobs"] if one["id"] == job.job_id]

    (trigger,) = told["triggers"]
    gaps = {later - sooner for sooner, later in zip(trigger["next"], trigger["next"][1:], strict=False)}
    assert (len(trigger["next"]), gaps) == (5, {86_400_000})
    assert (rests["triggers"][0]["is_paused"], rests["triggers"][0]["next"]) == (True, [])
    assert matrix["tasks"] == ["main"]
    assert [(one["id"], one["cells"]["main"]["phase"]) for one in matrix["runs"]] == [(run["id"], "succeeded")]
    assert (line["is_paused"], [one["id"] for one in line["recent"]]) == (True, [run["id"]])


def test_a_glue_job_tells_which_triggers_start_it(visitor: Visitor) -> None:
    glue = visitor.live.client("glue")
    script = visitor.live.put_script("hourly.py", "print(1)")
    glue.create_job(Name="hourly", Role="r", Command={"Name": "pythonshell", "ScriptLocation": script})
    glue.create_trigger(
        Name="each hour",
        Type="SCHEDULED",
        Schedule="cron(0 * * * ? *)",
        Actions=[{"JobName": "hourly"}],
        StartOnCreation=True,
    )

    told = visitor.told("GET", "/console/v1/jobs/hourly")

    (trigger,) = told["triggers"]
    gaps = {later - sooner for sooner, later in zip(trigger["next"], trigger["next"][1:], strict=False)}
    assert (trigger["name"], trigger["is_paused"], gaps) == ("each hour", False, {3_600_000})
    assert [one["name"] for one in told["parameters"]] == []


def test_without_authentication_nobody_signs_in_and_other_pages_of_the_machine_change_nothing(tmp_path: Path) -> None:
    live = Live(tmp_path / "home", arguments=("--auth", "off"), settings="preload = []\n").start()
    try:
        visitor = Visitor(live)
        run = visitor.ended(visitor.submit("print(1)"))
        again = f"/console/v1/runs/{run['id']}/again"

        assert visitor.told("GET", "/console/v1/session") == {
            "user": "admin",
            "workspace": "default",
            "role": "admin",
            "workspaces": ["default"],
            "needs_password": False,
        }
        assert next(visitor.events())[0] == "hello"
        assert visitor.ask("POST", again, origin="http://127.0.0.1:1").status == 401
        assert Visitor(live, headers={}).ask("POST", again).status == 401
        assert visitor.ask("POST", again).status == 201
    finally:
        live.close()


# events


def test_changes_are_told_as_they_happen_and_again_to_who_comes_back(visitor: Visitor) -> None:
    events = visitor.events()
    kind, last, hello = next(events)
    run = visitor.submit("print(1)")
    seen = _until_ended(events, run["id"])

    missed = visitor.events(last)
    kinds = [next(missed)[0]]
    ended = _until_ended(missed, run["id"])

    assert (kind, kinds, "version" in hello) == ("hello", ["hello"], True)
    assert seen["phase"] == ended["phase"] == "succeeded"


def test_a_server_that_leaves_closes_its_streams_at_once(tmp_path: Path) -> None:
    live = Live(tmp_path / "home", settings="preload = []\n").start()
    try:
        events = Visitor(live).enter().events()
        next(events)

        assert live.stop() == 0
        assert list(events) == []
    finally:
        live.close()


def _until_ended(events: Iterator[tuple[str, str, Any]], run_id: int) -> dict[str, Any]:
    for kind, _, told in events:
        for run in told["runs"] if kind == "runs" else ():
            if run["id"] == run_id and run["state"] == "ended":
                return dict(run)
    raise AssertionError("the stream ended before the run")


def _ids(visitor: Visitor, query: str) -> list[int]:
    return [run["id"] for run in visitor.told("GET", f"/console/v1/runs?{query}")["runs"]]


def _printed(visitor: Visitor, run: dict[str, Any]) -> str:
    told = visitor.told("GET", f"/runyard/v1/runs/{run['id']}/logs?stream=stdout")
    text: str = told["pieces"][0]["text"]
    return text

"""The reference document, unchanged, run by the real `runyard arazzo` against a real server."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from arazzo_command import DOCUMENT, SETTINGS, SOURCE, Yard
from har_schema import HAR
from live import Live
from waiting import held_by


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    live = Live(tmp_path_factory.mktemp("arazzo-command") / "home", settings=SETTINGS).start()
    yield Yard(live)
    live.close()


# running


def test_a_job_that_succeeds_is_run_and_its_outputs_are_printed(yard: Yard) -> None:
    job_id = yard.job("good", "print('good')")
    ended = yard.command(*yard.with_source(job_id))

    assert ended.returncode == 0, ended.stderr
    facts = dict(line.split(maxsplit=1) for line in ended.stdout.splitlines())
    assert facts["jobId"] == str(job_id)
    assert facts["resultState"] == "SUCCESS"
    assert f"/run/{facts['runId']}" in facts["runPageUrl"]
    assert yard.client.jobs.get_run(int(facts["runId"])).job_id == job_id
    lines = ended.stderr.splitlines()
    assert lines[0].startswith("getJob: 200 OK, ")
    assert lines[1].startswith("runJobNow: 200 OK, ")
    assert any(re.match(r"pollRun: TERMINATED, (\d+ polls, )?\d", line) for line in lines)
    assert re.match(r"run-existing-job-and-wait succeeded after .*, \d+ steps executed$", lines[-1])


def test_the_result_of_a_job_that_fails_is_what_the_document_gives(yard: Yard) -> None:
    ended = yard.command(*yard.with_source(yard.job("bad", "raise SystemExit('no rows')")))

    assert ended.returncode == 0, ended.stderr
    assert "resultState  FAILED" in ended.stdout


def test_a_job_of_some_seconds_is_awaited_with_one_line_for_each_state(yard: Yard, tmp_path: Path) -> None:
    gate = tmp_path / "seen"
    ended = yard.polled(gate, *yard.with_source(yard.job("slow", held_by(gate) + "time.sleep(3)")))

    assert ended.returncode == 0, ended.stderr
    polls = [line for line in ended.stderr.splitlines() if line.startswith("pollRun")]
    assert len(polls) <= 3
    assert re.match(r"pollRun: TERMINATED, \d+ polls, (([3-9]|\d\d)\.\d|\dm\d\d)s$", polls[-1])
    assert sum("RUNNING" in line for line in polls) == 1


def test_a_failing_step_is_explained_and_exits_1(yard: Yard) -> None:
    ended = yard.command(*yard.with_source(1))

    assert ended.returncode == 1
    assert "saw        $statusCode = 404" in ended.stderr
    assert f"request    GET {yard.live.url}/api/2.2/jobs/get?job_id=1" in ended.stderr
    assert "Job 1 does not exist." in ended.stderr
    assert "run-existing-job-and-wait failed after" in ended.stderr.splitlines()[-1]


def test_a_wrong_token_fails_without_being_told(yard: Yard) -> None:
    words = yard.with_source(1, "-i", "token=wrong-token-4711", "--json")
    ended = yard.command(*words)

    assert ended.returncode == 1
    assert "wrong-token-4711" not in ended.stdout + ended.stderr
    assert json.loads(ended.stdout)["executions"][0]["status"] == 403


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["-i", "jobId=many"], "jobId is many"),
        (["-i", "notebookParams=[1]"], "notebookParams"),
        (["-i", "token"], "not of the form NAME=VALUE"),
        (["-i", "jobId=@env:NOT_THERE"], "NOT_THERE is not set"),
        (["-i", "jobId=@/no/such/file"], "cannot read '/no/such/file'"),
        (["--inputs", "/no/such/file"], "cannot read '/no/such/file'"),
        (["--workflow", "other"], "There is no workflow 'other'"),
        (["--source", "other=x.json"], "no source 'other'"),
        (["--header", "nothing"], "'Name: value'"),
        (["--header", "X-Trace: two\nlines"], "that no header may have"),
        (["--server", f"{SOURCE}=localhost"], "'localhost' is no address to call"),
        (["--har", "/no/such/folder/x.har"], "there is no folder"),
        (["--poll-interval", "-1"], "--poll-interval"),
    ],
)
def test_a_wrong_call_exits_2_and_says_why(yard: Yard, words: list[str], why: str) -> None:
    ended = yard.command(*yard.with_source(1, *words))

    assert ended.returncode == 2
    assert why in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_document_that_cannot_be_read_exits_2(yard: Yard, tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("a: [1,")

    for file, why in (("bad.yml", "bad.yml: Line 2, column 1"), ("absent.yml", "No such file")):
        ended = yard.command("run", str(tmp_path / file))
        assert ended.returncode == 2
        assert why in ended.stderr


def test_inputs_come_from_a_file_and_single_ones_overrule_it(yard: Yard, tmp_path: Path) -> None:
    job_id = yard.job("from file", "pass")
    (tmp_path / "inputs.yml").write_text(f"jobId: 1\ntoken: {yard.token}\n")
    (tmp_path / "params.json").write_text('{"day": "monday"}')
    words = ["--inputs", str(tmp_path / "inputs.yml"), "-i", f"notebookParams=@{tmp_path / 'params.json'}"]
    source = f"{SOURCE}={yard.live.url}/openapi/databricks.json"
    ended = yard.command("run", DOCUMENT, "--source", source, *words, "-i", f"jobId={job_id}", "--json")

    assert ended.returncode == 0, ended.stderr
    inputs = json.loads(ended.stdout)["inputs"]
    assert inputs == {"jobId": job_id, "token": "***", "notebookParams": {"day": "monday"}}


def test_hosts_that_are_not_allowed_are_not_called(yard: Yard) -> None:
    ended = yard.command(*yard.with_source(1, "--allow-host", "example.com"))

    assert ended.returncode == 2
    assert "--allow-host names only example.com" in ended.stderr


# what is written


def test_json_har_and_junit_tell_the_run_without_its_secrets(yard: Yard, tmp_path: Path) -> None:
    har, junit = tmp_path / "run.har", tmp_path / "run.xml"
    job_id = yard.job("written", "pass")
    ended = yard.command(*yard.with_source(job_id, "--json", "--har", str(har), "--junit", str(junit)))

    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["succeeded"] is True
    assert report["outputs"]["resultState"] == "SUCCESS"
    assert report["inputs"]["token"] == "***"
    assert [one["step"] for one in report["executions"]][:2] == ["getJob", "runJobNow"]
    archive = json.loads(har.read_text())
    jsonschema_rs.Draft202012Validator(HAR, validate_formats=True).validate(archive)
    assert len(archive["log"]["entries"]) == len(report["executions"]) == report["steps"]
    sent = archive["log"]["entries"][0]["request"]["headers"]
    assert {"name": "Authorization", "value": "Bearer ***"} in sent
    suite = ET.parse(junit).getroot()[0]  # noqa: S314  # our own file
    assert suite.get("tests") == str(report["steps"])
    assert suite.get("failures") == "0"
    assert yard.token not in har.read_text() + junit.read_text()


def test_a_failure_is_in_junit_with_its_explanation(yard: Yard, tmp_path: Path) -> None:
    ended = yard.command(*yard.with_source(1, "--junit", str(tmp_path / "run.xml")))
    failure = ET.parse(tmp_path / "run.xml").find(".//failure")  # noqa: S314  # our own file

    assert ended.returncode == 1
    assert failure is not None
    assert "saw        $statusCode = 404" in (failure.text or "")


# without --source


def test_the_server_stands_in_for_a_source_that_cannot_be_reached_and_says_so(yard: Yard) -> None:
    ended = yard.command("run", DOCUMENT, "-i", f"jobId={yard.job('stood in', 'pass')}")

    assert ended.returncode == 0, ended.stderr
    assert "resultState  SUCCESS" in ended.stdout
    assert f"The server's {yard.live.url}/openapi/databricks.json knows its operations and stands in" in ended.stderr
    assert "input token: not given; the server's own is used." in ended.stderr


def with_description(tmp_path: Path, operations: str) -> str:
    """Lay the document beside a description of its API, and return the document's file."""
    (tmp_path / "workflows").mkdir()
    (tmp_path / "openapi").mkdir()
    (tmp_path / "workflows" / "flow.yml").write_bytes(Path(DOCUMENT).read_bytes())
    (tmp_path / "openapi" / "azure-databricks-openapi.yml").write_text(operations)
    return str(tmp_path / "workflows" / "flow.yml")


def test_a_source_that_can_be_reached_is_never_replaced(yard: Yard, tmp_path: Path) -> None:
    operations = "\n".join(
        f"  /{id_}: {{{method}: {{operationId: {id_}, responses: {{}}}}}}"
        for id_, method in (("getJob", "get"), ("runJobNow", "post"), ("getJobRun", "get"))
    )
    text = f"openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\nservers: [{{url: 'http://127.0.0.1:9'}}]\npaths:\n{operations}\n"
    file = with_description(tmp_path, text)
    without_token = yard.command("run", file, "-i", "jobId=1")
    ended = yard.command("run", file, "-i", "jobId=1", "-i", "token=mine")

    assert without_token.returncode == 2
    assert '"token" is a required property' in without_token.stderr
    assert ended.returncode == 1
    assert "127.0.0.1:9 cannot be reached" in ended.stderr
    assert "stands in" not in ended.stderr


def test_a_server_that_does_not_know_the_operations_stands_in_for_nothing(yard: Yard, tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text(Path(DOCUMENT).read_text().replace("getJobRun", "getCloudThing"))
    ended = yard.command("run", str(tmp_path / "other.yml"), "-i", "jobId=1", "-i", "token=mine")

    assert ended.returncode == 2
    assert "The source azureDatabricksApi cannot be read" in ended.stderr
    assert "--source azureDatabricksApi=URL|FILE" in ended.stderr


# Ctrl-C


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_tells_where_it_stood_and_exits_130(yard: Yard, tmp_path: Path, number: signal.Signals) -> None:
    har = tmp_path / "run.har"
    process = yard.started(
        *yard.with_source(yard.job(f"endless {number}", "import time; time.sleep(600)"), "--har", str(har))
    )
    assert process.stderr is not None
    told: list[str] = []
    while not told or "RUNNING" not in told[-1]:
        told.append(process.stderr.readline())
        assert told[-1], told
    process.send_signal(number)
    _, rest = process.communicate(timeout=60)

    assert process.returncode == 130
    last = rest.splitlines()[-1]
    assert last.startswith("run-existing-job-and-wait was interrupted after")
    assert last.endswith("It stood at pollRun.")
    assert len(json.loads(har.read_text())["log"]["entries"]) >= 3
    assert "Traceback" not in rest
    for run in yard.client.jobs.list_runs(active_only=True):
        yard.client.jobs.cancel_run(run.run_id or 0)


# checking and showing


def test_a_document_is_checked_with_places_and_hints(yard: Yard, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(Path(DOCUMENT).read_text().replace("operationId: runJobNow", "operationId: runJobNwo"))
    source = ["--source", f"{SOURCE}={yard.live.url}/openapi/databricks.json"]
    fine = yard.command("check", DOCUMENT, *source)
    found = yard.command("check", str(wrong), *source)
    as_json = json.loads(yard.command("check", str(wrong), *source, "--json").stdout)

    assert fine.returncode == 0
    assert fine.stdout == ""
    assert fine.stderr == f"{DOCUMENT}: no errors, no warnings\n"
    assert found.returncode == 1
    assert found.stdout == f"{wrong}:61:5: error: No source has an operation 'runJobNwo'. Did you mean 'runJobNow'?\n"
    assert as_json["findings"][0]["line"] == 61
    assert as_json["findings"][0]["kind"] == "error"


def test_warnings_are_errors_when_the_check_is_strict(yard: Yard, tmp_path: Path) -> None:
    odd = tmp_path / "odd.yml"
    odd.write_text(Path(DOCUMENT).read_text() + "unknown: 1\n")

    assert yard.command("check", str(odd)).returncode == 0
    assert yard.command("check", str(odd), "--strict").returncode == 1
    assert yard.command("check", str(tmp_path / "absent.yml")).returncode == 2


def test_a_document_is_shown_as_a_tree_and_as_a_chart(yard: Yard) -> None:
    tree = yard.command("show", DOCUMENT)
    chart = yard.command("show", DOCUMENT, "--mermaid")

    assert tree.returncode == 0
    assert "├─ 3. pollRun → getJobRun" in tree.stdout
    assert chart.stdout.startswith("flowchart TD\n")

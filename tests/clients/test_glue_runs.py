"""Unmodified boto3 against a live server: what a data engineer does with Glue jobs and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live, is_alive
from waiting import until

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("glue") / "home", settings="grace_s = 1.0\nplaces = 8\n").start()
    yield server
    server.close()


@pytest.fixture
def glue(live: Live) -> Any:
    return live.client("glue")


def run_of(glue: Any, job: str, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
    return run


def ended(glue: Any, job: str, run_id: str) -> dict[str, Any]:
    until(lambda: run_of(glue, job, run_id)["JobRunState"] in ENDED, seconds=60)
    return run_of(glue, job, run_id)


def finished(
    live: Live, name: str, script: str, *, arguments: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """Create a job of this script, run it once, and return the run when it has ended."""
    glue = live.client("glue")
    live.make_job(name, script, **more)
    return ended(glue, name, glue.start_job_run(JobName=name, Arguments=arguments or {})["JobRunId"])


def output(live: Live, run: dict[str, Any], stream: str = "output") -> list[str]:
    events = live.client("logs").filter_log_events(
        logGroupName=f"{run['LogGroupName']}/{stream}", logStreamNames=[run["Id"]]
    )["events"]
    return [event["message"] for event in events]


def test_a_job_really_runs_and_its_run_tells_what_happened(live: Live) -> None:
    run = finished(live, "real", "import os, time\nprint('pid', os.getpid())\ntime.sleep(0.2)")

    assert run["JobRunState"] == "SUCCEEDED"
    assert run["StartedOn"] < run["CompletedOn"] <= run["LastModifiedOn"]
    assert (run["Attempt"], run["PredecessorRuns"], run["MaxCapacity"]) == (0, [], 0.0625)
    assert run["LogGroupName"] == "/aws-glue/python-jobs"
    assert "ErrorMessage" not in run
    assert output(live, run)[0].startswith("pid ")


def test_a_script_gets_the_command_line_that_aws_gives(live: Live) -> None:
    script = """
import sys, json
from awsglue.utils import getResolvedOptions
options = getResolvedOptions(sys.argv, ["JOB_NAME", "day", "mode"])
print(json.dumps({key: options[key] for key in ("JOB_NAME", "day", "mode", "JOB_RUN_ID")}))
"""
    run = finished(
        live, "argv", script,
        arguments={"--day": "2026-11-20", "--mode": "theirs"},
        DefaultArguments={"--day": "never", "--extra": "1"}, NonOverridableArguments={"--mode": "ours"},
    )  # fmt: skip

    assert json.loads(output(live, run)[0]) == {
        "JOB_NAME": "argv", "day": "2026-11-20", "mode": "ours", "JOB_RUN_ID": run["Id"],
    }  # fmt: skip
    assert run["Arguments"] == {"--day": "2026-11-20", "--extra": "1", "--mode": "ours"}


def test_boto3_works_inside_a_job_with_no_configuration(live: Live) -> None:
    s3 = live.client("s3")
    s3.create_bucket(Bucket="inside")
    s3.put_object(Bucket="inside", Key="in.txt", Body=b"hello")
    script = """
import boto3
s3 = boto3.client("s3")
text = s3.get_object(Bucket="inside", Key="in.txt")["Body"].read().decode()
s3.put_object(Bucket="inside", Key="out.txt", Body=text.upper().encode())
print(boto3.client("sts").get_caller_identity()["Account"])
"""
    run = finished(live, "inside", script)

    assert run["JobRunState"] == "SUCCEEDED", output(live, run, "error")
    assert s3.get_object(Bucket="inside", Key="out.txt")["Body"].read() == b"HELLO"
    assert len(output(live, run)[0]) == 12


def test_pandas_reads_and_writes_s3_inside_a_job(live: Live) -> None:
    live.client("s3").create_bucket(Bucket="frames")
    script = """
import pandas as pd
pd.DataFrame({"a": [1, 2, 3]}).to_csv("s3://frames/a.csv", index=False)
print(pd.read_csv("s3://frames/a.csv")["a"].sum())
"""
    run = finished(live, "frames", script)

    assert output(live, run) == ["6"], output(live, run, "error")


def test_the_aws_cli_works_inside_a_job(live: Live) -> None:
    live.client("s3").create_bucket(Bucket="copied")
    aws = Path(sys.executable).parent / "aws"
    script = f"""
import subprocess
open("local.txt", "w").write("copied")
subprocess.run([{str(aws)!r}, "s3", "cp", "local.txt", "s3://copied/there.txt"], check=True)
"""
    run = finished(live, "copies", script)

    assert run["JobRunState"] == "SUCCEEDED", output(live, run, "error")
    assert (live.home / "s3" / "copied" / "there.txt").read_text() == "copied"


def test_a_failing_script_ends_failed_with_its_exception_and_its_traceback_in_the_log(live: Live) -> None:
    run = finished(live, "fails", "print('before')\nraise KeyError('price')")

    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "KeyError: 'price'")
    assert output(live, run) == ["before"]
    assert output(live, run, "error")[-1] == "KeyError: 'price'"


def test_a_stop_ends_the_process_and_its_children(live: Live, glue: Any, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    script = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open({str(file)!r}, "w").write(f"{{os.getpid()}} {{child.pid}} ")
time.sleep(600)
"""
    live.make_job("long", script)
    run_id = glue.start_job_run(JobName="long")["JobRunId"]
    until(lambda: file.exists() and file.read_text().endswith(" "), seconds=60)
    answer = glue.batch_stop_job_run(JobName="long", JobRunIds=[run_id, "jr_" + "0" * 64])
    run = ended(glue, "long", run_id)

    assert answer["SuccessfulSubmissions"] == [{"JobName": "long", "JobRunId": run_id}]
    assert [error["JobRunId"] for error in answer["Errors"]] == ["jr_" + "0" * 64]
    assert (run["JobRunState"], run["ErrorMessage"]) == ("STOPPED", "The run was stopped by a request.")
    assert [is_alive(int(pid)) for pid in file.read_text().split()] == [False, False]


def test_retries_are_runs_of_their_own_with_attempt_ids(live: Live, glue: Any) -> None:
    script = """
import sys
run = sys.argv[sys.argv.index("--JOB_RUN_ID") + 1]
print(run)
sys.exit(0 if run.endswith("_attempt_2") else 5)
"""
    live.make_job("retries", script, MaxRetries=3)
    run_id = glue.start_job_run(JobName="retries")["JobRunId"]
    last = ended(glue, "retries", f"{run_id}_attempt_2") if later(glue, run_id) else {}
    runs = glue.get_job_runs(JobName="retries")["JobRuns"]

    assert last["JobRunState"] == "SUCCEEDED"
    assert [(run["Id"], run["Attempt"], run.get("PreviousRunId"), run["JobRunState"]) for run in runs] == [
        (f"{run_id}_attempt_2", 2, f"{run_id}_attempt_1", "SUCCEEDED"),
        (f"{run_id}_attempt_1", 1, run_id, "FAILED"),
        (run_id, 0, None, "FAILED"),
    ]
    assert output(live, last) == [f"{run_id}_attempt_2"]


def later(glue: Any, run_id: str) -> bool:
    until(lambda: len(glue.get_job_runs(JobName="retries")["JobRuns"]) == 3, seconds=60)
    return bool(run_id)


def test_a_run_may_name_the_run_it_retries(live: Live, glue: Any) -> None:
    first = finished(live, "again", "raise SystemExit(1)")
    second = glue.start_job_run(JobName="again", JobRunId=first["Id"])["JobRunId"]

    assert ended(glue, "again", second)["PreviousRunId"] == first["Id"]


def test_beyond_the_limit_a_run_is_refused_or_waits(live: Live, glue: Any, tmp_path: Path) -> None:
    go = tmp_path / "go"
    live.make_job("one", f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)")
    first = glue.start_job_run(JobName="one")["JobRunId"]
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException, match="Concurrent runs exceeded for one"):
        glue.start_job_run(JobName="one")
    waiting = glue.start_job_run(JobName="one", JobRunQueuingEnabled=True)["JobRunId"]
    run = run_of(glue, "one", waiting)
    go.touch()

    assert (run["JobRunState"], "limit of 1 concurrent runs" in run["StateDetail"]) == ("WAITING", True)
    assert ended(glue, "one", first)["JobRunState"] == "SUCCEEDED"
    assert ended(glue, "one", waiting)["JobRunState"] == "SUCCEEDED"


def test_what_cannot_run_here_is_accepted_and_fails_saying_what_to_do(live: Live, glue: Any) -> None:
    command = {
        "Name": "glueray",
        "ScriptLocation": live.put_script("ray.py", "raise AssertionError"),
        "Runtime": "Ray2.4",
    }
    glue.create_job(Name="ray", Role="r", Command=command, WorkerType="Z.2X", NumberOfWorkers=2)
    run = ended(glue, "ray", glue.start_job_run(JobName="ray")["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert "pip install 'runyard[ray]'" in run["ErrorMessage"]


def test_a_missing_script_fails_the_run_and_names_the_file(glue: Any) -> None:
    glue.create_job(Name="lost", Role="r", Command={"Name": "pythonshell", "ScriptLocation": "s3://nowhere/a.py"})
    run = ended(glue, "lost", glue.start_job_run(JobName="lost")["JobRunId"])

    assert run["JobRunState"] == "FAILED"
    assert "s3://nowhere/a.py does not exist" in run["ErrorMessage"]


@pytest.mark.parametrize("name", ["lost.zip", "lost.py", "lost-1.0-py3-none-any.whl"])
def test_a_missing_module_fails_the_run_and_names_it_though_nothing_imports_it(live: Live, name: str) -> None:
    run = finished(live, f"without {name}", "", DefaultArguments={"--extra-py-files": f"s3://scripts/{name}"})

    assert run["JobRunState"] == "FAILED"
    assert f"The module s3://scripts/{name} does not exist" in run["ErrorMessage"]


def test_modules_beside_the_script_and_extra_files_are_found(live: Live) -> None:
    helper = live.put_script("helper.py", "answer = 42")
    data = live.put_script("data.txt", "seven")
    run = finished(
        live, "beside", "import helper\nprint(helper.answer, open('data.txt').read())",
        DefaultArguments={"--extra-py-files": helper, "--extra-files": data},
    )  # fmt: skip

    assert output(live, run) == ["42 seven"], output(live, run, "error")


def test_a_script_that_is_named_like_a_module_is_not_run_while_packages_are_installed(live: Live) -> None:
    arguments = {"--additional-python-modules": "none-such", "--python-modules-installer-option": "--no-index"}
    run = finished(live, "pip", "print('never')", DefaultArguments=arguments)

    assert run["JobRunState"] == "FAILED"
    assert "No matching distribution found for none-such" in run["ErrorMessage"]
    assert "never" not in output(live, run)


def test_the_paginator_walks_every_run_once_the_newest_first(live: Live, glue: Any) -> None:
    live.make_job("many", "", ExecutionProperty={"MaxConcurrentRuns": 500})
    started = [glue.start_job_run(JobName="many")["JobRunId"] for _ in range(45)]
    paginator = glue.get_paginator("get_job_runs")
    pages = list(paginator.paginate(JobName="many", PaginationConfig={"PageSize": 20}))
    some = paginator.paginate(JobName="many", PaginationConfig={"PageSize": 7, "MaxItems": 11}).build_full_result()
    rest = paginator.paginate(JobName="many", PaginationConfig={"StartingToken": some["NextToken"]}).build_full_result()

    assert [len(page["JobRuns"]) for page in pages] == [20, 20, 5]
    assert [run["Id"] for page in pages for run in page["JobRuns"]] == started[::-1]
    assert [run["Id"] for run in some["JobRuns"] + rest["JobRuns"]] == started[::-1]
    assert len(glue.get_job_runs(JobName="many", MaxResults=1000)["JobRuns"]) == 45


def test_wrong_calls_are_answered_in_aws_words(live: Live, glue: Any) -> None:
    live.make_job("there", "")
    with pytest.raises(glue.exceptions.EntityNotFoundException, match="missing metadata"):
        glue.start_job_run(JobName="not there")
    with pytest.raises(glue.exceptions.EntityNotFoundException, match="Job not there not found"):
        glue.get_job(JobName="not there")
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_job(Name="there", Role="r", Command={"Name": "pythonshell"})
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_job_run(JobName="there", RunId="jr_1")
    with pytest.raises(glue.exceptions.InvalidInputException, match="page token 'nonsense' is not one"):
        glue.get_job_runs(JobName="there", NextToken="nonsense")
    with pytest.raises(glue.exceptions.ClientError, match="Member must have length less than or equal to 255"):
        glue.start_job_run(JobName="x" * 300)
    with pytest.raises(glue.exceptions.ClientError, match="GetJobBookmark"):
        glue.get_job_bookmark(JobName="there")


def test_a_wrong_secret_or_key_does_not_get_in(live: Live) -> None:
    for more in ({"aws_secret_access_key": "wrong"}, {"aws_access_key_id": "AKIDUNKNOWN"}):
        glue = live.client("glue", **more)
        with pytest.raises(glue.exceptions.ClientError) as refused:
            glue.get_jobs()
        codes = {"InvalidSignatureException", "UnrecognizedClientException"}
        assert refused.value.response["Error"]["Code"] in codes


def test_jobs_are_kept_whole_listed_updated_and_deleted(live: Live, glue: Any) -> None:
    live.make_job("kept", "", Description="d", Tags={"team": "a"}, MaxRetries=2, Timeout=7)
    job = glue.get_job(JobName="kept")["Job"]
    assert (job["Description"], job["MaxRetries"], job["Timeout"], job["Role"]) == ("d", 2, 7, "runner")
    assert glue.list_jobs(Tags={"team": "a"})["JobNames"] == ["kept"]
    glue.update_job(JobName="kept", JobUpdate={"Role": "other", "Command": job["Command"]})
    job = glue.get_job(JobName="kept")["Job"]
    assert (job["Role"], "Description" in job) == ("other", False)
    assert glue.batch_get_jobs(JobNames=["kept", "gone"])["JobsNotFound"] == ["gone"]
    glue.delete_job(JobName="kept")
    glue.delete_job(JobName="kept")

    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_job(JobName="kept")


def aws(live: Live, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "aws"), *words]
    environment = {**live.aws_environment, "AWS_PAGER": "", "PATH": os.environ["PATH"]}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_aws_cli_starts_and_reads_a_run(live: Live, glue: Any) -> None:
    live.make_job("by-cli", "print('from the cli')")
    started = aws(live, "glue", "start-job-run", "--job-name", "by-cli", "--query", "JobRunId", "--output", "text")
    run = ended(glue, "by-cli", started.stdout.strip())
    wrong = aws(live, "glue", "start-job-run", "--job-name", "nothing")

    assert run["JobRunState"] == "SUCCEEDED"
    assert "(EntityNotFoundException) when calling the StartJobRun operation" in wrong.stderr

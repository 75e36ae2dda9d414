"""Unmodified boto3 against a live server: triggers that start chains of jobs, and workflows made of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from live import Live
from waiting import until

from runyard.dialects.aws_ids import from_workflow_run_id

OVER = {"COMPLETED", "STOPPED", "ERROR"}
ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = "grace_s = 1.0\nplaces = 8\npoll_s = 0.2\npreload = []\n"
    server = Live(tmp_path_factory.mktemp("triggers") / "home", settings=settings).start()
    yield server
    server.close()


@pytest.fixture
def glue(live: Live) -> Any:
    return live.client("glue")


def after(*jobs: str, state: str = "SUCCEEDED", logical: str = "AND") -> dict[str, Any]:
    conditions = [{"LogicalOperator": "EQUALS", "JobName": job, "State": state} for job in jobs]
    return {"Logical": logical, "Conditions": conditions}


def starts(*jobs: str, **more: Any) -> list[dict[str, Any]]:
    return [{"JobName": job, **more} for job in jobs]


def chain(glue: Any, name: str, *jobs: str, **more: Any) -> None:
    """Create triggers that run these jobs one after the other, the first on demand."""
    glue.create_trigger(Name=f"{name}-0", Type="ON_DEMAND", Actions=starts(jobs[0]), **more)
    for place in range(1, len(jobs)):
        glue.create_trigger(
            Name=f"{name}-{place}",
            Type="CONDITIONAL",
            Predicate=after(jobs[place - 1]),
            Actions=starts(jobs[place]),
            StartOnCreation=True,
            **more,
        )


def runs_of(glue: Any, job: str) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = glue.get_job_runs(JobName=job)["JobRuns"]
    return runs


def ended(glue: Any, job: str, *, count: int = 1) -> list[dict[str, Any]]:
    def are_over() -> bool:
        runs = runs_of(glue, job)
        return len(runs) >= count and all(run["JobRunState"] in ENDED for run in runs)

    until(are_over, seconds=60)
    return runs_of(glue, job)


def over(glue: Any, name: str, run_id: str, **more: Any) -> dict[str, Any]:
    def run() -> dict[str, Any]:
        shown: dict[str, Any] = glue.get_workflow_run(Name=name, RunId=run_id, **more)["Run"]
        return shown

    until(lambda: run()["Status"] in OVER, seconds=60)
    return run()


def test_a_chain_of_jobs_runs_by_itself_and_each_run_tells_what_started_it(live: Live, glue: Any) -> None:
    for job in ("chain-a", "chain-b"):
        live.make_job(job, "print('here')")
    chain(glue, "chain", "chain-a", "chain-b")
    glue.start_trigger(Name="chain-0")

    (second,) = ended(glue, "chain-b")
    (first,) = runs_of(glue, "chain-a")
    told = glue.get_job_run(JobName="chain-b", RunId=second["Id"], PredecessorsIncluded=True)["JobRun"]

    assert first["TriggerName"] == "chain-0"
    assert second["TriggerName"] == "chain-1"
    assert second["PredecessorRuns"] == []
    assert told["PredecessorRuns"] == [{"JobName": "chain-a", "RunId": first["Id"]}]
    assert glue.get_trigger(Name="chain-0")["Trigger"]["State"] == "CREATED"
    assert glue.get_trigger(Name="chain-1")["Trigger"]["State"] == "ACTIVATED"


def test_a_run_that_somebody_started_himself_fires_no_conditional_trigger(live: Live, glue: Any) -> None:
    for job in ("own-a", "own-b"):
        live.make_job(job, "pass", ExecutionProperty={"MaxConcurrentRuns": 5})
    chain(glue, "own", "own-a", "own-b")

    glue.start_job_run(JobName="own-a")
    ended(glue, "own-a")
    glue.start_trigger(Name="own-0")

    ended(glue, "own-b")
    assert len(runs_of(glue, "own-a")) == 2
    assert len(runs_of(glue, "own-b")) == 1


def test_an_action_gives_its_arguments_and_a_workflow_its_name_to_the_script(live: Live, glue: Any) -> None:
    script = (
        "import sys, boto3\n"
        "from awsglue.utils import getResolvedOptions\n"
        "told = getResolvedOptions(sys.argv, ['WORKFLOW_NAME', 'WORKFLOW_RUN_ID', 'greeting'])\n"
        "glue = boto3.client('glue')\n"
        "run = {'Name': told['WORKFLOW_NAME'], 'RunId': told['WORKFLOW_RUN_ID']}\n"
        "given = glue.get_workflow_run_properties(**run)['RunProperties']\n"
        "glue.put_workflow_run_properties(**run, RunProperties={'said': told['greeting'] + given['whom']})\n"
    )
    live.make_job("wf-args", script, DefaultArguments={"--greeting": "bye "})
    glue.create_workflow(Name="args", DefaultRunProperties={"whom": "nobody", "kept": "yes"})
    glue.create_trigger(
        Name="args-start",
        Type="ON_DEMAND",
        WorkflowName="args",
        Actions=starts("wf-args", Arguments={"--greeting": "hello "}),
    )
    run_id = glue.start_workflow_run(Name="args", RunProperties={"whom": "you"})["RunId"]

    run = over(glue, "args", run_id)

    assert run["Status"] == "COMPLETED"
    assert run["WorkflowRunProperties"] == {"whom": "you", "kept": "yes", "said": "hello you"}
    assert glue.get_workflow(Name="args")["Workflow"]["DefaultRunProperties"] == {"whom": "nobody", "kept": "yes"}
    assert run["Statistics"]["SucceededActions"] == run["Statistics"]["TotalActions"] == 1


def test_a_workflow_completes_though_a_job_failed_and_is_resumed_where_it_failed(live: Live, glue: Any) -> None:
    mark = live.home / "mended"
    for job in ("res-a", "res-c"):
        live.make_job(job, "pass")
    live.make_job("res-b", f"import os, sys\nsys.exit(0 if os.path.exists({str(mark)!r}) else 3)")
    glue.create_workflow(Name="res")
    chain(glue, "res", "res-a", "res-b", "res-c", WorkflowName="res")
    first = over(glue, "res", glue.start_workflow_run(Name="res")["RunId"], IncludeGraph=True)
    nodes = {node["Name"]: node for node in first["Graph"]["Nodes"]}
    mark.touch()

    resumed = glue.resume_workflow_run(Name="res", RunId=first["WorkflowRunId"], NodeIds=[nodes["res-b"]["UniqueId"]])
    second = over(glue, "res", resumed["RunId"], IncludeGraph=True)
    again = {node["Name"]: node for node in second["Graph"]["Nodes"]}

    assert first["Status"] == "COMPLETED"
    assert (first["Statistics"]["SucceededActions"], first["Statistics"]["FailedActions"]) == (1, 1)
    assert nodes["res-c"]["JobDetails"]["JobRuns"] == []
    assert resumed["NodeIds"] == [nodes["res-b"]["UniqueId"]]
    assert second["PreviousRunId"] == first["WorkflowRunId"]
    assert second["Statistics"]["SucceededActions"] == 3
    copied = [one["Id"] for one in again["res-a"]["JobDetails"]["JobRuns"]]
    assert copied == [one["Id"] for one in nodes["res-a"]["JobDetails"]["JobRuns"]]
    assert len(runs_of(glue, "res-a")) == 1
    assert len(runs_of(glue, "res-c")) == 1


def test_a_stopped_workflow_stops_its_jobs_and_starts_nothing_more(live: Live, glue: Any) -> None:
    live.make_job("stop-a", "import time\ntime.sleep(60)")
    live.make_job("stop-b", "pass")
    glue.create_workflow(Name="stop", MaxConcurrentRuns=1)
    glue.create_trigger(Name="stop-0", Type="ON_DEMAND", WorkflowName="stop", Actions=starts("stop-a"))
    glue.create_trigger(
        Name="stop-1",
        Type="CONDITIONAL",
        WorkflowName="stop",
        StartOnCreation=True,
        Predicate=after("stop-a", state="STOPPED"),
        Actions=starts("stop-b"),
    )
    run_id = glue.start_workflow_run(Name="stop")["RunId"]
    until(lambda: any(run["JobRunState"] == "RUNNING" for run in runs_of(glue, "stop-a")))
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException, match="exceeded for workflow: stop"):
        glue.start_workflow_run(Name="stop")

    glue.stop_workflow_run(Name="stop", RunId=run_id)
    run = over(glue, "stop", run_id)

    assert run["Status"] == "STOPPED"
    assert run["Statistics"]["StoppedActions"] == 1
    assert runs_of(glue, "stop-b") == []
    with pytest.raises(glue.exceptions.IllegalWorkflowStateException):
        glue.stop_workflow_run(Name="stop", RunId=run_id)


def test_a_workflow_branches_by_how_jobs_end_and_joins_again(live: Live, glue: Any) -> None:
    for job in ("fork-b", "fork-c", "fork-d", "fork-never"):
        live.make_job(job, "pass")
    live.make_job("fork-a", "pass")
    live.make_job("fork-bad", "raise SystemExit(1)")
    glue.create_workflow(Name="fork")
    more = {"Type": "CONDITIONAL", "WorkflowName": "fork", "StartOnCreation": True}
    glue.create_trigger(Name="fork-0", Type="ON_DEMAND", WorkflowName="fork", Actions=starts("fork-a", "fork-bad"))
    glue.create_trigger(Name="fork-1", Predicate=after("fork-a"), Actions=starts("fork-b"), **more)
    either = after("fork-a", "fork-bad", state="FAILED", logical="ANY")
    glue.create_trigger(Name="fork-2", Predicate=either, Actions=starts("fork-c"), **more)
    glue.create_trigger(Name="fork-3", Predicate=after("fork-b", "fork-c"), Actions=starts("fork-d"), **more)
    glue.create_trigger(Name="fork-4", Predicate=after("fork-bad"), Actions=starts("fork-never"), **more)

    run = over(glue, "fork", glue.start_workflow_run(Name="fork")["RunId"], IncludeGraph=True)

    (last,) = runs_of(glue, "fork-d")
    told = glue.get_job_run(JobName="fork-d", RunId=last["Id"], PredecessorsIncluded=True)["JobRun"]
    assert {one["JobName"] for one in told["PredecessorRuns"]} == {"fork-b", "fork-c"}
    assert runs_of(glue, "fork-never") == []
    assert run["Statistics"]["TotalActions"] == 6
    assert run["Statistics"]["SucceededActions"] == 4
    assert run["Statistics"]["FailedActions"] == 1
    assert len(run["Graph"]["Nodes"]) == 5 + 6
    assert len(run["Graph"]["Edges"]) == 6 + 6


def test_new_files_start_a_workflow_in_batches_and_it_learns_their_names(live: Live, glue: Any) -> None:
    live.make_job("ev-a", "pass", ExecutionProperty={"MaxConcurrentRuns": 5})
    s3 = live.client("s3")
    s3.create_bucket(Bucket="inbox")
    glue.create_workflow(Name="ev")
    glue.create_trigger(
        Name="ev-0",
        Type="EVENT",
        WorkflowName="ev",
        Actions=starts("ev-a"),
        EventBatchingCondition={"BatchSize": 2, "BatchWindow": 900},
        Tags={"runyard:watch": "s3://inbox/in/"},
    )
    for name in ("one", "two"):
        s3.put_object(Bucket="inbox", Key=f"in/{name}", Body=b"1")
    until(lambda: glue.get_workflow_runs(Name="ev")["Runs"])

    (run,) = glue.get_workflow_runs(Name="ev")["Runs"]

    assert run["StartingEventBatchCondition"]["BatchSize"] == 2
    assert run["WorkflowRunProperties"] == {"aws:eventIds": "[one, two]"}
    assert over(glue, "ev", run["WorkflowRunId"])["Status"] == "COMPLETED"
    assert glue.get_trigger(Name="ev-0")["Trigger"]["State"] == "CREATED"


def test_events_that_somebody_puts_start_what_they_name(live: Live, glue: Any) -> None:
    live.make_job("put-a", "pass")
    glue.create_trigger(Name="put-0", Type="EVENT", Actions=starts("put-a"))
    arn = "arn:aws:glue:us-east-1:123456789012:trigger/put-0"

    answer = live.client("events").put_events(
        Entries=[
            {"Source": "me", "DetailType": "arrived", "Detail": "{}", "Resources": [arn]},
            {"Source": "me", "DetailType": "arrived", "Detail": "{}"},
        ]
    )

    assert answer["FailedEntryCount"] == 0
    assert len(answer["Entries"]) == 2
    assert ended(glue, "put-a")[0]["TriggerName"] == "put-0"


def test_a_trigger_of_a_deleted_job_leaves_a_run_in_error(live: Live, glue: Any) -> None:
    live.make_job("gone-a", "pass")
    glue.create_trigger(Name="gone-0", Type="ON_DEMAND", Actions=starts("gone-a"))
    glue.delete_job(JobName="gone-a")

    glue.start_trigger(Name="gone-0")
    until(lambda: _error_of(glue, "gone-a"))
    (run,) = runs_of(glue, "gone-a")

    assert run["JobRunState"] == "ERROR"
    assert run["ErrorMessage"].startswith("Trigger gone-0 attempted to run job gone-a, which was deleted.")


def _error_of(glue: Any, job: str) -> str:
    try:
        runs = runs_of(glue, job)
    except ClientError:
        return ""
    return runs[0].get("ErrorMessage", "") if runs else ""


def test_aws_cli_makes_and_starts_a_workflow(live: Live) -> None:
    live.make_job("cli-a", "pass")

    def aws(*words: str) -> Any:
        command = [str(Path(sys.executable).with_name("aws")), "glue", *words, "--output", "json"]
        done = subprocess.run(command, env=live.aws_environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    aws("create-workflow", "--name", "cli")
    aws(
        *("create-trigger", "--name", "cli-0", "--type", "SCHEDULED", "--schedule", "cron(0 12 * * ? *)"),
        *("--workflow-name", "cli", "--actions", "JobName=cli-a", "--start-on-creation"),
    )
    run_id = aws("start-workflow-run", "--name", "cli")["RunId"]
    run = over(live.client("glue"), "cli", run_id)

    assert run["Status"] == "COMPLETED"
    assert aws("list-workflows")["Workflows"].count("cli") == 1
    assert aws("get-trigger", "--name", "cli-0")["Trigger"]["State"] == "ACTIVATED"
    aws("stop-trigger", "--name", "cli-0")
    assert aws("get-trigger", "--name", "cli-0")["Trigger"]["State"] == "DEACTIVATED"


def test_a_workflow_is_started_and_stopped_by_our_own_commands_too(live: Live, glue: Any) -> None:
    live.make_job("ours-a", "import time\ntime.sleep(60)")
    glue.create_workflow(Name="ours")
    glue.create_trigger(Name="ours-0", Type="ON_DEMAND", WorkflowName="ours", Actions=starts("ours-a"))

    def runyard(*words: str) -> None:
        command = [str(Path(sys.executable).with_name("runyard")), *words, "--home", str(live.home)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    runyard("jobs", "start", "ours")
    until(lambda: any(run["JobRunState"] == "RUNNING" for run in runs_of(glue, "ours-a")))
    (run,) = glue.get_workflow_runs(Name="ours")["Runs"]
    runyard("runs", "stop", str(from_workflow_run_id(run["WorkflowRunId"])))

    assert over(glue, "ours", run["WorkflowRunId"])["Status"] == "STOPPED"
    assert ended(glue, "ours-a")[0]["JobRunState"] == "STOPPED"

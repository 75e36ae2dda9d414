from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from runyard.core.errors import InvalidRequest
from runyard.core.run import Attempt, Run, State
from runyard.dialects.aws_ids import job_id, run_id
from runyard.dialects.glue import capacity
from runyard.dialects.glue.arguments import finish, task
from runyard.dialects.glue.asked import effective, run_settings, updated
from runyard.engine.engine import Engine
from runyard.engine.finishing import Finishing


def job(name: str = "glueetl", **more: Any) -> dict[str, Any]:
    return {"Role": "arn:aws:iam::1:role/runner", "Command": {"Name": name, "ScriptLocation": "s3://b/s.py"}, **more}


@pytest.mark.parametrize(
    ("settings", "version"),
    [
        (job(), "5.1"),
        (job("gluestreaming"), "5.1"),
        (job("glueray"), "4.0"),
        (job("pythonshell"), "3.0"),
        ({"Command": {"Name": "pythonshell", "PythonVersion": "3.9"}}, "3.0"),
        ({"Command": {"Name": "pythonshell", "PythonVersion": "3"}}, "1.0"),
        (job(GlueVersion="2.0"), "2.0"),
    ],
)
def test_a_job_without_a_glue_version_has_the_default_of_its_kind(settings: dict[str, Any], version: str) -> None:
    assert capacity.glue_version(settings) == version


@pytest.mark.parametrize(
    ("settings", "minutes"),
    [
        (job(), 480),
        (job(GlueVersion="5.0"), 480),
        (job(GlueVersion="10.0"), 480),
        (job(GlueVersion="auto"), 480),
        (job(GlueVersion="4.0"), 2880),
        (job(GlueVersion="0.9"), 2880),
        (job("pythonshell"), 2880),
        (job(Timeout=7), 7),
        (job("gluestreaming"), None),
        (job("gluestreaming", Timeout=7), 7),
        (job("glueray"), None),
    ],
)
def test_the_default_timeout_follows_the_glue_version(settings: dict[str, Any], minutes: int | None) -> None:
    assert capacity.timeout(settings) == minutes


@pytest.mark.parametrize(
    ("settings", "dpu", "whole"),
    [
        (job(), 10.0, 10),
        (job("pythonshell"), 0.0625, 0),
        (job("pythonshell", MaxCapacity=1.0), 1.0, 1),
        (job(AllocatedCapacity=4), 4.0, 4),
        (job(MaxCapacity=3.0), 3.0, 3),
        (job(WorkerType="G.1X", NumberOfWorkers=10), 10.0, 10),
        (job(WorkerType="G.025X", NumberOfWorkers=10), 2.5, 2),
        (job(WorkerType="G.16X", NumberOfWorkers=2), 32.0, 32),
        (job(WorkerType="R.8X", NumberOfWorkers=2), 16.0, 16),
        (job(WorkerType="G.99X", NumberOfWorkers=2), None, None),
        (job(NumberOfWorkers=2), None, None),
        (job(WorkerType="G.1X"), None, None),
    ],
)
def test_capacity_is_worked_out_from_whichever_words_a_job_uses(
    settings: dict[str, Any], dpu: float | None, whole: int | None
) -> None:
    assert capacity.max_capacity(settings) == dpu
    assert capacity.allocated_capacity(settings) == whole


def test_the_log_group_names_kind_security_configuration_and_role() -> None:
    assert capacity.log_group(job()) == "/aws-glue/jobs"
    assert capacity.log_group(job("pythonshell")) == "/aws-glue/python-jobs"
    assert capacity.log_group(job(SecurityConfiguration="sealed")) == "/aws-glue/jobs/sealed-role/runner"


def test_execution_time_counts_whole_seconds_of_code_that_ran() -> None:
    assert capacity.execution_seconds(1_000, 118_900) == 117
    assert capacity.execution_seconds(None, 5_000) == 0
    assert capacity.execution_seconds(5_000, None) == 0
    assert capacity.execution_seconds(5_000, 4_000) == 0


def test_a_moment_is_written_in_seconds_with_milliseconds_and_read_back() -> None:
    assert capacity.epoch_seconds(1_602_873_931_255) == 1602873931.255
    assert capacity.epoch_seconds(None) is None
    assert capacity.from_epoch_seconds(1602873931.255) == 1_602_873_931_255


def test_arguments_are_merged_and_what_is_not_overridable_wins() -> None:
    settings = job(
        DefaultArguments={"--a": "default", "--b": "default", "--c": "default"},
        NonOverridableArguments={"--c": "fixed"},
    )

    merged = effective(settings, {"Arguments": {"--b": "run", "--c": "run", "--d": "run"}})["Arguments"]

    assert merged == {"--a": "default", "--b": "run", "--c": "fixed", "--d": "run"}


@pytest.mark.parametrize(
    ("of_the_job", "of_the_run", "left"),
    [
        ({"MaxCapacity": 5.0}, {"AllocatedCapacity": 3}, {"AllocatedCapacity": 3}),
        ({"MaxCapacity": 5.0}, {"WorkerType": "G.2X"}, {"WorkerType": "G.2X"}),
        (
            {"WorkerType": "G.1X", "NumberOfWorkers": 2},
            {"NumberOfWorkers": 9},
            {"WorkerType": "G.1X", "NumberOfWorkers": 9},
        ),
        ({"WorkerType": "G.1X", "NumberOfWorkers": 2}, {"MaxCapacity": 4.0}, {"MaxCapacity": 4.0}),
        ({"MaxCapacity": 5.0}, {}, {"MaxCapacity": 5.0}),
    ],
)
def test_capacity_asked_for_by_a_run_replaces_that_of_its_job(
    of_the_job: dict[str, Any], of_the_run: dict[str, Any], left: dict[str, Any]
) -> None:
    words = effective(job(**of_the_job), of_the_run)

    assert {name: words[name] for name in words if "Capacity" in name or "Worker" in name} == left


def test_what_a_run_keeps_needs_no_job_to_be_shown() -> None:
    settings = job("pythonshell", Timeout=9, MaxRetries=2, NotificationProperty={"NotifyDelayAfter": 1})
    request = {"JobName": "n", "Timeout": 3, "ExecutionRoleSessionPolicy": "{}", "JobRunId": "jr_before"}

    assert run_settings(effective(settings, request), request) == {
        "JobMode": "SCRIPT",
        "Timeout": 3,
        "NotificationProperty": {"NotifyDelayAfter": 1},
        "ExecutionRoleSessionPolicy": "{}",
        "PreviousRunId": "jr_before",
        "Arguments": {},
        "GlueVersion": "3.0",
        "MaxCapacity": 0.0625,
        "AllocatedCapacity": 0,
        "LogGroupName": "/aws-glue/python-jobs",
    }


def test_a_stream_keeps_no_timeout() -> None:
    assert "Timeout" not in run_settings(effective(job("gluestreaming"), {}), {})


def test_an_update_overwrites_all_but_the_glue_version() -> None:
    old = job(GlueVersion="4.0", Description="old", MaxRetries=3)

    assert updated(old, {"Role": "new"}) == {"GlueVersion": "4.0", "Role": "new"}
    assert updated(old, {"GlueVersion": "5.0"}) == {"GlueVersion": "5.0"}
    assert updated(job(), {"Role": "new"}) == {"Role": "new"}


def test_a_python_shell_job_becomes_a_python_script_with_its_limits_and_files() -> None:
    arguments = {
        "--extra-files": "s3://b/one.csv, s3://b/two.csv",
        "--extra-py-files": "s3://b/lib.zip",
        "--additional-python-modules": "pyjokes==0.6.0,,humanize",
        "--python-modules-installer-option": "--no-deps --index-url 'https://packages.invalid/a b'",
    }

    planned = task(effective(job("pythonshell", MaxRetries=2, Timeout=3, DefaultArguments=arguments), {}))

    assert (planned.kind, planned.max_retries, planned.timeout_ms) == ("python_script", 2, 180_000)
    assert planned.spec == {
        "script": "s3://b/s.py",
        "files": ["s3://b/one.csv", "s3://b/two.csv"],
        "python_files": ["s3://b/lib.zip"],
        "packages": ["pyjokes==0.6.0", "humanize"],
        "package_options": ["--no-deps", "--index-url", "https://packages.invalid/a b"],
    }


def test_a_stream_has_no_time_limit_and_other_kinds_their_own_executor() -> None:
    assert task(effective(job("gluestreaming"), {})).timeout_ms is None
    assert task(effective(job("gluestreaming"), {})).kind == "spark"
    assert task(effective(job("glueetl"), {})).kind == "spark"
    assert task(effective(job("glueray"), {})).kind == "ray"


def test_the_script_location_of_an_argument_counts_before_that_of_the_command() -> None:
    words = effective(job("pythonshell"), {"Arguments": {"--scriptLocation": "s3://b/other.py"}})

    assert task(words).spec["script"] == "s3://b/other.py"


def test_installer_options_that_are_no_command_line_are_refused() -> None:
    words = effective(job("pythonshell"), {"Arguments": {"--python-modules-installer-option": "--x 'open"}})

    with pytest.raises(InvalidRequest, match='--python-modules-installer-option "--x \'open" is no command line'):
        task(words)


def started(words: dict[str, Any], number: int = 0) -> tuple[Run, Attempt]:
    run = Run(
        id=77,
        workspace_id=1,
        job_id=5,
        job_name="nightly",
        language="glue",
        settings=run_settings(words, {}),
        tasks=(task(words),),
        state=State.STARTING,
        created_at=1,
        updated_at=1,
        attempt_at=1,
    )
    attempt = Attempt(
        id=78, run_id=77, task_key="main", number=number, state=State.STARTING, created_at=1, updated_at=1
    )
    return run, attempt


def finished(run: Run, attempt: Attempt) -> Mapping[str, Any]:
    engine = cast("Engine", None)  # nothing of it is asked
    return finish(Finishing(engine=engine, run=run, attempt=attempt, task=run.tasks[0]))


def test_a_script_gets_the_command_line_of_aws() -> None:
    words = effective(job("pythonshell"), {"Arguments": {"--day": "2026-01-01", "--empty": ""}})
    run, attempt = started(words, number=2)

    spec = finished(run, attempt)

    assert spec["script"] == "s3://b/s.py"
    assert spec["arguments"] == [
        "--JOB_NAME",
        "nightly",
        "--JOB_ID",
        job_id(5),
        "--day",
        "2026-01-01",
        "--empty",
        "",
        "--JOB_RUN_ID",
        run_id(77, 2),
        "--job-bookmark-option",
        "job-bookmark-disable",
    ]


def test_the_bookmark_option_asked_for_is_told_once() -> None:
    words = effective(job("pythonshell"), {"Arguments": {"--job-bookmark-option": "job-bookmark-enable"}})
    run, attempt = started(words)

    arguments = finished(run, attempt)["arguments"]

    assert arguments.count("--job-bookmark-option") == 1
    assert arguments[arguments.index("--job-bookmark-option") + 1] == "job-bookmark-enable"


def test_a_job_without_a_script_cannot_start_and_says_what_to_do() -> None:
    run, attempt = started(effective({"Command": {"Name": "pythonshell"}}, {}))

    with pytest.raises(InvalidRequest, match="Job nightly has no ScriptLocation; set Command"):
        finished(run, attempt)

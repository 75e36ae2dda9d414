"""Unmodified boto3 and aws cli against the services beside Glue: CloudWatch Logs, STS and IAM."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from live import Live
from waiting import held_by, until

AWS = Path(sys.executable).with_name("aws")
OUTPUT, ERROR = "/aws-glue/python-jobs/output", "/aws-glue/python-jobs/error"
ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("side") / "home", settings="places = 8\n").start()
    yield server
    server.close()


def started(live: Live, name: str, script: str, **more: Any) -> str:
    live.make_job(name, script, **more)
    run_id: str = live.client("glue").start_job_run(JobName=name)["JobRunId"]
    return run_id


def has_ended(live: Live, name: str, run_id: str) -> bool:
    run = live.client("glue").get_job_run(JobName=name, RunId=run_id)["JobRun"]
    return run["JobRunState"] in ENDED


def ran(live: Live, name: str, script: str, **more: Any) -> str:
    run_id = started(live, name, script, **more)
    until(lambda: has_ended(live, name, run_id), seconds=60)
    return run_id


def aws(live: Live, *words: str) -> Any:
    ended = subprocess.run(
        [AWS, *words, "--output", "json"], env=live.aws_environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def messages(events: list[dict[str, Any]]) -> list[str]:
    return [event["message"] for event in events]


# who I am


def test_boto3_and_the_aws_cli_learn_the_same_identity(live: Live) -> None:
    told = live.client("sts").get_caller_identity()

    by_cli = aws(live, "sts", "get-caller-identity")

    assert told["Arn"] == f"arn:aws:iam::{told['Account']}:user/admin"
    assert by_cli == {name: told[name] for name in ("UserId", "Account", "Arn")}


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"aws_access_key_id": "AKIDNOBODY"}, "InvalidClientTokenId"),
        ({"aws_secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
    ],
)
def test_a_caller_with_wrong_keys_is_told_which(live: Live, keys: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError) as told:
        live.client("sts", **keys).get_caller_identity()

    assert told.value.response["Error"]["Code"] == code
    assert told.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_keys_of_a_role_are_not_given_out(live: Live) -> None:
    with pytest.raises(ClientError) as told:
        live.client("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/etl", RoleSessionName="session")

    assert told.value.response["Error"]["Code"] == "UnsupportedOperation"


# roles


def test_an_orchestrator_finds_the_role_that_was_made_for_its_job(live: Live) -> None:
    iam = live.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="The role with name etl cannot be found"):
        iam.get_role(RoleName="etl")

    made = iam.create_role(
        RoleName="etl",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        Description="Reads & writes",
        Tags=[{"Key": "team", "Value": "data"}],
    )["Role"]

    found = iam.get_role(RoleName="etl")["Role"]
    assert found == made
    assert found["AssumeRolePolicyDocument"] == TRUST
    assert found["Tags"] == [{"Key": "team", "Value": "data"}]
    job = {"Name": "pythonshell", "ScriptLocation": live.put_script("role.py", "")}
    live.client("glue").create_job(Name="with a role", Role=found["Arn"], Command=job)
    assert live.client("glue").get_job(JobName="with a role")["Job"]["Role"] == found["Arn"]


def test_roles_are_listed_and_forgotten(live: Live) -> None:
    iam = live.client("iam")
    for number in range(3):
        iam.create_role(RoleName=f"listed{number}", Path="/listed/", AssumeRolePolicyDocument=json.dumps(TRUST))
    pages = iam.get_paginator("list_roles").paginate(PathPrefix="/listed/", PaginationConfig={"PageSize": 1})

    names = [role["RoleName"] for page in pages for role in page["Roles"]]
    for name in names:
        iam.delete_role(RoleName=name)

    assert names == ["listed0", "listed1", "listed2"]
    assert iam.list_roles(PathPrefix="/listed/")["Roles"] == []
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_role(RoleName="listed0")


def test_a_role_cannot_be_made_twice(live: Live) -> None:
    iam = live.client("iam")
    iam.create_role(RoleName="twice", AssumeRolePolicyDocument=json.dumps(TRUST))

    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="twice", AssumeRolePolicyDocument=json.dumps(TRUST))
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_role(RoleName="third", AssumeRolePolicyDocument="no policy")


# logs


def test_what_a_run_printed_is_in_its_streams(live: Live) -> None:
    script = "import sys\nprint('naïve', 42)\nprint('oops', file=sys.stderr)\nsys.stdout.write('no line end')"
    run_id = ran(live, "prints", script)
    logs = live.client("logs")

    events = logs.filter_log_events(logGroupName=OUTPUT, logStreamNames=[run_id])["events"]
    errors = logs.get_log_events(logGroupName=ERROR, logStreamName=run_id)["events"]

    assert messages(events) == ["naïve 42", "no line end"]
    assert messages(errors) == ["oops"]
    run = live.client("glue").get_job_run(JobName="prints", RunId=run_id)["JobRun"]
    for event in events:
        assert ms(run["StartedOn"]) <= event["timestamp"] <= ms(run["CompletedOn"])


def test_each_try_of_a_run_has_its_own_stream(live: Live) -> None:
    script = "import sys\nname = sys.argv[sys.argv.index('--JOB_RUN_ID') + 1]\nprint(name)\nsys.exit(1)"
    run_id = started(live, "retries", script, MaxRetries=1)
    until(lambda: len(live.client("glue").get_job_runs(JobName="retries")["JobRuns"]) == 2, seconds=60)
    until(lambda: has_ended(live, "retries", f"{run_id}_attempt_1"), seconds=60)
    logs = live.client("logs")

    streams = logs.describe_log_streams(logGroupName=OUTPUT, logStreamNamePrefix=run_id)["logStreams"]

    assert [stream["logStreamName"] for stream in streams] == [run_id, f"{run_id}_attempt_1"]
    for name in (run_id, f"{run_id}_attempt_1"):
        events = logs.get_log_events(logGroupName=OUTPUT, logStreamName=name)["events"]
        assert messages(events) == [name]


def test_a_follower_by_time_sees_every_line_once_while_the_run_goes_on(live: Live, tmp_path: Path) -> None:
    """What `aws logs tail --follow` does: poll from the newest time on, and drop the ids seen at that time."""
    gate = tmp_path / "seen"
    ticks = "for n in range({}):\n  print('tick', n, end='', flush=True); time.sleep(.4); print(' tock')\n"
    script = f"import time\n{ticks.format('3')}{held_by(gate)}{ticks.format('3, 6')}"
    run_id = started(live, "follows", script)
    logs = live.client("logs")
    seen: dict[tuple[int, str], str] = {}
    newest = 0
    before_the_end = 0

    def poll() -> bool:
        nonlocal newest, before_the_end
        ended = has_ended(live, "follows", run_id)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=OUTPUT, logStreamNamePrefix=run_id, startTime=newest
        )
        for event in (event for page in pages for event in page["events"]):
            seen[event["timestamp"], event["eventId"]] = event["message"]
            newest = max(newest, event["timestamp"])
        before_the_end = before_the_end if ended else len(seen)
        if before_the_end:
            gate.touch()
        return ended

    until(poll, seconds=60)

    assert list(seen.values()) == [f"tick {number} tock" for number in range(6)]
    assert before_the_end > 0


def test_a_follower_by_token_sees_every_line_once_while_the_run_goes_on(live: Live) -> None:
    """What orchestrators' Glue operators do: keep the last token that a page gave and start there again."""
    script = "import time\nfor n in range(4):\n  print('line', n, flush=True); time.sleep(.5)"
    run_id = started(live, "resumes", script)
    logs = live.client("logs")
    seen: list[str] = []
    token = None

    def poll() -> bool:
        nonlocal token
        ended = has_ended(live, "resumes", run_id)
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=OUTPUT, logStreamNames=[run_id], PaginationConfig={"StartingToken": token}
            )
            for page in pages:
                seen.extend(messages(page["events"]))
                token = page.get("nextToken") or token
        except logs.exceptions.ResourceNotFoundException:
            assert not ended  # it had not begun
        return ended

    until(poll, seconds=60)

    assert seen == [f"line {number}" for number in range(4)]


def test_a_large_log_is_paged_from_both_ends(live: Live) -> None:
    script = "import sys\nfor n in range(150_000): sys.stdout.write(f'{n:09d} ' + 'x' * 89 + '\\n')"
    run_id = ran(live, "large", script)
    logs = live.client("logs")
    where = {"logGroupName": OUTPUT, "logStreamName": run_id}

    seen: list[int] = []
    token: dict[str, str] = {}
    last = ""
    while True:
        page = logs.get_log_events(**where, startFromHead=True, **token)
        seen += [int(event["message"][:9]) for event in page["events"]]
        if page["nextForwardToken"] == last:
            break
        last = page["nextForwardToken"]
        token = {"nextToken": last}
    newest = logs.get_log_events(**where, limit=2)

    assert seen == list(range(150_000))
    assert [int(event["message"][:9]) for event in newest["events"]] == [149_998, 149_999]


def test_the_aws_cli_reads_logs_in_all_its_ways(live: Live) -> None:
    run_id = ran(live, "cli", "print('good')\nprint('ERROR: bad')")
    group = ("--log-group-name", OUTPUT)

    groups = aws(live, "logs", "describe-log-groups", "--log-group-name-prefix", "/aws-glue/python")["logGroups"]
    latest = ("--order-by", "LastEventTime", "--descending", "--max-items", "1")
    streams = aws(live, "logs", "describe-log-streams", *group, *latest)["logStreams"]
    found = aws(live, "logs", "filter-log-events", *group, "--log-stream-names", run_id, "--filter-pattern", "ERROR")
    whole = aws(live, "logs", "get-log-events", *group, "--log-stream-name", run_id, "--start-from-head")

    assert [one["logGroupName"] for one in groups] == [ERROR, OUTPUT]
    assert streams[0]["logStreamName"] == run_id
    assert messages(found["events"]) == ["ERROR: bad"]
    assert messages(whole["events"]) == ["good", "ERROR: bad"]


def test_what_is_not_there_is_refused_in_aws_own_words(live: Live) -> None:
    logs = live.client("logs")

    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="The specified log group does not exist"):
        logs.filter_log_events(logGroupName="/aws/lambda/nothing")
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="The specified log stream does not exist"):
        logs.get_log_events(logGroupName=OUTPUT, logStreamName="jr_nothing")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="less than or equal to 10000"):
        logs.get_log_events(logGroupName=OUTPUT, logStreamName="jr_nothing", limit=10001)
    with pytest.raises(ClientError) as told:
        logs.put_log_events(logGroupName=OUTPUT, logStreamName="x", logEvents=[{"timestamp": 1, "message": "x"}])
    assert told.value.response["Error"]["Code"] == "UnknownOperationException"


# inside a job


def test_a_script_finds_its_parameters_and_its_account_with_no_configuration(live: Live) -> None:
    script = (
        "import sys, boto3\n"
        "from awsglue.utils import getResolvedOptions\n"
        "found = getResolvedOptions(sys.argv, ['JOB_NAME', 'bucket'])\n"
        "print(found['JOB_NAME'], found['bucket'], found['JOB_RUN_ID'])\n"
        "print(boto3.client('sts').get_caller_identity()['Account'])\n"
    )
    run_id = ran(live, "inside", script, DefaultArguments={"--bucket": "raw"})

    events = live.client("logs").filter_log_events(logGroupName=OUTPUT, logStreamNames=[run_id])["events"]

    account = live.client("sts").get_caller_identity()["Account"]
    assert messages(events) == [f"inside raw {run_id}", account]


def test_a_missing_parameter_fails_the_run_and_is_named(live: Live) -> None:
    script = "import sys\nfrom awsglue.utils import getResolvedOptions\ngetResolvedOptions(sys.argv, ['bucket'])"
    run_id = ran(live, "lacks", script)

    run = live.client("glue").get_job_run(JobName="lacks", RunId=run_id)["JobRun"]

    assert run["JobRunState"] == "FAILED"
    assert "GlueArgumentError: the following arguments are required: --bucket" in run["ErrorMessage"]


def test_a_python_shell_job_has_spark_too_where_it_is_installed(live: Live) -> None:
    script = "from awsglue.context import GlueContext\nprint(GlueContext().spark_session.range(3).count())"
    run_id = ran(live, "spark in shell", script)

    run = live.client("glue").get_job_run(JobName="spark in shell", RunId=run_id)["JobRun"]

    assert (run["JobRunState"], run.get("ErrorMessage")) == ("SUCCEEDED", None)

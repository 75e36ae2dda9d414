from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

from runyard.core.errors import LedgerUnavailable, RunyardError
from runyard.core.ids import Ids
from runyard.core.job import Task, Workspace
from runyard.core.run import Outcome
from runyard.dialects.aws_ids import run_id
from runyard.dialects.exchange import Reply, Request
from runyard.dialects.glue import protocol
from runyard.dialects.glue.starting import start_with_arguments
from runyard.engine.engine import Engine
from runyard.engine.engine import Request as RunRequest
from runyard.engine.home import Home
from runyard.engine.moves import Moves
from runyard.engine.settings import Settings
from runyard.store.store import Store, open_store

COMMAND = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://scripts/s.py"}
JOB = {"Role": "runner", "Command": COMMAND}
SERVER = "the server under test"


class Refused(Exception):
    """What a client would raise."""

    def __init__(self, status: int, error: dict[str, str]) -> None:
        super().__init__(f"{error['Code']}: {error['Message']}")
        self.status = status


@dataclass
class Glue:
    """The dialect over an engine that records but starts nothing, and a clock that a test may push on."""

    engine: Engine
    store: Store
    workspace: Workspace
    time: list[int]
    aws: ServiceModel

    def reply(self, operation: str, members: Any, workspace: Workspace | None = None) -> Reply:
        request = Request(
            method="POST",
            path="/",
            query={},
            headers={"x-amz-target": f"AWSGlue.{operation}"},
            body=members if isinstance(members, bytes) else msgspec.json.encode(members),
            workspace=workspace or self.workspace,
            user="tester",
            url="http://127.0.0.1:0",
        )
        return protocol.answer(self.engine, request)

    def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call, and read the answer as botocore does; it must fit AWS's model."""
        reply = self.reply(operation, members)
        model = self.aws.operation_model(operation)
        response = {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
        parsed: dict[str, Any] = create_parser("json").parse(response, model.output_shape)
        if reply.status >= 300:
            raise Refused(reply.status, parsed["Error"])
        assert set(msgspec.json.decode(reply.body)) == set(parsed) - {"ResponseMetadata"}
        parsed.pop("ResponseMetadata")
        assert not ParamValidator().validate(parsed, model.output_shape).has_errors()
        return parsed

    def move(self, work: Callable[[Moves], None]) -> None:
        """Play the launcher's part."""
        ids, clock = Ids(self.clock, slot=7), self.clock
        self.store.write(lambda ledger: work(Moves(ledger=ledger, ids=ids, clock=clock, owner=SERVER, places=100)))

    def clock(self) -> int:
        self.time[0] += 1  # the engine's own
        return self.time[0]

    def on_process(self) -> list[int]:
        """The attempts that have begun and not ended."""
        return [one.id for one in self.store.read(lambda ledger: ledger.attempts_on_process(SERVER))]

    def begin(self) -> None:
        """Let every waiting attempt begin."""
        self.move(lambda moves: moves.claim())
        for attempt in self.on_process():
            self.move(partial(Moves.started, attempt_id=attempt, at=self.clock()))

    def end(self, outcome: Outcome, message: str | None = None, *, attempts: Iterable[int] = ()) -> None:
        """Let the attempts that have begun end, or some of them."""
        for attempt in attempts or self.on_process():
            ended = partial(Moves.finished, attempt_id=attempt, outcome=outcome)
            self.move(partial(ended, at=self.clock(), facts={"message": message}))


@pytest.fixture(scope="module")
def aws() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("glue", "service-2"))


@pytest.fixture
def glue(tmp_path: Path, aws: ServiceModel) -> Iterator[Glue]:
    store = open_store("sqlite://")
    time = [1_800_000_000_000]

    def clock() -> int:
        time[0] += 1
        return time[0]

    # No places: the engine records and leaves the launcher's part to the test.
    engine = Engine(store, Home(tmp_path).make(), Settings(places=0), clock=clock)
    yield Glue(engine=engine, store=store, workspace=engine.workspace("default"), time=time, aws=aws)
    store.close()


def names(answer: dict[str, Any], member: str, key: str) -> list[Any]:
    return [one[key] for one in answer[member]]


# jobs


def test_a_created_job_is_shown_as_it_was_given(glue: Glue) -> None:
    created = glue("CreateJob", Name="nightly", Description="d", DefaultArguments={"--a": "1"}, **JOB)

    assert created == {"Name": "nightly"}
    job = glue("GetJob", JobName="nightly")["Job"]
    assert job["Command"] == COMMAND
    assert job["DefaultArguments"] == {"--a": "1"}
    assert job["Timeout"] == 2880
    assert job["CreatedOn"] == job["LastModifiedOn"]


def test_a_second_job_of_the_same_name_is_refused_and_the_first_stays(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Description="first", **JOB)

    with pytest.raises(Refused, match=r"^AlreadyExistsException: Job nightly already exists"):
        glue("CreateJob", Name="nightly", Description="second", **JOB)
    assert glue("GetJob", JobName="nightly")["Job"]["Description"] == "first"


def test_a_job_of_another_workspace_is_not_found(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)

    reply = glue.reply("GetJob", {"JobName": "nightly"}, glue.engine.workspace("other"))

    assert msgspec.json.decode(reply.body) == {
        "__type": "EntityNotFoundException",
        "Message": "Job nightly not found.",
    }


def test_a_job_that_breaks_a_rule_is_not_created(glue: Glue) -> None:
    with pytest.raises(Refused, match=r"^InvalidInputException: Please set both Worker Type and Number of Workers"):
        glue("CreateJob", Name="nightly", Role="r", Command={"Name": "glueetl"}, WorkerType="G.1X")
    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job nightly not found"):
        glue("GetJob", JobName="nightly")


def test_an_update_overwrites_the_whole_job(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Description="old", GlueVersion="4.0", Timeout=9, Tags={"a": "1"}, **JOB)

    assert glue("UpdateJob", JobName="nightly", JobUpdate={**JOB, "MaxRetries": 2}) == {"JobName": "nightly"}
    job = glue("GetJob", JobName="nightly")["Job"]
    assert "Description" not in job
    assert (job["MaxRetries"], job["Timeout"], job["GlueVersion"]) == (2, 2880, "4.0")
    assert job["LastModifiedOn"] > job["CreatedOn"]
    assert glue("GetTags", ResourceArn="arn:aws:glue:us-east-1:1:job/nightly") == {"Tags": {"a": "1"}}


def test_an_update_of_a_missing_job_or_against_a_rule_is_refused(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Timeout=9, **JOB)

    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job other not found"):
        glue("UpdateJob", JobName="other", JobUpdate=JOB)
    with pytest.raises(Refused, match=r"^InvalidInputException: MaxRetries must be between 0 and 10"):
        glue("UpdateJob", JobName="nightly", JobUpdate={**JOB, "MaxRetries": 11})
    assert glue("GetJob", JobName="nightly")["Job"]["Timeout"] == 9


def test_jobs_are_listed_in_pages_and_by_tags(glue: Glue) -> None:
    for number in range(5):
        glue("CreateJob", Name=f"job {number}", Tags={"odd": str(number % 2)}, **JOB)

    first = glue("GetJobs", MaxResults=2)
    second = glue("GetJobs", MaxResults=2, NextToken=first["NextToken"])
    third = glue("GetJobs", MaxResults=2, NextToken=second["NextToken"])

    assert names(first, "Jobs", "Name") == ["job 0", "job 1"]
    assert names(second, "Jobs", "Name") == ["job 2", "job 3"]
    assert names(third, "Jobs", "Name") == ["job 4"]
    assert "NextToken" not in third
    odd = glue("ListJobs", Tags={"odd": "1"}, MaxResults=1)
    assert odd["JobNames"] == ["job 1"]
    assert glue("ListJobs", Tags={"odd": "1"}, NextToken=odd["NextToken"]) == {"JobNames": ["job 3"]}
    assert glue("ListJobs", Tags={"odd": "2"}) == {"JobNames": []}


def test_a_list_that_is_a_page_long_has_no_next_page(glue: Glue) -> None:
    for number in range(2):
        glue("CreateJob", Name=f"job {number}", **JOB)

    assert glue("ListJobs", MaxResults=2) == {"JobNames": ["job 0", "job 1"]}


def test_jobs_of_other_languages_are_not_listed_as_glue_jobs(glue: Glue) -> None:
    tasks = (Task(key="t", kind="python_script"),)
    facts: dict[str, Any] = {"settings": {}, "tasks": tasks}
    glue.engine.create_job(glue.workspace, once=False, name="n", language="databricks", **facts)

    assert glue("ListJobs") == {"JobNames": []}


def test_a_token_of_another_list_is_refused(glue: Glue) -> None:
    with pytest.raises(Refused, match=r"^InvalidInputException: The page token is not one that this list gave out"):
        glue("GetJobs", NextToken="garbage")


def test_several_jobs_are_shown_at_once_and_missing_ones_named(glue: Glue) -> None:
    glue("CreateJob", Name="one", **JOB)
    glue("CreateJob", Name="two", **JOB)

    answer = glue("BatchGetJobs", JobNames=["two", "none", "one", "two"])

    assert names(answer, "Jobs", "Name") == ["two", "one"]
    assert answer["JobsNotFound"] == ["none"]


def test_a_deleted_job_is_gone_and_deleting_it_again_is_no_error(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    run = glue("StartJobRun", JobName="nightly")["JobRunId"]

    assert glue("DeleteJob", JobName="nightly") == {"JobName": "nightly"}
    assert glue("DeleteJob", JobName="nightly") == {"JobName": "nightly"}
    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job nightly not found"):
        glue("GetJob", JobName="nightly")
    assert glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]["Id"] == run


# tags

ARN = "arn:aws:glue:us-east-1:123456789012:job/nightly"


def test_tags_are_added_changed_and_removed(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Tags={"a": "1", "b": "1"}, **JOB)

    assert glue("TagResource", ResourceArn=ARN, TagsToAdd={"b": "2", "c": "3"}) == {}
    assert glue("UntagResource", ResourceArn=ARN, TagsToRemove=["a", "unknown"]) == {}
    assert glue("GetTags", ResourceArn=ARN) == {"Tags": {"b": "2", "c": "3"}}


def test_tags_beyond_fifty_are_refused(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Tags={str(number): "" for number in range(50)}, **JOB)

    with pytest.raises(Refused, match=r"^InvalidInputException: A job may have at most 50 tags"):
        glue("TagResource", ResourceArn=ARN, TagsToAdd={"one more": ""})


@pytest.mark.parametrize("resource", ["job/other", "job/", "crawler/nightly", "job"])
def test_tags_of_what_is_no_job_of_ours_are_not_found(glue: Glue, resource: str) -> None:
    glue("CreateJob", Name="nightly", **JOB)

    with pytest.raises(Refused, match=r"^EntityNotFoundException: "):
        glue("GetTags", ResourceArn=f"arn:aws:glue:us-east-1:123456789012:{resource}")


# runs


def test_a_started_run_is_shown_with_its_arguments_merged(glue: Glue) -> None:
    glue(
        "CreateJob",
        Name="nightly",
        DefaultArguments={"--a": "1", "--b": "1"},
        NonOverridableArguments={"--c": "3"},
        **JOB,
    )

    started = glue("StartJobRun", JobName="nightly", Arguments={"--b": "2", "--c": "2"}, Timeout=4)

    run = glue("GetJobRun", JobName="nightly", RunId=started["JobRunId"])["JobRun"]
    assert run["Arguments"] == {"--a": "1", "--b": "2", "--c": "3"}
    assert (run["Timeout"], run["Attempt"], run["JobRunState"]) == (4, 0, "WAITING")
    assert run["LogGroupName"] == "/aws-glue/python-jobs"


def test_a_run_goes_from_waiting_over_running_to_its_end(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    run = glue("StartJobRun", JobName="nightly")["JobRunId"]
    glue.begin()
    running = glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]
    glue.end(Outcome.FAILED, "ValueError: no rows")

    ended = glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]

    assert running["JobRunState"] == "RUNNING"
    assert "CompletedOn" not in running
    assert (ended["JobRunState"], ended["ErrorMessage"]) == ("FAILED", "ValueError: no rows")
    assert ended["CompletedOn"] >= ended["StartedOn"]


def test_what_a_run_was_told_stays_when_its_job_changes(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Timeout=9, **JOB)
    run = glue("StartJobRun", JobName="nightly")["JobRunId"]

    glue("UpdateJob", JobName="nightly", JobUpdate={**JOB, "Timeout": 1})

    assert glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]["Timeout"] == 9


def test_a_run_of_a_missing_job_cannot_start(glue: Glue) -> None:
    with pytest.raises(
        Refused, match=r"^EntityNotFoundException: Failed to start job run due to missing metadata.$"
    ) as caught:
        glue("StartJobRun", JobName="none")

    assert caught.value.status == 400


def test_a_run_beyond_the_limit_of_its_job_is_refused(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    glue("StartJobRun", JobName="nightly")

    with pytest.raises(Refused, match=r"^ConcurrentRunsExceededException: Concurrent runs exceeded for nightly$"):
        glue("StartJobRun", JobName="nightly")
    assert len(glue("GetJobRuns", JobName="nightly")["JobRuns"]) == 1


@pytest.mark.parametrize(("of_the_job", "of_the_run"), [(True, None), (False, True), (None, True)])
def test_with_queuing_a_run_beyond_the_limit_waits_and_says_why(
    glue: Glue, *, of_the_job: bool | None, of_the_run: bool | None
) -> None:
    glue("CreateJob", Name="nightly", JobRunQueuingEnabled=of_the_job, **JOB)
    glue("StartJobRun", JobName="nightly")

    run = glue("StartJobRun", JobName="nightly", JobRunQueuingEnabled=of_the_run)["JobRunId"]

    shown = glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]
    assert shown["JobRunState"] == "WAITING"
    assert shown["StateDetail"] == "Job nightly has reached its limit of 1 concurrent runs."
    assert shown["JobRunQueuingEnabled"] is True


def test_queuing_turned_off_for_a_run_refuses_it(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", JobRunQueuingEnabled=True, **JOB)
    glue("StartJobRun", JobName="nightly")

    with pytest.raises(Refused, match=r"^ConcurrentRunsExceededException"):
        glue("StartJobRun", JobName="nightly", JobRunQueuingEnabled=False)


def test_a_job_may_have_several_runs_at_once(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", ExecutionProperty={"MaxConcurrentRuns": 2}, **JOB)
    started = [glue("StartJobRun", JobName="nightly")["JobRunId"] for _ in range(2)]

    assert len(set(started)) == 2
    with pytest.raises(Refused, match=r"^ConcurrentRunsExceededException"):
        glue("StartJobRun", JobName="nightly")


def test_a_delay_notice_is_due_after_the_minutes_asked_for(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", NotificationProperty={"NotifyDelayAfter": 2}, **JOB)

    glue("StartJobRun", JobName="nightly")

    run = glue.store.read(lambda ledger: ledger.due_notices(glue.clock() + 121_000, 10))[0]
    assert run.notify_at == run.created_at + 120_000


def test_a_run_that_tries_another_again_names_it(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    before = glue("StartJobRun", JobName="nightly")["JobRunId"]
    glue.begin()
    glue.end(Outcome.FAILED)

    again = glue("StartJobRun", JobName="nightly", JobRunId=before)["JobRunId"]

    shown = glue("GetJobRun", JobName="nightly", RunId=again)["JobRun"]
    assert (shown["PreviousRunId"], shown["Attempt"]) == (before, 0)
    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job run jr_x not found"):
        glue("StartJobRun", JobName="nightly", JobRunId="jr_x")


def test_an_automatic_retry_is_a_job_run_of_its_own(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", MaxRetries=1, **JOB)
    first = glue("StartJobRun", JobName="nightly")["JobRunId"]
    glue.begin()
    glue.end(Outcome.FAILED, "first broken")
    glue.begin()

    listed = glue("GetJobRuns", JobName="nightly")["JobRuns"]

    assert [one["Id"] for one in listed] == [f"{first}_attempt_1", first]
    assert [one["JobRunState"] for one in listed] == ["RUNNING", "FAILED"]
    assert listed[0]["PreviousRunId"] == first
    assert listed[1]["ErrorMessage"] == "first broken"
    assert glue("GetJobRun", JobName="nightly", RunId=f"{first}_attempt_1")["JobRun"] == listed[0]
    assert glue("GetJobRun", JobName="nightly", RunId=first)["JobRun"] == listed[1]


@pytest.mark.parametrize("named", ["jr_x", run_id(5), "{run}_attempt_1", "other job"])
def test_a_run_that_is_not_there_is_not_found(glue: Glue, named: str) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    run = glue("StartJobRun", JobName="nightly")["JobRunId"]
    job, asked_for = ("other", run) if named == "other job" else ("nightly", named.format(run=run))

    with pytest.raises(Refused, match=f"^EntityNotFoundException: Job run {asked_for} not found.$"):
        glue("GetJobRun", JobName=job, RunId=asked_for)


def test_runs_are_listed_newest_first_in_pages_that_neither_lose_nor_repeat(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", MaxRetries=2, ExecutionProperty={"MaxConcurrentRuns": 9}, **JOB)
    glue("CreateJob", Name="other", **JOB)
    glue("StartJobRun", JobName="other")
    for _ in range(3):
        glue("StartJobRun", JobName="nightly")
    for _ in range(2):
        glue.begin()
        glue.end(Outcome.FAILED)
    whole = glue("GetJobRuns", JobName="nightly")
    paged: list[dict[str, Any]] = []
    token: dict[str, Any] = {}
    while True:
        page = glue("GetJobRuns", JobName="nightly", MaxResults=2, **token)
        paged += page["JobRuns"]
        if "NextToken" not in page:
            break
        assert len(page["JobRuns"]) == 2
        token = {"NextToken": page["NextToken"]}
        glue("StartJobRun", JobName="nightly")  # newer runs do not disturb older pages

    assert paged == whole["JobRuns"]
    assert [one["Attempt"] for one in paged] == [2, 1, 0] * 3
    assert "NextToken" not in whole


def test_a_page_never_exceeds_two_hundred_runs(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", ExecutionProperty={"MaxConcurrentRuns": 1000}, **JOB)
    for _ in range(201):
        glue("StartJobRun", JobName="nightly")

    page = glue("GetJobRuns", JobName="nightly", MaxResults=1000)
    rest = glue("GetJobRuns", JobName="nightly", MaxResults=1000, NextToken=page["NextToken"])

    assert (len(page["JobRuns"]), len(rest["JobRuns"])) == (200, 1)
    assert "NextToken" not in rest


def test_runs_of_a_missing_job_and_a_token_of_another_job_are_refused(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", ExecutionProperty={"MaxConcurrentRuns": 2}, **JOB)
    glue("CreateJob", Name="other", **JOB)
    for _ in range(2):
        glue("StartJobRun", JobName="nightly")
    token = glue("GetJobRuns", JobName="nightly", MaxResults=1)["NextToken"]

    with pytest.raises(Refused, match=r"^InvalidInputException: The page token"):
        glue("GetJobRuns", JobName="other", NextToken=token)
    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job none not found"):
        glue("GetJobRuns", JobName="none")


def test_runs_are_stopped_and_what_cannot_be_stopped_is_told(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", ExecutionProperty={"MaxConcurrentRuns": 9}, **JOB)
    done, running = (glue("StartJobRun", JobName="nightly")["JobRunId"] for _ in range(2))
    glue.begin()
    glue("BatchStopJobRun", JobName="nightly", JobRunIds=[done])
    glue.end(Outcome.CANCELLED, attempts=glue.on_process()[:1])
    waiting = glue("StartJobRun", JobName="nightly")["JobRunId"]

    answer = glue("BatchStopJobRun", JobName="nightly", JobRunIds=[running, done, "jr_x", waiting, running])

    assert answer["SuccessfulSubmissions"] == [
        {"JobName": "nightly", "JobRunId": running},
        {"JobName": "nightly", "JobRunId": waiting},
    ]
    assert answer["Errors"] == [
        {
            "JobName": "nightly",
            "JobRunId": done,
            "ErrorDetail": {
                "ErrorCode": "JobRunInTerminalStateException",
                "ErrorMessage": f"Job run {done} has ended; there is nothing to stop.",
            },
        },
        {
            "JobName": "nightly",
            "JobRunId": "jr_x",
            "ErrorDetail": {
                "ErrorCode": "EntityNotFoundException",
                "ErrorMessage": "Job run jr_x not found.",
            },
        },
    ]
    states = {one["Id"]: one["JobRunState"] for one in glue("GetJobRuns", JobName="nightly")["JobRuns"]}
    assert states == {done: "STOPPED", running: "STOPPING", waiting: "STOPPED"}


def test_stopping_the_first_try_of_a_run_stops_the_try_that_goes_on(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", MaxRetries=1, **JOB)
    first = glue("StartJobRun", JobName="nightly")["JobRunId"]
    glue.begin()
    glue.end(Outcome.FAILED)
    glue.begin()

    answer = glue("BatchStopJobRun", JobName="nightly", JobRunIds=[first])

    assert names(answer, "SuccessfulSubmissions", "JobRunId") == [first]
    assert glue("GetJobRuns", JobName="nightly")["JobRuns"][0]["JobRunState"] == "STOPPING"


def test_a_run_of_another_language_is_seen_and_stopped_by_its_job_s_name(glue: Glue) -> None:
    request = RunRequest(language="databricks", job_name="etl", tasks=(Task(key="t", kind="python_script"),))
    run = run_id(glue.engine.start_run(glue.workspace, request).id)

    seen = glue("GetJobRun", JobName="etl", RunId=run)["JobRun"]
    glue("BatchStopJobRun", JobName="etl", JobRunIds=[run])

    assert seen["JobRunState"] == "WAITING"
    assert glue("GetJobRun", JobName="etl", RunId=run)["JobRun"]["JobRunState"] == "STOPPED"


def test_another_language_starts_a_glue_job_with_names_and_values(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", DefaultArguments={"--a": "1"}, **JOB)
    job = glue.engine.job_named(glue.workspace, "nightly")

    run = start_with_arguments(glue.engine, glue.workspace, job, {"day": "monday"})

    shown = glue("GetJobRun", JobName="nightly", RunId=run_id(run.id))["JobRun"]
    assert shown["Arguments"] == {"--a": "1", "--day": "monday"}


# the wire


def wire(reply: Reply) -> tuple[int, str, Any]:
    return reply.status, reply.headers.get("x-amzn-errortype", ""), msgspec.json.decode(reply.body)


def test_an_answer_has_the_headers_of_json_1_1_and_an_id_of_its_own(glue: Glue) -> None:
    one, other = glue.reply("GetJobs", {}), glue.reply("GetJobs", b"")

    assert one.headers["content-type"] == "application/x-amz-json-1.1"
    assert one.headers["x-amzn-requestid"] != other.headers["x-amzn-requestid"]
    assert one.body == other.body == b'{"Jobs":[]}'


def test_moments_are_seconds_with_milliseconds(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)

    job = msgspec.json.decode(glue.reply("GetJob", {"JobName": "nightly"}).body)["Job"]

    assert isinstance(job["CreatedOn"], float)
    assert 1_800_000_000 < job["CreatedOn"] < 1_800_000_001


def test_an_error_has_its_code_in_the_body_and_in_a_header(glue: Glue) -> None:
    assert wire(glue.reply("GetJob", {"JobName": "none"})) == (
        400,
        "EntityNotFoundException",
        {"__type": "EntityNotFoundException", "Message": "Job none not found."},
    )


def test_a_broken_constraint_is_a_validation_exception(glue: Glue) -> None:
    assert wire(glue.reply("GetJob", {}))[:2] == (400, "ValidationException")


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b'{"JobName": "x"} {}', b'"\xff"', b'{"JobName": "\\ud800"}', b"[" * 100_000]
)
def test_a_body_that_is_no_json_is_a_serialization_exception(glue: Glue, body: bytes) -> None:
    status, code, members = wire(glue.reply("GetJob", body))

    assert (status, code) == (400, "SerializationException")
    assert members["Message"].startswith("The body is not JSON that can be read: ")


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("GetJobBookmark", "GetJobBookmark is not supported by this version of runyard."),
        ("Nonsense", "'Nonsense' is not an operation of AWS Glue."),
        ("", "'' is not an operation of AWS Glue."),
    ],
)
def test_an_operation_we_do_not_speak_is_refused_once_and_for_all(glue: Glue, operation: str, message: str) -> None:
    assert wire(glue.reply(operation, b"no json")) == (
        400,
        "UnknownOperationException",
        {"__type": "UnknownOperationException", "Message": message},
    )


class Unproved(Exception):
    """What the web says of a caller it does not believe."""

    def __init__(self, code: str) -> None:
        super().__init__("Who are you?")
        self.code = code


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        ("IncompleteSignature", "IncompleteSignatureException"),
        ("UnrecognizedClient", "UnrecognizedClientException"),
        ("ExpiredRequest", "ExpiredTokenException"),
        ("SkewedClock", "InvalidSignatureException"),
    ],
)
def test_a_caller_who_is_not_believed_is_told_so_in_json(why: str, code: str) -> None:
    assert wire(protocol.refuse(Unproved(why), status=403)) == (
        403,
        code,
        {"__type": code, "Message": "Who are you?"},
    )


@pytest.mark.parametrize("error", [LedgerUnavailable("The disk is full."), RunyardError("The disk is full.")])
def test_a_server_that_cannot_answer_says_so(error: RunyardError) -> None:
    assert wire(protocol.refuse(error, status=500)) == (
        500,
        "InternalServiceException",
        {"__type": "InternalServiceException", "Message": "The disk is full."},
    )

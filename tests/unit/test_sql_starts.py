from __future__ import annotations

import json
from typing import Any

import pytest
from sql_asking import ENDED, JOBS, RUNS, desk, refused
from upstream import Asked, Told, in_turn

from runyard.sql.errors import (
    NOT_SUPPORTED,
    SqlError,
)

# starting once, and waiting


def test_a_start_has_a_name_of_its_own_and_is_sent_again_with_it() -> None:
    with desk(in_turn(Told(status=503), Told(status=500), Told(body={"run_id": 7}))) as (one, cloud):
        one.change(f"EXEC {JOBS}.runnow @job_id=3")

    tokens = {asked.members["idempotency_token"] for asked in cloud.asked}
    assert (len(cloud.asked), len(tokens), len(tokens.pop())) == (3, 1, 32)


def test_two_starts_have_two_names() -> None:
    with desk(lambda _: Told(body={"run_id": 7})) as (one, cloud):
        one.change(f"INSERT INTO {RUNS} (tasks) VALUES ('[]'), ('[]')")

    assert len({asked.members["idempotency_token"] for asked in cloud.asked}) == 2


def test_a_name_that_is_given_is_kept() -> None:
    with desk(lambda _: Told(body={"run_id": 7})) as (one, cloud):
        one.change(f"EXEC {JOBS}.runnow @job_id=3, @idempotency_token='mine'")

    assert cloud.asked[0].members["idempotency_token"] == "mine"


@pytest.mark.parametrize(
    "text",
    [
        "EXEC aws.glue.jobs.start_job_run @JobName='a'",
        f"EXEC {RUNS}.repairrun @run_id=1, @rerun_all_failed_tasks=TRUE",
        f"DELETE FROM {RUNS} WHERE run_id=1",
        f"INSERT INTO {JOBS} (name) VALUES ('a')",
    ],
)
def test_what_cannot_be_told_from_its_repetition_is_sent_once(text: str) -> None:
    with desk(lambda _: Told(status=503)) as (one, cloud), pytest.raises(SqlError, match="503"):
        one.change(text)

    assert len(cloud.asked) == 1


def test_await_gives_the_record_of_the_end() -> None:
    states = iter(["PENDING", "RUNNING"])

    def answer(asked: Asked) -> Told:
        if asked.method == "POST":
            return Told(body={"run_id": 7})
        state = next(states, None)
        return Told(body={**ENDED, "state": {"life_cycle_state": state}} if state else ENDED)

    with desk(answer) as (one, cloud):
        rows, result = one.change(f"EXEC /*+ AWAIT */ {JOBS}.runnow @job_id=3")

    record = dict(zip((one.name for one in result.headings), rows[0], strict=True))
    assert (record["run_id"], json.loads(str(record["state"]))["result_state"]) == (7, "SUCCESS")
    assert [asked.method for asked in cloud.asked] == ["POST", "GET", "GET", "GET"]
    assert result.notices == []


def test_await_tells_of_a_bad_end() -> None:
    failed = {"Id": "jr", "JobName": "a", "JobRunState": "FAILED", "ErrorMessage": "boom", "StartedOn": 1.5}

    def answer(asked: Asked) -> Told:
        return Told(body={"JobRunId": "jr"} if asked.target == "StartJobRun" else {"JobRun": failed})

    with desk(answer) as (one, cloud):
        rows, result = one.change("EXEC /*+ AWAIT */ aws.glue.jobs.start_job_run @JobName='a'")

    record: dict[str, Any] = dict(zip((one.name for one in result.headings), rows[0], strict=True))
    assert (record["JobRunState"], record["StartedOn"]) == ("FAILED", 1500)
    assert result.notices == ["Run jr ended FAILED: boom"]
    assert cloud.asked[1].members == {"JobName": "a", "RunId": "jr"}


def test_await_where_nothing_is_waited_for_is_refused_before_the_call() -> None:
    text, asked = refused(f"DELETE /*+ AWAIT */ FROM {RUNS} WHERE run_id=1", NOT_SUPPORTED)

    assert ("AWAIT means nothing for deleterun" in text, asked) == (True, [])


def test_a_run_whose_end_cannot_be_heard_was_started_all_the_same() -> None:
    def answer(asked: Asked) -> Told:
        return Told(body={"run_id": 7}) if asked.method == "POST" else Told(status=403, body={"message": "no"})

    with desk(answer) as (one, _), pytest.raises(SqlError, match=r"403.*was carried out \(job_id=3\): run_id=7"):
        one.change(f"EXEC /*+ AWAIT */ {JOBS}.runnow @job_id=3")

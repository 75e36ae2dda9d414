"""What callers of our own dialect ask, and how they are answered or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from native_service import SECRET, Speaker, speaking

from runyard.core import errors
from runyard.core.job import Job, Task
from runyard.core.run import Attempt, Event, Outcome, Run
from runyard.dialects.native import views
from runyard.dialects.native.errors import ERRORS
from runyard.dialects.native.protocol import Native


@pytest.fixture
def speaker(tmp_path: Path) -> Iterator[Speaker]:
    """An engine without places: nothing ever starts, and nobody waits."""
    yield from speaking(tmp_path, places=0)


# what is refused


def test_an_unknown_path_is_not_found(speaker: Speaker) -> None:
    status, code, message = speaker.refused("GET", "/nothing/here")

    assert (status, code) == (404, "no_such_path")
    assert "/runyard/v1/nothing/here" in message


def test_a_wrong_method_is_told_which_ones_are_right(speaker: Speaker) -> None:
    reply = speaker.ask("PUT", "/runs")

    assert reply.status == 405
    assert reply.headers["allow"] == "GET, POST"
    assert json.loads(reply.body)["error"] == "wrong_method"


@pytest.mark.parametrize(
    ("method", "path", "words", "named"),
    [
        ("GET", "/runs", {"limit": "many"}, ["limit", "'many'"]),
        ("GET", "/runs", {"limit": 0}, ["limit", "'0'"]),
        ("GET", "/runs", {"phase": "sleeping"}, ["phase", "'sleeping'", "succeeded"]),
        ("GET", "/runs", {"active": "perhaps"}, ["active", "'perhaps'"]),
        ("GET", "/runs", {"active": "true", "phase": "failed"}, ["active", "failed"]),
        ("GET", "/runs", {"colour": "red"}, ["colour", "page_token"]),
        ("GET", "/runs", {"page_token": "made-up"}, ["page token"]),
        ("GET", "/runs/abc", {}, ["run", "'abc'"]),
        ("GET", "/runs/1", {"wait_s": 61}, ["wait_s", "'61'"]),
        ("GET", "/runs/1", {"for": "ever"}, ["for", "'ever'"]),
        ("GET", "/runs/1/logs", {"stream": "all"}, ["stream", "'all'"]),
        ("GET", "/runs/1/logs", {"offset": "-1"}, ["offset", "'-1'"]),
        ("POST", "/runs", {"body": {}}, ["script"]),
        ("POST", "/runs", {"body": {"script": {}}}, ["script", "source", "uri"]),
        ("POST", "/runs", {"body": {"script": {"source": "", "uri": "s3://b/k"}}}, ["script"]),
        ("POST", "/runs", {"body": {"script": {"source": ""}, "timeout_s": "soon"}}, ["timeout_s", "'soon'"]),
        ("POST", "/runs", {"body": {"script": {"source": ""}, "timeout_s": -1}}, ["timeout_s", "-1"]),
        ("POST", "/runs", {"body": {"script": {"source": ""}, "arguments": ["a", 7]}}, ["arguments[1]", "7"]),
        ("POST", "/runs", {"body": {"script": {"source": ""}, "arguments": ["a\0b"]}}, ["arguments[0]"]),
        ("POST", "/runs", {"body": b"{nonsense"}, ["JSON"]),
        ("POST", "/runs", {"body": b"[1]"}, ["object"]),
        ("POST", "/runs", {"body": b"[" * 100_000}, ["JSON"]),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(
    speaker: Speaker, method: str, path: str, words: dict[str, Any], named: list[str]
) -> None:
    status, code, message = speaker.refused(method, path, **words)

    assert (status, code) == (400, "invalid_request")
    assert all(part in message for part in named), message


def test_the_value_of_a_variable_is_never_repeated(speaker: Speaker) -> None:
    body = {"script": {"source": ""}, "environment": {"KEY": [SECRET]}}
    _, _, message = speaker.refused("POST", "/runs", body=body)

    assert "environment" in message
    assert SECRET not in message


def test_a_caller_who_is_not_believed_is_told_so() -> None:
    reply = Native().refuse(PermissionError("no credential"), status=403)

    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert json.loads(reply.body) == {"error": "unauthenticated", "message": "no credential"}


def test_every_error_of_the_core_has_a_status_and_a_code() -> None:
    kinds = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)}

    assert kinds <= set(ERRORS)
    assert Native().refuse(errors.LedgerUnavailable("full"), status=500).status == 503
    assert Native().refuse(errors.RunyardError("defect"), status=500).status == 500


# runs


def test_a_submitted_script_is_one_task_under_its_own_name(speaker: Speaker) -> None:
    reply = speaker.ask(
        "POST",
        "/runs",
        body={
            "script": {"name": "a.py", "source": "pass"},
            "arguments": ["--k", "v"],
            "timeout_s": 1.5,
            "max_retries": 2,
        },
    )
    run = json.loads(reply.body)

    assert reply.status == 201
    assert (run["job_name"], run["language"], run["phase"]) == ("a.py", "native", "queued")
    (task,) = run["tasks"]
    assert (task["kind"], task["arguments"], task["timeout_ms"], task["max_retries"]) == (
        "python_script",
        ["--k", "v"],
        1500,
        2,
    )


def test_a_script_may_lie_where_the_server_finds_it(speaker: Speaker) -> None:
    run = speaker.say("POST", "/runs", body={"script": {"uri": "s3://bucket/jobs/etl.py"}, "name": "etl"})

    assert run["job_name"] == "etl"
    assert run["tasks"][0]["script"] == "s3://bucket/jobs/etl.py"


def test_neither_the_environment_nor_the_text_of_a_script_is_shown(speaker: Speaker) -> None:
    run = speaker.submit(environment={"KEY": SECRET})
    job = speaker.job("keeper")

    assert SECRET not in json.dumps(speaker.say("GET", f"/runs/{run['id']}"))
    assert "source" not in json.dumps(speaker.say("GET", f"/runs/{run['id']}"))
    assert SECRET not in json.dumps(speaker.say("GET", f"/jobs/{job.name}"))


def test_the_same_key_starts_one_run(speaker: Speaker) -> None:
    first = speaker.submit(idempotency_key="once")
    second = speaker.submit(idempotency_key="once")

    assert first["id"] == second["id"]
    assert len(speaker.say("GET", "/runs")["runs"]) == 1


def test_runs_are_listed_newest_first_page_by_page(speaker: Speaker) -> None:
    started = [speaker.submit(f"{number}.py")["id"] for number in range(5)]
    first = speaker.say("GET", "/runs", limit=2)
    second = speaker.say("GET", "/runs", limit=2, page_token=first["next_page_token"])
    third = speaker.say("GET", "/runs", limit=2, page_token=second["next_page_token"])

    assert [run["id"] for page in (first, second, third) for run in page["runs"]] == started[::-1]
    assert "next_page_token" not in third


def test_a_page_token_serves_only_the_list_that_gave_it(speaker: Speaker) -> None:
    for number in range(2):
        speaker.submit(f"{number}.py")
    token = speaker.say("GET", "/runs", limit=1)["next_page_token"]

    assert speaker.refused("GET", "/runs", limit=1, page_token=token, active="true")[0] == 400
    assert speaker.refused("GET", "/jobs", limit=1, page_token=token)[0] == 400
    assert speaker.refused("GET", "/runs", limit=1, page_token=token, workspace="other")[0] == 400


def test_a_list_of_runs_is_narrowed_by_job_phase_and_activity(speaker: Speaker) -> None:
    waiting, stopped = speaker.submit("waiting.py")["id"], speaker.submit("stopped.py")["id"]
    speaker.say("POST", f"/runs/{stopped}/stop")

    def ids(**where: Any) -> list[int]:
        return [run["id"] for run in speaker.say("GET", "/runs", **where)["runs"]]

    assert ids(job="waiting.py") == [waiting]
    assert ids(job="nobody") == []
    assert ids(phase="queued") == [waiting]
    assert ids(phase="cancelled") == [stopped]
    assert ids(active="true") == [waiting]
    assert ids(active="false") == [stopped]


def test_runs_of_a_job_are_found_by_its_id_too(speaker: Speaker) -> None:
    job = speaker.job("twice", once=False)
    other = speaker.job("twice", once=False)
    run = speaker.say("POST", f"/jobs/{job.id}/runs", body={})
    speaker.say("POST", f"/jobs/{other.id}/runs", body={})

    found = speaker.say("GET", "/runs", job=job.id)["runs"]

    assert [one["id"] for one in found] == [run["id"]]
    assert len(speaker.say("GET", "/runs", job="twice")["runs"]) == 2


def test_a_run_of_another_workspace_does_not_exist(speaker: Speaker) -> None:
    run = speaker.submit()

    assert speaker.refused("GET", f"/runs/{run['id']}", workspace="other")[:2] == (404, "not_found")
    assert speaker.refused("POST", f"/runs/{run['id']}/stop", workspace="other")[:2] == (404, "not_found")


def test_a_stopped_run_tells_what_happened_to_it(speaker: Speaker) -> None:
    run_id = speaker.submit()["id"]
    stopped = speaker.say("POST", f"/runs/{run_id}/stop")
    events = speaker.say("GET", f"/runs/{run_id}/events")["events"]
    attempts = speaker.say("GET", f"/runs/{run_id}/attempts")["attempts"]

    assert (stopped["state"], stopped["outcome"]) == ("ended", "cancelled")
    assert [event["kind"] for event in events] == ["queued", "cancelled"]
    assert speaker.say("GET", f"/runs/{run_id}/events", after=events[0]["id"])["events"] == events[1:]
    assert [(attempt["number"], attempt["phase"]) for attempt in attempts] == [(0, "cancelled")]


def test_an_ended_run_can_be_deleted_and_not_stopped_again(speaker: Speaker) -> None:
    run_id = speaker.submit()["id"]

    assert speaker.refused("DELETE", f"/runs/{run_id}")[:2] == (409, "wrong_state")
    speaker.say("POST", f"/runs/{run_id}/stop")
    assert speaker.refused("POST", f"/runs/{run_id}/stop")[:2] == (409, "wrong_state")
    speaker.say("DELETE", f"/runs/{run_id}")
    assert speaker.refused("GET", f"/runs/{run_id}")[0] == 404


# jobs


def test_a_job_is_found_by_name_and_by_id(speaker: Speaker) -> None:
    job = speaker.job("nightly")

    assert speaker.say("GET", "/jobs/nightly") == speaker.say("GET", f"/jobs/{job.id}")
    assert speaker.refused("GET", "/jobs/hourly")[:2] == (404, "not_found")


def test_a_job_whose_name_others_may_have_too_is_found_by_it_while_it_is_the_only_one(speaker: Speaker) -> None:
    job = speaker.job("nightly", once=False)
    assert speaker.say("GET", "/jobs/nightly")["id"] == job.id
    assert speaker.say("POST", "/jobs/nightly/runs", body={})["job_id"] == job.id

    other = speaker.job("nightly", once=False)
    status, code, message = speaker.refused("POST", "/jobs/nightly/runs", body={})

    assert (status, code) == (400, "invalid_request")
    assert f"Several jobs are called nightly; say which by its id: {other.id}, {job.id}." in message
    assert len(speaker.say("GET", "/runs", job="nightly")["runs"]) == 1
    assert speaker.refused("DELETE", "/jobs/nightly")[0] == 400
    assert speaker.say("GET", f"/jobs/{other.id}")["id"] == other.id


def test_a_name_of_digits_wins_over_an_id(speaker: Speaker) -> None:
    first = speaker.job("first")
    called_so = speaker.job(str(first.id))

    assert speaker.say("GET", f"/jobs/{first.id}")["id"] == called_so.id


def test_a_name_may_hold_slashes(speaker: Speaker) -> None:
    speaker.job("team/etl/runs")

    assert speaker.say("GET", "/jobs/team/etl/runs")["name"] == "team/etl/runs"
    assert speaker.say("POST", "/jobs/team/etl/runs/runs", body={})["job_name"] == "team/etl/runs"


def test_a_job_is_started_as_its_language_starts_it(speaker: Speaker) -> None:
    speaker.job("nightly")
    reply = speaker.ask("POST", "/jobs/nightly/runs", body={"arguments": {"day": "2024-05-01"}})
    run = json.loads(reply.body)

    assert reply.status == 201
    assert (run["language"], run["settings"]) == ("glue", {"told": {"day": "2024-05-01"}})


def test_a_job_of_a_language_nobody_can_start_is_refused(speaker: Speaker) -> None:
    speaker.job("strange", language="cobol")

    assert speaker.refused("POST", "/jobs/strange/runs", body={})[:2] == (501, "not_supported")
    assert speaker.say("GET", "/runs")["runs"] == []


def test_jobs_are_listed_newest_first_and_deleted(speaker: Speaker) -> None:
    for name in ("a", "b", "c"):
        speaker.job(name)
    speaker.say("DELETE", "/jobs/b")
    first = speaker.say("GET", "/jobs", limit=1)

    assert [job["name"] for job in first["jobs"]] == ["c"]
    assert [job["name"] for job in speaker.say("GET", "/jobs", page_token=first["next_page_token"])["jobs"]] == ["a"]
    assert speaker.refused("DELETE", "/jobs/b")[0] == 404


# the server, and the tables


def test_the_server_tells_who_it_is(speaker: Speaker, tmp_path: Path) -> None:
    told = speaker.say("GET", "/server")

    assert told["home"] == str(tmp_path / "home")
    assert told["workspace"] == "default"
    assert told["load"] == {"queued": 0, "retrying": 0, "on_process": 0, "waiting": 0}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Run, views.RUN),
        (Run, views.RUN_LINE),
        (Job, views.JOB),
        (Job, views.JOB_LINE),
        (Attempt, views.ATTEMPT),
        (Event, views.EVENT),
        (Task, views.TASK),
    ],
)
def test_every_field_is_shown_or_left_out_for_a_reason(kind: type, words: views.Words) -> None:
    known = {field.name for field in fields(kind)}
    shown = {*words.plain, *words.worked_out}

    assert known <= shown | set(words.not_shown)
    assert shown.isdisjoint(words.not_shown)


def test_the_phase_of_a_filter_may_be_any_outcome(speaker: Speaker) -> None:
    for outcome in Outcome:
        assert speaker.say("GET", "/runs", phase=outcome.value)["runs"] == []

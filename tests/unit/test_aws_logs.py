from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from records import WORKSPACE_ID, a_run, a_workspace, an_attempt, an_ended_attempt, an_ended_run

from runyard.core.ids import first_of
from runyard.core.job import Task
from runyard.core.run import State
from runyard.dialects import aws_ids as ids
from runyard.dialects.aws import log_listing, log_search, logs
from runyard.dialects.exchange import Request
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.settings import Settings
from runyard.store.store import Store, open_store

OUTPUT, ERROR = "/aws-glue/python-jobs/output", "/aws-glue/python-jobs/error"
PYTHON = {"LogGroupName": "/aws-glue/python-jobs"}
DAY = 86_400_000
NOW = 1_790_000_000_000  # in the past of whoever runs these tests


class Yard:
    """An engine that runs nothing, with a past that tests write."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = open_store("sqlite://")
        self.engine = Engine(self.store, Home(folder).make(), Settings(preload=()))
        self.store.write(lambda ledger: ledger.add_workspace(a_workspace(WORKSPACE_ID)))

    def ran(self, at: int, text: str = "", *, errors: str = "", **fields: Any) -> str:
        """Record a run that ended a second after it began, and return its stream's name."""
        id_ = first_of(at)
        run = an_ended_run(id_, **{"settings": PYTHON, "created_at": at, "ended_at": at + 1000, **fields})
        self.store.write(lambda ledger: ledger.add_run(run))
        self.tried(id_, number=0, text=text, errors=errors, at=at)
        return ids.run_id(id_)

    def tried(self, run_id: int, *, number: int, text: str, at: int, errors: str = "", key: str = "main") -> int:
        """Record an attempt that ended."""
        id_ = run_id + 1 + number + len(key)
        times = {"created_at": at, "running_at": at, "ended_at": at + 1000}
        attempt = an_ended_attempt(id_, run_id=run_id, number=number, task_key=key, **times)
        self.store.write(lambda ledger: ledger.add_attempt(attempt))
        self.printed(id_, text, errors=errors, at=at + 500)
        return id_

    def runs(self, at: int, text: str, *, seen: int) -> str:
        """Record a run that still runs, of whose output `seen` bytes were looked at."""
        id_ = first_of(at)
        self.store.write(lambda ledger: ledger.add_run(a_run(id_, settings=PYTHON, created_at=at, state=State.RUNNING)))
        attempt = an_attempt(id_ + 1, run_id=id_, state=State.RUNNING, created_at=at, running_at=at)
        self.store.write(lambda ledger: ledger.add_attempt(attempt))
        self.printed(id_ + 1, text, at=at + 500, seen=seen)
        return ids.run_id(id_)

    def printed(self, attempt_id: int, text: str, *, at: int, errors: str = "", seen: int | None = None) -> None:
        folder = self.engine.attempt_folder(attempt_id)
        folder.mkdir(parents=True)
        (folder / "stdout").write_text(text)
        (folder / "stderr").write_text(errors)
        (folder / "times").write_text(f"{at} {len(text) if seen is None else seen} {len(errors)}\n")

    def ask(self, operation: str, **members: Any) -> tuple[int, dict[str, Any]]:
        return self.send(operation, json.dumps(members).encode())

    def send(self, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
        request = Request(
            method="POST",
            path="/",
            query={},
            headers={"x-amz-target": f"Logs_20140328.{operation}"},
            body=body,
            workspace=a_workspace(WORKSPACE_ID),
            user="admin",
            url="http://127.0.0.1",
        )
        reply = logs.answer(self.engine, request)
        return reply.status, json.loads(reply.body)

    def get(self, operation: str, **members: Any) -> dict[str, Any]:
        status, answer = self.ask(operation, **members)
        assert status == 200, answer
        return answer

    def refused(self, operation: str, **members: Any) -> tuple[str, str]:
        status, answer = self.ask(operation, **members)
        assert status == 400
        return answer["__type"], answer["message"]

    def messages(self, **members: Any) -> list[str]:
        """Follow FilterLogEvents to its end."""
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self.get("FilterLogEvents", **{"logGroupName": OUTPUT, **members, **token})
            found += [event["message"] for event in page["events"]]
            if "nextToken" not in page:
                return found
            token = {"nextToken": page["nextToken"]}

    def listed(self, **members: Any) -> list[str]:
        """Follow DescribeLogStreams to its end."""
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self.get("DescribeLogStreams", **{"logGroupName": OUTPUT, **members, **token})
            found += [stream["logStreamName"] for stream in page["logStreams"]]
            if "nextToken" not in page:
                return found
            token = {"nextToken": page["nextToken"]}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path / "home")
    yield yard
    yard.store.close()


# FilterLogEvents


def test_events_of_one_run_carry_all_that_clients_read(yard: Yard) -> None:
    name = yard.ran(NOW, "one\ntwo\n")

    page = yard.get("FilterLogEvents", logGroupName=OUTPUT, logStreamNames=[name])

    assert page["searchedLogStreams"] == []
    first = page["events"][0]
    assert first.pop("eventId").isdecimal()
    assert first == {"logStreamName": name, "timestamp": NOW + 500, "message": "one", "ingestionTime": NOW + 500}


def test_event_ids_are_unique_and_stay(yard: Yard) -> None:
    yard.ran(NOW, "same\nsame\n")
    yard.ran(NOW + 1, "same\n")

    seen = [yard.get("FilterLogEvents", logGroupName=OUTPUT)["events"] for _ in range(2)]

    assert len({event["eventId"] for event in seen[0]}) == 3
    assert seen[0] == seen[1]


def test_events_of_several_runs_come_in_the_order_of_their_time(yard: Yard) -> None:
    yard.ran(NOW + 20, "third\nfourth\n")
    yard.ran(NOW + 10, "second\n")
    yard.ran(NOW, "first\n")

    assert yard.messages() == ["first", "second", "third", "fourth"]
    assert yard.messages(limit=1) == ["first", "second", "third", "fourth"]


def test_output_and_errors_are_groups_of_their_own(yard: Yard) -> None:
    yard.ran(NOW, "fine\n", errors="oops\n")

    assert yard.messages() == ["fine"]
    assert yard.messages(logGroupName=ERROR) == ["oops"]
    assert yard.messages(logGroupName="/aws-glue/jobs/output") == []


def test_runs_of_other_kinds_and_languages_are_in_the_group_that_glue_names(yard: Yard) -> None:
    yard.ran(NOW, "spark\n", settings={"LogGroupName": "/aws-glue/jobs"})
    yard.ran(NOW + 1, "native\n", settings={}, language="native")
    yard.ran(NOW + 2, "secure\n", settings={"LogGroupName": "/aws-glue/jobs/locked-role/etl"})

    assert yard.messages(logGroupName="/aws-glue/jobs/output") == ["spark", "native"]
    assert yard.messages(logGroupName="/aws-glue/jobs/locked-role/etl/output") == ["secure"]


def test_a_group_may_be_named_by_its_arn(yard: Yard) -> None:
    yard.ran(NOW, "one\n")
    arn = yard.get("DescribeLogGroups", logGroupNamePrefix=OUTPUT)["logGroups"][0]["arn"]

    page = yard.get("FilterLogEvents", logGroupIdentifier=arn)

    assert [event["message"] for event in page["events"]] == ["one"]


def test_a_span_of_time_has_both_its_ends(yard: Yard) -> None:
    for second in range(4):
        yard.ran(NOW + second * 1000, f"{second}\n")

    assert yard.messages(startTime=NOW + 1500, endTime=NOW + 2500) == ["1", "2"]
    assert yard.messages(startTime=NOW + 1501, endTime=NOW + 2499) == []
    assert yard.messages(startTime=2**53) == []
    assert yard.messages(endTime=2**53) == ["0", "1", "2", "3"]


def test_a_filter_leaves_out_what_does_not_match(yard: Yard) -> None:
    yard.ran(NOW, "good\nERROR one\ngood\nERROR two\n")

    assert yard.messages(filterPattern="ERROR") == ["ERROR one", "ERROR two"]
    assert yard.messages(filterPattern="ERROR -two", limit=1) == ["ERROR one"]
    assert yard.get("FilterLogEvents", logGroupName=OUTPUT, filterPattern="none") == {
        "events": [],
        "searchedLogStreams": [],
    }


def test_who_keeps_the_token_of_a_page_gets_only_what_is_new(yard: Yard) -> None:
    name = yard.runs(NOW, "one\ntwo\n", seen=4)
    members = {"logGroupName": OUTPUT, "logStreamNames": [name]}
    token = yard.get("FilterLogEvents", **members)["nextToken"]
    before = yard.get("FilterLogEvents", **members, nextToken=token)

    attempt = yard.engine.attempts(yard.engine.run(a_workspace(), first_of(NOW)))[0]
    (yard.engine.attempt_folder(attempt.id) / "times").write_text(f"{NOW + 500} 4 0\n{NOW + 900} 8 0\n")
    after = yard.get("FilterLogEvents", **members, nextToken=token)

    assert before == {"events": [], "searchedLogStreams": []}
    assert [event["message"] for event in after["events"]] == ["two"]


def test_each_attempt_has_a_stream_under_the_id_that_glue_gives_it(yard: Yard) -> None:
    name = yard.ran(NOW, "first try\n", attempt=1)
    yard.tried(first_of(NOW), number=1, text="second try\n", at=NOW + 2000)

    assert yard.messages(logStreamNames=[name]) == ["first try"]
    assert yard.messages(logStreamNames=[f"{name}_attempt_1"]) == ["second try"]
    assert yard.messages(logStreamNamePrefix=name) == ["first try", "second try"]
    assert yard.messages(logStreamNamePrefix=f"{name}_a") == ["second try"]
    assert yard.messages(logStreamNames=[name, name]) == ["first try"]


def test_each_of_several_tasks_has_a_stream_of_its_own(yard: Yard) -> None:
    tasks = (Task(key="main", kind="python script"), Task(key="load", kind="python script", depends_on=("main",)))
    name = yard.ran(NOW, "main\n", tasks=tasks)
    yard.tried(first_of(NOW), number=0, text="load\n", at=NOW + 2000, key="loading")

    assert yard.listed() == [f"{name}-main", f"{name}-loading"]
    assert yard.messages(logStreamNames=[f"{name}-loading"]) == ["load"]


def test_a_prefix_finds_the_runs_whose_names_begin_so(yard: Yard) -> None:
    names = [yard.ran(NOW + number, f"{number}\n") for number in range(8)]
    prefix = names[3][:6]
    expected = [str(number) for number, name in enumerate(names) if name.startswith(prefix)]

    assert yard.messages(logStreamNamePrefix=prefix) == expected
    assert yard.messages(logStreamNamePrefix="jr_") == [str(number) for number in range(8)]
    assert yard.messages(logStreamNamePrefix="other") == []
    assert yard.messages(logStreamNamePrefix=ids.run_id(5)) == []


def test_more_runs_than_are_searched_at_once_are_all_found(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_search, "COHORT", 2)
    monkeypatch.setattr(log_search, "LOOKED_THROUGH", 5)
    monkeypatch.setattr(log_search, "MOST_LOOKED_THROUGH", 10)
    for number in range(23):
        yard.ran(NOW + number, f"{number}\n", settings=PYTHON if number % 2 else {})

    assert yard.messages() == [str(number) for number in range(1, 23, 2)]
    assert yard.messages(limit=3, filterPattern="?1 ?3") == ["1", "3", "11", "13", "15", "17", "19", "21"]


def test_an_old_run_that_still_prints_is_found_by_time(yard: Yard) -> None:
    yard.runs(NOW - 30 * DAY, "old\n", seen=4)
    yard.ran(NOW - 2 * DAY, "ended before\n")
    attempt = yard.engine.attempts(yard.engine.run(a_workspace(), first_of(NOW - 30 * DAY)))[0]
    (yard.engine.attempt_folder(attempt.id) / "times").write_text(f"{NOW} 4 0\n")

    assert yard.messages(startTime=NOW - 1000) == ["old"]


def test_a_search_that_finds_nothing_pauses_and_goes_on(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_search, "MOST_BYTES", 100)
    yard.ran(NOW, "dull\n" * 20 + "ERROR\n")

    first = yard.get("FilterLogEvents", logGroupName=OUTPUT, filterPattern="ERROR")

    assert first["events"] == []
    assert yard.messages(filterPattern="ERROR") == ["ERROR"]


def test_a_run_that_has_not_begun_has_no_stream(yard: Yard) -> None:
    id_ = first_of(NOW)
    yard.store.write(lambda ledger: ledger.add_run(a_run(id_, settings=PYTHON)))
    yard.store.write(lambda ledger: ledger.add_attempt(an_attempt(id_ + 1, run_id=id_)))

    refused = yard.refused("FilterLogEvents", logGroupName=OUTPUT, logStreamNames=[ids.run_id(id_)])

    assert refused == ("ResourceNotFoundException", "The specified log stream does not exist.")
    assert yard.messages() == []


# GetLogEvents


def test_a_stream_is_read_from_its_head_until_the_token_repeats(yard: Yard) -> None:
    name = yard.ran(NOW, "1\n2\n3\n4\n5\n")
    members: dict[str, Any] = {"logGroupName": OUTPUT, "logStreamName": name, "limit": 2, "startFromHead": True}
    pages, token = [], None

    while True:
        page = yard.get("GetLogEvents", **members, **({"nextToken": token} if token else {}))
        pages.append([event["message"] for event in page["events"]])
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]

    assert pages == [["1", "2"], ["3", "4"], ["5"], []]


def test_a_stream_is_read_from_its_end_until_the_token_repeats(yard: Yard) -> None:
    name = yard.ran(NOW, "1\n2\n3\n4\n5\n")
    members: dict[str, Any] = {"logGroupName": OUTPUT, "logStreamName": name, "limit": 2}
    pages, token = [], None

    while True:
        page = yard.get("GetLogEvents", **members, **({"nextToken": token} if token else {}))
        pages.append([event["message"] for event in page["events"]])
        if page["nextBackwardToken"] == token:
            break
        token = page["nextBackwardToken"]

    assert pages == [["4", "5"], ["2", "3"], ["1"], []]


def test_the_two_tokens_of_a_page_lead_to_its_neighbours(yard: Yard) -> None:
    name = yard.ran(NOW, "1\n2\n3\n4\n")
    members: dict[str, Any] = {"logGroupName": OUTPUT, "logStreamName": name, "limit": 1}
    last = yard.get("GetLogEvents", **members)
    third = yard.get("GetLogEvents", **members, nextToken=last["nextBackwardToken"])

    again = yard.get("GetLogEvents", **members, nextToken=third["nextForwardToken"])

    assert [event["message"] for event in third["events"]] == ["3"]
    assert [event["message"] for event in again["events"]] == ["4"]
    assert again["nextForwardToken"] == last["nextForwardToken"]


def test_an_empty_stream_has_tokens_too(yard: Yard) -> None:
    name = yard.ran(NOW, "")

    page = yard.get("GetLogEvents", logGroupName=OUTPUT, logStreamName=name)

    assert page["events"] == []
    assert page["nextForwardToken"].startswith("f/")
    assert page["nextBackwardToken"].startswith("b/")


def test_a_span_of_time_of_a_stream_leaves_out_its_end(yard: Yard) -> None:
    name = yard.ran(NOW, "one\n")
    members = {"logGroupName": OUTPUT, "logStreamName": name}

    def messages(**span: int) -> list[str]:
        return [event["message"] for event in yard.get("GetLogEvents", **members, **span)["events"]]

    assert messages(startTime=NOW + 500) == ["one"]
    assert messages(startTime=NOW + 501) == []
    assert messages(endTime=NOW + 500) == []
    assert messages(endTime=NOW + 501) == ["one"]


@pytest.mark.parametrize("token", ["x", "f/x", "f/", "b/AAAA"])
def test_a_token_that_was_not_given_out_is_refused(yard: Yard, token: str) -> None:
    name = yard.ran(NOW, "one\n")

    code, _ = yard.refused("GetLogEvents", logGroupName=OUTPUT, logStreamName=name, nextToken=token)

    assert code == "InvalidParameterException"


def test_a_token_is_good_only_for_its_own_list(yard: Yard) -> None:
    one, other = yard.ran(NOW, "1\n"), yard.ran(NOW + 1, "2\n")
    token = yard.get("GetLogEvents", logGroupName=OUTPUT, logStreamName=one)["nextForwardToken"]

    code, _ = yard.refused("GetLogEvents", logGroupName=OUTPUT, logStreamName=other, nextToken=token)

    assert code == "InvalidParameterException"


# DescribeLogStreams, DescribeLogGroups


def test_streams_are_listed_in_the_order_of_their_names(yard: Yard) -> None:
    names = [yard.ran(NOW + number) for number in range(7)]

    assert yard.listed() == sorted(names)
    assert yard.listed(limit=2) == sorted(names)
    assert yard.listed(limit=2, descending=True) == sorted(names, reverse=True)


def test_streams_are_listed_in_the_order_of_their_time(yard: Yard) -> None:
    names = [yard.ran(NOW + number * 2000, "x\n") for number in range(5)]

    assert yard.listed(orderBy="LastEventTime") == names
    assert yard.listed(orderBy="LastEventTime", limit=2) == names
    assert yard.listed(orderBy="LastEventTime", limit=2, descending=True) == names[::-1]


def test_very_many_streams_are_listed_in_the_order_in_which_they_were_made(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_listing, "MOST_SORTED", 3)
    monkeypatch.setattr(log_listing, "MOST_ROWS", 2)
    monkeypatch.setattr(log_listing, "ROWS", 2)
    names = [yard.ran(NOW + number) for number in range(5)]

    assert yard.listed() == names
    assert yard.listed(limit=1, descending=True) == names[::-1]


def test_the_streams_of_one_run_are_found_by_its_id(yard: Yard) -> None:
    name = yard.ran(NOW, "1\n")
    yard.ran(NOW + 1)
    yard.tried(first_of(NOW), number=1, text="2\n", at=NOW + 2000)

    assert yard.listed(logStreamNamePrefix=name) == [name, f"{name}_attempt_1"]
    assert yard.listed(logStreamNamePrefix=name, limit=1) == [name, f"{name}_attempt_1"]
    assert yard.listed(logStreamNamePrefix=name[:10]) == [name, f"{name}_attempt_1"]
    assert yard.listed(logStreamNamePrefix=ids.run_id(9)) == []


def test_a_stream_says_when_it_began_and_last_spoke(yard: Yard) -> None:
    spoke, silent = yard.ran(NOW, "one\n"), yard.ran(NOW + 1)

    def described(name: str) -> dict[str, Any]:
        found: dict[str, Any] = yard.get("DescribeLogStreams", logGroupName=OUTPUT, logStreamNamePrefix=name)
        return dict(found["logStreams"][0])

    arn = described(spoke).pop("arn")
    assert arn.startswith("arn:aws:logs:us-east-1:")
    assert arn.endswith(f":log-group:{OUTPUT}:log-stream:{spoke}")
    assert {**described(spoke), "arn": ""} == {
        "logStreamName": spoke,
        "creationTime": NOW,
        "firstEventTimestamp": NOW + 500,
        "lastEventTimestamp": NOW + 500,
        "lastIngestionTime": NOW + 500,
        "arn": "",
        "storedBytes": 0,
    }
    assert "firstEventTimestamp" not in described(silent)


def test_the_groups_are_there_before_the_first_run(yard: Yard) -> None:
    def named(**members: Any) -> list[str]:
        return [group["logGroupName"] for group in yard.get("DescribeLogGroups", **members)["logGroups"]]

    assert named() == [
        "/aws-glue/jobs/error",
        "/aws-glue/jobs/output",
        "/aws-glue/python-jobs/error",
        "/aws-glue/python-jobs/output",
    ]
    assert named(logGroupNamePrefix="/aws-glue/python") == [ERROR, OUTPUT]
    assert named(logGroupNamePattern="n-jobs/out") == [OUTPUT]
    assert named(logGroupNamePattern="OUTPUT") == []
    assert yard.messages() == []


def test_groups_come_in_pages(yard: Yard) -> None:
    first = yard.get("DescribeLogGroups", limit=3)
    second = yard.get("DescribeLogGroups", limit=3, nextToken=first["nextToken"])

    assert len(first["logGroups"]) == 3
    assert len(second["logGroups"]) == 1
    assert "nextToken" not in second


# refusals


@pytest.mark.parametrize("operation", ["FilterLogEvents", "GetLogEvents", "DescribeLogStreams"])
@pytest.mark.parametrize("name", ["/aws/lambda/x", "/aws-glue/jobs", "/aws-glue/jobs/logs-v2", "output"])
def test_a_group_that_is_not_there_is_said_so(yard: Yard, operation: str, name: str) -> None:
    refused = yard.refused(operation, logGroupName=name, logStreamName="x")

    assert refused == ("ResourceNotFoundException", "The specified log group does not exist.")


@pytest.mark.parametrize("name", ["jr_1", "", ids.run_id(77), f"{ids.run_id(77)}_attempt_3"])
def test_a_stream_that_is_not_there_is_said_so(yard: Yard, name: str) -> None:
    refused = yard.refused("FilterLogEvents", logGroupName=OUTPUT, logStreamNames=[name])

    assert refused == ("ResourceNotFoundException", "The specified log stream does not exist.")


def test_the_runs_of_another_workspace_are_not_there(yard: Yard) -> None:
    yard.store.write(lambda ledger: ledger.add_workspace(a_workspace(2, "other")))
    name = yard.ran(NOW, "secret\n", workspace_id=2)

    code, _ = yard.refused("FilterLogEvents", logGroupName=OUTPUT, logStreamNames=[name])

    assert code == "ResourceNotFoundException"
    assert yard.messages() == []
    assert yard.listed() == []


@pytest.mark.parametrize(
    ("operation", "members", "message"),
    [
        ("FilterLogEvents", {}, "Value null at 'logGroupName' failed"),
        ("GetLogEvents", {"logGroupName": OUTPUT}, "Value null at 'logStreamName' failed"),
        ("FilterLogEvents", {"logGroupName": OUTPUT, "limit": 0}, "greater than or equal to 1"),
        ("FilterLogEvents", {"logGroupName": OUTPUT, "limit": 10001}, "less than or equal to 10000"),
        ("FilterLogEvents", {"logGroupName": "", "startTime": -1}, "2 validation errors detected: "),
        ("DescribeLogStreams", {"logGroupName": OUTPUT, "limit": 51}, "less than or equal to 50"),
        ("DescribeLogGroups", {"limit": 51}, "less than or equal to 50"),
        (
            "DescribeLogStreams",
            {"logGroupName": OUTPUT, "orderBy": "Size"},
            "enum value set: [LogStreamName, LastEventTime]",
        ),
        (
            "DescribeLogStreams",
            {"logGroupName": OUTPUT, "orderBy": "LastEventTime", "logStreamNamePrefix": "jr"},
            "Cannot order by LastEventTime with a logStreamNamePrefix",
        ),
        (
            "FilterLogEvents",
            {"logGroupName": OUTPUT, "logStreamNames": ["a"], "logStreamNamePrefix": "a"},
            "mutually exclusive",
        ),
        ("DescribeLogGroups", {"logGroupNamePrefix": "a", "logGroupNamePattern": "a"}, "mutually exclusive"),
        ("FilterLogEvents", {"logGroupName": OUTPUT, "filterPattern": "{ $.a = 1 }"}, "a pattern for JSON"),
        ("FilterLogEvents", {"logGroupName": OUTPUT, "startFromHead": False}, "startFromHead=false is not supported"),
        ("FilterLogEvents", {"logGroupName": OUTPUT, "nextToken": "x"}, "page token"),
        ("DescribeLogStreams", {"logGroupName": OUTPUT, "nextToken": "x"}, "page token"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(
    yard: Yard, operation: str, members: dict[str, Any], message: str
) -> None:
    code, text = yard.refused(operation, **members)

    assert code == "InvalidParameterException"
    assert message in text


def test_a_member_that_is_null_or_unknown_changes_nothing(yard: Yard) -> None:
    yard.ran(NOW, "one\n")

    assert yard.messages(limit=None, interleaved=True, unmask=False) == ["one"]


def test_a_member_of_another_type_cannot_be_read(yard: Yard) -> None:
    code, _ = yard.refused("FilterLogEvents", logGroupName=OUTPUT, limit="5")

    assert code == "SerializationException"


@pytest.mark.parametrize("body", [b"[]", b"{", b"5", b'{"limit": 1'])
def test_a_body_that_is_no_object_cannot_be_read(yard: Yard, body: bytes) -> None:
    status, answer = yard.send("DescribeLogGroups", body)

    assert (status, answer["__type"]) == (400, "SerializationException")


def test_an_empty_body_has_no_members(yard: Yard) -> None:
    assert yard.send("DescribeLogGroups", b"")[0] == 200


def test_an_unknown_operation_is_refused_and_the_known_ones_are_named(yard: Yard) -> None:
    code, text = yard.refused("PutLogEvents")

    assert code == "UnknownOperationException"
    assert "DescribeLogGroups, DescribeLogStreams, FilterLogEvents, GetLogEvents" in text

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_yard import ERROR, NOW, OUTPUT, Yard
from records import a_workspace

from runyard.core.ids import first_of
from runyard.dialects import aws_ids as ids
from runyard.dialects.aws import log_listing


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path / "home")
    yield yard
    yard.store.close()


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
        "/aws-glue/jobs/logs-v2",
    ]
    assert named(logGroupNamePrefix="/aws-glue/python") == [ERROR, OUTPUT]
    assert named(logGroupNamePattern="n-jobs/out") == [OUTPUT]
    assert named(logGroupNamePattern="OUTPUT") == []
    assert yard.messages() == []


def test_groups_come_in_pages(yard: Yard) -> None:
    first = yard.get("DescribeLogGroups", limit=3)
    second = yard.get("DescribeLogGroups", limit=3, nextToken=first["nextToken"])

    assert len(first["logGroups"]) == 3
    assert len(second["logGroups"]) == 2
    assert "nextToken" not in second


@pytest.mark.parametrize("operation", ["FilterLogEvents", "GetLogEvents", "DescribeLogStreams"])
@pytest.mark.parametrize("name", ["/aws/lambda/x", "/aws-glue/jobs", "/aws-glue/jobs/logs-v3", "output"])
def test_a_group_that_is_not_there_is_said_so(yard: Yard, operation: str, name: str) -> None:
    refused = yard.refused(operation, logGroupName=name, logStreamName="x")

    assert refused == ("ResourceNotFoundException", "The specified log group does not exist.")


def spark_settings(**arguments: str) -> dict[str, Any]:
    given = {f"--{name.replace('_', '-')}": value for name, value in arguments.items()}
    return {"LogGroupName": "/aws-glue/jobs", "Arguments": given}


def test_a_run_that_asks_for_continuous_logging_has_its_driver_and_its_progress_in_a_group_of_that(yard: Yard) -> None:
    name = yard.ran(NOW, "out\n", errors="warned\n", settings=spark_settings(enable_continuous_cloudwatch_log="true"))
    yard.ran(NOW + 5, "out\n", errors="silent\n", settings=spark_settings())
    yard.progressed(name, "[Stage 0 (count): ===> (1 + 1) / 2]\n", at=NOW + 3000)
    group = "/aws-glue/jobs/logs-v2"

    assert yard.listed(logGroupName=group) == [f"{name}-driver", f"{name}-progress-bar"]
    assert yard.messages(logGroupName=group, logStreamNames=[f"{name}-driver"]) == ["warned"]
    assert yard.messages(logGroupName=group, logStreamNamePrefix=name) == [
        "warned",
        "[Stage 0 (count): ===> (1 + 1) / 2]",
    ]
    assert yard.messages(logGroupName="/aws-glue/jobs/output", logStreamNames=[name]) == ["out"]


def test_a_run_names_its_own_group_and_streams_for_continuous_logging(yard: Yard) -> None:
    own = {"continuous_log_logGroup": "/mine/logs", "continuous_log_logStreamPrefix": "nightly"}
    settings = spark_settings(enable_continuous_cloudwatch_log="true", **own)
    yard.ran(NOW, "out\n", errors="older\n", settings=settings)
    yard.ran(NOW + 5000, "out\n", errors="newer\n", settings=settings)

    assert "/mine/logs" in [group["logGroupName"] for group in yard.get("DescribeLogGroups")["logGroups"]]
    assert yard.listed(logGroupName="/mine/logs") == ["nightly-driver", "nightly-driver"]
    assert yard.messages(logGroupName="/mine/logs", logStreamNames=["nightly-driver"]) == ["newer"]
    assert yard.messages(logGroupName="/mine/logs", logStreamNamePrefix="night") == ["older", "newer"]
    assert yard.listed(logGroupName="/aws-glue/jobs/logs-v2") == []


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

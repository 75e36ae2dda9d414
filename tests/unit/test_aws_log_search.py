from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_yard import DAY, ERROR, NOW, OUTPUT, PYTHON, Yard
from records import a_run, a_workspace, an_attempt

from runyard.core.ids import first_of
from runyard.core.job import Task
from runyard.core.run import Outcome, State
from runyard.dialects import aws_ids as ids
from runyard.dialects.aws import log_search


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path / "home")
    yield yard
    yard.store.close()


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


def test_an_old_run_that_ends_between_two_pages_is_read_to_its_end(yard: Yard) -> None:
    id_ = first_of(NOW - 30 * DAY)
    yard.runs(NOW - 30 * DAY, "old\nlast\n", seen=4)
    attempt = yard.engine.attempts(yard.engine.run(a_workspace(), id_))[0]
    times = yard.engine.attempt_folder(attempt.id) / "times"
    times.write_text(f"{NOW} 4 0\n")
    first = yard.get("FilterLogEvents", logGroupName=OUTPUT, startTime=NOW - 1000)

    times.write_text(f"{NOW} 4 0\n{NOW + 900} 9 0\n")
    run = yard.engine.run(a_workspace(), id_)
    ended: dict[str, Any] = {"state": State.ENDED, "outcome": Outcome.SUCCEEDED, "ended_at": NOW + 1000}
    yard.store.write(lambda ledger: ledger.save_run(replace(run, **ended), seen=run))
    yard.store.write(lambda ledger: ledger.save_attempt(replace(attempt, **ended), seen=attempt.state))
    second = yard.get("FilterLogEvents", logGroupName=OUTPUT, startTime=NOW - 1000, nextToken=first["nextToken"])

    assert [event["message"] for event in first["events"]] == ["old"]
    assert [event["message"] for event in second["events"]] == ["last"]


def test_one_who_follows_a_group_pays_nothing_for_the_runs_that_ended_before(yard: Yard) -> None:
    for number in range(20):
        yard.ran(NOW - 2 * DAY + number)
    new = yard.ran(NOW, "new\n")

    looked_through = yard.engine.runs_alive(a_workspace(), since=NOW - 1000, until=NOW, after=0, limit=10)

    assert [ids.run_id(run.id) for run in looked_through] == [new]
    assert yard.messages(startTime=NOW - 1000) == ["new"]


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

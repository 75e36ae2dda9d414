"""Queues and rules that no query could be told by, and two who change the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_yard import Yard, open_yard

from runyard.runtime.dremio_sql.report import Report
from runyard.runtime.dremio_sql.routing import Lane, wait_for_place
from runyard.runtime.dremio_sql.rules import WrongCondition, condition

ENDLESS = 2**63 - 1


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        yield yard


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("query_cost() > 'x'", "at character 15 of \"query_cost() > 'x'\" is no number, and is compared with one"),
        ("user() = 5", "is no text, and is compared with one"),
        ("query_cost() > user()", "is no number, and is compared with one"),
        ("query_cost() IN (1, 'b')", "is no number, and is compared with one"),
        ("is_member('a') = 'b'", "is no condition, and is compared with one"),
        ("query_cost()", "stands where a comparison should"),
        ("user() OR query_cost() > 1", "stands where a comparison should"),
    ],
)
def test_what_cannot_be_compared_is_no_condition(text: str, why: str) -> None:
    with pytest.raises(WrongCondition) as caught:
        condition(text)

    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"engineId": "nowhere"}, "Invalid value for engineId: 'nowhere' is none of default, "),
        ({"maxRunTimeoutMs": 2**63}, "expected a whole number of 64 bits"),
    ],
)
def test_a_queue_that_could_not_do_as_it_says_is_refused(yard: Yard, body: dict[str, Any], text: str) -> None:
    status, told = yard.refusal("POST", "wlm/queue", {"name": "Q", **body})

    assert (status, text in told) == (400, True), told
    assert yard("POST", "wlm/queue", {"name": "Q", "engineId": "default"})["engineId"] == "default"


def test_the_queue_of_the_default_rule_stays(yard: Yard) -> None:
    queue = yard("POST", "wlm/queue", {"name": "Rest"})
    rules = yard("GET", "wlm/rule")
    default = {"name": "rest", "action": "PLACE", "acceptName": "Rest"}
    yard("PUT", "wlm/rule", {**rules, "defaultRule": default})

    assert yard.refusal("DELETE", f"wlm/queue/{queue['id']}") == (
        400, "Queue Rest is chosen by a rule; change the rules first."
    )  # fmt: skip


def test_members_of_a_rule_are_texts(yard: Yard) -> None:
    rules = yard("GET", "wlm/rule")
    wrong = {"name": "a", "conditions": "user() = 'x'", "action": "REJECT", "rejectMessage": {}}

    assert yard.refusal("PUT", "wlm/rule", {**rules, "rules": [wrong]}) == (
        400, "Invalid value for rules[0].rejectMessage: expected a string, got {}."
    )  # fmt: skip


def test_rules_for_engines_that_nobody_gave_are_not_set(yard: Yard) -> None:
    bodies: list[dict[str, Any] | None] = [None, {}, {"ruleSet": {}}, {"ruleSet": {"tag": ""}}]
    for body in bodies:
        assert yard.refusal("PUT", f"{yard.cloud}/rules", body) == (
            400, "The member ruleInfos is missing; give the rules as an array, be it an empty one."
        )  # fmt: skip
    assert yard("GET", f"{yard.cloud}/rules")["ruleSet"]["tag"] == ""


@pytest.mark.parametrize("what", ["queue", "rules"])
def test_of_many_who_saw_the_same_one_changes_it(yard: Yard, what: str) -> None:
    path = "wlm/rule" if what == "rules" else f"wlm/queue/{yard('POST', 'wlm/queue', {'name': 'Q'})['id']}"
    yard("PUT", path, yard("GET", path))
    seen, statuses, start = yard("GET", path), [], threading.Barrier(8)

    def change() -> None:
        start.wait()
        statuses.append(yard.send("PUT", path, seen).status)

    writers = [threading.Thread(target=change) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert sorted(statuses) == [200] + [409] * 7


@pytest.mark.parametrize("name", ["../../elsewhere", "..", "a/b", "High Cost"])
def test_whatever_a_queue_is_called_its_places_lie_where_those_of_all_do(tmp_path: Path, name: str) -> None:
    home = tmp_path / "deep" / "home"
    lane = {"slots": 1, "wait_ms": None}
    workload = {"queues": {name: lane}, "rules": [{"action": "PLACE", "acceptName": name}]}
    context = {"home": str(home), "workload": workload, "query_type": "REST", "sql": "SELECT 1", "user": "ada"}
    report = Report(folder=tmp_path, context=context)
    report.queue(1.0)
    report.leave()

    assert report.told["queue"] == name
    assert len([found for found in (home / "queues").iterdir() if (found / "place-0").exists()]) == 1
    assert [found.name for found in (tmp_path / "deep").iterdir()] == ["home"]


def test_a_queue_lets_wait_and_run_as_long_as_can_be_said(tmp_path: Path) -> None:
    wait_for_place(Lane(name="Q", slots=1, wait_ms=ENDLESS), tmp_path).give_back()
    report = Report(folder=tmp_path, context={})
    report._end_after(ENDLESS / 1000, "too long")

    assert report.finish() == {"steps": []}

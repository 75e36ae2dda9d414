"""A run that is looked at again and again: what has been seen is not sent once more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from console_yard import Visitor
from live import Live

LATER_MS = 60_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("console-runs") / "home", settings="preload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def visitor(live: Live) -> Visitor:
    return Visitor(live).enter()


def test_who_has_seen_a_run_is_sent_only_what_changed_of_it(visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit("print(1)"))
    path = f"/console/v1/runs/{run['id']}"
    whole = visitor.told("GET", path)
    (attempt,) = whole["attempts"]
    again = visitor.told("GET", f"{path}?since={attempt['updated_at']}")
    later = visitor.told("GET", f"{path}?since={attempt['updated_at'] + LATER_MS}")

    assert [task["key"] for task in whole["run"]["tasks"]] == ["main"]
    assert again["attempts"] == [attempt]  # others' clocks may be behind: the last seconds are told again
    assert later["attempts"] == []
    assert "tasks" not in again["run"]
    assert {**again["run"], "tasks": whole["run"]["tasks"]} == whole["run"]


def test_who_has_seen_a_run_is_sent_its_tasks_again_once_a_repair_may_have_defined_them_anew(visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit("raise SystemExit(3)"))
    path = f"/console/v1/runs/{run['id']}"
    seen = visitor.told("GET", path)
    visitor.told("POST", f"{path}/repair", {})
    visitor.ended(run)
    again = visitor.told("GET", f"{path}?since={seen['attempts'][0]['updated_at']}")
    later = visitor.told("GET", f"{path}?since={again['attempts'][-1]['updated_at'] + LATER_MS}")

    assert again["run"]["tasks"] == visitor.told("GET", path)["run"]["tasks"]
    assert "tasks" not in later["run"]


def test_what_was_seen_is_a_moment(visitor: Visitor) -> None:
    run = visitor.ended(visitor.submit("print(1)"))
    refused = visitor.ask("GET", f"/console/v1/runs/{run['id']}?since=-1")

    assert refused.status == 400
    assert "since" in refused.read().decode()

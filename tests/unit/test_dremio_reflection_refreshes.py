"""Refreshes of reflections: in order, in time, tried again, swapped in one step; a test plays the launcher."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_lake import (
    COPY,
    HOUR,
    MINUTE,
    SUMS,
    fail,
    finish,
    identifier,
    jobs,
    look,
    made,
    open_lake,
    table,
    told,
    usable,
    view,
)
from dremio_yard import Yard

from runyard.dialects.dremio.reflections.policies import BACK_OFF_MINUTES, MOST_TRIES
from runyard.dialects.dremio.reflections.refreshing import Tending, attend
from runyard.dialects.dremio_ids import job_id
from runyard.runtime.dremio_sql.acceleration.versions import definition_token


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_lake(tmp_path) as yard:
        yield yard


def test_a_new_reflection_is_made_by_a_job_of_its_own(yard: Yard) -> None:
    reflection = made(yard)
    (run,) = jobs(yard)

    order = told(yard, run)
    assert run.settings["sql"] == f"REFRESH REFLECTION '{reflection['id']}' AS '{order['materialization']}'"
    assert yard.job(job_id(run.id))["queryType"] == "ACCELERATOR_CREATE"
    assert (order["path"], order["kind"], order["method"], order["previous"]) == (
        ["lake", "t"],
        "AGGREGATION",
        "FULL",
        None,
    )
    assert look(yard, reflection["id"])["status"]["combinedStatus"] == "REFRESHING"
    assert jobs(yard) == [run]  # nobody makes the same twice
    finish(yard, run)
    after = look(yard, reflection["id"])
    assert after["tag"] == reflection["tag"]
    assert (after["recordCount"], after["currentSizeBytes"], after["totalSizeBytes"]) == (7, 70, 70)
    assert after["status"]["combinedStatus"] == "CAN_ACCELERATE"
    assert (after["status"]["refresh"], after["status"]["availability"]) == ("SCHEDULED", "AVAILABLE")
    assert usable(yard) == [reflection["id"]]
    assert yard("GET", f"job/{job_id(run.id)}/reflection/{reflection['id']}")["jobState"] == "COMPLETED"
    assert yard.refusal("GET", f"job/{job_id(run.id)}/reflection/x") == (
        404, f"Reflection [x] is not processed by job [{job_id(run.id)}]."
    )  # fmt: skip


def test_what_is_made_anew_takes_the_place_of_the_old_in_one_step_and_the_old_is_dropped(yard: Yard) -> None:
    reflection = made(yard)
    old = finish(yard, jobs(yard)[0])
    assert yard.send("POST", f"reflection/{reflection['id']}/refresh").status == 204
    (run,) = jobs(yard)
    assert usable(yard) == [reflection["id"]]  # the old is used until the new is there
    assert look(yard, reflection["id"])["status"]["refresh"] == "RUNNING"

    new = finish(yard, run)

    assert new["previous"] == old["folder"]
    context = yard.context(yard.submit("SELECT 1"))
    assert [each["folder"] for each in context["reflections"]] == [new["folder"]]
    (drop,) = jobs(yard)
    assert yard.job(job_id(drop.id))["queryType"] == "ACCELERATOR_DROP"
    assert drop.settings["drop"]["folder"] == old["folder"]
    assert look(yard, reflection["id"])["totalSizeBytes"] == 140
    yard.begin(job_id(drop.id))
    yard.end(job_id(drop.id), output={})
    assert look(yard, reflection["id"])["totalSizeBytes"] == 70


def test_a_period_makes_it_anew_and_grace_ends_its_use(yard: Yard) -> None:
    reflection = made(yard)
    finish(yard, jobs(yard)[0])
    yard.time[0] += HOUR - 1
    assert jobs(yard) == []
    yard.time[0] += 1

    (run,) = jobs(yard)
    yard.time[0] += 2 * HOUR
    assert usable(yard) == []
    assert look(yard, reflection["id"])["status"]["availability"] == "NONE"
    finish(yard, run)
    assert usable(yard) == [reflection["id"]]


POLICIES = [
    ({"activePolicyType": "NEVER", "neverExpire": True}, 900 * 24 * HOUR, 0, "MANUAL"),
    ({"neverRefresh": True, "neverExpire": True}, 900 * 24 * HOUR, 0, "MANUAL"),
    ({"refreshPeriodMs": 60_000}, 60_000, 1, "SCHEDULED"),
    (
        {"activePolicyType": "SCHEDULE", "refreshSchedule": "0 0 8 * * ?", "neverExpire": True},
        24 * HOUR,
        1,
        "SCHEDULED",
    ),
    ({"activePolicyType": "REFRESH_ON_DATA_CHANGES"}, 900 * 24 * HOUR, 0, "ON_DATA_CHANGES"),
]


@pytest.mark.parametrize(("policy", "later", "expected", "word"), POLICIES)
def test_the_policy_of_its_table_says_when(
    yard: Yard, policy: dict[str, Any], later: int, expected: int, word: str
) -> None:
    dataset = yard("GET", "catalog/by-path/lake/t")
    yard("PUT", f"catalog/{dataset['id']}", {"tag": dataset["tag"], "accelerationRefreshPolicy": policy})
    reflection = yard("POST", "reflection", {**COPY, "datasetId": dataset["id"]})
    finish(yard, jobs(yard)[0])

    assert look(yard, reflection["id"])["status"]["refresh"] == word
    yard.time[0] += later
    assert len(jobs(yard)) == expected


@pytest.mark.parametrize(
    "policy",
    [
        {"activePolicyType": "SOMETIMES"},
        {"activePolicyType": "SCHEDULE"},
        {"activePolicyType": "SCHEDULE", "refreshSchedule": "at noon"},
        {"refreshPeriodMs": -1},
    ],
)
def test_a_policy_that_could_not_be_kept_is_refused(yard: Yard, policy: dict[str, Any]) -> None:
    dataset = yard("GET", "catalog/by-path/lake/t")

    told = {"tag": dataset["tag"], "accelerationRefreshPolicy": policy}
    assert yard.refusal("PUT", f"catalog/{dataset['id']}", told)[0] == 400


def test_changed_data_makes_it_anew_where_that_is_the_policy(yard: Yard) -> None:
    dataset = yard("GET", "catalog/by-path/lake/t")
    policy = {"activePolicyType": "REFRESH_ON_DATA_CHANGES"}
    yard("PUT", f"catalog/{dataset['id']}", {"tag": dataset["tag"], "accelerationRefreshPolicy": policy})
    yard("POST", "reflection", {**COPY, "datasetId": dataset["id"]})
    finish(yard, jobs(yard)[0])
    assert jobs(yard) == []
    assert yard.context(yard.submit("SELECT 1"))["reflections"][0]["strict"] is True

    (yard.engine.home.path / "tables" / "t" / "manifest.json").write_text('{"parts": []}')

    assert len(jobs(yard)) == 1


def test_failures_are_tried_again_later_and_later_and_given_up(yard: Yard) -> None:
    reflection = made(yard)
    for failures in range(1, MOST_TRIES + 1):
        (run,) = jobs(yard)
        fail(yard, run)
        assert jobs(yard) == []
        shown = look(yard, reflection["id"])["status"]
        assert (shown["failureCount"], shown["lastFailureMessage"]) == (failures, "DATA_READ ERROR: gone")
        if shown["refresh"] == "GIVEN_UP":
            break
        wait = BACK_OFF_MINUTES[min(failures, len(BACK_OFF_MINUTES)) - 1] * MINUTE
        yard.time[0] += wait - 1
        assert jobs(yard) == []
        yard.time[0] += 1

    assert shown["combinedStatus"] == "FAILED"
    assert failures == MOST_TRIES or yard.clock() > 72 * HOUR
    yard.time[0] += 24 * HOUR
    assert jobs(yard) == []
    yard("POST", f"reflection/{reflection['id']}/refresh")
    finish(yard, jobs(yard)[0])
    assert look(yard, reflection["id"])["status"]["combinedStatus"] == "CAN_ACCELERATE"


def test_an_old_materialisation_stays_of_use_while_refreshes_fail(yard: Yard) -> None:
    reflection = made(yard)
    finish(yard, jobs(yard)[0])
    yard.time[0] += HOUR
    fail(yard, jobs(yard)[0])
    attend(yard.engine)

    assert look(yard, reflection["id"])["status"]["combinedStatus"] == "CAN_ACCELERATE_WITH_FAILURES"
    assert usable(yard) == [reflection["id"]]


def test_what_is_made_of_something_is_made_after_it(yard: Yard) -> None:
    view(yard, "v", "t")
    above, beside = made(yard, "v"), made(yard)
    below = made(yard, fields=COPY)

    order = []
    while runs := jobs(yard):
        order.append([told(yard, run)["reflection"] for run in runs])
        for run in runs:
            finish(yard, run)
    assert order == [[below["id"]], [beside["id"]], [above["id"]]]


def test_a_refresh_is_told_what_it_may_be_made_from(yard: Yard) -> None:
    view(yard, "v", "t")
    below = made(yard, fields=COPY)
    finish(yard, jobs(yard)[0])
    above = made(yard, "v")
    (run,) = jobs(yard)

    sources = yard.context(job_id(run.id))["reflections"]
    assert [(each["reflection"], each["strict"]) for each in sources] == [(below["id"], True)]
    finish(yard, run)
    yard("POST", f"reflection/{below['id']}/refresh")
    assert yard.context(job_id(jobs(yard)[0].id))["reflections"] == []
    assert above["id"] != below["id"]


def test_refreshing_a_table_refreshes_all_that_is_made_of_it(yard: Yard) -> None:
    view(yard, "v", "t")
    table(yard, "u")
    wanted = {made(yard)["id"], made(yard, "v")["id"]}
    made(yard, "u")
    while runs := jobs(yard):
        for run in runs:
            finish(yard, run)

    assert yard.send("POST", f"catalog/{identifier(yard, 't')}/refresh").status == 204
    seen: set[str] = set()
    while runs := [run for run in jobs(yard) if "refresh" in run.settings]:
        seen |= {told(yard, run)["reflection"] for run in runs}
        for run in runs:
            finish(yard, run)
    assert seen == wanted
    assert yard.refusal("POST", f"catalog/{identifier(yard, 'v')}/refresh")[0] == 400


def test_another_definition_is_made_anew_and_the_old_not_used_meanwhile(yard: Yard) -> None:
    reflection = made(yard)
    finish(yard, jobs(yard)[0])
    fields = {**SUMS, "measureFields": [{"name": "ts"}], "tag": reflection["tag"]}
    yard("PUT", f"reflection/{reflection['id']}", fields)

    assert usable(yard) == []
    finish(yard, jobs(yard)[0])
    assert usable(yard) == [reflection["id"]]


def test_a_view_that_says_something_else_is_made_anew(yard: Yard) -> None:
    view(yard, "v", "t")
    made(yard, "v")
    token = definition_token("SELECT * FROM lake.t", [])
    finish(yard, jobs(yard)[0], views=[{"path": ["lake", "v"], "token": token}])
    assert jobs(yard) == []

    view(yard, "v", "t", "SELECT g, n, ts, l FROM lake.t WHERE n > 1")

    assert len(jobs(yard)) == 1


def test_a_function_that_says_something_else_makes_what_calls_it_anew(yard: Yard) -> None:
    function(yard, "n * 2")
    view(yard, "v", "t")
    made(yard, "v")
    (called,) = yard.context(yard.submit("SELECT 1"))["catalog"]["functions"]
    facts = {"path": called["path"], "modified_at": called["modified_at"]}
    finish(yard, jobs(yard)[0], functions=[facts])
    assert jobs(yard) == []

    yard.time[0] += 1
    function(yard, "n * 3")

    assert len(jobs(yard)) == 1


def function(yard: Yard, body: str) -> None:
    """Make a function as a statement would, or make it another one."""
    number = {"name": "n", "type": {"name": "INTEGER"}}
    change = {
        "op": "put", "kind": "function", "path": ["lake", "f"], "parameters": [number], "returns": [number],
        "isScalar": True, "functionBody": f"SELECT {body}", "parents": [], "replace": True,
    }  # fmt: skip
    job = yard.submit(f"CREATE OR REPLACE FUNCTION lake.f (n INT) RETURNS INT RETURN {body}")
    yard.begin(job)
    yard.end(job, output={"changes": [change]})


def test_views_that_change_places_wait_for_what_they_are_made_of_now(yard: Yard) -> None:
    view(yard, "low", "t")
    view(yard, "high", "low", "SELECT * FROM lake.low")
    low, high = made(yard, "low"), made(yard, "high")
    said = {"low": "SELECT * FROM lake.t", "high": "SELECT * FROM lake.low"}
    views = [{"path": ["lake", name], "token": definition_token(sql, [])} for name, sql in said.items()]
    finish(yard, jobs(yard)[0], views=views[:1])
    finish(yard, jobs(yard)[0], views=views, shares=[["lake", "low"], ["lake", "high"], ["lake", "t"]])

    view(yard, "high", "t")
    view(yard, "low", "high", "SELECT * FROM lake.high")

    (first,) = jobs(yard)[:1]
    assert told(yard, first)["reflection"] == high["id"]
    finish(yard, first)
    assert told(yard, jobs(yard)[0])["reflection"] == low["id"]


def test_a_table_that_was_dropped_and_made_again_makes_its_views_anew(yard: Yard) -> None:
    view(yard, "v", "t")
    made(yard, "v")
    finish(yard, jobs(yard)[0])
    assert jobs(yard) == []
    dropped = yard.submit("DROP TABLE lake.t")
    yard.begin(dropped)
    yard.end(dropped, output={"changes": [{"op": "drop", "kind": "table", "path": ["lake", "t"]}]})
    assert jobs(yard) == []

    again = yard.submit("CREATE TABLE lake.t AS SELECT 1")
    yard.begin(again)
    change = {"op": "put", "kind": "table", "path": ["lake", "t"], "folder": "/another", "fields": []}
    yard.end(again, output={"changes": [change]})

    assert len(jobs(yard)) == 1


def test_a_disabled_reflection_holds_nothing(yard: Yard) -> None:
    reflection = made(yard)
    finish(yard, jobs(yard)[0])
    shown = yard("PUT", f"reflection/{reflection['id']}", {**SUMS, "enabled": False, "tag": reflection["tag"]})

    assert (shown["status"]["combinedStatus"], shown["status"]["refresh"]) == ("DISABLED", "NONE")
    assert usable(yard) == []
    assert [run.settings["queryType"] for run in jobs(yard)] == ["ACCELERATOR_DROP"]
    assert yard.refusal("POST", f"reflection/{reflection['id']}/refresh")[0] == 400
    yard("PUT", f"reflection/{reflection['id']}", {**SUMS, "enabled": True, "tag": shown["tag"]})
    assert "ACCELERATOR_CREATE" in [run.settings["queryType"] for run in jobs(yard)]


def test_what_a_removed_dataset_held_is_dropped(yard: Yard) -> None:
    made(yard)
    order = finish(yard, jobs(yard)[0])
    dataset = yard("GET", "catalog/by-path/lake/t")
    yard("DELETE", f"catalog/{dataset['id']}?tag={dataset['tag']}")

    assert yard("GET", "reflection") == {"data": []}
    (drop,) = jobs(yard)
    assert drop.settings["drop"]["folder"] == order["folder"]
    assert yard("GET", "catalog/by-path/lake")["children"] == []


def test_a_refresh_of_a_reflection_that_is_gone_leaves_nothing(yard: Yard) -> None:
    reflection = made(yard)
    (run,) = jobs(yard)
    yard("DELETE", f"reflection/{reflection['id']}")

    yard.begin(job_id(run.id))
    facts = {"reflection": reflection["id"], "materialization": run.settings["refresh"]["materialization"]}
    yard.end(job_id(run.id), output={"materialization": facts})
    assert (yard.job(job_id(run.id))["jobState"], usable(yard)) == ("COMPLETED", [])


def test_a_server_that_died_before_the_job_began_starts_it_after_all(yard: Yard, monkeypatch: Any) -> None:
    reflection = made(yard)
    with monkeypatch.context() as patch:
        patch.setattr(Tending, "_order", lambda *_: None)
        attend(yard.engine)
    assert look(yard, reflection["id"])["status"]["refresh"] == "RUNNING"

    assert len(jobs(yard)) == 1

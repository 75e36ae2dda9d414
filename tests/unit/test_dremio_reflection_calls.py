"""Calls about reflections, their states in time, and the order of their refreshes; a test plays the launcher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dremio_yard import Yard, open_yard

from runyard.core.run import Outcome, Run
from runyard.dialects.dremio.reflections.policies import BACK_OFF_MINUTES, MOST_TRIES
from runyard.dialects.dremio.reflections.refreshing import attend
from runyard.dialects.dremio.views import LANGUAGE
from runyard.dialects.dremio_ids import job_id
from runyard.store.ledger import Page

HOUR, MINUTE = 3_600_000, 60_000
FIELDS = [
    {"name": "g", "type": {"name": "VARCHAR"}},
    {"name": "n", "type": {"name": "INTEGER"}},
    {"name": "ts", "type": {"name": "TIMESTAMP"}},
    {"name": "l", "type": {"name": "LIST"}},
]
SUMS = {"type": "AGGREGATION", "name": "sums", "dimensionFields": [{"name": "G"}], "measureFields": [{"name": "n"}]}
NOTHING: Mapping[str, Any] = {}
COPY = {"type": "RAW", "name": "copy", "displayFields": [{"name": "g"}, {"name": "n"}]}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        yard("POST", "catalog", {"entityType": "space", "name": "lake"})
        table(yard, "t")
        yield yard


def table(yard: Yard, name: str) -> str:
    """Make a table as a statement would, and return its id."""
    folder = yard.engine.home.path / "tables" / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"parts": [{"file": "a", "rows": 1}]}')
    change = {"op": "put", "kind": "table", "path": ["lake", name], "folder": str(folder), "fields": FIELDS}
    job = yard.submit(f"CREATE TABLE lake.{name} AS SELECT 1")
    yard.begin(job)
    yard.end(job, output={"changes": [change]})
    return identifier(yard, name)


def view(yard: Yard, name: str, above: str, sql: str = "SELECT * FROM lake.t") -> str:
    """Make a view as a statement would, and return its id."""
    change = {
        "op": "put", "kind": "view", "path": ["lake", name], "sql": sql, "fields": FIELDS,
        "parents": [["lake", above]], "replace": True,
    }  # fmt: skip
    job = yard.submit(f"CREATE VIEW lake.{name} AS {sql}")
    yard.begin(job)
    yard.end(job, output={"changes": [change]})
    return identifier(yard, name)


def identifier(yard: Yard, name: str) -> str:
    found: str = yard("GET", f"catalog/by-path/lake/{name}")["id"]
    return found


def made(yard: Yard, dataset: str = "t", fields: Mapping[str, Any] = NOTHING, **said: Any) -> dict[str, Any]:
    """Add a reflection, and return it as it is shown."""
    more = {**fields, **said}
    body = {**({} if "type" in more else SUMS), "datasetId": identifier(yard, dataset), **more}
    told: dict[str, Any] = yard("POST", "reflection", body)
    return told


def look(yard: Yard, reflection: str) -> dict[str, Any]:
    shown: dict[str, Any] = yard("GET", f"reflection/{reflection}")
    return shown


def jobs(yard: Yard) -> list[Run]:
    """Return the jobs of reflections that have not ended, oldest first."""
    attend(yard.engine)
    runs = yard.engine.runs(yard.workspace, Page(limit=100, where={"language": LANGUAGE, "active": True}))
    return [run for run in reversed(runs) if run.settings["user"] == "$dremio$"]


def told(yard: Yard, run: Run) -> dict[str, Any]:
    """Return what the process of a refresh is told to make."""
    order: dict[str, Any] = yard.context(job_id(run.id))["refresh"]
    return order


def finish(yard: Yard, run: Run, **facts: Any) -> dict[str, Any]:
    """Let a refresh end well, and return what its process was told."""
    order = told(yard, run)
    folder = Path(order["folder"])
    folder.mkdir(parents=True)
    (folder / "materialization.json").write_text("{}")
    (folder / ".readers").touch()
    known = {
        "reflection": order["reflection"], "materialization": order["materialization"], "rows": 7, "bytes": 70,
        "shares": [[part.lower() for part in order["path"]]], "views": [], "is_tracked": True, "method": "FULL",
        "bases": [base(yard, "t")], "fetched_at": yard.clock(), "expires_at": None, "used": [], "partitions": 0,
    }  # fmt: skip
    yard.begin(job_id(run.id))
    yard.end(job_id(run.id), output={"materialization": {**known, **facts}})
    return order


def base(yard: Yard, name: str) -> dict[str, Any]:
    from runyard.runtime.dremio_sql.acceleration.versions import TABLE, Base, version_of  # noqa: PLC0415 as a process

    place = str(yard.engine.home.path / "tables" / name)
    token = version_of(Base(path=("lake", name), kind=TABLE, place=place)).token
    return {"path": ["lake", name], "kind": "table", "place": place, "format": "table", "token": token}


def fail(yard: Yard, run: Run, message: str = "DATA_READ ERROR: gone") -> None:
    yard.begin(job_id(run.id))
    yard.end(job_id(run.id), Outcome.FAILED, message=message)


def usable(yard: Yard) -> list[str]:
    """Return the reflections that a query would be told of."""
    context = yard.context(yard.submit("SELECT 1"))
    return [each["reflection"] for each in context.get("reflections", ())]


# calls


def test_a_reflection_is_added_shown_changed_and_removed(yard: Yard) -> None:
    first = made(yard)

    assert first | {"id": "", "tag": "", "createdAt": "", "updatedAt": "", "datasetId": ""} == {
        "id": "", "type": "AGGREGATION", "name": "sums", "tag": "", "createdAt": "", "updatedAt": "", "datasetId": "",
        "datasetName": "lake.t", "datasetType": "PHYSICAL_DATASET", "recordCount": 0, "currentSizeBytes": 0,
        "totalSizeBytes": 0, "enabled": True, "arrowCachingEnabled": False, "consideredCount": 0, "matchedCount": 0,
        "acceleratedCount": 0,
        "status": {
            "config": "OK", "refresh": "PENDING", "availability": "NONE",
            "combinedStatus": "CANNOT_ACCELERATE_INITIALIZING", "refreshMethod": "NONE", "failureCount": 0,
        },
        "dimensionFields": [{"name": "g", "granularity": "DATE"}],
        "measureFields": [{"name": "n", "measureTypeList": ["COUNT", "SUM"]}],
        "distributionFields": [], "partitionFields": [], "sortFields": [],
        "partitionDistributionStrategy": "CONSOLIDATED", "entityType": "reflection",
    }  # fmt: skip
    assert (
        look(yard, first["id"])
        == first
        == yard("GET", f"/v0/projects/{yard.cloud.split('/')[-1]}/reflection/{first['id']}")
    )
    assert yard("GET", "reflection/")["data"] == [first]
    assert yard("GET", f"dataset/{first['datasetId']}/reflection")["data"] == [first]
    second = yard("PUT", f"reflection/{first['id']}", {**SUMS, "name": "other", "tag": first["tag"], "dateFields": []})
    assert (second["name"], second["tag"] != first["tag"]) == ("other", True)
    assert yard.refusal("PUT", f"reflection/{first['id']}", {**SUMS, "tag": first["tag"]})[0] == 409
    assert yard.send("DELETE", f"reflection/{first['id']}").status == 200
    gone = (404, f"Reflection with id [{first['id']}] not found")
    assert yard.refusal("GET", f"reflection/{first['id']}") == gone
    assert yard("GET", f"dataset/{first['datasetId']}/reflection") == {"data": []}


NO_SUM = (
    "measure field [g] of type VARCHAR can not have the measure type [SUM]; "
    "it can have COUNT, APPROX_COUNT_DISTINCT, MIN, MAX"
)
REFUSED = [
    ({"type": "RAW", "displayFields": []}, "raw reflection must have at least one display field configured"),
    ({**COPY, "partitionFields": [{"name": "ts"}]}, "partition field [ts] must also be a display field"),
    ({**COPY, "sortFields": [{"name": "n"}], "partitionFields": [{"name": "n"}]},
     "field [n] cannot be both a sort and a partition"),
    ({**COPY, "displayFields": [{"name": "x"}]},
     "display field contains a field name [x] that does not exist in the dataset"),
    ({**COPY, "measureFields": [{"name": "n"}]}, "raw reflection can not contain measure fields"),
    ({**SUMS, "displayFields": [{"name": "n"}]}, "aggregate reflection can not contain display fields"),
    ({"type": "AGGREGATION"}, "aggregate reflection must have at least one non-empty field list"),
    ({**SUMS, "measureFields": [{"name": "g", "measureTypeList": ["SUM"]}]}, NO_SUM),
    ({**SUMS, "measureFields": [{"name": "l"}]}, "measure field [l] is a LIST, of which nothing can be measured"),
    ({**SUMS, "sortFields": [{"name": "n"}]}, "sort field [n] must also be a dimension field"),
    ({**COPY, "partitionFields": [{"name": "n", "transform": {"type": "BUCKET"}}]},
     "partition field [n]: bucketTransform.bucketCount is None; it must be a whole number above 0"),
    ({**COPY, "type": "EXTERNAL"}, "Invalid value for type: 'EXTERNAL' is neither RAW nor AGGREGATION."),
    ({**SUMS, "name": " "}, "The member name is missing; give the reflection a name."),
    ({**SUMS, "datasetId": "x"}, "datasetId must reference an existing dataset"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), REFUSED)
def test_a_reflection_that_cannot_be_is_refused(yard: Yard, body: dict[str, Any], text: str) -> None:
    told = {"name": "r", "datasetId": identifier(yard, "t"), **body}

    assert yard.refusal("POST", "reflection", told) == (400, text)


def test_a_name_is_given_once_on_a_dataset(yard: Yard) -> None:
    made(yard)

    told = {**SUMS, "name": "SUMS", "datasetId": identifier(yard, "t")}
    assert yard.refusal("POST", "reflection", told)[0] == 409
    table(yard, "u")
    assert made(yard, "u")["datasetName"] == "lake.u"


def test_columns_of_a_view_that_nobody_has_described_are_looked_up(yard: Yard) -> None:
    sql = "SELECT 1 AS one, 'a' AS two"
    yard("POST", "catalog", {"entityType": "dataset", "type": "VIRTUAL_DATASET", "path": ["lake", "v"], "sql": sql})

    fields = {"dimensionFields": [{"name": "two"}], "measureFields": [{"name": "one"}]}
    assert made(yard, "v", fields)["measureFields"] == [{"name": "one", "measureTypeList": ["COUNT", "SUM"]}]
    told = {**SUMS, "datasetId": identifier(yard, "v"), "name": "x"}
    assert yard.refusal("POST", "reflection", told)[0] == 400


def test_the_summary_comes_in_pages_and_is_filtered(yard: Yard) -> None:
    for number in range(3):
        made(yard, name=f"sums {number}", enabled=number > 0)
    made(yard, fields=COPY)

    page = yard("GET", "reflection/summary?maxResults=3")
    assert [one["name"] for one in page["data"]] == ["sums 0", "sums 1", "sums 2"]
    rest = yard("GET", f"reflection-summary?maxResults=3&pageToken={page['nextPageToken']}")
    assert [one["name"] for one in rest["data"]] == ["copy"]
    assert "nextPageToken" not in rest
    assert rest["data"][0]["status"]["combinedStatus"] == "CANNOT_ACCELERATE_INITIALIZING"
    assert (rest["data"][0]["datasetPath"], rest["data"][0]["reflectionType"]) == (["lake", "t"], "RAW")
    raw = yard("GET", 'reflection/summary?filter={"reflectionType":["RAW"]}')
    assert [one["name"] for one in raw["data"]] == ["copy"]
    disabled = yard("GET", 'reflection/summary?filter={"enabledFlag":false}')
    assert [one["name"] for one in disabled["data"]] == ["sums 0"]
    named = yard("GET", 'reflection/summary?filter={"reflectionNameOrDatasetPath":"sums%202"}')
    assert [one["name"] for one in named["data"]] == ["sums 2"]
    assert yard.refusal("GET", "reflection/summary?filter=x")[0] == 400


def test_reflections_are_recommended_by_the_types_of_columns(yard: Yard) -> None:
    found = yard("POST", f"dataset/{identifier(yard, 't')}/reflection/recommendation")["data"]

    assert [one["type"] for one in found] == ["RAW", "AGGREGATION"]
    assert [one["name"] for one in found[0]["displayFields"]] == ["g", "n", "ts", "l"]
    assert found[1]["dimensionFields"] == [{"name": "g", "granularity": "DATE"}, {"name": "ts", "granularity": "DATE"}]
    assert found[1]["measureFields"] == [{"name": "n", "measureTypeList": ["COUNT", "SUM"]}]
    only = yard("POST", f"dataset/{identifier(yard, 't')}/reflection/recommendation/AGG")["data"]
    assert only == found[1:]
    assert yard("POST", "reflection", only[0])["type"] == "AGGREGATION"


def test_reflections_are_recommended_for_what_jobs_have_read(yard: Yard) -> None:
    job = yard.submit("SELECT * FROM lake.t")
    yard.begin(job)
    yard.end(job, output={"datasets": [["lake", "t"]]})

    found = yard("POST", "reflection/recommendations", {"jobIds": [job]})["data"]
    assert [(one["jobIds"], one["reflectionRequestBody"]["type"]) for one in found] == [
        ([job], "RAW"), ([job], "AGGREGATION")
    ]  # fmt: skip
    assert yard.refusal("POST", "reflection/recommendations/job-based", {"jobIds": ["x"]})[0] == 404


# refreshes


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
    from runyard.runtime.dremio_sql.acceleration.versions import definition_token  # noqa: PLC0415 as a process

    view(yard, "v", "t")
    made(yard, "v")
    token = definition_token("SELECT * FROM lake.t", [])
    finish(yard, jobs(yard)[0], views=[{"path": ["lake", "v"], "token": token}])
    assert jobs(yard) == []

    view(yard, "v", "t", "SELECT g, n, ts, l FROM lake.t WHERE n > 1")

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
    from runyard.dialects.dremio.reflections.refreshing import Tending  # noqa: PLC0415 where it dies

    reflection = made(yard)
    with monkeypatch.context() as patch:
        patch.setattr(Tending, "_order", lambda *_: None)
        attend(yard.engine)
    assert look(yard, reflection["id"])["status"]["refresh"] == "RUNNING"

    assert len(jobs(yard)) == 1


# statements and counts


def keep(yard: Yard, *changes: dict[str, Any]) -> dict[str, Any]:
    """Let a statement end with these changes, and return its job."""
    job = yard.submit("ALTER TABLE lake.t …")
    yard.begin(job)
    return yard.end(
        job, output={"changes": [{"kind": "reflection", "path": ["lake", "t"], **each} for each in changes]}
    )


def test_statements_add_enable_refresh_and_drop_reflections(yard: Yard) -> None:
    fields = made(yard, name="first")
    held = {name: fields[name] for name in ("dimensionFields", "measureFields", "sortFields", "partitionFields",
                                            "distributionFields", "partitionDistributionStrategy")}  # fmt: skip
    create = {
        "op": "create_reflection",
        "type": "AGGREGATION",
        "name": "second",
        "reflection": {**held, "displayFields": []},
    }
    assert keep(yard, create)["jobState"] == "COMPLETED"
    assert [one["name"] for one in yard("GET", "reflection")["data"]] == ["first", "second"]

    again = keep(yard, create)
    assert (again["jobState"], again["errorMessage"]) == (
        "FAILED", "VALIDATION ERROR: [lake.t] has a reflection [second] already"
    )  # fmt: skip
    keep(yard, {"op": "toggle_reflections", "type": "AGGREGATION", "enabled": False, "name": "x"})
    assert [one["enabled"] for one in yard("GET", "reflection")["data"]] == [False, False]
    raw = {"type": "RAW", "name": "Raw Reflection", "reflection": {**held, "displayFields": [{"name": "g"}]}}
    keep(yard, {"op": "toggle_reflections", "enabled": True, **raw})
    assert [one["name"] for one in yard("GET", "reflection")["data"]][2:] == ["Raw Reflection"]
    finish(yard, jobs(yard)[0])
    keep(yard, {"op": "refresh_reflections"})
    assert len(jobs(yard)) == 1
    keep(yard, {"op": "drop_reflection", "name": "SECOND"})
    assert [one["name"] for one in yard("GET", "reflection")["data"]] == ["first", "Raw Reflection"]
    assert keep(yard, {"op": "drop_reflection", "name": "second"})["jobState"] == "FAILED"


def test_refreshes_are_routed_to_the_queue_that_a_statement_names(yard: Yard) -> None:
    keep(yard, {"op": "route_reflections", "queue": "LARGE"})
    made(yard)

    assert jobs(yard)[0].settings["routingQueue"] == "LARGE"


def test_each_job_is_counted_by_how_far_a_reflection_came(yard: Yard) -> None:
    reflection = made(yard)
    for state in ("CONSIDERED", "MATCHED", "CHOSEN", "CHOSEN"):
        job = yard.submit("SELECT 1")
        yard.begin(job)
        relation = {"datasetId": reflection["datasetId"], "reflectionId": reflection["id"], "relationship": state}
        ended = yard.end(job, output={"acceleration": [relation]})
        assert ended["acceleration"] == {"reflectionRelationships": [relation]}

    shown = look(yard, reflection["id"])
    assert (shown["consideredCount"], shown["matchedCount"], shown["acceleratedCount"]) == (4, 3, 2)
    assert shown["tag"] == reflection["tag"]


def test_the_tables_of_the_system_tell_of_reflections(yard: Yard) -> None:
    reflection = made(yard)
    finish(yard, jobs(yard)[0])
    sql = "SELECT * FROM sys.reflections, sys.materializations, sys.refreshes, sys.project.reflection_dependencies"

    system = yard.context(yard.submit(sql))["catalog"]["system"]
    tables = {".".join(each["path"]): each for each in system}
    assert len(tables) == 8

    def rows(name: str) -> list[dict[str, Any]]:
        names = [column["name"] for column in tables[name]["columns"]]
        return [dict(zip(names, row, strict=True)) for row in tables[name]["rows"]]

    (shown,) = rows("sys.reflections")
    assert (shown["reflection_id"], shown["status"], shown["dimensions"]) == (reflection["id"], "CAN_ACCELERATE", "g")
    (held,) = rows("sys.project.materializations")
    assert (held["state"], held["size_bytes"], held["last_refresh_duration_millis"]) == ("DONE", 70, 0)
    assert rows("sys.refreshes")[0]["output_records"] == 7
    assert rows("sys.reflection_dependencies")[0]["dependency_path"] == "[lake, t]"

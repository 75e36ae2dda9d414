"""Reflections through a live server: made by real jobs, chosen by real queries, refreshed, routed and removed."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_live import ENDLESS, FINAL, Http
from live import Live
from waiting import until

SECONDS = 180.0
SALES = """CREATE TABLE lake.sales AS SELECT 'place ' || CAST(a.n % 3 AS VARCHAR) AS place, a.n AS n,
CAST(a.n AS DECIMAL(10,2)) AS price FROM (VALUES (1), (2), (3), (4), (5), (6), (7)) AS a(n)"""
SUMS = "SELECT place, SUM(price) AS s, AVG(n) AS a, COUNT(*) AS c FROM lake.sales GROUP BY place ORDER BY place"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("reflections") / "home").start()
    yield server
    server.close()


@pytest.fixture
def http(live: Live, request: pytest.FixtureRequest) -> Http:
    """Give a project with a table, and no reflections."""
    http = Http(live)
    if http.send("GET", "catalog/by-path/lake")[0] == 404:
        http("POST", "catalog", {"entityType": "space", "name": "lake"})
    http.run("DROP TABLE IF EXISTS lake.sales")
    assert http.run(SALES)["jobState"] == "COMPLETED", request.node.name
    return http


def dataset(http: Http, *path: str) -> dict[str, Any]:
    found: dict[str, Any] = http("GET", f"catalog/by-path/{'/'.join(path)}")
    return found


def named(http: Http, name: str) -> dict[str, Any] | None:
    return next((one for one in http("GET", "reflection")["data"] if one["name"] == name), None)


def ready(http: Http, name: str, word: str = "CAN_ACCELERATE") -> dict[str, Any]:
    """Return a reflection once its status is this."""

    def look() -> dict[str, Any] | None:
        found = named(http, name)
        return found if found and found["status"]["combinedStatus"] == word else None

    found = until(look, seconds=SECONDS)
    assert found is not None
    return found


def relations(job: dict[str, Any]) -> dict[str, str]:
    told = job.get("acceleration", {}).get("reflectionRelationships", [])
    return {each["reflectionId"]: each["relationship"] for each in told}


def of_reflections(http: Http, kind: str) -> list[dict[str, Any]]:
    return http.rows(
        f"SELECT job_id, query_type, user_name, queue_name, status FROM sys.project.jobs WHERE query_type = '{kind}'"
    )


def test_an_aggregation_by_the_api_answers_a_query_with_the_same_rows(http: Http) -> None:
    before = http.rows(SUMS)
    told = dataset(http, "lake", "sales")
    body = {
        "type": "AGGREGATION", "name": "sums", "datasetId": told["id"], "enabled": True,
        "dimensionFields": [{"name": "place"}],
        "measureFields": [{"name": "price", "measureTypeList": ["SUM", "COUNT"]}, {"name": "n"}],
    }  # fmt: skip
    made = http("POST", "reflection/", body)
    assert made["status"]["combinedStatus"] == "CANNOT_ACCELERATE_INITIALIZING"

    reflection = ready(http, "sums")
    job = http.submit(SUMS)

    ended = http.when(job, *FINAL)
    assert relations(ended) == {reflection["id"]: "CHOSEN"}
    assert ended["acceleration"]["reflectionRelationships"][0]["datasetId"] == told["id"]
    assert http("GET", f"job/{job}/results")["rows"] == before
    assert (reflection["recordCount"], reflection["status"]["refresh"]) == (3, "SCHEDULED")
    counted = named(http, "sums") or {}
    assert (counted["consideredCount"], counted["matchedCount"], counted["acceleratedCount"]) == (1, 1, 1)
    (row,) = http.rows(f"SELECT accelerated FROM sys.jobs WHERE job_id = '{job}'")
    assert row == {"accelerated": True}
    assert relations(http.run(SUMS.replace("SELECT", "SELECT /*+ no_reflections */", 1))) == {}


def test_a_refresh_is_a_job_of_its_own_user_in_its_own_queue(http: Http) -> None:
    http.run("ALTER TABLE lake.sales CREATE RAW REFLECTION copy USING DISPLAY (place, price) LOCALSORT BY (place)")
    reflection = ready(http, "copy")
    (held,) = http.rows("SELECT init_refresh_job_id AS job, state FROM sys.materializations")

    job = http.job(held["job"])
    assert held["state"] == "DONE"
    assert (job["jobState"], job["queryType"], job["queueName"]) == (
        "COMPLETED",
        "ACCELERATOR_CREATE",
        "REFLECTION_SMALL",
    )
    assert job["rowCount"] == 7
    assert http("GET", f"job/{held['job']}/reflection/{reflection['id']}")["queryType"] == "ACCELERATOR_CREATE"
    assert {row["user_name"] for row in of_reflections(http, "ACCELERATOR_CREATE")} == {"$dremio$"}


def test_statements_make_enable_refresh_and_drop_reflections(http: Http, live: Live) -> None:
    made = http.submit(
        "ALTER DATASET lake.sales CREATE AGGREGATE REFLECTION by_place USING DIMENSIONS (place) "
        "MEASURES (price (SUM, COUNT), n (MIN)) PARTITION BY (place)"
    )
    assert http.when(made, *FINAL)["jobState"] == "COMPLETED"
    assert http("GET", f"job/{made}/results")["rows"] == [{"ok": True, "summary": "Layout added."}]
    first = ready(http, "by_place")
    http.run("INSERT INTO lake.sales SELECT 'place 9', 9, 9.5")
    assert http.rows("SELECT COUNT(*) AS c FROM (SELECT place, SUM(price) FROM lake.sales GROUP BY place) AS q") == [
        {"c": 3}
    ]

    http.run("ALTER TABLE lake.sales REFRESH REFLECTIONS")

    until(lambda: (named(http, "by_place") or {})["recordCount"] == 4, seconds=SECONDS)
    assert http.rows("SELECT COUNT(*) AS c FROM (SELECT place, SUM(price) FROM lake.sales GROUP BY place) AS q") == [
        {"c": 4}
    ]
    http.run("ALTER TABLE lake.sales DISABLE AGGREGATE ACCELERATION")
    assert (named(http, "by_place") or {})["status"]["combinedStatus"] == "DISABLED"
    http.run("ALTER TABLE lake.sales ENABLE RAW ACCELERATION")
    assert [each["name"] for each in ready(http, "Raw Reflection")["displayFields"]] == ["place", "n", "price"]
    http.run("ALTER TABLE lake.sales DROP REFLECTION by_place")
    assert named(http, "by_place") is None
    top = live.home / "dremio"
    until(lambda: not [each for each in top.rglob("*") if first["id"] in str(each)], seconds=SECONDS)


WRONG = [
    ("ALTER TABLE lake.sales CREATE RAW REFLECTION r USING DISPLAY (nothing)", "does not exist in the dataset"),
    ("ALTER TABLE lake.sales CREATE RAW REFLECTION r USING DISPLAY (n) LOCALSORT BY (place)", "must also be a display"),
    ("ALTER TABLE lake.nowhere CREATE RAW REFLECTION r USING DISPLAY (n)", "Object 'lake.nowhere' not found"),
    ("ALTER TABLE lake.sales DROP REFLECTION r", "has no reflection [r]"),
    ("REFRESH REFLECTION 'a' AS 'b'", "REFRESH REFLECTION is not carried out"),
]


@pytest.mark.parametrize(("sql", "said"), WRONG)
def test_a_statement_that_cannot_be_fails_with_its_reason(http: Http, sql: str, said: str) -> None:
    job = http.run(sql)

    assert job["jobState"] == "FAILED"
    assert said in job["errorMessage"]


def test_a_view_over_files_of_a_source_is_accelerated_and_kept_up_to_date(http: Http, live: Live) -> None:
    folder = live.home / "s3" / "shop" / "days"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one.csv").write_text("place,n\nnorth,1\nsouth,2\nnorth,3\n")
    source = http("POST", "catalog", {
        "entityType": "source", "name": "shop", "type": "S3", "config": {"rootPath": "/shop"},
        "accelerationActivePolicyType": "REFRESH_ON_DATA_CHANGES",
    })  # fmt: skip
    view = "CREATE VIEW lake.days AS SELECT place, CAST(n AS INTEGER) AS n FROM shop.days WHERE place <> 'x'"
    assert http.run(view)["jobState"] == "COMPLETED"
    create = "ALTER VIEW lake.days CREATE AGGREGATE REFLECTION days USING DIMENSIONS (place) MEASURES (n (SUM, COUNT))"
    assert http.run(create)["jobState"] == "COMPLETED"
    reflection = ready(http, "days")
    asked = "SELECT place, SUM(n) AS s FROM lake.days GROUP BY place ORDER BY place"
    assert relations(http.run(asked))[reflection["id"]] == "CHOSEN"

    (folder / "two.csv").write_text("place,n\nsouth,40\n")

    # At no moment is it answered from what the files no longer say.
    assert http.rows(asked) == [{"place": "north", "s": 4}, {"place": "south", "s": 42}]
    until(lambda: relations(http.run(asked)).get(reflection["id"]) == "CHOSEN", seconds=SECONDS)
    assert http.rows(asked) == [{"place": "north", "s": 4}, {"place": "south", "s": 42}]
    assert source["name"] == "shop"


def test_a_folder_becomes_a_table_with_its_reflection_and_new_files_are_added_to_that(http: Http, live: Live) -> None:
    folder = live.home / "s3" / "logs" / "events"
    folder.mkdir(parents=True)
    (folder / "one.csv").write_text("kind,n\na,1\nb,2\n")
    http("POST", "catalog", {"entityType": "source", "name": "logs", "type": "S3", "config": {"rootPath": "/logs"}})
    create = "ALTER TABLE logs.events CREATE AGGREGATE REFLECTION events USING DIMENSIONS (kind) MEASURES (n (MAX))"
    assert http.run(create)["jobState"] == "COMPLETED"
    reflection = ready(http, "events")
    table = dataset(http, "logs", "events")
    assert (table["type"], table["format"]["type"]) == ("PHYSICAL_DATASET", "text")
    policy = {"activePolicyType": "NEVER", "method": "INCREMENTAL", "neverExpire": True}
    http("PUT", f"catalog/{table['id']}", {"tag": table["tag"], "accelerationRefreshPolicy": policy})

    (folder / "two.csv").write_text("kind,n\na,7\n")
    http("POST", f"catalog/{table['id']}/refresh")

    until(lambda: (named(http, "events") or {})["status"]["refreshMethod"] == "INCREMENTAL", seconds=SECONDS)
    asked = "SELECT kind, MAX(n) AS m, COUNT(*) AS c FROM logs.events GROUP BY kind ORDER BY kind"
    job = http.submit(asked)
    assert relations(http.when(job, *FINAL)) == {reflection["id"]: "CHOSEN"}
    assert http("GET", f"job/{job}/results")["rows"] == [
        {"kind": "a", "m": "7", "c": 2},
        {"kind": "b", "m": "2", "c": 1},
    ]
    assert (named(http, "events") or {})["recordCount"] == 3


def test_what_a_query_reads_is_not_removed_before_it_has_ended(http: Http, live: Live) -> None:
    http.run("ALTER TABLE lake.sales CREATE RAW REFLECTION copy USING DISPLAY (n)")
    reflection = ready(http, "copy")
    (held,) = [each for each in (live.home / "dremio").rglob(f"accelerator/{reflection['id']}/*") if each.is_dir()]
    chosen = f"/*+ choose_reflections('{reflection['id']}') */"
    job = http.submit(f"SELECT {chosen} SUM(s.n * t0.n * t13.n) FROM lake.sales AS s CROSS JOIN {ENDLESS}")
    http.when(job, "RUNNING")
    assert _is_read(held)

    http("POST", f"reflection/{reflection['id']}/refresh")
    until(lambda: len([each for each in held.parent.iterdir() if each.is_dir()]) == 2, seconds=SECONDS)
    ready(http, "copy")

    assert (held / "materialization.json").exists()
    http("POST", f"job/{job}/cancel")
    http.when(job, "CANCELED")
    until(lambda: not held.exists(), seconds=SECONDS)
    assert of_reflections(http, "ACCELERATOR_DROP")[0]["user_name"] == "$dremio$"


def _is_read(folder: Path) -> bool:
    with (folder / ".readers").open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_refresh_that_fails_is_told_and_harms_no_query(http: Http, live: Live) -> None:
    folder = live.home / "s3" / "broken" / "t"
    folder.mkdir(parents=True)
    (folder / "one.csv").write_text("n\n1\nx\n")
    http("POST", "catalog", {"entityType": "source", "name": "broken", "type": "S3", "config": {"rootPath": "/broken"}})
    assert http.run("CREATE VIEW lake.bad AS SELECT CAST(n AS INTEGER) AS n FROM broken.t")["jobState"] == "COMPLETED"
    http.run("ALTER VIEW lake.bad CREATE RAW REFLECTION bad USING DISPLAY (n)")

    def failed() -> dict[str, Any] | None:
        found = named(http, "bad")
        return found if found and found["status"]["failureCount"] else None

    found = until(failed, seconds=SECONDS)
    assert found is not None
    assert "Failed to cast the string x" in found["status"]["lastFailureMessage"]
    assert found["status"]["availability"] == "NONE"
    assert relations(http.run("SELECT n FROM lake.bad LIMIT 0")) == {}


def test_reflections_outlive_the_server(http: Http, live: Live) -> None:
    http.run("ALTER TABLE lake.sales CREATE RAW REFLECTION copy USING DISPLAY (n)")
    reflection = ready(http, "copy")
    live.stop()
    live.start()
    again = Http(live)

    assert relations(again.run("SELECT n FROM lake.sales")) == {reflection["id"]: "CHOSEN"}
    again("POST", f"reflection/{reflection['id']}/refresh")
    until(
        lambda: (
            (named(again, "copy") or {})["status"].get("lastRefreshFinished")
            != reflection["status"]["lastRefreshFinished"]
        ),
        seconds=SECONDS,
    )

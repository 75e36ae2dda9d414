"""Spaces, folders and sources as clients of Dremio make them: by SQL, and by the older calls of its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dremio_live import Http
from live import Live


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("spaces") / "home").start()
    yield server
    server.close()


@pytest.fixture
def http(live: Live) -> Http:
    return Http(live)


def roots(http: Http) -> dict[str, str]:
    """Return the type of each container that stands in nothing, by its name."""
    return {line["path"][0]: line["containerType"] for line in http("GET", "catalog")["data"]}


def test_a_space_is_made_filled_and_dropped_by_sql(http: Http) -> None:
    made = http.rows('/* dremio-cli: submitter=cli */\nCREATE SPACE "Analytics"')
    http.rows("CREATE FOLDER Analytics.reports")
    http.rows("CREATE VIEW Analytics.reports.one AS SELECT 1 AS n")
    before = roots(http)
    rows = http.rows("SELECT n FROM Analytics.reports.one")
    http.rows("DROP SPACE Analytics")

    assert made == [{"ok": True, "summary": "Space [Analytics] has been created."}]
    assert (before["Analytics"], rows) == ("SPACE", [{"n": 1}])
    assert "Analytics" not in roots(http)
    assert http.run("DROP SPACE Analytics")["jobState"] == "FAILED"
    assert http.rows("DROP SPACE IF EXISTS Analytics")[0]["ok"]


def test_a_space_has_one_name(http: Http) -> None:
    assert "A space has one name; [a.b] is the path of a folder" in http.run("CREATE SPACE a.b")["errorMessage"]


def test_a_folder_that_stands_in_nothing_is_a_space(http: Http) -> None:
    for _ in range(2):
        http.rows("CREATE FOLDER IF NOT EXISTS top")
    http.rows("CREATE FUNCTION top.twice (x INT) RETURNS INT RETURN x * 2")

    assert roots(http)["top"] == "SPACE"
    assert http.rows("SELECT top.twice(2) AS n") == [{"n": 4}]
    http.rows("DROP FOLDER top")
    assert "top" not in roots(http)


def test_a_folder_is_made_where_the_session_is(http: Http) -> None:
    http.rows("CREATE SPACE here")
    http.rows("CREATE FOLDER inner_one", context=["here"])

    assert http("GET", "catalog/by-path/here/inner_one")["entityType"] == "folder"
    assert "inner_one" not in roots(http)


def test_a_schema_that_is_not_there_is_not_used(http: Http) -> None:
    assert http.rows('USE "$scratch"')[0]["ok"]
    assert "Schema [nowhere.at] is not valid" in http.run("USE nowhere.at")["errorMessage"]

"""Spaces, folders and sources as clients of Dremio make them: by SQL, and by the older calls of its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dremio_live import Http
from live import Live
from waiting import until


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


@pytest.mark.parametrize("place", ["catalog", "/api/v3/catalog"])
def test_a_folder_of_one_name_is_a_space_in_the_api_too(http: Http, place: str) -> None:
    made = http("POST", place, {"entityType": "folder", "path": ["alone"]})
    http("POST", place, {"entityType": "folder", "path": ["alone", "within"]})

    assert (made["entityType"], roots(http)["alone"]) == ("space", "SPACE")
    http("DELETE", f"{place}/{made['id']}?tag={made['tag']}")
    assert "alone" not in roots(http)


def test_a_folder_is_made_where_the_session_is(http: Http) -> None:
    http.rows("CREATE SPACE here")
    http.rows("CREATE FOLDER inner_one", context=["here"])

    assert http("GET", "catalog/by-path/here/inner_one")["entityType"] == "folder"
    assert "inner_one" not in roots(http)


def test_a_schema_that_is_not_there_is_not_used(http: Http) -> None:
    assert http.rows('USE "$scratch"')[0]["ok"]
    assert "Schema [nowhere.at] is not valid" in http.run("USE nowhere.at")["errorMessage"]


# sources, by calls of their own


def test_a_source_is_made_seen_changed_and_removed_by_the_older_calls(http: Http, live: Live) -> None:
    folder = live.home / "lake"
    folder.mkdir()
    (folder / "n.csv").write_text("n\n1\n")
    made = http("POST", "/api/v3/source", {"name": "lake", "type": "NAS", "config": {"path": str(folder)}})
    listed = [(one["entityType"], one["name"]) for one in http("GET", "/api/v3/source/")["data"]]
    seen = http("GET", f"source/{made['id']}")
    http("PUT", f"/api/v3/source/{made['id']}", {**seen, "description": "ours"})
    space = http("POST", "catalog", {"entityType": "space", "name": "no_source"})

    assert listed == [("source", "$scratch"), ("source", "lake")]
    assert (seen["type"], [one["path"] for one in seen["children"]]) == ("NAS", [["lake", "n.csv"]])
    assert http("GET", f"catalog/{made['id']}")["description"] == "ours"
    assert http.send("GET", f"source/{space['id']}") == (
        404, {"errorMessage": f"Could not find source with id [{space['id']}]", "moreInfo": ""},
    )  # fmt: skip
    assert http.send("DELETE", f"source/{space['id']}")[0] == 404
    http("DELETE", f"/api/v3/source/{made['id']}")
    assert http.send("GET", f"source/{made['id']}")[0] == 404


def test_a_source_tells_its_policies_also_where_nothing_was_said(http: Http) -> None:
    plain = http("GET", "catalog/by-path/$scratch")
    made = http("POST", "catalog", {
        "entityType": "source", "name": "policies", "type": "NAS", "config": {},
        "accelerationRefreshPeriodMs": 7_200_000, "accelerationGracePeriodMs": 14_400_000,
    })  # fmt: skip

    assert [plain[name] for name in POLICIES] == [10_800_000, 3_600_000, False, False, False, False]
    assert [made[name] for name in POLICIES[:2]] == [14_400_000, 7_200_000]
    assert plain["metadataPolicy"]["datasetUpdateMode"] == "PREFETCH_QUERIED"
    assert http("PUT", f"catalog/{made['id']}", made)["metadataPolicy"] == made["metadataPolicy"]


POLICIES = (
    "accelerationGracePeriodMs", "accelerationRefreshPeriodMs", "accelerationNeverExpire", "accelerationNeverRefresh",
    "allowCrossSourceSelection", "disableMetadataValidityCheck",
)  # fmt: skip


# logins


def test_a_login_answers_what_strict_clients_read_and_no_more(http: Http, live: Live) -> None:
    told = http("POST", "/apiv2/login", {"userName": "admin", "password": live.credentials["password"]})

    assert sorted(told) == [
        "admin", "clusterCreatedAt", "clusterId", "email", "expires", "firstName", "lastName", "permissions", "token",
        "userCreatedAt", "userId", "userName", "version",
    ]  # fmt: skip


# who calls


def test_a_token_is_of_a_user_with_a_role(http: Http) -> None:
    (own,) = http("GET", "/v1/users?maxResults=1")["data"]

    assert (own["name"], own["roles"]) == ("admin", [{"id": "admin", "name": "admin", "type": "SYSTEM"}])
    assert http("GET", "/v1/users/name/admin") == http("GET", f"/v1/users/{own['id']}") == own
    assert http.send("GET", "/v1/users/name/nobody")[0] == 404
    assert http("GET", "/api/v3/user") == [own] == [http("GET", "/api/v3/user/by-name/admin")]
    assert own["tag"] == http("GET", f"/api/v3/user/{own['id']}")["tag"]
    assert (
        http("GET", "/api/v3/role/by-name/viewer")
        == http("GET", "/api/v3/role/viewer")
        == http("GET", "/v1/roles/viewer")
    )
    assert [one["name"] for one in http("GET", "/v1/roles")["data"]] == ["viewer", "operator", "admin"]
    assert http("GET", "/v1/roles/name/viewer") == http("GET", "/v1/roles/viewer")
    assert http.send("GET", "/v1/roles/PUBLIC")[0] == 404


# reflections


def test_a_reflection_that_nobody_has_named_has_a_name(http: Http) -> None:
    http.rows('CREATE TABLE "$scratch".named AS SELECT 1 AS n')
    table = http("GET", "catalog/by-path/$scratch/named")["id"]
    body = {"type": "RAW", "datasetId": table, "displayFields": [{"name": "n"}]}

    assert http("POST", "reflection", body)["name"] == "Raw Reflection"
    assert http.send("POST", "reflection", body)[0] == 409


# what Dremio's MCP server reads with types of its own


def test_a_graph_names_the_sources_and_homes_of_a_dataset_and_its_parents(http: Http) -> None:
    http.rows('CREATE TABLE "$scratch".root_of_it AS SELECT 1 AS n')
    http.rows('CREATE VIEW "@admin".of_root AS SELECT n FROM "$scratch".root_of_it')
    http.rows('CREATE SPACE "apart"')
    http.rows("CREATE VIEW apart.alone AS SELECT 1 AS n")
    graphs = [
        http("GET", f"catalog/{http('GET', f'catalog/by-path/{path}')['id']}/graph")
        for path in ("@admin/of_root", "$scratch/root_of_it", "apart/alone")
    ]

    assert [[one["path"][0] for one in graph["sources"]] for graph in graphs] == [
        ["@admin", "$scratch"],
        ["$scratch"],
        [],
    ]
    assert {one["containerType"] for graph in graphs for one in graph["sources"]} == {"HOME", "SOURCE"}


def test_a_project_names_its_cloud(http: Http) -> None:
    assert [project["cloudId"] for project in http("GET", "/v0/projects")] == ["runyard"]


# tables of the system


def test_views_may_be_of_tables_of_the_system(http: Http) -> None:
    view = {"entityType": "dataset", "type": "VIRTUAL_DATASET", "path": ["@admin", "jobs_by_api"]}
    shown = http("POST", "catalog", {**view, "sql": "SELECT job_id, query FROM jobs", "sqlContext": ["sys", "project"]})
    http.rows('CREATE VIEW "@admin".asked AS SELECT job_id FROM "@admin".jobs_by_api WHERE query LIKE \'%of mine\'')
    job = http.submit("SELECT 1 AS one -- of mine")
    http.when(job, "COMPLETED")

    assert [field["name"] for field in shown["fields"]] == ["job_id", "query"]
    assert http.rows("SELECT job_id FROM asked", context=["@admin"]) == [{"job_id": job}]


def test_a_view_of_tables_of_the_system_can_have_no_reflection(http: Http) -> None:
    http.rows('CREATE VIEW "@admin".states AS SELECT status FROM sys.jobs')
    http.rows('ALTER VIEW "@admin".states CREATE RAW REFLECTION held USING DISPLAY (status)')
    failed = "SELECT error_msg FROM sys.jobs WHERE query_type = 'ACCELERATOR_CREATE' AND status = 'FAILED'"

    rows = until(lambda: http.rows(failed), seconds=60)

    assert rows
    assert "@admin.states reads tables of the system, which change with every job" in rows[0]["error_msg"]


# what dbt asks before it grants


def test_there_are_no_privileges_by_object_and_who_grants_one_is_told_why(http: Http) -> None:
    for table in ("sys.privileges", "sys.project.privileges"):
        asked = f"SELECT privilege, grantee_type, grantee_id FROM {table} WHERE object_id = '@admin.v'"
        assert http.rows(asked) == []

    assert "follows from roles" in http.run('GRANT SELECT ON VIEW "@admin".v TO USER "admin"')["errorMessage"]

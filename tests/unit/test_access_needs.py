"""Every operation of every language says what it needs, and no language forgets to ask."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from runyard.core.access import Role
from runyard.dialects.databricks.calls import NEEDS as OF_DATABRICKS
from runyard.dialects.dremio.calls import NEEDS as OF_DREMIO

ROOT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "access_table.py"))  # which is in no package
NEEDS: dict[str, dict[str, Role]] = TOOL["needs"]()

READING = re.compile(
    r"(BatchGet|Get|List|Head|Describe|Filter|Assume|get|list|read|export|is[A-Z]|GET |HEAD |download)|.*(Info|Me)$"
)
ADMINISTRATION = {
    "Dremio": {
        *("createQueue", "updateQueue", "deleteQueue", "setRules", "deleteRules", "setEngineRules"),
        *("createEngine", "updateEngine", "deleteEngine", "enableEngine", "disableEngine"),
    },
    "Our own API": {
        *("GET /runyard/v1/users", "POST /runyard/v1/users", "POST /runyard/v1/users/{user}/role"),
        *("POST /runyard/v1/users/{user}/enable", "POST /runyard/v1/users/{user}/disable"),
        *("DELETE /runyard/v1/users/{user}", "POST /runyard/v1/proofs"),
    },
    "The console": {"GET /console/v1/server"},
}
OF_READERS = {  # changes nothing, or only what is the caller's own
    "STS": {"GetFederationToken", "GetSessionToken"},
    "Databricks": {"listClusterEvents", "createToken", "deleteToken"},
    "Dremio": {
        *("login", "loginV3", "loginApiv3", "logout", "logoutV3", "logoutApiv3"),
        *("getCatalogEntitiesByPaths", "getCatalogEntitiesByIds", "recommendReflections", "recommendReflectionsByJobs"),
        *(
            "recommendReflectionsOfDataset",
            "recommendReflectionsOfDatasetByType",
            "recommendReflectionsByUsage",
            "search",
            "searchCatalog",
        ),
    },
    "Arrow Flight's process": {"POST /flight/v1/plan"},
    "Our own API": {
        *("POST /runyard/v1/users/{user}/password", "POST /runyard/v1/tokens", "DELETE /runyard/v1/tokens/{token}"),
    },
}
WITH_SECRETS = {"Databricks": {"getSecret"}, "AWS Glue": {"GetConnection", "GetConnections"}}


@pytest.mark.parametrize("language", NEEDS)
def test_what_manages_people_or_the_server_needs_an_administrator(language: str) -> None:
    of_admins = {name for name, need in NEEDS[language].items() if need is Role.ADMIN}

    assert of_admins == ADMINISTRATION.get(language, set()) & NEEDS[language].keys()


@pytest.mark.parametrize("language", NEEDS)
def test_a_viewer_may_read_what_holds_no_secret_and_change_nothing(language: str) -> None:
    known = NEEDS[language]
    of_viewers = {name for name, need in known.items() if need is Role.VIEWER}

    unexpected = {name for name in of_viewers if not READING.match(name)} - OF_READERS.get(language, set())
    assert unexpected == set()
    refused = {name for name, need in known.items() if need is Role.OPERATOR and READING.match(name)}
    assert refused == WITH_SECRETS.get(language, set()) & known.keys()


def test_what_is_said_of_an_operation_is_said_of_one_that_there_is() -> None:
    assert OF_DATABRICKS.keys() <= NEEDS["Databricks"].keys()
    assert OF_DREMIO.keys() <= NEEDS["Dremio"].keys()


def test_the_page_about_access_tells_every_need() -> None:
    assert TOOL["table"]() in (ROOT / "docs" / "access.md").read_text(), "say `make docs`"

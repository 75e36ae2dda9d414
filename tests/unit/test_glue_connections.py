"""Connections of the Data Catalog: kept with their passwords, shown with or without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from glue_service import Glue, Refused, glue_service, names

from runyard.core.access import Role
from runyard.dialects.glue.operations import OPERATIONS

PROPERTIES = {"JDBC_CONNECTION_URL": "jdbc:postgresql://db:5432/shop", "USERNAME": "ann", "PASSWORD": "secret"}


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path / "home") as service:
        yield service


def given(name: str = "shop", **more: Any) -> dict[str, Any]:
    return {"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": PROPERTIES, **more}


def test_a_connection_is_shown_as_it_was_made_or_without_its_password(glue: Glue) -> None:
    made = glue("CreateConnection", ConnectionInput=given(Description="d", MatchCriteria=["a"]))
    shown = glue("GetConnection", Name="shop")["Connection"]
    hidden = glue("GetConnection", Name="shop", HidePassword=True)["Connection"]
    listed = glue("GetConnections", HidePassword=True)["ConnectionList"]

    assert made == {"CreateConnectionStatus": "READY"}
    assert (shown["Name"], shown["ConnectionType"], shown["Description"]) == ("shop", "JDBC", "d")
    assert shown["ConnectionProperties"] == PROPERTIES
    assert shown["CreationTime"] == shown["LastUpdatedTime"]
    assert hidden["ConnectionProperties"] == {name: PROPERTIES[name] for name in ("JDBC_CONNECTION_URL", "USERNAME")}
    assert listed == [hidden]


def test_every_password_in_clear_is_hidden_and_an_encrypted_one_is_not(glue: Glue) -> None:
    secrets = {"KAFKA_SASL_PLAIN_PASSWORD": "a", "KAFKA_CLIENT_KEYSTORE_PASSWORD": "b", "ENCRYPTED_PASSWORD": "c"}
    glue("CreateConnection", ConnectionInput={**given(), "ConnectionType": "KAFKA", "ConnectionProperties": secrets})

    shown = glue("GetConnection", Name="shop", HidePassword=True)["Connection"]["ConnectionProperties"]
    assert shown == {"ENCRYPTED_PASSWORD": "c"}


def test_connections_are_listed_by_name_in_pages_and_by_filter(glue: Glue) -> None:
    for name, kind in (("c", "JDBC"), ("a", "KAFKA"), ("b", "JDBC")):
        glue("CreateConnection", ConnectionInput={**given(name), "ConnectionType": kind, "MatchCriteria": [name]})
    first = glue("GetConnections", MaxResults=2)
    rest = glue("GetConnections", MaxResults=2, NextToken=first["NextToken"])

    assert names(first, "ConnectionList", "Name") == ["a", "b"]
    assert (names(rest, "ConnectionList", "Name"), "NextToken" in rest) == (["c"], False)
    for wanted, found in (({"ConnectionType": "JDBC"}, ["b", "c"]), ({"MatchCriteria": ["a"]}, ["a"])):
        assert names(glue("GetConnections", Filter=wanted), "ConnectionList", "Name") == found


def test_an_update_overwrites_and_a_name_stays(glue: Glue) -> None:
    glue("CreateConnection", ConnectionInput=given(Description="d"))
    properties = {"JDBC_CONNECTION_URL": "jdbc:sqlite:/x"}
    glue("UpdateConnection", Name="shop", ConnectionInput={**given(), "ConnectionProperties": properties})
    shown = glue("GetConnection", Name="shop")["Connection"]

    assert (shown["ConnectionProperties"], "Description" in shown) == (properties, False)
    assert shown["LastUpdatedTime"] > shown["CreationTime"]
    with pytest.raises(Refused, match=r"InvalidInputException.*names stay"):
        glue("UpdateConnection", Name="shop", ConnectionInput=given("other"))


def test_what_is_there_is_not_made_again_and_what_is_not_is_not_found(glue: Glue) -> None:
    glue("CreateConnection", ConnectionInput=given())
    with pytest.raises(Refused, match="AlreadyExistsException"):
        glue("CreateConnection", ConnectionInput=given())
    glue("DeleteConnection", ConnectionName="shop")
    for operation, members in (
        ("GetConnection", {"Name": "shop"}),
        ("DeleteConnection", {"ConnectionName": "shop"}),
        ("UpdateConnection", {"Name": "shop", "ConnectionInput": given()}),
    ):
        with pytest.raises(Refused, match=r"EntityNotFoundException.*Connection shop not found"):
            glue(operation, **members)


def test_several_are_deleted_at_once_and_those_that_are_not_there_are_told(glue: Glue) -> None:
    glue("CreateConnection", ConnectionInput=given())
    told = glue("BatchDeleteConnection", ConnectionNameList=["shop", "none"])

    assert told["Succeeded"] == ["shop"]
    assert told["Errors"]["none"]["ErrorCode"] == "EntityNotFoundException"
    assert glue("GetConnections") == {"ConnectionList": []}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"ConnectionInput": given(AuthenticationConfiguration={"AuthenticationType": "BASIC"})},
            "USERNAME and PASSWORD",
        ),
        ({"ConnectionInput": given(ValidateCredentials=True)}, "tried by the jobs"),
        ({"ConnectionInput": {**given(), "ConnectionType": "FAX"}}, "ValidationException"),
    ],
)
def test_what_would_be_passed_over_is_refused(glue: Glue, members: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        glue("CreateConnection", **members)


def test_who_may_only_look_does_not_see_connections() -> None:
    reads = [one for one in OPERATIONS.values() if one.resource == "connections" and one.verb in {"get", "list"}]

    assert len(reads) == 2
    assert {one.need for one in reads} == {Role.OPERATOR}

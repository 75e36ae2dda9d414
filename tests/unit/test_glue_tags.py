"""Tags of what is no job: databases, connections and sessions carry them from their making on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from glue_service import Glue, Refused, glue_service

COMMAND = {"Name": "pythonshell", "PythonVersion": "3.9"}
CONNECTION = {
    "Name": "shop",
    "ConnectionType": "JDBC",
    "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:sqlite:/x"},
}
MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "database": ("CreateDatabase", {"DatabaseInput": {"Name": "Shop"}}),
    "connection": ("CreateConnection", {"ConnectionInput": CONNECTION}),
    "session": ("CreateSession", {"Id": "shop", "Role": "arn:aws:iam::1:role/any", "Command": COMMAND}),
}


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path / "home") as service:
        yield service


def arn(kind: str, name: str = "shop") -> str:
    return f"arn:aws:glue:us-east-1:123456789012:{kind}/{name}"


def make(glue: Glue, kind: str, **more: Any) -> None:
    operation, members = MADE[kind]
    glue(operation, **members, **more)


def tags(glue: Glue, kind: str) -> dict[str, str]:
    return dict(glue("GetTags", ResourceArn=arn(kind))["Tags"])


@pytest.mark.parametrize("kind", MADE)
def test_tags_of_its_making_are_shown_changed_and_removed(glue: Glue, kind: str) -> None:
    make(glue, kind, Tags={"a": "1", "b": "1"})
    made = tags(glue, kind)
    glue("TagResource", ResourceArn=arn(kind), TagsToAdd={"b": "2", "c": "3"})
    glue("UntagResource", ResourceArn=arn(kind), TagsToRemove=["a", "unknown"])
    changed = tags(glue, kind)
    glue("UntagResource", ResourceArn=arn(kind), TagsToRemove=["b", "c"])

    assert made == {"a": "1", "b": "1"}
    assert changed == {"b": "2", "c": "3"}
    assert tags(glue, kind) == {}


@pytest.mark.parametrize("kind", MADE)
def test_what_was_made_without_tags_has_none_and_takes_at_most_fifty(glue: Glue, kind: str) -> None:
    make(glue, kind)
    glue("TagResource", ResourceArn=arn(kind), TagsToAdd={str(number): "" for number in range(50)})

    with pytest.raises(Refused, match=r"^InvalidInputException: A resource may have at most 50 tags"):
        glue("TagResource", ResourceArn=arn(kind), TagsToAdd={"one more": ""})
    assert len(tags(glue, kind)) == 50


@pytest.mark.parametrize("kind", MADE)
def test_what_is_not_there_has_no_tags(glue: Glue, kind: str) -> None:
    with pytest.raises(Refused, match=rf"^EntityNotFoundException: {kind.capitalize()} none not found\."):
        glue("GetTags", ResourceArn=arn(kind, "none"))


def test_an_update_leaves_tags_as_they_are(glue: Glue) -> None:
    make(glue, "database", Tags={"a": "1"})
    make(glue, "connection", Tags={"b": "2"})
    glue("UpdateDatabase", Name="shop", DatabaseInput={"Name": "shop", "Description": "new"})
    glue("UpdateConnection", Name="shop", ConnectionInput={**CONNECTION, "Description": "new"})

    assert (tags(glue, "database"), tags(glue, "connection")) == ({"a": "1"}, {"b": "2"})
    assert glue("GetDatabase", Name="shop")["Database"]["Description"] == "new"
    assert glue("GetConnection", Name="shop")["Connection"]["Description"] == "new"


def test_tags_go_with_what_carried_them(glue: Glue) -> None:
    make(glue, "database", Tags={"a": "1"})
    glue("DeleteDatabase", Name="shop")
    make(glue, "database")

    assert tags(glue, "database") == {}

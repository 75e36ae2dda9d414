from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlencode

import pytest
from records import a_workspace

from runyard.core.access import Role
from runyard.core.errors import LedgerUnavailable, RunyardError
from runyard.dialects.aws import iam, logs, sts
from runyard.dialects.aws.account import account_of, region_of
from runyard.dialects.exchange import Reply, Request
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.settings import Settings
from runyard.store.store import open_store

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    store = open_store("sqlite://")
    yield Engine(store, Home(tmp_path / "home").make(), Settings(preload=()))
    store.close()


def a_request(body: str = "", *, query: dict[str, str] | None = None, workspace: str = "default") -> Request:
    id_ = 1 if workspace == "default" else 2
    return Request(
        method="POST",
        path="/",
        query=query or {},
        headers={"authorization": "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/iam/aws4_request, Signature=x"},
        body=body.encode(),
        workspace=a_workspace(id_, workspace),
        user="admin",
        role=Role.ADMIN,
        url="http://127.0.0.1",
    )


def ask(engine: Engine, action: str, *, workspace: str = "default", **members: str) -> dict[str, str]:
    """Return the text of every element of the answer that has one, by its name."""
    service = sts if action in sts.OPERATIONS else iam
    reply = service.answer(engine, a_request(urlencode({"Action": action, **members}), workspace=workspace))
    return {"status": str(reply.status), **flat(reply)}


def flat(reply: Reply) -> dict[str, str]:
    return {one.tag.partition("}")[2]: one.text for one in ET.fromstring(reply.body).iter() if one.text}  # noqa: S314 - our own XML


def test_an_account_is_twelve_digits_that_follow_from_the_workspace() -> None:
    accounts = [account_of(a_workspace(number, name)) for number, name in ((1, "default"), (9, "default"), (2, "b"))]

    assert accounts[0] == accounts[1] != accounts[2]
    assert all(len(one) == 12 and one.isdecimal() and one[0] != "0" for one in accounts)


def test_the_region_is_the_one_signed_for() -> None:
    assert region_of(a_request()) == "eu-west-1"
    assert region_of(Request(**{**vars(a_request()), "headers": {}})) == "us-east-1"


def test_the_caller_is_told_who_it_is(engine: Engine) -> None:
    told = ask(engine, "GetCallerIdentity")

    assert told["Arn"] == f"arn:aws:iam::{told['Account']}:user/admin"
    assert told["UserId"].startswith("AIDA")
    assert len(told["UserId"]) == 21
    assert told["RequestId"]


def test_an_operation_may_be_named_in_the_query_of_the_url(engine: Engine) -> None:
    reply = sts.answer(engine, a_request(query={"Action": "GetCallerIdentity", "Version": "2011-06-15"}))

    assert reply.status == 200


@pytest.mark.parametrize("action", ["AssumeRole", "GetSessionToken"])
def test_keys_that_would_mean_nothing_are_not_given_out(engine: Engine, action: str) -> None:
    told = ask(engine, action)

    assert (told["status"], told["Code"], told["Type"]) == ("400", "UnsupportedOperation", "Sender")
    assert told["Message"].startswith(f"{action} is not supported by this server")


def test_a_role_is_kept_as_it_was_made(engine: Engine) -> None:
    tags = {"Tags.member.1.Key": "team", "Tags.member.1.Value": "data & more", "Tags.member.2.Key": "bare"}
    made = ask(
        engine,
        "CreateRole",
        RoleName="etl",
        Path="/jobs/",
        AssumeRolePolicyDocument=TRUST,
        Description="<b>",
        MaxSessionDuration="7200",
        **tags,
    )

    found = ask(engine, "GetRole", RoleName="etl")

    assert {**found, "RequestId": ""} == {**made, "RequestId": ""}
    assert found["Arn"].endswith(":role/jobs/etl")
    assert (found["Path"], found["Description"], found["MaxSessionDuration"]) == ("/jobs/", "<b>", "7200")
    assert unquote(found["AssumeRolePolicyDocument"]) == TRUST
    assert found["RoleId"].startswith("AROA")


def test_a_role_belongs_to_its_workspace(engine: Engine) -> None:
    ask(engine, "CreateRole", RoleName="etl", AssumeRolePolicyDocument=TRUST)

    assert ask(engine, "GetRole", RoleName="etl", workspace="other")["Code"] == "NoSuchEntity"


def test_a_role_that_is_not_there_is_said_so(engine: Engine) -> None:
    for action in ("GetRole", "DeleteRole"):
        told = ask(engine, action, RoleName="etl")

        assert (told["status"], told["Code"]) == ("404", "NoSuchEntity")
        assert told["Message"] == "The role with name etl cannot be found."


def test_a_role_is_never_made_over_another(engine: Engine) -> None:
    first = ask(engine, "CreateRole", RoleName="etl", AssumeRolePolicyDocument=TRUST)

    told = ask(engine, "CreateRole", RoleName="etl", AssumeRolePolicyDocument=TRUST, Path="/other/")

    assert (told["status"], told["Code"]) == ("409", "EntityAlreadyExists")
    assert told["Message"] == "Role with name etl already exists."
    assert ask(engine, "GetRole", RoleName="etl")["Arn"] == first["Arn"]


def test_a_role_made_anew_is_another_one(engine: Engine) -> None:
    first = ask(engine, "CreateRole", RoleName="etl", AssumeRolePolicyDocument=TRUST)
    assert ask(engine, "DeleteRole", RoleName="etl")["status"] == "200"

    second = ask(engine, "CreateRole", RoleName="etl", AssumeRolePolicyDocument=TRUST)

    assert first["Arn"] == second["Arn"]
    assert first["RoleId"] != second["RoleId"]


def test_roles_are_listed_in_pages_by_name(engine: Engine) -> None:
    for name in ("c", "a", "b"):
        ask(engine, "CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST, Path=f"/{name}/")

    first = ask(engine, "ListRoles", MaxItems="2")
    second = ask(engine, "ListRoles", MaxItems="2", Marker=first["Marker"])
    of_one_path = ask(engine, "ListRoles", PathPrefix="/c")

    assert (first["RoleName"], first["IsTruncated"]) == ("b", "true")
    assert (second["RoleName"], second["IsTruncated"]) == ("c", "false")
    assert "Marker" not in second
    assert (of_one_path["RoleName"], of_one_path["IsTruncated"]) == ("c", "false")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "ValidationError"),
        ({"RoleName": ""}, "ValidationError"),
        ({"RoleName": "../../etc/passwd"}, "ValidationError"),
        ({"RoleName": "x" * 65}, "ValidationError"),
        ({"RoleName": "a", "Path": "nowhere"}, "ValidationError"),
        ({"RoleName": "a", "AssumeRolePolicyDocument": TRUST, "MaxSessionDuration": "5"}, "ValidationError"),
        ({"RoleName": "a"}, "MalformedPolicyDocument"),
        ({"RoleName": "a", "AssumeRolePolicyDocument": "[]"}, "MalformedPolicyDocument"),
    ],
)
def test_a_role_that_breaks_a_rule_is_not_made(engine: Engine, members: dict[str, str], code: str) -> None:
    told = ask(engine, "CreateRole", **members)

    assert (told["status"], told["Code"]) == ("400", code)
    assert "RoleName" not in ask(engine, "ListRoles")


def test_a_role_that_cannot_be_kept_is_not_acknowledged(engine: Engine) -> None:
    (engine.home.path / "roles").write_text("in the way of the folder")

    told = ask(engine, "CreateRole", RoleName="etl", AssumeRolePolicyDocument=TRUST)

    assert (told["status"], told["Code"], told["Type"]) == ("500", "ServiceFailure", "Receiver")
    assert "could not be kept" in told["Message"]


def test_an_unknown_operation_is_refused_and_the_known_ones_are_named(engine: Engine) -> None:
    told = ask(engine, "AttachRolePolicy", RoleName="etl")

    assert (told["status"], told["Code"]) == ("400", "InvalidAction")
    assert "CreateRole, DeleteRole, GetRole, ListRoles" in told["Message"]


class Disbelief(Exception):
    def __init__(self, code: str) -> None:
        super().__init__("why")
        self.code = code


@pytest.mark.parametrize(
    ("code", "of_forms", "of_json"),
    [
        ("MissingAuthenticationToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        ("IncompleteSignature", "IncompleteSignature", "IncompleteSignatureException"),
        ("UnrecognizedClient", "InvalidClientTokenId", "UnrecognizedClientException"),
        ("ExpiredRequest", "RequestExpired", "ExpiredTokenException"),
        ("InvalidSignature", "SignatureDoesNotMatch", "InvalidSignatureException"),
        ("SkewedClock", "SignatureDoesNotMatch", "InvalidSignatureException"),
    ],
)
def test_who_is_not_believed_is_told_why_in_each_protocol(code: str, of_forms: str, of_json: str) -> None:
    form = sts.refuse(Disbelief(code), status=403)
    document = logs.refuse(Disbelief(code), status=403)

    assert (form.status, flat(form)["Code"], flat(form)["Message"]) == (403, of_forms, "why")
    assert (document.status, json.loads(document.body)) == (403, {"__type": of_json, "message": "why"})


def test_a_defect_and_a_ledger_that_is_away_are_errors_of_the_server() -> None:
    away = LedgerUnavailable("The disk is full.")

    assert (iam.refuse(RunyardError("x"), status=500).status, iam.refuse(away, status=500).status) == (500, 500)
    assert logs.refuse(away, status=500).status == 503
    assert json.loads(logs.refuse(RunyardError("x"), status=500).body)["__type"] == "InternalFailure"

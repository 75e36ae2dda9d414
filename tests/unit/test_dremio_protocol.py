"""Dremio's language on HTTP: paths, projects, logins, refusals, and the document that describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from dremio_yard import Yard, open_yard
from moving import START
from openapi_spec_validator import validate

from runyard.core import errors
from runyard.core.errors import LedgerUnavailable, RunyardError
from runyard.dialects.dremio.calls import EVERYWHERE
from runyard.dialects.dremio.errors import STATUS, status_of
from runyard.dialects.dremio.login import login_in
from runyard.dialects.dremio.openapi import described
from runyard.dialects.dremio.operations import OPERATIONS
from runyard.dialects.dremio_ids import project_id
from runyard.dialects.exchange import Login
from runyard.web.sigv4_claim import SignatureError


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        yield yard


# projects


def test_a_token_of_another_project_is_refused(yard: Yard) -> None:
    other = project_id("other")

    status, text = yard.refusal("GET", f"/v0/projects/{other}/catalog")

    assert (status, other in text) == (403, True)
    assert yard.refusal("POST", f"/v0/projects/{other}/sql", {"sql": "SELECT 1"})[0] == 403
    assert yard.refusal("GET", f"/v0/projects/{other}")[0] == 403
    assert yard("GET", f"{yard.cloud.upper().replace('/V0/PROJECTS', '/v0/projects')}/catalog")["data"]


def test_a_job_of_another_workspace_is_none(yard: Yard) -> None:
    job = yard.submit()
    yard.workspace = yard.engine.workspace("other")

    assert yard.refusal("GET", f"job/{job}")[0] == 404


# what there is not


def test_what_there_is_not_is_said_in_dremios_shape(yard: Yard) -> None:
    assert yard.refusal("GET", "nothing") == (404, "There is nothing at /api/v3/nothing.")
    assert yard.refusal("GET", "sql") == (405, "/api/v3/sql cannot be asked for by GET; use POST.")
    assert yard.refusal("GET", f"{yard.cloud}/wlm/queue")[0] == 404
    assert yard.refusal("GET", "engines")[0] == 404


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b'{"sql": ' + b"[" * 9999 + b"]" * 9999 + b"}"])
def test_a_body_that_is_no_object_is_refused(yard: Yard, body: bytes) -> None:
    status, text = yard.refusal("POST", "sql", body)

    assert (status, "body" in text.lower()) == (400, True)


def test_an_empty_body_says_nothing(yard: Yard) -> None:
    assert yard.refusal("POST", "sql") == (400, "The member sql is missing; it must be given.")


# who is let in


@pytest.mark.parametrize("place", ["/apiv2/login", "/api/v3/login", "/apiv3/login"])
def test_a_login_gives_a_token_at_each_place(yard: Yard, place: str) -> None:
    body = {"userName": "ada", "password": "secret"}

    told = yard("POST", place, body)

    assert login_in("POST", f"{place}/", json.dumps(body).encode()) == Login(user="ada", password="secret")
    assert (told["token"], told["userName"], told["expires"], told["admin"]) == ("token of ada", "ada", START, True)
    assert yard("GET", place) is True
    assert yard("DELETE", place, authorization="_dremio x") is None
    assert yard.sessions.closed == ["_dremio x"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"userName": "ada"}', b'{"userName": null, "password": 1}'])
def test_a_login_that_says_nothing_is_one_of_nobody(body: bytes) -> None:
    told = login_in("POST", "/apiv2/login", body)

    assert told is not None
    assert not (told.user and told.password)


def test_other_calls_are_no_logins() -> None:
    assert login_in("GET", "/apiv2/login", b"") is None
    assert login_in("POST", "/api/v3/sql", b"{}") is None


def test_who_is_not_known_is_told_so(yard: Yard) -> None:
    reply = yard.language.refuse(SignatureError("UnrecognizedClient", "no"), status=403)

    assert (reply.status, json.loads(reply.body)) == (401, {"errorMessage": "no", "moreInfo": ""})
    assert yard.language.refuse(RunyardError("defect"), status=500).status == 500
    assert yard.language.refuse(LedgerUnavailable("away"), status=500).status == 503


def test_every_error_has_a_status() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not RunyardError}

    assert {kind for kind in kinds if issubclass(kind, RunyardError)} == set(STATUS)
    assert status_of(RunyardError("?")) == 500


# the document


def test_the_document_is_valid_and_has_every_operation() -> None:
    document: dict[str, Any] = msgspec.json.decode(described(OPERATIONS))

    validate(document)

    ids = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids)) == sum(len(one.bases) for one in OPERATIONS)
    submit = document["paths"]["/v0/projects/{project_id}/sql"]["post"]
    assert submit["operationId"] == "submitSql"
    assert [one["name"] for one in submit["parameters"]] == ["project_id"]
    assert document["paths"]["/api/v3/job/{id}/cancel"]["post"]["responses"].keys() == {"204", "default"}
    assert "/api/v3/catalog/by-path/{path}" in document["paths"]


def test_an_operation_is_told_apart_by_method_and_path() -> None:
    places = [(one.method, base + one.path) for one in OPERATIONS for base in one.bases]

    assert len(places) == len(set(places))
    assert {base for one in OPERATIONS for base in one.bases} > set(EVERYWHERE)

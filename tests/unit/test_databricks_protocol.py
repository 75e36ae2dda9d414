"""How the language reads calls and spells answers, whatever the operation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import platform
from databricks_yard import Yard, databricks_yard, script

from runyard.core import errors as core
from runyard.core.access import Role
from runyard.core.errors import LedgerUnavailable, LimitReached, RunyardError
from runyard.dialects.databricks.calls import JOBS_VERSIONS, Operation
from runyard.dialects.databricks.errors import CODES, STATUS, wire_error
from runyard.dialects.databricks.jobs.triggers import triggers_of
from runyard.dialects.databricks.operations import OPERATIONS
from runyard.dialects.databricks.protocol import Databricks
from runyard.dialects.databricks.routes import Routes
from runyard.dialects.exchange import Reply, Request
from runyard.web.sigv4_claim import SignatureError


@dataclass
class Speaker:
    """Speaks the language over an engine that starts nothing."""

    yard: Yard
    dialect: Databricks

    def ask(self, method: str, path: str, body: Any = b"", **more: Any) -> Reply:
        request = Request(
            method=method,
            path=path,
            query={},
            headers={},
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
            workspace=self.yard.workspace,
            user="ada@example.com",
            role=Role.ADMIN,
            url="http://127.0.0.1:1",
        )
        return self.dialect.answer(self.yard.engine, replace(request, **more))

    def said(self, method: str, path: str, body: Any = b"", **more: Any) -> dict[str, Any]:
        reply = self.ask(method, path, body, **more)
        told: dict[str, Any] = json.loads(reply.body)
        assert reply.status == 200, told
        return told

    def refused(self, method: str, path: str, body: Any = b"", **more: Any) -> tuple[int, str, str]:
        reply = self.ask(method, path, body, **more)
        told = json.loads(reply.body)
        return reply.status, told["error_code"], told["message"]


@pytest.fixture
def speaker(tmp_path: Path) -> Iterator[Speaker]:
    with databricks_yard(tmp_path / "home") as yard:
        yield Speaker(yard, Databricks())


@pytest.fixture
def job_id(speaker: Speaker) -> int:
    return speaker.yard.create(script("main"), name="one")


# reading


def test_numbers_may_come_as_text(speaker: Speaker, job_id: int) -> None:
    told = speaker.said("POST", "/api/2.1/jobs/update", {"job_id": str(job_id), "new_settings": {"name": "two"}})

    assert told == {}
    assert speaker.yard.settings(job_id)["name"] == "two"


@pytest.mark.parametrize("spelling", ["true", "True"])
def test_flags_may_come_as_text(speaker: Speaker, job_id: int, spelling: str) -> None:
    jobs = speaker.said("GET", "/api/2.1/jobs/list", query={"expand_tasks": spelling, "page_token": ""})["jobs"]

    assert [one["job_id"] for one in jobs] == [job_id]
    assert [task["task_key"] for task in jobs[0]["settings"]["tasks"]] == ["main"]


def test_empty_members_are_absent(speaker: Speaker, job_id: int) -> None:
    told = speaker.said(
        "POST",
        "/api/2.2/jobs/run-now",
        {"job_id": job_id, "jar_params": [], "notebook_params": {"a": "1"}, "idempotency_token": "", "only": None},
    )

    assert told["number_in_job"] == told["run_id"]


def test_nothing_said_of_a_continuous_job_still_makes_it_one(speaker: Speaker) -> None:
    told = speaker.said("POST", "/api/2.2/jobs/create", {"name": "always", "tasks": [script("a")], "continuous": {}})

    job = speaker.yard.engine.job(speaker.yard.workspace, told["job_id"])
    assert [(one.kind, one.is_paused) for one in triggers_of(job)] == [("continuous", False)]
    assert speaker.yard.settings(told["job_id"])["continuous"] == {}


@pytest.mark.parametrize("name", ["schedule", "trigger", "triggers", "git_source", "tags", "parameters"])
def test_other_settings_that_are_empty_say_nothing(speaker: Speaker, name: str) -> None:
    empty: Any = [] if name in ("triggers", "parameters") else {}

    told = speaker.said("POST", "/api/2.2/jobs/create", {"name": "plain", "tasks": [script("a")], name: empty})

    assert triggers_of(speaker.yard.engine.job(speaker.yard.workspace, told["job_id"])) == []


def test_a_number_beyond_64_bits_is_refused(speaker: Speaker) -> None:
    status, code, text = speaker.refused("GET", "/api/2.2/jobs/get", query={"job_id": str(2**63)})

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert text == f"Invalid value for job_id: expected a whole number of 64 bits, got {2**63}."


def test_a_call_that_gets_may_have_a_body(speaker: Speaker, job_id: int) -> None:
    told = speaker.said("GET", "/api/2.0/jobs/get", {"job_id": job_id})

    assert told["job_id"] == job_id


@pytest.mark.parametrize("content_type", ["text/json", "application/x-www-form-urlencoded", ""])
def test_json_is_json_whatever_its_type_is_called(speaker: Speaker, job_id: int, content_type: str) -> None:
    told = speaker.said("POST", "/api/2.0/jobs/delete", {"job_id": job_id}, headers={"content-type": content_type})

    assert told == {}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "Invalid JSON given in the body of the request - failed to parse given JSON"),
        (b"[1]", "Invalid JSON given in the body of the request - expected a map"),
        (b"[" * 100_000, "Invalid JSON given in the body of the request - failed to parse given JSON"),
        (
            b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}",
            "Invalid JSON given in the body of the request - it is nested deeper than 200 levels",
        ),
        (b'{"job_id": "\\ud800"}', "Invalid JSON given in the body of the request - failed to parse given JSON"),
    ],
)
def test_what_is_no_json_object_is_refused(speaker: Speaker, body: bytes, text: str) -> None:
    status, code, message = speaker.refused("POST", "/api/2.0/jobs/delete", body)

    assert (status, code) == (400, "MALFORMED_REQUEST")
    assert message.startswith(text)


def test_a_missing_member_is_named(speaker: Speaker) -> None:
    assert speaker.refused("GET", "/api/2.1/jobs/get") == (
        400,
        "INVALID_PARAMETER_VALUE",
        "Missing required field: job_id",
    )


def test_a_member_of_another_type_is_refused_by_name(speaker: Speaker) -> None:
    status, code, message = speaker.refused("GET", "/api/2.1/jobs/get", query={"job_id": "abc"})

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "job_id" in message


def test_a_form_brings_texts_and_a_file(speaker: Speaker, tmp_path: Path) -> None:
    content = b"a\r\n--b\r\nnot the end: --bound\r\n\x00\xff"
    body = (
        b'--bound\r\nContent-Disposition: form-data; name="path"\r\n\r\n/form.bin\r\n'
        b'--bound\r\nContent-Disposition: form-data; name="contents"; filename="x"\r\n\r\n'
        + content
        + b"\r\n--bound--\r\n"
    )

    speaker.said("POST", "/api/2.0/dbfs/put", body, headers={"content-type": "multipart/form-data; boundary=bound"})

    assert (tmp_path / "home/dbfs/form.bin").read_bytes() == content


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--bound",
        b"--bound\r\n",
        b'--bound\r\nContent-Disposition: form-data; name="path"\r\n\r\n/x',
        b'--bound\r\nContent-Disposition: form-data; name="path"\r\n\r\n/x\r\n--bound\r\n',
        b"--bound\r\nContent-Disposition: form-data\r\n\r\n/x\r\n--bound--",
        b"--bound\r\n--bound--",
        b"".join(b'--bound\r\nX: ;name="%d"\r\n\r\n\r\n' % number for number in range(1001)) + b"--bound--",
        b'--bound\r\nX: ;name="contents"\r\n\r\n' + b"a" * (16 * 1024 * 1024 + 1) + b"\r\n--bound--",
    ],
    ids=range(9),
)
def test_a_form_that_breaks_off_or_is_too_much_is_refused(speaker: Speaker, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=bound"}

    status, code, _ = speaker.refused("POST", "/api/2.0/dbfs/put", body, headers=headers)

    assert (status, code) == (400, "MALFORMED_REQUEST")


def test_a_form_without_a_boundary_is_refused(speaker: Speaker) -> None:
    headers = {"content-type": "multipart/form-data"}

    assert speaker.refused("POST", "/api/2.0/dbfs/put", b"--x--", headers=headers)[:2] == (400, "MALFORMED_REQUEST")


def test_a_body_in_a_file_is_read_too(speaker: Speaker, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.write_text(json.dumps({"path": "/a.txt", "contents": "YQ=="}))

    speaker.said("POST", "/api/2.0/dbfs/put", spool=spool)

    assert (tmp_path / "home/dbfs/a.txt").read_text() == "a"


def test_what_is_not_base64_is_refused(speaker: Speaker) -> None:
    status, code, message = speaker.refused("POST", "/api/2.0/dbfs/put", {"path": "/a", "contents": "%%%"})

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "contents" in message


# answering


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/2.1/jobs/unknown"),
        ("GET", "/api/2.3/jobs/list"),
        ("POST", "/api/2.1/jobs/list"),
        ("GET", "/api/2.1/"),
        ("GET", "/api/1.2/commands/status"),
    ],
)
def test_what_there_is_not_is_told_as_the_service_tells_it(speaker: Speaker, method: str, path: str) -> None:
    expected = f"No API found for '{method} {path.removeprefix('/api')}'"

    assert speaker.refused(method, path) == (404, "ENDPOINT_NOT_FOUND", expected)


def test_every_answer_names_its_workspace(speaker: Speaker) -> None:
    reply = speaker.ask("GET", "/api/2.0/preview/scim/v2/Me")

    assert reply.headers["x-databricks-org-id"] == str(speaker.yard.workspace.id)
    assert reply.headers["content-type"] == "application/json"


def test_an_error_has_the_services_envelope(speaker: Speaker) -> None:
    reply = speaker.ask("GET", "/api/2.1/jobs/get", query={"job_id": "5"})

    assert reply.status == 404
    assert json.loads(reply.body) == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "message": "Job 5 does not exist.",
        "details": [],
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [(LimitReached("Too many.", job_name="j"), 429), (LedgerUnavailable("The disk is full."), 503)],
)
def test_who_comes_too_early_is_told_when_to_come_again(speaker: Speaker, error: RunyardError, status: int) -> None:
    reply = speaker.dialect.refuse(error, status=500)

    assert reply.status == status
    assert int(reply.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "MissingAuthenticationToken",
            (401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API."),
        ),
        ("UnrecognizedClient", (403, "PERMISSION_DENIED", "Invalid access token.")),
    ],
)
def test_who_is_not_believed_is_told_in_the_services_words(
    speaker: Speaker, code: str, expected: tuple[int, str, str]
) -> None:
    reply = speaker.dialect.refuse(SignatureError(code, "ours"), status=403)

    told = json.loads(reply.body)
    assert (reply.status, told["error_code"], told["message"]) == expected


def test_every_error_of_the_core_has_a_code() -> None:
    errors = {one for one in vars(core).values() if isinstance(one, type) and issubclass(one, RunyardError)}

    assert errors - {RunyardError} == set(CODES)
    assert set(CODES.values()) <= set(STATUS)


def test_a_refinement_of_an_error_keeps_its_code() -> None:
    class Narrower(core.InvalidRequest):
        """One that an engine may raise."""

    assert wire_error(Narrower("no")).code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("code", sorted(set(STATUS) & set(platform.ERROR_CODE_MAPPING)))
def test_the_sdk_maps_our_status_to_what_the_code_says(code: str) -> None:
    by_code = platform.ERROR_CODE_MAPPING[code]

    # A resource that exists comes with 400, as the service sends it, though its class stands below 409.
    assert issubclass(by_code, platform.STATUS_CODE_MAPPING[STATUS[code]]) or code == "RESOURCE_ALREADY_EXISTS"


# the table


def test_no_two_operations_share_a_name_or_a_place() -> None:
    places = [(one.method, version, one.path) for one in OPERATIONS for version in one.versions]

    assert len({one.id for one in OPERATIONS}) == len(OPERATIONS)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_operation_is_found_by_its_path(operation: Operation) -> None:
    routes = Routes(OPERATIONS)
    path = operation.path.replace("{path*}", "/a/b").replace("{job_id}", "7").replace("{id}", "x")

    for version in operation.versions:
        route = routes.find(operation.method, f"/api/{version}/{path}")
        assert (route.operation.id, route.version) == (operation.id, version)


def test_jobs_are_spoken_of_in_three_versions() -> None:
    ofjobs = [one for one in OPERATIONS if one.path.startswith("jobs/")]

    assert {one.versions for one in ofjobs} == {JOBS_VERSIONS}
    assert len(ofjobs) == 16


def test_a_defective_path_of_a_file_is_told_and_nothing_breaks(speaker: Speaker) -> None:
    long = "x" * 300

    status, code, _ = speaker.refused("GET", "/api/2.0/dbfs/get-status", query={"path": f"/{long}"})

    assert (status, code) == (400, "IO_ERROR")

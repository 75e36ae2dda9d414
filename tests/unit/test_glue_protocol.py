from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from glue_service import JOB, Glue, glue_service

from runyard.core.errors import LedgerUnavailable, RunyardError
from runyard.dialects.exchange import Reply
from runyard.dialects.glue import protocol


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path) as service:
        yield service


def wire(reply: Reply) -> tuple[int, str, Any]:
    return reply.status, reply.headers.get("x-amzn-errortype", ""), msgspec.json.decode(reply.body)


def test_an_answer_has_the_headers_of_json_1_1_and_an_id_of_its_own(glue: Glue) -> None:
    one, other = glue.reply("GetJobs", {}), glue.reply("GetJobs", b"")

    assert one.headers["content-type"] == "application/x-amz-json-1.1"
    assert one.headers["x-amzn-requestid"] != other.headers["x-amzn-requestid"]
    assert one.body == other.body == b'{"Jobs":[]}'


def test_moments_are_seconds_with_milliseconds(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)

    job = msgspec.json.decode(glue.reply("GetJob", {"JobName": "nightly"}).body)["Job"]

    assert isinstance(job["CreatedOn"], float)
    assert 1_800_000_000 < job["CreatedOn"] < 1_800_000_001


def test_an_error_has_its_code_in_the_body_and_in_a_header(glue: Glue) -> None:
    assert wire(glue.reply("GetJob", {"JobName": "none"})) == (
        400,
        "EntityNotFoundException",
        {"__type": "EntityNotFoundException", "Message": "Job none not found."},
    )


def test_a_broken_constraint_is_a_validation_exception(glue: Glue) -> None:
    assert wire(glue.reply("GetJob", {}))[:2] == (400, "ValidationException")


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b'{"JobName": "x"} {}', b'"\xff"', b'{"JobName": "\\ud800"}', b"[" * 100_000]
)
def test_a_body_that_is_no_json_is_a_serialization_exception(glue: Glue, body: bytes) -> None:
    status, code, members = wire(glue.reply("GetJob", body))

    assert (status, code) == (400, "SerializationException")
    assert members["Message"].startswith("The body is not JSON that can be read: ")


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("CreateCrawler", "CreateCrawler is not supported by this version of runyard."),
        ("Nonsense", "'Nonsense' is not an operation of AWS Glue."),
        ("", "'' is not an operation of AWS Glue."),
    ],
)
def test_an_operation_we_do_not_speak_is_refused_once_and_for_all(glue: Glue, operation: str, message: str) -> None:
    assert wire(glue.reply(operation, b"no json")) == (
        400,
        "UnknownOperationException",
        {"__type": "UnknownOperationException", "Message": message},
    )


class Unproved(Exception):
    """What the web says of a caller it does not believe."""

    def __init__(self, code: str) -> None:
        super().__init__("Who are you?")
        self.code = code


@pytest.mark.parametrize(
    ("why", "code"),
    [
        ("MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        ("IncompleteSignature", "IncompleteSignatureException"),
        ("UnrecognizedClient", "UnrecognizedClientException"),
        ("ExpiredRequest", "ExpiredTokenException"),
        ("SkewedClock", "InvalidSignatureException"),
    ],
)
def test_a_caller_who_is_not_believed_is_told_so_in_json(why: str, code: str) -> None:
    assert wire(protocol.refuse(Unproved(why), status=403)) == (
        403,
        code,
        {"__type": code, "Message": "Who are you?"},
    )


@pytest.mark.parametrize("error", [LedgerUnavailable("The disk is full."), RunyardError("The disk is full.")])
def test_a_server_that_cannot_answer_says_so(error: RunyardError) -> None:
    assert wire(protocol.refuse(error, status=500)) == (
        500,
        "InternalServiceException",
        {"__type": "InternalServiceException", "Message": "The disk is full."},
    )

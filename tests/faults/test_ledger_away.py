"""Callers whose credential stands in a ledger that does not answer: told so, in the language that they speak."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from access_live import People
from botocore.exceptions import ClientError
from console_yard import Visitor
from live import Live
from postgres_server import running_server

SOON = "The server's ledger does not answer now: try again soon."


@dataclass
class Away:
    """A server whose ledger has gone, and credentials that it has not seen yet."""

    live: Live
    people: People
    token: dict[str, Any]
    password: str


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    home = tmp_path_factory.mktemp("away") / "home"
    with running_server() as postgres:
        live = Live(home, ("--store", postgres.new_database())).start()
        people = People(live)
        password = people.add("ana", "operator")
        known = Away(live, people, people.token("ana"), password)
    yield known
    live.close()


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/runyard/v1/runs", {"error": "ledger_unavailable"}),
        ("GET", "/console/v1/runs", {"error": "ledger_unavailable"}),
        ("GET", "/api/2.2/jobs/list", {"error_code": "TEMPORARILY_UNAVAILABLE"}),
        ("PUT", "/api/2.0/fs/files/Volumes/a/b/c/x", {}),
        ("GET", "/api/v3/catalog", {}),
        ("GET", "/console/v1/events", {}),
        ("GET", "/console/v1/sql/words", {}),
        ("GET", "/nothing", {}),
    ],
)
def test_a_token_that_cannot_be_looked_up_is_not_refused_and_no_defect(
    away: Away, method: str, path: str, said: dict[str, str]
) -> None:
    status, answer = away.people.told(method, path, away.token["token"])

    assert status == 503
    assert said.items() <= answer.items()
    assert SOON in json.dumps(answer)


@pytest.mark.parametrize(
    ("service", "asked", "code"),
    [
        ("glue", lambda client: client.get_jobs(), "InternalServiceException"),
        ("s3", lambda client: client.list_buckets(), "ServiceUnavailable"),
    ],
)
def test_keys_that_cannot_be_looked_up_are_not_refused(away: Away, service: str, asked: Any, code: str) -> None:
    with pytest.raises(ClientError) as caught:
        asked(away.people.boto3(away.token, service))

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["Error"]["Message"].startswith(SOON)


def test_who_signs_in_is_told_to_try_again(away: Away) -> None:
    given = {"user": "ana", "password": away.password}
    reply = Visitor(away.live).ask("POST", "/console/v1/session", given)

    assert reply.status == 503
    assert json.loads(reply.read())["message"].startswith(SOON)


def test_the_log_says_why_in_a_line(away: Away) -> None:
    away.people.told("GET", "/runyard/v1/runs", away.token["token"])
    log = (away.live.home / "server.log").read_text()

    assert "who calls could not be looked up: The ledger could not be read" in log
    assert "Exception in ASGI application" not in log

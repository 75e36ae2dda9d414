"""Credentials that end while they are in use: streams, sessions, signed URLs, and a server that was killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from access_live import People
from botocore.exceptions import ClientError
from live import Live
from waiting import until


@pytest.fixture
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that a test may kill."""
    server = Live(tmp_path_factory.mktemp("ends") / "home", settings="preload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def people(live: Live) -> People:
    return People(live)


def stream(live: Live, token: str) -> http.client.HTTPResponse:
    """Return an open stream of events, behind its greeting."""
    place = urlsplit(live.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.request("GET", "/console/v1/events", headers={"authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.readline() == b"event: hello\n"
    while answer.readline() != b"\n":
        continue
    return answer


def sql(live: Live, user: str, password: str) -> psycopg.Connection[Any]:
    place = json.loads((live.home / "server.json").read_text())["pg"].rpartition("@")[2]
    return psycopg.connect(f"postgresql://{user}:{password}@{place}", autocommit=True)


@pytest.mark.parametrize("how", ["revoked", "disabled", "removed", "without a role"])
def test_a_stream_of_events_ends_with_the_credential_that_opened_it(live: Live, people: People, how: str) -> None:
    people.add("ana", "viewer")
    token = people.token("ana")
    other = people.token("ana", name="other")
    answer, beside = stream(live, token["token"]), stream(live, live.credentials["token"])
    end = {
        "revoked": lambda: people.revoke(token),
        "disabled": lambda: people.disable("ana"),
        "removed": lambda: people.remove("ana"),
        "without a role": lambda: people.role("ana", None),
    }
    end[how]()

    assert answer.read() == b""
    assert people.told("GET", "/runyard/v1/me", token["token"])[0] == 401
    assert people.told("GET", "/runyard/v1/me", other["token"])[0] == (200 if how == "revoked" else 401)
    run = people.told(
        "POST", "/runyard/v1/runs", live.credentials["token"], {"script": {"name": "on.py", "source": "print(1)"}}
    )[1]
    told = b""
    while str(run["id"]).encode() not in told:  # whoever else listens goes on hearing
        told = beside.readline()


def test_an_open_session_of_sql_learns_of_each_change_with_its_next_statement(live: Live, people: People) -> None:
    people.add("ana", "operator")
    token = people.token("ana")
    with sql(live, "ana", token["token"]) as connection:
        connection.execute("CREATE VIEW one AS SELECT 1 AS a")
        people.role("ana", "viewer")
        with pytest.raises(psycopg.Error) as lowered:
            connection.execute("DROP VIEW one")
        assert connection.execute("SELECT a FROM one").fetchall() == [(1,)]
        people.revoke(token)
        with pytest.raises(psycopg.Error) as gone:
            connection.execute("SELECT a FROM one")
        with pytest.raises(psycopg.Error) as still_gone:
            connection.execute("SELECT 1")

    assert lowered.value.sqlstate == "42501"
    assert (gone.value.sqlstate, still_gone.value.sqlstate) == ("28000", "28000")


def test_a_result_that_is_being_read_is_read_to_its_end_and_no_other_begun(live: Live, people: People) -> None:
    people.add("ana", "viewer")
    token = people.token("ana")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i FROM n"
    with sql(live, "ana", token["token"]) as connection, connection.cursor() as cursor:
        rows = cursor.stream(numbers)
        assert next(rows) == (1,)
        people.revoke(token)
        assert sum(1 for _ in rows) == 199_999
        with pytest.raises(psycopg.Error, match="no longer good"):
            cursor.execute("SELECT 1")


def test_a_signed_url_ends_with_its_key(live: Live, people: People) -> None:
    people.add("ana", "operator")
    token = people.token("ana")
    s3 = people.boto3(token, "s3")
    s3.create_bucket(Bucket="shelf")
    s3.put_object(Bucket="shelf", Key="a", Body=b"kept")
    url = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "shelf", "Key": "a"}))

    def status() -> int:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
        connection.request("GET", f"{url.path}?{url.query}")
        return connection.getresponse().status

    assert status() == 200
    people.revoke(token)
    assert status() == 403
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="shelf", Key="a")
    assert caught.value.response["Error"]["Code"] == "InvalidAccessKeyId"
    del live


def test_users_tokens_and_logins_outlive_a_server_that_was_killed(live: Live, people: People) -> None:
    password = people.add("ana", "operator")
    token = people.token("ana")
    login = people.told("POST", "/apiv2/login", "none", {"userName": "ana", "password": password})[1]["token"]
    gone = people.token("ana", name="gone")
    people.revoke(gone)
    live.kill()
    live.start()

    known = (200, "ana", "operator")
    for credential in (token["token"], login):
        status, told = people.told("GET", "/runyard/v1/me", credential)
        assert (status, told["user"], told["role"]) == known
    assert people.told("GET", "/runyard/v1/me", gone["token"])[0] == 401
    with sql(live, "ana", password) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_passwords_are_not_guessed_by_trying_them_in_any_language(live: Live, people: People) -> None:
    password = people.add("ana", "viewer")
    people.add("bob", "viewer")
    for number in range(10):
        wrong = {"userName": "ana", "password": f"guess {number}"}
        assert people.told("POST", "/apiv2/login", "none", wrong)[0] == 401
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        sql(live, "ana", password)
    assert people.told("POST", "/apiv2/login", "none", {"userName": "ana", "password": password})[0] == 401
    token = people.token("ana")["token"]
    assert people.told("GET", "/runyard/v1/me", token)[0] == 200
    with sql(live, "admin", live.credentials["password"]) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_launcher_that_does_not_answer_is_shown_as_one(live: Live, people: People) -> None:
    def launcher() -> dict[str, Any] | None:
        status, told = people.told("GET", "/console/v1/server", live.credentials["token"])
        assert status == 200
        known: dict[str, Any] | None = told["launcher"]
        return known

    alive = until(launcher)  # a machine under load may need more than one look
    assert alive is not None
    os.kill(alive["pid"], signal.SIGSTOP)
    try:
        assert launcher() is None
    finally:
        os.kill(alive["pid"], signal.SIGCONT)
    again = until(launcher)
    assert again is not None
    assert again["pid"] == alive["pid"]


def test_a_thousand_strangers_cost_the_server_no_memory_of_them(live: Live, people: People) -> None:
    for number in range(1000):
        assert people.told("GET", "/runyard/v1/me", f"ryt_{number:048x}")[0] == 401

    assert people.told("GET", "/runyard/v1/me", live.credentials["token"])[0] == 200

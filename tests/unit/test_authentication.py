from __future__ import annotations

import base64
from pathlib import Path

import pytest

from runyard.web.authentication import Caller, Gate, foreign_page_in, is_local
from runyard.web.credentials import credentials_file, load_credentials


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(credentials=load_credentials(tmp_path), is_open=False)


@pytest.fixture
def open_gate(tmp_path: Path) -> Gate:
    return Gate(credentials=load_credentials(tmp_path), is_open=True)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_the_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    first = load_credentials(tmp_path)

    assert load_credentials(tmp_path) == first
    assert credentials_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["credentials.json"]


def test_the_keys_are_not_shown_by_accident(tmp_path: Path) -> None:
    keys = load_credentials(tmp_path)

    assert keys.secret_key not in repr(keys)
    assert keys.token not in f"{keys}"


def test_only_the_administrators_token_or_password_lets_in(gate: Gate) -> None:
    known = Caller(user="admin", workspace="default")
    keys = gate.credentials

    assert gate.by_authorization({"authorization": f"Bearer {keys.token}"}) == known
    assert gate.by_authorization({"authorization": basic("admin", keys.password)}) == known
    for wrong in (
        "",
        "Bearer",
        "Bearer x",
        "Bearer ws.other",
        basic("admin", "x"),
        "Basic %%%",
        f"Bearer {keys.token}x",
    ):
        assert gate.by_authorization({"authorization": wrong}) is None


def test_only_the_known_access_key_has_a_secret(gate: Gate) -> None:
    keys = gate.credentials

    assert gate.secret_of(keys.access_key) == keys.secret_key
    assert gate.secret_of("ws.default") is None


@pytest.mark.parametrize("credential", ["Bearer ws.team", basic("ws.team", "any")])
def test_with_authentication_off_a_credential_names_its_workspace(open_gate: Gate, credential: str) -> None:
    caller = open_gate.by_authorization({"authorization": credential})

    assert caller is not None
    assert caller.workspace == "team"
    assert open_gate.by_access_key("ws.team").workspace == "team"
    assert open_gate.by_access_key("anything").workspace == "default"


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "[::1]:8642", "bucket.localhost:1", "LOCALHOST:1"])
def test_this_machine_is_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:8642", "localhost.evil.example", "10.0.0.1:8642"])
def test_others_are_not_local(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize(
    ("origin", "is_sent_away"),
    [("http://here:8642", False), ("https://elsewhere", True), ("http://here:1", True), ("null", True)],
)
def test_a_kept_password_serves_the_servers_own_pages_only(origin: str, *, is_sent_away: bool) -> None:
    headers = [("host", "here:8642"), ("authorization", "Basic YTpi"), ("origin", origin)]

    assert (foreign_page_in(headers) is not None) == is_sent_away
    assert foreign_page_in([("host", "here:8642"), ("authorization", "Bearer t"), ("origin", origin)]) is None
    assert foreign_page_in(headers[:2]) is None

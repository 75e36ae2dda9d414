from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.core.access import Role
from runyard.core.ids import Ids
from runyard.dialects.exchange import Login
from runyard.engine.access import Access
from runyard.engine.engine import now_ms
from runyard.store.store import open_store
from runyard.web.authentication import OWNER, Caller, Gate
from runyard.web.credentials import credentials_file, load_credentials
from runyard.web.strangers import foreign_page_in, is_local


@pytest.fixture
def access(tmp_path: Path) -> Iterator[Access]:
    store = open_store("sqlite://")
    yield Access(store, tmp_path, ids=Ids(now_ms), clock=now_ms)
    store.close()


@pytest.fixture
def gate(tmp_path: Path, access: Access) -> Gate:
    return Gate(credentials=load_credentials(tmp_path), access=access, is_open=False)


@pytest.fixture
def open_gate(tmp_path: Path, access: Access) -> Gate:
    return Gate(credentials=load_credentials(tmp_path), access=access, is_open=True)


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
    known = Caller(user="admin", workspace="default", role=Role.ADMIN)
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
    assert open_gate.by_access_key("ws.team") == Caller(user="ws.team", workspace="team", role=Role.ADMIN)
    assert open_gate.by_access_key("anything") == Caller(user="anything", workspace="default", role=Role.ADMIN)


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


# as Dremio's clients do


@pytest.mark.parametrize("spelled", ["Bearer {}", "bearer {}", "_dremio{}", "_dremio {}", "_DREMIO  {}", "{}", " {} "])
def test_a_token_is_known_however_dremios_clients_spell_it(gate: Gate, spelled: str) -> None:
    told = spelled.format(gate.credentials.token)

    assert gate.by_authorization({"authorization": told}) == OWNER
    assert gate.by_authorization({"authorization": f"{told}x"}) is None


def test_a_login_takes_a_password_and_gives_a_token_until_it_is_taken_back(gate: Gate) -> None:
    assert gate.by_login(Login(user="admin", password=gate.credentials.password)) == OWNER

    token, ends_at = gate.open_session("admin", "default")

    assert gate.by_authorization({"authorization": f"_dremio{token}"}) == OWNER
    assert 29 * 3_600_000 < ends_at - time.time() * 1000 < 31 * 3_600_000
    gate.close_session(token)
    assert gate.by_authorization({"authorization": f"_dremio{token}"}) is None


def test_a_token_outlives_the_server_that_gave_it_and_none_is_made_up(gate: Gate) -> None:
    token, _ = gate.open_session("admin", "default")
    claim, _, seal = token.rpartition(".")

    again = Gate(credentials=gate.credentials, access=gate.access, is_open=False)
    assert again.by_authorization({"authorization": token}) == OWNER
    for wrong in (
        f"{claim}1.{seal}",
        f"{claim}.{seal[:-1]}0{seal[-1]}",
        f"session.ffffffffffff.00.{seal}",
        "session..",
    ):
        assert gate.by_authorization({"authorization": wrong}) is None


@pytest.mark.parametrize(("user", "password"), [("admin", "x"), ("", "x"), ("admin", "")])
def test_a_wrong_login_lets_nobody_in(gate: Gate, user: str, password: str) -> None:
    assert gate.by_login(Login(user=user, password=password)) is None


def test_a_login_names_its_workspace_where_everybody_is_believed(open_gate: Gate) -> None:
    told = Login(user="ws.sales", password="anything")

    assert open_gate.by_login(told) == Caller(user="ws.sales", workspace="sales", role=Role.ADMIN)
    assert open_gate.open_session("ws.sales", "sales")[0] == "ws.sales"

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from upstream import Asked, Told, answering

from runyard.client.channel import Call
from runyard.client.connection import DATABRICKS, DREMIO, GLUE
from runyard.client.connections import Connections, Here, read_connections
from runyard.client.credentials import AwsKeys, Bearer
from runyard.client.databricks import Databricks
from runyard.client.dremio import Dremio
from runyard.client.errors import CallFailed, WrongConnection
from runyard.client.glue import Glue
from runyard.client.service import Service

HERE = Here(url="http://127.0.0.1:8642", token="t", access_key="AK", secret_key="sk")
PROD = {"service": "databricks", "url": "https://dbc-1.cloud.databricks.com", "token": "secret-1"}


def test_the_default_is_this_server_in_every_language() -> None:
    known = Connections({"prod": PROD}, environment={}, here=HERE)

    assert known.find(DATABRICKS, None).url == "http://127.0.0.1:8642"
    assert known.find(DATABRICKS, None).credentials == Bearer(token="t")
    assert known.find(GLUE, "local").credentials == AwsKeys(access_key="AK", secret_key="sk", region="us-east-1")
    assert known.is_here("127.0.0.1:8642")
    assert not known.is_here("prod")


def test_a_connection_is_found_by_name_deployment_or_host() -> None:
    known = Connections({"prod": PROD}, environment={}, here=HERE)

    assert known.find(DATABRICKS, "prod").url == "https://dbc-1.cloud.databricks.com"
    assert known.find(DATABRICKS, "dbc-1").name == "prod"
    assert known.find(DATABRICKS, "dbc-1.cloud.databricks.com").name == "prod"
    assert known.names(DATABRICKS) == ["local", "prod"]


def test_an_account_of_aws_is_found_by_name_region_or_number() -> None:
    words = {"service": "aws", "access_key": "AK", "secret_key": "sk", "region": "eu-west-1", "account": "123456789012"}
    known = Connections({"lake": words}, environment={}, here=HERE)

    assert known.find(GLUE, "lake").url == "https://glue.eu-west-1.amazonaws.com"
    assert known.find(GLUE, "eu-west-1").name == "lake"
    assert known.find(GLUE, "123456789012").name == "lake"


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    known = Connections({"prod": PROD}, environment={}, here=HERE)

    with pytest.raises(WrongConnection, match=r"'nowhere' for databricks\. Known are: local, prod"):
        known.find(DATABRICKS, "nowhere")


def test_a_connection_of_another_service_is_not_meant() -> None:
    known = Connections({"prod": PROD}, environment={}, here=HERE)

    with pytest.raises(WrongConnection):
        known.find(GLUE, "prod")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"service": "oracle"}, "service must be one of"),
        ({"service": "databricks", "tokken": "secret-1"}, "no setting tokken"),
        ({"service": "databricks", "limit": 0}, "limit must be a number"),
        ({"service": "databricks", "limit": "10"}, "limit must be a number"),
        ({"service": "databricks", "token": 5}, "token must be a text"),
        ("databricks", "must be a table"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_name(words: Any, told: str) -> None:
    with pytest.raises(WrongConnection, match=f"connections.prod.*{told}") as refused:
        Connections({"prod": words}, environment={})

    assert "secret-1" not in str(refused.value)


def test_what_is_missing_is_told_when_it_is_wanted_and_not_before() -> None:
    known = Connections(
        {"a": {"service": "databricks", "url": "https://a"}, "b": {"service": "glue", "access_key": "AK"}},
        environment={},
    )

    with pytest.raises(WrongConnection, match="'a' has no token"):
        known.find(DATABRICKS, "a")
    with pytest.raises(WrongConnection, match="'b' has no region"):
        known.find(GLUE, "b")


def test_secrets_may_stand_in_variables() -> None:
    words = {"service": "databricks", "url": "https://a", "token_env": "PROD_TOKEN"}

    known = Connections({"a": words}, environment={"PROD_TOKEN": "secret-2"})
    assert known.find(DATABRICKS, "a").credentials == Bearer(token="secret-2")

    with pytest.raises(WrongConnection, match="token_env names PROD_TOKEN, which the environment has not set"):
        Connections({"a": words}, environment={}).find(DATABRICKS, "a")


def test_settings_are_read_from_a_file_and_a_missing_one_has_none(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    assert read_connections(file) == {}

    file.write_text('places = 3\n[connections.prod]\nservice = "databricks"\nlimit = 10\n')
    assert read_connections(file) == {"prod": {"service": "databricks", "limit": 10}}

    file.write_text("connections = ")
    with pytest.raises(WrongConnection, match=r"settings\.toml"):
        read_connections(file)


# the environment


def test_the_environment_names_a_connection_of_its_own() -> None:
    environment = {
        "DATABRICKS_HOST": "dbc-2.cloud.databricks.com",
        "DATABRICKS_TOKEN": "secret-3",
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": "sk",
        "AWS_SESSION_TOKEN": "st",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": "http://elsewhere:1234",
        "DREMIO_TOKEN": "secret-4",
        "DREMIO_PROJECT_ID": "p-1",
    }
    known = Connections({}, environment=environment)

    assert known.find(DATABRICKS, None).url == "https://dbc-2.cloud.databricks.com"
    assert known.find(GLUE, "env").url == "http://elsewhere:1234"
    assert known.find(GLUE, "us-west-2").credentials == AwsKeys(
        access_key="AK", secret_key="sk", session_token="st", region="us-west-2"
    )
    assert (known.find(DREMIO, None).url, known.find(DREMIO, "p-1").name) == ("https://api.dremio.cloud", "env")


def test_the_environment_of_this_server_is_no_other_service() -> None:
    environment = {"DATABRICKS_HOST": "http://localhost:8642", "DATABRICKS_TOKEN": "t"}
    known = Connections({}, environment=environment, here=HERE)

    assert known.names(DATABRICKS) == ["local"]


def test_with_nothing_to_go_by_it_is_said_what_to_set() -> None:
    with pytest.raises(WrongConnection, match="AWS_ACCESS_KEY_ID"):
        Connections({}, environment={}).find(GLUE, None)


# profiles


def test_a_profile_of_databricks_is_read(tmp_path: Path) -> None:
    (tmp_path / ".databrickscfg").write_text(
        "[DEFAULT]\nhost = https://default\ntoken = d\n[prod]\nhost = https://prod/\ntoken = p%q\n"
    )
    known = Connections(
        {"a": {"service": "databricks", "profile": "prod"}, "b": {"service": "databricks", "profile": "nope"}},
        environment={"HOME": str(tmp_path)},
    )

    assert known.find(DATABRICKS, "a").url == "https://prod"
    assert known.find(DATABRICKS, "a").credentials == Bearer(token="p%q")
    with pytest.raises(WrongConnection, match="no profile 'nope'; it has DEFAULT, prod"):
        known.find(DATABRICKS, "b")


def test_profiles_of_aws_are_read_from_both_files(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[default]\nregion = eu-west-1\n[profile team]\nregion = us-east-2\nendpoint_url = http://local:1\n"
        "[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\n"
    )
    (tmp_path / "keys").write_text(
        "[default]\naws_access_key_id = A1\naws_secret_access_key = S1\n"
        "[team]\naws_access_key_id = A2\naws_secret_access_key = S2\naws_session_token = T2\n"
    )
    environment = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "keys"),
    }
    known = Connections(
        {name: {"service": "glue", "profile": name} for name in ("default", "team", "role")}, environment=environment
    )

    assert known.find(GLUE, "default").url == "https://glue.eu-west-1.amazonaws.com"
    assert known.find(GLUE, "team").url == "http://local:1"
    assert known.find(GLUE, "team").credentials == AwsKeys(
        access_key="A2", secret_key="S2", session_token="T2", region="us-east-2"
    )
    with pytest.raises(WrongConnection, match=r"role_arn, which is not read here.*export-credentials --profile role"):
        known.find(GLUE, "role")


def test_a_profile_is_a_connection_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / ".databrickscfg").write_text("[team]\nhost = https://team\ntoken = t\n[prod]\nhost = https://other\n")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile lake]\nregion = eu-west-1\n[sso-session x]\nsso_region = a\n")
    (tmp_path / ".aws" / "credentials").write_text("[lake]\naws_access_key_id = A\naws_secret_access_key = S\n")
    known = Connections({"prod": PROD}, environment={"HOME": str(tmp_path)}, here=HERE)

    assert (known.names(DATABRICKS), known.names(GLUE)) == (["local", "prod", "team"], ["local", "lake"])
    assert known.find(DATABRICKS, "team").url == "https://team"
    assert known.find(DATABRICKS, "prod").url == PROD["url"]
    assert known.find(GLUE, "lake").region == "eu-west-1"


def test_a_profile_that_says_too_little_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".databrickscfg").write_text(
        "[broken]\nauth_type = azure-cli\n[team]\nhost = https://t.x.y\ntoken = t\n"
    )
    known = Connections({}, environment={"HOME": str(tmp_path)})

    assert known.find(DATABRICKS, "t").name == "team"
    with pytest.raises(WrongConnection, match="'broken' has no url"):
        known.find(DATABRICKS, "broken")


def test_a_server_offers_nobody_the_profiles_of_its_own_user() -> None:
    known = Connections({}, environment={}, here=HERE)

    assert (known.names(DATABRICKS), known.names(GLUE)) == (["local"], ["local"])


def test_what_settings_say_stands_above_the_profile(tmp_path: Path) -> None:
    (tmp_path / ".databrickscfg").write_text("[prod]\nhost = https://prod\ntoken = p\n")
    words = {"service": "databricks", "profile": "prod", "url": "https://other"}

    known = Connections({"a": words}, environment={"HOME": str(tmp_path)})

    assert (known.find(DATABRICKS, "a").url, known.find(DATABRICKS, "a").credentials) == (
        "https://other",
        Bearer(token="p"),
    )


def test_a_broken_file_of_profiles_shows_a_line_number_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / ".databrickscfg").write_text("[prod]\nhost = https://prod\nsecret-5\n")

    with pytest.raises(WrongConnection, match="see its line 3") as refused:
        Connections({"a": {"service": "databricks", "profile": "prod"}}, environment={"HOME": str(tmp_path)}).find(
            DATABRICKS, "a"
        )

    assert "secret-5" not in str(refused.value)


# a service principal


def test_a_secret_buys_one_token_for_many_calls() -> None:
    def answer(asked: Asked) -> Told:
        if asked.path == "/oidc/v1/token":
            return Told(body={"access_token": "bought", "expires_in": 3600})
        return Told(body={"authorization": asked.headers["authorization"]})

    with answering(answer) as cloud:
        words = {"service": "databricks", "url": cloud.url, "client_id": "id", "client_secret": "secret-6"}
        known = Connections({"a": words}, environment={})
        channel = known.channel(known.find(DATABRICKS, "a"))
        answers = [channel.call(Call(operation="x", method="GET", path="/x")) for _ in range(2)]
        known.close()

    assert answers == [{"authorization": "Bearer bought"}] * 2
    assert [asked.path for asked in cloud.asked] == ["/oidc/v1/token", "/x", "/x"]


def test_a_wrong_secret_is_told_without_showing_it() -> None:
    with answering(lambda _: Told(status=401, body={"error": "invalid_client"})) as cloud:
        words = {"service": "databricks", "url": cloud.url, "client_id": "id", "client_secret": "secret-6"}
        known = Connections({"a": words}, environment={})
        with pytest.raises(CallFailed, match="gave no token for client_id id") as refused:
            known.channel(known.find(DATABRICKS, "a")).call(Call(operation="x", method="GET", path="/x"))

    assert "secret-6" not in str(refused.value)


# what may be left out


def test_keys_of_the_environment_take_their_region_from_the_default_profile(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "sk"}
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/r\n")

    found = Connections({}, environment=environment).find(GLUE, None)

    assert found.url == "https://glue.eu-west-1.amazonaws.com"
    assert found.credentials == AwsKeys(access_key="AK", secret_key="sk", region="eu-west-1")


def test_keys_of_the_environment_are_not_mixed_with_those_of_a_profile(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "sk", "AWS_PROFILE": "lake"}
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        "[lake]\naws_access_key_id = OTHER\naws_secret_access_key = os\naws_session_token = ot\nregion = eu-west-1\n"
    )

    found = Connections({}, environment={"HOME": str(tmp_path), **keys}).find(GLUE, "env")

    assert found.credentials == AwsKeys(access_key="AK", secret_key="sk", region="eu-west-1")


@pytest.mark.parametrize(
    ("client", "variables"),
    [
        (Databricks, "DATABRICKS_HOST and DATABRICKS_TOKEN"),
        (Glue, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION"),
        (Dremio, "DREMIO_URI, DREMIO_TOKEN and DREMIO_PROJECT_ID"),
    ],
)
def test_whoever_says_nothing_at_all_is_told_what_to_say(
    client: type[Service], variables: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("DATABRICKS", "AWS", "DREMIO"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(WrongConnection, match=variables):
        client.connect()


def test_the_default_profile_is_meant_where_nothing_else_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("DATABRICKS")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".databrickscfg").write_text("[DEFAULT]\nhost = https://dbc-7.cloud.databricks.com\ntoken = t7\n")

    with Databricks.connect() as client:
        assert client.connection.url == "https://dbc-7.cloud.databricks.com"


def test_an_address_copied_from_a_browser_is_that_of_its_service() -> None:
    given = {**PROD, "url": "https://adb-123.4.azuredatabricks.net/?o=123#job/list"}

    assert Connections({"prod": given}, environment={}).find(DATABRICKS, "prod").url == (
        "https://adb-123.4.azuredatabricks.net"
    )


def test_beside_a_home_nothing_else_is_said(tmp_path: Path) -> None:
    with pytest.raises(WrongConnection, match="leave out profile"):
        Databricks.connect(home=tmp_path, profile="prod")

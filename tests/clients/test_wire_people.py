"""Who speaks on the SQL wire: the user of the home, by what `runyard env` sets, and anybody where nobody is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from wire_live import Wire, program, started

RUNYARD = str(Path(sys.executable).parent / "runyard")


@pytest.fixture(scope="module")
def open_wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    made = started(tmp_path_factory.mktemp("open") / "home", "--auth", "off")
    try:
        yield made
    finally:
        made.live.close()


def test_psql_works_with_what_runyard_env_sets(wire: Wire) -> None:
    told = subprocess.run(
        [RUNYARD, "env", "--json", "--home", str(wire.live.home)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    variables = {name: value for name, value in json.loads(told.stdout).items() if name.startswith("PG")}
    shown = subprocess.run(
        [program("psql", "postgresql-client"), "-XAtc", "SELECT current_user, current_database()"],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert shown.stdout == "admin|default\n"


def test_no_password_is_told_to_who_asks_where_the_server_is(wire: Wire) -> None:
    place = (wire.live.home / "server.json").read_text()

    assert wire.live.credentials["password"] not in place
    assert wire.address.startswith("postgresql://admin@127.0.0.1:")


@pytest.mark.parametrize(("user", "database"), [("ws.mine", "default"), ("anybody", "ws.mine"), ("ws.mine", "ws.mine")])
def test_without_authentication_a_name_chooses_the_workspace(open_wire: Wire, user: str, database: str) -> None:
    glue = open_wire.live.client("glue", aws_access_key_id="ws.mine", aws_secret_access_key="any")
    if "only_mine" not in [job["Name"] for job in glue.get_jobs()["Jobs"]]:
        command = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://scripts/mine.py"}
        glue.create_job(Name="only_mine", Role="runner", Command=command)
    address = f"postgresql://127.0.0.1:{open_wire.port}/{database}"
    with psycopg.connect(address, user=user, autocommit=True) as connection:
        names = connection.execute("SELECT name FROM runyard.ledger.jobs").fetchall()
    with psycopg.connect(address, user="anybody", dbname="default", autocommit=True) as connection:
        others = connection.execute("SELECT name FROM runyard.ledger.jobs").fetchall()

    assert names == [("only_mine",)]
    assert ("only_mine",) not in others


def test_with_authentication_no_name_chooses_anything(wire: Wire) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(wire.url(), dbname="ws.mine")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wire.url(), user="ws.mine")


def test_certificates_named_in_settings_are_shown(tmp_path: Path) -> None:
    certificate, key = tmp_path / "own.crt", tmp_path / "own.key"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=own -days 2"
    command = [program("openssl", "openssl"), *words.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    made = started(tmp_path / "home", settings=f'[pg]\ncert = "{certificate}"\nkey = "{key}"\n')
    try:
        with psycopg.connect(
            made.url(f"?sslmode=verify-full&sslrootcert={certificate}"), autocommit=True
        ) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        made.live.close()


def test_a_value_that_is_refused_at_the_beginning_is_told(wire: Wire) -> None:
    with pytest.raises(psycopg.OperationalError, match="client_encoding"):
        psycopg.connect(wire.url(), client_encoding="LATIN1")


def test_a_setting_that_is_not_known_is_refused(wire: Wire) -> None:
    with psycopg.connect(wire.url(), autocommit=True) as connection:
        with pytest.raises(errors.UndefinedObject):
            connection.execute("SHOW no_such_setting")
        connection.execute("SET myapp.color = 'red'")

        assert connection.execute("SHOW myapp.color").fetchone() == ("red",)


@pytest.mark.parametrize("text", ["RESET ALL", "DISCARD ALL"])
def test_a_connection_that_is_given_back_forgets_what_was_set(wire: Wire, text: str) -> None:
    with psycopg.connect(wire.url(), autocommit=True) as connection:
        connection.execute("SET statement_timeout = '5min'")
        connection.execute("SET string_mode = on")
        as_strings = connection.execute("SELECT 1").fetchone()
        connection.execute(text.encode())

        assert as_strings == ("1",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)
        assert connection.execute("SELECT 1").fetchone() == (1,)

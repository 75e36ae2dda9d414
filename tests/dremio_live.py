"""Dremio's API over plain HTTP, as curl speaks it, against a server of tests/live.py."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from live import Live
from waiting import until

from runyard.dialects.dremio_ids import project_id

FINAL = ("COMPLETED", "FAILED", "CANCELED")
DIGITS = ", ".join(f"({digit})" for digit in range(10))
ENDLESS = " CROSS JOIN ".join(f"(VALUES {DIGITS}) AS t{number}(n)" for number in range(14))
LONG = f"SELECT sum(t0.n * t1.n + t13.n) AS s FROM {ENDLESS}"
"""What no machine computes while a test runs: 10^14 rows."""


@dataclass
class Http:
    """A client with a token, in the cloud's variant of the API unless a path says otherwise."""

    live: Live
    token: str = ""
    workspace: str = "default"

    @property
    def project(self) -> str:
        return f"/v0/projects/{project_id(self.workspace)}"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Send a call and return its status and what it says."""
        place = path if path.startswith(("/api", "/v0/", "/v1/", "/openapi", "/runyard")) else f"{self.project}/{path}"
        given = {"authorization": f"Bearer {self.token or self.live.credentials['token']}", **headers}
        address = urlsplit(self.live.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=90)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, place, content, {name: text for name, text in given.items() if text})
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        return reply.status, json.loads(text) if text else None

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a call that must succeed, and return what it says."""
        status, told = self.send(method, path, body, **headers)
        assert status in (200, 204), (status, told)
        return told

    def submit(self, sql: str, **more: Any) -> str:
        """Start a job and return its id."""
        identifier: str = self("POST", "sql", {"sql": sql, **more})["id"]
        return identifier

    def job(self, identifier: str) -> dict[str, Any]:
        """Return a job as it is now."""
        told: dict[str, Any] = self("GET", f"job/{identifier}")
        return told

    def when(self, identifier: str, *states: str) -> dict[str, Any]:
        """Return a job once it is in one of some states."""

        def look() -> dict[str, Any] | None:
            job = self.job(identifier)
            assert job["jobState"] in states or job["jobState"] not in FINAL, job
            return job if job["jobState"] in states else None

        found = until(look, seconds=60)
        assert found is not None
        return found

    def run(self, sql: str, **more: Any) -> dict[str, Any]:
        """Run a statement to its end, and return the job."""
        return self.when(self.submit(sql, **more), *FINAL)

    def rows(self, sql: str, **more: Any) -> list[dict[str, Any]]:
        """Run a statement that must succeed, and return its first rows."""
        identifier = self.submit(sql, **more)
        ended = self.when(identifier, *FINAL)
        assert ended["jobState"] == "COMPLETED", ended
        rows: list[dict[str, Any]] = self("GET", f"job/{identifier}/results?limit=500")["rows"]
        return rows

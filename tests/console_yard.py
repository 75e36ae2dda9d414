"""A browser's part by hand: the console's calls as our own pages make them, and as others might."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from live import Live

OWN = {"x-runyard-console": "1", "sec-fetch-site": "same-origin"}
FAILING = "rows = [1, 0]\nfor row in rows:\n    print('row', row)\n    print(10 / row)\n"


@dataclass
class Visitor:
    """One browser, with its cookies."""

    live: Live
    cookie: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: OWN)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
        return self.asked(method, path, body, **headers).getresponse()

    def asked(self, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPConnection:
        """Send a call, and return where its answer will come."""
        place = urllib.parse.urlsplit(self.live.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=90)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        known = {**self.headers, **({"cookie": self.cookie} if self.cookie else {}), **given}
        connection.request(method, path, None if body is None else json.dumps(body), known)
        return connection

    def told(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        reply = self.ask(method, path, body, **headers)
        content = reply.read()
        assert reply.status < 300, (reply.status, content)
        return json.loads(content)

    def enter(self) -> Visitor:
        """Sign in with the password, and keep the cookie."""
        reply = self.ask("POST", "/console/v1/session", {"password": self.live.credentials["password"]})
        assert reply.status == 200, reply.read()
        self.cookie = (reply.headers["set-cookie"] or "").partition(";")[0]
        return self

    def events(self, last: str = "") -> Iterator[tuple[str, str, Any]]:
        """Yield what the stream tells: kind, id and words."""
        reply = self.ask("GET", "/console/v1/events", **({"last_event_id": last} if last else {}))
        assert reply.status == 200
        kind = number = ""
        while line := reply.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                number = value
            elif name == "data":
                yield kind, number, json.loads(value)

    def submit(self, source: str, name: str = "etl.py", **more: Any) -> dict[str, Any]:
        """Run a script, and return its run."""
        run: dict[str, Any] = self.told(
            "POST", "/runyard/v1/runs", {"script": {"name": name, "source": source}, **more}
        )
        return run

    def ended(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Return a run once it has ended."""
        found: dict[str, Any] = self.told("GET", f"/runyard/v1/runs/{run['id']}?wait_s=50")
        assert found["state"] == "ended"
        return found

"""Users and tokens of a live server, and calls in their names."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from live import Live


@dataclass(frozen=True)
class People:
    """The administrator's hand on users and tokens."""

    live: Live

    def add(self, name: str, role: str, **words: Any) -> str:
        """Add a user, and return the password that was made."""
        return str(self._done("POST", "/users", {"name": name, "role": role, **words})["password"])

    def password(self, name: str) -> str:
        """Give a user another password, and return it."""
        return str(self._done("POST", f"/users/{name}/password", {})["password"])

    def role(self, name: str, role: str | None, **words: Any) -> None:
        self._done("POST", f"/users/{name}/role", {"role": role, **words})

    def disable(self, name: str) -> None:
        self._done("POST", f"/users/{name}/disable")

    def enable(self, name: str) -> None:
        self._done("POST", f"/users/{name}/enable")

    def remove(self, name: str) -> None:
        self._done("DELETE", f"/users/{name}")

    def token(self, user: str, **words: Any) -> dict[str, Any]:
        """Make a token; return all that is shown of it."""
        return self._done("POST", "/tokens", {"name": "test", "user": user, **words})

    def revoke(self, token: dict[str, Any]) -> None:
        self._done("DELETE", f"/tokens/{token['id']}")

    def boto3(self, token: dict[str, Any], service: str) -> Any:
        """Return an unmodified boto3 client with a token's AWS keys."""
        keys = {"aws_access_key_id": token["access_key"], "aws_secret_access_key": token["aws_secret_access_key"]}
        return self.live.client(service, **keys)

    def told(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, Any]:
        """Return status and answer of a call with a token."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        place = urlsplit(self.live.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def _done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        status, answer = self.told(method, f"/runyard/v1{path}", self.live.credentials["token"], body)
        assert status < 300, answer
        return dict(answer)

"""Calls of Glue without a client library, so that what is measured is the server."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from live import Live

from runyard.dialects.aws_signature import Signer, sign

OK = 200


class Caller:
    """One keep-alive connection to a server; each call is signed."""

    def __init__(self, live: Live) -> None:
        keys = live.credentials
        self._url = f"{live.url}/"
        self._signer = Signer(
            access_key=keys["access_key"], secret=keys["secret_key"], region="us-east-1", service="glue"
        )
        self._connection = HTTPConnection(urlsplit(live.url).netloc)

    def get_job_run(self, **members: Any) -> Any:
        """Return a job run, as boto3's client would."""
        return json.loads(self.call("GetJobRun", members))

    def call(self, operation: str, members: dict[str, Any]) -> bytes:
        """Return the body of the answer."""
        body, headers = self._signed(operation, members)
        self._connection.request("POST", "/", body, headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != OK:
            raise RuntimeError(f"{operation} answered {response.status}: {answer.decode()}")
        return answer

    def message(self, operation: str, members: dict[str, Any]) -> bytes:
        """Return the bytes of a request, to be sent as often as wanted while its signature is young."""
        body, headers = self._signed(operation, members)
        lines = [f"{name}: {value}" for name, value in {**headers, "content-length": str(len(body))}.items()]
        return "\r\n".join(("POST / HTTP/1.1", *lines, "", "")).encode() + body

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _signed(self, operation: str, members: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        body = json.dumps(members).encode()
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"AWSGlue.{operation}"}
        now = time.time_ns() // 1_000_000
        return body, sign("POST", self._url, signer=self._signer, body=body, headers=headers, now=now)

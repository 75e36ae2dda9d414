from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from awaiting import awaited
from s3_objects import files, put

from runyard.dialects.s3.edge import S3
from runyard.executors.mounts import Mounts


@pytest.mark.parametrize(
    ("method", "query", "body"),
    [
        ("POST", b"delete", b"<Delete><Object><Key>k</Key></Object></Delete>"),
        ("PUT", b"", b"new"),
    ],
)
def test_a_client_that_goes_before_its_request_is_whole_is_not_answered_and_changes_nothing(
    method: str, query: bytes, body: bytes, tmp_path: Path
) -> None:
    endpoint = S3(Mounts({"s3://": tmp_path}))
    endpoint.store.create_bucket("data")
    put(endpoint.store, "k", b"old")
    path = "/data" if query else "/data/k"
    scope = {"method": method, "path": path, "query_string": query, "headers": [(b"content-length", b"1000")]}
    messages = [{"type": "http.request", "body": body, "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    awaited(endpoint.handle(scope, receive, send, None))

    assert sent == []
    assert (tmp_path / "data" / "k").read_bytes() == b"old"
    assert files(tmp_path / ".runyard" / "data" / "unfinished") == []

"""The S3 endpoint behind its signature check, on a free port, for tests that speak to it with real clients."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import uvicorn

from runyard.core.access import Role
from runyard.dialects.aws_signature import SignedRequest
from runyard.dialects.s3.edge import S3
from runyard.web.sigv4 import verify
from runyard.web.sigv4_claim import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCESS_KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


class Behind:
    """An ASGI application: who signed may pass."""

    def __init__(self, endpoint: S3) -> None:
        self.endpoint = endpoint

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = SignedRequest(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        )
        try:
            identity = verify(request, {ACCESS_KEY: SECRET}.get, now=time.time_ns() // 1_000_000)
        except SignatureError as error:
            await self.endpoint.refuse(scope, send, error)
        else:
            await self.endpoint.handle(scope, receive, send, replace(identity, role=Role.OPERATOR))


@contextmanager
def serving(endpoint: S3) -> Iterator[str]:
    """Serve until the block ends; gives the URL."""
    config = uvicorn.Config(Behind(endpoint), host="127.0.0.1", port=0, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    listening = threading.Event()
    start = server.startup

    async def startup(sockets: Any = None) -> None:
        await start(sockets=sockets)
        listening.set()

    server.startup = startup  # type: ignore[method-assign] # the server has no other word for "I listen now"
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert listening.wait(60)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)

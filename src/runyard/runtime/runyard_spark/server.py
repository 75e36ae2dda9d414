"""The engine of this process: Sail, started inside of it with the first use of Spark.

It shares the process on purpose. Functions of a script run where the script runs, with its modules; nothing of it is
left when the process ends, is stopped or is killed; and no other run can reach what this one keeps.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any, ClassVar
from urllib.parse import urlsplit

from .facts import Facts, read_facts

LOOPBACK = "127.0.0.1"
REMOTE = "SPARK_REMOTE"
DEFAULT_PORT = 15002
PATIENCE_S = 10.0
CATALOG = "glue"
QUIET = "error"  # of Sail's own log, which would stand among a script's lines


class Server:
    """The one Sail of this process."""

    _running: ClassVar[tuple[int, Any] | None] = None  # with the process, as a fork has none

    @classmethod
    def url(cls) -> str:
        """Return where it listens, starting it if nobody has."""
        if cls._running is None or cls._running[0] != os.getpid():
            cls._running = (os.getpid(), _started(read_facts()))
        return f"sc://{LOOPBACK}:{cls._running[1].listening_address[1]}"


def remote() -> str:
    """Return the Spark Connect URL that sessions are made at: one that the job names, or our own."""
    url = os.environ.get(REMOTE) or read_facts().engine.get("url")
    if url:
        _reach(url)
    return url or Server.url()


def _reach(url: str) -> None:
    """Refuse a server that is not there at once: the client itself would try for ten minutes."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or DEFAULT_PORT), timeout=PATIENCE_S):
            pass
    except OSError as error:
        raise ConnectionError(f"The Spark Connect server {url} cannot be reached: {error}.") from error


def _started(facts: Facts) -> Any:
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 - 200 MB of code, only for those who use it

    os.environ.setdefault("RUST_LOG", QUIET)
    for name, value in _settings(facts).items():
        os.environ.setdefault(name, value)
    server = SparkConnectServer(LOOPBACK, 0)
    server.start(background=True)
    return server


def _settings(facts: Facts) -> dict[str, str]:
    """Return how Sail keeps to the run's share of the machine."""
    found = {}
    if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"):
        found["AWS_ALLOW_HTTP"] = "true"  # Sail reads s3:// by itself where nobody told of mounts: from this server
    if facts.folder:
        found["SAIL_RUNTIME__TEMPORARY_FILES__PATHS"] = json.dumps([str(facts.temporary())])
    if facts.has_catalog:  # which Sail asks of Glue's API, at this server
        found["SAIL_CATALOG__LIST"] = f'[{{name="{CATALOG}", type="glue"}}]'
        found["SAIL_CATALOG__DEFAULT_CATALOG"] = CATALOG
    if facts.cores:
        found["SAIL_EXECUTION__DEFAULT_PARALLELISM"] = str(facts.cores)
        found["TOKIO_WORKER_THREADS"] = str(facts.cores)
    if facts.memory:
        # A query that wants more spills or fails by itself, before the limit of the process ends it.
        found["SAIL_RUNTIME__MEMORY_POOL__TYPE"] = "greedy"
        found["SAIL_RUNTIME__MEMORY_POOL__GREEDY__MAX_SIZE"] = str(facts.memory * 3 // 4)
    return found

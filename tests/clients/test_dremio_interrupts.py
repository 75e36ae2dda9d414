# ruff: noqa: N802, ARG002 - methods are called, and given what, by gRPC
"""A query that an engine elsewhere never ends, over the time that its queue gives it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from dremio_live import Http
from live import Live

pytest.importorskip("pyspark.sql.connect.proto")
pytest.importorskip("grpc_status")

import grpc
from pyspark.sql.connect import proto
from pyspark.sql.connect.proto import base_pb2_grpc


class Endless(base_pb2_grpc.SparkConnectServiceServicer):  # type: ignore[misc] # it comes without types
    """An engine that answers whatever is no query, and hears when it is interrupted."""

    def __init__(self) -> None:
        self.asked, self.interrupted, self._over = threading.Event(), threading.Event(), threading.Event()

    def Config(self, request: Any, context: Any) -> Any:
        return proto.ConfigResponse(session_id=request.session_id)

    def ExecutePlan(self, request: Any, context: Any) -> Iterator[Any]:
        context.add_callback(self._over.set)
        self.asked.set()
        self._over.wait()
        yield from ()

    def Interrupt(self, request: Any, context: Any) -> Any:
        self.interrupted.set()
        return proto.InterruptResponse(session_id=request.session_id)

    def ReleaseSession(self, request: Any, context: Any) -> Any:
        return proto.ReleaseSessionResponse(session_id=request.session_id)


@pytest.fixture
def engine() -> Iterator[tuple[Endless, str]]:
    endless = Endless()
    server = grpc.server(ThreadPoolExecutor(4))
    base_pb2_grpc.add_SparkConnectServiceServicer_to_server(endless, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield endless, f"sc://127.0.0.1:{port}"
    server.stop(None)


def test_a_query_over_the_run_time_of_its_queue_interrupts_the_engine(
    engine: tuple[Endless, str], tmp_path: Path
) -> None:
    endless, url = engine
    live = Live(tmp_path, settings=f'[dremio.engines.endless]\nurl = "{url}"\n').start()
    http = Http(live)
    rules = http("GET", "/api/v3/wlm/rule")
    for seconds in (2, 8, 32):  # a busy machine needs some of them to reach the engine at all
        queue = http(
            "POST", "/api/v3/wlm/queue",
            {"name": f"Hurried {seconds}", "maxRunTimeoutMs": seconds * 1000, "engineId": "endless"},
        )  # fmt: skip
        mine = {"name": "hurried", "conditions": "user() = 'admin'", "acceptId": queue["id"], "action": "PLACE"}
        rules = http("PUT", "/api/v3/wlm/rule", {**rules, "rules": [mine]})
        ended = http.run("SELECT 1 AS n")
        if endless.asked.is_set():
            break
    live.close()

    assert ended["jobState"] == "CANCELED"
    assert ended["cancellationReason"] == (
        f"Query cancelled by Workload Manager. Query runtime of {seconds}.00 seconds exceeded for "
        f"'hurried {seconds}' queue."
    )
    assert endless.interrupted.is_set()

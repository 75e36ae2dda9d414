"""A query that an engine elsewhere never ends, over the time that its queue gives it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dremio_live import Http
from live import Live

pytest.importorskip("pysail")
pytest.importorskip("grpc_status")

ENDLESS = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import grpc
from pyspark.sql.connect import proto
from pyspark.sql.connect.proto import base_pb2_grpc

class Endless(base_pb2_grpc.SparkConnectServiceServicer):
    def Config(self, request, context):
        return proto.ConfigResponse(session_id=request.session_id)

    def ExecutePlan(self, request, context):
        print("asked", flush=True)
        over = threading.Event()
        context.add_callback(over.set)
        over.wait()
        yield from ()

    def Interrupt(self, request, context):
        print("interrupted", flush=True)
        return proto.InterruptResponse(session_id=request.session_id)

    def ReleaseSession(self, request, context):
        return proto.ReleaseSessionResponse(session_id=request.session_id)

server = grpc.server(ThreadPoolExecutor(4))
base_pb2_grpc.add_SparkConnectServiceServicer_to_server(Endless(), server)
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
"""
"""An engine that answers whatever is no query, and tells what it hears."""


class Engine:
    """Such an engine in a process of its own, and what it has told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.url = f"sc://127.0.0.1:{int(process.stdout.readline())}"
        self.asked, self.interrupted = threading.Event(), threading.Event()
        self._lines = process.stdout
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._lines:
            getattr(self, line.strip()).set()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    program = tmp_path / "endless.py"  # a file, or else pyspark takes the process for one that tests it
    program.write_text(ENDLESS)
    command = [sys.executable, str(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Engine(process)
        process.kill()


def test_a_query_over_the_run_time_of_its_queue_interrupts_the_engine(engine: Engine, tmp_path: Path) -> None:
    live = Live(tmp_path / "home", settings=f'[dremio.engines.endless]\nurl = "{engine.url}"\n').start()
    http = Http(live)
    http("POST", "/api/v3/catalog", {"entityType": "space", "name": "lake"})
    http.run("CREATE TABLE lake.numbers AS SELECT 1 AS n")
    rules = http("GET", "/api/v3/wlm/rule")
    for seconds in (2, 8, 32):  # a busy machine needs some of them to reach the engine at all
        queue = http(
            "POST", "/api/v3/wlm/queue",
            {"name": f"Hurried {seconds}", "maxRunTimeoutMs": seconds * 1000, "engineId": "endless"},
        )  # fmt: skip
        mine = {"name": "hurried", "conditions": "user() = 'admin'", "acceptId": queue["id"], "action": "PLACE"}
        rules = http("PUT", "/api/v3/wlm/rule", {**rules, "rules": [mine]})
        ended = http.run("SELECT n FROM lake.numbers")  # what reads nothing is answered here
        if engine.asked.wait(1):
            break
    live.close()

    assert ended["jobState"] == "CANCELED"
    assert ended["cancellationReason"] == (
        f"Query cancelled by Workload Manager. Query runtime of {seconds}.00 seconds exceeded for "
        f"'hurried {seconds}' queue."
    )
    assert engine.interrupted.wait(60)

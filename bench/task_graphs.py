"""(f) What a graph of tasks costs: a chain and a fan-out of 100 tasks, and reading a run of 1,000 of them.

Ours: one request to `runs/submit`, whose tasks all run the same empty script, each in a process of its own, with its
context file, its log and its two transactions in the ledger. The time goes from the request to the moment when the
ledger, read from outside, has no run left that has not ended; all tasks must have succeeded. The other: the same
script, started as often with Popen, one after the other for the chain and 8 at once for the fan-out, as the server
has 8 places; it records nothing, and knows of no graph.

Reading: a page of `runs/get` (100 tasks with their states) of a run of 1,000 tasks that has ended, the first page and
the last one, against a page of `jobs/get` of the job it came from, both asked for in turn: the same tasks as they were
written, which is one row of the ledger where the run is 1,001.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from live import Live

from bench.ended_runs import reading_ledger, wait_until_all_ended
from bench.figures import Row, at_most
from bench.servers import running_server
from bench.size import Size

FIGURE = "f"
AT_ONCE = 8
MS = 1000
OK = 200
SCRIPT = "no-op.py"
SUCCEEDED = "SELECT count(*) FROM attempt WHERE outcome = 'succeeded'"

Tasks = list[dict[str, Any]]


class JobsApi:
    """One keep-alive connection to a server's Databricks API, without a client library."""

    def __init__(self, live: Live) -> None:
        self._connection = HTTPConnection(urlsplit(live.url).netloc)
        self._headers = {"Authorization": f"Bearer {live.credentials['token']}"}

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Call an operation that changes something."""
        return json.loads(self._answer("POST", path, json.dumps(body).encode()))

    def get(self, path: str, **query: Any) -> bytes:
        """Call an operation that reads."""
        return self._answer("GET", f"{path}?{urlencode(query)}")

    def _answer(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, f"/api/2.2/jobs/{path}", body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != OK:
            raise RuntimeError(f"{path} answered {response.status}: {answer.decode()}")
        return answer

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    with running_server(settings=f"places = {AT_ONCE}\n") as live:
        uri, api = live.put_script(SCRIPT, "pass\n"), JobsApi(live)
        script = live.home / "s3" / "scripts" / SCRIPT
        yield _graph("chain", live, api, size, tasks=chain(uri, size.graph_tasks), peer=lambda n: _popens(script, n, 1))
        yield _graph(
            "fan-out", live, api, size, tasks=fan_out(uri, size.graph_tasks), peer=lambda n: _popens(script, n, AT_ONCE)
        )
        yield from _readings(live, api, size, fan_out(uri, size.read_tasks))
        api.close()


def chain(uri: str, count: int) -> Tasks:
    """Return tasks of which each waits for the one before."""
    return [_task(uri, number, *([number - 1] if number else [])) for number in range(count)]


def fan_out(uri: str, count: int) -> Tasks:
    """Return tasks that all wait for the first one."""
    return [_task(uri, number, *([0] if number else [])) for number in range(count)]


def _task(uri: str, number: int, *before: int) -> dict[str, Any]:
    depends_on = [{"task_key": f"task-{one}"} for one in before]
    return {"task_key": f"task-{number}", "spark_python_task": {"python_file": uri}, "depends_on": depends_on}


def _graph(what: str, live: Live, api: JobsApi, size: Size, *, tasks: Tasks, peer: Callable[[int], float]) -> Row:
    _run_ms(live, api, tasks[: size.warm_up])
    rounds = [(_run_ms(live, api, tasks), peer(len(tasks))) for _ in range(size.rounds)]
    ours, theirs = zip(*rounds, strict=True)
    return Row(
        figure=FIGURE,
        what=f"{what} of {len(tasks)} tasks, a task",
        unit="ms",
        against="Popen one by one" if what == "chain" else f"Popen, {AT_ONCE} at once",
        ours=ours,
        peer=theirs,
        goal=at_most(1.0),
    )


def _run_ms(live: Live, api: JobsApi, tasks: Tasks) -> float:
    """Return how many ms a task of the run takes, from the request to the recorded end of all."""
    with reading_ledger(live) as ledger:
        (before,) = ledger.execute(SUCCEEDED).fetchone()
        began = time.perf_counter()
        api.post("runs/submit", {"run_name": "bench", "tasks": tasks})
        wait_until_all_ended(ledger)
        took = time.perf_counter() - began
        (after,) = ledger.execute(SUCCEEDED).fetchone()
    assert after - before == len(tasks), f"of {len(tasks)} tasks {after - before} succeeded"
    return took * MS / len(tasks)


def _popens(script: Path, count: int, at_once: int) -> float:
    """Return how many ms a new interpreter takes for the same script, of so many at once."""
    command = [sys.executable, str(script)]
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(lambda _: subprocess.run(command, check=True), range(count)))
    return (time.perf_counter() - began) * MS / count


def _readings(live: Live, api: JobsApi, size: Size, tasks: Tasks) -> Iterator[Row]:
    job_id = api.post("create", {"name": "wide", "tasks": tasks})["job_id"]
    run_id = api.post("run-now", {"job_id": job_id})["run_id"]
    with reading_ledger(live) as ledger:
        wait_until_all_ended(ledger)
    pages = list(_pages(api, "runs/get", run_id=run_id))
    assert sum(len(json.loads(api.get("runs/get", **page))["tasks"]) for page in pages) == len(tasks)
    floor = next(_pages(api, "get", job_id=job_id))
    for place, page in (("first", pages[0]), ("last", pages[-1])):
        asked = (("runs/get", page), ("get", floor))
        rounds = [[_page_ms(api, *one) for one in asked] for _ in range(size.warm_up + size.pages)]
        ours, peer = zip(*rounds[size.warm_up :], strict=True)
        yield Row(
            figure=FIGURE,
            what=f"runs/get of {len(tasks):,} tasks, {place} page",
            unit="ms",
            against="jobs/get, first page",
            ours=ours,
            peer=peer,
            goal=at_most(8.0),
        )


def _pages(api: JobsApi, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield what to ask for to get each page."""
    asked: dict[str, Any] | None = query
    while asked:
        yield asked
        token = json.loads(api.get(path, **asked)).get("next_page_token")
        asked = {**query, "page_token": token} if token else None


def _page_ms(api: JobsApi, path: str, page: dict[str, Any]) -> float:
    began = time.perf_counter()
    api.get(path, **page)
    return (time.perf_counter() - began) * MS

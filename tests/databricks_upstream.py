"""Sixty runs of a Databricks workspace, listed and told as the service does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sql_asking import Desk, connections_to
from upstream import Asked, Told, Upstream, answering

RUNS = "databricks_workspace.workflows.job_runs"
NEWEST = 1_000_000


def run(number: int) -> dict[str, Any]:
    """Return run 1 … 60; the larger, the newer."""
    return {
        "run_id": number,
        "job_id": 10 + number % 3,
        "run_name": f"run {number}",
        "run_type": "JOB_RUN" if number % 2 else "SUBMIT_RUN",
        "state": {"life_cycle_state": "TERMINATED"},
        "start_time": NEWEST + number * 10_000,
        "end_time": 0 if number > 55 else NEWEST + number * 10_000 + 5,
    }


class Workspace:
    """Sixty runs, listed and told as Databricks does it."""

    def __init__(self, runs: Sequence[dict[str, Any]] | None = None) -> None:
        self.runs = [run(number) for number in range(60, 0, -1)] if runs is None else list(runs)

    def __call__(self, asked: Asked) -> Told:
        if asked.path.endswith("/runs/get"):
            return self._get(int(asked.query["run_id"]))
        if asked.path.endswith("/jobs/list"):
            return Told(
                body={"jobs": [{"job_id": number, "settings": {"name": f"j{number}"}} for number in (10, 11, 12)]}
            )
        return self._list(asked.query)

    def _get(self, run_id: int) -> Told:
        found = next((one for one in self.runs if one["run_id"] == run_id), None)
        if found is None:
            text = f"Run {run_id} does not exist."
            return Told(status=400, body={"error_code": "INVALID_PARAMETER_VALUE", "message": text})
        return Told(body={**found, "tasks": [{"task_key": "t"}]})

    def _list(self, query: Any) -> Told:
        found = [one for one in self.runs if self._fits(one, query)]
        start = int(query.get("page_token", 0))
        end = start + int(query.get("limit", 20))
        more = {"next_page_token": str(end)} if end < len(found) else {}
        expands = query.get("expand_tasks") == "true"
        page = [{**one, **({"tasks": [{"task_key": "t"}]} if expands else {})} for one in found[start:end]]
        return Told(body={"runs": page, **more})

    def _fits(self, one: dict[str, Any], query: Any) -> bool:
        return (
            one["job_id"] == int(query.get("job_id", one["job_id"]))
            and one["run_type"] == query.get("run_type", one["run_type"])
            and one["start_time"] >= int(query.get("start_time_from", 0))
            and one["start_time"] <= int(query.get("start_time_to", 10**15))
            and (query.get("active_only") != "true" or not one["end_time"])
        )


@contextmanager
def desk(answer: Callable[[Asked], Told] | None = None, **more: Any) -> Iterator[tuple[Desk, Upstream]]:
    with answering(answer or Workspace()) as cloud:
        connections = connections_to(cloud.url, **more)
        yield Desk(connections), cloud
        connections.close()


def told(cloud: Upstream, name: str) -> list[str | None]:
    return [asked.query.get(name) for asked in cloud.asked]

"""Runs of the past and what they printed, written by tests and read through CloudWatch Logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from records import WORKSPACE_ID, a_run, a_workspace, an_attempt, an_ended_attempt, an_ended_run

from runyard.core.access import Role
from runyard.core.ids import first_of
from runyard.core.run import State
from runyard.dialects import aws_ids as ids
from runyard.dialects.aws import logs
from runyard.dialects.exchange import Request
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.settings import Settings
from runyard.store.store import Store, open_store

OUTPUT, ERROR = "/aws-glue/python-jobs/output", "/aws-glue/python-jobs/error"
PYTHON = {"LogGroupName": "/aws-glue/python-jobs"}
DAY = 86_400_000
NOW = 1_790_000_000_000  # in the past of whoever runs these tests


class Yard:
    """An engine that runs nothing, with a past that tests write."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = open_store("sqlite://")
        self.engine = Engine(self.store, Home(folder).make(), Settings(preload=()))
        self.store.write(lambda ledger: ledger.add_workspace(a_workspace(WORKSPACE_ID)))

    def ran(self, at: int, text: str = "", *, errors: str = "", **fields: Any) -> str:
        """Record a run that ended a second after it began, and return its stream's name."""
        id_ = first_of(at)
        run = an_ended_run(id_, **{"settings": PYTHON, "created_at": at, "ended_at": at + 1000, **fields})
        self.store.write(lambda ledger: ledger.add_run(run))
        self.tried(id_, number=0, text=text, errors=errors, at=at)
        return ids.run_id(id_)

    def tried(self, run_id: int, *, number: int, text: str, at: int, errors: str = "", key: str = "main") -> int:
        """Record an attempt that ended."""
        id_ = run_id + 1 + number + len(key)
        times = {"created_at": at, "running_at": at, "ended_at": at + 1000}
        attempt = an_ended_attempt(id_, run_id=run_id, number=number, task_key=key, **times)
        self.store.write(lambda ledger: ledger.add_attempt(attempt))
        self.printed(id_, text, errors=errors, at=at + 500)
        return id_

    def runs(self, at: int, text: str, *, seen: int) -> str:
        """Record a run that still runs, of whose output `seen` bytes were looked at."""
        id_ = first_of(at)
        self.store.write(lambda ledger: ledger.add_run(a_run(id_, settings=PYTHON, created_at=at, state=State.RUNNING)))
        attempt = an_attempt(id_ + 1, run_id=id_, state=State.RUNNING, created_at=at, running_at=at)
        self.store.write(lambda ledger: ledger.add_attempt(attempt))
        self.printed(id_ + 1, text, at=at + 500, seen=seen)
        return ids.run_id(id_)

    def printed(self, attempt_id: int, text: str, *, at: int, errors: str = "", seen: int | None = None) -> None:
        folder = self.engine.attempt_folder(attempt_id)
        folder.mkdir(parents=True)
        (folder / "stdout").write_text(text)
        (folder / "stderr").write_text(errors)
        (folder / "times").write_text(f"{at} {len(text) if seen is None else seen} {len(errors)}\n")

    def progressed(self, name: str, text: str, *, at: int) -> None:
        """Have a run's first attempt have told how far it is."""
        found = ids.from_run_id(name)
        assert found is not None
        run = self.engine.run(a_workspace(WORKSPACE_ID), found[0])
        folder = self.engine.attempt_folder(self.engine.attempts(run)[0].id)
        (folder / "progress").write_text(text)
        (folder / "progress.times").write_text(f"{at} {len(text)} 0\n")

    def ask(self, operation: str, **members: Any) -> tuple[int, dict[str, Any]]:
        return self.send(operation, json.dumps(members).encode())

    def send(self, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
        request = Request(
            method="POST",
            path="/",
            query={},
            headers={"x-amz-target": f"Logs_20140328.{operation}"},
            body=body,
            workspace=a_workspace(WORKSPACE_ID),
            user="admin",
            role=Role.ADMIN,
            url="http://127.0.0.1",
        )
        reply = logs.answer(self.engine, request)
        return reply.status, json.loads(reply.body)

    def get(self, operation: str, **members: Any) -> dict[str, Any]:
        status, answer = self.ask(operation, **members)
        assert status == 200, answer
        return answer

    def refused(self, operation: str, **members: Any) -> tuple[str, str]:
        status, answer = self.ask(operation, **members)
        assert status == 400
        return answer["__type"], answer["message"]

    def messages(self, **members: Any) -> list[str]:
        """Follow FilterLogEvents to its end."""
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self.get("FilterLogEvents", **{"logGroupName": OUTPUT, **members, **token})
            found += [event["message"] for event in page["events"]]
            if "nextToken" not in page:
                return found
            token = {"nextToken": page["nextToken"]}

    def listed(self, **members: Any) -> list[str]:
        """Follow DescribeLogStreams to its end."""
        found: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self.get("DescribeLogStreams", **{"logGroupName": OUTPUT, **members, **token})
            found += [stream["logStreamName"] for stream in page["logStreams"]]
            if "nextToken" not in page:
                return found
            token = {"nextToken": page["nextToken"]}

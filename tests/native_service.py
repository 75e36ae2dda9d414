"""Our own dialect over an engine that records but starts nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from runyard.core.access import Role
from runyard.core.job import Job, Task
from runyard.core.queue import Overflow
from runyard.core.run import Run
from runyard.dialects.exchange import Reply, Request
from runyard.dialects.native.protocol import PREFIX, Native
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.language import Language
from runyard.engine.requests import Request as Wish
from runyard.engine.settings import Settings
from runyard.engine.starting import Starting
from runyard.store.store import open_store

SECRET = "hunter2"


def start_plainly(starting: Starting) -> Run:
    job, settings = starting.job, {"told": dict(starting.parameters)}
    wish = Wish(language=job.language, job_name=job.name, job=job, settings=settings)
    return starting.engine.start_run(starting.workspace, wish)


LANGUAGES = {"glue": Language(start=start_plainly)}


@dataclass
class Speaker:
    """Speaks the dialect, in one workspace or another."""

    engine: Engine
    native: Native

    def ask(self, method: str, path: str, *, workspace: str = "default", body: Any = None, **query: Any) -> Reply:
        request = Request(
            method=method,
            path=PREFIX + path,
            query={name: str(value) for name, value in query.items()},
            headers={},
            body=body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body),
            workspace=self.engine.workspace(workspace),
            user="admin",
            role=Role.ADMIN,
            url="http://127.0.0.1:1",
        )
        return self.native.answer(self.engine, request)

    def say(self, method: str, path: str, **words: Any) -> Any:
        reply = self.ask(method, path, **words)
        assert reply.status < 400, reply.body
        return json.loads(reply.body)

    def refused(self, method: str, path: str, **words: Any) -> tuple[int, str, str]:
        reply = self.ask(method, path, **words)
        told = json.loads(reply.body)
        return reply.status, told["error"], told["message"]

    def submit(self, name: str = "a.py", **words: Any) -> Any:
        return self.say("POST", "/runs", body={"script": {"name": name, "source": "pass"}, **words})

    def job(self, name: str, *, language: str = "glue", once: bool = True) -> Job:
        task = Task(key="main", kind="python_script", spec={"script": "/x.py", "environment": {"KEY": SECRET}})
        return self.engine.create_job(
            self.engine.workspace("default"), once=once, name=name, language=language, settings={}, tasks=(task,)
        )

    def attempt_folder(self, run_id: int) -> Path:
        run = self.engine.run(self.engine.workspace("default"), run_id)
        folder = self.engine.attempt_folder(self.engine.attempts(run)[0].id)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def held(self, overflow: Overflow) -> Run:
        """Return a run that exceeds its job's limit, and therefore never starts."""
        workspace = self.engine.workspace("default")
        task = Task(key="main", kind="python_script", spec={"script": "/x.py"})
        job = self.engine.create_job(
            workspace, name="full", language="glue", settings={}, tasks=(task,), max_concurrent_runs=0
        )
        return self.engine.start_run(workspace, Wish(language="glue", job_name=job.name, job=job, overflow=overflow))


def speaking(tmp_path: Path, *, places: int) -> Iterator[Speaker]:
    store = open_store("sqlite://")
    engine = Engine(store, Home(tmp_path / "home").make(), Settings(places=places, preload=()), languages=LANGUAGES)
    yield Speaker(engine, Native())
    store.close()

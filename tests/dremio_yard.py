"""Dremio's language over an engine that records but starts nothing; a test plays the launcher."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from moving import START

from runyard.core.access import Role
from runyard.core.ids import Ids
from runyard.core.job import Workspace
from runyard.core.run import Attempt, Outcome, Run
from runyard.dialects.dremio.changes import keep
from runyard.dialects.dremio.finishing import finish
from runyard.dialects.dremio.protocol import Dremio
from runyard.dialects.dremio.views import LANGUAGE
from runyard.dialects.dremio_ids import from_job_id, project_id
from runyard.dialects.exchange import Proved, Reply, Request
from runyard.engine.engine import Engine
from runyard.engine.finishing import Finishing
from runyard.engine.home import Home
from runyard.engine.language import Language
from runyard.engine.moves import Moves
from runyard.engine.settings import Settings
from runyard.engine.transaction import task_of
from runyard.store.ledger import Ledger
from runyard.store.store import Store, open_store

SERVER = "the server under test"


class Sessions:
    """Tokens as a gate would give them."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def open_session(self, user: str, workspace: str, *, token_id: int = 0) -> tuple[str, int]:
        del workspace, token_id
        return f"token of {user}", START

    def prove(self, user: str, signed: bytes, proof: bytes, *, workspace: str | None) -> Proved | None:
        raise NotImplementedError

    def close_session(self, authorization: str) -> None:
        self.closed.append(authorization)


@dataclass
class Yard:
    """The language, and a clock that a test may push on."""

    engine: Engine
    store: Store
    workspace: Workspace
    time: list[int]
    user: str = "ada"
    sessions: Sessions = field(default_factory=Sessions)

    def __post_init__(self) -> None:
        self.language = Dremio()
        self.ids = Ids(self.clock, slot=2000)
        self.cloud = f"/v0/projects/{project_id(self.workspace.name)}"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send a call as a client would; a path that begins with a word is one of a server of one's own."""
        raw, _, query = path.partition("?")
        raw = raw if raw.startswith("/") else f"/api/v3/{raw}"
        request = Request(
            method=method,
            path=raw,
            raw_path=raw,
            query=dict(parse_qsl(query)),
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            body=_encoded(body),
            workspace=self.workspace,
            user=self.user,
            role=Role.ADMIN,
            url="http://127.0.0.1:0",
            sessions=self.sessions,
        )
        return self.language.answer(self.engine, request)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a call and return what the answer says; it must be a good one."""
        reply = self.send(method, path, body, **headers)
        assert reply.status in (200, 204), reply.body
        return msgspec.json.decode(reply.body) if reply.body else None

    def refusal(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Send a call that is refused; return the status and what was wrong."""
        reply = self.send(method, path, body)
        told = msgspec.json.decode(reply.body)
        assert set(told) == {"errorMessage", "moreInfo"}
        return reply.status, told["errorMessage"]

    # playing the launcher

    def submit(self, sql: str = "SELECT 1", **more: Any) -> str:
        """Start a job and return its id."""
        identifier: str = self("POST", "sql", {"sql": sql, **more})["id"]
        return identifier

    def run(self, identifier: str) -> Run:
        return self.engine.run(self.workspace, from_job_id(identifier) or 0)

    def attempt(self, identifier: str) -> Attempt:
        return self.engine.attempts(self.run(identifier))[-1]

    def begin(self, identifier: str, **told: Any) -> None:
        """Let the process of a job begin and tell something."""
        self.move(Moves.look_for_work, Moves.claim)
        attempt = self.attempt(identifier)
        self.move(lambda moves: moves.started(attempt.id, at=self.clock()))
        self.tell(identifier, **told)

    def tell(self, identifier: str, **told: Any) -> None:
        """Write what the process of a job tells."""
        folder = self.engine.attempt_folder(self.attempt(identifier).id)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "output.json").write_text(json.dumps(told))

    def end(self, identifier: str, outcome: Outcome = Outcome.SUCCEEDED, **facts: Any) -> dict[str, Any]:
        """Let the process of a job end, and return the job; `output` is what it told last."""
        attempt = self.attempt(identifier)
        self.move(lambda moves: moves.finished(attempt.id, outcome, at=self.clock(), started_at=START, facts=facts))
        return self.job(identifier)

    def job(self, identifier: str) -> dict[str, Any]:
        """Return a job as its client sees it."""
        shown: dict[str, Any] = self("GET", f"job/{identifier}")
        return shown

    def context(self, identifier: str) -> Mapping[str, Any]:
        """Return what the process of a job would be told."""
        run, attempt = self.run(identifier), self.attempt(identifier)
        spec = finish(Finishing(engine=self.engine, run=run, attempt=attempt, task=task_of(run, attempt)))
        context: Mapping[str, Any] = spec["context"]
        return context

    def move(self, *works: Any) -> None:
        ids, keepers = self.ids, {LANGUAGE: keep}

        def apply(ledger: Ledger) -> None:
            moves = Moves(ledger=ledger, ids=ids, clock=self.clock, owner=SERVER, places=100, keepers=keepers)
            for work in works:
                work(moves)

        self.store.write(apply)

    def clock(self) -> int:
        return self.time[0]


def _encoded(body: Any) -> bytes:
    """Return a body's bytes; bytes are as a broken client would send them."""
    if isinstance(body, bytes):
        return body
    return b"" if body is None else json.dumps(body).encode()


@contextmanager
def open_yard(home: Path, *, store_url: str = "sqlite://", **settings: Any) -> Iterator[Yard]:
    """A yard in a folder, and its end."""
    time = [START]
    store = open_store(store_url)
    engine = Engine(
        store,
        Home(home).make(),
        Settings(places=0, **settings),
        clock=lambda: time[0],
        languages={LANGUAGE: Language(finish=finish, keep=keep)},
    )
    try:
        yield Yard(engine, store, engine.workspace("default"), time)
    finally:
        store.close()


def add(yard: Yard, *bodies: dict[str, Any]) -> list[dict[str, Any]]:
    """Add entities to the catalog and return them."""
    return [yard("POST", "catalog", body) for body in bodies]


def names(entities: Any) -> list[str]:
    """Return the paths of entities as texts."""
    return ["/".join(one["path"]) for one in entities]

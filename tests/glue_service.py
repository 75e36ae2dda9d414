"""The Glue dialect over an engine that records but starts nothing; a test plays the launcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

from runyard.core.access import Role
from runyard.core.ids import Ids
from runyard.core.job import Workspace
from runyard.core.run import Outcome
from runyard.dialects.exchange import Reply, Request
from runyard.dialects.glue import protocol
from runyard.engine import conductor
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.moves import Moves
from runyard.engine.settings import Settings
from runyard.engine.transaction import Claim, task_of
from runyard.store.store import Store, open_store
from runyard.web.services import LANGUAGES

COMMAND = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://scripts/s.py"}
JOB = {"Role": "runner", "Command": COMMAND}
SERVER = "the server under test"
EXTRAS = Path(protocol.__file__).parent / "botocore"  # what the model of stock clients lacks


class Refused(Exception):
    """What a client would raise."""

    def __init__(self, status: int, error: dict[str, str]) -> None:
        super().__init__(f"{error['Code']}: {error['Message']}")
        self.status = status


@dataclass
class Glue:
    """The dialect over an engine that records but starts nothing, and a clock that a test may push on."""

    engine: Engine
    store: Store
    workspace: Workspace
    time: list[int]
    aws: ServiceModel

    def reply(self, operation: str, members: Any, workspace: Workspace | None = None) -> Reply:
        request = Request(
            method="POST",
            path="/",
            query={},
            headers={"x-amz-target": f"AWSGlue.{operation}"},
            body=members if isinstance(members, bytes) else msgspec.json.encode(members),
            workspace=workspace or self.workspace,
            user="tester",
            role=Role.ADMIN,
            url="http://127.0.0.1:0",
        )
        return protocol.answer(self.engine, request)

    def __call__(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call, and read the answer as botocore does; it must fit AWS's model."""
        reply = self.reply(operation, members)
        model = self.aws.operation_model(operation)
        response = {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
        parsed: dict[str, Any] = create_parser("json").parse(response, model.output_shape)
        if reply.status >= 300:
            raise Refused(reply.status, parsed["Error"])
        assert set(msgspec.json.decode(reply.body)) == set(parsed) - {"ResponseMetadata"}
        parsed.pop("ResponseMetadata")
        assert not ParamValidator().validate(parsed, model.output_shape).has_errors()
        return parsed

    def move(self, work: Callable[[Moves], None]) -> None:
        """Play the launcher's part."""
        ids, clock = Ids(self.clock, slot=7), self.clock
        self.store.write(lambda ledger: work(Moves(ledger=ledger, ids=ids, clock=clock, owner=SERVER, places=100)))

    def clock(self) -> int:
        self.time[0] += 1  # the engine's own
        return self.time[0]

    def look(self) -> None:
        """Let the triggers come due that are, and play the conductor's part until nothing is left to do."""
        self.engine.surroundings.triggers.do_what_is_due()
        self.conduct()
        if self.store.read(lambda ledger: ledger.pending_triggers(1) or ledger.due_triggers(self.time[0], 1)):
            self.look()

    def conduct(self) -> None:
        """Carry out what needs no process."""
        for attempt in self.store.read(lambda ledger: ledger.attempts_to_conduct()):
            run = self.engine.run(self.workspace, attempt.run_id)
            claim = Claim(run=run, attempt=attempt, task=task_of(run, attempt))
            conductor.KINDS[claim.task.kind](self.engine, claim, claim.task.spec)

    def on_process(self) -> list[int]:
        """The attempts that have begun and not ended."""
        return [one.id for one in self.store.read(lambda ledger: ledger.attempts_on_process(SERVER))]

    def begin(self) -> None:
        """Let every waiting attempt begin."""
        self.move(claim_all)
        for attempt in self.on_process():
            self.move(partial(Moves.started, attempt_id=attempt, at=self.clock()))

    def end(self, outcome: Outcome, message: str | None = None, *, attempts: Iterable[int] = ()) -> None:
        """Let the attempts that have begun end, or some of them."""
        for attempt in attempts or self.on_process():
            ended = partial(Moves.finished, attempt_id=attempt, outcome=outcome)
            self.move(partial(ended, at=self.clock(), facts={"message": message}))


def claim_all(moves: Moves) -> None:
    moves.look_for_work()
    moves.claim()


@contextmanager
def glue_service(home: Path) -> Iterator[Glue]:
    """Open a service of its own, with an empty ledger in memory."""
    store = open_store("sqlite://")
    time = [1_800_000_000_000]

    def clock() -> int:
        time[0] += 1
        return time[0]

    # No places: the engine records and leaves the launcher's part to the test.
    engine = Engine(store, Home(home).make(), Settings(places=0), clock=clock, languages=LANGUAGES)
    aws = ServiceModel(aws_model())
    yield Glue(engine=engine, store=store, workspace=engine.workspace("default"), time=time, aws=aws)
    store.close()


@cache
def aws_model() -> Any:
    return Loader(extra_search_paths=[str(EXTRAS)]).load_service_model("glue", "service-2")


def names(answer: dict[str, Any], member: str, key: str) -> list[Any]:
    return [one[key] for one in answer[member]]

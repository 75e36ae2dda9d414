"""Carries out the tasks that need no process: conditions, loops, runs of other jobs, and what cannot run here."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from runyard.core import condition
from runyard.core.errors import InvalidRequest, LedgerUnavailable, Missing, NotFound, RunyardError
from runyard.core.job import WORKFLOW, Task
from runyard.core.queue import Overflow
from runyard.core.run import Outcome
from runyard.engine.categories import category_of
from runyard.engine.requests import Request
from runyard.engine.starting import Starting
from runyard.executors.launcher.depth import DEEPEST as DEEPEST_INPUT
from runyard.executors.launcher.depth import is_too_deep

if TYPE_CHECKING:
    from runyard.core.run import Run
    from runyard.engine.engine import Engine
    from runyard.engine.transaction import Claim

log = logging.getLogger(__name__)

Spec = Mapping[str, Any]
DEEPEST = 3  # jobs that start jobs
MOST_ITERATIONS = 5_000
AGAIN_S = 1.0  # when to look whether the ledger can be written again
UNAVAILABLE = "feature_disabled"


class Conductor:
    """A thread, so that a chain of such tasks does not end in a chain of calls."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._claims: queue.SimpleQueue[Claim | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="conductor", daemon=True)

    def start(self, claims: Iterable[Claim]) -> None:
        """Begin, first with what was left over."""
        for claim in claims:
            self.take(claim)
        self._thread.start()

    def take(self, claim: Claim) -> None:
        """Carry this out soon."""
        self._claims.put(claim)

    def close(self) -> None:
        """Finish what is being carried out; the rest is for the next server."""
        self._stopping.set()
        self._claims.put(None)
        if self._thread.ident:
            self._thread.join()

    def _watch(self) -> None:
        while claim := self._claims.get():
            try:
                self._carry_out(claim)
            except LedgerUnavailable as error:
                self._try_later(claim, error)
            except Exception:  # outermost loop of the thread: the next one must be carried out in any case
                log.exception("the end of attempt %d could not be recorded", claim.attempt.id)

    def _carry_out(self, claim: Claim) -> None:
        try:
            spec = self._engine.finished_spec(claim)
            KINDS[claim.task.kind](self._engine, claim, spec)
        except LedgerUnavailable:
            raise  # nothing was recorded, and the task is not to blame
        except Unavailable as error:
            self._engine.conclude(claim, Outcome.FAILED, message=str(error), category=UNAVAILABLE)
        except RunyardError as error:
            self._engine.conclude(claim, Outcome.FAILED, message=str(error), category=category_of(error))
        except Exception as error:  # outermost of one task: it would stay begun for ever
            log.exception("attempt %d could not be carried out", claim.attempt.id)
            text = f"The task could not be carried out: {type(error).__name__}: {error}."
            self._engine.conclude(claim, Outcome.FAILED, message=text, category=category_of(error))

    def _try_later(self, claim: Claim, error: LedgerUnavailable) -> None:
        """Keep trying: the ledger has the claim until it has what came of it."""
        log.error("attempt %d could not be carried out yet: %s", claim.attempt.id, error)
        if not self._stopping.wait(AGAIN_S):
            self._claims.put(claim)


class Unavailable(RunyardError):
    """A task of a kind that cannot run here."""


def _compare(engine: Engine, claim: Claim, spec: Spec) -> None:
    result = condition.holds(spec["left"], spec["op"], spec["right"])
    engine.conclude(claim, Outcome.SUCCEEDED, output={"result": "true" if result else "false"})


def _repeat(engine: Engine, claim: Claim, spec: Spec) -> None:
    """Start a run that has a task for each input, and is not in any list."""
    inputs = _inputs(spec["inputs"])
    if not inputs:
        engine.conclude(claim, Outcome.SUCCEEDED)
        return
    tasks = tuple(_iteration(spec["task"], number, value) for number, value in enumerate(inputs))
    request = Request(
        language=claim.run.language,
        job_name=claim.run.job_name,
        tasks=tasks,
        settings=claim.run.settings,
        overflow=Overflow.QUEUE,
        started_by={"kind": "for_each", "run_id": claim.run.id, "task_key": claim.task.key},
        parent_attempt_id=claim.attempt.id,
        tasks_at_once=int(spec.get("concurrency") or 1),
        is_listed=False,
    )
    engine.start_run(engine.workspace_of(claim.run), request)


def _inputs(given: Any) -> list[Any]:
    written = given
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(f"The inputs {given[:200]!r} are not a JSON array: {error}.") from error
    if not isinstance(given, list):
        raise InvalidRequest(f"The inputs must be a JSON array, not {str(written)[:200]}.")
    if len(given) > MOST_ITERATIONS:
        raise InvalidRequest(f"There are {len(given)} inputs; at most {MOST_ITERATIONS} are possible.")
    if is_too_deep(given):
        raise InvalidRequest(f"The inputs are nested deeper than {DEEPEST_INPUT} levels; give the loop flatter ones.")
    return given


def _iteration(template: Mapping[str, Any], number: int, value: Any) -> Task:
    return Task(**{**template, "key": str(number), "spec": {**template["spec"], "input": value}})


def _run_job(engine: Engine, claim: Claim, spec: Spec) -> None:
    workspace = engine.workspace_of(claim.run)
    if _depth(engine, claim.run) >= DEEPEST:
        raise InvalidRequest(f"Jobs may start jobs at most {DEEPEST} deep, and this one stands at that depth.")
    try:
        job = engine.job(workspace, int(spec["job_id"]))
    except NotFound as error:
        raise Missing(f"Job {spec['job_id']} does not exist, so this task cannot start it.") from error
    started_by = {"kind": "run_job", "run_id": claim.run.id, "task_key": claim.task.key}
    engine.start_job(
        Starting(
            engine=engine,
            workspace=workspace,
            job=job,
            parameters=spec.get("parameters", {}),
            started_by=started_by,
            parent_attempt_id=claim.attempt.id,
        )
    )


def _depth(engine: Engine, run: Run) -> int:
    """Count the runs above, of which each has started the next; the parts of a loop do not count."""
    depth = 0
    with suppress(NotFound):  # of a run that is repaired, what was above may be forgotten
        while run.parent_attempt_id is not None:
            depth += run.is_listed
            run, _ = engine.attempt(engine.workspace_of(run), run.parent_attempt_id)
    return depth


def _begin_workflow(engine: Engine, claim: Claim, spec: Spec) -> None:
    """Let the links start what there is to start; the end of the last run ends the task."""
    engine.chains.begin(claim, spec["links"])


def _refuse(_: Engine, __: Claim, spec: Spec) -> None:
    raise Unavailable(spec["message"])


KINDS: Mapping[str, Callable[[Engine, Claim, Spec], None]] = {
    "condition": _compare,
    "for_each": _repeat,
    "run_job": _run_job,
    "unavailable": _refuse,
    WORKFLOW: _begin_workflow,
}

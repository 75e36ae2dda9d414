"""What only the dialect's own views tell of a run: read as records by a statement's own connection, and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import apsw
import msgspec

from runyard.core import graph
from runyard.core.run import Attempt, Repair, Run
from runyard.dialects.databricks.facts import Facts, Part, TaskRun, TaskRuns, job_run
from runyard.dialects.databricks.runs import repairing
from runyard.dialects.databricks.runs.run_reading import LOOP, nested_task
from runyard.dialects.databricks.standing import of_run
from runyard.dialects.databricks.views import RUN as RUN_VIEW
from runyard.dialects.databricks.views import RUN_TASK, as_run
from runyard.store.records import ATTEMPT, REPAIR, RUN, Shape

R = TypeVar("R")
MOST_REMEMBERED = 64  # records: each is asked for as many members as a statement names


class Records:
    """The runs of a ledger as Databricks shows them, as the statement under way sees them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._shown: dict[tuple[str, int, str], Mapping[str, Any]] = {}

    def forget(self) -> None:
        """Forget what an earlier statement saw."""
        self._shown.clear()

    def run_member(self, member: str, run_id: int | None, url: str) -> Any:
        """Return a member of a run: a plain value, or the text of a document."""
        return _plain(self._once("run", run_id, url, self._run).get(member))

    def task_run_member(self, member: str, attempt_id: int | None, url: str) -> Any:
        """Return a member of a task run, as it is shown where a run is asked for."""
        return _plain(self._once("task run", attempt_id, url, self._task_run).get(member))

    def standing_member(self, member: str, run_id: int | None) -> Any:
        """Return how a run stands, in the older words (`state`) or the newer (`status`)."""
        return _plain(self._once("standing", run_id, "", self._standing).get(member))

    def _once(
        self, kind: str, number: int | None, url: str, show: Callable[[int, str], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        if number is None:  # SQLite asks before it looks for the row
            return {}
        key = (kind, number, url)
        if key not in self._shown:
            if len(self._shown) >= MOST_REMEMBERED:
                self._shown.clear()
            self._shown[key] = show(number, url) if self._is_there(kind, number) else {}
        return self._shown[key]

    def _is_there(self, kind: str, number: int) -> bool:
        return bool(self._all(ATTEMPT, "id", number) if kind == "task run" else self._all(RUN, "id", number))

    def _run(self, run_id: int, url: str) -> Mapping[str, Any]:
        run = self._one(RUN, run_id)
        attempts = self._attempts(run_id)
        rounds: list[Repair] = self._all(REPAIR, "run_id", run_id) if run.repairs else []
        facts = Facts(run=run, url=url, attempts=attempts, rounds=rounds, parts=self._parts(run, attempts))
        one = job_run(facts)
        tasks = [RUN_TASK.show(task_run) for task_run in one.task_runs]
        return {**RUN_VIEW.show(one), "tasks": tasks, "repair_history": repairing.history(run, attempts, rounds)}

    def _task_run(self, attempt_id: int, url: str) -> Mapping[str, Any]:
        attempt = self._one(ATTEMPT, attempt_id)
        run = self._one(RUN, attempt.run_id)
        facts = Facts(
            run=run,
            url=url,
            attempts=self._attempts(run.id),
            parts=self._parts(run, [attempt]),
            whole=self._whole(run),
            definition=None if run.is_listed else nested_task(run),
        )
        one = TaskRuns(facts).of(attempt_id)
        return as_run(one) if one.part is None else {**as_run(one), "iterations": self._iterations(one, one.part)}

    def _iterations(self, loop: TaskRun, part: Part) -> list[dict[str, Any]]:
        facts = Facts(
            run=part.run,
            url=loop.url,
            attempts=part.attempts,
            whole=loop.whole,
            definition=nested_task(part.run),
            parts=self._parts(part.run, part.attempts),
        )
        return [RUN_TASK.show(one) for one in TaskRuns(facts)]

    def _standing(self, run_id: int, _: str) -> Mapping[str, Any]:
        stands = of_run(self._one(RUN, run_id), graph.newest(self._attempts(run_id)))
        return {"state": stands.state, "status": stands.status}

    def _parts(self, run: Run, attempts: Iterable[Attempt]) -> Mapping[int, Part]:
        """Return the runs that are the work of loops, by the attempt of the loop."""
        loops = {task.key for task in run.tasks if task.kind == LOOP}
        of_loops = [one for one in attempts if one.task_key in loops]
        found = {one.id: self._all(RUN, "parent_attempt_id", one.id) for one in of_loops}
        return {
            number: Part(run=children[0], attempts=self._attempts(children[0].id))
            for number, children in found.items()
            if children
        }

    def _whole(self, run: Run) -> Run:
        while not run.is_listed and run.parent_attempt_id is not None:
            run = self._one(RUN, self._one(ATTEMPT, run.parent_attempt_id).run_id)
        return run

    def _attempts(self, run_id: int) -> list[Attempt]:
        return self._all(ATTEMPT, "run_id", run_id)

    def _one(self, shape: Shape[R], number: int) -> R:
        return self._all(shape, "id", number)[0]

    def _all(self, shape: Shape[R], column: str, value: int) -> list[R]:
        text = f"SELECT {', '.join(shape.columns)} FROM {shape.table} WHERE {column} = ? ORDER BY id"
        rows: Sequence[tuple[Any, ...]] = self._connection.execute(text, (value,)).fetchall()
        return shape.read(rows)


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return int(value) if isinstance(value, bool) else value

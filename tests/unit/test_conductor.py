"""Tasks that the engine carries out itself, on a ledger in memory and without a launcher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from waiting import until

from runyard.core.errors import LedgerUnavailable
from runyard.core.job import Job, Task
from runyard.core.run import Outcome, Run
from runyard.engine.conductor import Conductor
from runyard.engine.engine import Engine
from runyard.engine.finishing import Finishing
from runyard.engine.home import Home
from runyard.engine.language import Language
from runyard.engine.requests import Repairing, Request
from runyard.engine.settings import Settings
from runyard.engine.starting import Starting
from runyard.engine.transaction import Claim, task_of
from runyard.store.ledger import Ledger, Page
from runyard.store.store import Store, open_store


def start_plainly(starting: Starting) -> Run:
    request = Request(
        language="plain",
        job_name=starting.job.name,
        job=starting.job,
        settings=dict(starting.parameters),
        started_by=starting.started_by,
        parent_attempt_id=starting.parent_attempt_id,
    )
    return starting.engine.start_run(starting.workspace, request)


def finish_with_input(finishing: Finishing) -> Mapping[str, Any]:
    spec = finishing.task.spec
    return {**spec, "left": str(spec["input"])} if "input" in spec else spec


class Yard:
    def __init__(self, store: Store, engine: Engine) -> None:
        self.store = store
        self.engine = engine
        self.workspace = engine.workspace("default")

    def run(self, *tasks: Task) -> Run:
        run = self.engine.start_run(self.workspace, Request(language="plain", job_name="one-off", tasks=tasks))
        self.conduct()
        return self.engine.run(self.workspace, run.id)

    def conduct(self) -> None:
        while claims := self.store.read(to_conduct):
            conductor = Conductor(self.engine)
            conductor.start(claims)
            conductor.close()

    def job(self, name: str, *tasks: Task) -> Job:
        return self.engine.create_job(self.workspace, name=name, language="plain", settings={}, tasks=tasks)


def to_conduct(ledger: Ledger) -> list[Claim]:
    claims = []
    for attempt in ledger.attempts_to_conduct():
        run = ledger.run_anywhere(attempt.run_id)
        assert run is not None
        claims.append(Claim(run=run, attempt=attempt, task=task_of(run, attempt)))
    return claims


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    store = open_store("sqlite://")
    languages = {"plain": Language(start=start_plainly, finish=finish_with_input)}
    yield Yard(store, Engine(store, Home(tmp_path / "home").make(), Settings(preload=()), languages=languages))
    store.close()


def choice(key: str, left: str, op: str, right: str, **more: Any) -> Task:
    return Task(key=key, kind="condition", spec={"left": left, "op": op, "right": right}, **more)


def loop(inputs: Any, right: str = "2", **more: Any) -> Task:
    template = {"kind": "condition", "spec": {"op": ">=", "right": right}}
    return Task(key="loop", kind="for_each", spec={"inputs": inputs, "task": template, **more})


@pytest.mark.parametrize(
    ("left", "op", "right", "result"),
    [
        ("a", "==", "a", "true"),
        ("12.0", "==", "12", "false"),
        ("12.0", "!=", "12", "true"),
        ("12.0", ">=", "12", "true"),
        ("9", "<", "10", "true"),
        ("10", "<=", "9", "false"),
        (" 1e2 ", ">", "99", "true"),
    ],
)
def test_a_condition_succeeds_with_its_result(yard: Yard, left: str, op: str, right: str, result: str) -> None:
    run = yard.run(choice("c", left, op, right))

    assert run.outcome is Outcome.SUCCEEDED
    assert [one.output for one in yard.engine.attempts(run)] == [{"result": result}]


@pytest.mark.parametrize(("left", "op"), [("many", ">"), ("nan", "<"), ("1", "~")])
def test_a_condition_that_cannot_be_decided_fails_and_names_the_value(yard: Yard, left: str, op: str) -> None:
    run = yard.run(choice("c", left, op, "1"))

    assert run.outcome is Outcome.FAILED
    assert run.message is not None
    assert repr(left) in run.message or repr(op) in run.message


def test_a_long_chain_of_conditions_is_no_deep_chain_of_calls(yard: Yard) -> None:
    chain = [
        choice(str(number), "1", "==", "1", depends_on=(str(number - 1),) if number else ()) for number in range(300)
    ]

    assert yard.run(*chain).outcome is Outcome.SUCCEEDED


def test_a_loop_has_a_run_of_its_own_with_a_task_for_each_input(yard: Yard) -> None:
    run = yard.run(loop("[1, 2, 3]"))
    child = yard.engine.child_run(yard.engine.attempts(run)[0])

    assert run.outcome is Outcome.SUCCEEDED
    assert child is not None
    assert [one.output["result"] for one in yard.engine.attempts(child)] == ["false", "true", "true"]
    assert child.started_by == {"kind": "for_each", "run_id": run.id, "task_key": "loop"}
    assert yard.engine.runs(yard.workspace, Page(limit=9, where={})) == [run]


def test_a_loop_over_nothing_succeeds(yard: Yard) -> None:
    assert yard.run(loop("[]")).outcome is Outcome.SUCCEEDED


def test_a_loop_fails_with_one_of_its_iterations(yard: Yard) -> None:
    run = yard.run(loop('["1", "x"]'))

    assert run.outcome is Outcome.FAILED
    assert run.message is not None
    assert "'x' is not a number" in run.message


def test_inputs_that_are_no_list_are_told_as_they_were_written(yard: Yard) -> None:
    run = yard.run(loop('{"a": null}'))

    assert run.message == 'The inputs must be a JSON array, not {"a": null}.'


@pytest.mark.parametrize("inputs", ["[1", "{}", "7", {"a": 1}, list(range(5_001)), "[" * 99_999, "[" * 202 + "]" * 202])
def test_inputs_that_are_no_list_of_a_fair_length_are_refused(yard: Yard, inputs: Any) -> None:
    run = yard.run(loop(inputs))

    assert run.outcome is Outcome.FAILED
    assert run.message is not None
    assert "inputs" in run.message


def test_a_task_runs_another_job_and_ends_as_it_ends(yard: Yard) -> None:
    good = yard.job("good", choice("c", "1", "==", "1"))
    run = yard.run(Task(key="call", kind="run_job", spec={"job_id": good.id, "parameters": {"day": "monday"}}))
    child = yard.engine.child_run(yard.engine.attempts(run)[0])

    assert run.outcome is Outcome.SUCCEEDED
    assert child is not None
    assert child.settings == {"day": "monday"}
    assert {one.id for one in yard.engine.runs(yard.workspace, Page(limit=9, where={}))} == {run.id, child.id}


def test_a_job_that_does_not_exist_fails_the_task_that_wants_it(yard: Yard) -> None:
    run = yard.run(Task(key="call", kind="run_job", spec={"job_id": 17}))

    assert (run.outcome, run.message) == (Outcome.FAILED, "Job 17 does not exist, so this task cannot start it.")
    assert yard.engine.attempts(run)[0].category == "not_found"


def test_jobs_that_start_each_other_end_at_a_depth(yard: Yard) -> None:
    job = yard.job("again", choice("c", "1", "==", "1"))
    again = Task(key="call", kind="run_job", spec={"job_id": job.id})
    yard.engine.update_job(job, tasks=(again,))
    run = yard.run(again)

    assert run.outcome is Outcome.FAILED
    assert run.message is not None
    assert "at most 3 deep" in run.message
    assert len(yard.engine.runs(yard.workspace, Page(limit=9, where={}))) == 4


def test_what_cannot_run_here_fails_and_says_what_to_do(yard: Yard) -> None:
    run = yard.run(Task(key="t", kind="unavailable", spec={"message": "Use another kind."}))

    assert (run.outcome, run.message) == (Outcome.FAILED, "Use another kind.")
    assert [one.category for one in yard.engine.attempts(run)] == ["feature_disabled"]


@pytest.mark.parametrize(
    ("task", "what"),
    [
        (Task(key="t", kind="condition", spec={"op": "==", "right": "1"}), "KeyError: 'left'"),
        (Task(key="t", kind="for_each", spec={"inputs": [1], "task": {"kind": "condition"}}), "KeyError: 'spec'"),
        (Task(key="t", kind="run_job", spec={"job_id": "many"}), "ValueError: invalid literal for int()"),
    ],
)
def test_a_defect_ends_the_task_it_hits_and_no_other(yard: Yard, task: Task, what: str) -> None:
    run = yard.run(task, choice("other", "1", "==", "1"))

    assert [one.phase for one in yard.engine.attempts(run)] == ["failed", "succeeded"]
    assert run.message is not None
    assert run.message.startswith(f"The task could not be carried out: {what}")


def test_a_task_that_runs_another_job_gives_it_its_own_timeout(yard: Yard) -> None:
    slow = yard.job("slow", Task(key="s", kind="python_script", spec={"script": "a.py"}))
    run = yard.run(Task(key="call", kind="run_job", spec={"job_id": slow.id}, timeout_ms=7_000))
    child = yard.engine.child_run(yard.engine.attempts(run)[0])

    assert child is not None
    assert (child.timeout_ms, child.timeout_at) == (7_000, child.created_at + 7_000)


def test_a_run_that_is_repaired_after_its_caller_was_forgotten_may_start_jobs(yard: Yard) -> None:
    good = yard.job("good", choice("c", "1", "==", "1"))
    middle = yard.job("middle", Task(key="inner", kind="run_job", spec={"job_id": good.id}))
    caller = yard.run(Task(key="outer", kind="run_job", spec={"job_id": middle.id}))
    called = yard.engine.child_run(yard.engine.attempts(caller)[0])
    assert called is not None
    yard.engine.delete_run(yard.workspace, caller.id)
    yard.engine.repair_run(yard.workspace, called.id, Repairing(task_keys=("inner",)))
    yard.conduct()

    assert yard.engine.run(yard.workspace, called.id).phase == "succeeded"


def test_a_task_that_meets_a_ledger_out_of_reach_is_carried_out_when_it_is_back(tmp_path: Path) -> None:
    away = [True]

    def finish(finishing: Finishing) -> Mapping[str, Any]:
        if away:
            away.clear()
            raise LedgerUnavailable("The disk is full.")
        return finishing.task.spec

    with closing(open_store("sqlite://")) as store:
        engine = Engine(
            store,
            Home(tmp_path / "home").make(),
            Settings(preload=()),
            languages={"plain": Language(start=start_plainly, finish=finish)},
        )
        yard = Yard(store, engine)
        request = Request(language="plain", job_name="one-off", tasks=(choice("c", "1", "==", "1"),))
        run = engine.start_run(yard.workspace, request)
        conductor = Conductor(engine)
        conductor.start(store.read(to_conduct))
        until(lambda: engine.run(yard.workspace, run.id).outcome is Outcome.SUCCEEDED)
        conductor.close()

        assert away == []

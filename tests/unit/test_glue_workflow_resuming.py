"""How runs of workflows are resumed, and go on when a server dies, over an engine whose launcher the test plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from glue_flows import end, furnish, nodes, resume, run_of, start, start_with, states, then
from glue_service import JOB, Glue, Refused, glue_service

from runyard.core.errors import LedgerUnavailable
from runyard.core.run import Outcome, Run
from runyard.core.trigger import Trigger
from runyard.engine.sights import Sights
from runyard.engine.triggers import Triggers


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path / "home") as service:
        furnish(service)
        yield service


def partly_failed(glue: Glue) -> str:
    """Run a, b and c (which fails) beside each other and d behind all of them."""
    start_with(glue, "a", "b", "c")
    then(glue, "d", "a", "b", "c")
    run_id = start(glue)
    end(glue, count=2)
    end(glue, Outcome.FAILED)
    assert states(glue, run_id) == {"a": ["SUCCEEDED"], "b": ["SUCCEEDED"], "c": ["FAILED"], "d": []}
    return run_id


def test_a_resumed_run_runs_what_was_chosen_and_what_follows_and_copies_the_rest(glue: Glue) -> None:
    first = partly_failed(glue)
    glue("PutWorkflowRunProperties", Name="w", RunId=first, RunProperties={"r": "8"})
    answer = resume(glue, first, "c")
    glue.look()
    glue.begin()
    end(glue)
    end(glue)
    run = run_of(glue, answer["RunId"])
    old, new = nodes(glue, first), nodes(glue, answer["RunId"])

    assert run["Status"] == "COMPLETED"
    assert run["PreviousRunId"] == first
    assert run["WorkflowRunProperties"]["r"] == "8"
    assert states(glue, answer["RunId"]) == {job: ["SUCCEEDED"] for job in "abcd"}
    assert [new[job] for job in "ab"] == [old[job] for job in "ab"]
    assert answer["NodeIds"] == [old["c"]["UniqueId"]]
    assert len(glue("GetJobRuns", JobName="a")["JobRuns"]) == 1


def test_a_node_behind_another_chosen_one_is_not_started_twice(glue: Glue) -> None:
    start_with(glue, "a")
    then(glue, "b", "a")
    first = start(glue)
    end(glue)
    end(glue, Outcome.FAILED)
    answer = resume(glue, first, "a", "b")
    glue.look()
    glue.begin()

    assert answer["NodeIds"] == [nodes(glue, first)["a"]["UniqueId"]]
    assert states(glue, answer["RunId"]) == {"a": ["RUNNING"], "b": []}


def test_a_resumed_run_can_be_resumed_and_its_copies_stay(glue: Glue) -> None:
    first = partly_failed(glue)
    second = resume(glue, first, "c")["RunId"]
    glue.look()
    glue.begin()
    end(glue, Outcome.FAILED)
    third = resume(glue, second, "c")["RunId"]
    glue.look()
    glue.begin()
    end(glue)
    end(glue)

    assert run_of(glue, third)["PreviousRunId"] == second
    assert states(glue, third) == {job: ["SUCCEEDED"] for job in "abcd"}


def test_a_resumed_run_whose_job_may_not_start_is_over_at_once(glue: Glue) -> None:
    glue("CreateJob", Name="one", **JOB)
    start_with(glue, "a", "one")
    then(glue, "b", "a", "one")
    first = start(glue)
    end(glue, count=1)
    end(glue, Outcome.FAILED)
    glue("StartJobRun", JobName="one")
    second = resume(glue, first, "one")["RunId"]
    glue.look()

    assert run_of(glue, second)["Status"] == "COMPLETED"
    assert states(glue, second) == {"a": ["SUCCEEDED"], "one": ["FAILED"], "b": []}


def test_a_trigger_that_needs_any_waits_for_what_is_run_again(glue: Glue) -> None:
    start_with(glue, "a", "b")
    then(glue, "c", "a", "b", logical="ANY")
    first = start(glue)
    end(glue)
    end(glue, Outcome.FAILED)
    second = resume(glue, first, "b")["RunId"]
    glue.look()
    glue.begin()
    assert states(glue, second)["c"] == []
    end(glue)

    assert states(glue, second) == {"a": ["SUCCEEDED"], "b": ["SUCCEEDED"], "c": ["RUNNING"]}


def test_only_a_completed_run_is_resumed_and_only_from_jobs_that_were_attempted(glue: Glue) -> None:
    start_with(glue, "a")
    then(glue, "b", "a")
    run_id = start(glue)
    with pytest.raises(Refused, match=r"IllegalWorkflowStateException: .* is RUNNING, not COMPLETED"):
        resume(glue, run_id, "a")
    end(glue, Outcome.FAILED)

    with pytest.raises(Refused, match=r"InvalidInputException: Node .* is no job that was attempted"):
        resume(glue, run_id, "b")
    with pytest.raises(Refused, match="InvalidInputException: NodeIds must name at least one"):
        resume(glue, run_id)


# a server that dies


def dying(glue: Glue, *, after: int) -> Triggers:
    """Return triggers of a server that goes once so many of a firing's runs have started."""

    def die(trigger: Trigger) -> Sequence[Run]:
        fire = glue.engine.language("glue").fire
        assert fire is not None
        left = after
        real = glue.engine.start_run

        def start_run(*given: Any) -> Run:
            nonlocal left
            if left == 0:
                raise LedgerUnavailable("The server is gone.")
            left -= 1
            return real(*given)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(glue.engine, "start_run", start_run)
            return glue.engine.surroundings._start_runs(trigger)

    home = glue.engine.home.path
    sights = Sights(glue.store, glue.engine.mounts, clock=glue.clock, poll_ms=1000, databases=home / "sql")
    return Triggers(glue.store, sights, clock=glue.clock, start_runs=die, change=glue.engine.change)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_firing_that_a_server_left_half_done_is_finished_by_the_next_and_nothing_runs_twice(
    glue: Glue, after: int
) -> None:
    glue("CreateTrigger", Name="t", Type="ON_DEMAND", Actions=[{"JobName": "a"}, {"JobName": "b"}, {"JobName": "c"}])
    glue("StartTrigger", Name="t")
    with pytest.raises(LedgerUnavailable):
        dying(glue, after=after).do_what_is_due()
    started = sum(len(glue("GetJobRuns", JobName=job)["JobRuns"]) for job in "abc")

    glue.look()
    glue.look()

    assert started == after
    assert [len(glue("GetJobRuns", JobName=job)["JobRuns"]) for job in "abc"] == [1, 1, 1]


def test_a_workflow_run_whose_server_dies_between_two_starts_goes_on_to_its_end(glue: Glue) -> None:
    start_with(glue, "a", "b")
    then(glue, "c", "a", "b")
    run_id = glue("StartWorkflowRun", Name="w")["RunId"]
    claim_only = glue.store.read(lambda ledger: ledger.attempts_to_conduct())
    assert len(claim_only) == 1
    glue.conduct()
    with pytest.raises(LedgerUnavailable):
        dying(glue, after=1).do_what_is_due()
    glue.begin()
    end(glue)
    assert run_of(glue, run_id)["Status"] == "RUNNING"
    end(glue)
    end(glue)

    assert run_of(glue, run_id)["Status"] == "COMPLETED"
    assert states(glue, run_id) == {"a": ["SUCCEEDED"], "b": ["SUCCEEDED"], "c": ["SUCCEEDED"]}

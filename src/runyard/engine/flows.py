"""Runs of workflows inside a transaction: links start their runs, and the last of these ends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from runyard.core.errors import WrongState
from runyard.core.job import WORKFLOW
from runyard.core.run import Attempt, Outcome, Run, State
from runyard.core.trigger import Trigger
from runyard.engine import arming

if TYPE_CHECKING:
    from runyard.engine.moves import Moves
    from runyard.engine.transaction import Claim

UNDER_WAY = frozenset({State.RUNNING, State.STOPPING})


def flow_of(run: Run) -> int | None:
    """Return the run of a workflow whose work a run is."""
    flow_run_id: int | None = run.started_by.get("flow_run_id")
    return flow_run_id


def begin(moves: Moves, claim: Claim, links: Iterable[Mapping[str, Any]]) -> None:
    """Let a workflow's run begin with links of its own: triggers as they were when it was asked for."""
    attempt = moves.ledger.attempt(claim.attempt.id)
    if attempt is None or attempt.state is not State.STARTING:
        return  # stopped meanwhile, or begun by an earlier server
    moves.started(attempt.id, at=moves.clock())
    for link in links:
        moves.ledger.add_link(_link(moves, claim.run, link))
    moves.armed = True
    settle(moves, claim.run.id)


def _link(moves: Moves, run: Run, link: Mapping[str, Any]) -> Trigger:
    now = moves.clock()
    return Trigger(
        id=moves.ids.next(),
        workspace_id=run.workspace_id,
        flow_run_id=run.id,
        next_at=now if link["memory"].get("asked") else None,  # the others wait for an end that they hear of
        created_at=now,
        updated_at=now,
        **link,
    )


def join(moves: Moves, run: Run) -> None:
    """Count a run that was just recorded among the work of its workflow's run, which must still be under way."""
    flow_run_id = flow_of(run)
    if flow_run_id is not None:
        attempt = _attempt(moves, flow_run_id)
        if attempt is None or attempt.state is not State.RUNNING:
            raise WrongState(f"The workflow's run {flow_run_id} goes on no more; it starts nothing.")
        moves.ledger.add_flow_member(flow_run_id, run.id)
    if run.state is State.ENDED:  # it was skipped, so that nobody heard of its end
        moves.armed |= arming.hear_links(moves.ledger, run, now=moves.clock())


def run_ended(moves: Moves, run: Run) -> None:
    """End what stands and falls with a run: a workflow's links with it, and the workflow with its last run."""
    if run.tasks and run.tasks[0].kind == WORKFLOW:
        moves.ledger.remove_links(run.id)
    flow_run_id = flow_of(run)
    if flow_run_id is not None:
        settle(moves, flow_run_id)


def members_to_stop(moves: Moves, run: Run) -> list[Run]:
    """Let a workflow's run start nothing more, and return what of it goes on."""
    moves.ledger.remove_links(run.id)
    return moves.ledger.flow_members_alive(run.id)


def settle(moves: Moves, flow_run_id: int) -> None:
    """End a workflow's run once nothing of it goes on and nothing is to start; how its runs ended is theirs."""
    attempt = _attempt(moves, flow_run_id)
    if attempt is None or attempt.state not in UNDER_WAY or moves.ledger.flow_is_busy(flow_run_id):
        return
    outcome = Outcome.CANCELLED if attempt.state is State.STOPPING else Outcome.SUCCEEDED
    moves.finished(attempt.id, outcome, at=moves.clock(), facts={})


def _attempt(moves: Moves, flow_run_id: int) -> Attempt | None:
    """Return the attempt whose work the runs are; its run is held, so that two ends at once see each other."""
    if moves.ledger.run_anywhere(flow_run_id) is None:
        return None
    attempts = moves.ledger.attempts(flow_run_id)
    return attempts[-1] if attempts else None

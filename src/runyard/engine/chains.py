"""The verbs about triggers that have names, and about the runs of workflows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runyard.core import batch
from runyard.core import trigger as triggers
from runyard.core.errors import AlreadyExists, WrongState
from runyard.core.job import WORKFLOW, Workspace, kept_name
from runyard.core.run import Run
from runyard.core.trigger import Trigger, Wish
from runyard.engine import flows
from runyard.engine.jobs import found
from runyard.engine.moves import Moves
from runyard.store.ledger import Ledger
from runyard.store.store import Store

if TYPE_CHECKING:
    from runyard.engine.engine import Engine
    from runyard.engine.transaction import Claim


class Chains:
    """What the engine does with what starts runs one after the other."""

    def __init__(self, engine: Engine, store: Store, *, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock

    # triggers with names

    def create(self, workspace: Workspace, name: str, wish: Wish, **facts: Any) -> Trigger:
        """Record a trigger; a paused one waits to be activated."""
        self._check(wish)
        now = self._clock()
        made = Trigger(
            id=self._engine.new_id(),
            workspace_id=workspace.id,
            name=name,
            kind=wish.kind,
            spec=wish.spec,
            is_paused=True,
            created_at=now,
            updated_at=now,
            **facts,
        )
        trigger = made if wish.is_paused else triggers.activated(made, now=now)

        def add(moves: Moves) -> bool:
            moves.armed = True
            return moves.ledger.add_link(trigger)

        if not self._engine.change(add):
            raise AlreadyExists("trigger", name)
        return trigger

    def named(self, workspace: Workspace, language: str, name: str) -> Trigger:
        """Return a trigger by name."""
        known = self._store.read(lambda ledger: ledger.trigger_named(workspace.id, language, name))
        return found(known, "trigger", name)

    def page(self, workspace: Workspace, language: str, *, after: int, limit: int) -> list[Trigger]:
        """Return the triggers with names behind an id, the oldest first."""
        return self._store.read(lambda ledger: ledger.triggers_named(workspace.id, language, after=after, limit=limit))

    def change(self, trigger: Trigger, change: Callable[[Trigger], Trigger]) -> Trigger:
        """Write what `change` makes of a trigger as it is now, whoever changed it meanwhile."""

        def save(moves: Moves) -> Trigger:
            known = found(moves.ledger.trigger(trigger.id), "trigger", trigger.name)
            changed = change(known)
            if not moves.ledger.redefine_trigger(changed, seen=known):
                raise WrongState(f"Trigger {trigger.name} was changed by somebody else meanwhile; try again.")
            moves.armed = True
            return changed

        return self._engine.change(save)

    def redefine(self, trigger: Trigger, wish: Wish, **facts: Any) -> Trigger:
        """Overwrite what a trigger waits for; one that watches begins anew."""
        self._check(wish)

        def defined(known: Trigger) -> Trigger:
            now = self._clock()
            changed = replace(known, kind=wish.kind, spec=wish.spec, updated_at=max(now, known.updated_at + 1), **facts)
            same = (known.kind, known.spec) == (wish.kind, wish.spec)
            return changed if same or known.is_paused else triggers.begun_anew(changed, now=now)

        return self.change(trigger, defined)

    def send(
        self, workspace: Workspace, language: str, *, kind: str, name: str, events: Sequence[str]
    ) -> list[Trigger]:
        """Send events to a trigger by its name, or to what starts a workflow by the workflow's; return who heard."""
        hearing = [one for one in self._receivers(workspace, language, kind, name) if one.kind == batch.KIND]
        now = self._clock()
        return [self.change(one, lambda known: triggers.receive(known, events, now=now)) for one in hearing]

    def _receivers(self, workspace: Workspace, language: str, kind: str, name: str) -> list[Trigger]:
        def find(ledger: Ledger) -> list[Trigger]:
            if kind == WORKFLOW:
                workflow = ledger.job_named(workspace.id, kept_name(WORKFLOW, name))
                return ledger.triggers(workflow.id) if workflow else []
            trigger = ledger.trigger_named(workspace.id, language, name) if kind == "trigger" else None
            return [trigger] if trigger else []

        return self._store.read(find)

    def delete(self, trigger: Trigger) -> None:
        """Remove a trigger."""
        self._store.write(lambda ledger: ledger.remove_trigger(trigger.id))

    def _check(self, wish: Wish) -> None:
        triggers.check(wish)
        self._engine.surroundings.check(wish)

    # runs of workflows

    def begin(self, claim: Claim, links: Sequence[Mapping[str, Any]]) -> None:
        """Let a workflow's run begin."""
        self._engine.change(lambda moves: flows.begin(moves, claim, links))

    def members(self, run: Run) -> list[Run]:
        """Return the runs that are the work of a workflow's run, the oldest first."""
        return self._store.read(lambda ledger: ledger.flow_members(run.id))

    def properties(self, run: Run) -> dict[str, str]:
        """Return the properties of a workflow's run that were put while it ran."""
        return self._store.read(lambda ledger: ledger.flow_properties(run.id))

    def put_properties(self, run: Run, properties: Mapping[str, str]) -> None:
        """Add properties of a workflow's run, or give them new values."""

        def put(ledger: Ledger) -> None:
            found(ledger.run_anywhere(run.id), "run", run.id)
            ledger.put_flow_properties(run.id, properties)

        self._store.write(put)

"""The part of the ledger that chains runs: triggers with names, and the runs of workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runyard.core.trigger import watched_names
from runyard.store.records import RUN, TRIGGER
from runyard.store.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runyard.core.run import Run
    from runyard.core.trigger import Trigger


class Links(Rows):
    """Triggers that stand for themselves, and what belongs to a run of a workflow."""

    def add_link(self, trigger: Trigger) -> bool:
        """Add a trigger that hears of the jobs it names; False if its name is taken."""
        added = self._did("add_named_trigger", TRIGGER.values(trigger))
        if added:
            self._watch(trigger)
        return added

    def trigger_named(self, workspace_id: int, language: str, name: str) -> Trigger | None:
        """Return a trigger by name, held against other writers."""
        return self._one(TRIGGER, "trigger_by_name", workspace_id=workspace_id, language=language, name=name)

    def triggers_named(self, workspace_id: int, language: str, *, after: int, limit: int) -> list[Trigger]:
        """Return the triggers of a language that have names, the oldest first."""
        span = {"after": after, "limit": limit}
        return self._all(TRIGGER, "named_triggers", workspace_id=workspace_id, language=language, **span)

    def redefine_trigger(self, trigger: Trigger, *, seen: Trigger) -> bool:
        """Write what was asked of a trigger anew; False if somebody else changed it first."""
        saved = self._did("redefine_trigger", {**TRIGGER.values(trigger), "seen_at": seen.updated_at})
        if saved and trigger.spec != seen.spec:
            self._cursor.run("remove_watches_by_name", {"trigger_id": trigger.id})
            self._watch(trigger)
        return saved

    def triggers_hearing(self, run: Run, flow_run_id: int) -> list[Trigger]:
        """Return the triggers that must hear that a run has ended which a trigger started."""
        job = {"job_name": run.job_name}
        return self._all(
            TRIGGER, "triggers_watching_name", workspace_id=run.workspace_id, flow_run_id=flow_run_id, **job
        )

    def add_flow_member(self, flow_run_id: int, run_id: int) -> None:
        """Note that a run is work of a workflow's run."""
        self._cursor.run("add_flow_member", {"flow_run_id": flow_run_id, "run_id": run_id})

    def flow_members(self, flow_run_id: int) -> list[Run]:
        """Return the runs that are the work of a workflow's run, oldest first."""
        return self._all(RUN, "flow_members", flow_run_id=flow_run_id)

    def flow_members_alive(self, flow_run_id: int) -> list[Run]:
        """Return those that have not ended, held against other writers."""
        return self._all(RUN, "flow_members_alive", flow_run_id=flow_run_id)

    def flow_is_busy(self, flow_run_id: int) -> bool:
        """Tell whether a workflow's run has a run that goes on, or one to start."""
        return self._did("flow_is_busy", {"flow_run_id": flow_run_id})

    def remove_links(self, flow_run_id: int) -> None:
        """Let a workflow's run start nothing more."""
        self._cursor.run("remove_triggers_of_flow", {"flow_run_id": flow_run_id})

    def flow_properties(self, flow_run_id: int) -> dict[str, str]:
        """Return the properties of a workflow's run that were put while it ran."""
        return dict(self._cursor.all("flow_properties", {"flow_run_id": flow_run_id}))

    def put_flow_properties(self, flow_run_id: int, properties: Mapping[str, str]) -> None:
        """Add properties of a workflow's run, or give them new values."""
        for name, value in properties.items():
            self._cursor.run("put_flow_property", {"flow_run_id": flow_run_id, "name": name, "value": value})

    def _watch(self, trigger: Trigger) -> None:
        for name in watched_names(trigger):
            where = {"workspace_id": trigger.workspace_id, "job_name": name}
            self._cursor.run("add_watch_by_name", {**where, "trigger_id": trigger.id})

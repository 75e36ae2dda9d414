"""What libraries ask of the process they run in: `get_context()`."""

from __future__ import annotations

from typing import Any

from . import service
from .facts import read_facts


class ReplContext:
    """Facts of this run by the vendor's names; whatever is not known here is None."""

    def __init__(self) -> None:
        facts = read_facts()
        server = service.host() or ""
        self.isInJob = facts.run_id is not None
        self.jobId = _text(facts.job_id)
        self.currentRunId = _text(facts.task_run_id)
        self.idInJob = _text(facts.run_id)
        self.multitaskParentRunId = _text(facts.run_id)
        self.workspaceId = _text(facts.workspace_id)
        self.taskKey = facts.task_key
        self.notebookPath = facts.notebook_path
        self.apiUrl = server or None
        self.apiToken = service.token()
        # Clients put https:// before it, so a server without TLS is better found through DATABRICKS_HOST.
        self.workspaceUrl = server.removeprefix("https://") if server.startswith("https://") else None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return None


def get_context() -> ReplContext | None:
    """Return what is known of this process's run, None if it belongs to none."""
    return ReplContext() if read_facts().folder else None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)

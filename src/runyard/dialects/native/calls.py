"""What a handler is given, and how it finds the jobs and runs that a caller names."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from runyard.core.access import Role
from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.job import WORKFLOW, Job, Workspace, kept_name
from runyard.dialects.exchange import Sessions
from runyard.engine.engine import Engine
from runyard.store.ledger import Page

LONGEST_ID = 16  # digits of 2^53
MOST_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class Call:
    """The engine, and whose jobs are meant."""

    engine: Engine
    workspace: Workspace
    user: str = ""
    url: str = ""  # of this server, as the caller reached it
    role: Role = Role.VIEWER  # what the caller is in this workspace
    token_id: int = 0  # the token that the caller came by, if by one
    sessions: Sessions | None = None

    def job(self, named: str) -> Job:
        """Return a job or a workflow by its name or its id; refuse a name that several have."""
        for name in (named, kept_name(WORKFLOW, named)):
            with suppress(NotFound):
                return self.engine.job_named(self.workspace, name)
        if _is_id(named):
            with suppress(NotFound):
                return self.engine.job(self.workspace, int(named))
        return self._only_one(named)

    def _only_one(self, called: str) -> Job:
        """Return the job of a name that others may have too."""
        found = self.engine.jobs(self.workspace, Page(limit=MOST_TOLD, where={"called": called}))
        if not found:
            raise NotFound("job", called)
        if len(found) > 1:
            ids = ", ".join(str(job.id) for job in found)
            raise InvalidRequest(f"Several jobs are called {called}; say which by its id: {ids}.")
        return found[0]

    def runs_of(self, named: str) -> dict[str, str | int]:
        """Return the condition for the runs of a job: of a name, as runs outlive jobs, or of an id no job is called."""
        try:
            job = self.job(named)
        except (NotFound, InvalidRequest):  # of no job, or of all that are called so
            return {"job_name": named}
        return {"job_id": job.id} if job.name != named else {"job_name": named}


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID

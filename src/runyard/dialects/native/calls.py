"""What a handler is given, and how it finds the jobs and runs that a caller names."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from runyard.core.access import Role
from runyard.core.errors import NotFound
from runyard.core.job import WORKFLOW, Job, Workspace, kept_name
from runyard.dialects.exchange import Sessions
from runyard.engine.engine import Engine

LONGEST_ID = 16  # digits of 2^53


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
        """Return a job or a workflow by its name, else by its id."""
        for name in (named, kept_name(WORKFLOW, named)):
            with suppress(NotFound):
                return self.engine.job_named(self.workspace, name)
        if not _is_id(named):
            raise NotFound("job", named)
        return self.engine.job(self.workspace, int(named))

    def runs_of(self, named: str) -> dict[str, str | int]:
        """Return the condition for the runs of a job: of a name, as runs outlive jobs, or of an id no job is called."""
        try:
            job = self.job(named)
        except NotFound:
            return {"job_name": named}
        return {"job_id": job.id} if job.name != named else {"job_name": named}


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID

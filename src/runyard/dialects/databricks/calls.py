"""What an operation is, and what its handler is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runyard.core.access import Role, need_of_method
from runyard.core.job import Workspace
from runyard.dialects.exchange import Request
from runyard.engine.engine import Engine

JOBS_VERSIONS = ("2.0", "2.1", "2.2")
Members = Mapping[str, Any]
NEEDS: Mapping[str, Role] = {
    "getSecret": Role.OPERATOR,
    **dict.fromkeys(("listClusterEvents", "createToken", "deleteToken"), Role.VIEWER),
}
"""The role that an operation needs, where it is not what its method says."""
CONTENT: Mapping[str, str] = {"": "bytes"}
"""What an operation gives whose answer is content, not members."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, its members read from path, query and body alike."""

    engine: Engine
    request: Request
    version: str  # of the API: "2.0", "2.1" or "2.2"
    members: Members

    @property
    def workspace(self) -> Workspace:
        """Return the workspace that the caller's credential names."""
        return self.request.workspace


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One row of the table: routes, the OpenAPI document and the SQL resources are made of it."""

    id: str  # operationId, as getJobRun
    method: str
    path: str  # below /api/{version}/, as "jobs/runs/get" or "permissions/jobs/{job_id}"
    handle: Callable[[Call], Any]  # returns a JSON object (a mapping), or a Reply for what is none
    summary: str
    takes: Mapping[str, str] = field(default_factory=dict)
    """Members by name: "int", "bool", "string", "object", "array", "bytes"; a mark "!" behind it says required."""
    gives: Mapping[str, str] = field(default_factory=dict)  # likewise, of the answer
    versions: tuple[str, ...] = ("2.0",)
    body: str = ""  # "bytes": the body is content, not JSON; "form": it may be a form with a large file

    @property
    def need(self) -> Role:
        """Return the role that a caller must have."""
        return NEEDS.get(self.id) or need_of_method(self.method)

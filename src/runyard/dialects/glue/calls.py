"""What a handler of Glue's operations is given, and how it gives pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runyard.core.errors import NotFound
from runyard.core.job import Job, Workspace
from runyard.core.trigger import Trigger
from runyard.dialects.glue.views import LANGUAGE
from runyard.dialects.glue.workflows import workflow_named
from runyard.engine.engine import Engine

Members = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a handler is given: the engine, whose jobs are meant, and the members of the request."""

    engine: Engine
    workspace: Workspace
    members: Mapping[str, Any]

    def __getitem__(self, member: str) -> Any:
        """Return a required member."""
        return self.members[member]

    def job(self, name: str) -> Job:
        """Return a job by name."""
        return self.engine.job_named(self.workspace, name)

    def trigger(self, name: str) -> Trigger:
        """Return a trigger by name."""
        return self.engine.chains.named(self.workspace, LANGUAGE, name)

    def workflow(self, name: str) -> Job:
        """Return a workflow by name."""
        return workflow_named(self.engine, self.workspace, name)

    def resource(self) -> tuple[str, str]:
        """Return the kind and the name of what an ARN names."""
        *_, resource = self["ResourceArn"].split(":", maxsplit=5)  # a name may have colons
        kind, _, name = resource.partition("/")
        if not name:
            raise NotFound("resource", self["ResourceArn"])
        return kind, name


def page(member: str, items: list[Any], token: str | None) -> Members:
    """Return a page with the token of the next one, if there is one."""
    return {member: items, "NextToken": token} if token else {member: items}

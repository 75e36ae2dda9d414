"""What an operation is, and what its handler is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runyard.core.access import Role, need_of_method
from runyard.core.job import Workspace
from runyard.dialects.exchange import Request
from runyard.engine.engine import Engine

CLOUD = "/v0/projects/{project_id}/"
SOFTWARE = "/api/v3/"
ROOT = "/"
EVERYWHERE = (CLOUD, SOFTWARE)
Members = Mapping[str, Any]
NEEDS: Mapping[str, Role] = {
    **dict.fromkeys(("login", "loginV3", "loginApiv3", "logout", "logoutV3", "logoutApiv3"), Role.VIEWER),
    **dict.fromkeys(("getCatalogEntitiesByPaths", "getCatalogEntitiesByIds", "search"), Role.VIEWER),
    **dict.fromkeys(
        ("recommendReflections", "recommendReflectionsOfDataset", "recommendReflectionsOfDatasetByType"), Role.VIEWER
    ),
    **dict.fromkeys(
        ("createQueue", "updateQueue", "deleteQueue", "setRules", "deleteRules", "setEngineRules"), Role.ADMIN
    ),
    **dict.fromkeys(("createEngine", "updateEngine", "deleteEngine", "enableEngine", "disableEngine"), Role.ADMIN),
}
"""The role that an operation needs, where it is not what its method says."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, its members read from path, query and body alike."""

    engine: Engine
    request: Request
    base: str  # in which variant it was asked for: CLOUD, SOFTWARE or ROOT
    members: Members

    @property
    def workspace(self) -> Workspace:
        """Return the workspace of the project, which is the caller's."""
        return self.request.workspace

    @property
    def is_cloud(self) -> bool:
        """Tell whether the variant of the cloud is spoken, whose texts differ here and there."""
        return self.base == CLOUD

    @property
    def user(self) -> str:
        """Return who asks."""
        return self.request.user

    def text(self, name: str) -> str:
        """Return a text member; empty if it is absent."""
        return str(self.members.get(name, ""))


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One row of the table: routes, the OpenAPI document and the reference are made of it."""

    id: str  # operationId, as getJob
    method: str
    path: str  # below its bases; a name in braces is a segment, with a star all that follows
    handle: Callable[[Call], Any]  # returns what becomes JSON, or a Reply; None: there is nothing to say
    summary: str
    takes: Mapping[str, str] = field(default_factory=dict)
    """Members by name: "int", "bool", "string", "object", "array"; a mark "!" behind it says required."""
    gives: Mapping[str, str] = field(default_factory=dict)  # likewise, of the answer
    listed: str = ""  # the member that a body is which is an array
    bases: tuple[str, ...] = EVERYWHERE
    status: int = 200

    @property
    def need(self) -> Role:
        """Return the role that a caller must have."""
        return NEEDS.get(self.id) or need_of_method(self.method)

"""Who may do what: roles, users and their tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runyard.core.errors import Forbidden, InvalidRequest

EVERYWHERE = "*"  # in the place of a workspace's name
ADMINISTRATOR = "admin"  # is there from the first start, and can be neither disabled nor removed
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
OF_JOB = -1  # in the place of a token's id: a credential of jobs, which manages nothing
RESERVED = ("ws.", "job.")  # what credentials that name a workspace begin with
MOST_WORDS = 128  # characters of a token's or a workspace's name


class Role(StrEnum):
    """What a user is in a workspace; each may do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, need: Role) -> bool:
        """Tell whether this role is enough."""
        return RANK[self] >= RANK[need]


RANK: Mapping[Role, int] = {role: place for place, role in enumerate(Role)}

MAY: Mapping[Role, str] = {
    Role.VIEWER: "sees jobs, runs, logs, files and the catalog of a workspace, and queries its ledger",
    Role.OPERATOR: "also makes, changes and deletes jobs, starts, stops and repairs runs, and writes files and catalog",
    Role.ADMIN: "also manages users, tokens of others, settings and queues; always of the whole server",
}
"""What each role is for, in a sentence that goes on from the one before."""

HARMLESS = frozenset({"GET", "HEAD"})


def need_of_method(method: str) -> Role:
    """Return what an HTTP operation needs whose table says nothing else: reading a viewer, changing an operator."""
    return Role.VIEWER if method in HARMLESS else Role.OPERATOR


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Somebody who may sign in."""

    id: int
    name: str
    roles: Mapping[str, Role] = field(default_factory=dict)  # by workspace; EVERYWHERE stands for all
    is_enabled: bool = True
    proof: str | None = None  # what is kept of the password, sealed; None: there is none
    sessions_since: int  # logins that are older have ended
    version: int = 1
    created_at: int
    updated_at: int

    def role_in(self, workspace: str) -> Role | None:
        """Return what the user is in a workspace; None if it is none of theirs."""
        held = [self.roles[place] for place in (workspace, EVERYWHERE) if place in self.roles]
        return max(held, key=RANK.__getitem__, default=None)

    def workspace(self, usual: str) -> str | None:
        """Return the workspace in which a login begins: the usual one where that is the user's, else their first."""
        if self.role_in(usual) is not None:
            return usual
        return min(self.roles, default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A credential of a user for one workspace: a bearer token, a pair of AWS keys and a password of SQL in one."""

    id: int
    user_id: int
    name: str
    workspace: str
    role: Role | None = None  # the most that it is good for; None: whatever its user is
    digest: str  # of its text, which is nowhere
    access_key: str
    proof: str  # what the SQL wire checks it with, sealed
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None

    def is_good(self, now: int) -> bool:
        """Tell whether it has not expired."""
        return self.expires_at is None or now < self.expires_at


def least(role: Role, most: Role | None) -> Role:
    """Return a role, lowered to the most that a token is good for."""
    return role if most is None or most.covers(role) else most


def require(role: Role, need: Role, *, user: str, action: str) -> None:
    """Refuse an action that a role does not cover."""
    if not role.covers(need):
        raise Forbidden(user=user, role=role, need=need, action=action)


def check_user_name(name: str) -> str:
    """Return the name of a new user; refuse one that clients could not say or that means something else."""
    if _NAME.fullmatch(name) is None:
        raise InvalidRequest(
            f"Invalid user name {name!r}: use up to 128 letters, digits and . _ @ + -, the first a letter or digit."
        )
    if name.startswith(RESERVED):
        raise InvalidRequest(f"Invalid user name {name!r}: names that begin with {' or '.join(RESERVED)} are reserved.")
    return name


def check_role(role: Role, workspace: str) -> None:
    """Refuse a role that cannot be held there."""
    if not workspace or len(workspace) > MOST_WORDS:
        raise InvalidRequest(f"Invalid workspace {workspace!r}: give a name of 1 to {MOST_WORDS} characters, or *.")
    if role is Role.ADMIN and workspace != EVERYWHERE:
        raise InvalidRequest(
            f"Invalid workspace {workspace!r} for the role admin: an administrator is one of the whole server. "
            "Leave the workspace out, or give the role operator."
        )

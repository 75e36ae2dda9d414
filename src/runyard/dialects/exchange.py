"""What the web layer hands to a dialect, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from runyard.core.access import Role, require
from runyard.core.job import Workspace

if TYPE_CHECKING:  # who only reads the dialects' words, as SQL does, starts in half the time without the engine
    from runyard.engine.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Proved:
    """Who has proved a password to the SQL wire, what proves to the client that we know it, and keys to act with."""

    signature: str  # in base64
    user: str
    workspace: str
    role: Role
    token: str = field(repr=False)
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


class Sessions(Protocol):
    """Tokens that a login gives out, for languages that have one."""

    def prove(self, user: str, signed: bytes, proof: bytes, *, workspace: str | None) -> Proved | None:
        """Return who proves a password by SCRAM, for a workspace or the user's usual one; None if nobody does."""
        ...

    def open_session(self, user: str, workspace: str, *, token_id: int = 0) -> tuple[str, int]:
        """Return a token of this user and when it ends (ms since 1970); it ends with the token that it was got for."""
        ...

    def close_session(self, authorization: str) -> None:
        """Let the token of this header be none any more."""
        ...


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who somebody says that they are, in the body of a call."""

    user: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request from somebody who may make it."""

    method: str
    path: str  # decoded
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    workspace: Workspace
    user: str
    url: str  # of this server, as the caller reached it
    role: Role = Role.VIEWER  # what the caller is in this workspace
    token_id: int = 0  # the token that the caller came by, if by one
    raw_path: str = ""  # as it came: a slash inside a name is encoded
    sessions: Sessions | None = None
    spool: Path | None = None  # the body instead, where it may be large: a file that is gone after the answer

    def allow(self, need: Role, action: str) -> None:
        """Refuse an operation that the caller's role does not cover: each language asks once, before its handler."""
        require(self.role, need, user=self.user, action=action)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a file as a response's body; the file is closed when it is sent."""

    file: BinaryIO
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One HTTP response."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    piece: Piece | None = None  # the body instead, where it may be large


@dataclass(frozen=True, kw_only=True)
class Call:
    """What an operation's handler is given: the engine, the request and its members."""

    engine: Engine
    request: Request
    members: Mapping[str, object]

"""Who is calling: by signature, by token, or, with authentication off, by name."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

from runyard.core.access import ADMINISTRATOR, OF_JOB, Role
from runyard.core.proof import Verifier, answer, is_proved, verifier
from runyard.dialects.exchange import Login, Proved
from runyard.engine.access import Access
from runyard.engine.recognition import Recognition, Standing
from runyard.web.claims import Keys, Session, read_session, workspace_id_in, write_session
from runyard.web.credentials import Credentials

NAMED = "ws."  # with authentication off, a credential of this form names its workspace
DEFAULT = "default"
UNDERSCORED = "_dremio"  # how Dremio's clients spell the scheme of a token

Caller = Standing
"""A user, the workspace this request is about, and what the user may do there."""
OWNER = Caller(user=ADMINISTRATOR, workspace=DEFAULT, role=Role.ADMIN)
"""Who has the keys of the home."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Lets callers in, or does not."""

    credentials: Credentials
    access: Access
    is_open: bool  # authentication is off
    closed_sessions: set[str] = field(default_factory=set)
    recognition: Recognition = field(init=False)

    def __post_init__(self) -> None:
        """Begin to remember who is who."""
        object.__setattr__(self, "recognition", Recognition(self.access, usual=DEFAULT))

    def secret_of(self, access_key: str) -> str | None:
        """Return the secret that belongs to an access key."""
        if hmac.compare_digest(access_key.encode(), self.credentials.access_key.encode()):
            return self.credentials.secret_key
        return None if self._by_key(access_key) is None else self.access.seal.secret_key(access_key)

    def by_access_key(self, access_key: str) -> Caller | None:
        """Return whose access key this is; only after its signature was verified, or with authentication off."""
        if self.is_open:
            return self._named(access_key)
        return OWNER if access_key == self.credentials.access_key else self._by_key(access_key)

    def by_authorization(self, headers: Mapping[str, str]) -> Caller | None:
        """Return who a Bearer token or a Basic password belongs to; None if to nobody."""
        user, secret = login_in(headers.get("authorization", ""))
        if self.is_open:
            return self._named(user if user.startswith(NAMED) else secret)
        return self._by_secret(user, secret)

    def by_login(self, login: Login) -> Caller | None:
        """Return who logs in with a user's name and a password, or a token in its place; None if nobody does."""
        if not (login.user and login.password):
            return None
        return self._named(login.user) if self.is_open else self._by_secret(login.user, login.password)

    def open_session(self, user: str, workspace: str, *, token_id: int = 0) -> tuple[str, int]:
        """Return a token that is good until a moment, also after a restart; with authentication off the name is one."""
        opened = Session(user=user, workspace=workspace, token_id=token_id, opened_at=self.access.now())
        if self.is_open:
            return user, opened.ends_at
        return write_session(self.access.seal, opened), opened.ends_at

    def close_session(self, authorization: str) -> None:
        """Take back a token until this server ends; what is no session's, as the administrator's own, stays good."""
        _, token = login_in(authorization)
        if read_session(self.access.seal, token, now=self.access.now()) is not None:
            self.closed_sessions.add(token)

    def prove(self, user: str, signed: bytes, proof: bytes, *, workspace: str | None) -> Proved | None:
        """Return who proves a password by SCRAM; every known one is tried, so that each answer takes as long."""
        guesses, is_owner = self.recognition.guesses, user == ADMINISTRATOR
        if guesses.are_too_many(user) and not is_owner:  # whose password nobody guesses
            return None
        known = [(one, OWNER) for one in self._owners_proofs] if is_owner else []
        known += self.recognition.proofs(user)
        fitting = [(by, caller) for by, caller in known if is_proved(by, proof, signed)]
        if not fitting:
            guesses.note(user)
            return None
        by, caller = fitting[0]
        if workspace is not None and workspace != caller.workspace:
            since, token_id = self.access.now(), caller.token_id
            is_there = self.access.read(lambda ledger: ledger.workspace(workspace)) is not None
            elsewhere = self.recognition.by_session(user, workspace, since=since, token_id=token_id)
            caller = elsewhere or caller if is_there else caller  # who asks sees that it is another one
        self.access.note_use(caller.token_id)
        keys, signature = self.keys_of(caller), base64.b64encode(answer(by, signed)).decode()
        return Proved(
            signature=signature, user=caller.user, workspace=caller.workspace, role=caller.role, **asdict(keys)
        )

    @cached_property
    def _owners_proofs(self) -> tuple[Verifier, Verifier]:
        salt = self.access.seal.salt(ADMINISTRATOR)
        return verifier(self.credentials.password, salt), verifier(self.credentials.token, salt)

    def keys_of(self, caller: Caller) -> Keys:
        """Return what calls this server in the name of a caller who is known, and ends when the caller's own does."""
        if self.is_open:
            name = NAMED + caller.workspace
            return Keys(access_key=name, secret_key=name, token=name)
        if caller == OWNER:
            own = self.credentials
            return Keys(access_key=own.access_key, secret_key=own.secret_key, token=own.token)
        token, _ = self.open_session(caller.user, caller.workspace, token_id=caller.token_id)
        return Keys(access_key=token, secret_key=self.access.seal.secret_key(token), token=token)

    def _by_secret(self, user: str, secret: str) -> Caller | None:
        """Return whose secret this is: a token says so itself, a password only beside a name."""
        if self._is_owners(secret):
            return OWNER
        return (
            self.recognition.by_token(secret)
            or self._by_session(secret)
            or self._by_job(secret)
            or (self.recognition.by_password(user, secret) if user and secret else None)
        )

    def _is_owners(self, secret: str) -> bool:
        given = secret.encode(errors="replace")
        token, password = self.credentials.token.encode(), self.credentials.password.encode()
        return hmac.compare_digest(given, token) | hmac.compare_digest(given, password)

    def _by_session(self, token: str) -> Caller | None:
        opened = read_session(self.access.seal, token, now=self.access.now())
        if opened is None or token in self.closed_sessions:
            return None
        if opened.token_id == OF_JOB:
            return _job_of(opened.workspace)
        return self.recognition.by_session(
            opened.user, opened.workspace, since=opened.opened_at, token_id=opened.token_id
        )

    def _by_key(self, access_key: str) -> Caller | None:
        return self.recognition.by_access_key(access_key) or self._by_job(access_key) or self._by_session(access_key)

    def _by_job(self, credential: str) -> Caller | None:
        """Return whom a job's credential stands for: it may run what it likes in its workspace, and manage nothing."""
        workspace_id = workspace_id_in(self.access.seal, credential)
        workspace = None if workspace_id is None else self.recognition.workspace_named(workspace_id)
        return None if workspace is None else _job_of(workspace)

    def _named(self, credential: str) -> Caller:
        """Return who somebody says that they are, where nobody is asked for proof; jobs say it by their own keys."""
        credential = credential.encode("utf-8", "replace").decode()  # a query may spell bytes that are no text
        named = credential.removeprefix(NAMED) if credential.startswith(NAMED) else ""
        job = None if named else self._by_job(credential)
        workspace = job.workspace if job else named or DEFAULT
        return Caller(user=credential if named or not job else job.user, workspace=workspace, role=Role.ADMIN)


def _job_of(workspace: str) -> Caller:
    return Caller(user=ADMINISTRATOR, workspace=workspace, role=Role.OPERATOR, token_id=OF_JOB)


def secret_in(authorization: str) -> str:
    """Return the token or password of a header."""
    return login_in(authorization)[1]


def login_in(authorization: str) -> tuple[str, str]:
    """Return user and secret of a header: `Basic B`, or without a user `Bearer T`, `_dremioT`, `_dremio T` or T."""
    given = authorization.strip()
    if given.lower().startswith(UNDERSCORED):
        return "", given[len(UNDERSCORED) :].strip()
    scheme, blank, value = given.partition(" ")
    if not blank:
        return "", given
    return _basic(value.strip()) if scheme.lower() == "basic" else ("", value.strip())


def _basic(value: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, user if user.startswith(NAMED) else password

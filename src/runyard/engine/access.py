"""The verbs about users and their tokens; each change counts at once, for every process of the home."""

from __future__ import annotations

import os
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from runyard.core.access import (
    ADMINISTRATOR,
    EVERYWHERE,
    MOST_WORDS,
    Role,
    Token,
    User,
    check_role,
    check_user_name,
)
from runyard.core.errors import AlreadyExists, InvalidRequest, NotFound, WrongState
from runyard.core.ids import Ids
from runyard.core.proof import verifier
from runyard.engine.seal import CHANGES, Seal, load_seal
from runyard.store.ledger import Ledger
from runyard.store.store import Store

T = TypeVar("T")

TOKEN = "ryt_"  # noqa: S105 - what the text of a token begins with
TOKEN_BYTES = 24
KEY_PREFIX = "AKRT"
KEY_LETTERS = string.ascii_uppercase + "234567"
LEAST_PASSWORD = 8
USED_MS = 60_000  # how exactly the ledger says when a token was last used


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a new token is to be."""

    name: str
    workspace: str
    role: Role | None = None  # the most that it is good for
    lifetime_ms: int | None = None

    def with_role(self, role: Role | None) -> Wanted:
        """Return the same, good for at most a role."""
        return replace(self, role=role)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A new token; what it is told by is told this once."""

    token: Token
    text: str
    secret_key: str


class Access:
    """Users and tokens of one ledger."""

    def __init__(self, store: Store, home: Path, *, ids: Ids, clock: Callable[[], int]) -> None:
        self._store = store
        self._home = home
        self._ids = ids
        self._changes = str(home / CHANGES)
        self._used: dict[int, int] = {}
        self._hearers: list[Callable[[], None]] = []
        self.now = clock

    @cached_property
    def seal(self) -> Seal:
        """The key of the home."""
        return load_seal(self._home)

    @property
    def version(self) -> int:
        """A number that is a greater one once anything has changed."""
        try:
            return os.stat(self._changes).st_size  # noqa: PTH116 - every call asks, and Path takes twice as long
        except FileNotFoundError:
            return 0

    def listen(self, hear: Callable[[], None]) -> None:
        """Call `hear`, which must be quick, after each change that is made here."""
        self._hearers.append(hear)

    def read(self, work: Callable[[Ledger], T]) -> T:
        """Look users and tokens up."""
        return self._store.read(work)

    # users

    def users(self) -> list[User]:
        """Return every user, by name."""
        return self.read(lambda ledger: ledger.users())

    def user(self, name: str) -> User:
        """Return a user by name."""
        return self.read(lambda ledger: _found(ledger, name))

    def add_user(self, name: str, role: Role, *, workspace: str = EVERYWHERE, password: str | None = None) -> User:
        """Record a user who has one role."""
        check_user_name(name)
        check_role(role, workspace)
        now = self.now()
        user = User(
            id=self._ids.next(),
            name=name,
            roles={workspace: role},
            proof=self._proof(name, password),
            sessions_since=now,
            created_at=now,
            updated_at=now,
        )

        def add(ledger: Ledger) -> None:
            if not ledger.add_user(user):
                raise AlreadyExists("user", name)

        self._change(add)
        return user

    def give_role(self, name: str, role: Role | None, *, workspace: str = EVERYWHERE) -> User:
        """Give a user a role in a workspace, or take it there; another workspace's stays."""
        if role is not None:
            check_role(role, workspace)
        words = {} if role is None else {workspace: role}
        return self._save(
            name, lambda user: {"roles": {**{at: held for at, held in user.roles.items() if at != workspace}, **words}}
        )

    def set_enabled(self, name: str, *, is_enabled: bool) -> User:
        """Let a user in again, or no longer; what was signed in then has ended."""
        return self._save(name, lambda _: {"is_enabled": is_enabled, "sessions_since": self.now()})

    def set_password(self, name: str, password: str | None) -> User:
        """Give a user another password, or none; what was signed in with the old one has ended."""
        proof = self._proof(name, password)
        return self._save(name, lambda _: {"proof": proof, "sessions_since": self.now()})

    def remove_user(self, name: str) -> None:
        """Forget a user with all tokens."""
        _check_changeable(name)
        self._change(lambda ledger: ledger.remove_user(_found(ledger, name)))

    # tokens

    def tokens(self, user: str | None = None) -> list[tuple[Token, User]]:
        """Return tokens with their users, the newest first: of one user, or all."""

        def look(ledger: Ledger) -> list[tuple[Token, User]]:
            if user is not None:
                one = _found(ledger, user)
                return [(token, one) for token in ledger.tokens_of(one)]
            users = {one.id: one for one in ledger.users()}
            return [(token, users[token.user_id]) for token in ledger.tokens()]

        return self.read(look)

    def create_token(self, user: str, wanted: Wanted) -> Made:
        """Record a token of a user; its text and the secret of its AWS keys are in no ledger."""
        _check_wanted(wanted)
        text = TOKEN + secrets.token_hex(TOKEN_BYTES)
        access_key = KEY_PREFIX + "".join(secrets.choice(KEY_LETTERS) for _ in range(16))
        now = self.now()

        def add(ledger: Ledger) -> Token:
            one = _found(ledger, user)
            if one.role_in(wanted.workspace) is None:
                raise InvalidRequest(
                    f"User {user} has no role in the workspace {wanted.workspace}, so that a token for it would be "
                    f"good for nothing. Give one first: `runyard users role {user} viewer --workspace ...`."
                )
            token = Token(
                id=self._ids.next(),
                user_id=one.id,
                name=wanted.name,
                workspace=wanted.workspace,
                role=wanted.role,
                digest=self.seal.digest(text),
                access_key=access_key,
                proof=self.seal.covered(verifier(text, self.seal.salt(user))),
                created_at=now,
                expires_at=None if wanted.lifetime_ms is None else now + wanted.lifetime_ms,
            )
            ledger.add_token(token)
            return token

        token = self._change(add)
        return Made(token=token, text=text, secret_key=self.seal.secret_key(access_key))

    def revoke(self, token_id: int, *, of: str | None = None) -> None:
        """Forget a token: of anybody, or only if it is this user's."""

        def remove(ledger: Ledger) -> None:
            token = ledger.token(token_id)
            if token is None or (of is not None and token.user_id != _found(ledger, of).id):
                raise NotFound("token", token_id)
            ledger.remove_token(token_id)

        self._change(remove)

    def note_use(self, token_id: int) -> None:
        """Note that a token was used, at most once a minute."""
        if self.is_use_due(token_id):
            now = self._used[token_id] = self.now()
            self._store.write(lambda ledger: ledger.use_token(token_id, at=now))

    def is_use_due(self, token_id: int) -> bool:
        """Tell whether the ledger is to hear that a token is used."""
        return token_id > 0 and self.now() - self._used.get(token_id, 0) >= USED_MS

    # how changes are made

    def _save(self, name: str, changed: Callable[[User], Mapping[str, object]]) -> User:
        _check_changeable(name)

        def save(ledger: Ledger) -> User:
            seen = _found(ledger, name)
            facts = {**changed(seen), "version": seen.version + 1, "updated_at": self.now()}
            user = replace(seen, **facts)  # type: ignore[arg-type]  # each caller gives fields of User
            if not ledger.save_user(user, seen=seen):
                raise WrongState(f"User {name} was changed by somebody else meanwhile; look at it again.")
            return user

        return self._change(save)

    def _change(self, work: Callable[[Ledger], T]) -> T:
        done = self._store.write(work)
        with open(self._changes, "ab", opener=_private) as file:
            file.write(b".")
        for hear in self._hearers:
            hear()
        return done

    def _proof(self, name: str, password: str | None) -> str | None:
        if password is None:
            return None
        if len(password) < LEAST_PASSWORD:
            raise InvalidRequest(f"The password is too short: give at least {LEAST_PASSWORD} characters.")
        return self.seal.covered(verifier(password, self.seal.salt(name)))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _found(ledger: Ledger, name: str) -> User:
    user = ledger.user_named(name)
    if user is None:
        raise NotFound("user", name)
    return user


def _check_changeable(name: str) -> None:
    if name == ADMINISTRATOR:
        raise WrongState(
            f"User {ADMINISTRATOR} is the owner of this server's home, with the keys of HOME/credentials.json: it "
            "stays as it is. Add a user with the role admin beside it."
        )


def _check_wanted(wanted: Wanted) -> None:
    if not 0 < len(wanted.name) <= MOST_WORDS:
        raise InvalidRequest(f"Invalid name {wanted.name!r} of a token: give 1 to {MOST_WORDS} characters.")
    if wanted.workspace == EVERYWHERE:
        raise InvalidRequest("A token is for one workspace; name it.")
    if wanted.lifetime_ms is not None and wanted.lifetime_ms <= 0:
        raise InvalidRequest(f"Invalid lifetime of a token: {wanted.lifetime_ms} ms; it must be a positive time.")

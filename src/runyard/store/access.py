"""The part of the ledger that keeps users and their tokens."""

from __future__ import annotations

from runyard.core.access import Token, User
from runyard.core.job import Workspace
from runyard.store.records import TOKEN, USER, WORKSPACE
from runyard.store.rows import Rows


class Access(Rows):
    """Users, and the tokens of each; they belong to no workspace."""

    def workspaces(self) -> list[Workspace]:
        """Return every workspace, by name."""
        return self._all(WORKSPACE, "workspaces")

    def users(self) -> list[User]:
        """Return every user, by name."""
        return self._all(USER, "users")

    def user(self, user_id: int) -> User | None:
        """Return a user by id."""
        return self._one(USER, "user_by_id", id=user_id)

    def user_named(self, name: str) -> User | None:
        """Return a user by name."""
        return self._one(USER, "user_by_name", name=name)

    def add_user(self, user: User) -> bool:
        """Add a user; False if the name is taken."""
        return self._did("add_user", USER.values(user))

    def save_user(self, user: User, *, seen: User) -> bool:
        """Write what may change of a user; False if somebody else changed it first."""
        return self._did("save_user", {**USER.values(user), "seen": seen.version})

    def remove_user(self, user: User) -> bool:
        """Remove a user with all tokens; False if it is gone."""
        return self._did("remove_user", {"id": user.id})

    def tokens(self) -> list[Token]:
        """Return every token, the newest first."""
        return self._all(TOKEN, "tokens")

    def tokens_of(self, user: User) -> list[Token]:
        """Return a user's tokens, the newest first."""
        return self._all(TOKEN, "tokens_of_user", user_id=user.id)

    def token(self, token_id: int) -> Token | None:
        """Return a token by id."""
        return self._one(TOKEN, "token_by_id", id=token_id)

    def token_by_digest(self, digest: str) -> Token | None:
        """Return the token whose text has this digest."""
        return self._one(TOKEN, "token_by_digest", digest=digest)

    def token_by_access_key(self, access_key: str) -> Token | None:
        """Return the token whose AWS access key this is."""
        return self._one(TOKEN, "token_by_access_key", access_key=access_key)

    def add_token(self, token: Token) -> None:
        """Add a token."""
        self._cursor.run("add_token", TOKEN.values(token))

    def use_token(self, token_id: int, *, at: int) -> None:
        """Note that a token was used."""
        self._cursor.run("use_token", {"id": token_id, "at": at})

    def remove_token(self, token_id: int) -> bool:
        """Remove a token; False if it is gone."""
        return self._did("remove_token", {"id": token_id})

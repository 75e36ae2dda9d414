"""Whose a credential is: looked up once, remembered until a user or token changes."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from runyard.core.access import Role, Token, User, least
from runyard.core.proof import Verifier, verifier
from runyard.engine.access import TOKEN, Access
from runyard.engine.guesses import Guesses
from runyard.store.ledger import Ledger

MOST_KNOWN = 4096  # credentials that are remembered
KNOWN_MS = 5_000  # another server of the same ledger may have changed what we remember
JOB = "job."  # what the tokens of jobs begin with
JOB_KEY = "AKRJ"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Who somebody is, in which workspace, and what they may do there."""

    user: str
    workspace: str
    role: Role
    token_id: int = 0


Found = tuple[User, Token | None]


class Recognition:
    """Tells who is who; not who proved it: that is for the gate."""

    def __init__(self, access: Access, *, usual: str) -> None:
        self._access = access
        self._usual = usual  # the workspace of those who name none
        self._known: dict[Hashable, tuple[int, int, Found]] = {}
        self._workspaces: dict[int, str] = {}
        self.guesses = Guesses(access.now)

    def by_token(self, text: str) -> Standing | None:
        """Return whose token this is."""
        if not text.startswith(TOKEN):
            return None
        digest = self._access.seal.digest(text)
        return self._standing(self._found(("token", digest), lambda ledger: ledger.token_by_digest(digest)))

    def by_access_key(self, access_key: str) -> Standing | None:
        """Return whose access key this is; its secret is derived from it."""
        return self._standing(self._found(("key", access_key), lambda ledger: ledger.token_by_access_key(access_key)))

    def by_password(self, user: str, password: str, *, workspace: str | None = None) -> Standing | None:
        """Return who has this password; a right one is derived anew only after a change."""
        digest = self._access.seal.digest(f"{user}\0{password}")

        def right(ledger: Ledger) -> User | None:
            if self.guesses.are_too_many(user):  # who was right before goes on
                return None
            known = ledger.user_named(user)
            given = verifier(password, self._access.seal.salt(user))  # also where there is none: equally long
            if known is None or known.proof is None:
                return None
            kept = self._access.seal.uncovered(known.proof, user)
            return known if hmac.compare_digest(kept.stored_key, given.stored_key) else None

        found = self._found(("password", user, digest), right)
        if found is None:
            self.guesses.note(user)
        return self._standing(found, workspace or (found and found[0].workspace(self._usual)))

    def by_session(self, user: str, workspace: str, *, since: int, token_id: int) -> Standing | None:
        """Return who signed in at a moment, by a token or by a password; None once either is no longer good."""

        def known(ledger: Ledger) -> User | Token | None:
            return ledger.token(token_id) if token_id else ledger.user_named(user)

        found = self._found(("session", user, token_id), known)
        if found is None or found[0].name != user or (not token_id and since < found[0].sessions_since):
            return None
        return self._standing(found, workspace)

    def workspaces_of(self, who: Standing) -> list[str]:
        """Return the workspaces that somebody may go to: of a token its own, of a login those with a role."""
        if who.token_id:
            return [who.workspace]

        def look(ledger: Ledger) -> list[str]:
            user = ledger.user_named(who.user)
            names = [one.name for one in ledger.workspaces()]
            return [name for name in names if user is not None and user.role_in(name) is not None]

        return self._access.read(look) or [who.workspace]

    def workspace_named(self, workspace_id: int) -> str | None:
        """Return the name of a workspace; nothing ever changes one."""
        if workspace_id not in self._workspaces:
            found = self._access.read(lambda ledger: ledger.workspace_by_id(workspace_id))
            if found is None:
                return None
            self._workspaces[workspace_id] = found.name
        return self._workspaces[workspace_id]

    def proofs(self, user: str) -> list[tuple[Verifier, Standing]]:
        """Return what proofs of a user's password and tokens are checked with, and who each makes one."""

        def look(ledger: Ledger) -> list[tuple[str, Found]]:
            known = ledger.user_named(user)
            if known is None:
                return []
            own: list[tuple[str, Found]] = [(known.proof, (known, None))] if known.proof else []
            return own + [(token.proof, (known, token)) for token in ledger.tokens_of(known)]

        checked = [
            (proof, self._standing(found, found[0].workspace(self._usual))) for proof, found in self._access.read(look)
        ]
        seal = self._access.seal
        return [(seal.uncovered(proof, user), standing) for proof, standing in checked if standing is not None]

    def _found(self, key: Hashable, look: Callable[[Ledger], User | Token | None]) -> Found | None:
        """Return what is remembered under a key, else what the ledger says."""
        version, now = self._access.version, self._access.now()
        known = self._known.get(key)
        if known is not None and known[0] == version and now < known[1]:
            return known[2]
        found = self._access.read(lambda ledger: _with_user(ledger, look(ledger)))
        if found is not None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = (version, now + KNOWN_MS, found)
        return found

    def _standing(self, found: Found | None, workspace: str | None = None) -> Standing | None:
        """Return what a user is where a token, or a login, is good."""
        if found is None:
            return None
        user, token = found
        place = token.workspace if token is not None else workspace
        role = None if place is None else user.role_in(place)
        if role is None or not user.is_enabled or (token is not None and not token.is_good(self._access.now())):
            return None
        assert place is not None  # noqa: S101 - a role was found there
        cap = None if token is None else token.role
        token_id = 0 if token is None else token.id
        return Standing(user=user.name, workspace=place, role=least(role, cap), token_id=token_id)


def _with_user(ledger: Ledger, found: User | Token | None) -> Found | None:
    if isinstance(found, Token):
        user = ledger.user(found.user_id)
        return None if user is None else (user, found)
    return None if found is None else (found, None)

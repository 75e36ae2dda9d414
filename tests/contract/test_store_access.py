"""Users and their tokens, in each database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runyard.core.access import EVERYWHERE, Role, Token, User
from runyard.store.database import ConstraintError
from runyard.store.ledger import Ledger
from runyard.store.store import Store

ADMIN = User(
    id=1, name="admin", roles={EVERYWHERE: Role.ADMIN}, sessions_since=0, version=1, created_at=0, updated_at=0
)


def a_user(id_: int, name: str, **fields: Any) -> User:
    known = {"roles": {"default": Role.VIEWER}, "sessions_since": 5, "created_at": 5, "updated_at": 5}
    return User(**{"id": id_, "name": name, **known, **fields})


def a_token(id_: int, user: User, **fields: Any) -> Token:
    known = {"name": "ci", "workspace": "default", "digest": f"digest {id_}", "access_key": f"KEY{id_}", "proof": "p"}
    return Token(**{"id": id_, "user_id": user.id, "created_at": 5, **known, **fields})


def add(store: Store, user: User) -> bool:
    return store.write(lambda ledger: ledger.add_user(user))


def add_token(store: Store, token: Token) -> None:
    store.write(lambda ledger: ledger.add_token(token))


def test_the_administrator_is_there_from_the_beginning(store: Store) -> None:
    assert store.read(lambda ledger: ledger.users()) == [ADMIN]


def test_a_user_comes_back_as_it_was(store: Store) -> None:
    plain = a_user(2, "ana")
    full = a_user(3, "zoë", roles={"*": Role.ADMIN, "sales": Role.OPERATOR}, is_enabled=False, proof="00ff", version=7)

    assert add(store, full)
    assert add(store, plain)
    assert store.read(lambda ledger: ledger.users()) == [ADMIN, plain, full]
    assert store.read(lambda ledger: ledger.user_named("zoë")) == full
    assert store.read(lambda ledger: ledger.user(2)) == plain
    assert store.read(lambda ledger: ledger.user_named("nobody")) is None


def test_a_name_is_given_once(store: Store) -> None:
    assert add(store, a_user(2, "ana"))

    assert not add(store, a_user(3, "ana"))
    assert not add(store, a_user(3, "admin"))


def test_a_user_is_changed_only_by_who_has_seen_the_newest(store: Store) -> None:
    seen = a_user(2, "ana")
    add(store, seen)
    changed = replace(seen, roles={"default": Role.OPERATOR}, is_enabled=False, proof="x", version=2, updated_at=9)

    assert store.write(lambda ledger: ledger.save_user(changed, seen=seen))
    assert not store.write(lambda ledger: ledger.save_user(changed, seen=seen))
    assert store.read(lambda ledger: ledger.user(2)) == changed


def test_a_token_comes_back_as_it_was_and_is_found_by_what_it_is_told_by(store: Store) -> None:
    user = a_user(2, "ana")
    add(store, user)
    plain = a_token(3, user)
    full = a_token(4, user, role=Role.VIEWER, expires_at=99, last_used_at=7)
    for token in (plain, full):
        add_token(store, token)

    assert store.read(lambda ledger: ledger.tokens_of(user)) == [full, plain]
    assert store.read(lambda ledger: ledger.tokens()) == [full, plain]
    assert store.read(lambda ledger: ledger.tokens_of(ADMIN)) == []
    assert store.read(lambda ledger: ledger.token(4)) == full
    assert store.read(lambda ledger: ledger.token_by_digest("digest 3")) == plain
    assert store.read(lambda ledger: ledger.token_by_access_key("KEY4")) == full
    assert store.read(lambda ledger: ledger.token_by_access_key("KEY5")) is None


def test_the_last_use_of_a_token_never_goes_back(store: Store) -> None:
    user = a_user(2, "ana")
    add(store, user)
    add_token(store, a_token(3, user))

    def use(ledger: Ledger) -> None:
        for at in (10, 30, 20):
            ledger.use_token(3, at=at)

    store.write(use)

    assert store.read(lambda ledger: ledger.token(3)) == a_token(3, user, last_used_at=30)


def test_tokens_go_one_by_one_or_with_their_user(store: Store) -> None:
    user = a_user(2, "ana")
    add(store, user)
    for id_ in (3, 4):
        add_token(store, a_token(id_, user))

    assert store.write(lambda ledger: ledger.remove_token(3))
    assert not store.write(lambda ledger: ledger.remove_token(3))
    assert store.write(lambda ledger: ledger.remove_user(user))
    assert not store.write(lambda ledger: ledger.remove_user(user))
    assert store.read(lambda ledger: ledger.tokens()) == []


def test_the_database_takes_no_token_of_nobody(store: Store) -> None:
    with pytest.raises(ConstraintError):
        add_token(store, a_token(3, a_user(2, "ana")))

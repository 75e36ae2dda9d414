"""Users, tokens and who is recognized by them, in each database."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runyard.core.access import EVERYWHERE, Role, check_user_name, least, need_of_method
from runyard.core.errors import AlreadyExists, InvalidRequest, NotFound, WrongState
from runyard.core.ids import Ids
from runyard.core.job import Workspace
from runyard.engine.access import Access, Wanted
from runyard.engine.recognition import Recognition, Standing
from runyard.store.store import Store

DAY_MS = 86_400_000
PASSWORD = "correct horse"


@dataclass
class Clock:
    at: int = 1_800_000_000_000

    def __call__(self) -> int:
        return self.at


@dataclass
class Desk:
    """What knows people, and a clock that a test may push on."""

    access: Access
    clock: Clock
    home: Path
    recognition: Recognition = field(init=False)

    def __post_init__(self) -> None:
        self.recognition = Recognition(self.access, usual="default")

    def token(self, user: str, **wanted: object) -> str:
        return self.access.create_token(user, Wanted(**{"name": "ci", "workspace": "default", **wanted})).text  # type: ignore[arg-type]  # by name


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Desk:
    clock = Clock()
    return Desk(access=Access(store, tmp_path, ids=Ids(clock), clock=clock), clock=clock, home=tmp_path)


def test_a_role_may_what_those_before_it_may() -> None:
    assert [[role.covers(need) for need in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert least(Role.ADMIN, None) is Role.ADMIN
    assert least(Role.OPERATOR, Role.VIEWER) is Role.VIEWER
    assert least(Role.VIEWER, Role.ADMIN) is Role.VIEWER


def test_reading_needs_a_viewer_and_every_other_method_an_operator() -> None:
    assert {method: need_of_method(method) for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")} == {
        "GET": Role.VIEWER,
        "HEAD": Role.VIEWER,
        "POST": Role.OPERATOR,
        "PUT": Role.OPERATOR,
        "PATCH": Role.OPERATOR,
        "DELETE": Role.OPERATOR,
    }


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "ws.team", "job.x", "é", "a" * 129, "a\n"])
def test_a_name_that_clients_could_not_say_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="Invalid user name"):
        check_user_name(name)


def test_a_user_has_a_role_in_each_workspace_and_the_greater_counts(desk: Desk) -> None:
    desk.access.add_user("ana", Role.VIEWER)
    desk.access.give_role("ana", Role.OPERATOR, workspace="sales")

    user = desk.access.user("ana")
    assert user.roles == {EVERYWHERE: Role.VIEWER, "sales": Role.OPERATOR}
    assert (user.role_in("sales"), user.role_in("other")) == (Role.OPERATOR, Role.VIEWER)
    assert desk.access.give_role("ana", None, workspace=EVERYWHERE).role_in("other") is None


def test_an_administrator_is_one_of_the_whole_server(desk: Desk) -> None:
    with pytest.raises(InvalidRequest, match="an administrator is one of the whole server"):
        desk.access.add_user("ana", Role.ADMIN, workspace="sales")
    assert desk.access.add_user("ana", Role.ADMIN).role_in("sales") is Role.ADMIN


def test_a_name_is_taken_once(desk: Desk) -> None:
    desk.access.add_user("ana", Role.VIEWER)

    with pytest.raises(AlreadyExists):
        desk.access.add_user("ana", Role.OPERATOR)


def test_the_owner_of_the_home_can_be_neither_disabled_nor_lowered_nor_removed(desk: Desk) -> None:
    for change in (
        lambda: desk.access.set_enabled("admin", is_enabled=False),
        lambda: desk.access.give_role("admin", Role.VIEWER),
        lambda: desk.access.set_password("admin", PASSWORD),
        lambda: desk.access.remove_user("admin"),
    ):
        with pytest.raises(WrongState, match="owner of this server's home"):
            change()


def test_a_token_is_recognized_by_its_text_its_access_key_and_as_a_password_of_sql(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR)
    made = desk.access.create_token("ana", Wanted(name="ci", workspace="sales"))
    known = Standing(user="ana", workspace="sales", role=Role.OPERATOR, token_id=made.token.id)

    assert desk.recognition.by_token(made.text) == known
    assert desk.recognition.by_access_key(made.token.access_key) == known
    assert [standing for _, standing in desk.recognition.proofs("ana")] == [known]
    assert made.secret_key == desk.access.seal.secret_key(made.token.access_key)
    assert len(made.secret_key) == 40


@pytest.mark.parametrize("text", ["", "ryt_", "ryt_00", "x", "ryt_" + "0" * 48])
def test_no_other_text_is_a_token(desk: Desk, text: str) -> None:
    desk.access.add_user("ana", Role.OPERATOR)
    desk.token("ana")

    assert desk.recognition.by_token(text) is None
    assert desk.recognition.by_access_key(text) is None


def test_neither_tokens_nor_secrets_nor_passwords_lie_in_the_ledger(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR, password=PASSWORD)
    made = desk.access.create_token("ana", Wanted(name="ci", workspace="default"))

    kept = repr(desk.access.tokens()) + repr(desk.access.users())
    assert made.text not in kept
    assert made.secret_key not in kept
    assert PASSWORD not in kept


def test_the_same_password_looks_different_each_time_it_is_kept(desk: Desk) -> None:
    first = desk.access.add_user("ana", Role.OPERATOR, password=PASSWORD).proof
    again = desk.access.set_password("ana", PASSWORD).proof

    assert first != again
    assert first is not None
    assert again is not None
    assert desk.access.seal.uncovered(first, "ana") == desk.access.seal.uncovered(again, "ana")


def test_the_key_of_a_home_is_for_its_owner_alone_and_made_once(desk: Desk) -> None:
    key = desk.access.seal.key

    assert (desk.home / "access.key").stat().st_mode & 0o777 == 0o600
    assert Desk(access=desk.access, clock=desk.clock, home=desk.home).access.seal.key == key
    assert key.hex() not in repr(desk.access.seal)


def test_a_token_may_be_good_for_less_than_its_user_and_never_for_more(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR)
    low, high = desk.token("ana", role=Role.VIEWER), desk.token("ana", role=Role.ADMIN)

    assert desk.recognition.by_token(low) is not None
    assert [found.role for text in (low, high) if (found := desk.recognition.by_token(text))] == [
        Role.VIEWER,
        Role.OPERATOR,
    ]


def test_a_token_ends_at_its_time(desk: Desk) -> None:
    desk.access.add_user("ana", Role.VIEWER)
    text = desk.token("ana", lifetime_ms=DAY_MS)

    assert desk.recognition.by_token(text) is not None
    desk.clock.at += DAY_MS
    assert desk.recognition.by_token(text) is None


def test_a_token_is_for_a_workspace_in_which_its_user_has_a_role(desk: Desk) -> None:
    desk.access.add_user("ana", Role.VIEWER, workspace="sales")

    with pytest.raises(InvalidRequest, match="has no role in the workspace default"):
        desk.token("ana")
    with pytest.raises(NotFound):
        desk.token("nobody")
    with pytest.raises(InvalidRequest, match="one workspace"):
        desk.token("ana", workspace=EVERYWHERE)
    with pytest.raises(InvalidRequest, match="lifetime"):
        desk.token("ana", workspace="sales", lifetime_ms=0)


def test_what_was_recognized_is_forgotten_at_once_when_something_changes(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR)
    text = desk.token("ana")
    made = desk.access.create_token("ana", Wanted(name="other", workspace="default"))

    def role(text: str) -> Role | None:
        found = desk.recognition.by_token(text)
        return found.role if found else None

    assert role(text) is Role.OPERATOR
    desk.access.give_role("ana", Role.VIEWER)
    assert role(text) is Role.VIEWER
    desk.access.set_enabled("ana", is_enabled=False)
    assert role(text) is None
    assert desk.recognition.by_access_key(made.token.access_key) is None
    desk.access.set_enabled("ana", is_enabled=True)
    assert role(text) is Role.VIEWER
    desk.access.revoke(made.token.id)
    assert role(made.text) is None
    assert role(text) is Role.VIEWER
    desk.access.remove_user("ana")
    assert role(text) is None


def test_another_process_of_the_home_sees_a_change_at_once_and_another_home_soon(desk: Desk, tmp_path: Path) -> None:
    desk.access.add_user("ana", Role.OPERATOR)
    text = desk.token("ana")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "access.key").write_text((desk.home / "access.key").read_text())
    same, other = (
        Recognition(Access(desk.access._store, home, ids=Ids(desk.clock), clock=desk.clock), usual="default")
        for home in (desk.home, elsewhere)
    )
    assert same.by_token(text) is not None
    assert other.by_token(text) is not None

    desk.access.set_enabled("ana", is_enabled=False)

    assert same.by_token(text) is None
    desk.clock.at += 5_000
    assert other.by_token(text) is None


def test_a_user_revokes_only_own_tokens(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR)
    desk.access.add_user("bob", Role.OPERATOR)
    made = desk.access.create_token("ana", Wanted(name="ci", workspace="default"))

    with pytest.raises(NotFound):
        desk.access.revoke(made.token.id, of="bob")
    desk.access.revoke(made.token.id, of="ana")
    with pytest.raises(NotFound):
        desk.access.revoke(made.token.id)


def test_a_password_is_known_by_its_name_only(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR, password=PASSWORD)
    desk.access.add_user("bob", Role.VIEWER)
    known = Standing(user="ana", workspace="default", role=Role.OPERATOR)

    assert [desk.recognition.by_password("ana", PASSWORD) for _ in range(2)] == [known, known]
    for user, password in (("ana", "wrong horse"), ("bob", PASSWORD), ("nobody", PASSWORD), ("admin", PASSWORD)):
        assert desk.recognition.by_password(user, password) is None
    desk.access.set_password("ana", "another one")
    assert desk.recognition.by_password("ana", PASSWORD) is None
    with pytest.raises(InvalidRequest, match="too short"):
        desk.access.set_password("ana", "short")


def test_a_login_begins_in_the_usual_workspace_or_the_users_own(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR, workspace="sales", password=PASSWORD)
    desk.access.add_user("bob", Role.VIEWER, password=PASSWORD)

    found = [desk.recognition.by_password(user, PASSWORD) for user in ("ana", "bob")]
    assert [one and one.workspace for one in found] == ["sales", "default"]


def test_a_session_ends_with_the_password_or_the_token_it_was_got_for(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR, password=PASSWORD)
    made = desk.access.create_token("ana", Wanted(name="ci", workspace="default", role=Role.VIEWER))
    since = desk.clock.at

    def roles() -> list[Role | None]:
        found = [
            desk.recognition.by_session("ana", "default", since=since, token_id=token_id)
            for token_id in (0, made.token.id)
        ]
        return [one.role if one else None for one in found]

    assert roles() == [Role.OPERATOR, Role.VIEWER]
    desk.clock.at += 1
    desk.access.set_password("ana", "another one")
    assert roles() == [None, Role.VIEWER]
    desk.access.revoke(made.token.id)
    assert roles() == [None, None]


def test_a_session_of_another_workspace_is_none(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR, workspace="sales")

    assert desk.recognition.by_session("ana", "default", since=desk.clock.at, token_id=0) is None


def test_workspaces_are_known_by_their_id(desk: Desk) -> None:
    desk.access._store.write(lambda ledger: ledger.add_workspace(Workspace(id=7, name="sales", created_at=1)))

    assert desk.recognition.workspace_named(7) == "sales"
    assert desk.recognition.workspace_named(8) is None


def test_the_use_of_a_token_is_noted_once_a_minute(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR)
    made = desk.access.create_token("ana", Wanted(name="ci", workspace="default"))
    began, used = desk.clock.at, []

    for _ in range(4):
        desk.access.note_use(made.token.id)
        used.append(desk.access.tokens("ana")[0][0].last_used_at)
        desk.clock.at += 30_000

    assert used == [began, began, began + 60_000, began + 60_000]


def test_whoever_guesses_at_a_password_has_to_pause_and_tokens_go_on(desk: Desk) -> None:
    desk.access.add_user("ana", Role.OPERATOR, password=PASSWORD)
    desk.access.add_user("bob", Role.VIEWER, password=PASSWORD)
    token = desk.token("ana")
    for number in range(10):
        assert desk.recognition.by_password("ana", f"guess {number}") is None

    assert desk.recognition.by_password("ana", PASSWORD) is None
    assert desk.recognition.by_password("bob", PASSWORD) is not None
    assert desk.recognition.by_token(token) is not None
    desk.clock.at += 60_000
    assert desk.recognition.by_password("ana", PASSWORD) is not None

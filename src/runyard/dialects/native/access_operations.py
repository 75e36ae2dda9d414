"""Operations on users and tokens: everybody sees to their own tokens and password, administrators to everybody's."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from runyard.core.access import EVERYWHERE, OF_JOB, Role, Token, User, require
from runyard.core.errors import Forbidden, InvalidRequest
from runyard.dialects import personal_tokens
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, Name, Nothing, Text
from runyard.dialects.native.views import TOKEN, USER
from runyard.engine.access import Wanted

Answer = dict[str, Any]

PASSWORD_BYTES = 12
SECOND_MS = 1000
_Password = Annotated[str, Meta(min_length=8, max_length=1000, pattern=r"^[^\x00]*\Z")]


class OneUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user, by name."""

    user: Name


class AddUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new user with one role; a password is made unless one is given or none is wanted."""

    name: Name
    role: Role
    workspace: Name = EVERYWHERE
    password: _Password | None = None
    has_password: bool = True


class GiveRole(OneUser, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The role of a user in a workspace, or in all; null takes it."""

    role: Role | None = None
    workspace: Name = EVERYWHERE


class SetPassword(OneUser, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another password; without one it is made."""

    password: _Password | None = None


class ListTokens(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose tokens; nobody's name: everybody's for an administrator, one's own for others."""

    user: Name | None = None


class CreateToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new token of oneself, or for an administrator of somebody."""

    name: Name
    user: Name | None = None
    workspace: Name | None = None  # the caller's
    role: Role | None = None  # the most that it is good for
    lifetime_s: Annotated[float, Meta(gt=0, le=10**10)] | None = None


class OneToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token, by id."""

    token: Id


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client of the SQL wire has proved its password with (RFC 5802), and the workspace that it means."""

    user: Text
    signed: Text
    proof: Text  # in base64
    workspace: Text | None = None


def who_am_i(call: Call, _: Nothing) -> Answer:
    """Tells who the caller is, in which workspace, and as what."""
    return {"user": call.user, "workspace": call.workspace.name, "role": call.role, "by_token": bool(call.token_id)}


def list_users(call: Call, _: Nothing) -> Answer:
    """Lists users with their roles."""
    return {"users": [USER.show(user) for user in call.engine.access.users()]}


def add_user(call: Call, asked: AddUser) -> Answer:
    """Adds a user; a password that was made is shown this once."""
    made = secrets.token_urlsafe(PASSWORD_BYTES) if asked.has_password and asked.password is None else None
    password = made or asked.password
    _make_workspace(call, asked.workspace)
    user = call.engine.access.add_user(asked.name, asked.role, workspace=asked.workspace, password=password)
    return {**USER.show(user), **({"password": made} if made else {})}


def give_role(call: Call, asked: GiveRole) -> Answer:
    """Gives a user a role in a workspace, or takes it."""
    _make_workspace(call, asked.workspace)
    return USER.show(call.engine.access.give_role(asked.user, asked.role, workspace=asked.workspace))


def enable_user(call: Call, asked: OneUser) -> Answer:
    """Lets a user in again."""
    return USER.show(call.engine.access.set_enabled(asked.user, is_enabled=True))


def disable_user(call: Call, asked: OneUser) -> Answer:
    """Lets a user in no longer: tokens and logins count for nothing from now on."""
    return USER.show(call.engine.access.set_enabled(asked.user, is_enabled=False))


def set_password(call: Call, asked: SetPassword) -> Answer:
    """Gives a user another password, which ends what was signed in with the old one; a made one is shown once."""
    _check_own(call, asked.user, "Setting the password of another user", forbids_tokens=True)
    made = None if asked.password else secrets.token_urlsafe(PASSWORD_BYTES)
    user = call.engine.access.set_password(asked.user, made or asked.password)
    return {**USER.show(user), **({"password": made} if made else {})}


def remove_user(call: Call, asked: OneUser) -> Answer:
    """Removes a user with all tokens."""
    call.engine.access.remove_user(asked.user)
    return {}


def list_tokens(call: Call, asked: ListTokens) -> Answer:
    """Lists tokens, the newest first; not what they are told by, which is kept nowhere."""
    of = asked.user or (None if call.role is Role.ADMIN else call.user)
    if of is not None:
        _check_own(call, of, "Seeing the tokens of another user")
    return {"tokens": [_shown(token, user) for token, user in call.engine.access.tokens(of)]}


def create_token(call: Call, asked: CreateToken) -> Answer:
    """Makes a token, and AWS keys beside it; both are shown this once."""
    user = asked.user or call.user
    _check_own(call, user, "Making a token for another user")
    workspace = asked.workspace or call.workspace.name
    if call.role is not Role.ADMIN and workspace != call.workspace.name:
        _check_anywhere(call, workspace)
    _make_workspace(call, workspace)
    lifetime_ms = None if asked.lifetime_s is None else int(asked.lifetime_s * SECOND_MS)
    wanted = Wanted(name=asked.name, workspace=workspace, role=asked.role, lifetime_ms=lifetime_ms)
    access = call.engine.access
    made = personal_tokens.make(access, wanted, user=user, role=call.role, token_id=call.token_id)
    shown = _shown(made.token, call.engine.access.user(user))
    return {**shown, "token": made.text, "aws_secret_access_key": made.secret_key}


def revoke_token(call: Call, asked: OneToken) -> Answer:
    """Revokes a token: it counts for nothing from now on."""
    _check_own(call, call.user, "Revoking a token")
    call.engine.access.revoke(asked.token, of=None if call.role is Role.ADMIN else call.user)
    return {}


def take_proof(call: Call, asked: Proof) -> Answer:
    """Tells the SQL wire's process whether a client has proved its password, and with what it acts for it."""
    if call.sessions is None:
        raise InvalidRequest("This server gives out no sessions.")
    proved = call.sessions.prove(asked.user, asked.signed.encode(), _bytes(asked.proof), workspace=asked.workspace)
    return {} if proved is None else msgspec.to_builtins(proved)


def _make_workspace(call: Call, name: str) -> None:
    """Make a workspace that is named for the first time, so that its users find it."""
    if name != EVERYWHERE:
        call.engine.workspace(name)


def _check_own(call: Call, user: str, action: str, *, forbids_tokens: bool = False) -> None:
    """Refuse what is about somebody else, unless an administrator asks, and all that code of a job asks."""
    if user != call.user or call.token_id == OF_JOB or (forbids_tokens and call.token_id):
        require(call.role, Role.ADMIN, user=call.user, action=action)


def _check_anywhere(call: Call, workspace: str) -> None:
    """Refuse a token for another workspace where the caller has none, or came by a token, which is for one."""
    held = None if call.token_id else call.engine.access.user(call.user).role_in(workspace)
    if held is None:
        action = f"Making a token for the workspace {workspace}"
        raise Forbidden(user=call.user, role=call.role, need=Role.ADMIN, action=action)


def _shown(token: Token, user: User) -> Answer:
    return {**TOKEN.show(token), "user": user.name}


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidRequest(f"Parameter proof: {error}.") from error


TABLE: Sequence[tuple[str, str, Callable[[Call, Any], Answer], type[Struct]]] = (
    ("GET", "/me", who_am_i, Nothing),
    ("GET", "/users", list_users, Nothing),
    ("POST", "/users", add_user, AddUser),
    ("POST", "/users/{user}/role", give_role, GiveRole),
    ("POST", "/users/{user}/enable", enable_user, OneUser),
    ("POST", "/users/{user}/disable", disable_user, OneUser),
    ("POST", "/users/{user}/password", set_password, SetPassword),
    ("DELETE", "/users/{user}", remove_user, OneUser),
    ("GET", "/tokens", list_tokens, ListTokens),
    ("POST", "/tokens", create_token, CreateToken),
    ("DELETE", "/tokens/{token}", revoke_token, OneToken),
    ("POST", "/proofs", take_proof, Proof),
)
NEEDS: Mapping[Callable[[Call, Any], Answer], Role] = {
    **dict.fromkeys((list_users, add_user, give_role, enable_user, disable_user, remove_user, take_proof), Role.ADMIN),
    **dict.fromkeys((set_password, create_token, revoke_token), Role.VIEWER),  # of oneself; of others an administrator
}
MAKES = (add_user, create_token)

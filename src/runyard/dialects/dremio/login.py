"""Logging in and out, at the three places where clients try it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version as version_of
from typing import Any

import msgspec

from runyard.core.access import Role
from runyard.core.ids import moment_of
from runyard.dialects.dremio.calls import ROOT, Call, Operation
from runyard.dialects.dremio.errors import Refusal
from runyard.dialects.dremio.machine import CLUSTER
from runyard.dialects.dremio_ids import entity_id
from runyard.dialects.exchange import Login

PLACES: Mapping[str, str] = {"apiv2/login": "", "api/v3/login": "V3", "apiv3/login": "Apiv3"}
"""Where clients log in, and what tells the operations of one place from those of another."""
ALLOWED = ("canUploadProfiles", "canDownloadProfiles", "canEmailForSupport", "canChatForSupport")
"""What a user may do beside queries; nothing of it is there."""


def login_in(method: str, path: str, body: bytes) -> Login | None:
    """Return who a call says that they are; None if it is no login. What cannot be read is nobody."""
    if method != "POST" or path.strip("/") not in PLACES:
        return None
    try:
        told = msgspec.json.decode(body, type=dict[str, Any])
        return Login(user=str(told.get("userName") or ""), password=str(told.get("password") or ""))
    except (ValueError, RecursionError):
        return Login(user="", password="")


def log_in(call: Call) -> dict[str, Any]:
    """Give out a token; who asks has been believed already."""
    sessions = call.request.sessions
    if sessions is None:
        raise Refusal(HTTPStatus.UNAUTHORIZED, "This server gives out no tokens; use the one that it printed.")
    request = call.request
    token, expires = sessions.open_session(call.user, call.workspace.name, token_id=request.token_id)
    made_at = moment_of(call.workspace.id)
    return {
        "token": token,
        "userName": call.user,
        "firstName": call.user,
        "lastName": "",
        "expires": expires,
        "email": "",
        "userId": entity_id(call.workspace.id),
        "admin": request.role is Role.ADMIN,
        "clusterId": CLUSTER,
        "clusterCreatedAt": made_at,
        "version": version_of("runyard"),
        "permissions": dict.fromkeys(ALLOWED, False),
        "userCreatedAt": made_at,
    }


def is_logged_in(_: Call) -> bool:
    """Tell whether the caller's token is good; others never come here."""
    return True


def log_out(call: Call) -> None:
    """Take the caller's token back."""
    if call.request.sessions is not None:
        call.request.sessions.close_session(call.request.headers.get("authorization", ""))


OPERATIONS: tuple[Operation, ...] = tuple(
    operation
    for place, suffix in PLACES.items()
    for operation in (
        Operation(
            id=f"login{suffix}",
            method="POST",
            path=place,
            handle=log_in,
            summary="Give out a token for a password",
            takes={"userName": "string!", "password": "string!"},
            gives={"token": "string!", "userName": "string", "expires": "int", "admin": "bool"},
            bases=(ROOT,),
        ),
        Operation(
            id=f"isLoggedIn{suffix}",
            method="GET",
            path=place,
            handle=is_logged_in,
            summary="Tell whether the token is good",
            bases=(ROOT,),
        ),
        Operation(
            id=f"logout{suffix}",
            method="DELETE",
            path=place,
            handle=log_out,
            summary="Take the token back",
            bases=(ROOT,),
            status=HTTPStatus.NO_CONTENT,
        ),
    )
)

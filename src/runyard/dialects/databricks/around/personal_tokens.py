"""The caller's own tokens, as clients of Databricks make, list and revoke them."""

from __future__ import annotations

from typing import Any

from runyard.core.access import Token
from runyard.dialects import personal_tokens
from runyard.dialects.databricks.calls import Call, Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.engine.access import Wanted

Members = dict[str, Any]

UNTITLED = "token"
NEVER = -1
SECOND_MS = 1000


def create_token(call: Call) -> Members:
    """Make a token; its value is shown this once."""
    request, lifetime_s = call.request, call.members.get("lifetime_seconds")
    wanted = Wanted(
        name=call.members.get("comment", UNTITLED),
        workspace=call.workspace.name,
        lifetime_ms=None if lifetime_s in (None, NEVER) else lifetime_s * SECOND_MS,
    )
    made = personal_tokens.make(
        call.engine.access, wanted, user=request.user, role=request.role, token_id=request.token_id
    )
    return {"token_value": made.text, "token_info": _shown(made.token)}


def list_tokens(call: Call) -> Members:
    """List the caller's tokens, the newest first."""
    return {"token_infos": [_shown(token) for token, _ in call.engine.access.tokens(call.request.user)]}


def delete_token(call: Call) -> Members:
    """Revoke a token of the caller's."""
    request, named = call.request, call.members["token_id"]
    personal_tokens.refuse_jobs(request.user, request.role, request.token_id, action="Revoking a token")
    if not (named.isascii() and named.isdigit()):
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Token {named} does not exist.")
    call.engine.access.revoke(int(named), of=request.user)
    return {}


def _shown(token: Token) -> Members:
    return {
        "token_id": str(token.id),
        "creation_time": token.created_at,
        "expiry_time": NEVER if token.expires_at is None else token.expires_at,
        "comment": token.name,
        **({} if token.last_used_at is None else {"last_used_day": token.last_used_at}),
    }


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="createToken",
        method="POST",
        path="token/create",
        handle=create_token,
        summary="Make a token of the caller's own",
        takes={"comment": "string", "lifetime_seconds": "int"},
        gives={"token_value": "string", "token_info": "object"},
    ),
    Operation(
        id="listTokens",
        method="GET",
        path="token/list",
        handle=list_tokens,
        summary="List the caller's tokens",
        gives={"token_infos": "array"},
    ),
    Operation(
        id="deleteToken",
        method="POST",
        path="token/delete",
        handle=delete_token,
        summary="Revoke a token of the caller's",
        takes={"token_id": "string!"},
    ),
)

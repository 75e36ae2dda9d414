"""Scopes of secrets and the values in them: in a file for the owner of the home alone, and in no log."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.calls import Call, Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.kept import Kept, kept

Members = dict[str, Any]
Scope = dict[str, Any]  # {"secrets": {key: {"value": base64, "at": ms}}, "acls": {principal: permission}}

NAME = re.compile(r"[\w.@/-]{1,128}", re.ASCII)
LARGEST = 128 * 1024  # bytes of a value
MOST_SECRETS = 1000  # in a scope
MOST_SCOPES = 100  # in a workspace
PERMISSIONS = ("READ", "WRITE", "MANAGE")


def create_scope(call: Call) -> Members:
    """Make a scope."""
    name = _name(call, "scope")
    manager = call.members.get("initial_manage_principal", call.request.user)
    if call.members.get("scope_backend_type", "DATABRICKS").upper() != "DATABRICKS":
        raise Refusal("FEATURE_DISABLED", "Secrets are kept in this server only; use the backend type DATABRICKS.")

    def add(scopes: Members) -> None:
        if name in scopes:
            raise Refusal("RESOURCE_ALREADY_EXISTS", f"Scope {name} already exists!")
        if len(scopes) >= MOST_SCOPES:
            raise Refusal("RESOURCE_LIMIT_EXCEEDED", f"A workspace has at most {MOST_SCOPES} scopes.")
        scopes[name] = {"secrets": {}, "acls": {manager: "MANAGE"}}

    _scopes(call).change(add)
    return {}


def list_scopes(call: Call) -> Members:
    """List the scopes."""
    scopes = [{"name": name, "backend_type": "DATABRICKS"} for name in sorted(_scopes(call).read())]
    return {"scopes": scopes} if scopes else {}


def delete_scope(call: Call) -> Members:
    """Delete a scope and what is in it."""
    name = call.members["scope"]
    _change(call, lambda scopes: scopes.pop(name))
    return {}


def put_secret(call: Call) -> Members:
    """Set a value."""
    scope, key, value = call.members["scope"], _name(call, "key"), _value(call)
    if len(value) > LARGEST:
        raise InvalidRequest(f"The secret has {len(value)} bytes; at most {LARGEST} (128 KB) are kept.")

    def put(scopes: Members) -> None:
        known = scopes[scope]["secrets"]
        if key not in known and len(known) >= MOST_SECRETS:
            raise Refusal("RESOURCE_LIMIT_EXCEEDED", f"Scope {scope} has {MOST_SECRETS} secrets, which is the most.")
        known[key] = {"value": b64encode(value).decode(), "at": time.time_ns() // 1_000_000}

    _change(call, put)
    return {}


def get_secret(call: Call) -> Members:
    """Return a value, for `dbutils` and those who may read what a job may read."""
    scope, key = call.members["scope"], call.members["key"]
    found = _scope(call)["secrets"].get(key)
    if found is None:
        raise _no_secret(scope, key)
    return {"key": key, "value": found["value"]}


def list_secrets(call: Call) -> Members:
    """List the keys of a scope, without values."""
    known = _scope(call)["secrets"].items()
    secrets = [{"key": key, "last_updated_timestamp": one["at"]} for key, one in sorted(known)]
    return {"secrets": secrets} if secrets else {}


def delete_secret(call: Call) -> Members:
    """Delete a value."""
    scope, key = call.members["scope"], call.members["key"]

    def remove(scopes: Members) -> None:
        if scopes[scope]["secrets"].pop(key, None) is None:
            raise _no_secret(scope, key)

    _change(call, remove)
    return {}


def put_acl(call: Call) -> Members:
    """Note who may do what; this server has one user, who may do everything."""
    permission = call.members["permission"].upper()
    if permission not in PERMISSIONS:
        raise InvalidRequest(f"Invalid permission {permission!r}; it must be one of: {', '.join(PERMISSIONS)}.")
    _change(call, lambda scopes: scopes[call.members["scope"]]["acls"].update({call.members["principal"]: permission}))
    return {}


def get_acl(call: Call) -> Members:
    """Tell what a principal may do."""
    principal = call.members["principal"]
    permission = _scope(call)["acls"].get(principal)
    if permission is None:
        raise _no_acl(call)
    return {"principal": principal, "permission": permission}


def list_acls(call: Call) -> Members:
    """List who may do what."""
    items = [{"principal": name, "permission": may} for name, may in sorted(_scope(call)["acls"].items())]
    return {"items": items} if items else {}


def delete_acl(call: Call) -> Members:
    """Forget what a principal may do."""

    def remove(scopes: Members) -> None:
        if scopes[call.members["scope"]]["acls"].pop(call.members["principal"], None) is None:
            raise _no_acl(call)

    _change(call, remove)
    return {}


def _scopes(call: Call) -> Kept:
    return kept(call, "secrets")


def _scope(call: Call) -> Scope:
    name = call.members["scope"]
    found: Scope | None = _scopes(call).read().get(name)
    if found is None:
        raise _no_scope(name)
    return found


def _change(call: Call, change: Callable[[Members], Any]) -> None:
    """Change the scopes, among which the one that is named must be."""
    name = call.members["scope"]

    def checked(scopes: Members) -> None:
        if name not in scopes:
            raise _no_scope(name)
        change(scopes)

    _scopes(call).change(checked)


def _name(call: Call, member: str) -> str:
    name: str = call.members[member]
    if not NAME.fullmatch(name):
        allowed = "alphanumeric characters, dashes, underscores and periods, at most 128 of them"
        raise InvalidRequest(f"Invalid {member} name {name!r}: it must consist of {allowed}.")
    return name


def _value(call: Call) -> bytes:
    text, content = call.members.get("string_value"), call.members.get("bytes_value")
    if text is not None and content is not None:
        raise InvalidRequest("Give either string_value or bytes_value, not both.")
    return bytes(content) if content is not None else (text or "").encode()


def _no_scope(name: str) -> Refusal:
    return Refusal("RESOURCE_DOES_NOT_EXIST", f"Scope {name} does not exist!")


def _no_secret(scope: str, key: str) -> Refusal:
    return Refusal("RESOURCE_DOES_NOT_EXIST", f"Secret does not exist with scope: {scope} and key: {key}.")


def _no_acl(call: Call) -> Refusal:
    who = call.members["principal"]
    return Refusal("RESOURCE_DOES_NOT_EXIST", f"There is no ACL for {who} in scope {call.members['scope']}.")


_SCOPE = {"scope": "string!"}
_SECRET = {**_SCOPE, "key": "string!"}
_PRINCIPAL = {**_SCOPE, "principal": "string!"}
_ACL = {"principal": "string", "permission": "string"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="createSecretScope",
        method="POST",
        path="secrets/scopes/create",
        handle=create_scope,
        summary="Make a scope of secrets",
        takes={
            **_SCOPE,
            "initial_manage_principal": "string",
            "scope_backend_type": "string",
            "backend_azure_keyvault": "object",
        },
    ),
    Operation(
        id="listSecretScopes",
        method="GET",
        path="secrets/scopes/list",
        handle=list_scopes,
        summary="List the scopes of secrets",
        gives={"scopes": "array"},
    ),
    Operation(
        id="deleteSecretScope",
        method="POST",
        path="secrets/scopes/delete",
        handle=delete_scope,
        summary="Delete a scope and what is in it",
        takes=_SCOPE,
    ),
    Operation(
        id="putSecret",
        method="POST",
        path="secrets/put",
        handle=put_secret,
        summary="Set a secret",
        takes={**_SECRET, "string_value": "string", "bytes_value": "bytes"},
    ),
    Operation(
        id="getSecret",
        method="GET",
        path="secrets/get",
        handle=get_secret,
        summary="Get a secret",
        takes=_SECRET,
        gives={"key": "string", "value": "bytes"},
    ),
    Operation(
        id="listSecrets",
        method="GET",
        path="secrets/list",
        handle=list_secrets,
        summary="List the keys of a scope",
        takes=_SCOPE,
        gives={"secrets": "array"},
    ),
    Operation(
        id="deleteSecret",
        method="POST",
        path="secrets/delete",
        handle=delete_secret,
        summary="Delete a secret",
        takes=_SECRET,
    ),
    Operation(
        id="putSecretAcl",
        method="POST",
        path="secrets/acls/put",
        handle=put_acl,
        summary="Note who may do what with a scope",
        takes={**_PRINCIPAL, "permission": "string!"},
    ),
    Operation(
        id="getSecretAcl",
        method="GET",
        path="secrets/acls/get",
        handle=get_acl,
        summary="Tell what somebody may do with a scope",
        takes=_PRINCIPAL,
        gives=_ACL,
    ),
    Operation(
        id="listSecretAcls",
        method="GET",
        path="secrets/acls/list",
        handle=list_acls,
        summary="List who may do what with a scope",
        takes=_SCOPE,
        gives={"items": "array"},
    ),
    Operation(
        id="deleteSecretAcl",
        method="POST",
        path="secrets/acls/delete",
        handle=delete_acl,
        summary="Forget what somebody may do with a scope",
        takes=_PRINCIPAL,
    ),
)

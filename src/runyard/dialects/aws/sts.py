"""AWS's Security Token Service: who the caller is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.core.errors import InvalidRequest, NotSupported, RunyardError
from runyard.dialects.aws.account import USER_ID, account_of, iam_arn, unique_id
from runyard.dialects.aws.operations import Call, Codes, UnknownOperation
from runyard.dialects.aws.query import QueryService

CODES: Codes = {
    InvalidRequest: ("ValidationError", 400),
    NotSupported: ("UnsupportedOperation", 400),
    UnknownOperation: ("InvalidAction", 400),
    RunyardError: ("InternalFailure", 500),
}


def get_caller_identity(call: Call) -> Mapping[str, Any]:
    """Return whose keys signed the call."""
    arn = iam_arn(call.request, f"user/{call.request.user}")
    return {"Arn": arn, "UserId": unique_id(USER_ID, arn), "Account": account_of(call.request.workspace)}


def no_other_keys(call: Call) -> Mapping[str, Any]:
    """Refuse to give out keys that would differ from the caller's own in name only."""
    raise NotSupported(
        f"{call.members['Action']} is not supported by this server: roles here are names, and every run executes as "
        "the user the server runs as. Use the keys that `runyard env` prints."
    )


OPERATIONS = {
    "GetCallerIdentity": get_caller_identity,
    "AssumeRole": no_other_keys,
    "AssumeRoleWithWebIdentity": no_other_keys,
    "GetFederationToken": no_other_keys,
    "GetSessionToken": no_other_keys,
}

_SERVICE = QueryService(
    name="STS", prefix="sts", namespace="https://sts.amazonaws.com/doc/2011-06-15/", operations=OPERATIONS, codes=CODES
)
answer = _SERVICE.answer
refuse = _SERVICE.refuse

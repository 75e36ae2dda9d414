"""What AWS's names for things are made of: an account for each workspace, a region, and ARNs."""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import blake2b

from runyard.core.job import Workspace
from runyard.dialects.aws_access import account_number
from runyard.dialects.exchange import Request

DEFAULT_REGION = "us-east-1"
USER_ID = "AIDA"
ROLE_ID = "AROA"

_SCOPE = re.compile(r"Credential=[^,\s]*/\d{8}/([a-z0-9-]+)/[a-z0-9-]+/aws4_request", re.ASCII)


def account_of(workspace: Workspace) -> str:
    """Return the workspace's account: twelve digits that follow from its name, so that every home agrees."""
    return account_number(workspace.name)


def region_of(request: Request) -> str:
    """Return the region the caller signed for."""
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    return scope[1] if scope else DEFAULT_REGION


def iam_arn(request: Request, resource: str) -> str:
    """Return the ARN of a user or a role, which belong to no region."""
    return f"arn:aws:iam::{account_of(request.workspace)}:{resource}"


def unique_id(prefix: str, arn: str) -> str:
    """Return the id that IAM gives beside an ARN: four letters of its kind and seventeen of its own."""
    return prefix + b32encode(blake2b(arn.encode(), digest_size=11).digest()).decode()[:17]

"""How AWS's services say that a caller may not do something, and the account that stands for a workspace there."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runyard.core.errors import Forbidden

SMALLEST_ACCOUNT = 10**11  # twelve digits, the first not a zero: some tools read it as a number
DENIED = "AccessDeniedException"
"""What the services that speak JSON call it."""


def account_number(workspace: str) -> str:
    """Return a workspace's account: twelve digits that follow from its name, so that every home agrees."""
    digest = blake2b(workspace.encode(), digest_size=8, person=b"runyard account").digest()
    return str(SMALLEST_ACCOUNT + int.from_bytes(digest, "big") % (9 * SMALLEST_ACCOUNT))


def not_authorized(error: Forbidden, *, service: str, workspace: str) -> str:
    """Return AWS's sentence, by which tools know a refusal, and ours behind it."""
    arn = f"arn:aws:iam::{account_number(workspace)}:user/{error.user}"
    action = f"{service}:{error.action}"
    return (
        f"User: {arn} is not authorized to perform: {action} because no identity-based policy allows the {action} "
        f"action. {error}"
    )

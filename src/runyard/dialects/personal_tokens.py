"""Tokens that people make for themselves, in whichever language: never good for more than what they came with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runyard.core.access import ADMINISTRATOR, OF_JOB, Role, least
from runyard.core.errors import Forbidden

if TYPE_CHECKING:
    from runyard.engine.access import Access, Made, Wanted


def make(access: Access, wanted: Wanted, *, user: str, role: Role, token_id: int) -> Made:
    """Make a token of a caller's own; one who came by a token gets none for another workspace, nor a longer reach."""
    refuse_jobs(user, role, token_id, action="Making a token")
    most = wanted.role if role is Role.ADMIN else least(wanted.role or role, role)
    return access.create_token(user, wanted.with_role(most))


def refuse_jobs(user: str, role: Role, token_id: int, *, action: str) -> None:
    """Refuse what code of a job asks: its credential is nobody's own."""
    if token_id == OF_JOB:
        raise Forbidden(user=user or ADMINISTRATOR, role=role, need=Role.ADMIN, action=action)

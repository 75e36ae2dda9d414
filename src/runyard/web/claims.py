"""Credentials that nobody keeps: the server signed what they say, and knows them again by that."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from dataclasses import dataclass, field

import msgspec

from runyard.engine.recognition import JOB, JOB_KEY
from runyard.engine.seal import Seal

SESSION = "session."  # what the tokens of logins begin with
SESSION_MS = 30 * 3_600_000
LONGEST = 2_000  # characters of a claim that is looked at
_JOB_TOKEN = re.compile(r"job\.([0-9a-f]{1,14})\.([0-9a-f]{64})")
_JOB_KEY = re.compile(r"AKRJ([A-V0-9]{13})")


@dataclass(frozen=True, kw_only=True)
class Session:
    """Who has signed in: by a password, or by a token, with which it ends."""

    user: str
    workspace: str
    token_id: int
    opened_at: int

    @property
    def ends_at(self) -> int:
        """Until when it is good."""
        return self.opened_at + SESSION_MS


@dataclass(frozen=True, kw_only=True)
class Keys:
    """A credential in each form that clients ask for."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)


def write_session(seal: Seal, opened: Session) -> str:
    """Return the token of a session."""
    told = [opened.user, opened.workspace, opened.token_id, opened.opened_at, secrets.token_hex(8)]
    claim = SESSION + base64.urlsafe_b64encode(msgspec.json.encode(told)).decode().rstrip("=")
    return f"{claim}.{seal.signature(claim)}"


def read_session(seal: Seal, token: str, *, now: int) -> Session | None:
    """Return the session of a token; None if it is none of ours or has ended."""
    claim, _, signature = token.rpartition(".")
    if not claim.startswith(SESSION) or len(claim) > LONGEST or not _is_equal(signature, seal.signature(claim)):
        return None
    coded = claim.removeprefix(SESSION)
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
    except (binascii.Error, msgspec.DecodeError):  # signed, and not ours: the key was used for something else
        return None
    user, workspace, token_id, opened_at, _ = told
    opened = Session(user=user, workspace=workspace, token_id=token_id, opened_at=opened_at)
    return opened if now < opened.ends_at else None


def job_keys(seal: Seal, workspace_id: int) -> Keys:
    """Return what jobs of a workspace call the server with, the same at each start."""
    access_key = JOB_KEY + base64.b32hexencode(workspace_id.to_bytes(8)).decode().rstrip("=")
    claim = f"{JOB}{workspace_id:x}"
    return Keys(
        access_key=access_key,
        secret_key=seal.secret_key(access_key),
        token=f"{claim}.{seal.signature(claim)}",
    )


def workspace_id_in(seal: Seal, credential: str) -> int | None:
    """Return the workspace of a job's token or access key; what belongs to an access key proves itself elsewhere."""
    if credential.startswith(JOB):
        found = _JOB_TOKEN.fullmatch(credential)
        is_ours = found is not None and _is_equal(found[2], seal.signature(f"{JOB}{found[1]}"))
        return int(found[1], 16) if found is not None and is_ours else None
    key = _JOB_KEY.fullmatch(credential)
    return None if key is None else int.from_bytes(base64.b32hexdecode(f"{key[1]}==="))


def _is_equal(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), right.encode())

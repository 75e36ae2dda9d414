"""Page tokens: opaque spellings of where a list was left off, good only for the list that gave them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from runyard.core.errors import InvalidRequest
from runyard.core.ids import LARGEST

_PROOF_BYTES = 9
_LONGEST = 200  # characters; ours are far shorter
_SHOWN = 60  # characters of a wrong one in its refusal


def write_token(scope: str, position: Sequence[int]) -> str:
    """Spell a position (the sort key of a row) of the list that `scope` names."""
    plain = msgspec.json.encode(list(position))
    return urlsafe_b64encode(_proof(scope, plain) + plain).decode().rstrip("=")


def read_token(scope: str, token: str, *, size: int) -> list[int]:
    """Return a position of `size` numbers; refuse a token that this list did not give out."""
    position = _position(token) if len(token) <= _LONGEST else []
    is_ours = len(position) == size and all(0 <= part <= LARGEST for part in position)
    if not is_ours or write_token(scope, position) != token:
        shown = token if len(token) <= _SHOWN else f"{token[:_SHOWN]}…"
        raise InvalidRequest(
            f"The page token {shown!r} is not one that this list gave out. Ask for the first page again."
        )
    return position


def _position(token: str) -> list[int]:
    """Return the position that a token claims; none if it cannot be read."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return msgspec.json.decode(raw[_PROOF_BYTES:], type=list[int])
    except ValueError:  # of base64 and, in a child class, of JSON
        return []


def _proof(scope: str, plain: bytes) -> bytes:
    return blake2b(scope.encode() + b"\0" + plain, digest_size=_PROOF_BYTES).digest()

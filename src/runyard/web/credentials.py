"""The administrator's keys, made at the first start and kept in the home folder for its owner alone."""

from __future__ import annotations

import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from runyard.core.errors import InvalidRequest
from runyard.engine.access import LEAST_PASSWORD
from runyard.engine.keys import keep_first

REGION = "us-east-1"
ADMINISTRATOR = "admin"

Secret = Annotated[str, Meta(min_length=LEAST_PASSWORD)]  # an empty one would let in whoever says nothing


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """One user's keys, in each form that clients ask for."""

    access_key: Secret
    secret_key: Secret
    token: Secret
    password: Secret

    def __repr__(self) -> str:
        """Show no secret, not even in a traceback."""
        return f"Credentials(access_key={self.access_key!r})"


def credentials_file(home: Path) -> Path:
    """Return where a home keeps them."""
    return home / "credentials.json"


def load_credentials(home: Path) -> Credentials:
    """Return the administrator's keys, made on first use; the file is readable by its owner only."""
    file = credentials_file(home)
    if not file.exists():
        keep_first(file, msgspec.json.encode(asdict(_fresh())))
    try:
        return msgspec.json.decode(file.read_bytes(), type=Credentials)
    except ValueError as error:
        advice = "Put back a copy of it, or remove it: the next start makes new keys for the administrator."
        raise InvalidRequest(f"{file} does not hold the administrator's keys: {error}. {advice}") from None


def _fresh() -> Credentials:
    letters = string.ascii_uppercase + "234567"
    return Credentials(
        access_key="AKRY" + "".join(secrets.choice(letters) for _ in range(16)),
        secret_key=secrets.token_urlsafe(30),
        token="ry" + secrets.token_hex(24),
        password=secrets.token_urlsafe(12),
    )

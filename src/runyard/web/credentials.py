"""The administrator's keys, made at the first start and kept in the home folder for its owner alone."""

from __future__ import annotations

import os
import secrets
import string
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

REGION = "us-east-1"
ADMINISTRATOR = "admin"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """One user's keys, in each form that clients ask for."""

    access_key: str
    secret_key: str
    token: str
    password: str

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
        _write_new(file, _fresh())
    return msgspec.json.decode(file.read_bytes(), type=Credentials)


def _fresh() -> Credentials:
    letters = string.ascii_uppercase + "234567"
    return Credentials(
        access_key="AKRY" + "".join(secrets.choice(letters) for _ in range(16)),
        secret_key=secrets.token_urlsafe(30),
        token="ry" + secrets.token_hex(24),
        password=secrets.token_urlsafe(12),
    )


def _write_new(file: Path, credentials: Credentials) -> None:
    """Write whole or not at all; a server that starts at the same moment may win."""
    draft = file.with_suffix(f".{uuid.uuid4().hex}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(msgspec.json.encode(asdict(credentials)))
        opened.flush()
        os.fsync(opened.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # the other server's keys are the keys
    finally:
        draft.unlink()

"""Files with keys: made once, whole or not at all, and for their owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def keep_first(file: Path, content: bytes) -> None:
    """Write a file that is not there; another server of the home, which starts at the same moment, may win."""
    draft = file.with_suffix(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass  # what the other server has written counts
    finally:
        draft.unlink()

"""What is kept of a password: SCRAM-SHA-256's verifier (RFC 5802), which checks a proof and cannot make one."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

ITERATIONS = 4096
KEY_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """What is kept of a password: enough to check a proof, too little to make one."""

    salt: bytes
    stored_key: bytes
    server_key: bytes


def verifier(password: str, salt: bytes) -> Verifier:
    """Derive what is kept of a password."""
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password).encode(errors="replace"), salt, ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client_key).digest()
    return Verifier(salt=salt, stored_key=stored, server_key=hmac.digest(salted, b"Server Key", "sha256"))


def is_proved(by: Verifier, proof: bytes, signed: bytes) -> bool:
    """Tell whether a proof was made with the password, for what was said between the two sides."""
    signature = hmac.digest(by.stored_key, signed, "sha256")
    client_key = bytes(left ^ right for left, right in zip(proof, signature, strict=False))
    return hmac.compare_digest(hashlib.sha256(client_key).digest(), by.stored_key)


def answer(by: Verifier, signed: bytes) -> bytes:
    """Return what proves to the client that its password is known here."""
    return hmac.digest(by.server_key, signed, "sha256")


def _prepared(password: str) -> str:
    return unicodedata.normalize("NFKC", password)  # SASLprep of what has no forbidden characters

"""The key of a home, and what is made with it: digests of tokens, secrets of AWS keys, claims, covered proofs."""

from __future__ import annotations

import base64
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from runyard.core.errors import InvalidRequest
from runyard.core.proof import KEY_BYTES, Verifier
from runyard.engine.keys import keep_first

FILE = "access.key"  # of a home; servers that share a ledger share it
CHANGES = "access.changes"  # of a home: grows with each change of users and tokens, so that its size numbers them
SECRET_BYTES = 30  # 40 characters, as AWS's secrets have
SALT_BYTES = 16
NONCE_BYTES = 16


@dataclass(frozen=True)
class Seal:
    """A key that only the servers of a home know."""

    key: bytes = field(repr=False)

    def digest(self, token: str) -> str:
        """Return what is kept of a token: it has so many random bits that a fast hash is enough."""
        return self._made("token", token).hex()

    def secret_key(self, access_key: str) -> str:
        """Return the secret of an AWS access key, which signatures are checked with: derived, so that none is kept."""
        return base64.urlsafe_b64encode(self._made("aws", access_key)[:SECRET_BYTES]).decode()

    def signature(self, claim: str) -> str:
        """Return what proves that a claim was made here."""
        return self._made("claim", claim).hex()

    def salt(self, user: str) -> bytes:
        """Return the salt of a user's passwords, known or not: nobody learns from it who is."""
        return self._made("salt", user)[:SALT_BYTES]

    def covered(self, proof: Verifier) -> str:
        """Return a verifier as it may lie in a ledger: without the key nobody can try passwords on it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return (nonce + self._mixed(nonce, proof.stored_key + proof.server_key)).hex()

    def uncovered(self, text: str, user: str) -> Verifier:
        """Return a verifier that was covered."""
        whole = bytes.fromhex(text)
        plain = self._mixed(whole[:NONCE_BYTES], whole[NONCE_BYTES:])
        return Verifier(salt=self.salt(user), stored_key=plain[:KEY_BYTES], server_key=plain[KEY_BYTES:])

    def _mixed(self, nonce: bytes, text: bytes) -> bytes:
        """Mix two keys with a pad that is used once, or part them again."""
        pad = self._made("pad 1", nonce.hex()) + self._made("pad 2", nonce.hex())
        return bytes(left ^ right for left, right in zip(text, pad, strict=True))

    def _made(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self.key, f"{purpose}\0{text}".encode(errors="replace"), "sha256")


def load_seal(home: Path) -> Seal:
    """Return the key of a home, made on first use; the file is readable by its owner only."""
    file = home / FILE
    if not file.exists():
        keep_first(file, secrets.token_hex(KEY_BYTES).encode())
    with suppress(ValueError):
        key = bytes.fromhex(file.read_text())
        if len(key) == KEY_BYTES:
            return Seal(key)
    advice = "Put back a copy of it; or remove it, which takes back every token and password that users have."
    raise InvalidRequest(f"{file} is not the key that a home has. {advice}")

"""SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's part: who proves a password never sends it."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable

from runyard.core.proof import ITERATIONS

MECHANISM = "SCRAM-SHA-256"
NONCE_BYTES = 18
GS2 = {"n": "biws", "y": "eSws"}
"""The headers of clients that do not bind to the channel, and how their last message repeats them."""


class WrongProof(Exception):
    """The password is wrong, or nobody is called so."""


class MalformedProof(Exception):
    """What was said is no step of the mechanism."""


Prove = Callable[[bytes, bytes], bytes | None]
"""Says whether a proof is right for what was said; returns our own signature of it, or None."""


class Exchange:
    """One proof: the client's first words, our challenge, its proof, our signature.

    Nobody learns from the challenge whether a user is known: everybody has a salt, who is not known too.
    """

    def __init__(self, prove: Prove, salt: bytes, *, nonce: str | None = None) -> None:
        self._prove = prove
        self._salt = salt
        self._own_nonce = nonce or base64.b64encode(secrets.token_bytes(NONCE_BYTES)).decode()
        self._binding = ""
        self._bare = ""
        self._challenge = ""

    def challenge(self, said: bytes) -> str:
        """Answer the client's first message."""
        words = _text(said).split(",", 2)
        if len(words) != 3 or words[0] not in GS2 or words[1]:  # noqa: PLR2004 - flag, user to act for, the rest
            raise MalformedProof("the first message must have no channel binding and act for nobody else")
        self._binding, self._bare = GS2[words[0]], words[2]
        nonce = _attributes(self._bare).get("r")
        if not nonce:
            raise MalformedProof("the first message has no nonce")
        self._nonce = nonce + self._own_nonce
        self._challenge = f"r={self._nonce},s={base64.b64encode(self._salt).decode()},i={ITERATIONS}"
        return self._challenge

    def outcome(self, said: bytes) -> str:
        """Check the client's proof; return what proves to it that we know the password too."""
        text = _text(said)
        without_proof, _, encoded = text.rpartition(",p=")
        told = _attributes(without_proof)
        if told.get("c") != self._binding or told.get("r") != self._nonce:
            raise MalformedProof("the last message does not continue the first")
        proof = _decoded(encoded)
        signed = f"{self._bare},{self._challenge},{without_proof}".encode()
        signature = self._prove(signed, proof)
        if signature is None:
            raise WrongProof
        return "v=" + base64.b64encode(signature).decode()


def _text(said: bytes) -> str:
    try:
        return said.decode()
    except UnicodeDecodeError as error:
        raise MalformedProof("a message is not UTF-8") from error


def _attributes(text: str) -> dict[str, str]:
    return {name: value for name, is_there, value in (word.partition("=") for word in text.split(",")) if is_there}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedProof("the proof is not base64") from error

"""Who sent a request, by its AWS Signature Version 4."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runyard.core.access import Role
from runyard.dialects.aws_signature import (
    UNSIGNED_PAYLOAD,
    Claim,
    SignedRequest,
    canonical_requests,
    joined,
    signature_of,
    signing_key,
)
from runyard.web.sigv2 import is_presigned, presigner
from runyard.web.sigv4_claim import SignatureError, check_signed_headers, check_time, read_claim

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STREAMING_PREFIX = "STREAMING-"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What the chunk signatures of a streamed body continue from (S3 only)."""

    key: bytes = field(repr=False)
    moment: str
    scope: str
    signature: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who signed, for which region and service."""

    access_key: str
    region: str
    service: str
    role: Role = Role.VIEWER  # known to whoever keeps the keys, not to the signature
    seal: Seal | None = None


def verify(request: SignedRequest, secret_of: Callable[[str], str | None], *, now: int) -> Identity:
    """Return who signed this request, or raise SignatureError; `now` is in milliseconds."""
    try:
        return _verified(request, secret_of, now=now)
    except UnicodeEncodeError as error:  # half characters, which no signer of ours writes
        raise SignatureError("IncompleteSignature", "The signature's parameters must be text in UTF-8.") from error


def _verified(request: SignedRequest, secret_of: Callable[[str], str | None], *, now: int) -> Identity:
    if is_presigned(request.query):
        return Identity(access_key=presigner(request, secret_of, now=now), region="us-east-1", service="s3")
    headers = joined(request.headers)
    claim = read_claim(request, headers)
    secret = secret_of(claim.access_key)
    if secret is None:
        raise SignatureError("UnrecognizedClient", "The security token included in the request is invalid.")
    check_signed_headers(claim, headers)
    check_time(claim, datetime.fromtimestamp(now / 1000, UTC))
    payload_hash = _payload_hash(request, claim, headers)
    key = signing_key(secret, claim)
    if not any(
        hmac.compare_digest(signature_of(key, claim, canonical).encode(), claim.signature.encode())
        for canonical in canonical_requests(request, claim, headers, payload_hash)
    ):
        raise SignatureError("InvalidSignature", MISMATCH)
    seal = Seal(key=key, moment=claim.moment, scope=claim.scope, signature=claim.signature)
    return Identity(access_key=claim.access_key, region=claim.region, service=claim.service, seal=seal)


MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)


def _payload_hash(request: SignedRequest, claim: Claim, headers: Mapping[str, str]) -> str:
    """The hash that was signed; a body at hand must have it, a body to come is checked as it streams."""
    stated = headers.get("x-amz-content-sha256")
    if claim.presigned and claim.service == "s3":
        return stated or UNSIGNED_PAYLOAD
    if claim.service == "s3":
        if stated is None:
            raise SignatureError(
                "IncompleteSignature", "Missing required header for this request: x-amz-content-sha256"
            )
        if stated == UNSIGNED_PAYLOAD or stated.startswith(STREAMING_PREFIX):
            return stated
    actual = None if request.body is None else hashlib.sha256(request.body).hexdigest()
    if stated is not None and actual is not None and not hmac.compare_digest(stated.encode(), actual.encode()):
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise SignatureError("PayloadMismatch", message)
    return stated or actual or EMPTY_HASH

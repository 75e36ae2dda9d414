"""AWS Signature Version 4: `sign` for our clients, `verify` for our server, one canonical form."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from runyard.web.sigv2 import is_presigned, presigner
from runyard.web.sigv4_claim import (
    ALGORITHM,
    ISO_BASIC,
    TERMINATOR,
    Claim,
    SignatureError,
    SignedRequest,
    check_signed_headers,
    check_time,
    decoded,
    joined,
    pairs,
    read_claim,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
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
    key = _signing_key(secret, claim)
    if not any(
        hmac.compare_digest(_signature(key, claim, canonical).encode(), claim.signature.encode())
        for canonical in _canonical_requests(request, claim, headers, payload_hash)
    ):
        raise SignatureError("InvalidSignature", MISMATCH)
    seal = Seal(key=key, moment=claim.moment, scope=claim.scope, signature=claim.signature)
    return Identity(access_key=claim.access_key, region=claim.region, service=claim.service, seal=seal)


MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Credentials of a client, and where they count."""

    access_key: str
    secret: str = field(repr=False)
    region: str
    service: str
    token: str | None = None


def sign(method: str, url: str, *, signer: Signer, body: bytes, headers: Mapping[str, str], now: int) -> dict[str, str]:
    """Return `headers` with what proves that `signer` sent this request; `now` is in milliseconds."""
    parts = urlsplit(url)
    moment = datetime.fromtimestamp(now / 1000, UTC).strftime(ISO_BASIC)
    signed = {name.lower(): value for name, value in headers.items()}
    signed |= {"host": parts.netloc.rpartition("@")[2], "x-amz-date": moment}
    if signer.token is not None:
        signed["x-amz-security-token"] = signer.token
    payload_hash = hashlib.sha256(body).hexdigest()
    if signer.service == "s3":
        payload_hash = signed.setdefault("x-amz-content-sha256", payload_hash)
    claim = Claim(
        access_key=signer.access_key,
        date=moment[:8],
        region=signer.region,
        service=signer.service,
        signed_headers=tuple(sorted(signed)),
        signature="",
        moment=moment,
    )
    request = SignedRequest(method=method, path=parts.path, query=parts.query)
    canonical = next(_canonical_requests(request, claim, joined(signed.items()), payload_hash))
    signature = _signature(_signing_key(signer.secret, claim), claim, canonical)
    credential = f"{claim.access_key}/{claim.scope}"
    names = ";".join(claim.signed_headers)
    authorization = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return signed | {"authorization": authorization}


def _encoded(text: str, *, safe: str = "-_.~") -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe=safe)


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


def _canonical_requests(
    request: SignedRequest, claim: Claim, headers: Mapping[str, str], payload_hash: str
) -> Iterator[str]:
    """The text that was signed: first as the wire spells it, then as AWS spells it (clients do either)."""
    names = ";".join(claim.signed_headers)
    lines = "".join(f"{name}:{headers.get(name, '')}\n" for name in claim.signed_headers)
    hashes = [payload_hash]
    if claim.presigned and claim.service == "s3" and payload_hash != UNSIGNED_PAYLOAD:
        hashes.append(UNSIGNED_PAYLOAD)
    spellings = ((_wire_path, _wire_query), (_own_path, _own_query))
    for (path, query), hashed in itertools.product(spellings, hashes):
        uri = path(request.path, claim.service)
        yield "\n".join((request.method, uri, query(request.query), lines, names, hashed))


def _wire_path(path: str, service: str) -> str:
    return (path or "/") if service == "s3" else _encoded(_normal(path), safe="/-_.~")


def _own_path(path: str, service: str) -> str:
    once = "/".join(_encoded(decoded(segment)) for segment in (path or "/").split("/"))
    return once if service == "s3" else _encoded(_normal(once), safe="/-_.~")


def _normal(path: str) -> str:
    """Every service but S3 signs the path without dot segments and doubled slashes."""
    normal = normpath("/" + path.lstrip("/"))
    return normal + "/" if path.endswith("/") and normal != "/" else normal


def _wire_query(query: str) -> str:
    spelled = sorted(part.partition("=")[::2] for part in query.split("&") if part)
    return "&".join(f"{name}={value}" for name, value in spelled if name != "X-Amz-Signature")


def _own_query(query: str) -> str:
    spelled = sorted((_encoded(name), _encoded(value)) for name, value in pairs(query) if name)
    return "&".join(f"{name}={value}" for name, value in spelled if name != "X-Amz-Signature")


def _signing_key(secret: str, claim: Claim) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (claim.date, claim.region, claim.service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _signature(key: bytes, claim: Claim, canonical: str) -> str:
    hashed = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return hmac.digest(key, f"{ALGORITHM}\n{claim.moment}\n{claim.scope}\n{hashed}".encode(), "sha256").hex()

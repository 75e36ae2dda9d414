"""AWS Signature Version 4 as both sides make it: the canonical request, the key, the signature, and who signs."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from posixpath import normpath
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
ISO_BASIC = "%Y%m%dT%H%M%SZ"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """A request as it stood on the wire: nothing decoded, header names in any case, duplicates kept."""

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | None = None  # None: not read yet; the claimed hash is proved while it streams (body.py)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a request says about its own signature, before anything of it is believed."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    moment: str
    expires: int | None = None
    presigned: bool = False

    @property
    def scope(self) -> str:
        """The credential scope without the key."""
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


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
    canonical = next(canonical_requests(request, claim, joined(signed.items()), payload_hash))
    signature = signature_of(signing_key(signer.secret, claim), claim, canonical)
    credential = f"{claim.access_key}/{claim.scope}"
    names = ";".join(claim.signed_headers)
    authorization = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return signed | {"authorization": authorization}


def _encoded(text: str, *, safe: str = "-_.~") -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe=safe)


def canonical_requests(
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


def signing_key(secret: str, claim: Claim) -> bytes:
    """The key of a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in (claim.date, claim.region, claim.service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def signature_of(key: bytes, claim: Claim, canonical: str) -> str:
    """The signature of a canonical request."""
    hashed = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return hmac.digest(key, f"{ALGORITHM}\n{claim.moment}\n{claim.scope}\n{hashed}".encode(), "sha256").hex()


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers as both sides sign them: lower-case names, single blanks, duplicates joined with commas."""
    joined: dict[str, list[str]] = {}
    for name, value in headers:
        joined.setdefault(name.lower(), []).append(" ".join(value.split()))
    return {name: ",".join(values) for name, values in joined.items()}


def pairs(query: str) -> Iterator[tuple[str, str]]:
    """The decoded names and values of a query; a plus sign is a plus sign, as AWS signs it."""
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        yield decoded(name), decoded(value)


def decoded(text: str) -> str:
    """Percent-decoded text."""
    # surrogateescape, so that bytes that are no UTF-8 are signed as they came.
    return unquote_to_bytes(text).decode("utf-8", "surrogateescape")

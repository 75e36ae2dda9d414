"""What a request says about its own signature, read and checked before anything of it is believed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from runyard.dialects.aws_signature import (
    ALGORITHM,
    ISO_BASIC,
    TERMINATOR,
    Claim,
    SignedRequest,
    joined,
    pairs,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ISO_BASIC_SHAPE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
WEEK_SECONDS = 7 * 24 * 3600
DEFAULT_SKEW = timedelta(minutes=5)
SKEWS = {"s3": timedelta(minutes=15)}
CREDENTIAL_PARTS = 5

# Why a request was refused -> how AWS's JSON and query services call it. S3 has its own words in its dialect.
CODES = {
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "UnrecognizedClient": "UnrecognizedClientException",
    "InvalidSignature": "InvalidSignatureException",
    "UnsignedHeaders": "InvalidSignatureException",
    "PayloadMismatch": "InvalidSignatureException",
    "SkewedClock": "InvalidSignatureException",
    "ExpiredRequest": "ExpiredTokenException",
    "LedgerUnavailable": "ServiceUnavailableException",  # nobody can look whose the key is
}


class SignatureError(Exception):
    """A request whose sender is not proved; `code` is a key of CODES."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def scope_of(headers: Iterable[tuple[str, str]], query: str) -> tuple[str, str, str] | None:
    """(access key, service, region) as claimed, for routing; proves nothing."""
    asked = dict(pairs(query))
    if asked.keys() >= {"AWSAccessKeyId", "Signature"}:
        return asked["AWSAccessKeyId"], "s3", "us-east-1"  # the older signature, which only S3 has
    _, _, rest = joined(headers).get("authorization", "").partition(" ")
    credential = _parameters(rest).get("Credential") or asked.get("X-Amz-Credential", "")
    parts = credential.rsplit("/", 4)
    if len(parts) != CREDENTIAL_PARTS:
        return None
    return parts[0], parts[3], parts[2]


def _parameters(text: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(","))
    return {name.strip(): value.strip() for name, _, value in pairs}


def read_claim(request: SignedRequest, headers: Mapping[str, str]) -> Claim:
    """The claim in the Authorization header or, presigned, in the query."""
    query = dict(pairs(request.query))
    authorization = headers.get("authorization")
    presigned = "X-Amz-Signature" in query or "X-Amz-Algorithm" in query
    if authorization is not None and presigned:
        raise SignatureError("IncompleteSignature", "Only one auth mechanism allowed: use the header or the query.")
    if authorization is not None:
        return _header_claim(authorization, headers)
    if presigned:
        return _query_claim(query)
    raise SignatureError("MissingAuthenticationToken", "Missing Authentication Token")


def _header_claim(authorization: str, headers: Mapping[str, str]) -> Claim:
    algorithm, _, rest = authorization.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise SignatureError("IncompleteSignature", f"Unsupported AWS 'algorithm': '{algorithm}'. Use {ALGORITHM}.")
    given = _parameters(rest)
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not given.get(name)]
    if missing:
        texts = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        raise SignatureError("IncompleteSignature", f"{texts} Authorization={algorithm}")
    moment = _moment(headers.get("x-amz-date"), headers.get("date"))
    return _checked_claim(given["Credential"], given["SignedHeaders"], given["Signature"], moment=moment)


def _query_claim(query: Mapping[str, str]) -> Claim:
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        message = f'X-Amz-Algorithm only supports "{ALGORITHM}"'
        raise SignatureError("IncompleteSignature", message)
    names = ("Credential", "SignedHeaders", "Signature", "Date")
    values = [query.get(f"X-Amz-{name}", "") for name in names]
    if not all(values):
        missing = next(name for name, value in zip(names, values, strict=True) if not value)
        raise SignatureError("IncompleteSignature", f"AWS query-string parameters must include 'X-Amz-{missing}'.")
    credential, signed_headers, signature, moment = values
    claim = _checked_claim(credential, signed_headers, signature, moment=_moment(moment, None), presigned=True)
    expires = query.get("X-Amz-Expires", "300")
    # The length first: int() refuses numbers of thousands of digits with an error of its own.
    if not (expires.isascii() and expires.isdigit() and len(expires) < len("1000000") and int(expires) <= WEEK_SECONDS):
        message = "X-Amz-Expires must be a number of seconds from 0 to a week (604800)."
        raise SignatureError("IncompleteSignature", message)
    return replace(claim, expires=int(expires))


def _checked_claim(
    credential: str, signed_headers: str, signature: str, *, moment: str, presigned: bool = False
) -> Claim:
    parts = credential.rsplit("/", 4)
    if len(parts) != CREDENTIAL_PARTS:
        message = (
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{credential}'"
        )
        raise SignatureError("IncompleteSignature", message)
    access_key, date, region, service, terminator = parts
    if terminator != TERMINATOR:
        message = f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
        raise SignatureError("InvalidSignature", message)
    if date != moment[:8]:
        message = (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{date}' != '{moment[:8]}', from '{moment}'."
        )
        raise SignatureError("InvalidSignature", message)
    return Claim(
        access_key=access_key,
        date=date,
        region=region,
        service=service,
        signed_headers=tuple(signed_headers.split(";")),
        signature=signature,
        moment=moment,
        presigned=presigned,
    )


def _moment(amz_date: str | None, date: str | None) -> str:
    """The signing time in ISO basic form, from X-Amz-Date or, failing that, from Date in either form."""
    text = amz_date if amz_date is not None else date
    if text is None:
        message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        raise SignatureError("IncompleteSignature", message)
    try:
        _iso_basic(text)
    except ValueError:
        return _http_moment(text)
    return text


def _iso_basic(text: str) -> datetime:
    """The moment of a text as 20261121T034557Z; not by strptime, which takes a tenth of a call."""
    if ISO_BASIC_SHAPE.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _http_moment(text: str) -> str:
    try:
        return parsedate_to_datetime(text).astimezone(UTC).strftime(ISO_BASIC)
    except (ValueError, OverflowError):
        message = f"Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
        raise SignatureError("IncompleteSignature", message) from None


def check_signed_headers(claim: Claim, headers: Mapping[str, str]) -> None:
    """Refuse a request whose meaning could be changed by headers that nobody signed."""
    if "host" not in claim.signed_headers:
        message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        raise SignatureError("InvalidSignature", message)
    # A presigned URL was made before its user's client added a statement about the payload.
    exempt = {"x-amz-content-sha256"} if claim.presigned else set()
    signed = exempt.union(claim.signed_headers)
    unsigned = sorted(name for name in headers if name.startswith("x-amz-") and name not in signed)
    if unsigned:
        message = f"There were headers present in the request which were not signed: {', '.join(unsigned)}"
        raise SignatureError("UnsignedHeaders", message)


def check_time(claim: Claim, now: datetime) -> None:
    """Refuse a signature of another time, so that an overheard request cannot be replayed for long."""
    moment = _iso_basic(claim.moment)
    skew = SKEWS.get(claim.service, DEFAULT_SKEW)
    minutes = int(skew.total_seconds() // 60)
    shown = now.strftime(ISO_BASIC)
    if moment > now + skew:
        bound = (now + skew).strftime(ISO_BASIC)
        text = f"{claim.moment} is still later than {bound} ({shown} + {minutes} min.)"
        message = f"Signature not yet current: {text}"
        raise SignatureError("SkewedClock", message)
    if claim.expires is not None:
        if now > moment + timedelta(seconds=claim.expires):
            raise SignatureError("ExpiredRequest", "Request has expired")
    elif moment < now - skew:
        bound = (now - skew).strftime(ISO_BASIC)
        message = f"Signature expired: {claim.moment} is now earlier than {bound} ({shown} - {minutes} min.)"
        raise SignatureError("SkewedClock", message)

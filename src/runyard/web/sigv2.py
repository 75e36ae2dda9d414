"""The presigned URLs of S3's older signature, because that is what an unmodified boto3 makes by default."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING
from urllib.parse import unquote

from runyard.dialects.aws_signature import SignedRequest, joined, pairs
from runyard.web.sigv4_claim import SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARAMETERS = frozenset({"AWSAccessKeyId", "Signature", "Expires"})
LOCAL_SUFFIX = ".localhost"
LATEST = 10  # digits of a moment in seconds; int() refuses numbers of thousands of digits
# The parameters that this signature covers; the others cannot turn a request into one that does more.
SIGNED_PARAMETERS = frozenset({
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
    "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
    "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
    "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
})  # fmt: skip


def is_presigned(query: str) -> bool:
    """Tell whether a query carries this signature."""
    return "Signature=" in query and {name for name, _ in pairs(query)} >= PARAMETERS


def presigner(request: SignedRequest, secret_of: Callable[[str], str | None], *, now: int) -> str:
    """Return whose access key signed this URL, or raise SignatureError; `now` is in milliseconds."""
    query = dict(pairs(request.query))
    access_key, expires = query["AWSAccessKeyId"], query["Expires"]
    if not (expires.isascii() and expires.isdigit() and len(expires) <= LATEST):
        raise SignatureError("IncompleteSignature", f"Expires must be a moment in seconds, not {expires[:20]!r}.")
    if now > int(expires) * 1000:
        raise SignatureError("ExpiredRequest", "Request has expired")
    secret = secret_of(access_key)
    if secret is None:
        raise SignatureError("UnrecognizedClient", "The security token included in the request is invalid.")
    signatures = [_signature(secret, text) for text in _texts(request, query["Expires"])]
    if not any(hmac.compare_digest(each.encode(), query["Signature"].encode()) for each in signatures):
        message = "The request signature we calculated does not match the signature you provided."
        raise SignatureError("InvalidSignature", f"{message} Check your key and signing method.")
    return access_key


def _texts(request: SignedRequest, expires: str) -> Iterator[str]:
    """The text that was signed, for the bucket in the path and for the bucket in the host name."""
    headers = joined(request.headers)
    stated = "\n".join((request.method, headers.get("content-md5", ""), headers.get("content-type", ""), expires))
    in_query = {name.lower(): value for name, value in pairs(request.query)}
    amz = {name: value for name, value in (in_query | headers).items() if name.startswith("x-amz-")}
    lines = "".join(f"{name}:{amz[name]}\n" for name in sorted(amz))
    host = headers.get("host", "").partition(":")[0]
    bucket = host.removesuffix(LOCAL_SUFFIX).removesuffix(".s3")
    for path in (request.path, f"/{bucket}{request.path}") if host.endswith(LOCAL_SUFFIX) else (request.path,):
        yield f"{stated}\n{lines}{path}{_parameters(request.query)}"


def _parameters(query: str) -> str:
    split = (part.partition("=") for part in query.split("&") if part)
    signed = sorted((name, sign, unquote(value)) for name, sign, value in split if name in SIGNED_PARAMETERS)
    return "?" + "&".join("".join(each) for each in signed) if signed else ""


def _signature(secret: str, text: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode("utf-8", "surrogateescape"), "sha1")).decode()

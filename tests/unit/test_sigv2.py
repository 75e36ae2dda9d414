from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.dialects.aws_signature import SignedRequest
from runyard.web.sigv4 import verify
from runyard.web.sigv4_claim import SignatureError, scope_of

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
FOREVER_MS = 1_700_000_000_000


def secret_of(access_key: str) -> str | None:
    return {KEY: SECRET}.get(access_key)


def presigned(path: str, method: str = "GET", token: str | None = None, **headers: str) -> SignedRequest:
    request = AWSRequest(method=method, url="http://127.0.0.1:8642" + path)
    for name, value in headers.items():
        request.headers[name.replace("_", "-")] = value
    HmacV1QueryAuth(Credentials(KEY, SECRET, token), expires=60).add_auth(request)
    parts = urlsplit(request.url)
    sent = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return SignedRequest(method=method, path=parts.path, query=parts.query, headers=[*sent, ("Host", parts.netloc)])


def changed(request: SignedRequest, **changes: Any) -> SignedRequest:
    return SignedRequest(**{**vars(request), **changes})


def refused(request: SignedRequest, now: int = FOREVER_MS) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(request, secret_of, now=now)
    return caught.value.code


@settings(max_examples=60, deadline=None)  # a deadline would fail on a machine that others use too
@given(
    path=st.sampled_from(["/b/k", "/b/a%20b", "/b?uploads", "/b/k?uploadId=1&partNumber=2", "/b?list-type=2"]),
    token=st.none() | st.text("ab+/=", min_size=1),
)
def test_what_botocore_presigns_by_default_is_believed(path: str, token: str | None) -> None:
    identity = verify(presigned(path, token=token, Content_Type="text/csv"), secret_of, now=FOREVER_MS)

    assert (identity.access_key, identity.service) == (KEY, "s3")


def test_its_scope_is_s3s() -> None:
    assert scope_of([], presigned("/b/k").query) == (KEY, "s3", "us-east-1")


def test_any_change_is_refused() -> None:
    request = presigned("/b/k?partNumber=1", method="PUT")

    assert refused(changed(request, path="/b/l")) == "InvalidSignature"
    assert refused(changed(request, method="DELETE")) == "InvalidSignature"
    assert refused(changed(request, query=request.query.replace("partNumber=1", "partNumber=2"))) == "InvalidSignature"
    assert refused(changed(request, query=request.query + "&acl")) == "InvalidSignature"
    assert refused(changed(request, headers=[("x-amz-copy-source", "/b/secret")])) == "InvalidSignature"
    assert refused(changed(request, query=request.query.replace("Expires=", "Expires=1"))) == "IncompleteSignature"
    assert refused(changed(request, query=request.query.replace(KEY, "OTHER"))) == "UnrecognizedClient"


def test_it_ends_with_its_time() -> None:
    request = presigned("/b/k")
    expires = int(dict(part.split("=") for part in request.query.split("&"))["Expires"]) * 1000

    assert verify(request, secret_of, now=expires).service == "s3"
    assert refused(request, expires + 1) == "ExpiredRequest"

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.dialects.aws_signature import SignedRequest, Signer, sign
from runyard.web.sigv4 import verify
from runyard.web.sigv4_claim import CODES, SignatureError, scope_of

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "http://127.0.0.1:8642"
MINUTE = 60_000

# A deadline would fail on a machine that others use too.
QUICK = settings(max_examples=60, deadline=None)

names = st.text("abcdefghijklmnopqrstuvwxyzABC-", min_size=1, max_size=12).filter(lambda name: name.strip("-") == name)
values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
headers = st.dictionaries(names.map("x-custom-{}".format), values, max_size=4).filter(
    lambda given: len({name.lower() for name in given}) == len(given)  # a header has one name, however it is written
)
paths = st.lists(st.text(max_size=8), max_size=5).map(lambda parts: "/" + quote("/".join(parts), safe="/~-_."))
queries = st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=6), max_size=4).map(
    lambda pairs: "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs.items())
)
bodies = st.binary(max_size=50)
tokens = st.none() | st.text("abc+/=", min_size=1, max_size=10)


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def secret_of(access_key: str) -> str | None:
    return {KEY: SECRET}.get(access_key)


def signed_by_botocore(auth: Any, url: str, **given: Any) -> SignedRequest:
    request = AWSRequest(method=given.get("method", "POST"), url=url, data=given.get("body", b""))
    for name, value in given.get("headers", {}).items():
        request.headers[name] = value
    auth.add_auth(request)
    parts = urlsplit(request.url)
    sent = [(name, value) for name, value in request.headers.items() if name.lower() != "host"]
    return SignedRequest(
        method=request.method,
        path=parts.path,
        query=parts.query,
        headers=[*sent, ("Host", parts.netloc)],
        body=given.get("body", b""),
    )


def glue_request() -> SignedRequest:
    auth = SigV4Auth(Credentials(KEY, SECRET, "token"), "glue", "eu-west-1")
    target = {"X-Amz-Target": "AWSGlue.StartJobRun", "Content-Type": "application/x-amz-json-1.1"}
    return signed_by_botocore(auth, HOST + "/", body=b'{"JobName":"a"}', headers=target)


def changed(request: SignedRequest, **changes: Any) -> SignedRequest:
    return SignedRequest(**{**vars(request), **changes})


def with_header(request: SignedRequest, name: str, value: str | None) -> SignedRequest:
    kept = [(each, old) for each, old in request.headers if each.lower() != name.lower()]
    return changed(request, headers=kept if value is None else [*kept, (name, value)])


def other_second(request: SignedRequest) -> str:
    date = dict(request.headers)["X-Amz-Date"]
    return date[:-3] + ("00Z" if date[-3:] != "00Z" else "01Z")


def refused(request: SignedRequest, now: int | None = None) -> SignatureError:
    with pytest.raises(SignatureError) as caught:
        verify(request, secret_of, now=now_ms() if now is None else now)
    return caught.value


@QUICK
@given(path=paths, query=queries, extra=headers, body=bodies, token=tokens)
def test_what_botocore_signs_for_glue_is_believed(
    path: str, query: str, extra: dict[str, str], body: bytes, token: str | None
) -> None:
    auth = SigV4Auth(Credentials(KEY, SECRET, token), "glue", "eu-west-1")
    url = f"{HOST}{path}?{query}" if query else HOST + path

    identity = verify(signed_by_botocore(auth, url, body=body, headers=extra), secret_of, now=now_ms())

    assert (identity.access_key, identity.region, identity.service) == (KEY, "eu-west-1", "glue")


@QUICK
@given(path=paths, query=queries, extra=headers, body=bodies, token=tokens)
def test_what_botocore_signs_for_s3_is_believed(
    path: str, query: str, extra: dict[str, str], body: bytes, token: str | None
) -> None:
    auth = S3SigV4Auth(Credentials(KEY, SECRET, token), "s3", "us-east-1")
    url = f"{HOST}{path}?{query}" if query else HOST + path

    identity = verify(signed_by_botocore(auth, url, body=body, headers=extra), secret_of, now=now_ms())

    assert identity.service == "s3"


@QUICK
@given(path=paths, token=tokens)
def test_what_botocore_presigns_is_believed(path: str, token: str | None) -> None:
    s3 = S3SigV4QueryAuth(Credentials(KEY, SECRET, token), "s3", "us-east-1", expires=60)
    sts = SigV4QueryAuth(Credentials(KEY, SECRET, token), "sts", "us-east-1", expires=60)

    for auth, service in ((s3, "s3"), (sts, "sts")):
        request = signed_by_botocore(auth, HOST + path, method="GET")
        assert verify(request, secret_of, now=now_ms()).service == service


@QUICK
@given(path=paths, query=queries, extra=headers, body=bodies, service=st.sampled_from(["glue", "s3", "sts"]))
def test_our_signature_is_botocores_signature(
    path: str, query: str, extra: dict[str, str], body: bytes, service: str
) -> None:
    url = f"{HOST}{path}?{query}" if query else HOST + path
    auth = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(KEY, SECRET), service, "us-east-1")
    theirs = dict(signed_by_botocore(auth, url, body=body, headers=extra, method="PUT").headers)
    moment = datetime.strptime(theirs["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signer = Signer(access_key=KEY, secret=SECRET, region="us-east-1", service=service)

    ours = sign("PUT", url, signer=signer, body=body, headers=extra, now=int(moment.timestamp() * 1000))

    assert ours["authorization"] == theirs["Authorization"]


def test_an_s3_path_that_the_wire_spells_more_loosely_than_aws_is_believed() -> None:
    auth = S3SigV4Auth(Credentials(KEY, SECRET), "s3", "us-east-1")
    request = signed_by_botocore(auth, HOST + "/b/a%281%29%21.txt", method="GET")

    identity = verify(changed(request, path="/b/a(1)!.txt"), secret_of, now=now_ms())

    assert identity.access_key == KEY


def test_odd_spacing_and_doubled_headers_are_signed_as_aws_signs_them() -> None:
    signer = Signer(access_key=KEY, secret=SECRET, region="r", service="glue")
    headers = sign("POST", HOST + "/", signer=signer, body=b"", headers={"x-amz-meta-a": "1 2,3"}, now=now_ms())
    pairs = [(name, value) for name, value in headers.items() if name not in ("x-amz-meta-a", "authorization")]
    loose = headers["authorization"].replace(", ", ",").replace("SHA256 C", "SHA256   C")
    pairs += [("X-Amz-Meta-A", "  1   2 "), ("x-amz-meta-a", "3"), ("Authorization", loose)]

    identity = verify(SignedRequest(method="POST", path="/", headers=pairs, body=b""), secret_of, now=now_ms())

    assert identity.access_key == KEY


TAMPERED: dict[str, Callable[[SignedRequest], SignedRequest]] = {
    "method": lambda request: changed(request, method="GET"),
    "path": lambda request: changed(request, path="/other"),
    "query": lambda request: changed(request, query="a=b"),
    "body": lambda request: changed(request, body=b'{"JobName":"b"}'),
    "signed header": lambda request: with_header(request, "Content-Type", "text/plain"),
    "target": lambda request: with_header(request, "X-Amz-Target", "AWSGlue.DeleteJob"),
    "token": lambda request: with_header(request, "X-Amz-Security-Token", "other"),
    "no token": lambda request: with_header(request, "X-Amz-Security-Token", None),
    "host": lambda request: with_header(request, "Host", "elsewhere"),
    "date": lambda request: with_header(request, "X-Amz-Date", other_second(request)),
}


@pytest.mark.parametrize("part", TAMPERED)
def test_a_request_changed_in_any_part_is_refused(part: str) -> None:
    tampered = TAMPERED[part](glue_request())

    assert refused(tampered).code == "InvalidSignature"


def test_another_secret_is_refused() -> None:
    with pytest.raises(SignatureError) as caught:
        verify(glue_request(), lambda _: "another", now=now_ms())

    assert caught.value.code == "InvalidSignature"
    assert caught.value.message.startswith("The request signature we calculated does not match")


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(SignatureError) as caught:
        verify(glue_request(), lambda _: None, now=now_ms())

    assert caught.value.code == "UnrecognizedClient"
    assert caught.value.message == "The security token included in the request is invalid."


def test_an_unsigned_amz_header_is_refused() -> None:
    assert refused(with_header(glue_request(), "X-Amz-Extra", "1")).code == "UnsignedHeaders"


def test_no_signature_at_all_is_said_so() -> None:
    error = refused(SignedRequest(method="POST", path="/", body=b""))

    assert (error.code, error.message) == ("MissingAuthenticationToken", "Missing Authentication Token")


@pytest.mark.parametrize(
    ("authorization", "code", "text"),
    [
        ("Bearer abc", "IncompleteSignature", "Unsupported AWS 'algorithm': 'Bearer'"),
        ("AWS4-HMAC-SHA256 Signature=a, SignedHeaders=host", "IncompleteSignature", "requires 'Credential' parameter"),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c",
            "IncompleteSignature",
            "exactly 5 slash-delimited elements",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/20200101/r/s/end, SignedHeaders=host, Signature=c",
            "InvalidSignature",
            "valid terminator",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/20200102/r/s/aws4_request, SignedHeaders=host, Signature=c",
            "InvalidSignature",
            "'20200102' != '20200101'",
        ),
    ],
)
def test_a_malformed_authorization_says_what_is_wrong(authorization: str, code: str, text: str) -> None:
    pairs = [("Authorization", authorization), ("X-Amz-Date", "20200101T000000Z"), ("Host", "h")]

    error = refused(SignedRequest(method="POST", path="/", headers=pairs, body=b""))

    assert error.code == code
    assert text in error.message


@pytest.mark.parametrize("date", ["yesterday", "", "2020-01-01", "Mon, 01 Jan 0001 00:00:00 +2300"])
def test_a_date_that_cannot_be_read_is_refused(date: str) -> None:
    assert refused(with_header(glue_request(), "X-Amz-Date", date)).code in ("IncompleteSignature", "InvalidSignature")


def test_five_minutes_of_skew_are_borne_and_six_are_not() -> None:
    request = glue_request()
    sent = now_ms()

    assert verify(request, secret_of, now=sent + 4 * MINUTE).access_key == KEY
    assert verify(request, secret_of, now=sent - 4 * MINUTE).access_key == KEY
    late, early = refused(request, sent + 6 * MINUTE), refused(request, sent - 6 * MINUTE)
    assert (late.code, early.code) == ("SkewedClock", "SkewedClock")
    assert late.message.startswith("Signature expired: ")
    assert late.message.endswith("- 5 min.)")
    assert early.message.startswith("Signature not yet current: ")


def test_s3_bears_fifteen_minutes() -> None:
    request = signed_by_botocore(S3SigV4Auth(Credentials(KEY, SECRET), "s3", "r"), HOST + "/b", method="GET")

    assert verify(request, secret_of, now=now_ms() + 14 * MINUTE).service == "s3"
    assert refused(request, now_ms() + 16 * MINUTE).code == "SkewedClock"


def test_a_presigned_request_ends_with_its_time() -> None:
    auth = S3SigV4QueryAuth(Credentials(KEY, SECRET), "s3", "r", expires=60)
    request = signed_by_botocore(auth, HOST + "/b/k", method="GET")

    assert verify(request, secret_of, now=now_ms() + 30_000).service == "s3"
    assert refused(request, now_ms() + 62_000).code == "ExpiredRequest"
    assert refused(changed(request, query=request.query.replace("=60", "=600"))).code == "InvalidSignature"
    assert refused(changed(request, query=request.query.replace("=60", "=" + "9" * 5000))).code == "IncompleteSignature"
    assert refused(changed(request, path="/b/other")).code == "InvalidSignature"


def test_a_body_that_is_not_the_one_signed_is_refused() -> None:
    auth = S3SigV4Auth(Credentials(KEY, SECRET), "s3", "r")
    request = signed_by_botocore(auth, HOST + "/b/k", body=b"right", method="PUT")

    assert refused(changed(request, body=b"wrong")).code == "PayloadMismatch"
    assert verify(changed(request, body=None), secret_of, now=now_ms()).service == "s3"


def test_an_unsigned_payload_is_for_s3_only() -> None:
    signer = Signer(access_key=KEY, secret=SECRET, region="r", service="glue")
    unsigned = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    headers = sign("POST", HOST + "/", signer=signer, body=b"x", headers=unsigned, now=now_ms())

    error = refused(SignedRequest(method="POST", path="/", headers=list(headers.items()), body=b"x"))

    assert error.code == "PayloadMismatch"


def test_the_seal_continues_from_the_request_as_amazon_documents_it() -> None:
    moment = int(datetime(2013, 5, 24, tzinfo=UTC).timestamp() * 1000)
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    signer = Signer(access_key="AKIAIOSFODNN7EXAMPLE", secret=secret, region="us-east-1", service="s3")
    headers = {
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "content-length": "66824",
    }
    url = "https://s3.amazonaws.com/examplebucket/chunkObject.txt"
    signed = sign("PUT", url, signer=signer, body=b"", headers=headers, now=moment)
    request = SignedRequest(method="PUT", path="/examplebucket/chunkObject.txt", headers=list(signed.items()))

    identity = verify(request, lambda _: secret, now=moment)

    assert identity.seal is not None
    assert identity.seal.signature == "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    assert "key=" not in repr(identity.seal)


def test_the_scope_is_read_without_believing_anything() -> None:
    presigned = S3SigV4QueryAuth(Credentials(KEY, SECRET), "s3", "eu-west-1")

    assert scope_of(glue_request().headers, "") == (KEY, "glue", "eu-west-1")
    assert scope_of([], signed_by_botocore(presigned, HOST + "/b", method="GET").query) == (KEY, "s3", "eu-west-1")
    assert scope_of([("authorization", "Basic abc")], "a=b") is None


@QUICK
@given(st.text(max_size=80), st.text(max_size=80))
def test_nonsense_is_refused_and_breaks_nothing(authorization: str, query: str) -> None:
    pairs = [("Authorization", "AWS4-HMAC-SHA256 " + authorization), ("X-Amz-Date", authorization)]

    assert refused(SignedRequest(method="GET", path="/", query=query, headers=pairs)).code in CODES

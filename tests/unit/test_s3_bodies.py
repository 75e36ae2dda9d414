from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import pytest
from awaiting import awaited
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.dialects.s3.body import EMPTY_HASH, Chunks, proved
from runyard.dialects.s3.errors import S3Error

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
# A deadline would fail on a machine that others use too.
QUICK = settings(max_examples=60, deadline=None)


@dataclass(frozen=True)
class Seal:
    key: bytes = bytes.fromhex("dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378")
    moment: str = "20130524T000000Z"
    scope: str = "20130524/us-east-1/s3/aws4_request"
    signature: str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"


def framed(chunks: list[bytes], seal: Seal, trailer: bytes = b"") -> bytes:
    wire, previous = b"", seal.signature
    for chunk in [*chunks, b""]:
        text = "\n".join(
            (
                "AWS4-HMAC-SHA256-PAYLOAD",
                seal.moment,
                seal.scope,
                previous,
                EMPTY_HASH,
                hashlib.sha256(chunk).hexdigest(),
            )
        )
        previous = hmac.new(seal.key, text.encode(), "sha256").hexdigest()
        wire += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
    if trailer:
        hashed = hashlib.sha256(trailer + b"\n").hexdigest()
        text = f"AWS4-HMAC-SHA256-TRAILER\n{seal.moment}\n{seal.scope}\n{previous}\n{hashed}"
        last = hmac.new(seal.key, text.encode(), "sha256").hexdigest()
        wire += trailer + b"\r\nx-amz-trailer-signature:" + last.encode() + b"\r\n"
    return wire + b"\r\n"


def read(wire: bytes, headers: dict[str, str], seal: Seal | None, cut: int = 7) -> tuple[bytes, list[Any]]:
    pieces = [wire[start : start + cut] for start in range(0, len(wire), cut)] or [b""]
    messages = [{"type": "http.request", "body": each, "more_body": True} for each in pieces]
    messages[-1]["more_body"] = False

    async def receive() -> Any:
        return messages.pop(0)

    async def run() -> tuple[bytes, list[Any]]:
        taking, body = proved(receive, headers, seal), b""
        while True:
            message = await taking()
            body += message["body"]
            if not message["more_body"]:
                return body, list(message.get("trailers", ()))

    return awaited(run())


def refused(wire: bytes, headers: dict[str, str], seal: Seal | None = None) -> str:
    with pytest.raises(S3Error) as caught:
        read(wire, headers, seal)
    return caught.value.code


def test_the_example_of_amazons_documentation_is_read() -> None:
    signatures = (
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    )
    first, second, last = (each.encode() for each in signatures)
    wire = b"10000;chunk-signature=" + first + b"\r\n" + b"a" * 65536 + b"\r\n"
    wire += b"400;chunk-signature=" + second + b"\r\n" + b"a" * 1024 + b"\r\n"
    wire += b"0;chunk-signature=" + last + b"\r\n\r\n"

    body, _ = read(wire, {"x-amz-content-sha256": SIGNED, "x-amz-decoded-content-length": "66560"}, Seal(), cut=8000)

    assert body == b"a" * 66560


@QUICK
@given(chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=4), cut=st.integers(1, 60))
def test_signed_chunks_cut_anywhere_give_the_body(chunks: list[bytes], cut: int) -> None:
    body, trailers = read(framed(chunks, Seal()), {"x-amz-content-sha256": SIGNED}, Seal(), cut)

    assert body == b"".join(chunks)
    assert trailers == []


@QUICK
@given(position=st.integers(0, 10_000), chunks=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=3))
def test_a_chunked_body_with_any_data_byte_changed_is_refused(position: int, chunks: list[bytes]) -> None:
    places = position % len(b"".join(chunks))
    wrong = bytearray(b"".join(chunks))
    wrong[places] ^= 1
    wire = framed(chunks, Seal())
    for chunk in chunks:
        wire = wire.replace(b"\r\n" + chunk + b"\r\n", b"\r\n" + bytes(wrong[: len(chunk)]) + b"\r\n", 1)
        del wrong[: len(chunk)]

    assert refused(wire, {"x-amz-content-sha256": SIGNED}, Seal()) == "SignatureDoesNotMatch"


def test_chunks_in_another_order_are_refused() -> None:
    wire = framed([b"one", b"two"], Seal())
    first, second = wire[: wire.index(b"one") + 5], wire[wire.index(b"one") + 5 : wire.index(b"two") + 5]

    assert refused(second + first + wire[len(first + second) :], {"x-amz-content-sha256": SIGNED}, Seal()) == (
        "SignatureDoesNotMatch"
    )


def test_a_body_cut_at_a_chunk_is_incomplete() -> None:
    wire = framed([b"one", b"two"], Seal())

    assert refused(wire[: wire.index(b"one") + 5], {"x-amz-content-sha256": SIGNED}, Seal()) == "IncompleteBody"


def test_a_signed_trailer_comes_with_the_last_message() -> None:
    wire = framed([b"data"], Seal(), trailer=b"x-amz-checksum-crc32:rfPzYw==")
    headers = {"x-amz-content-sha256": SIGNED + "-TRAILER", "x-amz-trailer": "x-amz-checksum-crc32"}

    body, trailers = read(wire, headers, Seal())

    assert (body, trailers) == (b"data", [("x-amz-checksum-crc32", "rfPzYw==")])
    assert refused(wire.replace(b"rfPz", b"rfPy"), headers, Seal()) == "SignatureDoesNotMatch"
    assert refused(framed([b"data"], Seal()), headers, Seal()) == "IncompleteBody"


def test_the_signature_of_trailers_may_be_set_off_by_a_blank_line() -> None:
    trailer = b"x-amz-checksum-crc32:rfPzYw=="
    wire = framed([b"data"], Seal(), trailer=trailer).replace(trailer + b"\r\n", trailer + b"\n\r\n")
    headers = {"x-amz-content-sha256": SIGNED + "-TRAILER", "x-amz-trailer": "x-amz-checksum-crc32"}

    body, trailers = read(wire, headers, Seal())

    assert (body, trailers) == (b"data", [("x-amz-checksum-crc32", "rfPzYw==")])
    unsigned = wire[: wire.index(b"x-amz-trailer-signature")]
    assert refused(unsigned, headers, Seal()) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\r\n"])
def test_an_unsigned_stream_with_a_trailer_is_read(end: bytes) -> None:
    wire = b"4\r\ndata\r\n0\r\nx-amz-checksum-crc32:rfPzYw==" + end

    body, trailers = read(wire, {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, Seal())

    assert (body, trailers) == (b"data", [("x-amz-checksum-crc32", "rfPzYw==")])


def test_without_authentication_the_framing_is_taken_off_too() -> None:
    body, _ = read(framed([b"data"], Seal()), {"x-amz-content-sha256": SIGNED}, None)

    assert body == b"data"


@pytest.mark.parametrize(
    "wire",
    [
        b"zz\r\n",
        b"-4\r\ndata",
        b"4\r\ndatamore\r\n0\r\n\r\n",
        b"f" * 10_000,
        b"",
        b"4\r\nda",
        b"4;" + b"x" * 9000,
        b"0\r\n\r\nmore",
        b"0\r\n" + b"a:b\r\n" * 100,
    ],
)
def test_malformed_framing_is_refused(wire: bytes) -> None:
    assert refused(wire, {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}) == "IncompleteBody"


def test_a_length_that_was_not_kept_is_refused() -> None:
    headers = {"x-amz-content-sha256": SIGNED, "x-amz-decoded-content-length": "5"}

    assert refused(framed([b"data"], Seal()), headers, Seal()) == "IncompleteBody"


def test_a_plain_body_must_have_the_hash_that_was_signed() -> None:
    right = {"x-amz-content-sha256": hashlib.sha256(b"data").hexdigest()}

    assert read(b"data", right, Seal())[0] == b"data"
    assert refused(b"date", right, Seal()) == "XAmzContentSHA256Mismatch"


def test_an_unknown_streaming_form_is_refused() -> None:
    assert refused(b"", {"x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}) == "NotImplemented"


def test_a_large_chunk_is_never_held_whole() -> None:
    decoder = Chunks(None, None)
    assert list(decoder.feed(b"40000000\r\n")) == []

    pieces = [piece for _ in range(100) for piece in decoder.feed(b"x" * 1000)]

    assert len(pieces) == 100

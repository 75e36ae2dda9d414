from __future__ import annotations

from pathlib import Path

import pytest

from runyard.dialects.s3.checksums import ALGORITHMS, Digests, of_parts
from runyard.dialects.s3.conditions import Conditions, byte_range, check_read, check_write
from runyard.dialects.s3.documents import parsed, rendered
from runyard.dialects.s3.errors import AUTHENTICATION, CODES, SYSTEM, S3Error
from runyard.dialects.s3.keys import Bucket, check_bucket_name, check_key
from runyard.dialects.s3.operations import OPERATIONS, SUB_RESOURCES, operation_of
from runyard.dialects.s3.records import Description, StoredObject
from runyard.dialects.s3.request import Request
from runyard.web.sigv4_claim import CODES as SIGNATURE_CODES

FOUND = StoredObject(key="k", size=100, modified_ns=10**18, description=Description(key="k", etag="abc"))
AT = "Sun, 09 Sep 2001 01:46:40 GMT"  # of FOUND
BEFORE = "Sun, 09 Sep 2001 01:46:39 GMT"


def code_of(conditions: Conditions) -> str | None:
    try:
        check_read(conditions, FOUND)
    except S3Error as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, None),
        ({"if-match": '"abc"'}, None),
        ({"if-match": "*"}, None),
        ({"if-match": '"x", "abc"'}, None),
        ({"if-match": '"x"'}, "PreconditionFailed"),
        ({"if-none-match": '"abc"'}, "NotModified"),
        ({"if-none-match": "abc"}, "NotModified"),
        ({"if-none-match": '"x"'}, None),
        ({"if-modified-since": AT}, "NotModified"),
        ({"if-modified-since": BEFORE}, None),
        ({"if-modified-since": "whenever"}, None),
        ({"if-unmodified-since": BEFORE}, "PreconditionFailed"),
        ({"if-unmodified-since": AT}, None),
        ({"if-match": '"abc"', "if-unmodified-since": BEFORE}, None),
        ({"if-none-match": '"x"', "if-modified-since": AT}, None),
    ],
)
def test_conditions_on_reading(headers: dict[str, str], code: str | None) -> None:
    assert code_of(Conditions.of(headers)) == code


def test_a_write_on_condition_that_nothing_is_there() -> None:
    nothing = Conditions(none_match="*")

    check_write(nothing, None)
    with pytest.raises(S3Error, match="pre-conditions"):
        check_write(nothing, FOUND)


def test_a_write_on_condition_that_something_is_there() -> None:
    check_write(Conditions(match='"abc"'), FOUND)
    with pytest.raises(S3Error) as missing:
        check_write(Conditions(match='"abc"'), None)
    with pytest.raises(S3Error) as other:
        check_write(Conditions(match='"x"'), FOUND)

    assert (missing.value.code, other.value.code) == ("NoSuchKey", "PreconditionFailed")


@pytest.mark.parametrize(
    ("header", "extent"),
    [
        (None, None),
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 10)),
        ("bytes=90-500", (90, 10)),
        ("bytes=-10", (90, 10)),
        ("bytes=-500", (0, 100)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
    ],
)
def test_ranges_of_a_hundred_bytes(header: str | None, extent: tuple[int, int] | None) -> None:
    assert byte_range(header, 100) == extent


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)])
def test_a_range_that_holds_nothing_is_refused(header: str, size: int) -> None:
    with pytest.raises(S3Error) as caught:
        byte_range(header, size)

    assert caught.value.code == "InvalidRange"


@pytest.mark.parametrize("name", ["abc", "my-bucket.2020", "0ab", "a" * 63])
def test_good_bucket_names(name: str) -> None:
    check_bucket_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "ab", "a" * 64, "Abc", "a_b", "-ab", "ab-", "a..b", "1.2.3.4", "..", "a/b", ".runyard", "abc\n", "xn--a"],
)
def test_bad_bucket_names(name: str) -> None:
    with pytest.raises(S3Error) as caught:
        check_bucket_name(name)

    assert caught.value.code == "InvalidBucketName"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("../x", "InvalidArgument"),
        ("a/../../x", "InvalidArgument"),
        ("a/./b", "InvalidArgument"),
        ("/etc/passwd", "InvalidArgument"),
        ("a//b", "InvalidArgument"),
        ("/", "InvalidArgument"),
        ("a\0b", "InvalidArgument"),
        (".runyard/x", "InvalidArgument"),
        ("x" * 256, "KeyTooLongError"),
        ("ü" * 128, "KeyTooLongError"),
        ("a/" * 513, "KeyTooLongError"),
    ],
)
def test_keys_that_no_file_can_have(key: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        check_key(key)

    assert caught.value.code == code


@pytest.mark.parametrize("key", ["a", "a/b", "a/", "...", "a b", "ü/…", "x" * 255, ".runyard.txt", "a\nb", "a\\b", "-"])
def test_keys_that_are_files(key: str, tmp_path: Path) -> None:
    bucket = Bucket(name="abc", folder=tmp_path.resolve(), state=tmp_path)

    assert bucket.path(key) == tmp_path.resolve() / key


def test_a_key_through_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "out").symlink_to(tmp_path)
    bucket = Bucket(name="abc", folder=(tmp_path / "bucket").resolve(), state=tmp_path)

    with pytest.raises(S3Error, match="symbolic link"):
        bucket.path("out/secret")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"<b/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        b"<a>" * 50 + b"</a>" * 50,
        b"\xff\xfe",
    ],
)
def test_documents_that_are_refused(document: bytes) -> None:
    with pytest.raises(S3Error) as caught:
        parsed(document, root="a")

    assert caught.value.code == "MalformedXML"


def test_a_document_is_read_whatever_its_namespace() -> None:
    document = (
        b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key> a&amp;b\n</Key></Object></Delete>'
    )

    node = parsed(document, root="Delete").all("Object")[0]

    assert node.text_of("Key") == " a&b\n"


def test_what_is_written_can_be_read_again() -> None:
    text = "<&>\"'ü\t\r\n]]>"

    assert parsed(rendered("a", [("b", text), ("c", None), ("d", True), ("e", 5)]), root="a").text_of("b") == text
    assert rendered("a", [("c", None), ("d", True)], namespace="").endswith(b"<a><d>true</d></a>")


def test_checksums_are_those_of_the_algorithms() -> None:
    digests = Digests(["crc32", "sha1", "sha256", "crc32c"])
    digests.update(b"hello ")
    digests.update(b"world")

    known = digests.check({"crc32c": "yZRlqg=="}, "XrY7u+Ae7tCTyyK7j1rNww==")

    assert known == {
        "crc32": "DUoRhQ==",
        "sha1": "Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        "sha256": "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
        "crc32c": "yZRlqg==",
    }
    assert digests.etag == "5eb63bbbe01eeed093cb22bb8f5acdc3"


@pytest.mark.parametrize(
    ("stated", "md5", "code"),
    [
        ({"crc32": "AAAAAA=="}, None, "BadDigest"),
        ({}, "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"),
        ({}, "not base64!", "InvalidDigest"),
        ({"crc32": "%%"}, None, "InvalidDigest"),
    ],
)
def test_wrong_checksums_are_refused(stated: dict[str, str], md5: str | None, code: str) -> None:
    digests = Digests(stated)
    digests.update(b"hello")

    with pytest.raises(S3Error) as caught:
        digests.check(stated, md5)

    assert caught.value.code == code


def test_the_checksum_of_parts_says_how_many_there_were() -> None:
    assert of_parts("crc32", ["DUoRhQ==", "DUoRhQ=="]) == "7ryKJw==-2"
    assert of_parts("crc32c", ["yZRlqg=="]) is None


def test_every_operation_has_a_sub_resource_that_is_known() -> None:
    assert {sub for _, _, sub in OPERATIONS if sub} <= SUB_RESOURCES
    assert len({operation.name for operation in OPERATIONS.values()}) == len(OPERATIONS)


@pytest.mark.parametrize(
    "request_",
    [
        Request(method="GET", bucket="abc", query={"acl": ""}),
        Request(method="PUT", bucket="abc", query={"policy": ""}),
        Request(method="POST", bucket="abc"),
        Request(method="PATCH", bucket="abc", key="k"),
        Request(method="PUT", bucket="abc", key="k", headers={"x-amz-object-lock-mode": "GOVERNANCE"}),
    ],
)
def test_what_is_not_implemented_is_refused_and_says_what(request_: Request) -> None:
    with pytest.raises(S3Error) as caught:
        operation_of(request_)

    assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)
    assert "not implemented here" in caught.value.message


def test_every_refusal_has_its_word() -> None:
    assert set(AUTHENTICATION) == set(SIGNATURE_CODES)
    assert set(AUTHENTICATION.values()) | set(SYSTEM.values()) <= set(CODES)
    assert set(ALGORITHMS) == {"crc32", "crc32c", "crc64nvme", "sha1", "sha256"}

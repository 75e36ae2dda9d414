from __future__ import annotations

import errno
import http.client
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from s3_server import ACCESS_KEY, SECRET, serving
from waiting import until

from runyard.dialects.aws_signature import Signer, sign
from runyard.dialects.s3.edge import S3
from runyard.executors.mounts import Mounts

SIGNER = Signer(access_key=ACCESS_KEY, secret=SECRET, region="us-east-1", service="s3")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "s3" / "data").mkdir(parents=True)
    return tmp_path / "s3"


@pytest.fixture
def url(root: Path) -> Iterator[str]:
    with serving(S3(Mounts({"s3://": root}))) as address:
        yield address


def send(url: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    signed = sign(method, url + path, signer=SIGNER, body=body, headers=named, now=time.time_ns() // 1_000_000)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, body=body or None, headers=signed)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def code(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str | None]:
    return answer[0], ET.fromstring(answer[2]).findtext("Code")  # noqa: S314 - our own server's answer


def test_a_refusal_is_a_document_with_the_requests_id(url: str) -> None:
    status, headers, body = send(url, "GET", "/data/missing")

    error = ET.fromstring(body)  # noqa: S314 - our own server's answer
    assert (status, headers["content-type"]) == (404, "application/xml")
    assert (error.tag, error.findtext("Code")) == ("Error", "NoSuchKey")
    assert error.findtext("Message") == "The specified key does not exist."
    assert error.findtext("Resource") == "/data/missing"
    assert error.findtext("RequestId") == headers["x-amz-request-id"]


def test_a_head_of_nothing_has_no_body(url: str) -> None:
    status, headers, body = send(url, "HEAD", "/data/missing")

    assert (status, body) == (404, b"")
    assert headers["x-amz-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/data?max-keys=-1", b"", (400, "InvalidArgument")),
        ("GET", "/data?max-keys=many", b"", (400, "InvalidArgument")),
        ("GET", "/data?encoding-type=base64", b"", (400, "InvalidArgument")),
        ("GET", "/data?list-type=2&continuation-token=%00", b"", (400, "InvalidArgument")),
        ("GET", "/data/%ff", b"", (400, "InvalidURI")),
        ("GET", "/DATA/key", b"", (400, "InvalidBucketName")),
        ("GET", "/..%2f..%2fetc/passwd", b"", (400, "InvalidBucketName")),
        ("GET", "/data/../../etc/passwd", b"", (404, "NoSuchKey")),
        ("GET", "/data/%2e%2e/%2e%2e/etc/passwd", b"", (404, "NoSuchKey")),
        ("PUT", "/data/%2e%2e/up", b"x", (400, "InvalidArgument")),
        ("PUT", "/data/a%00b", b"x", (400, "InvalidArgument")),
        ("POST", "/data?delete", b"", (400, "MalformedXML")),
        ("POST", "/data?delete", b"<Delete/>", (400, "MalformedXML")),
        ("POST", "/data?delete", b"<Delete><Object/></Delete>", (400, "MalformedXML")),
        ("POST", "/data?delete", b"<!DOCTYPE D [<!ENTITY a 'b'>]><Delete/>", (400, "MalformedXML")),
        ("POST", "/data?delete", b"x" * 5_000_000, (400, "MalformedXML")),
        ("POST", "/data/k?uploadId=../../x", b"<CompleteMultipartUpload/>", (404, "NoSuchUpload")),
        ("PUT", "/data/k?uploadId=0&partNumber=1", b"x", (404, "NoSuchUpload")),
        ("GET", "/data?acl", b"", (501, "NotImplemented")),
        ("POST", "/data/k", b"", (501, "NotImplemented")),
        ("PATCH", "/data/k", b"", (501, "NotImplemented")),
        ("DELETE", "/", b"", (501, "NotImplemented")),
    ],
)
def test_wrong_requests_are_refused(
    method: str, path: str, body: bytes, expected: tuple[int, str], url: str, root: Path
) -> None:
    assert code(send(url, method, path, body)) == expected
    assert [each for each in root.parent.rglob("*") if each.is_file()] == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content_md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, (400, "BadDigest")),
        ({"content_md5": "nonsense!"}, (400, "InvalidDigest")),
        ({"x_amz_checksum_sha256": "AAAA"}, (400, "BadDigest")),
        ({"x_amz_meta_m": "x" * 3000}, (400, "MetadataTooLarge")),
        ({"x_amz_tagging": "a=1&a=2"}, (400, "InvalidTag")),
        ({"x_amz_copy_source": "nothing"}, (400, "InvalidArgument")),
        ({"x_amz_object_lock_mode": "GOVERNANCE"}, (501, "NotImplemented")),
        ({"x_amz_content_sha256": "0" * 64}, (400, "XAmzContentSHA256Mismatch")),
        ({"x_amz_content_sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, (400, "IncompleteBody")),
    ],
)
def test_a_wrong_upload_leaves_nothing(
    headers: dict[str, str], expected: tuple[int, str], url: str, root: Path
) -> None:
    assert code(send(url, "PUT", "/data/k", b"hello", **headers)) == expected
    assert [each for each in root.rglob("*") if each.is_file()] == []


@pytest.mark.parametrize(
    ("kind", "begun"),
    [("UNSIGNED-PAYLOAD", b""), ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", b"f0000\r\n")],
)
def test_an_upload_that_breaks_off_leaves_the_old_object_and_nothing_else(
    kind: str, begun: bytes, url: str, root: Path
) -> None:
    send(url, "PUT", "/data/k", b"old")
    unsigned = {"x-amz-content-sha256": kind, "content-length": "1000000"}
    signed = sign("PUT", url + "/data/k", signer=SIGNER, body=b"", headers=unsigned, now=time.time_ns() // 1_000_000)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.putrequest("PUT", "/data/k", skip_host=True, skip_accept_encoding=True)
    for name, value in signed.items():
        connection.putheader(name, value)
    connection.endheaders(begun + b"x" * 500_000)
    unfinished = root / ".runyard" / "data" / "unfinished"
    until(lambda: any(unfinished.iterdir()))

    connection.close()

    until(lambda: not any(unfinished.iterdir()))
    assert (root / "data" / "k").read_bytes() == b"old"


def test_a_full_disk_is_told_and_leaves_the_old_object(url: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    send(url, "PUT", "/data/k", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    refused = send(url, "PUT", "/data/k", b"new")

    assert code(refused) == (507, "StorageFull")
    assert send(url, "GET", "/data/k")[2] == b"old"
    assert not any((root / ".runyard" / "data" / "unfinished").iterdir())


def test_a_file_that_becomes_shorter_while_it_is_sent_breaks_the_connection(url: str, root: Path) -> None:
    # Larger than what the sockets between us hold, so that the server is still sending.
    path = root / "data" / "k"
    path.touch()
    os.truncate(path, 64 * 1024 * 1024)
    signed = sign("GET", url + "/data/k", signer=SIGNER, body=b"", headers={}, now=time.time_ns() // 1_000_000)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", "/data/k", headers=signed)
    answer = connection.getresponse()

    os.truncate(path, 1)

    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()


def test_a_link_out_of_the_bucket_is_not_followed(url: str, root: Path) -> None:
    (root / "secret").write_text("secret")
    (root / "data" / "link").symlink_to(root / "secret")
    (root / "data" / "folder").symlink_to(root)

    assert code(send(url, "GET", "/data/link")) == (404, "NoSuchKey")
    assert code(send(url, "GET", "/data/folder/secret")) == (404, "NoSuchKey")
    assert code(send(url, "PUT", "/data/folder/secret", b"x")) == (403, "AccessDenied")
    assert (root / "secret").read_text() == "secret"
    assert send(url, "PUT", "/data/link", b"own")[0] == 200
    assert ((root / "secret").read_text(), (root / "data" / "link").read_bytes()) == ("secret", b"own")


def test_a_response_parameter_cannot_write_headers(url: str) -> None:
    send(url, "PUT", "/data/k", b"x")

    refused = send(url, "GET", "/data/k?response-content-type=a%0d%0aset-cookie%3a%20b")

    assert code(refused) == (400, "InvalidArgument")
    assert "set-cookie" not in refused[1]


def test_a_range_beyond_the_end_says_how_long_the_object_is(url: str) -> None:
    send(url, "PUT", "/data/k", b"12345")

    status, headers, _ = send(url, "GET", "/data/k", range="bytes=9-")

    assert (status, headers["content-range"]) == (416, "bytes */5")


def test_of_many_writers_on_condition_exactly_one_wins(url: str, root: Path) -> None:
    answers: list[tuple[int, dict[str, str], bytes]] = []

    def write(number: int) -> Any:
        answers.append(send(url, "PUT", "/data/k", str(number).encode(), if_none_match="*"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(status for status, _, _ in answers) == [200] + [412] * 7
    assert len(list((root / ".runyard" / "data" / "descriptions").rglob("*.json"))) == 1


def test_a_bucket_may_be_mounted_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "there.txt").write_text("there")
    mounts = Mounts({"s3://": tmp_path / "s3", "s3://lake/": tmp_path / "warehouse"})

    with serving(S3(mounts)) as url:
        got = send(url, "GET", "/lake/there.txt")
        put = send(url, "PUT", "/lake/new/k", b"new")
        deleted = send(url, "DELETE", "/lake")
        listed = send(url, "GET", "/lake")

    assert (got[0], got[2]) == (200, b"there")
    assert (put[0], (tmp_path / "warehouse" / "new" / "k").read_bytes()) == (200, b"new")
    assert code(deleted) == (405, "MethodNotAllowed")
    assert b"<Key>new/k</Key>" in listed[2]
    assert b".runyard" not in listed[2]

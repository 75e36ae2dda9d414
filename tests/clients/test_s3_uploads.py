from __future__ import annotations

import os
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from boto3.s3.transfer import TransferConfig
from s3_client import MIB, client, code


def test_a_large_file_goes_up_in_parts_and_comes_down_whole(s3: Any, root: Path, tmp_path: Path) -> None:
    content = os.urandom(20 * MIB + 17)
    (tmp_path / "up").write_bytes(content)
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)

    s3.upload_file(str(tmp_path / "up"), "data", "big", ExtraArgs={"Metadata": {"m": "1"}}, Config=parts)
    s3.download_file("data", "big", str(tmp_path / "down"), Config=parts)

    assert (root / "data" / "big").read_bytes() == content
    assert (tmp_path / "down").read_bytes() == content
    head = s3.head_object(Bucket="data", Key="big")
    assert head["ETag"].endswith('-5"')
    assert head["Metadata"] == {"m": "1"}
    second = s3.get_object(Bucket="data", Key="big", PartNumber=2)
    assert second["Body"].read() == content[5 * MIB : 10 * MIB]
    assert second["PartsCount"] == 5
    attributes = s3.get_object_attributes(Bucket="data", Key="big", ObjectAttributes=["ETag", "ObjectSize"])
    assert attributes["ObjectSize"] == len(content)
    assert s3.list_multipart_uploads(Bucket="data").get("Uploads", []) == []
    assert [path for path in (root / ".runyard").rglob("*") if path.is_file() and path.suffix != ".json"] == []


def test_a_multipart_upload_step_by_step(s3: Any) -> None:
    source = b"y" * (6 * MIB)
    s3.put_object(Bucket="data", Key="source", Body=source)
    upload = {"Bucket": "data", "Key": "m"}
    upload["UploadId"] = s3.create_multipart_upload(**upload, ContentType="text/m")["UploadId"]
    first = s3.upload_part(**upload, PartNumber=1, Body=b"old" * MIB)["ETag"]
    assert s3.upload_part(**upload, PartNumber=1, Body=b"x" * (5 * MIB))["ETag"] != first
    copied = s3.upload_part_copy(
        **upload, PartNumber=3, CopySource={"Bucket": "data", "Key": "source"}, CopySourceRange="bytes=0-9"
    )["CopyPartResult"]

    parts = s3.list_parts(**upload)["Parts"]
    uploads = s3.list_multipart_uploads(Bucket="data")["Uploads"]
    chosen = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": chosen})

    assert [(part["PartNumber"], part["Size"]) for part in parts] == [(1, 5 * MIB), (3, 10)]
    assert parts[1]["ETag"] == copied["ETag"]
    assert [(row["Key"], row["UploadId"]) for row in uploads] == [("m", upload["UploadId"])]
    assert done["ETag"].endswith('-2"')
    got = s3.get_object(Bucket="data", Key="m")
    assert got["Body"].read() == b"x" * (5 * MIB) + b"y" * 10
    assert got["ContentType"] == "text/m"
    assert code(s3.list_parts, **upload) == ("NoSuchUpload", 404)


def test_a_multipart_upload_that_is_wrong_stays_open_and_makes_nothing(s3: Any, root: Path) -> None:
    upload = {"Bucket": "data", "Key": "m"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    tags = [s3.upload_part(**upload, PartNumber=number, Body=b"small")["ETag"] for number in (1, 2)]
    small = [{"PartNumber": 1, "ETag": tags[0]}, {"PartNumber": 2, "ETag": tags[1]}]
    complete = s3.complete_multipart_upload

    assert code(complete, **upload, MultipartUpload={"Parts": small}) == ("EntityTooSmall", 400)
    assert code(complete, **upload, MultipartUpload={"Parts": small[::-1]}) == ("InvalidPartOrder", 400)
    missing = [{"PartNumber": 7, "ETag": tags[0]}]
    assert code(complete, **upload, MultipartUpload={"Parts": missing}) == ("InvalidPart", 400)
    assert code(complete, **upload, MultipartUpload={"Parts": []}) == ("MalformedXML", 400)
    negative = [{"PartNumber": -1, "ETag": tags[0]}]
    assert code(complete, **upload, MultipartUpload={"Parts": negative}) == ("MalformedXML", 400)
    assert code(s3.upload_part, **upload, PartNumber=10001, Body=b"x") == ("InvalidArgument", 400)
    assert code(s3.get_object, Bucket="data", Key="m") == ("NoSuchKey", 404)
    s3.abort_multipart_upload(**upload)
    assert [path for path in (root / ".runyard").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("signature", [None, "s3v4"])
def test_presigned_urls_work_until_they_are_changed(signature: str | None, s3: Any, url: str) -> None:
    s3 = client(url, config={"signature_version": signature})
    s3.put_object(Bucket="data", Key="a b/ü", Body=b"hello")
    asked = {"Bucket": "data", "Key": "a b/ü", "ResponseContentType": "text/html"}
    get = s3.generate_presigned_url("get_object", Params=asked, ExpiresIn=60)
    sent = {"Bucket": "data", "Key": "new", "ContentType": "text/new"}
    put = s3.generate_presigned_url("put_object", Params=sent, ExpiresIn=60)

    with urllib.request.urlopen(get) as answer:  # noqa: S310 - our own server
        assert (answer.read(), answer.headers["Content-Type"]) == (b"hello", "text/html")
    typed = {"Content-Type": "text/new"}
    urllib.request.urlopen(urllib.request.Request(put, data=b"sent", method="PUT", headers=typed)).close()  # noqa: S310 - our own server

    assert s3.get_object(Bucket="data", Key="new")["Body"].read() == b"sent"
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(get.replace("a%20b", "a%20c"))  # noqa: S310 - our own server
    assert (caught.value.code, b"SignatureDoesNotMatch" in caught.value.read()) == (403, True)


def test_who_is_not_known_is_refused(url: str) -> None:
    assert code(client(url, aws_access_key_id="other").list_buckets) == ("InvalidAccessKeyId", 403)
    assert code(client(url, aws_secret_access_key="other").list_buckets) == ("SignatureDoesNotMatch", 403)
    assert client(url, aws_session_token="a+token=").list_buckets()["Buckets"] == []


def test_a_refused_upload_leaves_the_connection_usable(s3: Any) -> None:
    for size in (10, MIB):
        assert code(s3.put_object, Bucket="nowhere", Key="k", Body=b"x" * size) == ("NoSuchBucket", 404)
        assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 0


def test_uploads_in_progress_are_listed_page_by_page(s3: Any) -> None:
    keys = ["a/1", "a/2", "b"]
    for key in keys:
        s3.create_multipart_upload(Bucket="data", Key=key)

    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket="data", PaginationConfig={"PageSize": 1})
    some = s3.list_multipart_uploads(Bucket="data", Prefix="a/")

    assert [row["Key"] for page in pages for row in page.get("Uploads", [])] == keys
    assert [row["Key"] for row in some["Uploads"]] == ["a/1", "a/2"]


def test_parts_are_listed_page_by_page(s3: Any) -> None:
    upload = {"Bucket": "data", "Key": "k"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    for number in (3, 1, 2):
        s3.upload_part(**upload, PartNumber=number, Body=b"x" * number)

    pages = s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 2})

    assert [(row["PartNumber"], row["Size"]) for page in pages for row in page["Parts"]] == [(1, 1), (2, 2), (3, 3)]


def test_the_checksum_of_the_parts_checksums_is_checked(s3: Any) -> None:
    upload = {"Bucket": "data", "Key": "k"}
    begun = s3.create_multipart_upload(**upload, ChecksumAlgorithm="CRC32")
    upload["UploadId"] = begun["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"hello", ChecksumAlgorithm="CRC32")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]}
    complete = s3.complete_multipart_upload

    assert code(complete, **upload, MultipartUpload=parts, ChecksumCRC32="AAAAAA==-1") == ("BadDigest", 400)
    done = complete(**upload, MultipartUpload=parts, ChecksumCRC32="FKTmaw==")

    assert (begun["ChecksumType"], done["ChecksumType"]) == ("COMPOSITE", "COMPOSITE")
    assert done["ChecksumCRC32"] == "FKTmaw==-1"


def test_the_checksum_of_a_multipart_object_is_checked(s3: Any) -> None:
    upload = {"Bucket": "data", "Key": "k"}
    begun = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    upload["UploadId"] = s3.create_multipart_upload(**upload, **begun)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"hello", ChecksumAlgorithm="CRC32")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]}
    wrong = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": "AAAAAA=="}]}
    whole = {"ChecksumType": "FULL_OBJECT", "MultipartUpload": parts}
    complete = s3.complete_multipart_upload

    assert code(complete, **upload, MultipartUpload=wrong) == ("InvalidPart", 400)
    assert code(complete, **upload, **whole, ChecksumCRC32="AAAAAA==") == ("BadDigest", 400)
    done = complete(**upload, **whole, ChecksumCRC32="NhCmhg==")

    assert (done["ChecksumCRC32"], done["ChecksumType"]) == ("NhCmhg==", "FULL_OBJECT")
    attributes = s3.get_object_attributes(Bucket="data", Key="k", ObjectAttributes=["Checksum", "ObjectParts"])
    assert attributes["Checksum"]["ChecksumCRC32"] == "NhCmhg=="
    assert attributes["ObjectParts"]["TotalPartsCount"] == 1
    assert code(s3.get_object, Bucket="data", Key="k", PartNumber=2) == ("InvalidPartNumber", 416)

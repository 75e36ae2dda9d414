from __future__ import annotations

import hashlib
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from s3_client import MIB, client, code
from s3_server import ACCESS_KEY

ELSEWHERE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
KEYS = ["a", "a-b", "a/b", "a/c d+e(1)!'.txt", "é/ü", "\U0001f600", 'z&<>"', "%41", "tab\there", "line\nbreak"]


def test_an_object_is_exactly_the_file_of_its_key(s3: Any, root: Path) -> None:
    put = s3.put_object(Bucket="data", Key="in/ü.csv", Body=b"a,b\n1,2\n")

    assert (root / "data" / "in" / "ü.csv").read_bytes() == b"a,b\n1,2\n"
    assert put["ETag"] == '"e5ebd4c02cefbe7955977c67ada242b7"'


def test_what_is_put_comes_back_with_all_that_was_said_of_it(s3: Any) -> None:
    said = {
        "ContentType": "text/csv",
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="x.csv"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "Metadata": {"who": "me", "empty": ""},
    }
    s3.put_object(Bucket="data", Key="k", Body=b"hello", Tagging="a=1&b=%C3%BC", **said)

    got = s3.get_object(Bucket="data", Key="k")
    head = s3.head_object(Bucket="data", Key="k")

    assert got["Body"].read() == b"hello"
    for name, value in said.items():
        assert got[name] == value
        assert head[name] == value
    assert (head["ContentLength"], head["ETag"]) == (5, '"5d41402abc4b2a76b9719d911017c592"')
    assert abs(head["LastModified"] - datetime.now(UTC)) < timedelta(minutes=5)
    tags = s3.get_object_tagging(Bucket="data", Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "ü"}]


def test_a_file_that_a_job_wrote_by_path_is_served_and_listed(s3: Any, root: Path) -> None:
    (root / "data" / "out").mkdir()
    (root / "data" / "out" / "part.json").write_text("{}")
    (root / "data" / "out" / "large").write_bytes(b"x" * (2 * MIB))

    head = s3.head_object(Bucket="data", Key="out/part.json")
    large = s3.head_object(Bucket="data", Key="out/large")
    rows = s3.list_objects_v2(Bucket="data", Prefix="out/")["Contents"]

    assert (head["ContentType"], head["ETag"]) == (
        "application/json",
        f'"{hashlib.md5(b"{}", usedforsecurity=False).hexdigest()}"',
    )
    assert large["ContentType"] == "binary/octet-stream"
    assert [(row["Key"], row["Size"]) for row in rows] == [("out/large", 2 * MIB), ("out/part.json", 2)]
    assert [row["ETag"] for row in rows] == [large["ETag"], head["ETag"]]


def test_a_file_that_a_job_wrote_over_an_object_is_no_longer_described_by_it(s3: Any, root: Path) -> None:
    s3.put_object(Bucket="data", Key="k", Body=b"old", ContentType="text/x-old", Metadata={"a": "b"})
    (root / "data" / "k").write_text("new")

    got = s3.get_object(Bucket="data", Key="k")

    assert got["Body"].read() == b"new"
    assert got["ETag"] == f'"{hashlib.md5(b"new", usedforsecurity=False).hexdigest()}"'
    assert (got["ContentType"], got["Metadata"]) == ("binary/octet-stream", {})


@pytest.mark.parametrize("key", KEYS)
def test_any_spelling_of_a_key_works(key: str, s3: Any, root: Path) -> None:
    s3.put_object(Bucket="data", Key=key, Body=key.encode())

    assert s3.get_object(Bucket="data", Key=key)["Body"].read() == key.encode()
    assert (root / "data" / key).read_bytes() == key.encode()
    assert [row["Key"] for row in s3.list_objects_v2(Bucket="data")["Contents"]] == [key]
    assert [row["Key"] for row in s3.list_objects(Bucket="data", Prefix=key[0])["Contents"]] == [key]
    s3.delete_object(Bucket="data", Key=key)
    assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 0


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        ("../up", ("InvalidArgument", 400)),
        ("a//b", ("InvalidArgument", 400)),
        (".runyard/x", ("InvalidArgument", 400)),
        ("x" * 256, ("KeyTooLongError", 400)),
        ("x/" * 513, ("KeyTooLongError", 400)),
    ],
)
def test_a_key_that_cannot_be_a_file_is_refused_and_never_found(key: str, refusal: tuple[str, int], s3: Any) -> None:
    assert code(s3.put_object, Bucket="data", Key=key, Body=b"x") == refusal
    assert code(s3.create_multipart_upload, Bucket="data", Key=key) == refusal
    assert code(s3.get_object, Bucket="data", Key=key) == ("NoSuchKey", 404)
    assert s3.delete_object(Bucket="data", Key=key)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_what_is_missing_is_said_so(s3: Any) -> None:
    assert code(s3.get_object, Bucket="data", Key="no") == ("NoSuchKey", 404)
    assert code(s3.head_object, Bucket="data", Key="no") == ("404", 404)
    assert code(s3.get_object, Bucket="nowhere", Key="no") == ("NoSuchBucket", 404)
    assert code(s3.put_object, Bucket="nowhere", Key="no", Body=b"x") == ("NoSuchBucket", 404)
    assert code(s3.list_objects_v2, Bucket="nowhere") == ("NoSuchBucket", 404)
    assert code(s3.head_bucket, Bucket="nowhere") == ("404", 404)
    assert code(s3.abort_multipart_upload, Bucket="data", Key="k", UploadId="../..") == ("NoSuchUpload", 404)


def test_buckets_are_made_listed_and_deleted(s3: Any, root: Path) -> None:
    s3.create_bucket(Bucket="other", **ELSEWHERE)
    s3.put_object(Bucket="data", Key="a/b", Body=b"x")

    assert [row["Name"] for row in s3.list_buckets()["Buckets"]] == ["data", "other"]
    assert s3.get_bucket_location(Bucket="data")["LocationConstraint"] == "eu-west-1"
    assert s3.head_bucket(Bucket="data")["BucketRegion"] == "eu-west-1"
    locked = {"Bucket": "locked", "ObjectLockEnabledForBucket": True}
    assert code(s3.create_bucket, **locked, **ELSEWHERE) == ("NotImplemented", 501)
    assert code(s3.delete_bucket, Bucket="data") == ("BucketNotEmpty", 409)
    s3.delete_bucket(Bucket="other")
    s3.delete_object(Bucket="data", Key="a/b")
    s3.delete_bucket(Bucket="data")
    assert s3.list_buckets()["Buckets"] == []
    assert list(root.glob("[!.]*")) == []


def test_a_bucket_is_made_again_in_the_oldest_region_alone_and_keeps_its_objects(s3: Any, url: str) -> None:
    s3.put_object(Bucket="data", Key="k", Body=b"x")
    client(url, region_name="us-east-1").create_bucket(Bucket="data")

    assert s3.get_object(Bucket="data", Key="k")["Body"].read() == b"x"
    assert code(s3.create_bucket, Bucket="data", **ELSEWHERE) == ("BucketAlreadyOwnedByYou", 409)


def test_ranges(s3: Any) -> None:
    s3.put_object(Bucket="data", Key="k", Body=b"0123456789")

    part = s3.get_object(Bucket="data", Key="k", Range="bytes=2-4")
    tail = s3.get_object(Bucket="data", Key="k", Range="bytes=-3")

    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert tail["Body"].read() == b"789"
    assert code(s3.get_object, Bucket="data", Key="k", Range="bytes=10-") == ("InvalidRange", 416)


def test_conditions(s3: Any) -> None:
    etag = s3.put_object(Bucket="data", Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    later = datetime.now(UTC) + timedelta(hours=1)
    on_k = {"Bucket": "data", "Key": "k"}

    assert code(s3.put_object, **on_k, Body=b"2", IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert code(s3.put_object, **on_k, Body=b"2", IfMatch='"x"') == ("PreconditionFailed", 412)
    assert code(s3.get_object, **on_k, IfNoneMatch=etag) == ("304", 304)
    assert code(s3.head_object, **on_k, IfModifiedSince=later) == ("304", 304)
    assert code(s3.get_object, **on_k, IfMatch='"x"') == ("PreconditionFailed", 412)
    assert s3.get_object(**on_k, IfMatch=etag)["Body"].read() == b"1"
    assert s3.put_object(**on_k, Body=b"2", IfMatch=etag)["ETag"] != etag
    assert code(s3.delete_object, **on_k, IfMatch=etag) == ("PreconditionFailed", 412)


def test_both_listings_page_through_everything_in_order(s3: Any) -> None:
    keys = [f"d{number % 7}/k{number:02}" for number in range(40)] + ["top"]
    for key in keys:
        s3.put_object(Bucket="data", Key=key, Body=b"")

    for name in ("list_objects", "list_objects_v2"):
        pages = list(s3.get_paginator(name).paginate(Bucket="data", PaginationConfig={"PageSize": 3}))
        assert [row["Key"] for page in pages for row in page["Contents"]] == sorted(keys)
        folded = list(s3.get_paginator(name).paginate(Bucket="data", Delimiter="/", PaginationConfig={"PageSize": 2}))
        prefixes = [row["Prefix"] for page in folded for row in page.get("CommonPrefixes", [])]
        assert prefixes == [f"d{number}/" for number in range(7)]
        assert [row["Key"] for page in folded for row in page.get("Contents", [])] == ["top"]


def test_the_second_listing_knows_its_parameters(s3: Any) -> None:
    for key in ("a", "b", "c"):
        s3.put_object(Bucket="data", Key=key, Body=b"x")

    page = s3.list_objects_v2(Bucket="data", StartAfter="a", MaxKeys=1, FetchOwner=True)
    none = s3.list_objects_v2(Bucket="data", MaxKeys=0)

    assert [row["Key"] for row in page["Contents"]] == ["b"]
    assert (page["IsTruncated"], page["KeyCount"], page["MaxKeys"], page["StartAfter"]) == (True, 1, 1, "a")
    assert page["Contents"][0]["Owner"]["ID"] == ACCESS_KEY
    assert (none["KeyCount"], none["IsTruncated"]) == (0, False)
    assert code(s3.list_objects_v2, Bucket="data", ContinuationToken="nonsense") == ("InvalidArgument", 400)


def test_many_objects_are_deleted_at_once(s3: Any) -> None:
    keys = [f"d/ {number}" for number in range(20)]
    for key in keys:
        s3.put_object(Bucket="data", Key=key, Body=b"")

    answer = s3.delete_objects(Bucket="data", Delete={"Objects": [{"Key": key} for key in [*keys, "missing"]]})

    assert [row["Key"] for row in answer["Deleted"]] == [*keys, "missing"]
    assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 0
    quiet = s3.delete_objects(Bucket="data", Delete={"Objects": [{"Key": "x"}], "Quiet": True})
    assert "Deleted" not in quiet


def test_copies_keep_or_replace_what_is_said(s3: Any) -> None:
    s3.put_object(Bucket="data", Key="a b", Body=b"x" * 100, ContentType="text/a", Metadata={"m": "1"})
    source = {"Bucket": "data", "Key": "a b"}

    s3.copy_object(Bucket="data", Key="kept", CopySource=source)
    s3.copy_object(
        Bucket="data",
        Key="new",
        CopySource=source,
        MetadataDirective="REPLACE",
        ContentType="text/b",
        Metadata={"n": "2"},
    )

    kept, new = s3.get_object(Bucket="data", Key="kept"), s3.head_object(Bucket="data", Key="new")
    assert kept["Body"].read() == b"x" * 100
    assert (kept["ContentType"], kept["Metadata"]) == ("text/a", {"m": "1"})
    assert (new["ContentType"], new["Metadata"]) == ("text/b", {"n": "2"})
    assert code(s3.copy_object, **source, CopySource=source) == ("InvalidRequest", 400)
    s3.copy_object(**source, CopySource=source, MetadataDirective="REPLACE", Metadata={"m": "2"})
    assert s3.head_object(**source)["Metadata"] == {"m": "2"}
    missing = {"Bucket": "data", "Key": "missing"}
    assert code(s3.copy_object, Bucket="data", Key="x", CopySource=missing) == ("NoSuchKey", 404)


def test_tags_are_set_and_removed(s3: Any) -> None:
    s3.put_object(Bucket="data", Key="k", Body=b"x", Metadata={"m": "1"})

    s3.put_object_tagging(Bucket="data", Key="k", Tagging={"TagSet": [{"Key": "t", "Value": "v"}]})

    assert s3.get_object_tagging(Bucket="data", Key="k")["TagSet"] == [{"Key": "t", "Value": "v"}]
    assert s3.head_object(Bucket="data", Key="k")["Metadata"] == {"m": "1"}
    s3.delete_object_tagging(Bucket="data", Key="k")
    assert s3.get_object_tagging(Bucket="data", Key="k")["TagSet"] == []


def test_a_folder_marker_is_an_object_of_its_own(s3: Any, root: Path) -> None:
    s3.put_object(Bucket="data", Key="a/b/", Body=b"")

    assert s3.head_object(Bucket="data", Key="a/b/")["ContentLength"] == 0
    assert [row["Key"] for row in s3.list_objects_v2(Bucket="data")["Contents"]] == ["a/b/"]
    assert s3.get_object(Bucket="data", Key="a/b/")["Body"].read() == b""
    assert code(s3.put_object, Bucket="data", Key="c/", Body=b"x") == ("InvalidArgument", 400)
    assert code(s3.put_object, Bucket="data", Key="a", Body=b"x") == ("KeyConflict", 409)
    s3.delete_object(Bucket="data", Key="a/b/")
    assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 0
    assert not (root / "data" / "a").exists()


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_kept_and_given_back(algorithm: str, s3: Any) -> None:
    put = s3.put_object(Bucket="data", Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)

    got = s3.get_object(Bucket="data", Key="k", ChecksumMode="ENABLED")

    assert put[f"Checksum{algorithm}"] == got[f"Checksum{algorithm}"]
    assert got["Body"].read() == b"hello"
    wrong = {f"Checksum{algorithm}": "AAAAAA=="}
    assert code(s3.put_object, Bucket="data", Key="k", Body=b"other", **wrong) == ("BadDigest", 400)
    assert s3.get_object(Bucket="data", Key="k")["Body"].read() == b"hello"


def test_the_bucket_may_stand_in_the_host_name(s3: Any, url: str) -> None:
    s3.put_object(Bucket="data", Key="k", Body=b"hello")
    asked = s3.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": "k"})
    hosted = client(url.replace("127.0.0.1", "localhost"), config={"s3": {"addressing_style": "virtual"}})
    hosted_url = hosted.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": "k"})
    port = url.rpartition(":")[2]

    assert asked.startswith(f"{url}/data/k?")
    assert hosted_url.startswith(f"http://data.localhost:{port}/k?")
    request = urllib.request.Request(hosted_url.replace("data.localhost", "127.0.0.1"))  # noqa: S310 - our own server
    request.add_header("Host", f"data.localhost:{port}")
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
        assert answer.read() == b"hello"


def test_a_reader_has_the_whole_old_object_while_it_is_replaced(s3: Any) -> None:
    s3.put_object(Bucket="data", Key="k", Body=b"1" * (20 * MIB))
    body = s3.get_object(Bucket="data", Key="k")["Body"]
    first = body.read(1000)

    s3.put_object(Bucket="data", Key="k", Body=b"2" * (20 * MIB))

    assert set(first + body.read()) == {ord("1")}


def test_what_is_not_implemented_says_so(s3: Any) -> None:
    assert code(s3.get_bucket_policy, Bucket="data") == ("NotImplemented", 501)
    assert code(s3.get_object, Bucket="data", Key="k", VersionId="abc") == ("NoSuchVersion", 404)
    assert s3.get_bucket_versioning(Bucket="data").get("Status") is None


def test_a_key_that_cannot_be_deleted_is_named_and_the_others_go(s3: Any) -> None:
    for key in ("a", "b"):
        s3.put_object(Bucket="data", Key=key, Body=b"")

    answer = s3.delete_objects(Bucket="data", Delete={"Objects": [{"Key": "a", "ETag": '"x"'}, {"Key": "b"}]})

    assert [(row["Key"], row["Code"]) for row in answer["Errors"]] == [("a", "PreconditionFailed")]
    assert [row["Key"] for row in answer["Deleted"]] == ["b"]


def test_wrong_tags_and_wrong_sources_are_refused(s3: Any) -> None:
    s3.put_object(Bucket="data", Key="k", Body=b"x")
    on_k = {"Bucket": "data", "Key": "k"}

    assert code(s3.put_object_tagging, **on_k, Tagging={"TagSet": [{"Key": "k" * 200, "Value": ""}]})[0] == "InvalidTag"
    missing = {"Bucket": "data", "Key": "missing", "Tagging": {"TagSet": []}}
    assert code(s3.put_object_tagging, **missing) == ("NoSuchKey", 404)
    versioned = {**on_k, "VersionId": "abc"}
    assert code(s3.copy_object, Bucket="data", Key="c", CopySource=versioned) == ("NoSuchVersion", 404)
    stale = {"CopySource": on_k, "CopySourceIfMatch": '"x"'}
    assert code(s3.copy_object, Bucket="data", Key="c", **stale) == ("PreconditionFailed", 412)
    other = s3.copy_object(Bucket="data", Key="c", CopySource=on_k, TaggingDirective="REPLACE", Tagging="a=b")
    assert other["CopyObjectResult"]["ETag"] == s3.head_object(**on_k)["ETag"]
    assert s3.get_object_tagging(Bucket="data", Key="c")["TagSet"] == [{"Key": "a", "Value": "b"}]

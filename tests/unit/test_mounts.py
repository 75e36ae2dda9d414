from __future__ import annotations

from pathlib import Path

import pytest

from runyard.core.errors import InvalidRequest
from runyard.executors.mounts import Mounts, default_mounts


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    return default_mounts(tmp_path, {"s3://lake/": str(tmp_path / "elsewhere")})


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://bucket/a/b.py", "s3/bucket/a/b.py"),
        ("s3a://bucket/b.py", "s3/bucket/b.py"),
        ("s3://lake/b.py", "elsewhere/b.py"),
        ("dbfs:/x/y", "dbfs/x/y"),
        ("/Workspace/Users/me", "workspace/Users/me"),
        ("s3://bucket/a b/ü.py", "s3/bucket/a b/ü.py"),
    ],
)
def test_a_uri_lies_below_the_longest_mount_that_fits(mounts: Mounts, tmp_path: Path, uri: str, place: str) -> None:
    assert mounts.resolve(uri) == tmp_path / place


@pytest.mark.parametrize("uri", ["file:///tmp/a b.py", "file:/tmp/a%20b.py", "/tmp/a b.py"])
def test_files_and_plain_paths_are_themselves(mounts: Mounts, uri: str) -> None:
    assert mounts.resolve(uri) == Path("/tmp/a b.py")


@pytest.mark.parametrize("uri", ["s3://bucket/../../etc/passwd", "dbfs:/../secret", "s3://lake/a/../../b"])
def test_nothing_leads_out_of_a_mount_by_dots(mounts: Mounts, uri: str) -> None:
    with pytest.raises(InvalidRequest, match="leads out of its mount"):
        mounts.resolve(uri)


def test_nothing_leads_out_of_a_mount_by_a_link(mounts: Mounts, tmp_path: Path) -> None:
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3" / "out").symlink_to("/etc")

    with pytest.raises(InvalidRequest, match="leads out of its mount"):
        mounts.resolve("s3://out/passwd")


@pytest.mark.parametrize("uri", ["gs://bucket/a.py", "relative/a.py", ""])
def test_what_lies_under_no_mount_is_refused_with_what_is_known(mounts: Mounts, uri: str) -> None:
    with pytest.raises(InvalidRequest, match=r"under no mount .* s3://lake/"):
        mounts.resolve(uri)


def test_a_mount_without_a_slash_at_its_end_is_no_other_bucket_of_a_longer_name(tmp_path: Path) -> None:
    mounts = default_mounts(tmp_path, {"s3://data": "/mnt/data"})

    assert mounts.resolve("s3://data/key") == Path("/mnt/data/key")
    assert mounts.resolve("s3://data") == Path("/mnt/data")
    assert mounts.resolve("s3://database/key") == tmp_path / "s3" / "database" / "key"

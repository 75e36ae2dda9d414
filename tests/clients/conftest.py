"""A client of the S3 endpoint, for the tests that speak to it alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from s3_client import client
from s3_server import serving

from runyard.dialects.s3.edge import S3
from runyard.executors.mounts import Mounts


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "s3"


@pytest.fixture
def url(root: Path) -> Iterator[str]:
    with serving(S3(Mounts({"s3://": root}))) as address:
        yield address


@pytest.fixture
def s3(url: str) -> Any:
    made = client(url)
    made.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return made

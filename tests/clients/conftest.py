"""A client of the S3 endpoint, and a server that speaks PostgreSQL's protocol, for the tests that speak to these."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from s3_client import client
from s3_server import serving
from wire_live import Wire, run_jobs, started

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


@pytest.fixture(scope="session")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A server with runs in its ledger; who changes something there has made it himself."""
    made = started(tmp_path_factory.mktemp("wire") / "home")
    try:
        run_jobs(made.live)
        yield made
    finally:
        made.live.close()

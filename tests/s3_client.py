"""An unmodified boto3 client for the tests of S3, and how a refused call is read."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from s3_server import ACCESS_KEY, SECRET

MIB = 1024 * 1024


def client(url: str, **given: Any) -> Any:
    config = Config(retries={"total_max_attempts": 1}, **given.pop("config", {}))
    credentials = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET, **given}
    return boto3.client("s3", endpoint_url=url, config=config, **{"region_name": "eu-west-1", **credentials})


def code(call: Any, **given: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

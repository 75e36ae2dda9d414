"""The Data Catalog as a job asks for it: calls of Glue's API, signed with the job's own keys.

Standard library only: a job needs no boto3 for it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "glue"
TYPE = "application/x-amz-json-1.1"
TIMEOUT_S = 60


class CatalogError(RuntimeError):
    """The Data Catalog refused a call; `code` is the exception that AWS names."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Catalog:
    """Databases, tables and partitions."""

    def table(self, database: str, name: str, catalog_id: str | None = None) -> dict[str, Any]:
        """Return a table."""
        found: dict[str, Any] = call("GetTable", _of(catalog_id, DatabaseName=database, Name=name))["Table"]
        return found

    def partitions(self, database: str, name: str, catalog_id: str | None = None) -> list[dict[str, Any]]:
        """Return every partition of a table."""
        return list(_pages("GetPartitions", "Partitions", _of(catalog_id, DatabaseName=database, TableName=name)))

    def connection(self, name: str, catalog_id: str | None = None) -> dict[str, Any]:
        """Return a connection with its password."""
        found: dict[str, Any] = call("GetConnection", _of(catalog_id, Name=name))["Connection"]
        return found

    def add_partitions(self, database: str, name: str, inputs: list[dict[str, Any]]) -> None:
        """Add partitions; one that is there already stays as it is."""
        for start in range(0, len(inputs), 100):
            some = inputs[start : start + 100]
            call("BatchCreatePartition", {"DatabaseName": database, "TableName": name, "PartitionInputList": some})

    def delete_partition(self, database: str, name: str, values: list[str]) -> None:
        """Forget a partition."""
        call("DeletePartition", {"DatabaseName": database, "TableName": name, "PartitionValues": values})

    def create_table(self, database: str, told: Mapping[str, Any]) -> None:
        """Make a table."""
        call("CreateTable", {"DatabaseName": database, "TableInput": told})

    def update_table(self, database: str, told: Mapping[str, Any]) -> None:
        """Say of a table what it is now."""
        call("UpdateTable", {"DatabaseName": database, "TableInput": told})

    def types(self, database: str | None, name: str | None, catalog_id: str | None = None) -> dict[str, str]:
        """Return the types of a table's columns by their names in lower case."""
        if not database or not name:
            raise ValueError("match_catalog needs the database and the table_name whose types decide.")
        table = self.table(database, name, catalog_id)
        columns = [*table.get("StorageDescriptor", {}).get("Columns", []), *table.get("PartitionKeys", [])]
        return {one["Name"].lower(): one.get("Type", "string") for one in columns}


def _of(catalog_id: str | None, **members: Any) -> dict[str, Any]:
    return {**members, **({"CatalogId": catalog_id} if catalog_id else {})}


def _pages(operation: str, member: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = call(operation, {**asked, **token})
        yield from page.get(member, [])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def call(operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """Call an operation of Glue's API and return its answer."""
    url = os.environ.get("AWS_ENDPOINT_URL_GLUE") or os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        raise CatalogError("NoEndpoint", "AWS_ENDPOINT_URL is not set; the Data Catalog is the server's of this run.")
    body = json.dumps(members).encode()
    request = Request(url.rstrip("/") + "/", data=body, headers=_signed(url, operation, body), method="POST")  # noqa: S310 - our server
    try:
        with urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310 - as above
            answer: dict[str, Any] = json.loads(reply.read() or b"{}")
            return answer
    except HTTPError as error:
        told = json.loads(error.read() or b"{}")
        code = str(told.get("__type", error.code)).rpartition("#")[2]
        raise CatalogError(code, str(told.get("Message") or told.get("message") or error.reason)) from None


def _signed(url: str, operation: str, body: bytes) -> dict[str, str]:
    """Return the headers of a call, signed as AWS's Signature Version 4 says."""
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {
        "content-type": TYPE,
        "host": urlsplit(url).netloc,
        "x-amz-date": now,
        "x-amz-target": f"AWSGlue.{operation}",
    }
    if token := os.environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    scope = f"{now[:8]}/{region}/{SERVICE}/aws4_request"
    text = f"{ALGORITHM}\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(_key(now[:8], region), text.encode(), hashlib.sha256).hexdigest()
    who = f"Credential={os.environ.get('AWS_ACCESS_KEY_ID', '')}/{scope}"
    signed = f"{ALGORITHM} {who}, SignedHeaders={names}, Signature={signature}"
    return {**{name: value for name, value in headers.items() if name != "host"}, "Authorization": signed}


def _key(day: str, region: str) -> bytes:
    key = f"AWS4{os.environ.get('AWS_SECRET_ACCESS_KEY', '')}".encode()
    for part in (day, region, SERVICE, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key

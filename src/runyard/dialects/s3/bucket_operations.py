"""The operations on buckets and on what they list."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import quote

from runyard.dialects.s3 import objects
from runyard.dialects.s3.conditions import Conditions
from runyard.dialects.s3.documents import Content, Element, moment, parsed, rendered
from runyard.dialects.s3.errors import S3Error, from_system
from runyard.dialects.s3.files import force_folders
from runyard.dialects.s3.listing import Page, Selection, list_page
from runyard.dialects.s3.request import Reply, Request, document

if TYPE_CHECKING:
    from pathlib import Path

    from runyard.dialects.s3.keys import Bucket
    from runyard.dialects.s3.records import StoredObject
    from runyard.dialects.s3.store import Store

MOST_DELETED = 1000
OLDEST_REGION = "us-east-1"
"""Where AWS keeps two habits of its beginning: it has no name as a location, and a bucket may be made again."""


def list_buckets(store: Store, request: Request) -> Reply:
    """GET /."""
    rows: list[Element] = [
        ("Bucket", [("Name", bucket.name), ("CreationDate", moment(bucket.created_ms))])
        for bucket in store.buckets()
        if bucket.name.startswith(request.query.get("prefix", ""))
    ]
    content: Content = [("Owner", owner(request)), ("Buckets", rows)]
    return document(rendered("ListAllMyBucketsResult", content))


def create_bucket(store: Store, request: Request) -> Reply:
    """PUT /BUCKET; a LocationConstraint is read and changes nothing, there being one place."""
    if request.document.strip():
        parsed(request.document, root="CreateBucketConfiguration")
    if request.headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true":
        raise S3Error("NotImplemented", "Object lock is not implemented: a plain file can always be deleted.")
    try:
        store.create_bucket(request.bucket)
    except S3Error as error:
        if error.code != "BucketAlreadyOwnedByYou" or request.region != OLDEST_REGION:
            raise
    return Reply(headers={"location": f"/{request.bucket}"})


def head_bucket(store: Store, request: Request) -> Reply:
    """HEAD /BUCKET."""
    store.bucket(request.bucket)
    return Reply(headers={"x-amz-bucket-region": request.region})


def delete_bucket(store: Store, request: Request) -> Reply:
    """DELETE /BUCKET."""
    store.delete_bucket(request.bucket)
    return Reply(status=204)


def get_bucket_location(store: Store, request: Request) -> Reply:
    """GET /BUCKET?location."""
    store.bucket(request.bucket)
    region = "" if request.region == OLDEST_REGION else request.region
    return document(rendered("LocationConstraint", region))


def get_bucket_versioning(store: Store, request: Request) -> Reply:
    """GET /BUCKET?versioning: never was switched on."""
    store.bucket(request.bucket)
    return document(rendered("VersioningConfiguration", []))


def list_objects(store: Store, request: Request) -> Reply:
    """GET /BUCKET, the first version."""
    selection = _selection(request, request.query.get("marker", ""))
    page = list_page(store, store.bucket(request.bucket), selection)
    next_marker = page.last if selection.delimiter else None
    content = [
        ("Marker", _spelled(selection.after, request)),
        ("NextMarker", None if next_marker is None else _spelled(next_marker, request)),
        *_page(page, selection, request, owned=True),
    ]
    return document(rendered("ListBucketResult", content))


def list_objects_v2(store: Store, request: Request) -> Reply:
    """GET /BUCKET?list-type=2."""
    token = request.query.get("continuation-token")
    start = request.query.get("start-after")
    selection = _selection(request, _from_token(token) if token is not None else start or "")
    page = list_page(store, store.bucket(request.bucket), selection)
    content = [
        ("KeyCount", len(page.objects) + len(page.prefixes)),
        ("ContinuationToken", token),
        ("NextContinuationToken", _to_token(page.last) if page.last is not None else None),
        ("StartAfter", None if start is None else _spelled(start, request)),
        *_page(page, selection, request, owned=request.query.get("fetch-owner") == "true"),
    ]
    return document(rendered("ListBucketResult", content))


def delete_objects(store: Store, request: Request) -> Reply:
    """POST /BUCKET?delete."""
    wanted = parsed(request.document, root="Delete")
    entries = wanted.all("Object")
    if not 0 < len(entries) <= MOST_DELETED:
        raise S3Error("MalformedXML", f"Name 1 to {MOST_DELETED} objects, not {len(entries)}.")
    is_quiet = wanted.get("Quiet") == "true"
    keys = [(entry.text_of("Key"), entry.get("ETag")) for entry in entries]
    bucket = store.bucket(request.bucket)
    changed: list[Path | None] = []
    rows = [_deleted(store, bucket, key, etag=etag, changed=changed) for key, etag in keys]
    force_folders(changed)
    return document(rendered("DeleteResult", [row for row in rows if not (is_quiet and row[0] == "Deleted")]))


def _deleted(store: Store, bucket: Bucket, key: str, *, etag: str | None, changed: list[Path | None]) -> Element:
    try:
        changed.append(objects.delete(store, bucket, key, conditions=Conditions(match=etag)))
    except S3Error as error:
        return _failed(key, error)
    except OSError as error:
        return _failed(key, from_system(error))
    return ("Deleted", [("Key", key)])


def _failed(key: str, error: S3Error) -> Element:
    return ("Error", [("Key", key), ("Code", error.code), ("Message", error.message)])


def owner(request: Request) -> Content:
    """Who owns everything: the key that asks."""
    return [("ID", request.owner), ("DisplayName", request.owner)]


def _selection(request: Request, after: str) -> Selection:
    if request.query.get("encoding-type") not in (None, "", "url"):
        raise S3Error("InvalidArgument", "Invalid Encoding Method specified in Request: use url.")
    return Selection(
        prefix=request.query.get("prefix", ""),
        delimiter=request.query.get("delimiter", ""),
        after=after,
        limit=request.number("max-keys", default=1000),
    )


def _page(page: Page, selection: Selection, request: Request, *, owned: bool) -> list[Element]:
    """What both versions of the listing have in common."""
    shown = [("Contents", _row(row, request, owned=owned)) for row in page.objects]
    return [
        ("Name", request.bucket),
        ("Prefix", _spelled(selection.prefix, request)),
        ("Delimiter", _spelled(selection.delimiter, request) if selection.delimiter else None),
        ("MaxKeys", selection.limit),
        ("EncodingType", request.query.get("encoding-type")),
        ("IsTruncated", page.last is not None),
        *shown,
        *(("CommonPrefixes", [("Prefix", _spelled(name, request))]) for name in page.prefixes),
    ]


def _row(stored: StoredObject, request: Request, *, owned: bool) -> Content:
    algorithms = [("ChecksumAlgorithm", name.upper()) for name in stored.description.checksums]
    return [
        ("Key", _spelled(stored.key, request)),
        ("LastModified", moment(stored.modified_ms)),
        ("ETag", f'"{stored.description.etag}"'),
        *algorithms,
        ("Size", stored.size),
        ("Owner", owner(request) if owned else None),
        ("StorageClass", "STANDARD"),
    ]


def _spelled(text: str, request: Request) -> str:
    return quote(text, safe="/") if request.query.get("encoding-type") == "url" else text


def _to_token(last: str) -> str:
    return base64.urlsafe_b64encode(b"1" + last.encode()).decode()


def _from_token(token: str) -> str:
    try:
        plain = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        if plain[:1] == b"1":
            return plain[1:].decode()
    except (binascii.Error, ValueError):
        pass
    message = "The continuation token provided is incorrect. Use the one of the page before, unchanged."
    raise S3Error("InvalidArgument", message, ArgumentName="continuation-token")

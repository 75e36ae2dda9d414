"""The operations on single objects."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from runyard.dialects.s3 import objects
from runyard.dialects.s3.checksums import HEADER, wanted_algorithms
from runyard.dialects.s3.conditions import Conditions, byte_range, check_read
from runyard.dialects.s3.documents import Content, Element, moment, parsed, rendered
from runyard.dialects.s3.errors import S3Error
from runyard.dialects.s3.files import force_folders
from runyard.dialects.s3.records import DEFAULT_TYPE, Description
from runyard.dialects.s3.request import USER_PREFIX, Piece, Reply, Request, document
from runyard.dialects.s3.spool import Spool
from runyard.dialects.s3.uploads import copy

if TYPE_CHECKING:
    from typing import BinaryIO

    from runyard.dialects.s3.records import StoredObject
    from runyard.dialects.s3.store import Store

MOST_TAGS = 10
OVERRIDABLE = (
    "content-type",
    "content-language",
    "expires",
    "cache-control",
    "content-disposition",
    "content-encoding",
)
NO_COPY = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the "
    "object's metadata, storage class, website redirect location or encryption attributes."
)


def get_object(store: Store, request: Request) -> Reply:
    """GET and HEAD /BUCKET/KEY."""
    stored, file = objects.open_object(store, store.bucket(request.bucket), request.key)
    try:
        reply = _read(stored, file, request)
    except BaseException:
        file.close()
        raise
    if not isinstance(reply.body, Piece):
        file.close()
    return reply


def _read(stored: StoredObject, file: BinaryIO, request: Request) -> Reply:
    headers = _object_headers(stored, request)
    try:
        check_read(Conditions.of(request.headers), stored)
    except S3Error as error:
        if error.code != "NotModified":
            raise
        return Reply(status=304, headers={name: headers[name] for name in ("etag", "last-modified")})
    extent = _part_range(stored, request) or byte_range(request.headers.get("range"), stored.size)
    if extent is None:
        return Reply(headers=headers, body=Piece(file=file, offset=0, length=stored.size))
    offset, length = extent
    headers["content-range"] = f"bytes {offset}-{offset + length - 1}/{stored.size}"
    whole = {name for name in headers if name.startswith(HEADER)} if length != stored.size else set()
    kept = {name: value for name, value in headers.items() if name not in whole}
    return Reply(status=206, headers=kept, body=Piece(file=file, offset=offset, length=length))


def put_object(store: Store, request: Request) -> Reply:
    """PUT /BUCKET/KEY."""
    digests = request.body.digests
    checksums = digests.check(request.stated_checksums(), request.headers.get("content-md5"))
    description = replace(draft(request), etag=digests.etag, checksums=checksums)
    stored = objects.commit(
        store,
        store.bucket(request.bucket),
        request.body,
        description=description,
        conditions=Conditions.of(request.headers),
    )
    return Reply(headers={"etag": f'"{stored.description.etag}"', **_checksum_headers(stored.description)})


def copy_object(store: Store, request: Request) -> Reply:
    """PUT /BUCKET/KEY with x-amz-copy-source."""
    target = store.bucket(request.bucket)
    source, file = copy_source(store, request)
    spool = Spool(target.aside, wanted_algorithms(request.headers) or source.description.checksums)
    try:
        with file:
            description = _copied_description(source, request)
            copy(file, spool)
        spool.finish()
        checksums = spool.digests.check({}, None)
        description = replace(description, etag=spool.digests.etag, checksums=checksums)
        conditions = Conditions.of(request.headers)
        stored = objects.commit(store, target, spool, description=description, conditions=conditions)
    finally:
        spool.discard()
    content = [("LastModified", moment(stored.modified_ms)), *written_elements(stored.description)]
    return document(rendered("CopyObjectResult", content))


def delete_object(store: Store, request: Request) -> Reply:
    """DELETE /BUCKET/KEY."""
    bucket = store.bucket(request.bucket)
    force_folders([objects.delete(store, bucket, request.key, conditions=Conditions.of(request.headers))])
    return Reply(status=204)


def get_object_tagging(store: Store, request: Request) -> Reply:
    """GET /BUCKET/KEY?tagging."""
    stored = objects.find(store, store.bucket(request.bucket), request.key)
    rows = [("Tag", [("Key", key), ("Value", value)]) for key, value in stored.description.tags.items()]
    return document(rendered("Tagging", [("TagSet", rows)]))


def put_object_tagging(store: Store, request: Request) -> Reply:
    """PUT /BUCKET/KEY?tagging."""
    sets = parsed(request.document, root="Tagging").all("TagSet")
    pairs = [(tag.text_of("Key"), tag.text_of("Value")) for each in sets for tag in each.all("Tag")]
    _set_tags(store, request, checked_tags(pairs))
    return Reply()


def delete_object_tagging(store: Store, request: Request) -> Reply:
    """DELETE /BUCKET/KEY?tagging."""
    _set_tags(store, request, {})
    return Reply(status=204)


def get_object_attributes(store: Store, request: Request) -> Reply:
    """GET /BUCKET/KEY?attributes."""
    stored = objects.find(store, store.bucket(request.bucket), request.key)
    asked = {each.strip() for each in request.headers.get("x-amz-object-attributes", "").split(",")}
    parts = stored.description.part_sizes
    known: dict[str, Content] = {
        "ETag": stored.description.etag,
        "Checksum": _checksum_elements(stored.description) or None,
        "ObjectParts": [("PartsCount", len(parts))] if parts else None,
        "StorageClass": "STANDARD",
        "ObjectSize": stored.size,
    }
    content = [(name, value) for name, value in known.items() if name in asked]
    headers = {"last-modified": _http_date(stored)}
    return document(rendered("GetObjectAttributesResponse", content), headers=headers)


def draft(request: Request) -> Description:
    """What the request says of the object to be; its ETag and checksums come with its bytes."""
    return Description(
        key=request.key,
        etag="",
        headers={"content-type": DEFAULT_TYPE, **request.kept_headers()},
        metadata=request.metadata(),
        tags=checked_tags(parse_qsl(request.headers.get("x-amz-tagging", ""), keep_blank_values=True)),
    )


def checked_tags(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Tags by name, within S3's limits."""
    tags = dict(pairs)
    if len(tags) != len(pairs) or len(tags) > MOST_TAGS:
        raise S3Error("InvalidTag", f"An object has at most {MOST_TAGS} tags, each name once.")
    if not all(1 <= len(key) <= 128 and len(value) <= 256 for key, value in pairs):  # noqa: PLR2004 - S3's limits
        raise S3Error("InvalidTag", "A tag's name has 1 to 128 characters and its value at most 256.")
    return tags


def copy_source(store: Store, request: Request) -> tuple[StoredObject, BinaryIO]:
    """The object that x-amz-copy-source names, opened, if the request's conditions on it hold."""
    path, _, query = request.headers["x-amz-copy-source"].partition("?")
    if query not in ("", "versionId=null"):
        raise S3Error("NoSuchVersion", "There are no versions here: leave versionId out.")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if not key:
        raise S3Error("InvalidArgument", "x-amz-copy-source must be BUCKET/KEY, percent-encoded.")
    stored, file = objects.open_object(store, store.bucket(bucket), key)
    try:
        conditions = Conditions.of(request.headers, "x-amz-copy-source-")
        check_read(conditions, stored, unchanged="PreconditionFailed")
    except BaseException:
        file.close()
        raise
    return stored, file


def written_elements(description: Description) -> list[Element]:
    """What is said of bytes that were stored."""
    return [("ETag", f'"{description.etag}"'), *_checksum_elements(description)]


def _copied_description(source: StoredObject, request: Request) -> Description:
    own = draft(request)
    is_replaced = request.headers.get("x-amz-metadata-directive", "COPY").upper() == "REPLACE"
    is_same = unquote(request.headers["x-amz-copy-source"]).strip("/") == f"{request.bucket}/{request.key}"
    if is_same and not is_replaced:
        raise S3Error("InvalidRequest", NO_COPY)
    # A copy is one piece, whatever its source was.
    kept = replace(source.description, key=request.key, part_sizes=(), checksum_type="FULL_OBJECT")
    described = own if is_replaced else kept
    is_retagged = request.headers.get("x-amz-tagging-directive", "COPY").upper() == "REPLACE"
    return replace(described, tags=own.tags if is_retagged else source.description.tags)


def _set_tags(store: Store, request: Request, tags: dict[str, str]) -> None:
    bucket = store.bucket(request.bucket)
    objects.redescribe(store, bucket, request.key, change=lambda known: replace(known, tags=tags))


def _part_range(stored: StoredObject, request: Request) -> tuple[int, int] | None:
    """(offset, length) of ?partNumber=, where one part of an object that was never in parts is all of it."""
    if "partNumber" not in request.query:
        return None
    number = request.number("partNumber", default=1, low=1, high=10_000)
    sizes = stored.description.part_sizes or (stored.size,)
    if number > len(sizes):
        raise S3Error("InvalidPartNumber", PartNumberRequested=str(number), ActualPartCount=str(len(sizes)))
    return (sum(sizes[: number - 1]), sizes[number - 1]) if stored.size else None


def _object_headers(stored: StoredObject, request: Request) -> dict[str, str]:
    description = stored.description
    headers = {
        "accept-ranges": "bytes",
        **description.headers,
        **{USER_PREFIX + name: value for name, value in description.metadata.items()},
        "etag": f'"{description.etag}"',
        "last-modified": _http_date(stored),
    }
    if request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        headers |= _checksum_headers(description)
    if description.tags:
        headers["x-amz-tagging-count"] = str(len(description.tags))
    if "partNumber" in request.query and description.part_sizes:
        headers["x-amz-mp-parts-count"] = str(len(description.part_sizes))
    return headers | _overrides(request)


def _overrides(request: Request) -> dict[str, str]:
    """The response-* parameters, by which a presigned URL decides how a browser takes the object."""
    given = {name: request.query[f"response-{name}"] for name in OVERRIDABLE if f"response-{name}" in request.query}
    for name, value in given.items():
        # A line break would let the URL's author write headers of his own.
        if not value.isprintable() or not value.isascii():
            message = f"response-{name} must be printable ASCII."
            raise S3Error("InvalidArgument", message, ArgumentName=f"response-{name}")
    return given


def _checksum_headers(description: Description) -> dict[str, str]:
    values = {HEADER + name: value for name, value in description.checksums.items()}
    return {**values, HEADER + "type": description.checksum_type} if values else {}


def _checksum_elements(description: Description) -> list[tuple[str, Content]]:
    shown: list[tuple[str, Content]] = [
        (f"Checksum{name.upper()}", value) for name, value in description.checksums.items()
    ]
    return [*shown, ("ChecksumType", description.checksum_type)] if shown else []


def _http_date(stored: StoredObject) -> str:
    return formatdate(stored.modified_ns // 1_000_000_000, usegmt=True)

"""The operations of multipart uploads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runyard.dialects.s3 import objects, uploads
from runyard.dialects.s3.bucket_operations import owner
from runyard.dialects.s3.checksums import ALGORITHMS, wanted_algorithms
from runyard.dialects.s3.conditions import Conditions, byte_range
from runyard.dialects.s3.documents import Content, Element, Node, moment, parsed, rendered
from runyard.dialects.s3.errors import S3Error
from runyard.dialects.s3.object_operations import copy_source, draft, written_elements
from runyard.dialects.s3.request import Reply, Request, document
from runyard.dialects.s3.spool import Spool

if TYPE_CHECKING:
    from runyard.dialects.s3.keys import Bucket
    from runyard.dialects.s3.records import Description
    from runyard.dialects.s3.store import Store


def create_multipart_upload(store: Store, request: Request) -> Reply:
    """POST /BUCKET/KEY?uploads."""
    bucket = store.bucket(request.bucket)
    bucket.path(request.key)
    algorithm = next(iter(wanted_algorithms(request.headers)), None)
    default = "FULL_OBJECT" if algorithm == "crc64nvme" else "COMPOSITE"
    kind = request.headers.get("x-amz-checksum-type", default).upper()
    said = replace(draft(request), checksum_type=kind)
    upload = uploads.begin(bucket, said, algorithm=algorithm, owner=request.owner)
    content = [("Bucket", request.bucket), ("Key", request.key), ("UploadId", upload.id)]
    announced = {"x-amz-checksum-algorithm": algorithm.upper(), "x-amz-checksum-type": kind} if algorithm else {}
    return document(rendered("InitiateMultipartUploadResult", content), headers=announced)


def upload_part(store: Store, request: Request) -> Reply:
    """PUT /BUCKET/KEY?partNumber&uploadId."""
    bucket, upload = _upload(store, request)
    digests = request.body.digests
    checksums = digests.check(request.stated_checksums(), request.headers.get("content-md5"))
    part = uploads.keep_part(bucket, upload, request.body, number=_part_number(request), checksums=checksums)
    headers = {f"x-amz-checksum-{name}": value for name, value in part.checksums.items()}
    return Reply(headers={"etag": f'"{part.etag}"', **headers})


def upload_part_copy(store: Store, request: Request) -> Reply:
    """PUT /BUCKET/KEY?partNumber&uploadId with x-amz-copy-source."""
    bucket, upload = _upload(store, request)
    source, file = copy_source(store, request)
    spool = Spool(bucket.aside, {upload.algorithm} if upload.algorithm else ())
    try:
        with file:
            wanted = request.headers.get("x-amz-copy-source-range")
            offset, length = byte_range(wanted, source.size) or (0, source.size)
            file.seek(offset)
            uploads.copy(file, spool, length=length)
        spool.finish()
        checksums = spool.digests.check({}, None)
        part = uploads.keep_part(bucket, upload, spool, number=_part_number(request), checksums=checksums)
    finally:
        spool.discard()
    described = replace(source.description, etag=part.etag, checksums={})
    content = [("LastModified", moment(part.modified_ms)), *written_elements(described)]
    return document(rendered("CopyPartResult", content))


def complete_multipart_upload(store: Store, request: Request) -> Reply:
    """POST /BUCKET/KEY?uploadId."""
    bucket, upload = _upload(store, request)
    named = parsed(request.document, root="CompleteMultipartUpload").all("Part")
    if not named:
        raise S3Error("MalformedXML", "Name at least one part.")
    wanted = [_wanted(part) for part in named]
    found = uploads.chosen(bucket, upload, wanted, smallest=store.smallest_part)
    is_whole = upload.draft.checksum_type == "FULL_OBJECT" and upload.algorithm is not None
    spool = Spool(bucket.aside, {upload.algorithm} if is_whole and upload.algorithm else ())
    try:
        uploads.assemble(bucket, upload, found, spool)
        checksums = _whole_checksums(request, upload, found, spool=spool)
        description = _described(upload, found, checksums)
        conditions = Conditions.of(request.headers)
        objects.commit(store, bucket, spool, description=description, conditions=conditions)
    finally:
        spool.discard()
    uploads.discard(bucket, upload)
    return document(rendered("CompleteMultipartUploadResult", _completed(request, description)))


def abort_multipart_upload(store: Store, request: Request) -> Reply:
    """DELETE /BUCKET/KEY?uploadId."""
    bucket, upload = _upload(store, request)
    uploads.discard(bucket, upload)
    return Reply(status=204)


def list_parts(store: Store, request: Request) -> Reply:
    """GET /BUCKET/KEY?uploadId."""
    bucket, upload = _upload(store, request)
    marker = request.number("part-number-marker", default=0, high=uploads.MOST_PARTS)
    limit = request.number("max-parts", default=1000)
    rest = [part for part in uploads.parts(bucket, upload) if part.number > marker]
    shown = rest[:limit]
    content: list[Element] = [
        ("Bucket", request.bucket),
        ("Key", request.key),
        ("UploadId", upload.id),
        ("Initiator", owner(request)),
        ("Owner", owner(request)),
        ("StorageClass", "STANDARD"),
        ("PartNumberMarker", marker),
        ("NextPartNumberMarker", shown[-1].number if shown else marker),
        ("MaxParts", limit),
        ("IsTruncated", len(rest) > len(shown)),
        *(("Part", _part_row(part)) for part in shown),
    ]
    return document(rendered("ListPartsResult", content))


def list_multipart_uploads(store: Store, request: Request) -> Reply:
    """GET /BUCKET?uploads."""
    query = request.query
    after = (query.get("key-marker", ""), query.get("upload-id-marker", ""))
    limit = request.number("max-uploads", default=1000)
    prefix = query.get("prefix", "")
    known = uploads.every(store.bucket(request.bucket))
    rest = [each for each in known if each.draft.key.startswith(prefix) and _is_later(each, after)]
    shown = rest[:limit]
    is_more = len(rest) > len(shown) and bool(shown)
    content: list[Element] = [
        ("Bucket", request.bucket),
        ("KeyMarker", after[0]),
        ("UploadIdMarker", after[1]),
        ("NextKeyMarker", shown[-1].draft.key if is_more else None),
        ("NextUploadIdMarker", shown[-1].id if is_more else None),
        ("Prefix", prefix),
        ("MaxUploads", limit),
        ("IsTruncated", is_more),
        *(("Upload", _upload_row(each, request)) for each in shown),
    ]
    return document(rendered("ListMultipartUploadsResult", content))


def _upload(store: Store, request: Request) -> tuple[Bucket, uploads.Upload]:
    bucket = store.bucket(request.bucket)
    return bucket, uploads.get(bucket, request.key, upload_id=request.query["uploadId"])


def _part_number(request: Request) -> int:
    number = request.number("partNumber", default=0, low=1, high=uploads.MOST_PARTS + 1)
    if not 1 <= number <= uploads.MOST_PARTS:
        message = "Part number must be an integer between 1 and 10000, inclusive"
        raise S3Error("InvalidArgument", message, ArgumentName="partNumber")
    return number


def _wanted(part: Node) -> uploads.Wanted:
    number = part.text_of("PartNumber").strip()
    if not (number.isascii() and number.isdigit() and len(number) < len("100000")):
        raise S3Error("MalformedXML", f"PartNumber {number[:20]!r} is no part number.")
    stated = {name: part.get(f"Checksum{name.upper()}") for name in ALGORITHMS}
    checksums = {name: value for name, value in stated.items() if value is not None}
    return uploads.Wanted(number=int(number), etag=part.text_of("ETag").strip().strip('"'), checksums=checksums)


def _whole_checksums(
    request: Request, upload: uploads.Upload, found: list[uploads.Part], *, spool: Spool
) -> dict[str, str]:
    stated = request.stated_checksums()
    if upload.draft.checksum_type == "FULL_OBJECT":
        return spool.digests.check(stated, None)
    computed = uploads.composite_checksums(upload, found)
    for name, value in stated.items():
        # Some clients state the value without the number of parts.
        if name in computed and value not in (computed[name], computed[name].partition("-")[0]):
            raise S3Error("BadDigest", f"The {name.upper()} you specified did not match the calculated checksum.")
    return computed


def _described(upload: uploads.Upload, found: list[uploads.Part], checksums: dict[str, str]) -> Description:
    sizes = tuple(part.size for part in found)
    return replace(upload.draft, etag=uploads.etag_of(found), checksums=checksums, part_sizes=sizes)


def _completed(request: Request, description: Description) -> Content:
    host = request.headers.get("host", "localhost")
    location = f"http://{host}/{request.bucket}/{request.key}"
    named: list[Element] = [("Location", location), ("Bucket", request.bucket), ("Key", request.key)]
    return [*named, *written_elements(description)]


def _part_row(part: uploads.Part) -> Content:
    return [
        ("PartNumber", part.number),
        ("LastModified", moment(part.modified_ms)),
        ("ETag", f'"{part.etag}"'),
        ("Size", part.size),
        *((f"Checksum{name.upper()}", value) for name, value in part.checksums.items()),
    ]


def _upload_row(upload: uploads.Upload, request: Request) -> Content:
    return [
        ("UploadId", upload.id),
        ("Key", upload.draft.key),
        ("Initiated", moment(upload.initiated_ms)),
        ("StorageClass", "STANDARD"),
        ("Owner", owner(request)),
        ("Initiator", [("ID", upload.owner), ("DisplayName", upload.owner)]),
    ]


def _is_later(upload: uploads.Upload, after: tuple[str, str]) -> bool:
    key, upload_id = after
    return upload.draft.key > key or (bool(upload_id) and (upload.draft.key, upload.id) > (key, upload_id))

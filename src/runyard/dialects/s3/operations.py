"""The one table of what S3 does here, and how a request finds its row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from runyard.core.access import Role
from runyard.dialects.s3 import bucket_operations as bucket
from runyard.dialects.s3 import object_operations as one
from runyard.dialects.s3 import upload_operations as upload
from runyard.dialects.s3.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from runyard.dialects.s3.request import Reply, Request
    from runyard.dialects.s3.store import Store


READS = ("Get", "Head", "List")
"""What the names of operations begin with that change nothing."""


class Body(Enum):
    """What becomes of a request's body."""

    IGNORED = "ignored"
    DOCUMENT = "document"  # XML, held in memory, small
    SPOOL = "spool"  # an object's bytes, written aside as they come


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation: its name in Amazon's model, and what does it."""

    name: str
    handler: Callable[[Store, Request], Reply]
    body: Body = Body.IGNORED

    @property
    def need(self) -> Role:
        """The role that a caller must have."""
        return Role.VIEWER if self.name.startswith(READS) else Role.OPERATOR


def _row(name: str, handler: Callable[[Store, Request], Reply], body: Body = Body.IGNORED) -> Operation:
    return Operation(name=name, handler=handler, body=body)


# (method, what the path names, sub-resource of the query) -> operation
OPERATIONS = {
    ("GET", "service", ""): _row("ListBuckets", bucket.list_buckets),
    ("PUT", "bucket", ""): _row("CreateBucket", bucket.create_bucket, Body.DOCUMENT),
    ("HEAD", "bucket", ""): _row("HeadBucket", bucket.head_bucket),
    ("DELETE", "bucket", ""): _row("DeleteBucket", bucket.delete_bucket),
    ("GET", "bucket", ""): _row("ListObjects", bucket.list_objects),
    ("GET", "bucket", "list-type"): _row("ListObjectsV2", bucket.list_objects_v2),
    ("GET", "bucket", "location"): _row("GetBucketLocation", bucket.get_bucket_location),
    ("GET", "bucket", "versioning"): _row("GetBucketVersioning", bucket.get_bucket_versioning),
    ("GET", "bucket", "uploads"): _row("ListMultipartUploads", upload.list_multipart_uploads),
    ("POST", "bucket", "delete"): _row("DeleteObjects", bucket.delete_objects, Body.DOCUMENT),
    ("GET", "object", ""): _row("GetObject", one.get_object),
    ("HEAD", "object", ""): _row("HeadObject", one.get_object),
    ("PUT", "object", ""): _row("PutObject", one.put_object, Body.SPOOL),
    ("PUT", "copy", ""): _row("CopyObject", one.copy_object),
    ("DELETE", "object", ""): _row("DeleteObject", one.delete_object),
    ("GET", "object", "tagging"): _row("GetObjectTagging", one.get_object_tagging),
    ("PUT", "object", "tagging"): _row("PutObjectTagging", one.put_object_tagging, Body.DOCUMENT),
    ("DELETE", "object", "tagging"): _row("DeleteObjectTagging", one.delete_object_tagging),
    ("GET", "object", "attributes"): _row("GetObjectAttributes", one.get_object_attributes),
    ("POST", "object", "uploads"): _row("CreateMultipartUpload", upload.create_multipart_upload),
    ("PUT", "object", "uploadId"): _row("UploadPart", upload.upload_part, Body.SPOOL),
    ("PUT", "copy", "uploadId"): _row("UploadPartCopy", upload.upload_part_copy),
    ("POST", "object", "uploadId"): _row("CompleteMultipartUpload", upload.complete_multipart_upload, Body.DOCUMENT),
    ("DELETE", "object", "uploadId"): _row("AbortMultipartUpload", upload.abort_multipart_upload),
    ("GET", "object", "uploadId"): _row("ListParts", upload.list_parts),
}

# Every parameter that makes another operation of a request, whether there is a row for it or not.
SUB_RESOURCES = frozenset({
    "abac", "accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption", "intelligent-tiering",
    "inventory", "legal-hold", "lifecycle", "list-type", "location", "logging", "metadataConfiguration",
    "metadataTable", "metrics", "notification", "object-lock", "ownershipControls", "policy", "policyStatus",
    "publicAccessBlock", "renameObject", "replication", "requestPayment", "restore", "retention", "select", "session",
    "tagging", "torrent", "uploadId", "uploads", "versioning", "versions", "website",
})  # fmt: skip

# A promise that a plain file cannot keep is refused rather than dropped.
REFUSED_HEADERS = {
    "x-amz-server-side-encryption-customer-algorithm": "Encryption with a customer's key",
    "x-amz-copy-source-server-side-encryption-customer-algorithm": "Encryption with a customer's key",
    "x-amz-object-lock-mode": "Object lock",
    "x-amz-object-lock-legal-hold": "Object lock",
    "x-amz-write-offset-bytes": "Appending to an object",
}


def operation_of(request: Request) -> Operation:
    """The row of this request, or NotImplemented with what is missing."""
    _check_promises(request)
    level = "object" if request.key else "bucket" if request.bucket else "service"
    if level == "object" and request.method == "PUT" and "x-amz-copy-source" in request.headers:
        level = "copy"
    sub_resource = next((name for name in request.query if name in SUB_RESOURCES), "")
    found = OPERATIONS.get((request.method, level, sub_resource))
    if found is None:
        what = f"{request.method} on {'an' if level == 'object' else 'a'} {level}" + (
            f" with ?{sub_resource}" if sub_resource else ""
        )
        message = f"{what} is not implemented here, where buckets are folders and objects are plain files."
        raise S3Error("NotImplemented", message)
    return found


def _check_promises(request: Request) -> None:
    for header, what in REFUSED_HEADERS.items():
        if header in request.headers:
            message = f"{what} ({header}) is not implemented here, where an object is a plain file."
            raise S3Error("NotImplemented", message, Header=header)
    if request.query.get("versionId", "null") not in ("", "null"):
        raise S3Error("NoSuchVersion", "There are no versions here: leave versionId out.")

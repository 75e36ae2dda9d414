"""Multipart uploads: a folder each, with one small file that names the current bytes of every part."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from runyard.dialects.s3.checksums import of_parts
from runyard.dialects.s3.errors import S3Error
from runyard.dialects.s3.files import move, write_whole
from runyard.dialects.s3.records import Description
from runyard.dialects.s3.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runyard.dialects.s3.keys import Bucket

UPLOAD_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
MOST_PARTS = 10_000
PIECE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Upload:
    """What was said when it began; `draft` lacks the ETag, which nobody can know yet."""

    id: str
    draft: Description
    algorithm: str | None
    initiated_ms: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part that has come."""

    number: int
    etag: str
    size: int
    modified_ms: int
    checksums: dict[str, str]
    file: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A part as CompleteMultipartUpload names it."""

    number: int
    etag: str
    checksums: dict[str, str]


def begin(bucket: Bucket, draft: Description, *, algorithm: str | None, owner: str) -> Upload:
    """Start an upload; its id is the only way to it."""
    upload = Upload(
        id=secrets.token_hex(16),
        draft=draft,
        algorithm=algorithm,
        initiated_ms=time.time_ns() // 1_000_000,
        owner=owner,
    )
    write_whole(_folder(bucket, upload.id) / "upload.json", msgspec.json.encode(upload), aside=bucket.aside)
    return upload


def get(bucket: Bucket, key: str, *, upload_id: str) -> Upload:
    """An upload in progress, or NoSuchUpload."""
    upload = _read(bucket, upload_id) if UPLOAD_ID.fullmatch(upload_id) else None
    if upload is None or upload.draft.key != key:
        raise S3Error("NoSuchUpload", UploadId=upload_id)
    return upload


def every(bucket: Bucket) -> list[Upload]:
    """All uploads in progress, by key and then by age."""
    folder = bucket.state / "uploads"
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    found = [upload for name in names if (upload := _read(bucket, name))]
    return sorted(found, key=lambda upload: (upload.draft.key, upload.initiated_ms, upload.id))


def keep_part(bucket: Bucket, upload: Upload, spool: Spool, *, number: int, checksums: dict[str, str]) -> Part:
    """Make a finished spool the part of that number; an earlier one is replaced."""
    folder = _folder(bucket, upload.id)
    part = Part(
        number=number,
        etag=spool.digests.etag,
        size=spool.digests.size,
        modified_ms=time.time_ns() // 1_000_000,
        checksums=checksums,
        file=secrets.token_hex(16),
    )
    before = _read_part(folder / _part_name(number))
    try:
        move(spool.path, folder / part.file, top=folder)
    except FileNotFoundError:
        raise S3Error("NoSuchUpload", UploadId=upload.id) from None  # aborted while the part was coming
    write_whole(folder / _part_name(number), msgspec.json.encode(part), aside=bucket.aside)
    if before is not None:
        (folder / before.file).unlink(missing_ok=True)
    return part


def parts(bucket: Bucket, upload: Upload) -> list[Part]:
    """The parts that have come, by number."""
    names = sorted(_folder(bucket, upload.id).glob("*.part"))
    return [part for name in names if (part := _read_part(name))]


def chosen(bucket: Bucket, upload: Upload, wanted: Iterable[Wanted], *, smallest: int) -> list[Part]:
    """The parts that the caller names, if they are what the caller thinks they are."""
    there = {part.number: part for part in parts(bucket, upload)}
    found: list[Part] = []
    for each in wanted:
        part = there.get(each.number)
        if part is None or part.etag != each.etag or not _agrees(part, each):
            raise S3Error("InvalidPart", PartNumber=str(each.number), ETag=each.etag, UploadId=upload.id)
        if found and part.number <= found[-1].number:
            raise S3Error("InvalidPartOrder", UploadId=upload.id)
        found.append(part)
    for part in found[:-1]:
        if part.size < smallest:
            details = {"ProposedSize": str(part.size), "MinSizeAllowed": str(smallest)}
            raise S3Error("EntityTooSmall", PartNumber=str(part.number), ETag=part.etag, **details)
    return found


def _agrees(part: Part, wanted: Wanted) -> bool:
    return all(part.checksums.get(name, value) == value for name, value in wanted.checksums.items())


def assemble(bucket: Bucket, upload: Upload, found: list[Part], spool: Spool) -> None:
    """Copy the parts into one file; they stay until the object is in place, so that a failed try can be repeated."""
    folder = _folder(bucket, upload.id)
    for part in found:
        with (folder / part.file).open("rb") as file:
            copy(file, spool)
    spool.finish()


def copy(source: BinaryIO, spool: Spool, *, length: int | None = None) -> None:
    """Copy bytes from where the source stands, all or that many."""
    left = length
    while left is None or left > 0:
        data = source.read(PIECE if left is None else min(PIECE, left))
        if not data:
            return
        spool.write(data)
        left = None if left is None else left - len(data)


def etag_of(found: list[Part]) -> str:
    """S3's ETag of a multipart object: the MD5 of the parts' MD5s and their number."""
    joined = b"".join(bytes.fromhex(part.etag) for part in found)
    return f"{md5(joined, usedforsecurity=False).hexdigest()}-{len(found)}"


def composite_checksums(upload: Upload, found: list[Part]) -> dict[str, str]:
    """The checksum of the checksums, if every part has one of the algorithm announced."""
    name = upload.algorithm
    if name is None or not all(name in part.checksums for part in found):
        return {}
    value = of_parts(name, [part.checksums[name] for part in found])
    return {name: value} if value else {}


def discard(bucket: Bucket, upload: Upload) -> None:
    """Forget an upload and its parts."""
    shutil.rmtree(_folder(bucket, upload.id), ignore_errors=True)


def _folder(bucket: Bucket, upload_id: str) -> Path:
    return bucket.state / "uploads" / upload_id


def _part_name(number: int) -> str:
    return f"{number:05d}.part"


def _read(bucket: Bucket, upload_id: str) -> Upload | None:
    try:
        content = (_folder(bucket, upload_id) / "upload.json").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return msgspec.json.decode(content, type=Upload)


def _read_part(path: Path) -> Part | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Part)
    except FileNotFoundError:
        return None

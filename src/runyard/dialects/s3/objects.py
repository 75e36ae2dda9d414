"""Objects: finding, opening, replacing and deleting them, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from runyard.dialects.s3 import sidecars
from runyard.dialects.s3.conditions import Conditions, check_write
from runyard.dialects.s3.errors import S3Error, UnstorableError
from runyard.dialects.s3.files import make_folders, open_plain, place, plain_status, prune
from runyard.dialects.s3.records import Description, StoredObject, guessed_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from runyard.dialects.s3.keys import Bucket
    from runyard.dialects.s3.spool import Spool
    from runyard.dialects.s3.store import Store

ATTEMPTS = 10
LARGEST_DIGESTED = 1024 * 1024
SETTLED_NS = 2_000_000_000
FOLDER_BODY = "A key that ends in / is a folder here and can hold no bytes; send an empty body or another key."


def find(store: Store, bucket: Bucket, key: str) -> StoredObject:
    """What is stored under a key, without opening it."""
    found = current(store, bucket, key)
    if found is None:
        raise S3Error("NoSuchKey", Key=key)
    return found


def current(store: Store, bucket: Bucket, key: str) -> StoredObject | None:
    """What is stored under a key, or None."""
    opened = _opened(store, bucket, key)
    if opened is None:
        return None
    opened[1].close()
    return opened[0]


def open_object(store: Store, bucket: Bucket, key: str) -> tuple[StoredObject, BinaryIO]:
    """An object with its file; both stay what they are while others replace the object."""
    opened = _opened(store, bucket, key)
    if opened is None:
        raise S3Error("NoSuchKey", Key=key)
    return opened


def _opened(store: Store, bucket: Bucket, key: str) -> tuple[StoredObject, BinaryIO] | None:
    try:
        path = bucket.path(key)
    except UnstorableError:
        return None
    if key.endswith("/"):
        return _opened_folder(bucket, key)
    attempts = 0
    while True:
        attempts += 1
        file = open_plain(path)
        if file is None:
            return None
        status = os.fstat(file.fileno())
        version = sidecars.version_of(status)
        description = sidecars.read(bucket, key, version=version)
        now = plain_status(path)
        replaced = description is None and (now is None or sidecars.version_of(now) != version)
        if not replaced or attempts == ATTEMPTS:
            return _stored(key, status, description or _derived(store, str(path), key=key, status=status)), file
        # Between our opening and our reading somebody put a new object here: take that.
        file.close()


def _opened_folder(bucket: Bucket, key: str) -> tuple[StoredObject, BinaryIO] | None:
    description = sidecars.read(bucket, key, version=sidecars.FOLDER)
    if description is None or not bucket.path(key).is_dir():
        return None
    modified = sidecars.written_ns(bucket, key, version=sidecars.FOLDER)
    stored = StoredObject(key=key, size=0, modified_ns=modified, description=description)
    return stored, cast("BinaryIO", io.BytesIO())


def _stored(key: str, status: os.stat_result, description: Description) -> StoredObject:
    return StoredObject(key=key, size=status.st_size, modified_ns=status.st_mtime_ns, description=description)


def _derived(store: Store, path: str, *, key: str, status: os.stat_result) -> Description:
    """The description of a file that a job wrote by path."""
    version = sidecars.version_of(status)
    etag = store.etags.get((path, version))
    if etag is None:
        etag = _etag_of(Path(path), status)
        # A file written twice within a tick of the file system's clock looks unchanged: trust it later.
        if time.time_ns() - status.st_mtime_ns > SETTLED_NS:
            store.etags.put((path, version), etag)
    return Description(key=key, etag=etag, headers=guessed_headers(key))


def _etag_of(path: Path, status: os.stat_result) -> str:
    """MD5 where that is quick; else a tag of time and size, whose hyphen tells clients that it is no MD5."""
    version = sidecars.version_of(status)
    if status.st_size <= LARGEST_DIGESTED and (file := open_plain(path)):
        with file:
            # A file that was replaced since has other bytes than those that this tag is for.
            if sidecars.version_of(os.fstat(file.fileno())) == version:
                return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
    return f"{hashlib.md5(version.encode(), usedforsecurity=False).hexdigest()}-1"


def listed(store: Store, bucket: Bucket, key: str) -> StoredObject | None:
    """One row of a listing: a status and a description, the file itself unopened if possible."""
    if key.endswith("/"):
        return current(store, bucket, key)
    path = f"{bucket.folder}/{key}"
    status = plain_status(path)
    if status is None:
        return None
    description = sidecars.read(bucket, key, version=sidecars.version_of(status))
    return _stored(key, status, description or _derived(store, path, key=key, status=status))


def commit(
    store: Store, bucket: Bucket, spool: Spool, *, description: Description, conditions: Conditions
) -> StoredObject:
    """Make a finished spool the object, durably, if the conditions hold at that moment."""
    key = description.key
    path = bucket.path(key)
    if key.endswith("/"):
        return _commit_folder(store, bucket, description, size=spool.digests.size)
    with store.lock(bucket, key):
        before = current(store, bucket, key)
        check_write(conditions, before)
        sidecars.write(bucket, description, version=spool.version)
        try:
            place(spool.path, path, top=bucket.folder, is_kept=lambda each: sidecars.is_marked(bucket, each))
        except BaseException:
            sidecars.forget(bucket, key, version=spool.version)
            raise
        if before is not None:
            sidecars.forget(bucket, key, version=_version(before))
    modified_ns = int(spool.version.partition("-")[0])
    return StoredObject(key=key, size=spool.digests.size, modified_ns=modified_ns, description=description)


def _commit_folder(store: Store, bucket: Bucket, description: Description, *, size: int) -> StoredObject:
    key = description.key
    if size:
        raise S3Error("InvalidArgument", FOLDER_BODY, ArgumentName="key", ArgumentValue=key)
    with store.lock(bucket, key):
        try:
            make_folders(bucket.path(key), top=bucket.folder)
        except (NotADirectoryError, FileExistsError):
            message = f"{key.rstrip('/')!r} or what leads to it is an object, so it cannot be a folder too."
            raise S3Error("KeyConflict", message) from None
        sidecars.write(bucket, description, version=sidecars.FOLDER)
    return find(store, bucket, key)


def redescribe(store: Store, bucket: Bucket, key: str, *, change: Callable[[Description], Description]) -> StoredObject:
    """Change what is said of an object, not its bytes."""
    with store.lock(bucket, key):
        found = find(store, bucket, key)
        version = sidecars.FOLDER if key.endswith("/") else _version(found)
        sidecars.write(bucket, change(found.description), version=version)
    return found


def delete(store: Store, bucket: Bucket, key: str, *, conditions: Conditions) -> Path | None:
    """Remove an object and the folders it leaves empty; what is not there is deleted already.

    Returns the folder to be forced to disk before anybody hears of it, so that many can be forced at once.
    """
    with store.lock(bucket, key):
        found = current(store, bucket, key)
        if found is None:
            return None
        check_write(conditions, found)
        path = bucket.path(key)
        if key.endswith("/"):
            sidecars.forget(bucket, key, version=sidecars.FOLDER)
            folder = path
        else:
            path.unlink(missing_ok=True)
            sidecars.forget(bucket, key, version=_version(found))
            folder = path.parent
    prune(folder, top=bucket.folder, is_kept=lambda each: sidecars.is_marked(bucket, each))
    return folder


def _version(found: StoredObject) -> str:
    return f"{found.modified_ns}-{found.size}"

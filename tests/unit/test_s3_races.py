from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from s3_objects import files, meanwhile, new_store, put

from runyard.dialects.s3 import objects, uploads
from runyard.dialects.s3.bucket_operations import delete_objects
from runyard.dialects.s3.documents import Node, parsed
from runyard.dialects.s3.errors import S3Error
from runyard.dialects.s3.folders import has_file
from runyard.dialects.s3.listing import Selection, list_page
from runyard.dialects.s3.records import Description
from runyard.dialects.s3.request import Request
from runyard.dialects.s3.spool import Spool

FOREVER = 1000


class PowerCutError(BaseException):
    pass


def is_sidecar(path: str) -> bool:
    return path.endswith(".json")


def rewrite(path: Path, body: bytes) -> None:
    (path.parent / "aside").write_bytes(body)
    (path.parent / "aside").replace(path)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def cut_power() -> None:
    raise PowerCutError


def refuse_to_write() -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_crash_between_description_and_file_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(tmp_path)
    put(store, "k", b"old")
    before = objects.find(store, store.bucket("data"), "k")
    path = str(store.root / "data" / "k")
    meanwhile(monkeypatch, "rename", on=path.__eq__, happens=cut_power)

    with pytest.raises(PowerCutError):
        put(store, "k", b"new")

    assert objects.find(store, store.bucket("data"), "k") == before


def test_a_folder_that_is_removed_before_its_file_came_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path)
    folder = store.root / "data" / "a"
    meanwhile(monkeypatch, "rename", on=str(folder / "k").__eq__, happens=folder.rmdir, times=3)

    put(store, "a/k", b"body")

    assert (folder / "k").read_bytes() == b"body"


def test_an_object_whose_folder_is_removed_again_and_again_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path)
    folder = store.root / "data" / "a"
    meanwhile(monkeypatch, "rename", on=str(folder / "k").__eq__, happens=folder.rmdir, times=FOREVER)

    with pytest.raises(FileNotFoundError):
        put(store, "a/k", b"body")

    assert files(tmp_path) == []


def test_a_reader_takes_the_object_that_replaced_the_one_it_had_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path)
    put(store, "k", b"old", etag="old")
    meanwhile(monkeypatch, "open", on=is_sidecar, happens=partial(put, store, "k", b"new", etag="new"))

    found, file = objects.open_object(store, store.bucket("data"), "k")

    with file:
        assert (found.description.etag, file.read()) == ("new", b"new")


def test_a_file_that_never_stands_still_is_served_as_it_was_when_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path)
    path = store.root / "data" / "log"
    path.touch()
    meanwhile(monkeypatch, "open", on=is_sidecar, happens=partial(append, path), times=FOREVER)

    found = objects.find(store, store.bucket("data"), "log")

    assert found.size == path.stat().st_size - 1
    assert found.description.etag.endswith("-1")


@pytest.mark.parametrize("happens", [Path.unlink, partial(rewrite, body=b"other")])
def test_a_listed_file_is_never_tagged_with_bytes_that_came_later(
    happens: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path)
    path = store.root / "data" / "k"
    path.write_bytes(b"first")
    meanwhile(monkeypatch, "open", on=str(path).__eq__, happens=partial(happens, path))

    row = list_page(store, store.bucket("data"), Selection()).objects[0]

    assert (row.key, row.size) == ("k", 5)
    assert row.description.etag.endswith("-1")
    assert md5(b"other", usedforsecurity=False).hexdigest() not in row.description.etag


def test_an_object_that_goes_while_it_is_listed_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(tmp_path)
    for key in ("a", "b", "c"):
        put(store, key)
    path = store.root / "data" / "b"
    meanwhile(monkeypatch, "lstat", on=str(path).__eq__, happens=path.unlink)

    page = list_page(store, store.bucket("data"), Selection(limit=3))

    assert ([row.key for row in page.objects], page.last) == (["a", "c"], None)


def test_a_folder_that_goes_while_it_is_looked_through_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    meanwhile(monkeypatch, "scandir", on=str(folder).__eq__, happens=folder.rmdir)

    assert not has_file(tmp_path)


def test_what_the_system_does_not_let_be_deleted_is_named_and_the_others_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path)
    put(store, "a")
    put(store, "b")
    meanwhile(monkeypatch, "unlink", on=str(store.root / "data" / "a").__eq__, happens=refuse_to_write)
    wanted = b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"

    answer: Any = delete_objects(store, Request(method="POST", bucket="data", document=wanted)).body

    said: Node = parsed(answer, root="DeleteResult")
    assert [(row.get("Key"), row.get("Code")) for row in said.all("Error")] == [("a", "AccessDenied")]
    assert [row.get("Key") for row in said.all("Deleted")] == ["b"]
    assert files(tmp_path / "data") == ["a"]


def test_a_part_of_an_upload_that_was_aborted_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    bucket = new_store(tmp_path).bucket("data")
    upload = uploads.begin(bucket, Description(key="k", etag=""), algorithm=None, owner="me")
    spool = Spool(bucket.aside)
    spool.finish()
    uploads.discard(bucket, upload)

    with pytest.raises(S3Error) as caught:
        uploads.keep_part(bucket, upload, spool, number=1, checksums={})

    spool.discard()
    assert caught.value.code == "NoSuchUpload"
    assert files(tmp_path) == []


def test_who_makes_a_bucket_a_moment_after_another_is_told_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, bucket = new_store(tmp_path), tmp_path / "late"
    meanwhile(monkeypatch, "mkdir", on=str(bucket).__eq__, happens=bucket.mkdir)

    with pytest.raises(S3Error) as caught:
        store.create_bucket("late")

    assert caught.value.code == "BucketAlreadyOwnedByYou"

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from s3_objects import files, new_store, put

from runyard.dialects.s3 import objects
from runyard.dialects.s3.edge import S3
from runyard.dialects.s3.errors import S3Error, from_system
from runyard.dialects.s3.folders import Folders
from runyard.dialects.s3.records import guessed_headers
from runyard.dialects.s3.store import Remembered, Store
from runyard.executors.mounts import Mounts

LONG_AGO_NS = 10**18


@pytest.mark.parametrize(
    ("number", "code", "status"),
    [
        (errno.ENOSPC, "StorageFull", 507),
        (errno.EDQUOT, "StorageFull", 507),
        (errno.EROFS, "AccessDenied", 403),
        (errno.EACCES, "AccessDenied", 403),
        (errno.ENAMETOOLONG, "KeyTooLongError", 400),
        (errno.EIO, "InternalError", 500),
    ],
)
def test_what_the_system_refuses_is_told(number: int, code: str, status: int) -> None:
    error = from_system(OSError(number, os.strerror(number)))

    assert (error.code, error.status) == (code, status)
    assert os.strerror(number) in error.message


def test_a_full_disk_leaves_the_old_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(tmp_path)
    put(store, "k", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(store, "k", b"new")

    assert (tmp_path / "data" / "k").read_bytes() == b"old"
    assert files(tmp_path / ".runyard" / "data" / "unfinished") == []


def test_an_object_replaced_many_times_keeps_one_description(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for number in range(5):
        put(store, "k", str(number).encode())

    assert len(files(tmp_path / ".runyard" / "data" / "descriptions")) == 1


def test_nonsense_in_a_description_does_not_hide_the_object(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    put(store, "k", b"hello")
    description = next((tmp_path / ".runyard").rglob("*.json"))
    description.write_text("{")

    found = objects.find(store, store.bucket("data"), "k")

    assert found.description.etag == "5d41402abc4b2a76b9719d911017c592"


def test_the_tag_of_a_settled_file_is_worked_out_once_until_it_changes(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    path = tmp_path / "data" / "k"
    tags = []
    for body, changed_ns in ((b"hello", LONG_AGO_NS), (b"jello", LONG_AGO_NS), (b"other", LONG_AGO_NS + 1)):
        path.write_bytes(body)
        os.utime(path, ns=(changed_ns, changed_ns))

        tags.append(objects.find(store, store.bucket("data"), "k").description.etag)

    hello = "5d41402abc4b2a76b9719d911017c592"
    assert tags == [hello, hello, "795f3202b17cb6bc3d4b771d8c6c9eaf"]


def test_what_is_remembered_is_bounded() -> None:
    remembered = Remembered(2)
    for name in ("a", "b"):
        remembered.put((name, ""), name)
    remembered.get(("a", ""))
    remembered.put(("c", ""), "c")

    assert [remembered.get((name, "")) for name in ("a", "b", "c")] == ["a", None, "c"]


def test_a_large_settled_folder_is_read_once_until_it_changes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).touch()
    os.utime(tmp_path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    folders = Folders(smallest=2)

    first = folders.entries(tmp_path)
    second = folders.entries(tmp_path)
    (tmp_path / "new").touch()

    assert first is second
    assert folders.entries(tmp_path) == ["a", "b", "new"]


def test_a_folder_that_changed_just_now_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    folders = Folders(smallest=1)

    assert folders.entries(tmp_path) is not folders.entries(tmp_path)


def test_only_so_many_folders_are_remembered(tmp_path: Path) -> None:
    folders = Folders(smallest=1, most=2)
    made = [tmp_path / name for name in ("1", "2", "3")]
    for folder in made:
        folder.mkdir()
        (folder / "file").touch()
        os.utime(folder, ns=(LONG_AGO_NS, LONG_AGO_NS))

    kept = [folders.entries(folder) for folder in made]

    assert folders.entries(made[2]) is kept[2]
    assert folders.entries(made[0]) is not kept[0]


def test_a_name_that_is_no_text_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "good").touch()
    os.close(os.open(os.fsencode(tmp_path) + b"/bad\xff", os.O_CREAT))

    assert Folders().entries(tmp_path) == ["good"]


def test_unfinished_files_of_yesterday_are_cleared_away(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    aside = store.bucket("data").aside
    aside.mkdir(parents=True)
    (aside / "old").touch()
    (aside / "new").touch()
    os.utime(aside / "old", (1, 1))

    S3(Mounts({"s3://": tmp_path})).discard_unfinished(now=(aside / "new").stat().st_mtime + 60)

    assert files(aside) == ["new"]


def test_a_bucket_name_that_is_taken_by_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(S3Error) as caught:
        Store(tmp_path).create_bucket("data")

    assert caught.value.code == "BucketAlreadyExists"


def test_a_bucket_that_holds_a_folder_somebody_put_is_not_empty(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    put(store, "a/b/", b"")

    with pytest.raises(S3Error) as caught:
        store.delete_bucket("data")

    assert caught.value.code == "BucketNotEmpty"
    assert objects.find(store, store.bucket("data"), "a/b/").size == 0


def test_a_folder_is_an_object_only_while_it_stands_and_somebody_put_it(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for key in ("put/", "between/k"):
        put(store, key)

    found = objects.find(store, store.bucket("data"), "put/")
    (tmp_path / "data" / "put").rmdir()

    assert (found.key, found.size) == ("put/", 0)
    assert objects.current(store, store.bucket("data"), "put/") is None
    assert objects.current(store, store.bucket("data"), "between/") is None


def test_folders_of_the_root_that_are_no_bucket_names_are_no_buckets(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    (tmp_path / "Not_A_Bucket").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)

    assert [bucket.name for bucket in store.buckets()] == ["data"]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("a.json", "application/json"),
        ("a.csv", "text/csv"),
        ("a.csv.gz", "binary/octet-stream"),
        ("a", "binary/octet-stream"),
    ],
)
def test_the_type_of_a_file_is_guessed_by_its_name(key: str, kind: str) -> None:
    assert guessed_headers(key) == {"content-type": kind}

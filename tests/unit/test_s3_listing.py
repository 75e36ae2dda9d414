from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from s3_objects import new_store, put

from runyard.dialects.s3.conditions import Conditions
from runyard.dialects.s3.errors import S3Error
from runyard.dialects.s3.listing import Selection, list_page
from runyard.dialects.s3.objects import delete
from runyard.dialects.s3.store import Store

# A deadline would fail on a machine that others use too.
QUICK = settings(max_examples=80, deadline=None)

segments = st.text(st.sampled_from("ab-./0é\U0001f600"), min_size=1, max_size=3).map(
    lambda text: text.replace("/", "_")
)
keys = st.lists(segments.filter(lambda text: text not in (".", "..")), min_size=1, max_size=3).map("/".join)
trees = st.lists(keys, max_size=12)
fragments = st.text(st.sampled_from("ab-./0é"), max_size=3)


def touch(folder: Path, key: str) -> bool:
    try:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).touch()
    except OSError:
        return False
    return not (folder / key).is_dir()


def watched(call: Callable[..., Any], looked: list[Any]) -> Callable[..., Any]:
    def watching(path: Any, **given: Any) -> Any:
        looked.append(path)
        return call(path, **given)

    return watching


def pages(store: Store, selection: Selection) -> list[str]:
    shown: list[str] = []
    after: str | None = selection.after
    while after is not None:
        step = Selection(prefix=selection.prefix, delimiter=selection.delimiter, after=after, limit=selection.limit)
        page = list_page(store, store.bucket("data"), step)
        shown += sorted([row.key for row in page.objects] + page.prefixes)
        after = page.last
    return shown


def expected(present: list[str], selection: Selection) -> list[str]:
    """S3's rule in its plainest form, over all keys."""
    shown = set()
    for key in present:
        if not key.startswith(selection.prefix) or key <= selection.after:
            continue
        end = key.find(selection.delimiter, len(selection.prefix)) if selection.delimiter else -1
        folded = key[: end + len(selection.delimiter)] if end >= 0 else key
        if folded != selection.after:
            shown.add(folded)
    return sorted(shown, key=str.encode)


@QUICK
@given(tree=trees, prefix=fragments, delimiter=st.sampled_from(["", "/", "-", "a"]), limit=st.integers(1, 4))
def test_pages_show_what_a_plain_sort_of_all_keys_shows(
    tree: list[str], prefix: str, delimiter: str, limit: int
) -> None:
    with TemporaryDirectory() as folder:
        store = new_store(Path(folder))
        present = sorted({key for key in tree if touch(Path(folder) / "data", key)})

        shown = pages(store, Selection(prefix=prefix, delimiter=delimiter, limit=limit))

        assert shown == expected(present, Selection(prefix=prefix, delimiter=delimiter))


@QUICK
@given(tree=trees, after=st.one_of(fragments, keys), delimiter=st.sampled_from(["", "/"]))
def test_a_listing_may_start_after_any_text(tree: list[str], after: str, delimiter: str) -> None:
    with TemporaryDirectory() as folder:
        store = new_store(Path(folder))
        present = sorted({key for key in tree if touch(Path(folder) / "data", key)})

        shown = pages(store, Selection(after=after, delimiter=delimiter, limit=3))

        assert shown == expected(present, Selection(after=after, delimiter=delimiter))


def test_a_folder_sorts_as_the_keys_below_it_do(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for key in ("a/b", "a-b", "a.b", "a0", "a/", "a!"):
        put(store, key)

    assert pages(store, Selection()) == ["a!", "a-b", "a.b", "a/", "a/b", "a0"]
    assert pages(store, Selection(delimiter="/")) == ["a!", "a-b", "a.b", "a/", "a0"]
    assert pages(store, Selection(prefix="a/", delimiter="/")) == ["a/", "a/b"]


def test_a_prefix_that_ended_a_page_is_not_shown_again(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    for key in ("a-1", "a-2", "b"):
        put(store, key)

    assert pages(store, Selection(delimiter="-", limit=1)) == ["a-", "b"]


def test_folders_that_nobody_put_and_links_and_pipes_are_no_keys(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    put(store, "there")
    (tmp_path / "data" / "empty" / "deeper").mkdir(parents=True)
    (tmp_path / "data" / "link").symlink_to(tmp_path / "data" / "there")
    (tmp_path / "data" / "linked").symlink_to(tmp_path)
    (tmp_path / "data" / "empty" / "link").symlink_to(tmp_path / "data" / "there")
    os.mkfifo(tmp_path / "data" / "pipe")

    assert pages(store, Selection()) == ["there"]
    assert pages(store, Selection(delimiter="/")) == ["there"]


@pytest.mark.parametrize("prefix", ["../", "/", "a//", "a/../../", ".runyard/", "a\0/", "linked/", "x" * 300 + "/"])
def test_a_prefix_that_leads_out_of_the_bucket_finds_nothing(prefix: str, tmp_path: Path) -> None:
    store = new_store(tmp_path)
    put(store, "a/b")
    (tmp_path / "secret").write_text("x")
    (tmp_path / "data" / "linked").symlink_to(tmp_path)

    assert pages(store, Selection(prefix=prefix)) == []


def test_a_mounted_buckets_own_state_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    store = Store(tmp_path / "root", mounts={"data": tmp_path / "elsewhere"})
    put(store, "a")

    assert pages(store, Selection()) == ["a"]
    assert (tmp_path / "elsewhere" / "a").is_file()


def test_a_page_looks_at_its_own_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(tmp_path)
    for folder in range(20):
        (tmp_path / "data" / f"{folder:03}").mkdir()
        for name in range(100):
            os.close(os.open(tmp_path / "data" / f"{folder:03}" / f"{name:04}", os.O_CREAT))
    looked: list[Any] = []
    for call in ("scandir", "lstat"):
        monkeypatch.setattr(os, call, watched(getattr(os, call), looked))

    page = list_page(store, store.bucket("data"), Selection(prefix="010/", after="010/0050", limit=10))

    assert [row.key for row in page.objects] == [f"010/{name:04}" for name in range(51, 61)]
    bucket = str(store.root / "data")
    # Twice for each of the ten files, and some for the folders that lead to them; there are two thousand.
    assert len([path for path in looked if str(path).startswith(bucket)]) < 30


def test_deleting_the_last_key_removes_the_folders_that_only_held_it(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    put(store, "a/b/c/d")
    put(store, "a/b/")

    delete(store, store.bucket("data"), "a/b/c/d", conditions=Conditions())

    assert pages(store, Selection()) == ["a/b/"]
    assert not (tmp_path / "data" / "a" / "b" / "c").exists()


def test_a_key_that_is_the_folder_of_others_is_refused(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    put(store, "a/b", b"1")
    for key in ("a", "a/b/c", "a/b/"):
        with pytest.raises(S3Error) as caught:
            put(store, key)
        assert caught.value.code == "KeyConflict"

    assert (tmp_path / "data" / "a" / "b").read_bytes() == b"1"
    assert [path for path in (tmp_path / ".runyard").rglob("*") if path.is_file()] == [
        path for path in (tmp_path / ".runyard").rglob("*.json") if path.is_file()
    ]


def test_a_folder_that_somebody_put_does_not_give_way_to_an_object(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    put(store, "out/")

    with pytest.raises(S3Error) as caught:
        put(store, "out", b"1")

    assert caught.value.code == "KeyConflict"
    assert pages(store, Selection()) == ["out/"]


def test_a_folder_that_holds_nothing_gives_way_to_an_object(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    (tmp_path / "data" / "out" / "deep").mkdir(parents=True)

    put(store, "out", b"1")

    assert (tmp_path / "data" / "out").read_bytes() == b"1"

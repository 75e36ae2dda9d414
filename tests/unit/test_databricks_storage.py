"""Files that are whole or absent, and documents that are changed by one caller at a time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runyard.core.errors import InvalidRequest, WrongState
from runyard.dialects.databricks.kept import Kept
from runyard.dialects.databricks.trees import storage
from runyard.dialects.databricks.trees.trees import DBFS, VOLUMES, WORKSPACE
from runyard.executors.mounts import default_mounts


class Taken(Exception):
    """Something was there already."""


def refuse() -> WrongState:
    return WrongState("taken")


def test_a_file_that_could_not_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "sub" / "file"

    def write_half() -> None:
        with storage.replacing(target, overwrite=True, refuse=refuse) as file:
            file.write(b"half")
            raise Taken

    with pytest.raises(Taken):
        write_half()

    assert list(target.parent.iterdir()) == []


def test_of_many_who_write_a_file_without_replacing_it_one_succeeds(tmp_path: Path) -> None:
    target = tmp_path / "file"

    def write(number: int) -> bool:
        try:
            storage.write(target, str(number).encode() * 1000, overwrite=False, refuse=refuse)
        except WrongState:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        succeeded = [number for number, wrote in enumerate(pool.map(write, range(8))) if wrote]

    assert len(succeeded) == 1
    assert target.read_bytes() == str(succeeded[0]).encode() * 1000
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(WrongState):
        storage.write(tmp_path / "folder", b"x", overwrite=True, refuse=refuse)
    with pytest.raises(WrongState):
        storage.write(tmp_path / "folder", b"x", overwrite=False, refuse=refuse)


def test_a_file_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(WrongState):
        storage.write(tmp_path / "file" / "below", b"x", overwrite=True, refuse=refuse)


def test_to_delete_a_link_leaves_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "kept")

    storage.remove(tmp_path / "link", recursive=True, refuse=refuse)

    assert (tmp_path / "kept" / "file").read_text() == "x"
    assert not (tmp_path / "link").is_symlink()


def test_no_change_of_a_document_is_lost(tmp_path: Path) -> None:
    document = Kept(tmp_path / "folder" / "numbers.json")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: document.change(lambda known: known.update({str(number): number})), range(40)))

    assert document.read() == {str(number): number for number in range(40)}
    assert document.file.stat().st_mode & 0o777 == 0o600


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    document = Kept(tmp_path / "one.json")
    document.change(lambda known: known.update(a=1))

    def fail(known: dict[str, object]) -> None:
        known.clear()
        raise Taken

    with pytest.raises(Taken):
        document.change(fail)

    assert document.read() == {"a": 1}


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/a/b", "/a/b"),
        ("/Workspace/a/b", "/a/b"),
        ("//a///b/", "/a/b"),
        ("/", "/"),
        ("/Workspace", "/"),
        ("/Workspaces/a", "/Workspaces/a"),
    ],
)
def test_a_path_of_the_workspace_has_one_spelling(path: str, plain: str) -> None:
    assert WORKSPACE.plain(path) == plain


@pytest.mark.parametrize(("path", "plain"), [("dbfs:/a", "/a"), ("/a/", "/a"), ("dbfs:/", "/"), ("/dbfs/a", "/dbfs/a")])
def test_a_path_of_the_file_system_has_one_spelling(path: str, plain: str) -> None:
    assert DBFS.plain(path) == plain


def test_each_tree_lies_at_its_mount(tmp_path: Path) -> None:
    mounts = default_mounts(tmp_path, {})

    assert WORKSPACE.file(mounts, "/Users/ada/nb") == tmp_path / "workspace/Users/ada/nb"
    assert DBFS.file(mounts, "dbfs:/x") == tmp_path / "dbfs/x"
    assert DBFS.file(mounts, "/") == tmp_path / "dbfs"
    assert VOLUMES.file(mounts, "/Volumes/c/s/v/x") == tmp_path / "volumes/c/s/v/x"
    assert mounts.resolve("/Volumes/c/x") == mounts.resolve("dbfs:/Volumes/c/x") == tmp_path / "volumes/c/x"


@pytest.mark.parametrize("path", ["/a/../../b", "/..", "/a\0b", "a"])
def test_no_path_of_the_workspace_is_let_out(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidRequest):
        WORKSPACE.file(default_mounts(tmp_path, {}), path)


@pytest.mark.parametrize("path", ["/etc/passwd", "/Volumesque/x", "/"])
def test_a_path_of_volumes_begins_with_their_root(path: str) -> None:
    with pytest.raises(InvalidRequest, match="must begin with /Volumes/"):
        VOLUMES.plain(path)


@pytest.mark.parametrize("path", ["/.", "/./", "//./.", "/a/.", "/./a"])
def test_dots_do_not_hide_what_a_path_names(path: str) -> None:
    assert DBFS.plain(path) == DBFS.plain(path.replace(".", ""))


def test_a_list_holds_what_paths_of_its_tree_can_name(tmp_path: Path) -> None:
    tree = tmp_path / "dbfs"
    (tree / "folder").mkdir(parents=True)
    (tree / "file").touch()
    (tree / "inside").symlink_to(tree / "file")
    (tree / "outside").symlink_to(tmp_path)
    (tree / "gone").symlink_to(tree / "missing")
    (tree / ".runyard-draft").touch()
    os.mkfifo(tree / "pipe")
    Path(os.fsdecode(os.fsencode(tree) + b"/no\xfftext")).touch()

    listed = DBFS.entries(default_mounts(tmp_path, {}), "/")

    assert [each.name for each in listed] == ["file", "folder", "inside"]

"""An unmodified databricks-sdk against a live server: notebooks and files of the workspace, DBFS and volumes."""

from __future__ import annotations

import base64
import io
import json
import os
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    AlreadyExists,
    BadRequest,
    InvalidParameterValue,
    NotFound,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType
from databricks_live import legacy_output, workspace_client
from live import Live

SOURCE = "# Databricks notebook source\nprint(1)\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC # Title"
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("databricks") / "home").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


def coded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def decoded(text: str | None) -> str:
    return base64.b64decode(text or "").decode()


# the workspace


@pytest.fixture
def folder(client: WorkspaceClient, request: pytest.FixtureRequest) -> str:
    path = f"/Shared/{request.node.name}"
    client.workspace.mkdirs(path)
    return path


def test_a_notebook_is_imported_without_an_ending_and_comes_back_as_it_was(
    live: Live, client: WorkspaceClient, folder: str
) -> None:
    client.workspace.import_(
        f"{folder}/hello", content=coded(SOURCE), format=ImportFormat.SOURCE, language=Language.PYTHON
    )

    exported = client.workspace.export(f"/Workspace{folder}/hello", format=ExportFormat.SOURCE)
    status = client.workspace.get_status(f"{folder}/hello")
    assert (live.home / "workspace" / folder[1:] / "hello").read_text() == SOURCE
    assert decoded(exported.content) == SOURCE
    assert exported.file_type == "py"
    assert (status.object_type, status.language, status.path) == (
        ObjectType.NOTEBOOK,
        Language.PYTHON,
        f"{folder}/hello",
    )
    assert status.object_id
    assert status.size == len(SOURCE)


@pytest.mark.parametrize(
    ("language", "mark"),
    [(Language.PYTHON, "#"), (Language.SQL, "--"), (Language.SCALA, "//"), (Language.R, "#")],
)
def test_the_language_of_a_notebook_is_remembered(
    client: WorkspaceClient, folder: str, language: Language, mark: str
) -> None:
    path = f"{folder}/notebook"
    client.workspace.import_(path, content=coded("1"), format=ImportFormat.SOURCE, language=language)

    assert client.workspace.get_status(path).language is language
    assert decoded(client.workspace.export(path).content) == f"{mark} Databricks notebook source\n1"


def test_a_notebook_is_not_replaced_by_accident(client: WorkspaceClient, folder: str) -> None:
    path = f"{folder}/once"
    client.workspace.upload(path, b"1", language=Language.PYTHON)

    with pytest.raises(ResourceAlreadyExists, match=rf"Path \({path}\) already exists."):
        client.workspace.upload(path, b"2", language=Language.PYTHON)
    client.workspace.upload(path, b"3", language=Language.PYTHON, overwrite=True)

    assert client.workspace.download(path).read() == b"# Databricks notebook source\n3"


def test_an_import_into_a_missing_folder_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(ResourceDoesNotExist, match=r"The parent folder \(/Shared/none\) does not exist."):
        client.workspace.upload("/Shared/none/x", b"1", language=Language.PYTHON)


def test_the_folder_of_the_user_is_there(client: WorkspaceClient) -> None:
    home = f"/Users/{client.current_user.me().user_name}"

    client.workspace.upload(f"{home}/mine", b"1", language=Language.PYTHON)

    assert [one.path for one in client.workspace.list(home)] == [f"{home}/mine"]


def test_format_auto_tells_notebooks_from_files(client: WorkspaceClient, folder: str) -> None:
    jupyter = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 0})

    client.workspace.upload(f"{folder}/plain.py", b"import os", format=ImportFormat.AUTO)
    client.workspace.upload(f"{folder}/book.py", SOURCE.encode(), format=ImportFormat.AUTO)
    client.workspace.upload(f"{folder}/lab.ipynb", jupyter.encode(), format=ImportFormat.AUTO)
    client.workspace.upload(f"{folder}/data.bin", bytes(range(256)), format=ImportFormat.AUTO)

    found = {(one.path or "").rpartition("/")[2]: one.object_type for one in client.workspace.list(folder)}
    assert found == {
        "book": ObjectType.NOTEBOOK,
        "data.bin": ObjectType.FILE,
        "lab": ObjectType.NOTEBOOK,
        "plain.py": ObjectType.FILE,
    }
    assert client.workspace.download(f"{folder}/data.bin", format=ExportFormat.AUTO).read() == bytes(range(256))


def test_a_notebook_is_exported_in_every_format_and_read_back(client: WorkspaceClient, folder: str) -> None:
    client.workspace.upload(f"{folder}/first", SOURCE.encode(), language=Language.PYTHON)

    jupyter = client.workspace.download(f"{folder}/first", format=ExportFormat.JUPYTER).read()
    page = client.workspace.download(f"{folder}/first", format=ExportFormat.HTML).read()
    client.workspace.upload(f"{folder}/from_jupyter", jupyter, format=ImportFormat.JUPYTER)
    client.workspace.upload(f"{folder}/from_page", page, format=ImportFormat.HTML)

    assert [cell["cell_type"] for cell in json.loads(jupyter)["cells"]] == ["code", "markdown"]
    for name in ("from_jupyter", "from_page"):
        assert client.workspace.download(f"{folder}/{name}").read().decode().strip() == SOURCE


def test_a_folder_is_exported_as_an_archive(client: WorkspaceClient, folder: str) -> None:
    client.workspace.mkdirs(f"{folder}/deep/er")
    client.workspace.upload(f"{folder}/deep/er/book", b"1", language=Language.SQL)
    client.workspace.upload(f"{folder}/plain.txt", b"text", format=ImportFormat.AUTO)

    archive = zipfile.ZipFile(io.BytesIO(client.workspace.download(folder).read()))

    assert archive.namelist() == ["deep/er/book.sql", "plain.txt"]


def test_a_folder_with_something_in_it_is_deleted_only_recursively(client: WorkspaceClient, folder: str) -> None:
    client.workspace.mkdirs(f"{folder}/sub")

    with pytest.raises(BadRequest, match="is not empty") as refused:
        client.workspace.delete(folder)
    client.workspace.delete(folder, recursive=True)

    assert refused.value.error_code == "DIRECTORY_NOT_EMPTY"
    with pytest.raises(ResourceDoesNotExist, match=rf"Path \({folder}\) doesn't exist."):
        client.workspace.get_status(folder)


@pytest.mark.parametrize("path", ["/Shared/../../credentials.json", "/../credentials.json", "relative"])
def test_no_path_leads_out_of_the_workspace(client: WorkspaceClient, path: str) -> None:
    with pytest.raises(InvalidParameterValue):
        client.workspace.export(path)


def test_a_link_that_leads_out_of_the_workspace_is_not_followed(
    live: Live, client: WorkspaceClient, folder: str
) -> None:
    (live.home / "workspace" / folder[1:] / "out").symlink_to(live.home)

    with pytest.raises(InvalidParameterValue, match="leads out of its mount"):
        client.workspace.export(f"{folder}/out/credentials.json")


def test_an_archive_holds_nothing_from_outside_of_the_workspace(
    live: Live, client: WorkspaceClient, folder: str
) -> None:
    inside = live.home / "workspace" / folder.lstrip("/")
    (inside / "own.txt").write_text("own")
    (inside / "link.txt").symlink_to(live.home / "credentials.json")

    archive = client.workspace.export(folder, format=ExportFormat.AUTO).content

    with zipfile.ZipFile(io.BytesIO(base64.b64decode(archive or ""))) as opened:
        assert opened.namelist() == ["own.txt"]


@pytest.mark.parametrize("path", ["/.", "/./.", "//."])
def test_the_root_is_not_deleted_by_any_of_its_names(live: Live, client: WorkspaceClient, path: str) -> None:
    with pytest.raises(InvalidParameterValue, match="root"):
        client.workspace.delete(path, recursive=True)
    with pytest.raises(InvalidParameterValue, match="root"):
        client.dbfs.delete(path, recursive=True)
    with pytest.raises(InvalidParameterValue, match="root"):
        client.files.delete_directory(f"/Volumes{path}")

    assert all((live.home / tree).is_dir() for tree in ("workspace", "dbfs", "volumes"))


def test_a_pipe_is_no_file(live: Live, client: WorkspaceClient) -> None:
    os.mkfifo(live.home / "dbfs" / "pipe")
    os.mkfifo(live.home / "workspace" / "pipe")

    with pytest.raises(ResourceDoesNotExist):
        client.dbfs.read("/pipe")
    with pytest.raises(ResourceDoesNotExist):
        client.workspace.get_status("/pipe")


@pytest.mark.parametrize(
    ("name", "text"),
    [("range", "bytes=" + "9" * 5000 + "-"), ("if-unmodified-since", "soon"), ("range", "bytes=-" + "9" * 5000)],
)
def test_headers_that_mean_nothing_are_passed_over(live: Live, client: WorkspaceClient, name: str, text: str) -> None:
    client.files.upload("/Volumes/headers.txt", io.BytesIO(b"content"), overwrite=True)
    told = {"Authorization": f"Bearer {live.credentials['token']}", name: text}
    request = urllib.request.Request(f"{live.url}/api/2.0/fs/files/Volumes/headers.txt", headers=told)  # noqa: S310 - our own server

    with urllib.request.urlopen(request) as reply:  # noqa: S310 - our own server
        assert reply.read() == b"content"


def test_a_page_of_less_than_nothing_is_refused(client: WorkspaceClient) -> None:
    client.files.create_directory("/Volumes/pages")

    with pytest.raises(InvalidParameterValue, match="negative"):
        list(client.files.list_directory_contents("/Volumes/pages", page_size=-5))


def test_a_file_is_imported_by_the_path_of_the_call(client: WorkspaceClient, folder: str) -> None:
    path = f"/api/2.0/workspace-files/import-file{folder}/notes.txt"
    client.api_client.do("POST", path, data=b"some notes", query={"overwrite": "false"})

    with pytest.raises(AlreadyExists):
        client.api_client.do("POST", path, data=b"other notes")

    assert client.workspace.download(f"{folder}/notes.txt").read() == b"some notes"


# the file system


def test_a_file_is_written_in_blocks_and_read_in_parts(live: Live, client: WorkspaceClient) -> None:
    content = os.urandom(2 * MEGABYTE + 5)

    with client.dbfs.open("/blocks/large.bin", write=True) as file:
        file.write(content)

    with client.dbfs.open("dbfs:/blocks/large.bin", read=True) as file:
        assert file.read() == content
    assert (live.home / "dbfs/blocks/large.bin").read_bytes() == content
    assert list((live.home / "dbfs/blocks").iterdir()) == [live.home / "dbfs/blocks/large.bin"]


def test_a_file_appears_when_it_is_closed(client: WorkspaceClient) -> None:
    handle = client.dbfs.create("/slow.txt").handle
    assert handle is not None
    client.dbfs.add_block(handle, coded("whole"))

    with pytest.raises(ResourceDoesNotExist, match=r"No file or directory exists on path dbfs:/slow.txt."):
        client.dbfs.get_status("/slow.txt")
    client.dbfs.close(handle)

    assert client.dbfs.get_status("/slow.txt").file_size == 5
    with pytest.raises(ResourceDoesNotExist, match="No stream exists with the handle"):
        client.dbfs.add_block(handle, coded("more"))


def test_a_block_of_more_than_a_megabyte_is_refused(client: WorkspaceClient) -> None:
    handle = client.dbfs.create("/huge.bin").handle
    assert handle is not None

    with pytest.raises(BadRequest) as block:
        client.dbfs.add_block(handle, coded(bytes(MEGABYTE + 1)))
    with pytest.raises(BadRequest) as whole:
        client.dbfs.put("/huge.bin", contents=coded(bytes(MEGABYTE + 1)))

    assert block.value.error_code == "MAX_BLOCK_SIZE_EXCEEDED"
    assert whole.value.error_code == "MAX_BLOCK_SIZE_EXCEEDED"


def test_a_form_carries_a_file_of_any_size(client: WorkspaceClient) -> None:
    content = os.urandom(20 * MEGABYTE)

    client.api_client.do(
        "POST", "/api/2.0/dbfs/put", files={"contents": content}, data={"path": "/form.bin", "overwrite": "true"}
    )

    assert client.dbfs.get_status("/form.bin").file_size == len(content)
    assert client.dbfs.download("/form.bin").read() == content


def test_a_part_of_a_file_is_read(client: WorkspaceClient) -> None:
    client.dbfs.put("/part.txt", contents=coded("0123456789"), overwrite=True)

    part = client.dbfs.read("/part.txt", offset=8, length=5)

    assert (decoded(part.data), part.bytes_read) == ("89", 2)
    with pytest.raises(BadRequest) as refused:
        client.dbfs.read("/part.txt", length=MEGABYTE + 1)
    assert refused.value.error_code == "MAX_READ_SIZE_EXCEEDED"
    with pytest.raises(InvalidParameterValue):
        client.dbfs.read("/part.txt", offset=-1)
    with pytest.raises(InvalidParameterValue, match="Cannot read directory"):
        client.dbfs.read("/")


def test_files_are_listed_moved_and_deleted(client: WorkspaceClient) -> None:
    client.dbfs.mkdirs("/tree/sub")
    client.dbfs.put("/tree/a.txt", contents=coded("a"))

    listed = [(one.path, one.is_dir, one.file_size) for one in client.dbfs.list("/tree")]
    client.dbfs.move("/tree/a.txt", "/tree/sub/b.txt")
    with pytest.raises(ResourceAlreadyExists):
        client.dbfs.mkdirs("/tree/sub/b.txt")
    with pytest.raises(BadRequest, match="Non-recursive delete of non-empty directory dbfs:/tree") as refused:
        client.dbfs._api.do("POST", "/api/2.0/dbfs/delete", body={"path": "/tree"})
    client.dbfs.delete("/tree", recursive=True)

    assert listed == [("/tree/a.txt", False, 1), ("/tree/sub", True, 0)]
    assert refused.value.error_code == "IO_ERROR"
    with pytest.raises(NotFound):
        client.dbfs.get_status("/tree")


def test_a_file_is_not_replaced_by_accident(client: WorkspaceClient) -> None:
    client.dbfs.put("/once.txt", contents=coded("first"))

    with pytest.raises(ResourceAlreadyExists, match=r"already exists at the input path dbfs:/once.txt"):
        client.dbfs.put("/once.txt", contents=coded("second"))
    with pytest.raises(ResourceAlreadyExists):
        client.dbfs.create("/once.txt")

    assert client.dbfs.download("/once.txt").read() == b"first"


@pytest.mark.parametrize("path", ["/../credentials.json", "dbfs:/a/../../credentials.json", "relative.txt"])
def test_no_path_leads_out_of_the_file_system(client: WorkspaceClient, path: str) -> None:
    with pytest.raises(InvalidParameterValue):
        client.dbfs.read(path)


# volumes


def test_a_file_of_a_volume_is_streamed_both_ways(live: Live, client: WorkspaceClient) -> None:
    content = os.urandom(20 * MEGABYTE)
    path = "/Volumes/main/default/v/large file.bin"

    client.files.upload(path, io.BytesIO(content))

    metadata = client.files.get_metadata(path)
    assert (live.home / "volumes/main/default/v/large file.bin").read_bytes() == content
    assert metadata.content_length == len(content)
    assert metadata.last_modified is not None
    downloaded = client.files.download(path)
    assert downloaded.contents is not None
    assert downloaded.contents.read() == content
    assert not list((live.home / "spool").iterdir())


def test_a_file_too_large_for_one_part_goes_through_too(client: WorkspaceClient, tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(os.urandom(60 * MEGABYTE))

    client.files.upload_from("/Volumes/c/s/v/very.bin", str(source))
    client.files.download_to("/Volumes/c/s/v/very.bin", str(tmp_path / "back.bin"), use_parallel=True)

    assert (tmp_path / "back.bin").read_bytes() == source.read_bytes()


def test_a_file_of_a_volume_is_not_replaced_if_told_so(client: WorkspaceClient) -> None:
    path = "/Volumes/c/s/v/once.txt"
    client.files.upload(path, io.BytesIO(b"first"))

    with pytest.raises(AlreadyExists):
        client.files.upload(path, io.BytesIO(b"second"), overwrite=False)
    client.files.upload(path, io.BytesIO(b"third"), overwrite=True)

    contents = client.files.download(path).contents
    assert contents is not None
    assert contents.read() == b"third"


def test_folders_of_a_volume_are_made_listed_and_deleted(client: WorkspaceClient) -> None:
    base = "/Volumes/c/s/listed"
    client.files.create_directory(f"{base}/sub")
    for name in ("a", "b", "c"):
        client.files.upload(f"{base}/{name}.txt", io.BytesIO(b"x"))

    entries = list(client.files.list_directory_contents(base, page_size=2))

    assert [(one.name, one.is_directory) for one in entries] == [
        ("a.txt", False),
        ("b.txt", False),
        ("c.txt", False),
        ("sub", True),
    ]
    client.files.get_directory_metadata(base)
    with pytest.raises(BadRequest):
        client.files.delete_directory(base)
    client.files.delete(f"{base}/a.txt")
    client.files.delete_directory(f"{base}/sub")
    with pytest.raises(NotFound):
        client.files.get_metadata(f"{base}/a.txt")
    with pytest.raises(NotFound):
        client.files.get_directory_metadata(f"{base}/sub")


def test_no_path_leads_out_of_the_volumes(client: WorkspaceClient) -> None:
    for path in ("/etc/passwd", "/Volumes/../credentials.json"):
        with pytest.raises(InvalidParameterValue):
            client.api_client.do("GET", f"/api/2.0/fs/files{path.replace('..', '%2E%2E')}", raw=True)


# the command of old


def test_the_legacy_command_moves_folders_of_notebooks(live: Live, tmp_path: Path, folder: str) -> None:
    (tmp_path / "there/sub").mkdir(parents=True)
    (tmp_path / "there/one.py").write_text(SOURCE)
    (tmp_path / "there/sub/two.sql").write_text("-- Databricks notebook source\nSELECT 1")

    legacy_output(live, "workspace", "import_dir", str(tmp_path / "there"), folder, "--overwrite")
    legacy_output(live, "workspace", "export_dir", folder, str(tmp_path / "back"))

    assert (tmp_path / "back/one.py").read_text() == SOURCE
    assert (tmp_path / "back/sub/two.sql").read_text() == "-- Databricks notebook source\nSELECT 1"
    assert legacy_output(live, "workspace", "ls", folder).split() == ["one", "sub"]


def test_the_legacy_command_copies_files(live: Live, tmp_path: Path) -> None:
    (tmp_path / "there.bin").write_bytes(os.urandom(3 * MEGABYTE))

    legacy_output(live, "fs", "cp", str(tmp_path / "there.bin"), "dbfs:/legacy/file.bin")
    legacy_output(live, "fs", "cp", "dbfs:/legacy/file.bin", str(tmp_path / "back.bin"))
    listed = legacy_output(live, "fs", "ls", "dbfs:/legacy").split()
    legacy_output(live, "fs", "rm", "-r", "dbfs:/legacy")

    assert (tmp_path / "back.bin").read_bytes() == (tmp_path / "there.bin").read_bytes()
    assert listed == ["file.bin"]

"""An unmodified databricks-sdk against a live server: notebooks and files of the workspace."""

from __future__ import annotations

import base64
import io
import json
import os
import urllib.error
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
    server = Live(tmp_path_factory.mktemp("databricks") / "home", settings="preload = []\n").start()
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


def test_a_file_that_has_changed_is_not_sent_to_who_wants_the_former_one(live: Live, client: WorkspaceClient) -> None:
    client.files.upload("/Volumes/changed.txt", io.BytesIO(b"content"), overwrite=True)
    told = {
        "Authorization": f"Bearer {live.credentials['token']}",
        "If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT",
    }
    request = urllib.request.Request(f"{live.url}/api/2.0/fs/files/Volumes/changed.txt", headers=told)  # noqa: S310 - our own server

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310 - our own server

    with refused.value as answer:
        assert answer.code == 412
        assert json.loads(answer.read())["error_code"] == "PRECONDITION_FAILED"


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

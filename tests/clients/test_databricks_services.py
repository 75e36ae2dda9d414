"""An unmodified databricks-sdk against a live server: everything around jobs."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import subprocess
import sys
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
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
    Unauthenticated,
)
from databricks.sdk.errors.platform import InvalidState
from databricks.sdk.service.compute import State
from databricks.sdk.service.jobs import (
    JobAccessControlRequest,
    JobPermissionLevel,
    SparkPythonTask,
    Task,
)
from databricks.sdk.service.workspace import AclPermission, ExportFormat, ImportFormat, Language, ObjectType
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
    return client_of(live, live.credentials["token"])


def client_of(live: Live, token: str) -> WorkspaceClient:
    return WorkspaceClient(host=live.url, token=token)


def coded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def decoded(text: str | None) -> str:
    return base64.b64decode(text or "").decode()


# who is there


def test_a_client_is_built_without_a_warning_and_learns_who_it_is(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="databricks.sdk"):
        client = client_of(live, live.credentials["token"])

    me = client.current_user.me()
    assert caplog.records == []
    assert me.user_name == "admin"
    assert me.active is True
    assert str(client.get_workspace_id()) == me.id


def test_a_wrong_token_is_refused_as_the_service_refuses_it(live: Live) -> None:
    with pytest.raises(PermissionDenied, match=r"^Invalid access token\."):
        client_of(live, "dapi0123").current_user.me()


def test_a_call_without_a_credential_is_told_so(live: Live, client: WorkspaceClient) -> None:
    del live

    with pytest.raises(Unauthenticated, match="Credential was not sent"):
        client.api_client._api_client.do("GET", f"{client.config.host}/api/2.1/jobs/list", auth=lambda request: request)


def test_an_unknown_path_is_told_as_the_service_tells_it(client: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match=r"^No API found for 'POST /2.1/unknown/path'$") as refused:
        client.api_client.do("POST", "/api/2.1/unknown/path", body={})

    assert refused.value.error_code == "ENDPOINT_NOT_FOUND"


# permissions of jobs


@pytest.fixture
def job_id(client: WorkspaceClient) -> int:
    task = Task(task_key="main", spark_python_task=SparkPythonTask(python_file="dbfs:/main.py"))
    job_id = client.jobs.create(name="permitted", tasks=[task]).job_id
    assert job_id is not None
    return job_id


def permissions(client: WorkspaceClient, job_id: int) -> dict[str, str]:
    found = client.jobs.get_permissions(str(job_id)).access_control_list or []
    return {
        one.user_name or one.group_name or "": permission.permission_level.value
        for one in found
        for permission in one.all_permissions or []
        if permission.permission_level
    }


def test_permissions_of_a_job_are_added_replaced_and_kept(client: WorkspaceClient, job_id: int) -> None:
    viewer = JobAccessControlRequest(user_name="ana", permission_level=JobPermissionLevel.CAN_VIEW)
    runner = JobAccessControlRequest(user_name="ana", permission_level=JobPermissionLevel.CAN_MANAGE_RUN)
    team = JobAccessControlRequest(group_name="team", permission_level=JobPermissionLevel.CAN_MANAGE)

    client.jobs.update_permissions(str(job_id), access_control_list=[viewer])
    added = permissions(client, job_id)
    client.jobs.update_permissions(str(job_id), access_control_list=[runner, team])
    merged = permissions(client, job_id)
    client.jobs.set_permissions(str(job_id), access_control_list=[team])
    replaced = permissions(client, job_id)

    assert added == {"admin": "IS_OWNER", "ana": "CAN_VIEW", "admins": "CAN_MANAGE"}
    assert merged == {"admin": "IS_OWNER", "ana": "CAN_MANAGE_RUN", "team": "CAN_MANAGE", "admins": "CAN_MANAGE"}
    assert replaced == {"admin": "IS_OWNER", "team": "CAN_MANAGE", "admins": "CAN_MANAGE"}
    assert client.jobs.get(job_id).settings is not None


def test_the_levels_of_permissions_are_the_services(client: WorkspaceClient, job_id: int) -> None:
    levels = client.jobs.get_permission_levels(str(job_id)).permission_levels or []

    assert {level.permission_level for level in levels} == set(JobPermissionLevel)


def test_a_job_that_is_not_there_has_no_permissions(client: WorkspaceClient) -> None:
    with pytest.raises(ResourceDoesNotExist, match=r"Job 5 does not exist\."):
        client.jobs.get_permissions("5")


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


# secrets


def test_a_secret_is_kept_for_the_owner_of_the_home_alone(live: Live, client: WorkspaceClient) -> None:
    client.secrets.create_scope("vault")
    client.secrets.put_secret("vault", "password", string_value="geheim-7")
    client.secrets.put_secret("vault", "key", bytes_value=coded(b"\x00\xff"))

    files = list((live.home / "databricks").rglob("secrets.json"))
    assert decoded(client.secrets.get_secret("vault", "password").value) == "geheim-7"
    assert base64.b64decode(client.secrets.get_secret("vault", "key").value or "") == b"\x00\xff"
    assert client.dbutils.secrets.get("vault", "password") == "geheim-7"
    assert [one.key for one in client.secrets.list_secrets("vault")] == ["key", "password"]
    assert [one.name for one in client.secrets.list_scopes()] == ["vault"]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
    assert "geheim" not in (live.home / "server.log").read_text()


def test_a_secret_that_is_not_there_is_told_of(client: WorkspaceClient) -> None:
    client.secrets.create_scope("sparse")

    with pytest.raises(ResourceDoesNotExist, match="Scope none does not exist!"):
        client.secrets.get_secret("none", "x")
    with pytest.raises(ResourceDoesNotExist, match=r"Secret does not exist with scope: sparse and key: x."):
        client.secrets.get_secret("sparse", "x")
    with pytest.raises(ResourceAlreadyExists, match="Scope sparse already exists!"):
        client.secrets.create_scope("sparse")
    with pytest.raises(InvalidParameterValue):
        client.secrets.put_secret("sparse", "large", string_value="x" * (128 * 1024 + 1))


def test_secrets_scopes_and_their_rules_are_deleted(client: WorkspaceClient) -> None:
    client.secrets.create_scope("brief")
    client.secrets.put_secret("brief", "k", string_value="v")
    client.secrets.put_acl("brief", "team", AclPermission.READ)

    rules = {one.principal: one.permission for one in client.secrets.list_acls("brief")}
    client.secrets.delete_acl("brief", "team")
    client.secrets.delete_secret("brief", "k")
    client.secrets.delete_scope("brief")

    assert rules == {"admin": AclPermission.MANAGE, "team": AclPermission.READ}
    with pytest.raises(ResourceDoesNotExist):
        list(client.secrets.list_secrets("brief"))


# clusters and warehouses


def test_there_is_always_a_running_cluster(client: WorkspaceClient) -> None:
    clusters = list(client.clusters.list())

    assert clusters[-1].state is State.RUNNING
    assert clusters[-1].cluster_id is not None
    client.clusters.ensure_cluster_is_running(clusters[-1].cluster_id)
    assert (clusters[-1].cluster_memory_mb or 0) > 0


def test_a_cluster_lives_as_its_verbs_say(client: WorkspaceClient) -> None:
    version = client.clusters.select_spark_version(long_term_support=True)
    node = client.clusters.select_node_type(local_disk=True)

    made = client.clusters.create_and_wait(
        cluster_name="mine", spark_version=version, node_type_id=node, num_workers=0, autotermination_minutes=10
    )
    assert made.cluster_id is not None
    renamed = client.clusters.edit_and_wait(
        made.cluster_id, spark_version=version, cluster_name="ours", node_type_id=node, num_workers=1
    )
    terminated = client.clusters.delete_and_wait(made.cluster_id)
    with pytest.raises(InvalidState, match="is in unexpected state Terminated"):
        client.clusters.restart_and_wait(made.cluster_id)
    client.clusters.pin(made.cluster_id)
    started = client.clusters.start_and_wait(made.cluster_id)
    events = [one.type.value for one in client.clusters.events(made.cluster_id, limit=3) if one.type]
    client.clusters.permanent_delete(made.cluster_id)

    assert (made.state, made.cluster_name, made.creator_user_name) == (State.RUNNING, "mine", "admin")
    assert (renamed.cluster_name, renamed.num_workers) == ("ours", 1)
    assert terminated.state is State.TERMINATED
    assert started.state is State.RUNNING
    assert events == ["RUNNING", "STARTING", "PINNED", "TERMINATING", "EDITED", "RUNNING", "CREATING"]
    with pytest.raises(ResourceDoesNotExist, match=r"Cluster .* does not exist"):
        client.clusters.get(made.cluster_id)


def test_clusters_come_page_by_page(client: WorkspaceClient) -> None:
    made = [
        client.clusters.create_and_wait(spark_version="15.4.x-scala2.12", cluster_name=f"page{number}").cluster_id
        for number in range(3)
    ]

    listed = [one.cluster_id for one in client.clusters.list(page_size=2)]

    assert set(made) < set(listed)
    assert len(listed) == len(set(listed))


def test_there_is_one_warehouse(client: WorkspaceClient) -> None:
    warehouses = list(client.warehouses.list())

    assert len(warehouses) == 1
    assert warehouses[0].id is not None
    assert client.warehouses.get(warehouses[0].id).name == "runyard"
    with pytest.raises(ResourceDoesNotExist):
        client.warehouses.get("other")


# the command of old


def command(live: Live, *words: str) -> str:
    """Run the legacy command, which drops the port of a host and so finds the server as its proxy."""
    host = {"DATABRICKS_HOST": "http://databricks.localhost", "http_proxy": live.url, "no_proxy": ""}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("databricks")), *words],
        env={**os.environ, **host, "DATABRICKS_TOKEN": live.credentials["token"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_legacy_command_moves_folders_of_notebooks(live: Live, tmp_path: Path, folder: str) -> None:
    (tmp_path / "there/sub").mkdir(parents=True)
    (tmp_path / "there/one.py").write_text(SOURCE)
    (tmp_path / "there/sub/two.sql").write_text("-- Databricks notebook source\nSELECT 1")

    command(live, "workspace", "import_dir", str(tmp_path / "there"), folder, "--overwrite")
    command(live, "workspace", "export_dir", folder, str(tmp_path / "back"))

    assert (tmp_path / "back/one.py").read_text() == SOURCE
    assert (tmp_path / "back/sub/two.sql").read_text() == "-- Databricks notebook source\nSELECT 1"
    assert command(live, "workspace", "ls", folder).split() == ["one", "sub"]


def test_the_legacy_command_copies_files(live: Live, tmp_path: Path) -> None:
    (tmp_path / "there.bin").write_bytes(os.urandom(3 * MEGABYTE))

    command(live, "fs", "cp", str(tmp_path / "there.bin"), "dbfs:/legacy/file.bin")
    command(live, "fs", "cp", "dbfs:/legacy/file.bin", str(tmp_path / "back.bin"))
    listed = command(live, "fs", "ls", "dbfs:/legacy").split()
    command(live, "fs", "rm", "-r", "dbfs:/legacy")

    assert (tmp_path / "back.bin").read_bytes() == (tmp_path / "there.bin").read_bytes()
    assert listed == ["file.bin"]


def test_the_legacy_command_knows_secrets_and_clusters(live: Live) -> None:
    command(live, "secrets", "create-scope", "--scope", "legacy")
    command(live, "secrets", "put", "--scope", "legacy", "--key", "k", "--string-value", "v")

    assert "k" in command(live, "secrets", "list", "--scope", "legacy")
    assert "RUNNING" in command(live, "clusters", "list")
    assert "spark" in command(live, "clusters", "spark-versions").lower()


def test_everything_is_still_there_after_a_restart(tmp_path: Path) -> None:
    live = Live(tmp_path / "home").start()
    client = client_of(live, live.credentials["token"])
    client.secrets.create_scope("s")
    client.secrets.put_secret("s", "k", string_value="v")
    cluster_id = client.clusters.create_and_wait(spark_version="x", cluster_name="kept").cluster_id
    handle = client.dbfs.create("/half.txt").handle
    assert cluster_id is not None
    assert handle is not None
    client.dbfs.add_block(handle, coded("be"))

    try:
        live.kill()
        live.start()
        client = client_of(live, live.credentials["token"])
        client.dbfs.add_block(handle, coded("fore"))
        client.dbfs.close(handle)

        assert decoded(client.secrets.get_secret("s", "k").value) == "v"
        assert client.clusters.get(cluster_id).cluster_name == "kept"
        assert client.dbfs.download("/half.txt").read() == b"before"
    finally:
        live.close()

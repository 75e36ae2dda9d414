"""DBFS and volumes, as clients use them, against a real server."""

from __future__ import annotations

import base64
import io
import os
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
from databricks_live import workspace_client
from live import Live

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

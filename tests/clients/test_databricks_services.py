"""An unmodified databricks-sdk against a live server: everything around jobs."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
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
from databricks.sdk.service.workspace import AclPermission
from databricks_live import legacy_output
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


def test_the_description_is_there_for_everybody(live: Live) -> None:
    connection = HTTPConnection(urlsplit(live.url).netloc)

    connection.request("GET", "/openapi/databricks.json")
    described = json.loads(connection.getresponse().read())

    connection.close()
    assert described["paths"]["/api/2.2/jobs/runs/get"]["get"]["operationId"] == "getJobRun"


def test_a_request_may_name_its_whole_address_as_through_a_proxy(live: Live) -> None:
    connection = HTTPConnection(urlsplit(live.url).netloc)
    target = "http://workspace.example/api/2.1/jobs/list?limit=1"

    connection.request("GET", target, headers={"Authorization": f"Bearer {live.credentials['token']}"})
    answer = connection.getresponse()

    assert answer.status == 200
    assert json.loads(answer.read())["has_more"] is False
    connection.close()


def test_what_a_stranger_uploads_is_not_kept(live: Live) -> None:
    stranger = client_of(live, "dapi0123")

    with pytest.raises(PermissionDenied):
        stranger.api_client.do("PUT", "/api/2.0/fs/files/Volumes/c/s/v/strange.bin", data=bytes(1024 * 1024))

    assert not (live.home / "volumes/c/s/v/strange.bin").exists()
    assert not list((live.home / "spool").glob("*"))


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


def test_the_legacy_command_knows_secrets_and_clusters(live: Live) -> None:
    legacy_output(live, "secrets", "create-scope", "--scope", "legacy")
    legacy_output(live, "secrets", "put", "--scope", "legacy", "--key", "k", "--string-value", "v")

    assert "k" in legacy_output(live, "secrets", "list", "--scope", "legacy")
    assert "RUNNING" in legacy_output(live, "clusters", "list")
    assert "spark" in legacy_output(live, "clusters", "spark-versions").lower()


def test_everything_is_still_there_after_a_restart(tmp_path: Path) -> None:
    live = Live(tmp_path / "home", settings="preload = []\n").start()
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

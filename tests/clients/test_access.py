"""What a viewer, an operator and an administrator may do, each with unmodified clients of every language."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from access_live import People
from botocore.exceptions import ClientError
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PermissionDenied, Unauthenticated
from live import Live

ROLES = ("viewer", "operator", "admin")
SCRIPT = {"script": {"name": "hello.py", "source": "print('hello')"}}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server of one's own."""
    cloud = '[connections.cloud]\nservice = "databricks"\nurl = "http://127.0.0.1:9"\ntoken = "of the owner"\n'
    server = Live(tmp_path_factory.mktemp("access") / "home", settings=cloud).start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def people(live: Live) -> People:
    return People(live)


@pytest.fixture(scope="module")
def tokens(people: People) -> dict[str, dict[str, Any]]:
    """A token of a user of each role, by the role."""
    for role in ROLES:
        people.add(role, role) if role != "admin" else people.add("chief", role)
    return {role: people.token("chief" if role == "admin" else role) for role in ROLES}


def refused(call: Any) -> dict[str, str]:
    """Return the error of a call that boto3 made."""
    with pytest.raises(ClientError) as caught:
        call()
    return dict(caught.value.response["Error"])


def databricks(live: Live, token: str) -> WorkspaceClient:
    return WorkspaceClient(host=live.url, token=token, auth_type="pat")


def sql(live: Live, user: str, password: str, database: str = "default") -> psycopg.Connection[Any]:
    place = json.loads((live.home / "server.json").read_text())["pg"].rpartition("@")[2].partition("/")[0]
    return psycopg.connect(f"postgresql://{user}:{password}@{place}/{database}", autocommit=True)


# each language


def test_glue_refuses_a_viewer_in_awss_own_words(live: Live, people: People, tokens: dict[str, dict[str, Any]]) -> None:
    script = live.put_script("access.py", "print('hello')")
    job = {"Name": "access", "Role": "r", "Command": {"Name": "pythonshell", "ScriptLocation": script}}
    glue = people.boto3(tokens["viewer"], "glue")
    people.boto3(tokens["operator"], "glue").create_job(**job)

    assert [one["Name"] for one in glue.get_jobs()["Jobs"]] == ["access"]
    error = refused(lambda: glue.start_job_run(JobName="access"))
    assert error["Code"] == "AccessDeniedException"
    account = people.boto3(tokens["viewer"], "sts").get_caller_identity()["Account"]
    assert error["Message"].startswith(
        f"User: arn:aws:iam::{account}:user/viewer is not authorized to perform: glue:StartJobRun"
    )
    assert refused(lambda: glue.delete_job(JobName="access"))["Code"] == "AccessDeniedException"
    assert people.boto3(tokens["operator"], "glue").start_job_run(JobName="access")["JobRunId"].startswith("jr_")
    assert people.boto3(tokens["admin"], "glue").delete_job(JobName="access")["JobName"] == "access"


def test_s3_lets_a_viewer_read_and_an_operator_write(
    live: Live, people: People, tokens: dict[str, dict[str, Any]]
) -> None:
    del live
    writer, reader = (people.boto3(tokens[role], "s3") for role in ("operator", "viewer"))
    writer.create_bucket(Bucket="shelf")
    writer.put_object(Bucket="shelf", Key="a", Body=b"read me")

    assert reader.get_object(Bucket="shelf", Key="a")["Body"].read() == b"read me"
    for call in (
        lambda: reader.put_object(Bucket="shelf", Key="b", Body=b"x"),
        lambda: reader.delete_object(Bucket="shelf", Key="a"),
        lambda: reader.create_multipart_upload(Bucket="shelf", Key="c"),
        lambda: reader.delete_bucket(Bucket="shelf"),
    ):
        assert refused(call)["Code"] == "AccessDenied"
    assert [one["Key"] for one in reader.list_objects_v2(Bucket="shelf")["Contents"]] == ["a"]


def test_other_services_of_aws_refuse_too(live: Live, people: People, tokens: dict[str, dict[str, Any]]) -> None:
    del live
    iam, events = (people.boto3(tokens["viewer"], service) for service in ("iam", "events"))
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}

    assert refused(lambda: iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}"))["Code"] == "AccessDenied"
    assert refused(lambda: events.put_events(Entries=[entry]))["Code"] == "AccessDeniedException"
    assert iam.list_roles()["Roles"] == []
    assert "logGroups" in people.boto3(tokens["viewer"], "logs").describe_log_groups()


def test_databricks_refuses_a_viewer_and_tells_who_is_who(live: Live, tokens: dict[str, dict[str, Any]]) -> None:
    viewer, operator, admin = (databricks(live, tokens[role]["token"]) for role in ROLES)

    assert list(viewer.jobs.list()) == []
    with pytest.raises(PermissionDenied, match="createJob needs the role operator"):
        viewer.jobs.create(name="mine")
    with pytest.raises(PermissionDenied, match="getSecret needs the role operator"):
        viewer.secrets.get_secret("scope", "key")
    made = operator.jobs.create(name="mine")
    assert viewer.jobs.get(made.job_id or 0).creator_user_name == "operator"
    groups = [(client.current_user.me().groups or [])[0].display for client in (viewer, operator, admin)]
    assert groups == ["users", "users", "admins"]
    assert len({client.current_user.me().id for client in (viewer, operator, admin)}) == 3


def test_tokens_are_made_listed_and_revoked_as_databricks_clients_do(live: Live, people: People) -> None:
    people.add("dora", "operator")
    own = databricks(live, people.token("dora", role="viewer")["token"])
    made = own.tokens.create(comment="nightly", lifetime_seconds=600)
    assert made.token_info is not None
    fresh = databricks(live, made.token_value or "")

    assert fresh.current_user.me().user_name == "dora"
    with pytest.raises(PermissionDenied, match="good for viewer"):  # it cannot do more than what made it
        fresh.jobs.create(name="x")
    assert [one.comment for one in own.tokens.list()] == ["nightly", "test"]
    own.tokens.delete(made.token_info.token_id or "")
    with pytest.raises((PermissionDenied, Unauthenticated)):
        fresh.current_user.me()


def test_dremio_refuses_by_its_own_errors_and_logs_users_in(people: People) -> None:
    password = people.add("eda", "operator")
    status, told = people.told("POST", "/apiv2/login", "none", {"userName": "eda", "password": password})

    assert (status, told["userName"], told["admin"]) == (200, "eda", False)
    assert people.told("POST", "/api/v3/sql", told["token"], {"sql": "SELECT 1"})[0] == 200
    status, refusal = people.told("POST", "/api/v3/wlm/queue", told["token"], {"name": "own"})
    assert status == 403
    assert refusal["errorMessage"].startswith("createQueue needs the role admin")
    people.role("eda", "viewer")
    assert people.told("POST", "/api/v3/sql", told["token"], {"sql": "SELECT 1"})[0] == 403
    status, told = people.told("POST", "/apiv2/login", "none", {"userName": "eda", "password": "wrong one"})
    assert (status, told["errorMessage"]) == (401, "Login failed: the user name or the password is wrong.")


def test_arrow_flight_refuses_too(live: Live, tokens: dict[str, dict[str, Any]]) -> None:
    flight = pytest.importorskip("pyarrow.flight")
    client = flight.FlightClient(json.loads((live.home / "server.json").read_text())["flight"])

    def rows(role: str) -> Any:
        header = client.authenticate_basic_token(role, tokens[role]["token"])
        options = flight.FlightCallOptions(headers=[header])
        found = client.get_flight_info(flight.FlightDescriptor.for_command(b"SELECT 1 AS a"), options)
        return client.do_get(found.endpoints[0].ticket, options).read_all().to_pylist()

    with pytest.raises(flight.FlightUnauthorizedError, match="needs the role operator"):
        rows("viewer")
    assert rows("operator") == [{"a": 1}]


def test_our_own_language_and_the_command_line_refuse(
    live: Live, people: People, tokens: dict[str, dict[str, Any]]
) -> None:
    status, told = people.told("POST", "/runyard/v1/runs", tokens["viewer"]["token"], SCRIPT)
    assert (status, told["error"]) == (403, "forbidden")
    assert people.told("POST", "/runyard/v1/runs", tokens["operator"]["token"], SCRIPT)[0] == 201

    def command(role: str, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "RUNYARD_TOKEN": tokens[role]["token"]}
        line = [sys.executable, "-m", "runyard.cli.main", *words, "--url", live.url]
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert command("viewer", "runs", "list").returncode == 0
    listed = command("operator", "users", "list")
    assert listed.returncode == 1
    assert "GET /users needs the role admin" in listed.stderr
    made = json.loads(command("viewer", "tokens", "create", "--name", "own", "--expires", "1d", "--json").stdout)
    assert people.told("GET", "/runyard/v1/me", made["token"])[1]["role"] == "viewer"
    assert command("viewer", "tokens", "create", "--user", "operator").returncode == 1
    assert command("viewer", "tokens", "revoke", str(made["id"])).stdout == f"revoked token {made['id']}\n"
    assert people.told("GET", "/runyard/v1/me", made["token"])[0] == 401
    users = json.loads(command("admin", "users", "list", "--json").stdout)
    assert {"viewer", "operator", "chief", "admin"} <= {one["name"] for one in users}


def test_the_command_line_manages_users_of_a_home(live: Live, people: People) -> None:
    def command(*words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "runyard.cli.main", *words, "--home", str(live.home)]
        return subprocess.run(line, input=said, capture_output=True, text=True, timeout=60, check=False)

    def told(*words: str, said: str = "") -> Any:
        done = command(*words, "--json", said=said)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    made = told("users", "add", "lea", "--role", "viewer", "--workspace", "sales")
    assert (made["roles"], made["has_password"], len(made["password"])) == ({"sales": "viewer"}, True, 16)
    assert told("users", "role", "lea", "operator")["roles"] == {"sales": "viewer", "*": "operator"}
    assert told("users", "role", "lea", "none", "--workspace", "sales")["roles"] == {"*": "operator"}
    assert "password" not in told("users", "password", "lea", "--password-stdin", said="of her own\n")
    login = {"userName": "lea", "password": "of her own"}
    assert people.told("POST", "/apiv2/login", "none", login)[0] == 200
    assert told("users", "disable", "lea")["is_enabled"] is False
    assert people.told("POST", "/apiv2/login", "none", login)[0] == 401
    assert told("users", "enable", "lea")["is_enabled"] is True
    token = told("tokens", "create", "--user", "lea", "--name", "ci", "--role", "viewer")
    assert [one["id"] for one in told("tokens", "list", "--user", "lea")] == [token["id"]]
    table = command("users", "list").stdout.splitlines()
    assert table[0].split() == ["NAME", "ROLES", "STATE", "PASSWORD", "CREATED"]
    assert command("users", "remove", "lea").stdout == "removed user lea\n"
    assert people.told("GET", "/runyard/v1/me", token["token"])[0] == 401
    for words, text in (
        (("users", "add", "a b"), "Invalid user name 'a b'"),
        (("users", "add", "lou", "--role", "admin", "--workspace", "sales"), "an administrator is one of the whole"),
        (("users", "disable", "admin"), "owner of this server's home"),
        (("tokens", "create", "--user", "nobody"), "User nobody not found."),
        (("users", "password", "admin"), "owner of this server's home"),
    ):
        wrong = command(*words)
        assert (wrong.returncode, wrong.stdout) == (1, "")
        assert text in wrong.stderr
    assert command("users", "add", "lou", "--no-password", "--password-stdin").returncode == 2
    assert command("tokens", "create", "--expires", "soon").returncode == 2


def test_a_password_is_known_beside_its_name_by_every_client_of_http(live: Live, people: People) -> None:
    password = people.add("gil", "viewer")

    def status(user: str, secret: str) -> int:
        known = base64.b64encode(f"{user}:{secret}".encode()).decode()
        line = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H", f"Authorization: Basic {known}"]
        told = subprocess.run([*line, f"{live.url}/runyard/v1/me"], capture_output=True, text=True, check=True)
        return int(told.stdout)

    assert (status("gil", password), status("gil", "x" * 12), status("operator", password)) == (200, 401, 401)


# SQL


def test_sql_is_read_by_a_viewer_and_changes_nothing(
    live: Live, people: People, tokens: dict[str, dict[str, Any]]
) -> None:
    people.told("POST", "/runyard/v1/runs", tokens["operator"]["token"], SCRIPT)
    with sql(live, "viewer", tokens["viewer"]["token"]) as viewer:
        (counted,) = viewer.execute("SELECT count(*) FROM runyard.ledger.runs").fetchall()
        assert counted[0] > 0
        for statement in (
            "CREATE VIEW mine AS SELECT 1 AS a",
            "DROP VIEW IF EXISTS mine",
            "DELETE FROM databricks_workspace.workflows.jobs WHERE job_id = 1",
            "INSERT INTO databricks_workspace.workflows.jobs (name) SELECT 'x'",
            "SELECT * FROM (EXEC databricks_workspace.workflows.jobs.runnow @job_id='1') AS r",
            "EXEC aws.glue.jobs.start_job_run @JobName = 'any'",
            "NATIVEQUERY 'SELECT * FROM token'",
        ):
            with pytest.raises(psycopg.Error) as caught:
                viewer.execute(statement.encode())
            assert caught.value.sqlstate == "42501", statement
    with sql(live, "operator", tokens["operator"]["token"]) as operator:
        operator.execute("CREATE VIEW mine AS SELECT 1 AS a")
        assert operator.execute("SELECT a FROM mine").fetchall() == [(1,)]
        operator.execute("DROP VIEW mine")


def test_other_services_are_asked_with_the_owners_keys_by_operators_only(
    live: Live, tokens: dict[str, dict[str, Any]]
) -> None:
    asked = b"SELECT job_id FROM databricks_workspace.workflows.jobs WHERE deployment_name = 'cloud'"
    states = {}
    for role in ("viewer", "operator"):
        with sql(live, role, tokens[role]["token"]) as connection:
            connection.execute("SET statement_timeout = '2s'")
            with pytest.raises(psycopg.Error) as caught:
                connection.execute(asked)
            states[role] = caught.value.sqlstate

    assert states["viewer"] == "42501"
    assert states["operator"] in {"08006", "57014"}  # nothing answers there


def test_the_consoles_sql_acts_for_whoever_asks(people: People, tokens: dict[str, dict[str, Any]]) -> None:
    text = "SELECT 1; CREATE VIEW mine AS SELECT 1 AS a"

    def outcome(role: str) -> list[str | None]:
        line = ["curl", "-s", "-H", f"Authorization: Bearer {tokens[role]['token']}", "-d", json.dumps({"text": text})]
        told = subprocess.run([*line, f"{people.live.url}/console/v1/sql/runs"], capture_output=True, check=True)
        run = json.loads(told.stdout)
        while run["state"] not in {"done", "failed"}:
            run = people.told("GET", f"/console/v1/sql/runs/{run['id']}", tokens[role]["token"])[1]
        return [(one["error"] or {}).get("code") for one in run["statements"]]

    assert outcome("viewer") == [None, "42501"]
    assert outcome("operator") == [None, None]


def test_no_statement_reads_what_tokens_are_checked_with(live: Live, tokens: dict[str, dict[str, Any]]) -> None:
    with sql(live, "operator", tokens["operator"]["token"]) as operator:
        for table in ("token", "known_user", "main.token", "runyard.ledger.token"):
            with pytest.raises(psycopg.Error):
                operator.execute(f"SELECT * FROM {table}".encode())


def test_the_sql_port_takes_passwords_and_tokens_and_no_others(live: Live, people: People) -> None:
    password = people.add("hugo", "viewer")
    token = people.token("hugo")["token"]
    for secret in (password, token):
        with sql(live, "hugo", secret) as connection:
            assert connection.execute("SELECT current_user").fetchall() == [("hugo",)]
    for user, secret in (("hugo", "wrong"), ("nobody", password), ("admin", password)):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            sql(live, user, secret)
    people.disable("hugo")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        sql(live, "hugo", token)


# workspaces


def test_nobody_sees_another_workspace(live: Live, people: People, tokens: dict[str, dict[str, Any]]) -> None:
    password = people.add("sue", "operator", workspace="sales")
    token = people.token("sue", workspace="sales")
    ours, theirs = (people.boto3(one, "glue") for one in (tokens["viewer"], token))
    script = live.put_script("sales.py", "print('sales')")
    command = {"Name": "pythonshell", "ScriptLocation": script}
    theirs.create_job(Name="secret-sales", Role="r", Command=command)

    assert "secret-sales" not in [one["Name"] for one in ours.get_jobs()["Jobs"]]
    assert [one["Name"] for one in theirs.get_jobs()["Jobs"]] == ["secret-sales"]
    assert people.told("GET", "/runyard/v1/me", token["token"])[1]["workspace"] == "sales"
    status, told = people.told("POST", "/runyard/v1/tokens", token["token"], {"name": "x", "workspace": "default"})
    assert (status, told["error"]) == (403, "forbidden")
    with sql(live, "sue", password, "sales") as connection:
        assert connection.execute("SELECT name FROM runyard.ledger.jobs").fetchall() == [("secret-sales",)]
    with pytest.raises(psycopg.OperationalError, match='database "default" does not exist'):
        sql(live, "sue", password)
    with sql(live, "admin", live.credentials["password"], "sales") as connection:
        assert connection.execute("SELECT name FROM runyard.ledger.jobs").fetchall() == [("secret-sales",)]
    with pytest.raises(psycopg.OperationalError, match='database "nowhere" does not exist'):
        sql(live, "admin", live.credentials["password"], "nowhere")


JOB = """
import json, os, urllib.request, boto3
def call(method, path, body=None):
    headers = {"authorization": "Bearer " + os.environ["RUNYARD_TOKEN"], "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["RUNYARD_URL"] + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
names = [job["Name"] for job in boto3.client("glue").get_jobs()["Jobs"]]
told = call("GET", "/runyard/v1/me")[1]
print(json.dumps({
    "names": names, "workspace": told["workspace"], "role": told["role"],
    "users": call("GET", "/runyard/v1/users")[0],
    "token": call("POST", "/runyard/v1/tokens", {"name": "x"})[0],
    "revoke": call("DELETE", "/runyard/v1/tokens/1")[0],
    "password": call("POST", "/runyard/v1/users/admin/password")[0],
}))
"""


def test_a_job_acts_in_its_workspace_and_manages_nobody(live: Live, people: People) -> None:
    people.add("jo", "operator", workspace="lab")
    token = people.token("jo", workspace="lab")["token"]
    status, run = people.told("POST", "/runyard/v1/runs", token, {"script": {"name": "job.py", "source": JOB}})
    assert status == 201
    done = people.told("GET", f"/runyard/v1/runs/{run['id']}?wait_s=50", token)[1]
    log = people.told("GET", f"/runyard/v1/runs/{run['id']}/logs", token)[1]
    printed = "".join(piece["text"] for piece in log["pieces"] if piece["stream"] == "stdout")

    assert done["phase"] == "succeeded", log
    assert json.loads(printed) == {
        "names": [],
        "workspace": "lab",
        "role": "operator",
        "users": 403,
        "token": 403,
        "revoke": 403,
        "password": 403,
    }
    del live

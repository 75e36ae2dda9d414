"""The vendor's own SDK finds our dbutils in a job's process, unmodified."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from executing import Workshop, running_workshop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with running_workshop(tmp_path_factory.mktemp("sdk")) as shop:
        yield shop


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """Give a host that has nothing to say of itself, which is what a client asks first; from none it would wait."""
    with HTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Silent(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


CONTEXT: dict[str, Any] = {"parameters": {"day": "monday"}, "task_values": {"first": {"n": 3}}, "run_id": 1}

SCRIPT = """
from databricks.sdk.runtime import *
from databricks.sdk.runtime import dbutils, spark, is_local_implementation

print(is_local_implementation, dbutils.widgets.get("day"), getArgument("day"))
dbutils.jobs.taskValues.set("n", dbutils.jobs.taskValues.get("first", "n") + 1)
dbutils.fs.put("dbfs:/from/script.txt", "x")
print(spark.sql("select 40 + 2 as answer").collect()[0].answer)
display([{"a": 1}])
"""


def test_a_script_imports_dbutils_from_the_sdk(shop: Workshop) -> None:
    shop.write("dbfs:/script.py", SCRIPT)
    end = shop.run(1, "python_script", script="dbfs:/script.py", context=CONTEXT)

    assert end.message is None
    assert shop.yard.read(1) == "False monday monday\nWrote 1 bytes.\n42\na\n1\n"
    assert end.output == {"values": {"n": 4}}


def test_a_notebook_and_the_modules_it_imports_share_one_dbutils(shop: Workshop) -> None:
    module = (
        "from databricks.sdk.runtime import dbutils, display\n"
        "def show():\n"
        "    display([{'day': dbutils.widgets.get('day')}])\n"
        "    return dbutils\n"
    )
    shop.write("/Workspace/tests/beside.py", module)
    shop.write("/Workspace/tests/n.py", "# Databricks notebook source\nimport beside\nbeside.show() is dbutils\n")
    end = shop.run(2, "notebook", path="/Workspace/tests/n", context=CONTEXT)

    assert end.message is None
    (cell,) = shop.told(2, "notebook.json")["cells"]
    assert [result["data"] for result in cell["results"]] == [[["monday"]], "True"]


@pytest.mark.parametrize(("attempt_id", "version"), [(3, ""), (4, "16.4")])
def test_a_client_of_the_sdk_takes_host_and_token_from_the_environment(
    shop: Workshop, host: str, attempt_id: int, version: str
) -> None:
    variables = {"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": "t"}
    more = {"DATABRICKS_RUNTIME_VERSION": version} if version else {}
    script = (
        f"import os\nos.environ.update({variables | more})\n"
        "from databricks.sdk import WorkspaceClient\n"
        "client = WorkspaceClient()\n"
        "print(client.config.host, client.config.auth_type, client.config.authenticate())\n"
        "print(client.dbutils.widgets.get('day'))\n"
    )
    shop.write("dbfs:/client.py", script)
    end = shop.run(attempt_id, "python_script", script="dbfs:/client.py", context=CONTEXT)

    assert end.message is None
    assert shop.yard.read(attempt_id) == f"{host} pat {{'Authorization': 'Bearer t'}}\nmonday\n"

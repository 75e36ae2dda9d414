"""Sessions when their server is killed: the process goes on and waits for the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from live import Live
from ports import free_port
from waiting import until

ROLE = "arn:aws:iam::123456789012:role/runner"


def open_session(glue: Any, name: str) -> str:
    glue.create_session(Id=name, Role=ROLE, Command={"Name": "glueetl", "PythonVersion": "3"})
    until(lambda: glue.get_session(Id=name)["Session"]["Status"] == "READY")
    return name


def run(glue: Any, session: str, code: str) -> str:
    number = glue.run_statement(SessionId=session, Code=code)["Id"]

    def output() -> dict[str, Any]:
        found: dict[str, Any] = glue.get_statement(SessionId=session, Id=number)["Statement"].get("Output", {})
        return found

    until(output)
    return str(output()["Data"]["TextPlain"])


def test_a_session_goes_on_when_its_server_is_killed_and_keeps_what_it_knows(tmp_path: Path) -> None:
    # The same port again after a kill, as a server of somebody's own has it.
    server = Live(tmp_path / "home", arguments=("--port", str(free_port())), settings="grace_s = 1.0\n").start()
    try:
        session = open_session(server.client("glue"), "survivor")
        run(server.client("glue"), session, "kept = 'kept'")
        server.kill()
        server.start()

        assert run(server.client("glue"), session, "kept") == "'kept'\n"
    finally:
        server.close()

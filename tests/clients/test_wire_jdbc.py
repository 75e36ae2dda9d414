"""PostgreSQL's driver for Java, which DBeaver, DataGrip and Spark use."""

from __future__ import annotations

import subprocess
from pathlib import Path

from wire_live import RUNS, Wire, missing, program

DRIVER = Path("/usr/share/java/postgresql.jar")
PROGRAM = Path(__file__).parent / "WireByJdbc.java"


def test_java_finds_tables_and_reads_rows(wire: Wire, tmp_path: Path) -> None:
    told = _run(wire, tmp_path)

    assert told["product"] == "PostgreSQL"
    assert "databricks_workspace.jobs" in told["schemas"]
    assert told["tables"] == "[job_runs]"
    assert "task_runs" in told["views"]
    assert told["created_at"] == "timestamptz true"
    assert (told["keys"], told["foreign"], told["indexes"], told["functions"]) == ("[]", "[]", "[]", "[]")
    assert told["types"] == "true"
    assert told["prepared"] == str(RUNS * 8)
    assert told["sum"] == str(sum(range(3001)))
    assert (told["long"], told["text"], told["moment"], told["recent"]) == ("true",) * 4
    assert (told["state"], told["usable"]) == ("42P01", "true")


def _run(wire: Wire, folder: Path) -> dict[str, str]:
    javac = program("javac", "default-jdk-headless")
    if not DRIVER.exists():
        missing(f"{DRIVER} is not there; tools/install_clients installs Debian's libpostgresql-jdbc-java")
    subprocess.run([javac, "-d", str(folder), str(PROGRAM)], check=True, timeout=110)
    address = f"jdbc:postgresql://127.0.0.1:{wire.port}/default"
    done = subprocess.run(
        [
            *(program("java", "default-jre-headless"), "-cp", f"{folder}:{DRIVER}", "WireByJdbc"),
            *(address, "admin", wire.live.credentials["password"]),
        ],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import s3fs
from s3_server import ACCESS_KEY, SECRET, serving

from runyard.dialects.s3.edge import S3
from runyard.executors.mounts import Mounts

SLOW_S = 90  # the aws command takes seconds to start on a machine under load
# Its own entry point, once for each command: starting an interpreter for each would take most of the time.
AWS = """
import io, json, sys
from contextlib import redirect_stdout
from awscli.clidriver import create_clidriver
said = []
for arguments in json.loads(sys.argv[1]):
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) as out:
        status = create_clidriver().main(["s3", *arguments])
    out.seek(0)
    said.append(out.read())
    if status:
        sys.exit(status)
print(json.dumps(said))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "s3" / "data").mkdir(parents=True)
    return tmp_path / "s3"


@pytest.fixture
def url(root: Path) -> Iterator[str]:
    with serving(S3(Mounts({"s3://": root}))) as address:
        yield address


def aws(url: str, *commands: list[str]) -> list[str]:
    """Run the commands one after the other until one fails; gives what each printed."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
    }
    command = [sys.executable, "-c", AWS, json.dumps(commands)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SLOW_S, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_aws_command_copies_synchronises_lists_and_removes(url: str, root: Path, tmp_path: Path) -> None:
    (tmp_path / "here" / "deep").mkdir(parents=True)
    (tmp_path / "here" / "a.txt").write_text("a")
    (tmp_path / "here" / "deep" / "b b.txt").write_text("b")
    (tmp_path / "here" / "big").write_bytes(os.urandom(9 * 1024 * 1024))

    sync = ["sync", str(tmp_path / "here"), "s3://data/there"]

    first, again, listed, *_ = aws(
        url,
        sync,
        sync,
        ["ls", "s3://data/there/"],
        ["cp", "s3://data/there/deep/b b.txt", "s3://data/copy.txt"],
        ["sync", "s3://data/there", str(tmp_path / "back")],
    )

    assert "deep/b b.txt" in first
    assert again == ""
    assert [line.split()[-1] for line in listed.splitlines()] == ["deep/", "a.txt", "big"]
    assert tree(root / "data" / "there") == tree(tmp_path / "here") == tree(tmp_path / "back")
    assert (root / "data" / "copy.txt").read_text() == "b"
    aws(url, ["rm", "--recursive", "s3://data/there"], ["mb", "s3://other"], ["rb", "s3://other"])
    assert tree(root / "data") == {"copy.txt": b"b"}


def test_pandas_reads_and_writes_through_s3fs(url: str, root: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    files = s3fs.S3FileSystem(key=ACCESS_KEY, secret=SECRET, client_kwargs={"endpoint_url": url})

    with files.open("data/out/frame.csv", "w") as target:
        frame.to_csv(target, index=False)
    with files.open("data/out/frame.csv") as source:
        back = pd.read_csv(source)

    assert (root / "data" / "out" / "frame.csv").read_text() == "a,b\n1,x\n2,y\n"
    assert back.equals(frame)
    assert files.ls("data/out") == ["data/out/frame.csv"]
    assert files.exists("data/out")
    files.rm("data/out", recursive=True)
    assert not files.exists("data/out/frame.csv")

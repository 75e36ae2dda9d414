"""Commands of the shell in a notebook, whose output is shown while it comes."""

from __future__ import annotations

import codecs
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence

CHUNK = 65_536


class CommandFailed(Exception):
    """A command ended with another status than 0."""


def run_shell(code: str) -> None:
    """Run a cell of shell commands; only with `-e` does a failing one fail the cell, as the vendor does."""
    first, _, rest = code.partition("\n")
    strict = first.split()[:1] == ["-e"]
    text = f"{first.strip().removeprefix('-e')}\n{rest}" if strict else code
    shell = shutil.which("bash") or "/bin/sh"
    status = run_command([shell, *(["-e"] if strict else []), "-c", text])
    if status and strict:
        raise CommandFailed(f"The shell ended with {described(status)}.")
    if status:
        sys.stdout.write(f"The shell ended with {described(status)}.\n")


def run_command(command: Sequence[str]) -> int:
    """Run a command, show what it prints, and return its status."""
    import subprocess  # noqa: PLC0415 - most notebooks run no command, and it brings threading along

    sys.stdout.flush()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as running:
        assert running.stdout  # noqa: S101 - for mypy: it is a pipe
        while data := os.read(running.stdout.fileno(), CHUNK):
            sys.stdout.write(decoder.decode(data))
    return running.returncode


def words(text: str) -> list[str]:
    """Return a line's words as the shell would part them."""
    return shlex.split(text)


def described(status: int) -> str:
    """Say how a command ended."""
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"

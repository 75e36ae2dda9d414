"""Virtual environments of the packages that jobs name: made once per distinct set, shared by all who name it.

What only installing needs is imported late: subprocess brings threading, whose hooks every fork of a warm child would
have to run, and hashlib and shutil bring libraries whose mappings every fork would have to copy.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runyard.executors.launcher.preparation import InstallationFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runyard.executors.launcher.order import Order

TOLD_BY_PIP = b"ERROR: "

# Asked of the interpreter itself: its version, and where the packages lie that must stay visible.
DESCRIBE = "import site, sys; print(sys.version, sys.prefix, sep='\\n'); print(*site.getsitepackages(), sep='\\n')"
SEE_ALSO = "import site; site.addsitedir({!r})\n"


def parted(package: str) -> tuple[str, str]:
    """Return a package and the extras behind it: `/x.whl[a,b]` is `/x.whl` and `[a,b]`."""
    name, bracket, extras = package.rpartition("[")
    return (name, bracket + extras) if bracket and extras.endswith("]") else (package, "")


def interpreter_with(order: Order, python: str) -> str:
    """Return the interpreter of an environment that has the order's packages, making it if nobody has."""
    described = _output([python, "-c", DESCRIBE], order)
    folder = Path(order.environments) / _key(described, order)
    made = folder / "complete"
    if not made.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _only_maker(folder):
            if not made.exists():
                _make(folder, order, python=python, site_packages=described.splitlines()[2:])
                made.touch()
    return str(folder / "bin" / "python")


def _key(described: str, order: Order) -> str:
    import hashlib  # noqa: PLC0415 - late, as said at the top

    digest = hashlib.sha256(described.encode())
    for package in sorted(order.packages):
        digest.update(f"\0{package}".encode())
        path = Path(parted(package)[0])
        if path.is_file():  # a wheel is what it holds, under whatever name
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for option in order.package_options:
        digest.update(f"\0\0{option}".encode())
    return digest.hexdigest()[:32]


@contextlib.contextmanager
def _only_maker(folder: Path) -> Iterator[None]:
    """Keep others off while we make the folder; a maker that dies lets go of it."""
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another run is installing the same packages; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(folder: Path, order: Order, *, python: str, site_packages: list[str]) -> None:
    # Made where it will stay, because installed commands name their interpreter by its path. Without the file
    # `complete`, which comes last, nobody uses it and the next maker begins anew.
    import shutil  # noqa: PLC0415 - late, as said at the top

    shutil.rmtree(folder, ignore_errors=True)
    _say(f"Installing {', '.join(order.packages)}")
    _output([python, "-I", "-m", "venv", "--without-pip", str(folder)], order)
    own = next(folder.glob("lib/python*/site-packages"))
    lines = (SEE_ALSO.format(each) for each in site_packages)
    (own / "_preinstalled.pth").write_text("".join(lines), encoding="utf-8")
    _install(folder, order)


def _install(folder: Path, order: Order) -> None:
    # -P: the job's script, which lies where this runs, is no part of pip, whatever its name.
    command = [sys.executable, "-P", "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    command += ["--no-input", "--disable-pip-version-check", *order.package_options, *order.packages]
    complaints: list[bytes] = []
    import subprocess  # noqa: PLC0415 - late, as said at the top

    with subprocess.Popen(command, env=order.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pip:
        for line in pip.stdout or ():
            os.write(1, line)
            if line.startswith(TOLD_BY_PIP):
                complaints.append(line.removeprefix(TOLD_BY_PIP))
    if pip.returncode:
        raise _failed(order, complaints[-1] if complaints else f"pip ended with {pip.returncode}".encode())


def _output(command: list[str], order: Order) -> str:
    """Return what the command prints; it runs in the job's own environment."""
    import subprocess  # noqa: PLC0415 - late, as said at the top

    try:
        done = subprocess.run(command, env=order.environment, capture_output=True, check=False)
    except OSError as error:
        raise _failed(order, str(error).encode()) from error
    if done.returncode:
        raise _failed(order, (done.stderr or done.stdout).rstrip().splitlines()[-1])
    return done.stdout.decode()


def _failed(order: Order, reason: bytes) -> InstallationFailed:
    wanted = ", ".join(order.packages)
    return InstallationFailed(f"Could not install {wanted}: {reason.decode(errors='replace').strip()}")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())

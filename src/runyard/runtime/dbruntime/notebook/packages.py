"""`%pip`: packages for this notebook alone, in an environment inside its attempt's folder."""

from __future__ import annotations

import importlib
import os
import site
import sys
from pathlib import Path

from .shell import CommandFailed, described, run_command, words

NOTE = (
    "Note: you may need to restart the kernel using %restart_python or dbutils.library.restartPython() to use updated "
    "packages.\n"
)
SEE_ALSO = "import site; site.addsitedir({!r})\n"


def pip(folder: Path | None, line: str) -> None:
    """Carry out a command of pip; what it installs can be imported at once."""
    if folder is None:
        raise RuntimeError("%pip needs the folder of an attempt: it works in runs of notebooks.")
    environment = folder / "environment"
    if not environment.exists():
        _make(environment)
    python = environment / "bin" / "python"
    given = words(line)
    options = ["--disable-pip-version-check", "--no-input"]
    # -P: what lies beside the notebook is no part of pip, whatever its name.
    status = run_command([sys.executable, "-P", "-m", "pip", "--python", str(python), *options, *given])
    if status:
        raise CommandFailed(f"pip {' '.join(given)} ended with {described(status)}; see its output.")
    use(environment)
    if given[:1] == ["install"]:
        sys.stdout.write(NOTE)


def _make(environment: Path) -> None:
    """Make an environment that sees all that this interpreter does."""
    status = run_command([sys.executable, "-I", "-m", "venv", "--without-pip", str(environment)])
    if status:
        raise CommandFailed(f"The environment for %pip could not be made: venv ended with {described(status)}.")
    lines = (SEE_ALSO.format(each) for each in site.getsitepackages())
    (_packages_of(environment) / "_preinstalled.pth").write_text("".join(lines), encoding="utf-8")


def use(environment: Path) -> None:
    """Import from an environment before all others, and run its commands before others."""
    commands = str(environment / "bin")
    known = os.environ.get("PATH", os.defpath)
    if commands not in known.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([commands, known])
    before = list(sys.path)
    site.addsitedir(str(_packages_of(environment)))
    new = [each for each in sys.path if each not in before]
    sys.path[:] = [*before[:1], *new, *before[1:]]  # behind the notebook's own folder
    importlib.invalidate_caches()


def _packages_of(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))

"""Lines of Python cells that begin with % or !."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from . import packages, shell

if TYPE_CHECKING:
    from .runner import Runner

IN_VAIN = frozenset({"matplotlib", "load_ext", "reload_ext", "autoreload", "config", "pylab"})
"""What changes nothing in a job: pictures are shown anyway, and no file changes under a run."""


class UnknownMagic(Exception):
    """A line begins with a word that has no meaning here."""


def run_magic(runner: Runner, word: str, rest: str) -> Any:
    """Carry out a line."""
    if word in IN_VAIN:
        return None
    if word not in MAGICS:
        known = ", ".join(f"%{each}" for each in sorted(MAGICS) if each != "!")
        raise UnknownMagic(f"The magic %{word} has no meaning here; known are {known} and !command.")
    return MAGICS[word](runner, rest)


def _shell(_: Runner, rest: str) -> None:
    shell.run_shell(rest)


def _pip(runner: Runner, rest: str) -> None:
    packages.pip(runner.session.facts.folder, rest)


def _restart(runner: Runner, _: str) -> NoReturn:
    runner.dbutils.library.restartPython()


def _conda(_: Runner, __: str) -> NoReturn:
    raise UnknownMagic("%conda is not supported here, as it no longer is by the vendor: use %pip.")


def _files(runner: Runner, rest: str) -> None:
    runner.run_files(rest)


def _include(runner: Runner, rest: str) -> None:
    runner.include(rest)


def _time(runner: Runner, rest: str) -> Any:
    begun, used = time.perf_counter(), time.process_time()
    value = runner.run_python(rest, "<%time>")
    sys.stdout.write(f"CPU times: {time.process_time() - used:.3g} s\nWall time: {time.perf_counter() - begun:.3g} s\n")
    return value


def _environment(_: Runner, rest: str) -> Any:
    if not rest:
        return dict(os.environ)
    name, sign, value = rest.partition("=")
    if not sign:
        return os.environ.get(name.strip())
    os.environ[name.strip()] = value.strip()
    return None


def _go(_: Runner, rest: str) -> str:
    os.chdir(rest.strip() or os.path.expanduser("~"))  # noqa: PTH111 - as a shell would
    return os.getcwd()  # noqa: PTH109 - as text


def _sql(runner: Runner, rest: str) -> None:
    runner.run_sql(rest)


MAGICS: Mapping[str, Callable[[Any, str], Any]] = {
    "!": _shell,
    "sh": _shell,
    "pip": _pip,
    "conda": _conda,
    "restart_python": _restart,
    "fs": _files,
    "run": _include,
    "sql": _sql,
    "time": _time,
    "env": _environment,
    "cd": _go,
}

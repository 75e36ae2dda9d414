"""Give a warm interpreter the state in which `python script.py` would find itself.

Modules with fork hooks (threading, logging, random) are asked for, never imported: in a bare zygote they are absent,
which spares every fork a fifth of the pages that it copies.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib.machinery
import io
import linecache
import locale
import os
import signal
import sys
import time
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO, cast

from runyard.executors.launcher import boot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Handler = Callable[[int, types.FrameType | None], object] | signal.Handlers
STREAMS = (("stdin", "r", "strict"), ("stdout", "w", "strict"), ("stderr", "w", "backslashreplace"))

# What Python itself sets at its start; every other signal has the system's default.
PYTHON_HANDLERS: dict[int, Handler] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGPIPE: signal.SIG_IGN,
    signal.SIGXFSZ: signal.SIG_IGN,
}
UNTOUCHABLE = {signal.SIGKILL, signal.SIGSTOP}

# An interpreter, a loader or a numeric library reads these once, when it starts: a warm one is past that.
READ_AT_START = ("PYTHON", "LD_", "DYLD_", "MALLOC_", "GLIBC_", "OMP_", "OPENBLAS_", "MKL_")
LOCALE = {"LANG", "LC_ALL", "LC_CTYPE"}
GENERATORS = ("random", "numpy.random")
READ_LATER = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONBREAKPOINT", "PYTHONDONTWRITEBYTECODE"}


def needs_fresh_one(wanted: Mapping[str, str], own: Mapping[str, str]) -> bool:
    """Tell whether a variable asks for something that only the start of an interpreter can give."""
    return any(
        name.startswith(READ_AT_START) and name not in READ_LATER and own.get(name) != value
        for name, value in wanted.items()
    )


def settle() -> None:
    """Undo what the start of our own program and its imports have done to this interpreter, once for all forks."""
    _reset_signals()
    _rebuild_streams()
    linecache.clearcache()
    if logging := sys.modules.get("logging"):
        logging.root.handlers.clear()
        logging.root.setLevel(logging.WARNING)
        logging.disable(logging.NOTSET)
    for name in [each for each in sys.modules if boot.is_own(each)]:
        del sys.modules[name]  # a job that imports runyard gets the installed one


def differ_from_siblings() -> None:
    """Draw the random numbers anew that a fork would share with its siblings."""
    gc.enable()
    for name in GENERATORS:
        if module := sys.modules.get(name):
            module.seed()
    if process := sys.modules.get("multiprocessing.process"):
        process.current_process().authkey = os.urandom(32)


def replace_environment(environment: Mapping[str, str]) -> None:
    """Make this the whole environment, and let those who read it early read it again."""
    gone = os.environ.keys() - environment.keys()
    new = {name for name, value in environment.items() if os.environ.get(name) != value}
    for name in gone:
        del os.environ[name]
    for name in new:
        os.environ[name] = environment[name]
    if "TZ" in gone | new:
        time.tzset()
    if environment.get("PYTHONUNBUFFERED"):
        cast("io.TextIOWrapper", sys.stdout).reconfigure(write_through=True)
    if tempfile := sys.modules.get("tempfile"):
        tempfile.tempdir = None  # type: ignore[attr-defined] # known at run time only
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    if LOCALE & (gone | new):
        _set_locale()


def _set_locale() -> None:
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")


def _reset_signals() -> None:
    """Unblock all signals and give each the handler it has in a new interpreter."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - UNTOUCHABLE:
        wanted = PYTHON_HANDLERS.get(number, signal.SIG_DFL)
        if signal.getsignal(number) is not wanted:
            signal.signal(number, wanted)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _rebuild_streams() -> None:
    """Make the standard streams anew on descriptors 0 to 2, written line by line so that a log is live."""
    for descriptor, (name, mode, errors) in enumerate(STREAMS):
        stream = _text_stream(descriptor, name, mode, errors=errors)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    faulthandler.enable(file=2)  # a crash in native code leaves its Python lines in stderr


def _text_stream(descriptor: int, name: str, mode: str, *, errors: str) -> TextIO:
    raw = io.FileIO(descriptor, mode, closefd=False)
    raw.name = f"<{name}>"
    buffered = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    stream = io.TextIOWrapper(buffered, encoding="utf-8", errors=errors, line_buffering=True)
    stream.mode = mode  # type: ignore[misc] # Python sets it on its own streams too
    return stream


def search_path(first: str, extra: Sequence[str]) -> list[str]:
    """Return the sys.path of a script started in `first`, with what the order puts before all else."""
    asked = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    rest = [each for each in sys.path if each and each not in asked]
    return [first, *extra, *asked, *rest]


def fresh_main(script: str) -> types.ModuleType:
    """Make the `__main__` that `python script` has and put it in the place of ours."""
    module = types.ModuleType("__main__")
    module.__dict__.update(
        __annotations__={},
        __builtins__=sys.modules["builtins"],
        __cached__=None,
        __file__=script,
        __loader__=importlib.machinery.SourceFileLoader("__main__", script),
    )
    sys.modules["__main__"] = module
    if process := sys.modules.get("multiprocessing.process"):
        # Where a spawned process of the script begins; it was noted when the module was imported, before the cwd.
        process.ORIGINAL_DIR = os.path.dirname(script)  # type: ignore[attr-defined] # known at run time only
    return module

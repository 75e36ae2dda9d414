"""The script of a session's process: asks for statements, runs them one after the other, tells what came of them."""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

from runyard_server import (  # type: ignore[import-not-found]  # beside this file, on the path of a job's process
    ServerAway,
    ServerRefused,
    ask,
)

WAIT_S = 20.0  # how long a question may wait for its answer
WITH_SPARK = "spark"
MOST_OUTPUT = 1024 * 1024  # characters of one statement


class Tee(io.TextIOBase):
    """What a statement prints: kept for its answer, and printed into the session's log as well."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._kept: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        """Keep as much as an answer may hold, and print all."""
        left = max(MOST_OUTPUT - self._size, 0)
        self._kept.append(text[:left])
        self._size += len(text)
        self._log.write(text)
        return len(text)

    def flush(self) -> None:
        """Print at once."""
        self._log.flush()

    def text(self) -> str:
        """Return what was kept, and say if there was more."""
        more = f"\n… {self._size - MOST_OUTPUT} characters more stand in the log." if self._size > MOST_OUTPUT else ""
        return "".join(self._kept) + more


def main() -> None:
    """Run statements until nobody has asked for any for long enough."""
    idle_s, kind = float(sys.argv.pop(1)), sys.argv.pop(1)
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__, **known(kind)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    until = time.monotonic() + idle_s
    while (left := until - time.monotonic()) > 0:
        try:
            statement = ask("/sessions/next", {}, wait_s=max(min(WAIT_S, left), 0.1))["statement"]
        except ServerAway:
            continue  # the next server finds the session as it is
        if statement is None:
            continue
        number = statement["number"]
        output = run(number, statement["code"], names)
        ask("/sessions/done", {"number": number, "output": output})
        until = time.monotonic() + idle_s


def known(kind: str) -> dict[str, Any]:
    """Return what statements find defined: in a session of Spark `spark` and `sc`, made with their first use."""
    if kind != WITH_SPARK:
        return {}
    from dbruntime.absent import spark_globals  # noqa: PLC0415 - beside this file, and only sessions of Spark want it

    found = spark_globals()
    return {name: found[name] for name in ("spark", "sc")}


def run(number: int, code: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a statement; return what it printed and the value of its last line, or what went wrong."""
    printed = Tee(sys.stdout)
    try:
        with contextlib.redirect_stdout(printed), interruptible(number):
            execute(f"<statement {number}>", code, names)
    except KeyboardInterrupt:
        return {"status": "cancelled"}
    except BaseException as error:  # noqa: BLE001 - whatever a statement raises is its own; the session goes on
        return failed(error, number)
    return {"status": "ok", "text": printed.text(), "count": number}


def execute(name: str, code: str, names: dict[str, Any]) -> None:
    """Run code; if its last line is an expression, print what it is, as a console does."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    tree = ast.parse(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)  # noqa: S102 - what a session is for
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), name, "eval"), names)  # noqa: S307 - as above
        if value is not None:
            names["_"] = value
            print(repr(value))  # noqa: T201 - as a console does


def failed(error: BaseException, number: int) -> dict[str, Any]:
    """Tell what went wrong, without the lines of this file."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != f"<statement {number}>":
        frames = frames.tb_next
    lines = traceback.format_exception(type(error), error, frames)
    sys.stderr.write("".join(lines))
    return {
        "status": "error",
        "name": type(error).__name__,
        "value": str(error)[:MOST_OUTPUT],
        "traceback": lines,
        "count": number,
    }


@contextlib.contextmanager
def interruptible(number: int) -> Iterator[None]:
    """Let the statement be interrupted when somebody cancels it; nothing after it ever is."""
    lock, running = threading.Lock(), [True]
    main_thread = threading.main_thread().ident or 0

    def watch() -> None:
        while running[0]:
            try:
                cancelled = ask("/sessions/cancelled", {"number": number}, wait_s=WAIT_S)["cancelled"]
            except ServerRefused:
                return
            with lock:
                if cancelled and running[0]:
                    running[0] = False
                    signal.pthread_kill(main_thread, signal.SIGINT)
                    return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with lock:
            running[0] = False


if __name__ == "__main__":
    main()

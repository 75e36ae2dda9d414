"""Carry out one order in the process that was made for it, and end that process."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from runyard.executors.launcher import boot, ends, interpreter, packages, preparation, system
from runyard.executors.launcher.cradle import Cradle, made_at
from runyard.executors.launcher.order import Order
from runyard.executors.launcher.preparation import PreparationFailed
from runyard.executors.launcher.wire import now_ms, pack, unpack

if TYPE_CHECKING:
    import types
    from collections.abc import Callable, Mapping

T = TypeVar("T")

EXCEPTION = 1
REST_S = 10.0  # the longest that a process may take to be ready for another order, or to end
UNWRITTEN_OUTPUT = 120  # Python's own exit code for a standard stream that cannot be flushed


def carry_out(order: Order, channel: socket.socket, cradle: Cradle | None) -> None:
    """Do all that the order says in this warm process, or in the interpreter that it becomes, and end that.

    It returns only if the order's process stays, and the order ended well: when its script's `rest()` has made ready
    what the next one needs, and has returned whether this process is as good as a new one. What such a script has to
    hand on, it leaves in `output`, which goes with the word of its end.
    """
    path = [*sys.path]
    script, text = _or_tell(channel, lambda: _prepare(order, channel, cradle))
    _run(order, channel, script, text)
    os.chdir("/")
    sys.path[:] = path


def rehearse(cradle: Cradle) -> None:
    """Do for nothing what an order needs, with an empty script.

    In a zygote often, so that what comes with first use (the compiler's own types, specialised bytecode) is made once
    for all its forks; in a child once, so that the memory this touches is its own before time counts.
    """
    path = [*sys.path]
    empty = Order(attempt_id=0, folder=cradle.folder, script=os.devnull, environment=dict(os.environ))
    order = Order.from_wire(unpack(pack(empty.to_wire())))
    script, text = preparation.lay_out(order)
    _execute(script, text, _become(order, script), "")
    sys.path[:] = path
    cradle.take_back(script)


def main(arguments: list[str]) -> None:
    """Go on with an order that a warm process has prepared for this interpreter."""
    descriptor, told, script = arguments
    order = Order.from_wire(unpack(preparation.read(told)))
    os.unlink(told)  # it holds the job's environment
    interpreter.settle()
    _run(order, socket.socket(fileno=int(descriptor)), script, preparation.read(script))
    os._exit(0)


def _or_tell(channel: socket.socket, step: Callable[[], T]) -> T:
    """Return what the step returns; if it fails, end the process with a word to the launcher."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001 - outermost: whatever it is, the run ends with its reason
        message = str(error) if isinstance(error, PreparationFailed) else ends.of_exception(error)
        category = getattr(error, "category", ends.PREPARATION)
        with contextlib.suppress(OSError):
            os.write(2, f"{message}\n".encode(errors="replace"))
            channel.sendall(pack({"kind": "failed", "message": message, "category": category}))
        os._exit(EXCEPTION)


def _prepare(order: Order, channel: socket.socket, cradle: Cradle | None) -> tuple[str, bytes]:
    made_at(order.folder, cradle).take_streams()
    script, text = preparation.lay_out(order)
    if order.packages or order.python or interpreter.needs_fresh_one(order.environment, os.environ):
        _continue_elsewhere(order, channel, script)
    return script, text


def _continue_elsewhere(order: Order, channel: socket.socket, script: str) -> NoReturn:
    python = order.python or sys.executable
    if order.packages:
        python = packages.interpreter_with(order, python)
    told = f"{order.folder}/order.json"
    os.close(os.open(told, os.O_WRONLY | os.O_CREAT, 0o600))
    preparation.write(pack(order.to_wire()), told)
    os.set_inheritable(channel.fileno(), True)
    command = boot.command(python, "runner", str(channel.fileno()), told, script)
    try:
        os.execve(python, command, order.environment)  # noqa: S606 - there is no shell to be fooled
    except OSError as error:
        os.unlink(told)
        raise PreparationFailed(f"The interpreter {python} cannot be started: {error.strerror}.") from error


def _run(order: Order, channel: socket.socket, script: str, text: bytes) -> None:
    module = _or_tell(channel, lambda: _become(order, script))
    _say(channel, "started")
    if order.stays:
        module.__dict__.update(tell_launcher=lambda kind: _say(channel, kind), context=order.context)
    else:
        channel.close()
    result = f"{order.folder}/result.json"
    exit_code = _execute(script, text, module, result)
    if order.stays and not exit_code and _rests(channel, module.__dict__):
        return
    os._exit(_finish(exit_code, result))


def _say(channel: socket.socket, kind: str, **more: object) -> None:
    with contextlib.suppress(OSError):  # a launcher that died meanwhile takes this process with it
        channel.sendall(pack({"kind": kind, "at": now_ms(), **more}))


def _rests(channel: socket.socket, script: Mapping[str, Any]) -> bool:
    """Tell that the order has ended well; return whether this process may take another."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        system.flush_native_streams()
    except (OSError, ValueError):
        return False  # the end of the process tells why
    _say(channel, "ended", output=script.get("output"))
    signal.setitimer(signal.ITIMER_REAL, REST_S)  # it kills: nobody has an order left that could be stopped
    is_as_new: bool = script["rest"]()
    if is_as_new:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return is_as_new


def _become(order: Order, script: str) -> types.ModuleType:
    interpreter.replace_environment(order.environment)
    preparation.set_limits(order.limits)
    sys.argv = [script, *order.argv]
    sys.orig_argv = [sys.executable, *sys.argv]
    sys.path[:] = interpreter.search_path(os.path.dirname(script), order.python_path)
    for name in order.begin:
        importlib.import_module(name)
    return interpreter.fresh_main(script)


def _execute(script: str, text: bytes, module: types.ModuleType, result: str) -> int:
    """Run the user's code as `__main__` and return the exit code that Python would."""
    own = os.getpid()
    try:
        exec(_compiled(text, script), module.__dict__)  # noqa: S102 - running the user's script is what this process is for
    except SystemExit as stop:
        return _exit_code(stop, result)
    except BaseException as error:  # noqa: BLE001 - outermost of the process: the interpreter's place
        _show(error.with_traceback(_user_frames(error.__traceback__)))
        if os.getpid() == own:  # and not a fork of it that the script let run to the end
            _write(result, ends.of_exception(error), ends.trace_of(error))
        return EXCEPTION
    return 0


def _compiled(text: bytes, script: str) -> types.CodeType:
    """Compile a script, unless it is the last one again, as where a process stays."""
    if _last.get("script") != (text, script):
        _last.update(script=(text, script), code=compile(text, script, "exec", dont_inherit=True))
    code: types.CodeType = _last["code"]
    return code


_last: dict[str, Any] = {}


def _exit_code(stop: SystemExit, result: str) -> int:
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    text = str(stop.code)
    _quietly(lambda: sys.stderr.write(f"{text}\n"))
    _write(result, text)
    return EXCEPTION


def _user_frames(frames: types.TracebackType | None) -> types.TracebackType | None:
    """Leave out the frames of this module, which stand above the script's own."""
    while frames and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return frames


def _show(error: BaseException) -> None:
    _quietly(lambda: sys.excepthook(type(error), error, error.__traceback__))


def _write(result: str, message: str, trace: str | None = None) -> None:
    found = {"message": ends.shortened(message, limit=ends.MESSAGE_LIMIT), "trace": trace}
    with contextlib.suppress(OSError), open(result, "w", encoding="utf-8") as file:
        json.dump(found, file)  # on a full disk the exit code still tells


def _finish(exit_code: int, result: str) -> int:
    """Do what Python does at its end, up to the finalisation, which only costs time."""
    if threading := sys.modules.get("threading"):
        _quietly(threading._shutdown)  # noqa: SLF001 - as multiprocessing does
    _quietly(atexit._run_exitfuncs)  # noqa: SLF001 - as multiprocessing does in its forks
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        system.flush_native_streams()
    except (OSError, ValueError) as error:
        _write(result, f"The output could not be written: {error}")
        return exit_code or UNWRITTEN_OUTPUT
    return exit_code


def _quietly(step: Callable[[], object]) -> None:
    """Show what goes wrong at the very end, and go on ending."""
    try:
        step()
    except BaseException:  # noqa: BLE001 - the interpreter's place: nothing above us could show it
        with contextlib.suppress(OSError, ValueError, AttributeError):
            traceback.print_exc()

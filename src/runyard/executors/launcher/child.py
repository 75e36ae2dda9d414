"""A process that waits, warm, for its order and then becomes the attempt."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from runyard.executors.launcher import cradle, interpreter, system
from runyard.executors.launcher.order import Order
from runyard.executors.launcher.runner import carry_out, rehearse
from runyard.executors.launcher.wire import messages, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OWN_DESCRIPTOR = 3
DESCRIPTORS_END = 1_048_576
PAUSE_S = 0.0001


@dataclass(frozen=True, kw_only=True)
class Home:
    """What the children of one zygote have in common."""

    launcher: int  # its pid
    cradles: str
    waits: str = ""  # "module:function:what" that each makes ready before it says that it is


def main(arguments: list[str]) -> None:
    """Be a child that the launcher has started itself, where or when no zygote does."""
    descriptor, launcher, cradles, runtime, *modules = arguments
    preload(modules, runtime=runtime)
    interpreter.settle()
    home = Home(launcher=int(launcher), cradles=cradles, waits=waits_of(modules))
    live(int(descriptor), home, born_of=0)


def preload(modules: Iterable[str], *, runtime: str) -> None:
    """Import what jobs are likely to import; what fails here will fail in the job that wants it, and be told."""
    sys.path.insert(0, runtime)  # for now: each order says what its job finds
    for name in modules:
        try:
            importlib.import_module(name.partition(":")[0])
        except (Exception, SystemExit):  # noqa: BLE001 - outermost: a module that breaks must not take the launcher's work along
            sys.stderr.write(f"{name} cannot be imported in advance:\n")
            traceback.print_exc()
    sys.path.remove(runtime)


def waits_of(modules: Iterable[str]) -> str:
    """Return what children are to make ready, if it stands among the modules: "module:function:what"."""
    return next((name for name in modules if ":" in name), "")


def live(descriptor: int, home: Home, *, born_of: int) -> NoReturn:
    """Wait for an order on this descriptor, keeping no other, and carry it out."""
    try:
        os.dup2(descriptor, OWN_DESCRIPTOR)
        os.closerange(OWN_DESCRIPTOR + 1, DESCRIPTORS_END)
        _become_child_of(home.launcher, born_of=born_of)
        interpreter.differ_from_siblings()
        own = _cradle(home, cradle.SCRIPT)
        if own:
            rehearse(own)
        system.name_process("runyard-child")
        if home.waits and own:
            module, function, what = home.waits.split(":", 2)
            getattr(sys.modules[module], function)(what, own.streams)
        channel = socket.socket(fileno=OWN_DESCRIPTOR)
        channel.sendall(_ready())
        os.setsid()  # not before: a child with its own session is a stray, unless the launcher has had its word
        for order in _orders(channel):
            own = _obey(order, channel, own, home)
        if own:
            own.remove()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - outermost: a fork must never return into what its parent was doing
        traceback.print_exc()
    finally:
        os._exit(1)


def _orders(channel: socket.socket) -> Iterator[Order]:
    with contextlib.suppress(ConnectionError):  # the line has ended while a word of ours was on its way
        for message in messages(channel):
            yield Order.from_wire(message)


def _obey(order: Order, channel: socket.socket, own: cradle.Cradle | None, home: Home) -> cradle.Cradle | None:
    """Carry an order out, and be ready for another if its process stays; as a rule it ends there."""
    system.name_process("runyard-job")
    carry_out(order, channel, own)
    system.name_process("runyard-child")
    own = _cradle(home)  # scripts of processes that stay are not copied there
    with contextlib.suppress(OSError):  # nobody wants another order carried out: the line has ended
        channel.sendall(_ready())
    return own


def _cradle(home: Home, *files: str) -> cradle.Cradle | None:
    """Make the folder of an attempt to come, also with the files that the program fills which is made ready for it."""
    program = sys.modules.get(home.waits.partition(":")[0])
    return cradle.made_in(home.cradles, (*files, *getattr(program, "FILES", ())))


def _ready() -> bytes:
    return pack({"kind": "ready", "pid": os.getpid()})


def _become_child_of(launcher: int, *, born_of: int) -> None:
    """Wait until the kernel has given us to the launcher, and tie our life to its."""
    while (parent := os.getppid()) != launcher:
        if parent != born_of:
            os._exit(0)  # the launcher is dead
        time.sleep(PAUSE_S)
    system.die_with_parent(signal.SIGKILL)
    if os.getppid() != launcher:
        os._exit(0)  # it died just before it was tied
    system.adopt_orphans()

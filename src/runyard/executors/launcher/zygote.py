"""An interpreter that has imported what jobs will want, and forks children from this state."""

from __future__ import annotations

import gc
import os
import signal
import socket

from runyard.executors.launcher import child, cradle, interpreter, system
from runyard.executors.launcher.child import Home
from runyard.executors.launcher.runner import rehearse

MOST_AT_ONCE = 32
REHEARSALS = 30  # until the interpreter has specialised what it runs; a fork that still does so copies pages


def main(arguments: list[str]) -> None:
    """Fork a child for each descriptor that comes in, until the launcher closes the channel."""
    descriptor, launcher, cradles, runtime, *modules = arguments
    system.name_process("runyard-zygote")
    system.die_with_parent(signal.SIGKILL)
    channel = socket.socket(fileno=int(descriptor))
    gc.disable()  # a collection would write to pages that all children share
    child.preload(modules, runtime=runtime)
    interpreter.settle()
    home = Home(launcher=int(launcher), cradles=cradles, waits=child.waits_of(modules))
    _rehearse(home)
    gc.freeze()
    while os.getppid() == home.launcher:
        wish, descriptors, _, _ = socket.recv_fds(channel, 1, MOST_AT_ONCE)
        if not wish:
            return
        _fork(descriptors, home)


def _rehearse(home: Home) -> None:
    if own := cradle.made_in(home.cradles):
        for _ in range(REHEARSALS):
            rehearse(own)
        own.remove()


def _fork(descriptors: list[int], home: Home) -> None:
    """Fork twice, so that the children lose their parent and the launcher, a subreaper, becomes it."""
    middle = os.fork()
    if not middle:
        _bear(descriptors, home)
    os.waitpid(middle, 0)
    for each in descriptors:
        os.close(each)


def _bear(descriptors: list[int], home: Home) -> None:
    middle = os.getpid()
    for each in descriptors:
        if not os.fork():
            child.live(each, home, born_of=middle)
    os._exit(0)

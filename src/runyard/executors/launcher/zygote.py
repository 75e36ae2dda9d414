"""An interpreter that has imported what jobs will want, and forks children from this state."""

from __future__ import annotations

import gc
import os
import signal
import socket

from runyard.executors.launcher import child, interpreter, system

MOST_AT_ONCE = 32
REHEARSALS = 30  # until the interpreter has specialised what it runs; a fork that still does so copies pages


def main(arguments: list[str]) -> None:
    """Fork a child for each descriptor that comes in, until the launcher closes the channel."""
    descriptor, launcher, runtime, *modules = arguments
    system.name_process("runyard-zygote")
    system.die_with_parent(signal.SIGKILL)
    channel = socket.socket(fileno=int(descriptor))
    gc.disable()  # a collection would write to pages that all children share
    child.preload(modules, runtime=runtime)
    interpreter.settle()
    line = interpreter.rehearsal()
    for _ in range(REHEARSALS):
        interpreter.rehearse(line)
    gc.freeze()
    while os.getppid() == int(launcher):
        wish, descriptors, _, _ = socket.recv_fds(channel, 1, MOST_AT_ONCE)
        if not wish:
            return
        _fork(descriptors, line, launcher=int(launcher))


def _fork(descriptors: list[int], line: bytes, *, launcher: int) -> None:
    """Fork twice, so that the children lose their parent and the launcher, a subreaper, becomes it."""
    middle = os.fork()
    if not middle:
        _bear(descriptors, line, launcher=launcher)
    os.waitpid(middle, 0)
    for each in descriptors:
        os.close(each)


def _bear(descriptors: list[int], line: bytes, *, launcher: int) -> None:
    middle = os.getpid()
    for each in descriptors:
        if not os.fork():
            child.live(each, line, launcher=launcher, born_of=middle)
    os._exit(0)

"""The launcher itself: one thread that hears of everything and does the next thing."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from typing import TYPE_CHECKING

from runyard.executors.launcher import ends, events, leftovers, tree
from runyard.executors.launcher.depth import is_too_deep
from runyard.executors.launcher.door import Connection, Door
from runyard.executors.launcher.events import ConnectionTaken, Ended, GoesOn, OfAttempt, Started, Waits
from runyard.executors.launcher.job import Job
from runyard.executors.launcher.journal import Journal
from runyard.executors.launcher.nurseries import Nurseries
from runyard.executors.launcher.nursery import Child, Settings
from runyard.executors.launcher.order import Order
from runyard.executors.launcher.wire import CHUNK, PROTOCOL, Garbage, Message, now_ms, pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from runyard.executors.launcher.places import Places

TICK_S = 1.0
LINGER_S = 300.0  # that a launcher without server and work stays


class Loop:
    """Takes orders, gives them to warm children, and sees each child to its end."""

    def __init__(self, places: Places, listener: socket.socket) -> None:
        self._places = places
        self._selector = selectors.DefaultSelector()
        self._journal = Journal(places.journal)
        self._nurseries = Nurseries(self._selector, cradles=places.cradles, on_ready=self._assign)
        self._door = Door(listener, self._selector, handle=self._handle)
        self._client: Connection | None = None
        self._waiting: dict[int, Order] = {}  # by attempt, as they came
        self._jobs: dict[int, Job] = {}  # by attempt
        self._attempts: dict[int, int] = {}  # by pid
        self._boot = tree.boot()
        self._next_tick = self._needed_at = time.monotonic()
        self._is_leaving = False
        self._verbs: dict[str, Callable[[Connection, Message], None]] = {
            "hello": self._greet,
            "start": self._start,
            "stop": self._stop,
            "acknowledge": self._acknowledge,
            "shut_down": self._shut_down,
        }
        self._words: dict[str, Callable[[Job, Message], None]] = {
            "failed": self._fail,
            "started": self._begin,
            "ended": self._let_rest,
            "ready": self._welcome_back,
            "waits": self._let_wait,
            "goes_on": self._go_on,
        }

    def run(self) -> None:
        """Serve until told to leave, or until nobody needs us any more."""
        self._end_leftovers()
        self._places.clear_cradles()
        self._watch_signals()
        while not self._is_leaving:
            for key, _ in self._selector.select(self._patience()):
                # What came before in this round may have closed what comes now.
                now = self._selector.get_map().get(key.fd)
                if now and now.data == key.data:
                    self._guarded(key.data)
            self._guarded(self._tend)
        self._leave()

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception:  # noqa: BLE001 - outermost loop: the jobs of all others hang on this process
            with contextlib.suppress(OSError):
                traceback.print_exc()

    def _patience(self) -> float:
        due = [at for job in self._jobs.values() if (at := job.due_at) is not None]
        return max(0.0, min([self._next_tick, *due]) - time.monotonic())

    def _tend(self) -> None:
        now = time.monotonic()
        for job in list(self._jobs.values()):
            if job.deadline is not None and job.deadline <= now:
                job.expire()
            if job.tell_at is not None and job.tell_at <= now:
                self._tell_start(job)
        if now >= self._next_tick:
            self._next_tick = now + TICK_S
            self._tick(now)
        self._assign()
        self._nurseries.refill(self._waiting.values())

    def _tick(self, now: float) -> None:
        for job in self._jobs.values():
            job.note_times()
        self._journal.flush()
        self._end_strays()
        if self._jobs or self._waiting or (self._client and self._client.is_open):
            self._needed_at = now
        if now - self._needed_at > LINGER_S or not self._places.folder.exists():
            self._is_leaving = not self._jobs

    # What clients ask.

    def _handle(self, connection: Connection, message: Message) -> None:
        try:
            self._verbs[message["do"]](connection, message)
        except (KeyError, TypeError, ValueError):
            traceback.print_exc()  # of a stranger or a newer version; to hang up would only have it come again

    def _greet(self, connection: Connection, message: Message) -> None:
        known = {"active": self._journal.active(), "ended": self._journal.ended()}
        connection.send({"kind": "snapshot", "pid": os.getpid(), "version": PROTOCOL, **known})
        if message["protocol"] != PROTOCOL:
            return  # the client decides what to do with us
        settings = Settings(**message["settings"])
        if self._client and self._client is not connection:
            self._client.send(events.to_wire(ConnectionTaken()))
            self._client.close()
        self._client = connection
        for entry in self._journal.told():
            connection.send(entry)
        for job in self._jobs.values():
            job.untold = job.tell_at = None  # it was among them
            if job.waits_since is not None:
                self._tell(Waits(attempt_id=job.order.attempt_id, at=job.waits_since))
        self._nurseries.use(settings)

    def _start(self, _: Connection, message: Message) -> None:
        order = Order.from_wire(message["order"])
        if order.attempt_id not in self._journal:
            self._journal.write("ordered", order.attempt_id, folder=order.folder)
            self._waiting[order.attempt_id] = order
            self._assign()

    def _stop(self, _: Connection, message: Message) -> None:
        attempt_id, cause = message["attempt_id"], message["cause"]
        if order := self._waiting.pop(attempt_id, None):
            self._end_unborn(order.attempt_id, cause, ends.of_cause(cause, timeout_ms=order.timeout_ms))
        elif job := self._jobs.get(attempt_id):
            job.stop(cause, grace_ms=message["grace_ms"])

    def _acknowledge(self, _: Connection, message: Message) -> None:
        if self._journal.entry(message["attempt_id"], "ended"):
            self._journal.write("acknowledged", message["attempt_id"])

    def _shut_down(self, *_: object) -> None:
        self._is_leaving = True

    # From order to child.

    def _assign(self) -> None:
        for attempt_id, order in list(self._waiting.items()):
            if child := self._nurseries.take(order):
                del self._waiting[attempt_id]
                self._give(order, child)
            elif self._nurseries.is_hopeless(order):
                del self._waiting[attempt_id]
                self._end_unborn(attempt_id, None, f"No process could be started; {self._places.log} tells why.")

    def _give(self, order: Order, child: Child) -> None:
        self._journal.write("given", order.attempt_id, pid=child.pid, birth=child.birth, boot=self._boot)
        try:
            child.channel.sendall(pack(order.to_wire()))
        except OSError:  # it died while it idled: the order is for the next one
            tree.send(child.pid, signal.SIGKILL)
            child.channel.close()
            self._waiting = {order.attempt_id: order, **self._waiting}
            return
        child.channel.setblocking(False)
        job = Job(order, child)
        self._jobs[order.attempt_id] = job
        self._attempts[child.pid] = order.attempt_id
        self._selector.register(child.channel, selectors.EVENT_READ, lambda: self._hear(job))

    def _hear(self, job: Job) -> None:
        """Take what the child says before user code runs; then it hangs up, unless it stays for another order."""
        channel = job.child.channel
        try:
            while data := channel.recv(CHUNK):
                for message in job.child.lines.feed(data):
                    self._take_word(job, message)
                if job.is_over:
                    return  # from now on the nursery listens
        except BlockingIOError:
            return
        except OSError:
            pass  # it died
        except Garbage as error:  # how its order has ended is not known, and it would tell nothing more
            job.failure = {"message": ends.UNREADABLE.format(why=error)}
            tree.send(job.pid, signal.SIGKILL)
        if channel.fileno() != -1:
            self._selector.unregister(channel)
            channel.close()

    def _take_word(self, job: Job, message: Message) -> None:
        self._words[message["kind"]](job, message)

    def _fail(self, job: Job, message: Message) -> None:
        job.failure = message

    def _begin(self, job: Job, message: Message) -> None:
        """Note a start; it is told a little later, for the end of a short job tells it too."""
        job.start(message["at"])
        job.untold = Started(attempt_id=job.order.attempt_id, pid=job.pid, at=message["at"])
        job.tell_at = time.monotonic() + job.order.quiet_ms / 1000
        self._journal.write(**events.to_wire(job.untold))

    def _tell_start(self, job: Job) -> None:
        if job.untold is not None:
            self._tell(job.untold)
        job.untold = job.tell_at = None

    def _let_wait(self, job: Job, message: Message) -> None:
        job.waits_since = message["at"]
        self._tell_start(job)
        self._tell(Waits(attempt_id=job.order.attempt_id, at=job.waits_since))

    def _go_on(self, job: Job, message: Message) -> None:
        self._tell(GoesOn(attempt_id=job.order.attempt_id, at=max(message["at"], job.waits_since or 0)))
        job.waits_since = None

    def _let_rest(self, job: Job, message: Message) -> None:
        """Record the end of an order whose process stays for another; one that is told to end, does."""
        if job.cause is None:
            output = message["output"] or {}
            if is_too_deep(output):
                raise Garbage("nested too deep")
            job.is_over, job.output = True, output
            self._end(job, 0)
            self._selector.unregister(job.child.channel)
            self._nurseries.take_back(job.child)

    def _welcome_back(self, job: Job, _: Message) -> None:
        """Hear in one breath with its order's end that the process is ready."""
        self._nurseries.welcome_back(job.child)

    # From child to end.

    def _watch_signals(self) -> None:
        ours, theirs = socket.socketpair()
        for each in (ours, theirs):
            each.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # the wakeup descriptor carries the number
        self._wakeup = theirs
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._take_signals(ours.recv(CHUNK)))

    def _take_signals(self, numbers: bytes) -> None:
        if signal.SIGTERM in numbers:
            self._is_leaving = True
        with contextlib.suppress(ChildProcessError):
            while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._see_off(dead.si_pid)
        self._end_strays()

    def _see_off(self, pid: int) -> None:
        if job := self._job_of(pid):
            self._hear(job)  # its last words may be that its order has ended
        self._places.clear_cradle(pid)  # until it is reaped, nobody else has its number, and another in this place
        if (job := self._job_of(pid)) is None:
            os.waitpid(pid, 0)
            self._nurseries.bury(pid)
            return
        # Until it is reaped, a dead child keeps its number, and its group's, from being anybody else's.
        tree.send(pid, signal.SIGKILL, group=True)
        self._end_strays()
        _, status = os.waitpid(pid, 0)
        self._nurseries.bury(pid)
        self._end(job, status)

    def _job_of(self, pid: int) -> Job | None:
        return self._jobs.get(self._attempts.get(pid, -1))

    def _end(self, job: Job, status: int) -> None:
        del self._attempts[job.pid], self._jobs[job.order.attempt_id]
        job.note_times()
        self._record(job.ended(status))

    def _end_strays(self) -> None:
        """Kill what ended jobs left: living children of ours that have another session and no order."""
        own, session = os.getpid(), os.getsid(0)

        def is_stray(process: tree.Process) -> bool:
            if process.parent != own or process.is_zombie or process.session == session or self._knows(process.pid):
                return False
            self._nurseries.listen()  # a child says that it is ready before it takes a session of its own
            return not self._knows(process.pid)

        if any((each := tree.look_up(pid)) and is_stray(each) for pid in tree.own_children() if not self._knows(pid)):
            tree.end_all(is_stray)

    def _knows(self, pid: int) -> bool:
        return pid in self._attempts or self._nurseries.has(pid)

    def _end_unborn(self, attempt_id: int, cause: str | None, message: str) -> None:
        category = None if cause else ends.PREPARATION
        self._record(Ended(attempt_id=attempt_id, at=now_ms(), cause=cause, message=message, category=category))

    def _record(self, event: Ended) -> None:
        """Tell an end and write it down; whoever is told what is lost here takes the first word for it."""
        self._tell(event)
        self._journal.write(**events.to_wire(event))

    def _tell(self, event: OfAttempt) -> None:
        if self._client:
            self._client.send(events.to_wire(event))

    def _end_leftovers(self) -> None:
        for attempt_id in self._journal.active():
            ordered = self._journal.entry(attempt_id, "ordered")
            given = self._journal.entry(attempt_id, "given")
            if given and ordered:
                leftovers.end_session(given, folder=ordered["folder"])
            self._lose(attempt_id)

    def _lose(self, attempt_id: int) -> None:
        started = self._journal.entry(attempt_id, "started")
        message = ends.of_cause(ends.LAUNCHER_LOST, timeout_ms=None)
        started_at = started["at"] if started else None
        self._record(
            Ended(
                attempt_id=attempt_id,
                at=max(now_ms(), started_at or 0),
                started_at=started_at,
                cause=ends.LAUNCHER_LOST,
                message=message,
            )
        )

    def _leave(self) -> None:
        for job in self._jobs.values():
            job.kill()
        for attempt_id in self._journal.active():
            self._lose(attempt_id)
        self._nurseries.empty()
        self._places.leave()
        sys.stderr.flush()

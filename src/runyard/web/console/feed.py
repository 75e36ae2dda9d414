"""Tells every open page which runs have changed: one thread reads them once, whoever listens."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, MutableMapping
from contextlib import suppress
from typing import Any

import msgspec

from runyard.core.ids import first_of, moment_of
from runyard.core.job import Workspace
from runyard.core.run import Run
from runyard.engine.engine import Engine, now_ms
from runyard.web.bodies import Receive, Send
from runyard.web.console.run_lines import run_lines

GATHER_S = 0.15  # how long changes are gathered before they are told: a busy server tells of a run once, not five times
ALIVE_S = 15.0  # how often a silent connection shows that it is one
OVERLAP_MS = 5_000  # told again to one who comes back: other servers' commits may be later than their events
MOST_WAITING = 64  # messages that a slow reader may leave lying; then it looks at everything again
AFRESH = b"event: afresh\ndata: {}\n\n"
STILL_HERE = b": still here\n\n"
LOOK = b""  # says nothing: whoever listens must see whether they still may
HEADERS = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))


class Reader:
    """One open page; what is put comes from another thread."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace_id = workspace.id
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    def tell(self, message: bytes | None) -> None:
        """Pass a message on; None: there will be no more."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._put, message)

    async def next(self) -> bytes | None:
        """Return the next message."""
        return await self._waiting.get()

    def _put(self, message: bytes | None) -> None:
        if self._waiting.qsize() >= MOST_WAITING:
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(AFRESH)
        self._waiting.put_nowait(message)


class Feed:
    """The readers, and what they have to be told."""

    def __init__(self, engine: Engine, *, version: str) -> None:
        self._engine = engine
        self._version = version
        self._readers: frozenset[Reader] = frozenset()
        self._changed: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None
        engine.listen(self._hear)
        engine.access.listen(self._have_all_look)

    async def serve(
        self, workspace: Workspace, last_id: str | None, receive: Receive, send: Send, *, may: Callable[[], bool]
    ) -> None:
        """Tell one page until it or the server leaves, or until it may no longer listen; first what it missed."""
        reader = Reader(workspace)
        self._join(reader)
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await _send(send, await asyncio.to_thread(self._first, workspace, last_id))
            while (message := await _next(reader, gone)) is not None and may():
                if message is not LOOK:
                    await _send(send, message)
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            with self._lock:
                self._readers -= {reader}

    def _join(self, reader: Reader) -> None:
        with self._lock:
            self._readers |= {reader}
            if self._thread is None:
                self._thread = threading.Thread(target=self._tell_forever, name="console-feed", daemon=True)
                self._thread.start()
        if self._engine.is_leaving:
            reader.tell(None)

    def _have_all_look(self) -> None:
        for reader in self._readers:
            reader.tell(LOOK)

    def _hear(self, run_ids: Collection[int]) -> None:
        if not run_ids:
            self._leaving.set()
        elif not self._readers:
            return
        with self._lock:
            self._changed.update(run_ids)
        self._wake.set()

    def _tell_forever(self) -> None:
        while not self._leaving.is_set():
            self._wake.wait()
            self._leaving.wait(GATHER_S)
            self._wake.clear()
            with self._lock:
                changed, self._changed = self._changed, set()
            self._tell(self._engine.runs_by_ids(changed))
        for reader in self._readers:
            reader.tell(None)

    def _tell(self, runs: Iterable[Run]) -> None:
        of: defaultdict[int, list[Run]] = defaultdict(list)
        for run in runs:
            of[run.workspace_id].append(run)
        messages = {workspace_id: self._message(those) for workspace_id, those in of.items()}
        for reader in self._readers:
            if reader.workspace_id in messages:
                reader.tell(messages[reader.workspace_id])

    def _first(self, workspace: Workspace, last_id: str | None) -> bytes:
        """Say which server this is, and what changed since the reader last heard."""
        hello = _event("hello", first_of(now_ms()), {"version": self._version})
        if last_id is None or not (last_id.isascii() and last_id.isdigit()):
            return hello
        since = first_of(moment_of(int(last_id[:18])) - OVERLAP_MS)
        missed = self._engine.runs_changed_since(since)
        if missed is None:
            return hello + AFRESH
        own = [run for run in missed if run.workspace_id == workspace.id]
        return hello + (self._message(own) if own else b"")

    def _message(self, runs: Collection[Run]) -> bytes:
        shown = run_lines(self._engine, [run for run in runs if run.is_listed])
        return _event("runs", first_of(max(run.updated_at for run in runs)), {"runs": shown})


def _event(kind: str, number: int, members: MutableMapping[str, Any]) -> bytes:
    return b"event: %b\nid: %d\ndata: %b\n\n" % (kind.encode(), number, msgspec.json.encode(members))


async def _next(reader: Reader, gone: asyncio.Task[None]) -> bytes | None:
    """Return the next message, or a sign of life; None once there is nobody to tell, or nobody who tells."""
    asked = asyncio.create_task(reader.next())
    await asyncio.wait({asked, gone}, timeout=ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
    if asked.done():
        return asked.result()
    asked.cancel()
    return None if gone.done() else STILL_HERE


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})

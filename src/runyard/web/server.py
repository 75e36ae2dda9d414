"""A running server: the engine, the application and the socket, from `runyard serve` to SIGTERM."""

from __future__ import annotations

import errno
import fcntl
import gc
import logging
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import uvicorn

from runyard.core.errors import InvalidRequest
from runyard.core.run import Run
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.seal import load_seal
from runyard.engine.settings import Settings, load_settings
from runyard.store.store import open_store
from runyard.web.app import App
from runyard.web.authentication import DEFAULT, Gate
from runyard.web.bodies import discard_unfinished
from runyard.web.claims import job_keys
from runyard.web.console.console import Console
from runyard.web.credentials import ADMINISTRATOR, load_credentials
from runyard.web.flight_wire import FlightWire, is_spoken
from runyard.web.heads import BoundedHeads
from runyard.web.job_environment import job_environment
from runyard.web.metrics import Metrics
from runyard.web.services import LANGUAGES, services
from runyard.web.sql_wire import SqlWire
from runyard.web.strangers import LOCAL_HOSTS
from runyard.web.woken import WokenProcess

log = logging.getLogger(__name__)

COLLECT_AFTER = (20_000, 20, 20)  # a call makes some hundred objects and leaves none behind
FLIGHT_PORT = 32010  # Dremio's
DRAIN_S = 30  # how long calls under way may take after SIGTERM
ADVICE: Mapping[int, str] = {
    errno.EADDRINUSE: "Another server may be using it: choose another {option}, or {option} 0 for a free one.",
    errno.EACCES: "The system keeps it for others: choose a {option} above 1023.",
}
"""What helps where a port cannot be listened on, by the system's reason."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `runyard serve` was told."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8642
    pg_port: int = 8643
    flight_port: int | None = None  # None: Dremio's own, or a free one where that is taken
    store: str | None = None
    auth: bool = True


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Where everything is, once it is there."""

    url: str
    pg: str
    home: str
    pid: int
    flight: str | None = None  # None: the extra that speaks it is not installed


def serve(options: Options, *, announce: Callable[[Ready, str], None]) -> None:
    """Serve until SIGTERM or SIGINT; jobs that run go on without the server.

    `announce` is told where everything is, and the address of the console that signs in whoever opens it first.
    """
    if not options.auth and options.host not in LOCAL_HOSTS:
        raise InvalidRequest(f"--auth off is for this machine only; --host {options.host} would let anybody run code.")
    _allow_many_files()
    home = Home(options.home.resolve()).make()
    with _only_server_of(home):
        _serve(home, options, announce)


def _serve(home: Home, options: Options, announce: Callable[[Ready, str], None]) -> None:
    settings = load_settings(home.path / "settings.toml")
    credentials = load_credentials(home.path)
    listener = _listen(options.host, options.port, "--port")
    pg_listener = _listen(options.host, options.pg_port, "--pg-port")
    flight_listener = _listen_for_flight(options)
    ready = Ready(
        url=_url(options.host, listener),
        pg=_pg_url(options.host, pg_listener),
        home=str(home.path),
        pid=os.getpid(),
        flight=_flight_url(options.host, flight_listener, settings),
    )
    store = open_store(options.store or home.ledger_url)
    environment = _environment(home, ready.url, settings.environment)
    engine = Engine(store, home, settings, languages=LANGUAGES, environment=environment)
    spoken = services(engine)
    spoken.objects.discard_unfinished(now=time.time())
    discard_unfinished(home.path)
    gate = Gate(credentials=credentials, access=engine.access, is_open=not options.auth)
    wire = SqlWire(pg_listener, _told_to_wire(ready, options, settings))
    console = Console(engine, gate, wire.reach)
    app = App(engine, gate, spoken, metrics=Metrics(engine).page, console=console)
    app.url = ready.url
    server = _Server(app, started=lambda: announce(ready, console.address(ready.url)), leaving=_leave(engine, console))
    wires: list[WokenProcess] = [wire, *_flight_wire(flight_listener, ready, options, settings)]
    engine.start()
    for one in wires:
        one.start()
    gc.freeze()  # what is there now stays; to look through it again and again finds nothing
    gc.set_threshold(*COLLECT_AFTER)
    try:
        _write_place(home, ready)
        server.run(sockets=[listener])
    finally:
        place_file(home.path).unlink(missing_ok=True)
        for one in wires:
            one.stop()
        engine.close()
        app.close()


def _leave(engine: Engine, console: Console) -> Callable[[], None]:
    """Return what ends the calls that wait for something: they would hold up the drain."""

    def leave() -> None:
        engine.release()
        console.release()

    return leave


def _allow_many_files() -> None:
    """Take as many descriptors as the system lets us: each caller, and each reader of the ledger, holds some."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS has a lower limit than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def _only_server_of(home: Home) -> Iterator[None]:
    """Hold the home as its only server; two would each take the other's runs for lost."""
    with (home.path / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            advice = "Stop it first, or give this one another --home."
            raise InvalidRequest(f"Another server already serves the home {home.path}. {advice}") from error
        yield


def place_file(home: Path) -> Path:
    """Return where a home says which server serves it."""
    return home / "server.json"


def _environment(home: Home, url: str, more: Mapping[str, str]) -> Callable[[Run], Mapping[str, str]]:
    seal = load_seal(home.path)
    of_workspace = cache(lambda workspace_id: job_environment(url, job_keys(seal, workspace_id), more))
    return lambda run: {**of_workspace(run.workspace_id), "RUNYARD_RUN_ID": str(run.id)}


def _listen(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        advice = ADVICE.get(error.errno or 0, "Give --host a name or an address of this machine.").format(option=option)
        raise InvalidRequest(f"Cannot listen on {host}:{port}: {error.strerror}. {advice}") from error
    listener.listen(2048)
    return listener


def _url(host: str, listener: socket.socket) -> str:
    return f"http://{_place(host, listener)}"


def _pg_url(host: str, listener: socket.socket) -> str:
    return f"postgresql://{ADMINISTRATOR}@{_place(host, listener)}/{DEFAULT}"


def _listen_for_flight(options: Options) -> socket.socket | None:
    """Return the socket of Arrow Flight, None where nobody could speak it; the usual port is no matter of life."""
    if not is_spoken():
        return None
    if options.flight_port is not None:
        return _listen(options.host, options.flight_port, "--flight-port")
    try:
        return _listen(options.host, FLIGHT_PORT, "--flight-port")
    except InvalidRequest:
        return _listen(options.host, 0, "--flight-port")


def _flight_url(host: str, listener: socket.socket | None, settings: Settings) -> str | None:
    scheme = "grpc+tls" if settings.flight.cert else "grpc+tcp"
    return f"{scheme}://{_place(host, listener)}" if listener is not None else None


def _flight_wire(
    listener: socket.socket | None, ready: Ready, options: Options, settings: Settings
) -> list[FlightWire]:
    if listener is None:
        return []
    port: int = listener.getsockname()[1]
    told = {
        "host": options.host,
        "port": port,
        "server": ready.url,
        "cert": settings.flight.cert,
        "key": settings.flight.key,
    }
    return [FlightWire(listener, told, listen=lambda: _listen(options.host, port, "--flight-port"))]


def _place(host: str, listener: socket.socket) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def _told_to_wire(ready: Ready, options: Options, settings: Settings) -> Mapping[str, Any]:
    return {
        "home": ready.home,
        "store": options.store,
        "server": ready.url,
        "auth": options.auth,
        "cert": settings.pg.cert,
        "key": settings.pg.key,
    }


def _write_place(home: Home, ready: Ready) -> None:
    draft = place_file(home.path).with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(asdict(ready)))
    draft.replace(place_file(home.path))


class _Server(uvicorn.Server):
    """Uvicorn, telling when it answers and when it leaves, and leaving quietly on a signal."""

    def __init__(self, app: App, *, started: Callable[[], None], leaving: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http=BoundedHeads,
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=DRAIN_S,
            timeout_keep_alive=75,
            server_header=False,
            proxy_headers=False,
        )
        super().__init__(config)
        self._started = started
        self._leaving = leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._leaving()  # or those who wait for a run would hold up the drain
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._captured_signals.clear()  # uvicorn would raise it again after the drain, and we would not exit 0
        log.info("draining after %s", signal.Signals(sig).name)

"""The one ASGI application: finds out who calls in which language, and hands the request to that dialect."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

from runyard.core.errors import LedgerUnavailable, RunyardError
from runyard.dialects.aws_signature import SignedRequest
from runyard.dialects.exchange import Login, Reply, Request
from runyard.engine.engine import Engine
from runyard.web.authentication import Caller, Gate
from runyard.web.bodies import LARGEST_BODY, HungUp, Receive, Send, answer, spooled, whole
from runyard.web.console.console import Console
from runyard.web.sigv4 import Identity, verify
from runyard.web.sigv4_claim import SignatureError, scope_of
from runyard.web.strangers import foreign_page_in, stranger_in

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]

READING = frozenset({"GET", "HEAD"})
THREADS = 64  # calls worked on at once; each mostly waits for the disk
PATIENT_THREADS = 512  # calls that wait for a run, and must not keep others waiting


class Service(Protocol):
    """A dialect that the signature's scope or the path names."""

    def answer(self, engine: Engine, request: Request) -> Reply:
        """Carry out a call."""
        ...

    def refuse(self, error: SignatureError | RunyardError, *, status: int) -> Reply:
        """Say in the dialect's own shape why a call was not even looked at."""
        ...


class Objects(Protocol):
    """S3, which streams and therefore speaks ASGI itself."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, identity: Identity | None) -> None:
        """Answer one request of a verified caller; None: authentication is off."""
        ...

    async def refuse(self, scope: Scope, send: Send, error: SignatureError) -> None:
        """Say why the caller was not believed."""
        ...

    def discard_unfinished(self, *, now: float) -> None:
        """Remove what a crash left half-written long ago; `now` is in seconds."""
        ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """Every language this server speaks."""

    signed: Mapping[str, Service]  # by the service of the AWS signature's scope
    by_path: Mapping[str, Service]  # by the first part of the path that fits
    objects: Objects
    takes_content: Callable[[str, str], bool] = lambda _method, _path: False  # by method and path: into a file
    login: Callable[[str, str, bytes], Login | None] = lambda _method, _path, _body: (
        None
    )  # what a call says in its body
    open_pages: Mapping[str, Callable[[], Reply]] = field(default_factory=dict)  # that anybody may read


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request before its body is looked at."""

    scope: Scope
    headers: list[tuple[str, str]]
    claimed: tuple[str, str, str] | None  # access key, service and region of its signature, not believed yet

    @property
    def path(self) -> str:
        """Return the path without its query, decoded."""
        path: str = self.scope["path"]
        return path


@dataclass(frozen=True, kw_only=True)
class Body:
    """What came with a call: bytes, or a file that holds them."""

    content: bytes
    spool: Path | None = None


class App:
    """The ASGI application."""

    def __init__(
        self,
        engine: Engine,
        gate: Gate,
        services: Services,
        *,
        metrics: Callable[[], bytes],
        console: Console | None = None,
    ) -> None:
        self._engine = engine
        self._gate = gate
        self._services = services
        self._console = console
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="call")
        self._patient = ThreadPoolExecutor(PATIENT_THREADS, thread_name_prefix="wait")
        self._open = {"/healthz": lambda: page(b'{"status":"ok"}', "application/json"), **services.open_pages}
        self._guarded = {"/metrics": lambda: page(metrics(), "text/plain; version=0.0.4; charset=utf-8")}
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            await self._serve(scope, receive, send)
        except LedgerUnavailable as error:  # of what has no language to say it in
            await answer(send, _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(_in_general(error))))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        stranger = stranger_in(headers) if self._gate.is_open else foreign_page_in(headers)
        if stranger is not None:
            await answer(send, _problem(403, f"{stranger} {NOT_SERVED[self._gate.is_open]}"))
            return
        claimed = scope_of(headers, scope["query_string"].decode("latin-1"))
        asked = Asked(scope=scope, headers=headers, claimed=claimed)
        if claimed is not None and claimed[1] == "s3":
            await self._serve_objects(asked, receive, send)
        elif claimed is not None or self._console is None or not await self._console.handle(scope, receive, send):
            await self._serve_call(asked, receive, send)

    def close(self) -> None:
        """Finish the calls under way."""
        self._threads.shutdown(wait=True)
        self._patient.shutdown(wait=True)

    async def _serve_objects(self, asked: Asked, receive: Receive, send: Send) -> None:
        identity = None
        try:
            if not self._gate.is_open:
                identity = verify(_signed(asked, None), self._gate.secret_of, now=_now())
                caller = self._known(identity.access_key)
                identity = replace(identity, role=caller.role)
                if self._engine.access.is_use_due(caller.token_id):
                    await asyncio.to_thread(self._engine.access.note_use, caller.token_id)
        except SignatureError as error:
            await self._services.objects.refuse(asked.scope, send, error)
            return
        except LedgerUnavailable as error:
            unknown = SignatureError("LedgerUnavailable", str(_in_general(error)))
            await self._services.objects.refuse(asked.scope, send, unknown)
            return
        await self._services.objects.handle(asked.scope, receive, send, identity)

    async def _serve_call(self, asked: Asked, receive: Receive, send: Send) -> None:
        is_content = self._services.takes_content(asked.scope["method"], asked.path)
        try:
            # Who sends content is believed before a disk is filled with it.
            if is_content and self._gate.by_authorization(dict(asked.headers)) is not None:
                async with spooled(receive, self._engine.home.path) as file:
                    await answer(send, await self._reply(asked, Body(content=b"", spool=file)))
            else:
                body = await whole(receive)
                too_large = _problem(413, f"The body is larger than {LARGEST_BODY} bytes.")
                await answer(send, too_large if body is None else await self._reply(asked, Body(content=body)))
        except HungUp:
            return  # half a call is none

    async def _reply(self, asked: Asked, body: Body) -> Reply:
        threads = self._patient if b"wait_s=" in asked.scope["query_string"] else self._threads
        return await asyncio.get_running_loop().run_in_executor(threads, self._answer, asked, body)

    def _answer(self, asked: Asked, body: Body) -> Reply:
        """Answer a call; runs in a thread."""
        service = self._service(asked)
        if service is None:
            return self._answer_plainly(asked)
        try:
            caller = self._caller(asked, body.content)
        except SignatureError as error:
            return service.refuse(error, status=403)
        except LedgerUnavailable as error:
            return service.refuse(_in_general(error), status=503)
        if caller is None:
            has_login = self._services.login(asked.scope["method"], asked.path, body.content) is not None
            return service.refuse(WRONG_LOGIN if has_login else _unknown(asked.headers), status=403)
        return self._carry_out(service, asked, caller, body)

    def _carry_out(self, service: Service, asked: Asked, caller: Caller, body: Body) -> Reply:
        try:
            workspace = self._engine.workspace(caller.workspace)
            self._engine.access.note_use(caller.token_id)
        except RunyardError as error:
            return service.refuse(error, status=500)
        request = Request(
            method=asked.scope["method"],
            path=asked.path,
            raw_path=_raw_path(asked.scope),
            query=dict(parse_qsl(asked.scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers=dict(asked.headers),
            body=body.content,
            workspace=workspace,
            user=caller.user,
            role=caller.role,
            token_id=caller.token_id,
            url=self.url,
            spool=body.spool,
            sessions=self._gate,
        )
        try:
            return service.answer(self._engine, request)
        except Exception:  # the outermost loop of a call: whatever it is, the caller gets an answer
            log.exception("a defect in answering %s %s", request.method, request.path)
            return service.refuse(RunyardError("The server has a defect; its log tells more."), status=500)

    def _service(self, asked: Asked) -> Service | None:
        if asked.claimed is not None and asked.claimed[1] in self._services.signed:
            return self._services.signed[asked.claimed[1]]
        if any(name == "x-amz-target" for name, _ in asked.headers):
            return self._services.signed["glue"]  # unsigned, or for a service we do not have: told so in JSON
        return next((one for prefix, one in self._services.by_path.items() if asked.path.startswith(prefix)), None)

    def _caller(self, asked: Asked, body: bytes) -> Caller | None:
        if asked.claimed is None:
            login = self._services.login(asked.scope["method"], asked.path, body)
            return self._gate.by_login(login) if login else self._by_headers(asked)
        if not self._gate.is_open:
            verify(_signed(asked, body), self._gate.secret_of, now=_now())
        return self._known(asked.claimed[0])

    def _known(self, access_key: str) -> Caller:
        """Return whose access key this is, which has been proved; its token may be gone since."""
        caller = self._gate.by_access_key(access_key)
        if caller is None:
            raise SignatureError("UnrecognizedClient", "The security token included in the request is invalid.")
        return caller

    def _by_headers(self, asked: Asked) -> Caller | None:
        headers = dict(asked.headers)
        by_cookie = self._console.caller(asked.scope["method"], asked.path, headers) if self._console else None
        return by_cookie or self._gate.by_authorization(headers)

    def _answer_plainly(self, asked: Asked) -> Reply:
        """Answer what belongs to no dialect."""
        if asked.path in self._open and asked.scope["method"] in READING:
            return self._open[asked.path]()
        headers = dict(asked.headers)
        if self._console is not None and asked.path not in self._guarded:
            lost = self._console.lost(asked.scope["method"], headers)
            if lost is not None:
                return lost
        if self._gate.by_authorization(headers) is None:
            return _problem(401, MISSING, {"www-authenticate": 'Bearer realm="runyard"'})
        if asked.path in self._guarded:
            return self._guarded[asked.path]()
        return _problem(404, f"There is nothing at {asked.path}.")


NOT_SERVED: Mapping[bool, str] = {
    True: "is not this machine; with --auth off only it is served.",
    False: "is a page from elsewhere; passwords that a browser keeps are taken from this server's own pages only.",
}
"""Why a caller is sent away, by whether authentication is off."""
MISSING = "The request carries no credential of this server; `runyard env` prints them for its owner."
WRONG_LOGIN = SignatureError("InvalidLogin", "Login failed: the user name or the password is wrong.")
WRONG = "The credential is none of this server's; `runyard env` prints them for its owner."


def _in_general(error: LedgerUnavailable) -> LedgerUnavailable:
    """Return what whoever has proved nothing may know of it; the log has the rest."""
    log.warning("who calls could not be looked up: %s", error)
    return LedgerUnavailable("The server's ledger does not answer now: try again soon. The server's log tells more.")


def _unknown(headers: list[tuple[str, str]]) -> SignatureError:
    """Return why nobody was recognized: there was no credential, or a wrong one."""
    if any(name == "authorization" and value for name, value in headers):
        return SignatureError("UnrecognizedClient", WRONG)
    return SignatureError("MissingAuthenticationToken", MISSING)


def _signed(asked: Asked, body: bytes | None) -> SignedRequest:
    scope = asked.scope
    return SignedRequest(
        method=scope["method"],
        path=_raw_path(scope),
        query=scope["query_string"].decode("latin-1"),
        headers=asked.headers,
        body=body,
    )


def _raw_path(scope: Scope) -> str:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path.partition(b"?")[0].decode("latin-1")


def page(body: bytes, content_type: str) -> Reply:
    """Return an answer that browsers take for what it is called, and nothing else."""
    return Reply(headers={"content-type": content_type, "x-content-type-options": "nosniff"}, body=body)


def _problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = msgspec.json.encode({"message": message})
    return Reply(status=status, headers={"content-type": "application/json", **(headers or {})}, body=body)


def _now() -> int:
    return time.time_ns() // 1_000_000

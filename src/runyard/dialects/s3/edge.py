"""S3 on folders, as an ASGI endpoint: bytes in and out; everything else is synchronous code on threads.

Ours, because none of the servers that keep objects as plain files fits: the nearest, nanio 0.1, is an alpha
that lacks conditional writes, checksums, part copies and the first listing; pys3local is made for backup tools.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote_to_bytes

from runyard.core.access import Role
from runyard.dialects.s3.body import proved
from runyard.dialects.s3.checksums import HEADER, wanted_algorithms
from runyard.dialects.s3.documents import rendered
from runyard.dialects.s3.errors import AUTHENTICATION, S3Error, from_system
from runyard.dialects.s3.operations import Body, Operation, operation_of
from runyard.dialects.s3.request import Piece, Reply, Request
from runyard.dialects.s3.spool import Spool
from runyard.dialects.s3.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping
    from pathlib import Path

    from runyard.dialects.s3.body import Seal

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Scope = MutableMapping[str, Any]

SCHEME = "s3://"
LARGEST_DROPPED = 16 * 1024 * 1024
LARGEST_DOCUMENT = 4 * 1024 * 1024
WRITTEN_AT_ONCE = 512 * 1024
READ_AT_ONCE = 512 * 1024
LOCAL_SUFFIX = ".localhost"
DENIED = "Access Denied. {name} needs the role {need}; the credential is good for {role}."


class Mounts(Protocol):
    """Where URIs lie on this machine."""

    @property
    def folders(self) -> Mapping[str, Path]:
        """URI prefix -> folder."""


class Identity(Protocol):
    """Who signed the request."""

    @property
    def access_key(self) -> str:
        """Whose key it was."""

    @property
    def region(self) -> str:
        """The region it was signed for."""

    @property
    def role(self) -> Role:
        """What they may do."""

    @property
    def seal(self) -> Seal | None:
        """What a streamed body's signatures continue from."""


class Refusal(Protocol):
    """Why a signature was not believed."""

    @property
    def code(self) -> str:
        """A key of AUTHENTICATION."""

    @property
    def message(self) -> str:
        """What to tell the caller."""


class Reading:
    """The body of a request, and whether it was read to its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_begun = False
        self._is_over = False

    async def receive(self) -> Message:
        """The next message."""
        self._is_begun = True
        message = await self._receive()
        self._is_over = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def is_through(self, scope: Scope) -> bool:
        """Read away what is left of a refused body, so that the connection can carry the next request."""
        if not self._is_begun and (not _has_body(scope) or _is_waiting(scope)):
            # A client that waits to be asked for its body will either send it now or never: it cannot be known.
            return not _has_body(scope)
        left = LARGEST_DROPPED
        while not self._is_over and left > 0:
            left -= len((await self.receive()).get("body", b""))
        return self._is_over


class ClientGoneError(Exception):
    """The client went away before its request was whole; there is nobody to answer."""


class S3:
    """An S3 endpoint over a folder of buckets, and further folders mounted as buckets."""

    def __init__(self, mounts: Mounts) -> None:
        self.store = Store(mounts.folders[SCHEME], mounts=_mounted_buckets(mounts.folders))

    def discard_unfinished(self, *, now: float) -> None:
        """Clear away what died with an earlier server; `now` is in seconds. For the start of a server."""
        self.store.discard_unfinished(now=now)

    async def handle(self, scope: Scope, receive: Receive, send: Send, identity: Identity | None) -> None:
        """Answer one request of a verified caller; None: authentication is off and nothing is proved."""
        reading = Reading(receive)
        try:
            request = request_of(scope, identity)
            body = proved(reading.receive, request.headers, identity.seal if identity else None)
            reply = await self._answer(request, body)
        except S3Error as error:
            reply = error_reply(error, scope=scope)
        except OSError as error:
            reply = error_reply(from_system(error), scope=scope)
        except ClientGoneError:
            return
        if not await reading.is_through(scope):
            reply = _closing(reply)
        await _send(reply, send, is_head=scope["method"] == "HEAD")

    async def refuse(self, scope: Scope, send: Send, error: Refusal) -> None:
        """Answer a request whose signature was refused, in S3's words."""
        refused = S3Error(AUTHENTICATION[error.code], error.message)
        reply = error_reply(refused, scope=scope)
        await _send(_closing(reply) if _has_body(scope) else reply, send, is_head=scope["method"] == "HEAD")

    async def _answer(self, request: Request, receive: Receive) -> Reply:
        operation = operation_of(request)
        if not request.role.covers(operation.need):
            raise S3Error("AccessDenied", DENIED.format(name=operation.name, need=operation.need, role=request.role))
        if operation.body is Body.SPOOL:
            return await self._take(operation, request, receive)
        if operation.body is Body.DOCUMENT:
            request = replace(request, document=await _document(receive))
        return await asyncio.to_thread(operation.handler, self.store, request)

    async def _take(self, operation: Operation, request: Request, receive: Receive) -> Reply:
        """Write the body aside, then let the operation make something of it."""
        spool = await asyncio.to_thread(self._spool, request)
        try:
            trailers = await _fill(spool, receive)
            whole = replace(request, spool=spool, headers={**request.headers, **trailers})
            return await asyncio.to_thread(_finish, operation, self.store, whole)
        finally:
            await asyncio.to_thread(spool.discard)

    def _spool(self, request: Request) -> Spool:
        # What can be refused now is refused before the client sends its gigabytes.
        bucket = self.store.bucket(request.bucket)
        bucket.path(request.key)
        return Spool(bucket.aside, wanted_algorithms(request.headers))


def _finish(operation: Operation, store: Store, request: Request) -> Reply:
    request.body.finish()
    return operation.handler(store, request)


def _mounted_buckets(folders: Mapping[str, Path]) -> dict[str, Path]:
    """The mounts of whole buckets; one below a bucket (s3://B/P) is for jobs only, since a bucket is one folder."""
    named = {prefix.removeprefix(SCHEME).rstrip("/"): folder for prefix, folder in folders.items() if SCHEME in prefix}
    return {name: folder for name, folder in named.items() if name and "/" not in name}


def request_of(scope: Scope, identity: Identity | None) -> Request:
    """Read method, bucket, key, query and headers from an ASGI scope."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        known = headers.get(name.decode("latin-1").lower())
        headers[name.decode("latin-1").lower()] = text if known is None else f"{known},{text}"
    raw_path = scope.get("raw_path") or scope["path"].encode()
    path = _decoded(raw_path.removeprefix(b"/"))
    hosted = _hosted_bucket(headers.get("host", ""))
    bucket, _, key = (hosted, "", path) if hosted else path.partition("/")
    return Request(
        method=scope["method"],
        bucket=bucket,
        key=key,
        query=_query(scope["query_string"]),
        headers=headers,
        owner=identity.access_key if identity else "runyard",
        region=identity.region if identity else "us-east-1",
        role=identity.role if identity else Role.ADMIN,
    )


def _hosted_bucket(host: str) -> str:
    """The bucket in BUCKET.localhost or BUCKET.s3.localhost."""
    name = host.rpartition(":")[0] or host
    if not name.endswith(LOCAL_SUFFIX):
        return ""
    bucket = name.removesuffix(LOCAL_SUFFIX)
    return "" if bucket == "s3" else bucket.removesuffix(".s3")


def _query(raw: bytes) -> dict[str, str]:
    pairs = (part.partition(b"=") for part in raw.split(b"&") if part)
    # A plus sign is a blank, as in every query of a form; clients that mean a plus sign encode it.
    return {_decoded(name): _decoded(value.replace(b"+", b" ")) for name, _, value in pairs}


def _decoded(raw: bytes) -> str:
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise S3Error("InvalidURI", "Couldn't parse the specified URI: it is not UTF-8.") from None


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _is_waiting(scope: Scope) -> bool:
    return (b"expect", b"100-continue") in ((name, value.lower()) for name, value in scope["headers"])


def _closing(reply: Reply) -> Reply:
    return replace(reply, headers={**reply.headers, "connection": "close"})


async def _document(receive: Receive) -> bytes:
    content = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        content += message.get("body", b"")
        if len(content) > LARGEST_DOCUMENT:
            raise S3Error("MalformedXML", f"The document is larger than {LARGEST_DOCUMENT} bytes.")
        if not message.get("more_body", False):
            return bytes(content)


async def _fill(spool: Spool, receive: Receive) -> dict[str, str]:
    """Write the body into the spool, in pieces large enough to be worth a thread; return its trailers."""
    waiting = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        waiting += message.get("body", b"")
        is_last = not message.get("more_body", False)
        if waiting and (is_last or len(waiting) >= WRITTEN_AT_ONCE):
            await asyncio.to_thread(spool.write, bytes(waiting))
            waiting.clear()
        if is_last:
            trailers = message.get("trailers", ())
            return {name: value for name, value in trailers if name.startswith(HEADER)}


def error_reply(error: S3Error, *, scope: Scope) -> Reply:
    """The error document."""
    request_id = secrets.token_hex(8).upper()
    content = [
        ("Code", error.code),
        ("Message", error.message),
        *((name, _shown(value)) for name, value in error.details.items()),
        ("Resource", _shown(str(scope["path"]))),
        ("RequestId", request_id),
    ]
    headers = {"content-type": "application/xml", "x-amz-request-id": request_id}
    if error.code == "InvalidRange":
        headers["content-range"] = f"bytes */{error.details['ActualObjectSize']}"
    return Reply(status=error.status, headers=headers, body=rendered("Error", content, namespace=""))


def _shown(text: str) -> str:
    """Text for a document that the client's parser must not choke on, whatever the request held."""
    return text if text.isprintable() else quote(text)


async def _send(reply: Reply, send: Send, *, is_head: bool) -> None:
    piece = reply.body if isinstance(reply.body, Piece) else None
    length = piece.length if piece else len(reply.body) if isinstance(reply.body, bytes) else 0
    headers = {"x-amz-request-id": secrets.token_hex(8).upper(), **reply.headers}
    if reply.status not in (204, 304):
        headers["content-length"] = str(length)
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        if piece and not is_head:
            await _send_piece(piece, send)
        else:
            body = b"" if is_head or piece else reply.body
            await send({"type": "http.response.body", "body": body})
    finally:
        if piece:
            piece.file.close()


async def _send_piece(piece: Piece, send: Send) -> None:
    left = piece.length
    if piece.offset:
        piece.file.seek(piece.offset)
    while left > 0:
        data = await asyncio.to_thread(piece.file.read, min(left, READ_AT_ONCE))
        if not data:
            message = f"The file became shorter by {left} bytes while it was sent."
            raise EOFError(message)  # the connection breaks, so that the client notices
        left -= len(data)
        await send({"type": "http.response.body", "body": data, "more_body": left > 0})
    if not piece.length:
        await send({"type": "http.response.body", "body": b""})

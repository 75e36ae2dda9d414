"""The beginning of a conversation: encryption, who the client is, and which workspace it means."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from runyard.sql.errors import WRONG_PASSWORD, SqlError
from runyard.sql.wire import messages
from runyard.sql.wire.channel import LONGEST_BEFORE_LOGIN, Channel
from runyard.sql.wire.failures import INVALID_AUTHORIZATION, INVALID_DATABASE, PROTOCOL_VIOLATION
from runyard.sql.wire.messages import ProtocolViolation
from runyard.sql.wire.scram import MECHANISM, Exchange, MalformedProof, Verifier, WrongProof, verifier

ADMINISTRATOR = "admin"
WORKSPACE = "default"
NAMED = "ws."  # a user or database of this form names its workspace, on a server without authentication
DATABASES = frozenset({"", WORKSPACE, "postgres", ADMINISTRATOR})  # what clients name by themselves means the default
NEWEST_MINOR = 0
SALT_BYTES = 16
ANSWER = ord("p")


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Who speaks, in which workspace, and what the client wished at the beginning."""

    user: str
    workspace: str
    options: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """A client that came only to have another's statement ended."""

    process: int
    secret: int


@dataclass(frozen=True, kw_only=True)
class Door:
    """Lets clients in, or does not."""

    verifiers: Sequence[Verifier] = ()  # of the administrator's password and token
    is_open: bool = False  # authentication is off
    tls: Callable[[], ssl.SSLContext | None] = lambda: None
    salt: bytes = field(default=b"", repr=False)

    def greet(self, channel: Channel) -> Speaker | Cancel:
        """Agree with a client on how to go on; refuse it by SqlError or ProtocolViolation."""
        code, body = self._opening(channel)
        if code == messages.CANCEL_REQUEST:
            process, secret = messages.read_cancel(body)
            return Cancel(process=process, secret=secret)
        options = _startup(channel, code, body)
        user = options.get("user", "")
        if not user:
            raise SqlError(INVALID_AUTHORIZATION, "no PostgreSQL user name specified in startup packet")
        if not self.is_open:
            self._ask(channel, user)
        workspace = self._workspace(user, options.get("database", ""))
        channel.write(messages.AUTHENTICATED)
        return Speaker(user=user, workspace=workspace, options=options)

    def _opening(self, channel: Channel) -> tuple[int, bytes]:
        """Answer what asks for encryption, each way once."""
        asked: set[int] = set()
        while True:
            code, body = channel.read_startup()
            if code not in {messages.SSL_REQUEST, messages.GSS_REQUEST}:
                return code, body
            if code in asked:
                raise ProtocolViolation("encryption was asked for twice")
            asked.add(code)
            context = self.tls() if code == messages.SSL_REQUEST and not channel.is_secure else None
            channel.write_raw(b"S" if context else b"N")
            if context:
                channel.secure(context)

    def _ask(self, channel: Channel, user: str) -> None:
        known = self.verifiers if user == ADMINISTRATOR else (_nobodys(self.salt),) * len(self.verifiers)
        exchange = Exchange(known, self.salt)
        try:
            channel.write(messages.ask_for_sasl([MECHANISM]))
            first = messages.read_sasl_initial(_answer(channel))
            if first.mechanism != MECHANISM:
                raise SqlError(PROTOCOL_VIOLATION, "client selected an invalid SASL authentication mechanism")
            channel.write(messages.sasl_challenge(exchange.challenge(first.said)))
            channel.write(messages.sasl_outcome(exchange.outcome(_answer(channel))))
        except MalformedProof as error:
            raise SqlError(PROTOCOL_VIOLATION, f"malformed SCRAM message: {error}") from error
        except WrongProof as error:
            hint = "The user is admin; `runyard env` sets PGPASSWORD."
            raise SqlError(WRONG_PASSWORD, f'password authentication failed for user "{user}"', hint=hint) from error

    def _workspace(self, user: str, database: str) -> str:
        named = [name.removeprefix(NAMED) for name in (database, user) if name.startswith(NAMED)]
        if self.is_open and named and named[0]:
            return named[0]
        if database not in DATABASES and database != user:
            raise SqlError(INVALID_DATABASE, f'database "{database}" does not exist', hint="The database is default.")
        return WORKSPACE


def door(secrets_of_administrator: Sequence[str], *, tls: Callable[[], ssl.SSLContext | None]) -> Door:
    """A door that the administrator's secrets open."""
    salt = secrets.token_bytes(SALT_BYTES)
    return Door(verifiers=[verifier(secret, salt) for secret in secrets_of_administrator], tls=tls, salt=salt)


def _nobodys(salt: bytes) -> Verifier:
    """A verifier that no proof fits."""
    return Verifier(salt=salt, stored_key=secrets.token_bytes(32), server_key=secrets.token_bytes(32))


def _answer(channel: Channel) -> bytes:
    channel.flush()
    kind, body = channel.read(LONGEST_BEFORE_LOGIN)
    if kind != ANSWER:
        raise ProtocolViolation(f"expected SASL response, got message type {kind}")
    return body


def _startup(channel: Channel, code: int, body: bytes) -> dict[str, str]:
    major, minor = divmod(code, 1 << 16)
    if major != messages.PROTOCOL_3 >> 16:
        raise SqlError("0A000", f"unsupported frontend protocol {major}.{minor}: server supports 3.0")
    options = messages.read_startup(body)
    unknown = [name for name in options if name.startswith("_pq_.")]
    if minor > NEWEST_MINOR or unknown:
        channel.write(messages.negotiated(NEWEST_MINOR, unknown))
    return options

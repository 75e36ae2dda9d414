"""The beginning of a conversation: encryption, who the client is, and which workspace it means."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runyard.client.home import Keys
from runyard.core.access import ADMINISTRATOR, Role
from runyard.sql.errors import WRONG_PASSWORD, SqlError
from runyard.sql.wire import messages
from runyard.sql.wire.channel import LONGEST_BEFORE_LOGIN, Channel
from runyard.sql.wire.failures import INVALID_AUTHORIZATION, INVALID_DATABASE, PROTOCOL_VIOLATION
from runyard.sql.wire.messages import ProtocolViolation
from runyard.sql.wire.scram import MECHANISM, Exchange, MalformedProof, WrongProof

WORKSPACE = "default"
NAMED = "ws."  # a user or database of this form names its workspace, on a server without authentication
UNNAMED = frozenset({"", "postgres"})  # what clients name by themselves, as they do the user's name: the user's own
NEWEST_MINOR = 0
ANSWER = ord("p")


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Who speaks, in which workspace, and what the client wished at the beginning."""

    user: str
    workspace: str
    options: Mapping[str, str]
    role: Role = Role.VIEWER
    keys: Keys | None = None  # with which the server is called in the speaker's name; None: nobody is asked for any


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """A client that came only to have another's statement ended."""

    process: int
    secret: int


@dataclass(frozen=True, kw_only=True)
class Proved:
    """Whom a proof has shown to speak, and what shows to them that we know their password."""

    signature: bytes
    workspace: str
    role: Role
    keys: Keys


Prove = Callable[[str, bytes, bytes, str | None], Proved | None]
"""Says who a user's proof makes a speaker, in the workspace named or the user's own; None: the proof is wrong."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """Lets clients in, or does not."""

    prove: Prove = lambda *_: None
    salt_of: Callable[[str], bytes] = lambda _: b""
    is_open: bool = False  # authentication is off
    tls: Callable[[], ssl.SSLContext | None] = lambda: None

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
        database = options.get("database", "")
        speaker = _anybody(user, database, options) if self.is_open else self._ask(channel, user, options)
        channel.write(messages.AUTHENTICATED)
        return speaker

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

    def _ask(self, channel: Channel, user: str, options: Mapping[str, str]) -> Speaker:
        """Have a client prove its password; who it is then, the server says."""
        database = options.get("database", "")
        named = None if database in UNNAMED or database == user else database
        found: list[Proved] = []

        def prove(signed: bytes, proof: bytes) -> bytes | None:
            proved = self.prove(user, signed, proof, named)
            found[:] = [proved] if proved is not None else []
            return None if proved is None else proved.signature

        exchange = Exchange(prove, self.salt_of(user))
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
            hint = "The owner of the server is admin, for whom `runyard env` sets PGPASSWORD; others say a token."
            raise SqlError(WRONG_PASSWORD, f'password authentication failed for user "{user}"', hint=hint) from error
        proved = found[0]
        if named is not None and proved.workspace != named:
            raise _no_database(named, proved.workspace)
        return Speaker(user=user, workspace=proved.workspace, options=options, role=proved.role, keys=proved.keys)


def _anybody(user: str, database: str, options: Mapping[str, str]) -> Speaker:
    """Return who a client says that it is, where nobody is asked for proof."""
    named = [name.removeprefix(NAMED) for name in (database, user) if name.startswith(NAMED)]
    if not (named and named[0]) and database not in {*UNNAMED, WORKSPACE, ADMINISTRATOR, user}:
        raise _no_database(database, WORKSPACE)
    workspace = named[0] if named and named[0] else WORKSPACE
    return Speaker(user=user, workspace=workspace, options=options, role=Role.ADMIN)


def _no_database(named: str, own: str) -> SqlError:
    """Return what says that there is no such database, or none that this user may know of."""
    return SqlError(INVALID_DATABASE, f'database "{named}" does not exist', hint=f"The database is {own}.")


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

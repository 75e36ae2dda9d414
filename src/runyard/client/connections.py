"""Services by name: what settings, profile files and the environment say of each, read when it is first wanted."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runyard.client import resolving
from runyard.client.channel import Channel
from runyard.client.connection import DATABRICKS, DREMIO, GLUE, RUNYARD, Connection
from runyard.client.credentials import Anonymous, AwsKeys, Bearer
from runyard.client.errors import WrongConnection
from runyard.client.profiles import aws_profiles, databricks_profiles
from runyard.client.retrying import Patience
from runyard.client.transport import LOOPBACK

LOCAL = "local"
ENV = "env"
PROFILES: Mapping[str, Callable[[Mapping[str, str]], list[str]]] = {
    DATABRICKS: databricks_profiles,
    GLUE: aws_profiles,
}
KINDS: Mapping[str, str] = {DATABRICKS: DATABRICKS, GLUE: GLUE, "aws": GLUE, DREMIO: DREMIO, RUNYARD: RUNYARD}
"""What a setting may call a service."""


@dataclass(frozen=True, kw_only=True)
class Here:
    """This server, with the keys of whoever asks; each language wants its own form of them."""

    url: str
    token: str = field(default="", repr=False)
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    region: str = "us-east-1"
    project_id: str = ""

    @property
    def aliases(self) -> frozenset[str]:
        """Names by which it may be called."""
        return frozenset({LOCAL, urlsplit(self.url).netloc})

    def connection(self, service: str) -> Connection:
        """Return the way to it in one language."""
        signed = service == GLUE and self.access_key
        keys = AwsKeys(access_key=self.access_key, secret_key=self.secret_key, region=self.region) if signed else None
        return Connection(
            name=LOCAL,
            service=service,
            url=self.url.rstrip("/"),
            credentials=keys or (Bearer(token=self.token) if self.token else Anonymous()),
            region=self.region,
            project_id=self.project_id,
            native_token=self.token,
        )


class Connections:
    """All services that a session may speak to; `here` is the default if there is one."""

    def __init__(
        self,
        given: Mapping[str, Mapping[str, Any]],
        *,
        environment: Mapping[str, str],
        here: Here | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._given = {name: resolving.checked(name, words) for name, words in given.items()}
        self._environment = environment
        self.here = here
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], Connection] = {}
        self._channels: dict[tuple[str, str], Channel] = {}

    def names(self, service: str) -> list[str]:
        """Return the connections of a service, the default first."""
        of = [name for name, words in self._given.items() if KINDS[words["service"]] == service]
        env = [ENV] if ENV not in of and self._of_environment(service) else []
        profiles = [name for name in self._profiles(service) if name not in self._given]
        return [*([LOCAL] if self.here else []), *of, *env, *profiles]

    def find(self, service: str, name: str | None) -> Connection:
        """Return a connection by its name, region, account, project or host; None: the default."""
        if self.is_here(name):
            assert self.here is not None  # noqa: S101 - is_here has looked
            return self._kept(service, LOCAL)
        if name is None:
            return self._default(service)
        for one in self._candidates(service):
            if one == name:
                return self._kept(service, one)
        for one in self._candidates(service):
            if name in self._aliases(service, one):
                return self._kept(service, one)
        known = ", ".join(self.names(service)) or "none"
        raise WrongConnection(
            f"There is no connection {name!r} for {service}. Known are: {known}. "
            f'Add [connections.{name}] with service = "{service}" to settings.toml.'
        )

    def is_here(self, name: str | None) -> bool:
        """Whether a name (None: none given) means this server."""
        if self.here is None or name is None or name in self.here.aliases:
            return self.here is not None
        return name == self.here.region and not self._has(GLUE, name)

    def channel(self, connection: Connection) -> Channel:
        """Return what speaks to a connection; its open sockets are shared by all who ask."""
        key = (connection.service, connection.name)
        with self._lock:
            if key not in self._channels:
                self._channels[key] = Channel(connection, patience=self._patience)
            return self._channels[key]

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            channels, self._channels = list(self._channels.values()), {}
        for one in channels:
            one.close()

    def _has(self, service: str, name: str) -> bool:
        """Whether another server of a service goes by a name."""
        return any(one == name or name in self._aliases(service, one) for one in self._candidates(service))

    def _aliases(self, service: str, name: str) -> frozenset[str]:
        """Return what else names a connection; nothing for one that lacks something to be spoken to."""
        try:
            return self._kept(service, name).aliases
        except WrongConnection:
            return frozenset()

    def _default(self, service: str) -> Connection:
        first = next(self._candidates(service), None)
        if first is None:
            raise WrongConnection(
                f"There is no connection for {service}: set {resolving.VARIABLES[service]}, "
                f'or add [connections.NAME] with service = "{service}" to settings.toml.'
            )
        return self._kept(service, first)

    def _candidates(self, service: str) -> Iterator[str]:
        return (name for name in self.names(service) if name != LOCAL)

    def _kept(self, service: str, name: str) -> Connection:
        key = (service, name)
        if key not in self._found:
            self._found[key] = self._made(service, name)
        return self._found[key]

    def _made(self, service: str, name: str) -> Connection:
        if name == LOCAL and self.here is not None:
            return self.here.connection(service)
        words = self._given.get(name) or (self._of_environment(service) if name == ENV else {"profile": name})
        return resolving.connection(name, service, words, self._environment)

    def _profiles(self, service: str) -> list[str]:
        """Return the profiles of whoever runs this: a server that was given no environment offers none of its own."""
        listed = PROFILES.get(service)
        return listed(self._environment) if listed is not None and "HOME" in self._environment else []

    def _of_environment(self, service: str) -> Mapping[str, Any]:
        """Return what the environment says of a service, unless it means this server."""
        words = resolving.of_environment(service, self._environment)
        if not words or (self.here and _place(str(words.get("url", ""))) == _place(self.here.url)):
            return {}
        return words


def read_connections(file: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the tables [connections.NAME] of a file of settings; a missing file has none."""
    try:
        told = tomllib.loads(file.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongConnection(f"{file} cannot be read ({error}).") from error
    connections: Mapping[str, Mapping[str, Any]] = told.get("connections", {})
    return connections


def _place(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url if "//" in url else f"https://{url}")
    host = parts.hostname or ""
    return ("loopback" if host in LOOPBACK else host), parts.port

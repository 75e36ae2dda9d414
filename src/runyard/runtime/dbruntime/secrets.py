"""`dbutils.secrets`: secrets of the workspace, which are kept out of what the job prints."""

from __future__ import annotations

import base64
from collections import namedtuple
from collections.abc import Sequence

from . import service
from .session import Session
from .utility import Utility

MISSING = "RESOURCE_DOES_NOT_EXIST"


class SecretScope(namedtuple("SecretScope", ["name"])):  # noqa: PYI024 - what the vendor returns, field for field
    """The name of a scope."""

    __slots__ = ()

    def getName(self) -> str:
        """Return the name."""
        return str(self.name)


class SecretMetadata(namedtuple("SecretMetadata", ["key"])):  # noqa: PYI024 - as above
    """The name of a secret."""

    __slots__ = ()


class Secrets(Utility):
    """Reads secrets from the server."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, scope: str, key: str) -> str:
        """Return a secret as text."""
        return self.getBytes(scope, key).decode()

    def getBytes(self, scope: str, key: str) -> bytes:
        """Return a secret as bytes."""
        try:
            value = base64.b64decode(service.get("/api/2.0/secrets/get", scope=scope, key=key)["value"])
        except service.ServiceError as error:
            if error.code == MISSING:
                raise ValueError(f"Secret does not exist with scope: {scope} and key: {key}.") from error
            raise
        self._session.redactor.learn(value.decode(errors="replace"))
        return value

    def list(self, scope: str) -> Sequence[SecretMetadata]:
        """Return the names of a scope's secrets."""
        found = service.get("/api/2.0/secrets/list", scope=scope)
        return [SecretMetadata(each["key"]) for each in found.get("secrets", [])]

    def listScopes(self) -> Sequence[SecretScope]:
        """Return the scopes."""
        found = service.get("/api/2.0/secrets/scopes/list")
        return [SecretScope(each["name"]) for each in found.get("scopes", [])]

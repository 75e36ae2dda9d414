"""The roles of a workspace: names that jobs carry, kept as files because they decide nothing here."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from runyard.core.errors import AlreadyExists, LedgerUnavailable, NotFound


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role as it was made."""

    name: str
    path: str
    id: str
    arn: str
    created_at: int
    trust: str  # AssumeRolePolicyDocument, as it came
    description: str | None = None
    max_session_s: int = 3600
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Roles:
    """One folder of roles, a JSON file each; names come checked, so that none leads elsewhere."""

    folder: Path

    def add(self, role: Role) -> None:
        """Keep a new role, durably: whole or not at all, and never over another."""
        draft = self.folder / uuid.uuid4().hex
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(draft, msgspec.json.encode(asdict(role)))
            os.link(draft, self._file(role.name))
            _settle(self.folder)
        except FileExistsError as error:
            raise AlreadyExists("role", role.name) from error
        except OSError as error:
            raise LedgerUnavailable(f"The role could not be kept in {self.folder}: {error.strerror}.") from error
        finally:
            with suppress(OSError):  # it is the folder that fails; its error is on its way already
                draft.unlink(missing_ok=True)

    def get(self, name: str) -> Role:
        """Return a role."""
        try:
            return msgspec.json.decode(self._file(name).read_bytes(), type=Role)
        except FileNotFoundError as error:
            raise NotFound("role", name) from error

    def remove(self, name: str) -> None:
        """Forget a role."""
        try:
            self._file(name).unlink()
        except FileNotFoundError as error:
            raise NotFound("role", name) from error

    def names(self) -> list[str]:
        """Return every role's name, in order."""
        return sorted(file.stem for file in self.folder.glob("*.json"))

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def _write(file: Path, data: bytes) -> None:
    with file.open("xb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _settle(folder: Path) -> None:
    """See to it that a name in a folder outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What a home folder tells a client on the same machine: where its server is, and the keys to it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.client.errors import NoServer

# Written by the web layer, and read here with the standard library alone: `runyard env` must start in no time.
PLACE_FILE = "server.json"
CREDENTIALS_FILE = "credentials.json"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A running server of a home."""

    url: str
    pg: str | None
    pid: int
    flight: str | None = None


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The administrator's keys, in each form that clients ask for."""

    access_key: str
    secret_key: str
    token: str
    password: str

    def __repr__(self) -> str:
        """Show no secret, not even in a traceback."""
        return f"Keys(access_key={self.access_key!r})"


def find_place(home: Path) -> Place | None:
    """Return where the server of a home is, None if none runs."""
    try:
        told = _read(home / PLACE_FILE)
        place = Place(url=told["url"], pg=told.get("pg"), pid=told["pid"], flight=told.get("flight"))
        os.kill(place.pid, 0)
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError, ValueError, KeyError):
        return None
    except PermissionError:
        return _owned_by_another(home)
    return place


def read_place(home: Path) -> Place:
    """Return where the server of a home is; refuse if none runs."""
    place = find_place(home)
    if place is None:
        raise NoServer(
            f"No server runs for the home {home}. Start one with `runyard serve --home {home}`, "
            "or name another with --home DIR or --url URL."
        )
    return place


def read_keys(home: Path) -> Keys:
    """Return the keys of a home."""
    try:
        told = _read(home / CREDENTIALS_FILE)
        return Keys(**{name: told[name] for name in Keys.__dataclass_fields__})
    except PermissionError as error:
        raise NoServer(f"{home / CREDENTIALS_FILE} belongs to somebody else; ask its owner for a token.") from error
    except FileNotFoundError as error:
        raise NoServer(f"{home / CREDENTIALS_FILE} is missing; `runyard serve --home {home}` makes it.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NoServer(f"{home / CREDENTIALS_FILE} is damaged; move it away and start the server again.") from error


def _owned_by_another(home: Path) -> Place | None:
    """Return the place whose process we may not signal, or refuse if the file itself is closed to us."""
    try:
        told = _read(home / PLACE_FILE)
    except PermissionError as error:
        raise NoServer(
            f"The home {home} belongs to somebody else; use --url URL and a token in RUNYARD_TOKEN."
        ) from error
    return Place(url=told["url"], pg=told.get("pg"), pid=told["pid"], flight=told.get("flight"))


def _read(file: Path) -> dict[str, Any]:
    told = json.loads(file.read_bytes())
    if not isinstance(told, dict):
        raise ValueError(f"{file} holds no object")  # noqa: TRY004 - as wrong as text that is no JSON
    return told

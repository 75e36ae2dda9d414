"""The variables in which clients look for a server and its keys, and how shells are told."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import runyard
from runyard.cli.target import Target
from runyard.client.errors import NoServer
from runyard.client.home import Keys, read_keys, read_place
from runyard.dialects.dremio_ids import project_id

REGION = "us-east-1"
CLIENT_MODELS = Path(runyard.__file__).parent / "dialects/glue/botocore"
"""Operations that AWS documents and boto3 and the aws cli do not know (GetJobBookmarks): they add them from here."""
WORKSPACE = "default"
USER = "admin"
NAMED = "ws."  # a token of this form names its workspace, on a server without authentication

FROM_THE_ENVIRONMENT: Mapping[str, str] = {
    "access_key": "AWS_ACCESS_KEY_ID",
    "secret_key": "AWS_SECRET_ACCESS_KEY",
    "token": "RUNYARD_TOKEN",
}
"""Where the keys of a server that is not this machine's are found."""

ASSIGNMENTS: Mapping[str, Callable[[str, str], str]] = {
    "bash": lambda name, value: f"export {name}={posix_quoted(value)}",
    "zsh": lambda name, value: f"export {name}={posix_quoted(value)}",
    "fish": lambda name, value: f"set -gx {name} {fish_quoted(value)}",
    "powershell": lambda name, value: f"$env:{name} = {powershell_quoted(value)}",
}
"""How each shell sets a variable for the programs it starts."""


def assignment(name: str, value: str, *, for_shell: str) -> str:
    """Return the line that sets a variable."""
    return ASSIGNMENTS[for_shell](name, value)


def posix_quoted(value: str) -> str:
    """Quote for sh: only the quote itself is special inside."""
    return "'" + value.replace("'", "'\"'\"'") + "'"


def fish_quoted(value: str) -> str:
    """Quote for fish."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def powershell_quoted(value: str) -> str:
    """Quote for PowerShell."""
    return "'" + value.replace("'", "''") + "'"


def variables(target: Target) -> dict[str, str]:
    """Return every variable; refuse if no server or key is at hand."""
    if target.address is not None:
        keys = read_keys(target.folder) if target.home else _keys_of_environment()
        return _http(target.address.rstrip("/"), keys)
    place = read_place(target.folder)
    keys = read_keys(target.folder)
    flight = {"DREMIO_FLIGHT_URI": place.flight} if place.flight else {}
    return {**_http(place.url, keys), **flight, **(_postgres(place.pg, keys) if place.pg else {})}


def _http(url: str, keys: Keys) -> dict[str, str]:
    workspace = keys.token.removeprefix(NAMED) if keys.token.startswith(NAMED) else WORKSPACE
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_DATA_PATH": _with_our_models(os.environ.get("AWS_DATA_PATH", "")),
        "DATABRICKS_HOST": url,
        "DATABRICKS_TOKEN": keys.token,
        "DREMIO_URI": url,
        "DREMIO_TOKEN": keys.token,
        "DREMIO_PROJECT_ID": project_id(workspace),
    }


def _with_our_models(known: str) -> str:
    """Return where AWS's clients look for models, our folder with what is known, each once."""
    return os.pathsep.join(dict.fromkeys([*filter(None, known.split(os.pathsep)), str(CLIENT_MODELS)]))


def _postgres(address: str, keys: Keys) -> dict[str, str]:
    parts = urlsplit(address)
    return {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or USER),
        "PGPASSWORD": keys.password,
        "PGDATABASE": unquote(parts.path.lstrip("/")) or WORKSPACE,
    }


def _keys_of_environment() -> Keys:
    missing = [name for name in FROM_THE_ENVIRONMENT.values() if not os.environ.get(name)]
    if missing:
        raise NoServer(
            f"With --url the keys come from the environment, and {', '.join(missing)} is not set there. "
            "Set it, or name the home that has them with --home DIR beside --url."
        )
    found = {field: os.environ[name] for field, name in FROM_THE_ENVIRONMENT.items()}
    return Keys(**found, password="")

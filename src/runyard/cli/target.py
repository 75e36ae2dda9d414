"""Which server a command speaks to: the one of a home on this machine, or one at an address."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from runyard.client.native import NativeClient

F = TypeVar("F", bound=Callable[..., Any])

PATIENCE_S = 3.0  # how long to try a server that does not answer
TIMEOUT_S = 30.0  # of one call, beyond the time that it asks the server to wait


@dataclass(frozen=True, kw_only=True)
class Target:
    """What --home and --url say; the environment says it where they do not."""

    home: Path | None = None
    url: str | None = None

    @property
    def address(self) -> str | None:
        """The address that was named; None: that of the home's server. Jobs find theirs in RUNYARD_URL."""
        return self.url or (os.environ.get("RUNYARD_URL") if self.home is None else None)

    @property
    def folder(self) -> Path:
        """The home: named, or the default."""
        if self.home is not None:
            return self.home.expanduser().absolute()
        from runyard.engine.home import default_home  # noqa: PLC0415 - see main.py

        return default_home().absolute()

    def client(self, *, patience_s: float = PATIENCE_S, timeout_s: float = TIMEOUT_S) -> NativeClient:
        """Return a client with the keys of the home, or for an address the token in RUNYARD_TOKEN."""
        from runyard.client.home import read_keys, read_place  # noqa: PLC0415 - see main.py
        from runyard.client.native import NativeClient  # noqa: PLC0415 - see main.py

        if self.address is None:
            url, token = read_place(self.folder).url, read_keys(self.folder).token
        else:
            url = self.address
            token = read_keys(self.folder).token if self.home else os.environ.get("RUNYARD_TOKEN", "")
        return NativeClient(url, token, patience_s=patience_s, timeout_s=timeout_s)


def target_options(command: F) -> F:
    """Give a command --home and --url, and hand it what they say as `target`."""

    @click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="Speak to the server of this home.")
    @click.option("--url", metavar="URL", help="Speak to this server, with the token in RUNYARD_TOKEN.")
    @functools.wraps(command)
    def with_target(*arguments: Any, home: Path | None, url: str | None, **words: Any) -> Any:
        return command(*arguments, target=Target(home=home, url=url), **words)

    return with_target  # type: ignore[return-value]  # the wrapper takes home and url in place of target

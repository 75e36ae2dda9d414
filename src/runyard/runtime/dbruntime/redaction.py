"""Keeps the values of secrets out of what a job prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TextIO

REDACTED = "[REDACTED]"


class Redactor:
    """Knows the secrets that this process has read."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    @property
    def has_any(self) -> bool:
        """Tell whether there is anything to keep out."""
        return bool(self._secrets)

    def learn(self, value: str) -> None:
        """Keep this value out of all that is printed from now on."""
        if value.strip():
            self._secrets.add(value)
            watch_streams(self)

    def redact(self, text: str) -> str:
        """Return the text without any secret."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return text


class Stream:
    """A standard stream without secrets, which also tells a listener what is written."""

    def __init__(self, below: TextIO, redactor: Redactor, listener: Callable[[str], object] | None = None) -> None:
        self._below = below
        self._redactor = redactor
        self._listener = listener

    def write(self, text: str) -> int:
        """Write what may be seen."""
        shown = self._redactor.redact(text)
        self._below.write(shown)
        if self._listener:
            self._listener(shown)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write one after the other."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Bytes:
        """Return where bytes can be written."""
        return Bytes(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)


class Bytes:
    """The binary side of a stream, for those who write bytes themselves."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Write bytes as the text that they are."""
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        """Pass on what is held back."""
        self._stream.flush()


def watch_streams(redactor: Redactor, listener: Callable[[str], object] | None = None) -> None:
    """Put a stream of ours before both standard streams, unless it is there."""
    for name in ("stdout", "stderr"):
        below = getattr(sys, name)
        if not isinstance(below, Stream):
            setattr(sys, name, Stream(below, redactor, listener))
